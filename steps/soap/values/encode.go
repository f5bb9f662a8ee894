package values

import (
	"fmt"
	"maps"
	"slices"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// Writing says how values are written as elements.
type Writing struct {
	// Prefixes are the prefixes that keys and names may use, and their namespaces.
	Prefixes map[string]string
	// Dir is the folder in which the names of files start.
	Dir string
	// Encoded has all elements name their types, and arrays be SOAP-encoded (SOAP 1.1, section 5); with SOAP12 as SOAP 1.2 has it (part 2,
	// section 3).
	Encoded, SOAP12 bool
	// Early says that the values are those known before a run. Files are not looked for then: they may come later.
	Early bool
	// Room is where the element is made; nil for memory of its own.
	Room *xml.Room
	// Binary, where it is set, is asked for each element that holds base64Binary, after its attributes are there. It may put something
	// else than text into the element, such as an xop:Include, and gives true then. An error is a mistake in the value.
	Binary func(node *xml.Element, b Binary) (bool, error)
}

// Binary is a value of base64Binary.
type Binary struct {
	Text string // in base64, without white space
	File string // where it comes from a file instead: its path, beginning with Writing.Dir
}

// maxMistakes bounds what is reported of one value.
const maxMistakes = 100

// Encode writes a value as an element: of steps.Pairs or map[string]any, []any, steps.Scalar (whose text counts) and plain scalars.
// The schema decides about order, form and text, so keys may stand in any order. All mistakes are found, each with its path, which
// begins with path. steps.Unknown is taken anywhere without complaint. The element is what could be made of the value.
func (s *Schema) Encode(e *xsd.Element, value any, path string, w *Writing) (*xml.Element, []steps.Problem) {
	c := newEncoder(s, path, w)
	node := c.element(e, s.shapeOf(e.Type), value)
	return node, c.told()
}

// EncodeType writes a value of a type as an element of any name: a part of an rpc message. With SOAP encoding null is written as
// xsi:nil.
func (s *Schema) EncodeType(name xml.Name, t *xsd.Type, value any, path string, w *Writing) (*xml.Element, []steps.Problem) {
	return s.Encode(&xsd.Element{Name: name, Type: t, Nillable: w.Encoded}, value, path, w)
}

// encoder writes values and collects mistakes.
type encoder struct {
	schema   *Schema
	w        *Writing
	at       trail
	spaces   map[string]string // the prefix of each namespace
	problems []steps.Problem
	more     int
	idle     []*content // those whose elements are written
	room     *xml.Room
}

func newEncoder(s *Schema, path string, w *Writing) *encoder {
	c := &encoder{schema: s, w: w, at: newTrail(path), spaces: map[string]string{}, room: w.Room}
	if c.room == nil {
		c.room = &xml.Room{}
	}
	for _, prefix := range slices.Sorted(maps.Keys(w.Prefixes)) {
		if space := w.Prefixes[prefix]; c.spaces[space] == "" {
			c.spaces[space] = prefix
		}
	}
	return c
}

func (c *encoder) told() []steps.Problem {
	if c.more > 0 {
		c.problems = append(c.problems, steps.Problem{Path: c.at.root, Message: fmt.Sprintf("and %d more mistakes", c.more)})
	}
	return c.problems
}

// wrong notes a mistake at the current place.
func (c *encoder) wrong(hint, format string, args ...any) {
	c.note(steps.Problem{Message: fmt.Sprintf(format, args...), Hint: hint})
}

// wrongKey notes that the key of the current place is a mistake.
func (c *encoder) wrongKey(hint, format string, args ...any) {
	c.note(steps.Problem{Message: fmt.Sprintf(format, args...), Hint: hint, Key: true})
}

func (c *encoder) note(p steps.Problem) {
	if len(c.problems) >= maxMistakes {
		c.more++
		return
	}
	p.Path = c.at.String()
	c.problems = append(c.problems, p)
}

// wrongAt notes a mistake at a key of the current place.
func (c *encoder) wrongAt(key, hint, format string, args ...any) {
	c.at.push(key)
	c.wrong(hint, format, args...)
	c.at.pop()
}

func (c *encoder) newElement(n xml.Name) *xml.Element {
	node := c.room.Element()
	node.Name, node.Prefix = n, c.spaces[n.Space]
	return node
}

// alone gives a list of one element.
func (c *encoder) alone(node *xml.Element) []*xml.Element {
	list := c.room.List(1)
	list[0] = node
	return list
}

func (c *encoder) addAttr(node *xml.Element, n xml.Name, value string) {
	node.Attrs = append(node.Attrs, xml.Attr{Name: n, Prefix: c.spaces[n.Space], Value: value})
}

// element writes one element. sh is the shape of its declared type.
func (c *encoder) element(e *xsd.Element, sh *shape, value any) *xml.Element {
	node := c.newElement(e.Name)
	if isUnknown(value) {
		return node
	}
	if e.Abstract {
		c.wrong(c.instead(e), "%s is abstract: it only stands for others", e.Name.Local)
		return node
	}
	if isNull(value) && sh.form == mapForm && !e.Nillable {
		value = steps.Pairs{}
	}
	entries, _ := steps.Entries(value)
	if _, unsorted := value.(map[string]any); unsorted {
		value = entries // which is sorted once
	}
	nilled := isNull(value)
	if text, has := entries.Get(textKey); has && isNull(text) {
		nilled = true
	}
	if nilled && !c.null(e, sh, node) {
		return node
	}
	if isNull(value) {
		return node
	}
	chosen := c.chosen(sh, entries)
	if chosen == nil {
		return node
	}
	if sh != chosen || c.w.Encoded && !nilled {
		c.nameType(node, chosen.typ)
	}
	c.typed(node, e, chosen, value)
	return node
}

// instead names the elements that may stand in the place of an abstract one.
func (c *encoder) instead(e *xsd.Element) string {
	var names []string
	for _, m := range e.Members {
		if !m.Abstract {
			names = append(names, m.Name.Local)
		}
	}
	if len(names) == 0 {
		return "no element of the schema may stand in its place"
	}
	return "write one of these in its place: " + listed(names)
}

// null writes xsi:nil, where that may be.
func (c *encoder) null(e *xsd.Element, sh *shape, node *xml.Element) bool {
	if !e.Nillable {
		hint := ""
		if sh.form == mapForm {
			hint = "an empty element is written as {}"
		}
		c.wrong(hint, "is null, which %s cannot be; it is %s", e.Name.Local, describe(e.Type))
		return false
	}
	node.Attrs = append(node.Attrs, xml.Attr{Name: xml.Name{Space: xml.InstanceSpace, Local: "nil"}, Value: "true"})
	return true
}

// typed writes what an element of a type holds.
func (c *encoder) typed(node *xml.Element, e *xsd.Element, sh *shape, value any) {
	switch sh.form {
	case plainForm:
		c.plain(node, e, sh, value)
	case anyForm:
		c.anything(node, value)
	case arrayForm:
		c.array(node, sh, value)
	default:
		c.mapping(node, e, sh, value)
	}
}

// plain writes the text of an element that has no attributes.
func (c *encoder) plain(node *xml.Element, e *xsd.Element, sh *shape, value any) {
	if entries, isMapping := steps.Entries(value); isMapping && !isFile(sh.text, value) {
		for _, entry := range entries {
			if entry.Key != textKey && entry.Key != typeKey {
				c.wrongAt(entry.Key, "write the plain value", "unknown key: %s is one plain value, %s", e.Name.Local, describe(sh.typ))
			}
		}
		text, has := entries.Get(textKey)
		if !has {
			if len(entries) == 0 {
				c.wrong("", "a mapping stands where one plain value is expected: %s", describe(sh.typ))
			}
			return
		}
		if isNull(text) {
			return
		}
		c.at.push(textKey)
		defer c.at.pop()
		value = text
	}
	c.text(node, e, sh.text, value)
}

// text writes an element's text.
func (c *encoder) text(node *xml.Element, e *xsd.Element, rd *reading, value any) {
	if isUnknown(value) {
		return
	}
	if rd.kind == binaryKind {
		c.binary(node, rd, value)
		return
	}
	written, ok := c.written(rd, value)
	if !ok {
		return
	}
	node.Text, node.QName = written.text, written.name
	if e.Fixed != nil && !rd.same(written.text, *e.Fixed) {
		c.wrong(fmt.Sprintf("write %s, or leave it out where it may be", *e.Fixed), "%q stands where the schema has the fixed value %q", written.text, *e.Fixed)
	}
}
