package values

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	yaml "gopkg.in/yaml.v3"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// fromYAML reads a value as the job language does: mappings in their order, scalars with their text, ${…} as what is known later.
func fromYAML(t testing.TB, text string) any {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return fromNode(t, doc.Content[0])
}

func fromNode(t testing.TB, n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		p := steps.Pairs{}
		for i := 0; i < len(n.Content); i += 2 {
			p = append(p, steps.Pair{Key: n.Content[i].Value, Value: fromNode(t, n.Content[i+1])})
		}
		return p
	case yaml.SequenceNode:
		l := []any{}
		for _, item := range n.Content {
			l = append(l, fromNode(t, item))
		}
		return l
	}
	if strings.HasPrefix(n.Value, "${") {
		return steps.Unknown{}
	}
	var v any
	if n.ShortTag() == "!!timestamp" {
		v = n.Value
	} else if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v == nil {
		return nil // however it was written
	}
	return steps.Scalar{Value: v, Text: n.Value}
}

// schemaOf wraps components into a schema with the target namespace urn:t, under the prefix t. They begin on its second line.
func schemaOf(components string) string {
	return `<xs:schema xmlns:xs="` + xml.SchemaSpace + `" xmlns:t="urn:t" targetNamespace="urn:t">` + "\n" + components + `</xs:schema>`
}

// compile compiles components of the namespace urn:t into a schema whose local elements are in no namespace.
func compile(t testing.TB, components string) *Schema {
	t.Helper()
	root := parsed(t, schemaOf(components))
	s, err := xsd.Load(t.Context(), nil, []xsd.Document{{Location: "main.xsd", Root: root}})
	if err != nil {
		t.Fatal(err)
	}
	return Of(s)
}

func elementNamed(t testing.TB, s *Schema, name string) *xsd.Element {
	t.Helper()
	e := s.Elements[xml.Name{Space: "urn:t", Local: name}]
	if e == nil {
		t.Fatalf("there is no element %s", name)
	}
	return e
}

// short writes an element without its declarations, which are always the same.
func short(t testing.TB, node *xml.Element) string {
	t.Helper()
	data, err := xml.Write(node, xml.WriteOptions{Namespaces: steps.Pairs{{Key: "t", Value: "urn:t"}, {Key: "xsi", Value: xml.InstanceSpace},
		{Key: "xsd", Value: xml.SchemaSpace}, {Key: "soapenc", Value: xsd.Encoding11}}})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(data))
	text = text[strings.Index(text, "?>")+3:]
	for _, d := range []string{"t", "xsi", "xsd", "soapenc"} {
		i := strings.Index(text, " xmlns:"+d+"=")
		if i < 0 {
			continue
		}
		end := i + strings.Index(text[i+len(d)+9:], `"`) + len(d) + 10
		text = text[:i] + text[end:]
	}
	return text
}

func printProblems(problems []steps.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s: %s", p.Path, p.Message)
		if p.Hint != "" {
			fmt.Fprintf(&b, " (%s)", p.Hint)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

// parse reads an element with the usual prefixes.
func parse(t testing.TB, text string) *xml.Element {
	t.Helper()
	const declarations = ` xmlns:t="urn:t" xmlns:xsi="` + xml.InstanceSpace + `" xmlns:xsd="` + xml.SchemaSpace + `" xmlns:soapenc="` + xsd.Encoding11 + `"`
	i := strings.IndexAny(text, " />")
	root, err := xml.Parse([]byte(text[:i]+declarations+text[i:]), xml.ReadOptions{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return root
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func printWarnings(warnings []Warning) string {
	var lines []string
	for _, w := range warnings {
		lines = append(lines, w.Path+": "+w.Message)
	}
	return strings.Join(lines, "\n")
}
