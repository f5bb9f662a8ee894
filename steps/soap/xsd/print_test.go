package xsd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"snrun/steps/xml"
)

// folder is a source of documents in memory.
type folder map[string]string

func (f folder) Resolve(from, named string) (string, error) {
	if strings.Contains(named, "://") {
		return "", fmt.Errorf("it is not in the folder of %s", from)
	}
	return named, nil
}

func (f folder) Read(_ context.Context, location string) ([]byte, error) {
	text, ok := f[location]
	if text == "!" {
		return nil, fmt.Errorf("reading: %w", context.DeadlineExceeded)
	}
	if !ok {
		return nil, fmt.Errorf("there is no such file")
	}
	return []byte(text), nil
}

// schemaOf wraps components into a schema with the target namespace urn:t, under the prefix t. They begin on its
// second line.
func schemaOf(components string) string {
	return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">` + "\n" + components + `</xs:schema>`
}

// load compiles the schema at main.xsd and what it names.
func load(t testing.TB, f folder) (*Schema, error) {
	t.Helper()
	root, err := ReadDocument(t.Context(), f, "main.xsd")
	if err != nil {
		return nil, err
	}
	return Load(t.Context(), f, []Document{{Location: "main.xsd", Root: root}})
}

// printed gives the global components of our own namespaces in a short form, a line each.
func printed(s *Schema) string {
	var lines []string
	for _, name := range slices.SortedFunc(maps.Keys(s.Elements), CompareNames) {
		if !isStandard(name.Space) {
			lines = append(lines, printElement(s.Elements[name]))
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(s.Attributes), CompareNames) {
		if !isStandard(name.Space) {
			lines = append(lines, printAttribute(s.Attributes[name]))
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(s.Types), CompareNames) {
		if !isStandard(name.Space) {
			lines = append(lines, printName(name)+" = "+printBody(s.Types[name]))
		}
	}
	return strings.Join(lines, "\n")
}

func printName(n xml.Name) string {
	switch {
	case n.Space == xml.SchemaSpace, n.Space == "":
		return n.Local
	case n.Space == "urn:t":
		return "t:" + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

func printElement(e *Element) string { return printing{}.element(e) }

func (p printing) element(e *Element) string {
	var b strings.Builder
	b.WriteString("<" + printName(e.Name) + "> ")
	b.WriteString(p.typ(e.Type))
	for _, flag := range []struct {
		set  bool
		text string
	}{{e.Nillable, "nillable"}, {e.Abstract, "abstract"}} {
		if flag.set {
			b.WriteString(" " + flag.text)
		}
	}
	b.WriteString(printValues(e.Default, e.Fixed, e.Doc))
	for i, m := range e.Members {
		b.WriteString([]string{" or", ","}[min(i, 1)] + " " + printName(m.Name))
	}
	return b.String()
}

func printValues(initial, fixed *string, doc string) string {
	var text string
	if initial != nil {
		text += fmt.Sprintf(" default %q", *initial)
	}
	if fixed != nil {
		text += fmt.Sprintf(" fixed %q", *fixed)
	}
	if doc != "" {
		text += fmt.Sprintf(" doc %q", doc)
	}
	return text
}

func printAttribute(a *Attribute) string {
	text := "@" + printName(a.Name)
	if a.Required {
		text += "!"
	}
	return text + " " + printSimple(a.Type) + printValues(a.Default, a.Fixed, a.Doc)
}

func (p printing) typ(t *Type) string {
	switch {
	case t == nil:
		return "NOTHING"
	case t.Name.Local != "":
		return printName(t.Name)
	}
	return p.body(t)
}

// printing are the anonymous types that are being printed: within themselves they are an ellipsis.
type printing map[*Type]bool

func printBody(t *Type) string { return printing{}.body(t) }

func (p printing) body(t *Type) string {
	if p[t] {
		return "…"
	}
	p[t] = true
	defer delete(p, t)
	var b strings.Builder
	if t.Abstract {
		b.WriteString("abstract ")
	}
	if t.Mixed {
		b.WriteString("mixed ")
	}
	if t.Base != nil && t.Base.Name.Local != "anyType" {
		b.WriteString(p.typ(t.Base) + " ▸ ")
	}
	if t.Array != nil {
		fmt.Fprintf(&b, "array of %s rank %d ", p.typ(t.Array.Item), t.Array.Rank)
	}
	if t.Simple != nil {
		s := *t.Simple
		s.Name = xml.Name{}
		b.WriteString(printSimple(&s))
	}
	if t.Complex {
		b.WriteString("{")
		var parts []string
		for _, a := range t.Attributes {
			parts = append(parts, printAttribute(a))
		}
		if t.AnyAttribute != nil {
			parts = append(parts, "@"+printWildcard(t.AnyAttribute))
		}
		if t.Content != nil {
			parts = append(parts, p.particle(t.Content))
		}
		b.WriteString(strings.Join(parts, " ") + "}")
	}
	b.WriteString(printValues(nil, nil, t.Doc))
	if len(t.Derived) > 0 {
		b.WriteString(" derived")
		for _, d := range t.Derived {
			b.WriteString(" " + printName(d.Name))
		}
	}
	return b.String()
}

func printWildcard(w *Wildcard) string {
	text := "any"
	if w.Not != nil {
		text += " not " + *w.Not
	} else if w.Namespaces != nil {
		text += fmt.Sprintf(" of %q", w.Namespaces)
	}
	return text + " " + w.Process
}

func (open printing) particle(p *Particle) string {
	var text string
	switch {
	case p.Element != nil:
		text = open.element(p.Element)
		if p.Element.Type != nil && p.Element.Type.Name.Local == "" {
			text = "(" + text + ")"
		}
	case p.Any != nil:
		text = "(" + printWildcard(p.Any) + ")"
	default:
		var parts []string
		for _, inner := range p.Group.Particles {
			parts = append(parts, open.particle(inner))
		}
		text = "(" + strings.Join(parts, []string{", ", " | ", " & "}[p.Group.Compositor]) + ")"
	}
	switch {
	case p.Min == 1 && p.Max == 1:
		return text
	case p.Min == 0 && p.Max == 1:
		return text + "?"
	case p.Min == 0 && p.Max == Unbounded:
		return text + "*"
	case p.Min == 1 && p.Max == Unbounded:
		return text + "+"
	}
	return fmt.Sprintf("%s{%d,%d}", text, p.Min, p.Max)
}

func printSimple(s *Simple) string {
	if s == nil {
		return "NOTHING"
	}
	if s.Name.Local != "" {
		return printName(s.Name)
	}
	text := s.Builtin
	switch s.Variety {
	case List:
		text = "list of " + printSimple(s.Item)
	case Union:
		text = "union of"
		for _, m := range s.Members {
			text += " " + printSimple(m)
		}
	}
	if s.Enum != nil {
		text += fmt.Sprintf(" %q", s.Enum)
	}
	return text + printFacets(s)
}

func printFacets(s *Simple) string {
	var text string
	for _, p := range s.Facets.Patterns {
		text += " /" + p.Text + "/"
	}
	for _, n := range []struct {
		name  string
		value *int
	}{{"length", s.Facets.Length}, {"minLength", s.Facets.MinLength}, {"maxLength", s.Facets.MaxLength},
		{"totalDigits", s.Facets.TotalDigits}, {"fractionDigits", s.Facets.FractionDigits}} {
		if n.value != nil {
			text += fmt.Sprintf(" %s=%d", n.name, *n.value)
		}
	}
	for _, b := range []struct {
		sign  string
		value *string
	}{{">=", s.Facets.MinInclusive}, {">", s.Facets.MinExclusive}, {"<=", s.Facets.MaxInclusive}, {"<", s.Facets.MaxExclusive}} {
		if b.value != nil {
			text += " " + b.sign + *b.value
		}
	}
	if w := s.Facets.WhiteSpace; w != "collapse" {
		text += " " + w
	}
	return text
}
