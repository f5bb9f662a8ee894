package values

import (
	"strconv"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/xml"
)

const orderSchema = `
<xs:element name="order" type="t:Order"/>
<xs:complexType name="Order"><xs:sequence>
  <xs:element name="version" type="xs:string"/>
  <xs:element name="customer" type="t:Party"/>
  <xs:element name="line" type="t:Line" maxOccurs="unbounded"/>
  <xs:element name="note" type="xs:string" minOccurs="0" nillable="true"/>
  <xs:choice minOccurs="0"><xs:element name="pickup" type="xs:date"/><xs:element name="ship" type="xs:decimal"/></xs:choice>
</xs:sequence><xs:attribute name="id" type="xs:int"/></xs:complexType>
<xs:complexType name="Party" abstract="true"><xs:sequence/></xs:complexType>
<xs:complexType name="Person"><xs:complexContent><xs:extension base="t:Party"><xs:sequence>
  <xs:element name="firstName" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Company"><xs:complexContent><xs:extension base="t:Party"><xs:sequence>
  <xs:element name="name" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Line"><xs:sequence><xs:element name="no" type="xs:int"/><xs:element name="price" type="t:Price"/></xs:sequence></xs:complexType>
<xs:complexType name="Price"><xs:simpleContent><xs:extension base="xs:decimal">
  <xs:attribute name="currency" type="t:Currency" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:simpleType name="Currency"><xs:restriction base="xs:string"><xs:enumeration value="EUR"/><xs:enumeration value="USD"/></xs:restriction></xs:simpleType>
`

const nodeSchema = `
<xs:element name="node"><xs:complexType><xs:sequence>
  <xs:element name="name"><xs:annotation><xs:documentation>What it is called.</xs:documentation></xs:annotation>
    <xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{3}-\d+"/></xs:restriction></xs:simpleType></xs:element>
  <xs:element name="kind" type="xs:string" fixed="leaf or branch"/>
  <xs:element name="opts" minOccurs="0"><xs:complexType><xs:sequence>
    <xs:element name="zip" type="xs:string" minOccurs="0" default="00000"/><xs:element name="zap" type="xs:positiveInteger"/></xs:sequence></xs:complexType></xs:element>
  <xs:choice><xs:element ref="t:node"/><xs:element name="leaf" type="xs:dateTime"/></xs:choice>
  <xs:element name="marks" minOccurs="2" maxOccurs="5"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
  <xs:element name="empty"><xs:complexType><xs:sequence><xs:element name="a" type="xs:short" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="file" type="xs:base64Binary"/>
  <xs:any namespace="##other" minOccurs="0"/>
</xs:sequence></xs:complexType></xs:element>`

// filterSchema has mappings in which nothing must be given.
const filterSchema = `
<xs:element name="all" type="t:Filter"/>
<xs:element name="search"><xs:complexType><xs:sequence>
  <xs:element name="filter" type="t:Filter" nillable="true" minOccurs="0" maxOccurs="unbounded"/>
  <xs:element name="page" maxOccurs="unbounded"><xs:complexType><xs:attribute name="size" type="xs:int"/></xs:complexType></xs:element>
  <xs:element name="sort" nillable="true"><xs:complexType><xs:sequence><xs:element name="by" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element>
<xs:complexType name="Filter"><xs:sequence><xs:element name="state" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>`

func TestExample(t *testing.T) {
	t.Parallel()
	tests := []struct{ schema, element, want string }{
		{orderSchema, "order", `
params:                             # Order
  version: ""                       # string
  customer:                         # Party
    _type: Company                  # one of Company, Person
    name: ""                        # string
  line:                             # Line, 1 or more
    - no: 0                         # int
      price:                        # Price
        _: 0                        # the text: decimal
        currency: EUR               # EUR | USD, an attribute
  # note: ""                        # string, optional, may be null
  # one of these, or none:
  # pickup: 2026-01-01              # date, optional
  # ship: 0                         # decimal, optional
  # id: 0                           # int, optional, an attribute
`},
		{nodeSchema, "node", `
params:
  name: AAA-0                       # string, like [A-Z]{3}-\d+; What it is called.
  # kind: leaf or branch            # string, always this
  # opts:                           # optional
  #   # zip: ""                     # string, optional, empty means 00000
  #   zap: 1                        # positiveInteger
  # one of these:
  # node: {}                        # holds the same again, optional
  leaf: 2026-01-01T00:00:00Z        # dateTime
  marks: [[0], [0]]                 # a list of int, 2 to 5
  empty:
    # a: 0                          # short, optional
  file: ""                          # base64Binary, or {file: path}
  # any one element of other namespaces, as prefix:name or {namespace}name
`},
		{filterSchema, "search", `
params:
  # filter:                         # Filter, any number, may be null
  #   - {}
  #     # state: ""                 # string, optional
  page:                             # 1 or more
    -
      # size: 0                     # int, optional, an attribute
  sort: {}                          # may be null, or, in place of {}, the keys below
    # by: ""                        # string, optional
`},
		{filterSchema, "all", `
params:                             # Filter
  # state: ""                       # string, optional
`},
	}
	for _, test := range tests {
		s := compile(t, test.schema)
		e := elementNamed(t, s, test.element)
		got := s.Example("params", e)
		if got != test.want[1:] {
			t.Errorf("%s: got\n%s\nwant\n%s", test.element, got, test.want)
		}
		pasted, _ := fromYAML(t, got).(steps.Pairs).Get("params")
		if _, problems := s.Encode(e, pasted, "params", &Writing{}); len(problems) > 0 {
			t.Errorf("%s: the skeleton cannot be sent as it is:\n%s", test.element, printProblems(problems))
		}
	}
}

// TestExampleOfLargeTypes holds that what must be there is in a skeleton however much may be there before it, and that one ends.
func TestExampleOfLargeTypes(t *testing.T) {
	t.Parallel()
	repeat := func(n int, element string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(element, "#", strconv.Itoa(i)))
		}
		return b.String()
	}
	inner := repeat(20, el("i#", "xs:string", `minOccurs="0"`))
	group := `<xs:element name="g#" minOccurs="0"><xs:complexType><xs:sequence>` + inner + `</xs:sequence></xs:complexType></xs:element>`
	deep := el("x", "xs:int", "")
	for range 12 {
		deep = `<xs:element name="d" minOccurs="10" maxOccurs="10"><xs:complexType><xs:sequence>` + deep + `</xs:sequence></xs:complexType></xs:element>`
	}
	for _, test := range []struct {
		name, content string
		lines         int
		sent          bool
	}{
		{"much that is optional", repeat(50, group) + el("last", "xs:int", ""), 60, true},
		{"more that is optional", repeat(500, group) + el("last", "xs:int", ""), 402, true},
		{"much that is required", repeat(500, el("r#", "xs:int", "")) + el("o", "xs:int", `minOccurs="0"`), 502, true},
		{"too much that is required", deep, 4000, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, sequenceOf(test.content))
			e := elementNamed(t, s, "e")
			got := s.Example("p", e)
			if n := strings.Count(got, "\n"); n > test.lines {
				t.Errorf("got %d lines, want at most %d", n, test.lines)
			}
			pasted, _ := fromYAML(t, got).(steps.Pairs).Get("p")
			if _, problems := s.Encode(e, pasted, "p", &Writing{}); test.sent && len(problems) > 0 {
				t.Errorf("the skeleton cannot be sent as it is:\n%s\n%s", got, printProblems(problems))
			}
		})
	}
}

// TestExampleSamples holds that the placeholder of each simple type is one of its values.
func TestExampleSamples(t *testing.T) {
	t.Parallel()
	var types strings.Builder
	for name := range compile(t, "").Types {
		if name.Space == xml.SchemaSpace {
			types.WriteString(`<xs:element name="` + name.Local + `" type="xs:` + name.Local + `"/>`)
		}
	}
	types.WriteString(`
	<xs:element name="pattern"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="(\+|00)[1-9]\d{1,3}( \w+)?"/></xs:restriction></xs:simpleType></xs:element>
	<xs:element name="atLeast"><xs:simpleType><xs:restriction base="xs:string"><xs:minLength value="12"/></xs:restriction></xs:simpleType></xs:element>
	<xs:element name="above"><xs:simpleType><xs:restriction base="xs:decimal"><xs:minExclusive value="17.5"/></xs:restriction></xs:simpleType></xs:element>
	<xs:element name="word"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="yes: no"/></xs:restriction></xs:simpleType></xs:element>
	<xs:element name="dollar"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="true"/></xs:restriction></xs:simpleType></xs:element>
	<xs:element name="union"><xs:simpleType><xs:union memberTypes="xs:date xs:int"/></xs:simpleType></xs:element>`)
	s := compile(t, types.String())
	for name, e := range s.Elements {
		if name.Space != "urn:t" {
			continue
		}
		text := s.Example("v", e)
		value, _ := fromYAML(t, text).(steps.Pairs).Get("v")
		if _, problems := s.Encode(e, value, "v", &Writing{}); len(problems) > 0 {
			t.Errorf("%s%s", text, printProblems(problems))
		}
	}
}
