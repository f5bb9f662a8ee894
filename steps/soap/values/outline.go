package values

import (
	"maps"
	"slices"

	"snrun/steps"
	"snrun/steps/soap/xsd"
)

// The bounds of an outline: of so many derived types their keys are known, and so many lists may be in each other.
const (
	maxOutlined = 200
	maxNested   = 4
)

// Outline says what Decode gives of an element that is as the schema has it. Not strict, a text may also stand where its type does not
// fit it. Other keys than those of the schema are not in it, where the schema does not leave them open.
func (s *Schema) Outline(e *xsd.Element, strict bool) *steps.Shape {
	if len(e.Members) > 0 {
		return &steps.Shape{}
	}
	return outliner{s, strict}.entry(&entry{typ: e.Type, null: e.Nillable}, 0)
}

// OutlineType says what DecodeType gives.
func (s *Schema) OutlineType(t *xsd.Type, strict bool) *steps.Shape {
	return s.Outline(&xsd.Element{Type: t, Nillable: true}, strict)
}

// outliner says what values of types look like.
type outliner struct {
	schema *Schema
	strict bool
}

// entry is what stands under a key.
type entry struct {
	typ    *xsd.Type   // of an element
	text   *xsd.Simple // of an attribute and of the text of an element
	list   bool
	null   bool // the element may be nil
	absent bool
}

func (o outliner) entry(e *entry, depth int) *steps.Shape {
	if e.text != nil {
		out := o.text(o.schema.readingOf(e.text))
		out.Null = e.absent
		return out
	}
	item := o.value(e, depth)
	item.Null = e.null
	if e.list {
		return &steps.Shape{Forms: []steps.Form{steps.List}, Item: item}
	}
	item.Null = e.null || e.absent
	return item
}

// value says what a value of an element's type looks like: of the declared one, or of one that is derived from it.
func (o outliner) value(e *entry, depth int) *steps.Shape {
	declared := o.schema.shapeOf(e.typ)
	shapes := []*shape{declared}
	switch {
	case declared.form == arrayForm:
		return o.array(e.typ.Array, depth)
	case !xsd.IsBuiltin(declared.typ.Name.Space):
		for _, d := range declared.typ.Derived {
			if d.Complex { // what only narrows the text is read as the declared type
				shapes = append(shapes, o.schema.shapeOf(d))
			}
		}
	}
	if len(shapes) > maxOutlined {
		return &steps.Shape{}
	}
	for _, sh := range shapes {
		if sh.form != declared.form {
			return &steps.Shape{}
		}
	}
	switch declared.form {
	case anyForm:
		return &steps.Shape{}
	case plainForm:
		if declared.text.simple.Builtin == "anySimpleType" {
			return &steps.Shape{} // what an instance says of its type counts
		}
		return o.text(declared.text)
	}
	return o.mapping(shapes, e.null)
}

func (o outliner) array(a *xsd.Array, depth int) *steps.Shape {
	if a.Rank > 1 || a.Item == nil || depth == maxNested {
		return &steps.Shape{}
	}
	return &steps.Shape{Forms: []steps.Form{steps.List}, Item: o.entry(&entry{typ: a.Item, null: true}, depth+1)}
}

// mapping says what a map looks like that is of one of several types. One that is nil has nothing but its attributes.
func (o outliner) mapping(shapes []*shape, null bool) *steps.Shape {
	return &steps.Shape{
		Forms: []steps.Form{steps.Map},
		Key: func(name string) *steps.Shape {
			e, known := underKey(shapes, name)
			switch {
			case !known:
				return &steps.Shape{}
			case e == nil && null && name == textKey:
				return &steps.Shape{Forms: []steps.Form{steps.Text}, Null: true}
			case e == nil:
				return nil
			}
			below := o.entry(e, 0)
			below.Null = below.Null || null
			return below
		},
		Keys: func() []string { return outlinedKeys(shapes) },
	}
}

// underKey finds what types have under a key, nil for nothing. It is not known where one of them is open, or has another thing there.
func underKey(shapes []*shape, name string) (found *entry, known bool) {
	if name == typeKey {
		return &entry{text: &xsd.Simple{Builtin: "string"}, absent: true}, true
	}
	absent := false
	for _, sh := range shapes {
		e, open := sh.entry(name)
		switch {
		case open:
			return nil, false
		case e == nil:
			absent = true
			continue
		case found == nil:
			found = e
			continue
		case e.typ != found.typ || e.text != found.text || e.list != found.list:
			return nil, false
		}
		found.null, found.absent = found.null || e.null, found.absent || e.absent
	}
	if found != nil {
		found.absent = found.absent || absent
	}
	return found, true
}

// entry gives what a type has under a key, nil for nothing. It is open where something that the type does not name may be there.
func (sh *shape) entry(name string) (e *entry, open bool) {
	k, declared := sh.keys[name]
	switch {
	case declared && k.attr != nil:
		a := k.attr.attribute
		return &entry{text: a.Type, absent: !a.Required && a.Default == nil && a.Fixed == nil}, false
	case declared && !sh.slots[k.slot].element.Abstract:
		sl := sh.slots[k.slot]
		return &entry{typ: sl.element.Type, list: sl.list, null: sl.element.Nillable, absent: !sh.mandatory(k.slot)}, false
	case name == textKey && sh.form == textForm:
		return &entry{text: sh.text.simple}, false
	case name == textKey && sh.typ.Mixed:
		return &entry{text: &xsd.Simple{Builtin: "string"}, absent: true}, false
	}
	return nil, len(sh.anys) > 0 || sh.typ.AnyAttribute != nil
}

func outlinedKeys(shapes []*shape) []string {
	names := map[string]bool{}
	for _, sh := range shapes {
		for name, k := range sh.keys {
			if k.attr != nil || !sh.slots[k.slot].element.Abstract {
				names[name] = true
			}
		}
		if sh.form == textForm {
			names[textKey] = true
		}
	}
	if len(shapes) > 1 {
		names[typeKey] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// text says what a text becomes.
func (o outliner) text(rd *reading) *steps.Shape {
	out := &steps.Shape{Forms: rd.forms()}
	switch {
	case rd.kind == listKind:
		out.Item = &steps.Shape{Forms: rd.item.forms()}
	case slices.Contains(out.Forms, steps.List):
		return &steps.Shape{}
	}
	if !o.strict && !slices.Contains(out.Forms, steps.Text) {
		out.Forms = append(out.Forms, steps.Text)
	}
	return out
}

// forms gives those of what value gives for a text that fits.
func (rd *reading) forms() []steps.Form {
	switch rd.kind {
	case booleanKind:
		return []steps.Form{steps.Bool}
	case integerKind:
		return []steps.Form{steps.Int}
	case decimalKind, floatKind:
		return []steps.Form{steps.Float, steps.Text}
	case listKind:
		return []steps.Form{steps.List}
	case unionKind:
		all := []steps.Form{steps.Text}
		for _, m := range rd.members {
			all = append(all, m.forms()...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	return []steps.Form{steps.Text}
}
