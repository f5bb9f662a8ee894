package values

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap/xsd"
)

// outlines fails where a value is not as its outline says.
func outlines(t testing.TB, o *steps.Shape, value any, path string) {
	t.Helper()
	var form steps.Form
	switch value.(type) {
	case nil:
		if !o.Null && len(o.Forms) > 0 {
			t.Errorf("%s is null, and the outline has %s", path, printOutline(o, 1))
		}
		return
	case bool:
		form = steps.Bool
	case int, json.Number:
		form = steps.Int
	case float64:
		form = steps.Float
	case string:
		form = steps.Text
	case []any:
		form = steps.List
	case map[string]any:
		form = steps.Map
	}
	if len(o.Forms) == 0 {
		return
	}
	if !slices.Contains(o.Forms, form) {
		t.Errorf("%s is %s, and the outline has %s", path, form, printOutline(o, 1))
		return
	}
	if list, isList := value.([]any); isList && o.Item != nil {
		for i, item := range list {
			outlines(t, o.Item, item, fmt.Sprintf("%s[%d]", path, i))
		}
	}
	if m, isMap := value.(map[string]any); isMap {
		outlinesMap(t, o, m, path)
	}
}

func outlinesMap(t testing.TB, o *steps.Shape, m map[string]any, path string) {
	t.Helper()
	for k, v := range m {
		below := o.Key(k)
		if below == nil {
			t.Errorf("%s has %s, and the outline has not: %v", path, k, o.Keys())
			continue
		}
		outlines(t, below, v, path+"."+k)
	}
	for _, k := range o.Keys() {
		if _, has := m[k]; !has && !o.Key(k).Null && len(o.Key(k).Forms) > 0 {
			t.Errorf("%s has no %s, and the outline says that it is never absent", path, k)
		}
	}
}

// printOutline writes an outline to a depth: {key: int, other: text?}.
func printOutline(o *steps.Shape, depth int) string {
	if o == nil {
		return "nothing"
	}
	if len(o.Forms) == 0 {
		return "any"
	}
	var forms []string
	for _, f := range o.Forms {
		text := map[steps.Form]string{steps.Text: "text", steps.Int: "int", steps.Float: "number", steps.Bool: "bool", steps.List: "list", steps.Map: "map"}[f]
		switch {
		case f == steps.List && o.Item != nil:
			text = "[" + printOutline(o.Item, depth) + "]"
		case f == steps.Map && depth == 0:
			text = "{…}"
		case f == steps.Map && o.Keys != nil:
			var keys []string
			for _, k := range o.Keys() {
				keys = append(keys, k+": "+printOutline(o.Key(k), depth-1))
			}
			text = "{" + strings.Join(keys, ", ") + "}"
		}
		forms = append(forms, text)
	}
	text := strings.Join(forms, "|")
	if o.Null {
		text += "?"
	}
	return text
}

func TestOutline(t *testing.T) {
	t.Parallel()
	simple := `<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:enumeration value="a"/></xs:restriction></xs:simpleType>
		<xs:complexType name="Coded"><xs:simpleContent><xs:extension base="t:Code"><xs:attribute name="by"/></xs:extension></xs:simpleContent></xs:complexType>`
	derived := func(name, content string) string {
		return `<xs:complexType name="` + name + `"><xs:complexContent><xs:extension base="t:Thing"><xs:sequence>` + content + `</xs:sequence></xs:extension></xs:complexContent></xs:complexType>`
	}
	thing := `<xs:complexType name="Thing" abstract="true"/>` + el("e", "t:Thing", "")
	many201 := ""
	for i := range 201 {
		many201 += derived(fmt.Sprintf("T%d", i), "")
	}
	tests := []struct{ name, schema, want string }{
		{"a key that derived types have in common, and one that is not the same", thing + derived("A", el("x", "xs:int", "")+el("y", "xs:int", "")) + derived("B", el("x", "xs:string", "")+el("y", "xs:int", "")),
			`{_type: text?, x: any, y: int?}`},
		{"too many derived types", thing + many201, `any`},
		{"another element in place of the whole", el("e", "xs:string", "") + `<xs:element name="m" type="xs:token" substitutionGroup="t:e"/>`, `any`},
		{"numbers", sequenceOf(el("a", "xs:int", "") + el("b", "xs:decimal", optional) + el("c", "xs:boolean", `nillable="true"`) + el("d", "xs:date", many)), `{a: int, b: number|text?, c: bool?, d: [text]}`},
		{"text beside attributes", pricedSchema, `{_: number|text, currency: text?}`},
		{"derived types", partySchema, `{_type: text?, car: text?, first: text?, id: int?}`},
		{"one of several", complexOf(`<xs:choice>` + el("a", "xs:string", "") + el("b", "xs:string", "") + `</xs:choice>`), `{a: text?, b: text?}`},
		{"a choice that repeats", complexOf(`<xs:choice maxOccurs="unbounded">` + el("a", "xs:int", `nillable="true"`) + el("b", "xs:int", "") + `</xs:choice>`), `{a: [int?], b: [int]}`},
		{"what may stand in its place", headSchema, `{cat: [text], dog: [text]}`},
		{"lists and unions", sequenceOf(`<xs:element name="a"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
			<xs:element name="u"><xs:simpleType><xs:union memberTypes="xs:int xs:boolean"/></xs:simpleType></xs:element>`), `{a: [int], u: text|int|bool}`},
		{"anything", sequenceOf(el("a", "xs:anyType", "") + el("b", "xs:anySimpleType", "")), `{a: any, b: any}`},
		{"a text that a derived type gives attributes", sequenceOf(el("a", "t:Code", "")+el("b", "t:Coded", "")) + simple, `{a: any, b: {_: text, by: text?}}`},
		{"what may be nil, but for its attributes", sequenceOf(`<xs:element name="a" nillable="true"><xs:complexType><xs:sequence>` + el("x", "xs:int", many) + `</xs:sequence></xs:complexType></xs:element>`), `{a: {x: [int]?}?}`},
		{"attributes", complexOf(`<xs:attribute name="r" type="xs:int" use="required"/><xs:attribute name="d" default="x"/><xs:attribute name="o"/>`), `{d: text, o: text?, r: int}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, test.schema)
			if got := printOutline(s.Outline(elementNamed(t, s, "e"), true), 2); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestOutlineKeys holds what keys are surely none, and which are open.
func TestOutlineKeys(t *testing.T) {
	t.Parallel()
	s := compile(t, sequenceOf(el("a", "xs:int", "")+`<xs:any minOccurs="0"/>`)+
		`<xs:element name="closed"><xs:complexType mixed="true"><xs:sequence>`+el("a", "xs:int", "")+`</xs:sequence></xs:complexType></xs:element>`)
	open, closed := s.Outline(elementNamed(t, s, "e"), true), s.Outline(elementNamed(t, s, "closed"), true)
	for _, test := range []struct {
		of        *steps.Shape
		key, want string
	}{{open, "a", "int"}, {open, "b", "any"}, {closed, "a", "int"}, {closed, "b", "nothing"}, {closed, "_", "text?"}, {closed, "_type", "text?"}} {
		if got := printOutline(test.of.Key(test.key), 1); got != test.want {
			t.Errorf("%s: got %s, want %s", test.key, got, test.want)
		}
	}
	if got := s.Outline(elementNamed(t, s, "e"), false).Key("a"); printOutline(got, 1) != "int|text" {
		t.Errorf("not strict: got %s", printOutline(got, 1))
	}
}

// TestOutlineWithoutEnd holds that types which hold themselves are outlined as far as one looks.
func TestOutlineWithoutEnd(t *testing.T) {
	t.Parallel()
	s := compile(t, fuzzTypes+sequenceOf(el("tree", "t:Tree", ""))+`<xs:complexType name="Rings"><xs:complexContent><xs:restriction base="soapenc:Array" xmlns:soapenc="`+xsd.Encoding11+`">
		<xs:attribute ref="soapenc:arrayType" wsdl:arrayType="t:Rings[]" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>`+el("rings", "t:Rings", ""))
	tree := s.Outline(elementNamed(t, s, "e"), true).Key("tree")
	for range 100 {
		tree = tree.Key("kid").Item
	}
	if got := printOutline(tree, 1); got != "{kid: [{…}], v: int}" {
		t.Errorf("got %s", got)
	}
	if got := printOutline(s.Outline(elementNamed(t, s, "rings"), true), 1); got != "[[[[any]?]?]?]" {
		t.Errorf("got %s", got)
	}
}
