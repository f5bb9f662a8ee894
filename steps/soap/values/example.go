package values

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"snrun/steps/soap/xsd"
)

// The bounds of a skeleton: so many lines are written, and what is optional is written out so deep.
const (
	maxExampleLines = 400
	maxExampleDepth = 3
)

// Example gives a skeleton of an element's value in YAML, as the entry of a key: what must be there is filled in so that it can be sent,
// what may be there is commented out, and comments say what each of it is. The larger a type is, the less of what is optional is written
// out. It ends with a newline.
func (s *Schema) Example(key string, e *xsd.Element) string {
	x := &exampler{schema: s, depth: maxExampleDepth}
	lines := x.entry(key, e, entryNotes{})
	for len(lines) > maxExampleLines && x.depth > 0 {
		x = &exampler{schema: s, depth: x.depth - 1}
		lines = x.entry(key, e, entryNotes{})
	}
	var b strings.Builder
	for i, l := range lines {
		if i >= maxExampleLines && !l.active() { // without what must be there nothing could be sent
			x.cut = true
			continue
		}
		b.WriteString(l.String())
		b.WriteByte('\n')
	}
	if x.cut {
		b.WriteString("# … and more, which was cut off here\n")
	}
	return b.String()
}

// exampleLine is a line of a skeleton.
type exampleLine struct {
	text string
	note string // the comment at its end
}

// noteColumn is where the comments begin, where there is room.
const noteColumn = 36

// String writes the line. The note has words of the schema, such as values with line ends: none of it may leave the comment and become
// a part of the job.
func (l exampleLine) String() string {
	note := strings.Join(strings.Fields(l.note), " ")
	switch {
	case note == "":
		return l.text
	case strings.Trim(l.text, " #") == "":
		return l.text + "# " + note
	}
	gap := max(noteColumn-utf8.RuneCountInString(l.text), 2)
	return l.text + strings.Repeat(" ", gap) + "# " + note
}

// active says whether the line is no comment.
func (l exampleLine) active() bool {
	text := strings.TrimSpace(l.text)
	return text != "" && text[0] != '#'
}

// exampleValue is what stands behind a key: a plain value in the same line, and lines below. Where both are there, the lines are comments;
// they may all be comments without a plain value too, so that a key only has to be uncommented.
type exampleValue struct {
	plain string
	lines []exampleLine
}

// exampler writes skeletons.
type exampler struct {
	schema  *Schema
	types   []*xsd.Type // those around
	depth   int         // how deep what is optional is written out
	options int         // how many of the elements around are optional
	written int
	cut     bool // not all was written
	endless bool // something that must be there holds itself
}

// entryNotes say how an element may occur.
type entryNotes struct {
	list     bool
	min, max int
	optional bool
}

func (x *exampler) full() bool { return x.written > 4*maxExampleLines }

// indented puts lines deeper.
func indented(lines []exampleLine) []exampleLine {
	deeper := make([]exampleLine, len(lines))
	for i, l := range lines {
		deeper[i] = exampleLine{"  " + l.text, l.note}
	}
	return deeper
}

// commented makes lines comments.
func commented(lines []exampleLine) []exampleLine {
	for i := range lines {
		lines[i].text = "# " + lines[i].text
	}
	return lines
}

// entry writes an element under a key.
func (x *exampler) entry(key string, e *xsd.Element, n entryNotes) []exampleLine {
	x.written++
	if n.optional {
		x.options++
		defer func() { x.options-- }()
	}
	v := x.value(e)
	if n.list {
		v = listOf(v, n.min)
	}
	head := exampleLine{text: strings.TrimSuffix(yamlKey(key)+": "+v.plain, " "), note: x.note(e, n, v)}
	return append([]exampleLine{head}, indented(v.lines)...)
}

// listOf makes a list with as many items as must be there, but at least one, and no more than there is room for.
func listOf(v exampleValue, n int) exampleValue {
	n = min(max(n, 1), 10, 1+maxExampleLines/(len(v.lines)+1))
	if v.plain != "" && len(v.lines) == 0 {
		return exampleValue{plain: "[" + strings.Repeat(v.plain+", ", n-1) + v.plain + "]"}
	}
	var list exampleValue
	for range n {
		list.lines = append(list.lines, listItem(v)...)
	}
	return list
}

// listItem writes an item: its first line that is no comment is behind the dash.
func listItem(v exampleValue) []exampleLine {
	lines := indented(v.lines)
	if v.plain != "" || !slices.ContainsFunc(lines, exampleLine.active) {
		return append([]exampleLine{{text: strings.TrimSuffix("- "+v.plain, " ")}}, lines...)
	}
	for i := range lines {
		if lines[i].active() {
			lines[i].text = "- " + lines[i].text[2:]
			first := lines[i]
			copy(lines[1:], lines[:i]) // comments before it go below
			lines[0] = first
			break
		}
	}
	return lines
}

// value writes a value.
func (x *exampler) value(e *xsd.Element) exampleValue {
	sh := x.schema.shapeOf(e.Type)
	switch sh.form {
	case plainForm:
		if e.Fixed != nil {
			return exampleValue{plain: yamlText(*e.Fixed, sh.text.kind)}
		}
		return exampleValue{plain: sh.text.sample()}
	case anyForm:
		return exampleValue{plain: `""`}
	case arrayForm:
		return x.array(sh.typ.Array)
	}
	if slices.Contains(x.types, e.Type) {
		x.endless = x.endless || x.options == 0
		return exampleValue{plain: "{}"}
	}
	x.types = append(x.types, e.Type)
	defer func() { x.types = x.types[:len(x.types)-1] }()
	v := exampleValue{lines: x.mapping(sh)}
	if !slices.ContainsFunc(v.lines, exampleLine.active) && (len(v.lines) == 0 || e.Nillable) {
		v.plain = "{}" // nothing would be null
	}
	return v
}

func (x *exampler) array(a *xsd.Array) exampleValue {
	if a.Item == nil || slices.Contains(x.types, a.Item) || x.full() {
		return exampleValue{plain: "[]"}
	}
	return listOf(x.value(&xsd.Element{Type: a.Item}), 1)
}

// mapping writes the keys of a type.
func (x *exampler) mapping(sh *shape) []exampleLine {
	var lines []exampleLine
	declared := sh.typ
	if named := x.candidates(declared); len(named) > 0 && declared.Abstract {
		chosen := named[0]
		lines = append(lines, exampleLine{text: typeKey + ": " + chosen.Name.Local, note: x.others("one of ", named)})
		sh = x.schema.shapeOf(chosen)
		x.types = append(x.types, chosen)
		defer func() { x.types = x.types[:len(x.types)-1] }()
	} else if len(named) > 0 {
		lines = append(lines, exampleLine{text: "# " + typeKey + ": " + named[0].Name.Local, note: x.others("or of a derived type: ", named)})
	}
	if sh.form == textForm {
		lines = append(lines, exampleLine{text: textKey + ": " + sh.text.sample(), note: "the text: " + sampleNote(sh.typ.Simple)})
	}
	if sh.form == mapForm && sh.model != nil {
		lines = append(lines, x.model(sh, sh.model, false)...)
	}
	if sh.typ.Mixed {
		lines = append(lines, exampleLine{text: "# " + textKey + `: ""`, note: "text between the elements, optional"})
	}
	for _, at := range sh.attrs {
		lines = append(lines, x.attribute(at)...)
	}
	if sh.typ.AnyAttribute != nil {
		lines = append(lines, exampleLine{note: "further attributes: _prefix:name or _{namespace}name"})
	}
	return lines
}

// candidates are the types derived from a type that a value can be of.
func (x *exampler) candidates(t *xsd.Type) []*xsd.Type {
	return slices.DeleteFunc(slices.Clone(t.Derived), func(d *xsd.Type) bool { return d.Abstract || d.Name.Local == "" })
}

func (x *exampler) others(before string, types []*xsd.Type) string {
	return before + listed(typeNames(types))
}

func (x *exampler) attribute(at *attrSlot) []exampleLine {
	a := at.attribute
	value := at.text.sample()
	if a.Default != nil {
		value = yamlText(*a.Default, at.text.kind)
	}
	notes := []string{sampleNote(a.Type)}
	if a.Fixed != nil {
		value = yamlText(*a.Fixed, at.text.kind)
		notes = append(notes, "always this, filled in by itself")
	} else if !a.Required {
		notes = append(notes, "optional")
	}
	if a.Default != nil {
		notes = append(notes, "default "+*a.Default)
	}
	line := exampleLine{text: yamlKey(at.key) + ": " + value, note: strings.Join(append(notes, "an attribute"), ", ") + briefDoc(a.Doc)}
	if !a.Required || a.Fixed != nil {
		return commented([]exampleLine{line})
	}
	return []exampleLine{line}
}

// note says what an element is.
func (x *exampler) note(e *xsd.Element, n entryNotes, v exampleValue) string {
	var notes []string
	switch sh := x.schema.shapeOf(e.Type); sh.form {
	case anyForm:
		notes = append(notes, "any value")
	case arrayForm:
		notes = append(notes, "a list")
	case plainForm:
		notes = append(notes, sampleNote(sh.typ.Simple))
	default:
		if e.Type.Name.Local != "" {
			notes = append(notes, e.Type.Name.Local)
		}
		if slices.Contains(x.types, e.Type) {
			notes = append(notes, "holds the same again")
		}
	}
	if n.list {
		notes = append(notes, occurs(n))
	} else if n.optional {
		notes = append(notes, "optional")
	}
	if e.Nillable {
		notes = append(notes, "may be null")
	}
	if e.Default != nil {
		notes = append(notes, "empty means "+*e.Default)
	}
	if e.Fixed != nil {
		notes = append(notes, "always this")
	}
	if v.plain == "{}" && len(v.lines) > 0 {
		notes = append(notes, "or, in place of {}, the keys below")
	}
	return strings.Join(notes, ", ") + briefDoc(e.Doc)
}

func occurs(n entryNotes) string {
	switch {
	case n.max == xsd.Unbounded && n.min == 0:
		return "any number"
	case n.max == xsd.Unbounded:
		return fmt.Sprintf("%d or more", n.min)
	case n.min == n.max:
		return fmt.Sprintf("%d of them", n.max)
	}
	return fmt.Sprintf("%d to %d", n.min, n.max)
}

// briefDoc gives the beginning of a documentation, as the end of a comment.
func briefDoc(doc string) string {
	const most = 80
	if doc == "" {
		return ""
	}
	if r := []rune(doc); len(r) > most {
		doc = string(r[:most]) + "…"
	}
	return "; " + doc
}
