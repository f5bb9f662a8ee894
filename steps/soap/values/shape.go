package values

import (
	"sync/atomic"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// form is what the value of a type looks like.
type form int

const (
	plainForm form = iota // a scalar, or the list of an xs:list
	textForm              // a map with the text as `_`, and attributes
	mapForm               // a map of elements and attributes
	anyForm               // whatever there is: anyType
	arrayForm             // a list: a SOAP-encoded array
)

// shape is a type made ready for values: which keys there are, and what each of them is.
type shape struct {
	typ    *xsd.Type
	form   form
	text   *reading // of plainForm and textForm
	slots  []*slot
	byName map[xml.Name]int
	attrs  []*attrSlot
	keys   map[string]key
	model  *model // nil for no elements
	anys   []*xsd.Wildcard
	shared bool // some element stands at several places of the model
	places []int
}

// slot is an element that may stand in a type.
type slot struct {
	key      string
	element  *xsd.Element
	list     bool // it may be there more than once, so its value is a list
	required bool // where it may stand, one must
	shape    atomic.Pointer[shape]
}

// attrSlot is an attribute that may stand in a type.
type attrSlot struct {
	key       string
	attribute *xsd.Attribute
	text      *reading
}

// key is what a key of a map stands for: an element, else an attribute.
type key struct {
	slot int // -1 for an attribute
	attr *attrSlot
}

// shapeOf gives the shape of a type. It is made when it is first asked for.
func (s *Schema) shapeOf(t *xsd.Type) *shape {
	if made, ok := s.shapes.Load(t); ok {
		return made.(*shape)
	}
	if t == nil {
		return s.shapeOf(s.Types[xsd.BuiltinName("anyType")])
	}
	made, _ := s.shapes.LoadOrStore(t, s.newShape(t))
	return made.(*shape)
}

// readingOf gives a simple type made ready. It is made when it is first asked for.
func (s *Schema) readingOf(simple *xsd.Simple) *reading {
	if made, ok := s.shapes.Load(simple); ok {
		return made.(*reading)
	}
	made, _ := s.shapes.LoadOrStore(simple, s.newReading(simple))
	return made.(*reading)
}

// slotShape gives the shape of an element's declared type.
func (s *Schema) slotShape(sl *slot) *shape {
	sh := sl.shape.Load()
	if sh == nil {
		sh = s.shapeOf(sl.element.Type)
		sl.shape.Store(sh)
	}
	return sh
}

func (s *Schema) newShape(t *xsd.Type) *shape {
	sh := &shape{typ: t, form: formOf(t), keys: map[string]key{}}
	if t.Simple != nil {
		sh.text = s.readingOf(t.Simple)
	}
	m := modeller{byName: map[xml.Name]int{}, groups: map[*xsd.Group]*model{}}
	if t.Content != nil {
		sh.model = m.particle(t.Content)
	}
	sh.slots, sh.byName, sh.anys, sh.places = m.slots, m.byName, m.anys, m.places
	for i, sl := range sh.slots {
		sl.list = m.twice.has(i)
		sh.shared = sh.shared || m.places[i] > 1
		sl.key = sh.freeKey(sl.element.Name, false)
		sh.keys[sl.key] = key{slot: i}
	}
	for _, a := range t.Attributes {
		at := &attrSlot{attribute: a, text: s.readingOf(a.Type), key: sh.freeKey(a.Name, true)}
		sh.attrs = append(sh.attrs, at)
		sh.keys[at.key] = key{slot: -1, attr: at}
	}
	return sh
}

func formOf(t *xsd.Type) form {
	switch {
	case isAnyType(t):
		return anyForm
	case t.Array != nil:
		return arrayForm
	case t.Simple == nil:
		return mapForm
	case len(t.Attributes) > 0 || t.AnyAttribute != nil:
		return textForm
	}
	return plainForm
}

func isAnyType(t *xsd.Type) bool { return t.Name == xsd.BuiltinName("anyType") }

// freeKey gives the key of a name: its local name. An attribute of which an element or another attribute has the key gets an
// underscore before it, an element `{namespace}local`. `_`, `_type` and `_order` are taken.
func (sh *shape) freeKey(n xml.Name, attribute bool) string {
	k := n.Local
	for taken := sh.taken(k); taken; taken = sh.taken(k) {
		if full := expanded(n); !attribute && !sh.taken(full) {
			return full
		}
		k = "_" + k
	}
	return k
}

func (sh *shape) taken(k string) bool {
	_, taken := sh.keys[k]
	return taken || k == textKey || k == typeKey || k == orderKey
}

// The keys that are no names: the text of an element, the derived type that a value is of, and elements in an order of their own.
const (
	textKey  = "_"
	typeKey  = "_type"
	orderKey = "_order"
)

// expanded writes a name as `{namespace}local`, without a namespace as `{}local`.
func expanded(n xml.Name) string { return "{" + n.Space + "}" + n.Local }

// slotFor finds the slot of an element: at or after the one found last, where it mostly is.
func (sh *shape) slotFor(n xml.Name, from int) int {
	for i := max(from, 0); i < len(sh.slots) && i <= from+1; i++ {
		if sh.slots[i].element.Name == n {
			return i
		}
	}
	if len(sh.slots) > 8 {
		if i, known := sh.byName[n]; known {
			return i
		}
		return -1
	}
	for i, sl := range sh.slots {
		if sl.element.Name == n {
			return i
		}
	}
	return -1
}

func (sh *shape) attrFor(n xml.Name) *attrSlot {
	for _, at := range sh.attrs {
		if at.attribute.Name == n {
			return at
		}
	}
	return nil
}

// allows says whether an element that is not declared in the type may stand in it.
func (sh *shape) allows(space string) bool {
	for _, w := range sh.anys {
		if w.Allows(space) {
			return true
		}
	}
	return false
}
