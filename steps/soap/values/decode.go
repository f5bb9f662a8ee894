package values

import (
	"fmt"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// Reading says how elements are read as values.
type Reading struct {
	// Lists are the local names of elements that are a list even where there is only one and no schema says so.
	Lists []string
	// Path is where the paths of the warnings begin.
	Path string
}

// Warning is something in an element that is not as the schema has it.
type Warning struct {
	Path    string // order.line[0].qty
	Message string
}

// maxWarnings bounds what is told of one element; the rest is counted.
const maxWarnings = 100

// Decode reads an element as a value: nil, a bool, an int, a float64, a json.Number, a string, []any or map[string]any. What is out of
// order, missing or unknown, or does not fit its type, is kept as it came and becomes a warning.
func (s *Schema) Decode(e *xsd.Element, node *xml.Element, r *Reading) (any, []Warning) {
	d := &decoder{schema: s, lists: r.Lists, at: newTrail(r.Path), none: []any{}, typeKeys: map[[2]*xsd.Type]string{}}
	for _, member := range e.Members {
		if member.Name == node.Name {
			e = member
		}
	}
	value := d.element(e, s.shapeOf(e.Type), node)
	if d.more > 0 {
		d.warnings = append(d.warnings, Warning{Path: r.Path, Message: fmt.Sprintf("and %d more warnings", d.more)})
	}
	return value, d.warnings
}

// DecodeType reads an element of any name as a value of a type: a part of an rpc message.
func (s *Schema) DecodeType(t *xsd.Type, node *xml.Element, r *Reading) (any, []Warning) {
	return s.Decode(&xsd.Element{Name: node.Name, Type: t, Nillable: true}, node, r)
}

// decoder reads elements and collects warnings.
type decoder struct {
	schema   *Schema
	lists    []string
	at       trail
	warnings []Warning
	more     int
	slots    []int // of the elements that are being read; a stack
	counts   []int // how many came of each slot; a stack
	none     any   // an empty list
	typeKeys map[[2]*xsd.Type]string
	strays   map[[2]string]bool // namespaces that stand in place of others
}

func (d *decoder) warn(format string, args ...any) {
	if len(d.warnings) >= maxWarnings {
		d.more++
		return
	}
	d.warnings = append(d.warnings, Warning{Path: d.at.String(), Message: fmt.Sprintf(format, args...)})
}

func (d *decoder) warnAt(key, format string, args ...any) {
	d.at.push(key)
	d.warn(format, args...)
	d.at.pop()
}

// element reads one element. sh is the shape of its declared type.
func (d *decoder) element(e *xsd.Element, sh *shape, node *xml.Element) any {
	if e.Abstract {
		d.warn("%s is abstract: another element should stand in its place", e.Name.Local)
	}
	if len(node.Attrs) == 0 {
		if sh.form == plainForm && len(node.Children) == 0 {
			return d.text(e, sh.text, node)
		}
		return d.typed(e, sh, node, "")
	}
	actual, typeName := d.actual(sh, node)
	if isNil(node) {
		return d.null(e, actual, node)
	}
	return d.typed(e, actual, node, typeName)
}

// typed reads an element of a type. typeName is `_type`, "" where that is the declared one.
func (d *decoder) typed(e *xsd.Element, sh *shape, node *xml.Element, typeName string) any {
	switch sh.form {
	case anyForm:
		return d.loose(node)
	case arrayForm:
		return d.array(sh.typ.Array, node)
	case plainForm:
		return d.plain(e, sh, node)
	}
	if sh.typ.Abstract && typeName == "" {
		d.warn("the type %s is abstract: xsi:type should name one that is derived from it", sh.typ.Name.Local)
	}
	return d.mapping(e, sh, node, typeName)
}

// isNil says whether an element is xsi:nil.
func isNil(node *xml.Element) bool {
	v, ok := node.Attr(xml.InstanceSpace, "nil")
	v = strings.TrimSpace(v)
	return ok && (v == "true" || v == "1")
}

// null gives nil, or a map with the attributes where there are some.
func (d *decoder) null(e *xsd.Element, sh *shape, node *xml.Element) any {
	if !e.Nillable {
		d.warn("%s is null (xsi:nil), which the schema does not allow", e.Name.Local)
	}
	if len(node.Children) > 0 || strings.TrimSpace(node.Text) != "" {
		d.warn("%s is null (xsi:nil), but is not empty", e.Name.Local)
	}
	if sh.form != textForm && sh.form != mapForm {
		return nil
	}
	out := map[string]any{}
	d.attributes(out, sh, node, true)
	if len(out) == 0 {
		return nil
	}
	out[textKey] = nil
	return out
}

// actual gives the shape of the type that an element says it is of, the declared one where it says nothing that can be used. The name is
// what `_type` is: "" where the type is the declared one, or says no more than a value of it does.
func (d *decoder) actual(declared *shape, node *xml.Element) (sh *shape, name string) {
	written, ok := node.Attr(xml.InstanceSpace, "type")
	if !ok {
		return declared, ""
	}
	n, ok := node.Resolve(written)
	t := d.schema.Types[n]
	if !ok || t == nil {
		if declared.form == anyForm || declared.form == mapForm {
			d.warn("the type %s is not in the schema", strings.TrimSpace(written))
			_, local, _ := strings.Cut(":"+written, ":")
			return declared, strings.TrimSpace(local[strings.IndexByte(local, ':')+1:])
		}
		return declared, ""
	}
	switch {
	case t == declared.typ, isAnyType(t), declared.form == arrayForm, t.Array != nil && declared.form != anyForm:
		return declared, ""
	case t.Complex:
	case declared.form == textForm, declared.form == plainForm && declared.text.simple.Builtin != "anySimpleType":
		return declared, "" // the declared type gives each value the same form, whatever the instance says
	}
	if !derives(t, declared.typ) {
		d.warn("the type %s is not derived from %s", n.Local, declared.typ.Name.Local)
	}
	return d.schema.shapeOf(t), d.typeKey(t, declared.typ)
}

func derives(t, from *xsd.Type) bool {
	if isAnyType(from) {
		return true
	}
	for ; t != nil; t = t.Base {
		if t == from {
			return true
		}
	}
	return false
}

// typeKey gives the name of a type as `_type` has it: its local name, where no other type that may stand there has the same.
func (d *decoder) typeKey(t, declared *xsd.Type) string {
	if known, ok := d.typeKeys[[2]*xsd.Type{t, declared}]; ok {
		return known
	}
	others, name := declared.Derived, t.Name.Local
	if isAnyType(declared) {
		others = named(d.schema.Types, name)
	}
	for _, other := range others {
		if other != t && other.Name.Local == t.Name.Local && !xsd.IsBuiltin(other.Name.Space) {
			name = expanded(t.Name)
		}
	}
	d.typeKeys[[2]*xsd.Type{t, declared}] = name
	return name
}

// plain reads an element that is one value.
func (d *decoder) plain(e *xsd.Element, sh *shape, node *xml.Element) any {
	for i := range node.Attrs {
		if a := &node.Attrs[i]; !silent(a.Name) {
			d.warn("the schema has no attribute %s here; it was left out: %q", a.Name.Local, brief(a.Value))
		}
	}
	if len(node.Children) > 0 {
		d.warn("elements stand where the schema has one value: %s", describe(sh.typ))
		return d.loose(node)
	}
	return d.text(e, sh.text, node)
}

// text reads an element's text. An empty one has the default value.
func (d *decoder) text(e *xsd.Element, rd *reading, node *xml.Element) any {
	text := node.Text
	if text == "" {
		switch {
		case e.Default != nil:
			text = *e.Default
		case e.Fixed != nil:
			text = *e.Fixed
		}
	} else if e.Fixed != nil && !rd.same(text, *e.Fixed) {
		d.warn("%q stands where the schema has the fixed value %q", brief(text), *e.Fixed)
	}
	return d.value(rd, text, node)
}

// value reads a text of a simple type. One that does not fit stays text.
func (d *decoder) value(rd *reading, text string, node *xml.Element) any {
	if rd.kind == qnameKind {
		n, ok := node.Resolve(text)
		if !ok {
			d.warn("%q is no name, or its prefix is not declared", brief(text))
			return text
		}
		return qname(n)
	}
	v, misfit := rd.value(text)
	if misfit != nil {
		d.warn("%s", misfit.Message)
	}
	return v
}

// qname writes a name as `{namespace}local`, or as `local` without a namespace.
func qname(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return expanded(n)
}

// brief cuts a long text.
func brief(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
