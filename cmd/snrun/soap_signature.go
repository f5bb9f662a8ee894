package main

import (
	"fmt"
	"slices"
	"strings"

	"snrun/history/words"
	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/xsd"
)

// soapField is a key of what an operation takes or gives, as `--json` prints it.
type soapField struct {
	Name     string    `json:"name"` // "" where the value is not a mapping
	Type     string    `json:"type"`
	Required bool      `json:"required"`
	List     bool      `json:"list"`
	of       *xsd.Type // nil for any value
}

// maxSoapFields is how many fields of a message are looked at.
const maxSoapFields = 1000

// messageFields are the keys of a message: of its only element, or its parts.
func messageFields(m *wsdl.Message) []soapField {
	if m == nil {
		return nil
	}
	if m.Wrapper.Local == "" && len(m.Parts) == 1 {
		return contentFields(typeOfPart(m.Parts[0]))
	}
	fields := []soapField{}
	for _, p := range m.Parts {
		fields = append(fields, fieldOf(p.Name, typeOfPart(p), true, false))
	}
	return fields
}

func typeOfPart(p *wsdl.Part) *xsd.Type {
	if p.Element != nil {
		return p.Element.Type
	}
	return p.Type
}

// contentFields are the keys of a value of a type, or one without a name where it is no mapping.
func contentFields(t *xsd.Type) []soapField {
	if !isMapping(t) {
		return []soapField{fieldOf("", t, true, false)}
	}
	fields := []soapField{}
	if t.Simple != nil {
		fields = append(fields, soapField{Name: "_", Type: simpleName(t.Simple), Required: true})
	}
	if t.Content != nil {
		particleFields(&fields, t.Content, true, false)
	}
	elements := len(fields)
	for _, attribute := range t.Attributes {
		name := attribute.Name.Local
		if slices.ContainsFunc(fields[:elements], func(f soapField) bool { return f.Name == name }) {
			name = "_" + name
		}
		fields = append(fields, soapField{Name: name, Type: simpleName(attribute.Type), Required: attribute.Required && attribute.Fixed == nil})
	}
	return fields
}

// isMapping says whether values of a type have keys.
func isMapping(t *xsd.Type) bool {
	return t != nil && t.Array == nil && t.Complex && (t.Simple == nil || len(t.Attributes) > 0) && t.Name.Local != "anyType"
}

// standIns gives the elements that may stand where one is declared: itself, and those of its substitution group.
func standIns(e *xsd.Element) []*xsd.Element {
	all := append([]*xsd.Element{e}, e.Members...)
	return slices.DeleteFunc(all, func(e *xsd.Element) bool { return e.Abstract })
}

// particleFields adds the elements of a content model.
func particleFields(fields *[]soapField, p *xsd.Particle, required, list bool) {
	if len(*fields) >= maxSoapFields {
		return
	}
	required = required && p.Min > 0
	list = list || p.Max == xsd.Unbounded || p.Max > 1
	switch {
	case p.Element != nil:
		for _, e := range standIns(p.Element) {
			f := fieldOf(e.Name.Local, e.Type, required && len(p.Element.Members) == 0, list)
			if !slices.ContainsFunc(*fields, func(known soapField) bool { return known.Name == f.Name }) { // else in several branches
				*fields = append(*fields, f)
			}
		}
	case p.Group != nil:
		for _, member := range p.Group.Particles {
			particleFields(fields, member, required && p.Group.Compositor != xsd.Choice, list)
		}
	case p.Any != nil:
		*fields = append(*fields, soapField{Name: "…", Type: "any", List: list})
	}
}

func fieldOf(name string, t *xsd.Type, required, list bool) soapField {
	return soapField{Name: name, Type: typeName(t), Required: required, List: list, of: t}
}

// typeName says in a word what a value is.
func typeName(t *xsd.Type) string {
	switch {
	case t == nil || t.Name.Local == "anyType":
		return "any"
	case t.Array != nil:
		return typeName(t.Array.Item) + "[]"
	case t.Simple != nil && !t.Complex:
		return simpleName(t.Simple)
	case t.Name.Local != "":
		return t.Name.Local
	case isMapping(t):
		return "{…}"
	case t.Simple != nil:
		return simpleName(t.Simple)
	}
	return "{}"
}

// simpleName says in a word what a text is.
func simpleName(s *xsd.Simple) string {
	switch {
	case s == nil:
		return "string"
	case s.Name.Local != "":
		return s.Name.Local
	case s.Variety == xsd.List:
		return simpleName(s.Item) + "[]"
	case s.Builtin != "":
		return s.Builtin
	}
	return "string"
}

// String writes the field as in "line: Line[]" and "note?: string".
func (f soapField) String() string {
	text := f.Name
	if f.Name == "" {
		text = f.Type
	} else {
		if !f.Required {
			text += "?"
		}
		text += ": " + f.Type
	}
	if f.List {
		text += "[]"
	}
	return words.InLine(text)
}

// The bounds on the fields of a message that a signature names: those that must be there, or with too few of them others too, since
// most messages of some services have none.
const (
	signatureFields      = 8
	signatureFieldsLeast = 3
)

// signature is an operation in one line: what it takes, and what it gives.
func signature(o *wsdl.Operation) string {
	text := words.InLine(o.Name) + "(" + fieldList(messageFields(o.Input)) + ") → "
	if o.Output == nil {
		return text + "no answer"
	}
	gives := asAnswered(messageFields(o.Output))
	if len(gives) == 0 {
		return text + "nothing"
	}
	return text + fieldList(gives)
}

// asAnswered gives fields as an answer has them: a list is always there, if only empty.
func asAnswered(fields []soapField) []soapField {
	for i := range fields {
		fields[i].Required = fields[i].Required || fields[i].List
	}
	return fields
}

// fieldList names fields: all where they are few, else those that must be there.
func fieldList(fields []soapField) string {
	shown := fields
	if len(fields) > signatureFields {
		shown = foremost(fields)
	}
	var names []string
	for _, f := range shown {
		names = append(names, f.String())
	}
	if more := len(fields) - len(shown); more > 0 {
		names = append(names, fmt.Sprintf("… %d more", more))
	}
	return strings.Join(names, ", ")
}

// foremost gives the fields that must be there, in their order, with the first others where they are few.
func foremost(fields []soapField) []soapField {
	required := 0
	for _, f := range fields {
		if f.Required {
			required++
		}
	}
	required = min(required, signatureFields)
	others := max(signatureFieldsLeast-required, 0)
	var shown []soapField
	for _, f := range fields {
		switch {
		case f.Required && required > 0:
			required--
		case !f.Required && others > 0:
			others--
		default:
			continue
		}
		shown = append(shown, f)
	}
	return shown
}
