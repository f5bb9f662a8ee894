package values

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// complexOf is an element `e` of a complex type with some content.
func complexOf(content string) string {
	return `<xs:element name="e"><xs:complexType>` + content + `</xs:complexType></xs:element>`
}

// sequenceOf is an element `e` with a sequence.
func sequenceOf(content string) string {
	return complexOf(`<xs:sequence>` + content + `</xs:sequence>`)
}

// el declares an element.
func el(name, typ, more string) string {
	return `<xs:element name="` + name + `" type="` + typ + `" ` + more + `/>`
}

const optional = `minOccurs="0"`

const many = `minOccurs="0" maxOccurs="unbounded"`

const partySchema = `
<xs:element name="e" type="t:Party"/>
<xs:complexType name="Party" abstract="true"><xs:sequence><xs:element name="id" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType>
<xs:complexType name="Person"><xs:complexContent><xs:extension base="t:Party"><xs:sequence>
  <xs:element name="first" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Boss"><xs:complexContent><xs:extension base="t:Person"><xs:sequence>
  <xs:element name="car" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Other"><xs:sequence/></xs:complexType>`

const pricedSchema = `<xs:element name="e"><xs:complexType><xs:simpleContent><xs:extension base="xs:decimal">
  <xs:attribute name="currency" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>`

const headSchema = `
<xs:element name="e"><xs:complexType><xs:sequence><xs:element ref="t:pet" maxOccurs="3"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="pet" type="xs:string" abstract="true"/>
<xs:element name="cat" type="xs:string" substitutionGroup="t:pet"/>
<xs:element name="dog" type="xs:string" substitutionGroup="t:pet"/>`

func TestEncode(t *testing.T) {
	t.Parallel()
	choice := `<xs:choice>` + el("a", "xs:string", "") + el("b", "xs:string", "") + `<xs:sequence>` + el("c", "xs:string", "") +
		el("d", "xs:string", optional) + `</xs:sequence></xs:choice>`
	anything := sequenceOf(el("a", "xs:string", optional)+`<xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="2"/>`) +
		`<xs:element name="known" type="xs:int"/>`
	tests := []struct {
		name, schema, value, want string
	}{
		{"schema order", sequenceOf(el("a", "xs:string", "") + el("b", "xs:int", "")), `{b: 007, a: 1.50}`, `<t:e><a>1.50</a><b>007</b></t:e>`},
		{"qualified locals", sequenceOf(`<xs:element name="a" type="xs:string" form="qualified"/>`), `{a: x}`, `<t:e><t:a>x</t:a></t:e>`},
		{"date stays as written", sequenceOf(el("a", "xs:date", "")), `{a: 2026-01-01}`, `<t:e><a>2026-01-01</a></t:e>`},
		{"boolean of YAML", sequenceOf(el("a", "xs:boolean", "") + el("b", "xs:boolean", "")), `{a: True, b: 0}`, `<t:e><a>true</a><b>0</b></t:e>`},
		{"numbers of YAML", sequenceOf(el("a", "xs:int", "") + el("b", "xs:decimal", "") + el("c", "xs:double", "")), `{a: 0x10, b: 1e3, c: .inf}`,
			`<t:e><a>16</a><b>1000</b><c>INF</c></t:e>`},
		{"white space as the type has it", sequenceOf(el("a", "xs:token", "") + el("b", "xs:string", "")), `{a: " x   y ", b: " x  y "}`,
			`<t:e><a>x y</a><b> x  y </b></t:e>`},
		{"one value for a list", sequenceOf(el("a", "xs:string", many)), `{a: x}`, `<t:e><a>x</a></t:e>`},
		{"no value for a list", sequenceOf(el("a", "xs:string", many)), `{a: []}`, `<t:e/>`},
		{"null for a list of what may be null", sequenceOf(el("a", "xs:string", many+` nillable="true"`)), `{a: null}`, `<t:e/>`},
		{"null in a list", sequenceOf(el("a", "xs:string", many+` nillable="true"`)), `{a: [x, null]}`, `<t:e><a>x</a><a xsi:nil="true"/></t:e>`},
		{"null leaves out", sequenceOf(el("a", "xs:string", optional)), `{a: null}`, `<t:e/>`},
		{"null is nil", sequenceOf(el("a", "xs:string", optional+` nillable="true"`)), `{a: null}`, `<t:e><a xsi:nil="true"/></t:e>`},
		{"nil with attributes", sequenceOf(`<xs:element name="a" nillable="true"><xs:complexType><xs:simpleContent><xs:extension base="xs:int"><xs:attribute name="x"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>`),
			`{a: {_: null, x: 1}}`, `<t:e><a xsi:nil="true" x="1"/></t:e>`},
		{"text beside attributes", pricedSchema, `{_: 0.10, currency: EUR}`, `<t:e currency="EUR">0.10</t:e>`},
		{"text alone", pricedSchema, `0.10`, `<t:e>0.10</t:e>`},
		{"attributes in the schema's order", complexOf(`<xs:attribute name="b"/><xs:attribute name="a"/>`), `{a: 1, b: 2}`, `<t:e b="2" a="1"/>`},
		{"attribute of an element's name", complexOf(`<xs:sequence>` + el("a", "xs:int", "") + `</xs:sequence><xs:attribute name="a"/>`), `{a: 1, _a: x}`, `<t:e a="x"><a>1</a></t:e>`},
		{"fixed values are filled in", complexOf(`<xs:sequence>` + el("a", "xs:string", `fixed="F"`) + el("b", "xs:string", optional+` fixed="G"`) + `</xs:sequence><xs:attribute name="v" fixed="1" use="required"/><xs:attribute name="w" fixed="1"/>`),
			`{}`, `<t:e v="1"><a>F</a></t:e>`},
		{"fixed values are compared as values", sequenceOf(el("a", "xs:decimal", `fixed="1.0"`)), `{a: 1.00}`, `<t:e><a>1.00</a></t:e>`},
		{"derived type", partySchema, `{_type: Boss, car: X, first: A, id: 1}`, `<t:e xsi:type="t:Boss"><id>1</id><first>A</first><car>X</car></t:e>`},
		{"derived type by prefix", partySchema, `{_type: "p:Person", first: A}`, `<t:e xsi:type="t:Person"><first>A</first></t:e>`},
		{"derived type by namespace", partySchema, `{_type: "{urn:t}Person", first: A}`, `<t:e xsi:type="t:Person"><first>A</first></t:e>`},
		{"choice", complexOf(choice), `{b: x}`, `<t:e><b>x</b></t:e>`},
		{"choice of a group", complexOf(choice), `{d: y, c: x}`, `<t:e><c>x</c><d>y</d></t:e>`},
		{"choice by what is not null", complexOf(choice), `{a: null, b: x}`, `<t:e><b>x</b></t:e>`},
		{"choice that repeats goes by the keys", complexOf(`<xs:choice maxOccurs="unbounded">` + el("a", "xs:int", "") + el("b", "xs:int", "") + `</xs:choice>`),
			`{b: [1, 2], a: [3]}`, `<t:e><b>1</b><b>2</b><a>3</a></t:e>`},
		{"order of its own", complexOf(`<xs:choice maxOccurs="unbounded">` + el("a", "xs:int", "") + el("b", "xs:int", "") + `</xs:choice>`),
			`{_order: [{b: 1}, {a: 3}, {b: [2, 4]}]}`, `<t:e><b>1</b><a>3</a><b>2</b><b>4</b></t:e>`},
		{"sequence that repeats", complexOf(`<xs:sequence maxOccurs="unbounded">` + el("a", "xs:int", "") + el("b", "xs:int", optional) + `</xs:sequence>`),
			`{b: [1, 2, 6], a: [3, 4, 5]}`, `<t:e><a>3</a><b>1</b><a>4</a><b>2</b><a>5</a><b>6</b></t:e>`},
		{"sequence that repeats with lists in it", complexOf(`<xs:sequence maxOccurs="unbounded">` + el("a", "xs:int", `maxOccurs="3"`) + el("b", "xs:int", "") + `</xs:sequence>`),
			`{a: [1, 2], b: [3, 4]}`, `<t:e><a>1</a><b>3</b><a>2</a><b>4</b></t:e>`},
		{"sequence that is there once", complexOf(`<xs:sequence maxOccurs="unbounded">` + el("a", "xs:int", "") + el("b", "xs:int", many) + `</xs:sequence>`),
			`{a: 1, b: [3, 4]}`, `<t:e><a>1</a><b>3</b><b>4</b></t:e>`},
		{"lists in an order of their own", complexOf(`<xs:sequence maxOccurs="unbounded">` + el("a", "xs:int", "") + el("b", "xs:int", many) + `</xs:sequence>`),
			`{_order: [{a: 1}, {a: 2, b: [3, 4]}]}`, `<t:e><a>1</a><a>2</a><b>3</b><b>4</b></t:e>`},
		{"same element twice", sequenceOf(el("a", "xs:int", "") + el("b", "xs:int", "") + el("a", "xs:int", "")), `{a: [1, 2], b: 3}`, `<t:e><a>1</a><b>3</b><a>2</a></t:e>`},
		{"all", complexOf(`<xs:all>` + el("a", "xs:int", optional) + el("b", "xs:int", "") + `</xs:all>`), `{b: 1, a: 2}`, `<t:e><a>2</a><b>1</b></t:e>`},
		{"substitution", headSchema, `{dog: x, cat: [y, z]}`, `<t:e><t:dog>x</t:dog><t:cat>y</t:cat><t:cat>z</t:cat></t:e>`},
		{"xs:list", sequenceOf(`<xs:element name="a"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>`), `{a: [1, 2]}`, `<t:e><a>1 2</a></t:e>`},
		{"xs:list as text", sequenceOf(`<xs:element name="a"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>`), `{a: 1 2}`, `<t:e><a>1 2</a></t:e>`},
		{"QName", complexOf(`<xs:sequence>` + el("a", "xs:QName", "") + el("b", "xs:QName", "") + `</xs:sequence><xs:attribute name="c" type="xs:QName"/>`), `{a: "{urn:t}x", b: y, c: "p:z"}`,
			`<t:e c="t:z"><a>t:x</a><b>y</b></t:e>`},
		{"any, known and not", anything, `{"{urn:o}x": {y: 1, _z: 2}, known: 3, a: 0}`, `<t:e xmlns:ns1="urn:o"><a>0</a><ns1:x z="2"><y>1</y></ns1:x><t:known>3</t:known></t:e>`},
		{"any without a namespace", anything, `{"{}x": [1, 2]}`, `<t:e><x>1</x><x>2</x></t:e>`},
		{"anyAttribute", complexOf(`<xs:anyAttribute processContents="lax"/>`), `{"xml:lang": en, _own: 1}`, `<t:e xml:lang="en" own="1"/>`},
		{"anyAttribute beside any", complexOf(`<xs:sequence><xs:any namespace="##other" processContents="lax" minOccurs="0"/></xs:sequence><xs:anyAttribute namespace="##other" processContents="lax"/>`),
			`{"{urn:o}x": 1, "_{urn:o}y": 2, "_xml:lang": en}`, `<t:e xmlns:ns1="urn:o" ns1:y="2" xml:lang="en"><ns1:x>1</ns1:x></t:e>`},
		{"anyType", sequenceOf(el("a", "xs:anyType", many)), `{a: [1, x, 1.5, true, {b: 1, _c: 2}, {_type: date, _: 2026-01-01}, 5000000000]}`,
			`<t:e><a xsi:type="xsd:int">1</a><a xsi:type="xsd:string">x</a><a xsi:type="xsd:double">1.5</a><a xsi:type="xsd:boolean">true</a>` +
				`<a c="2"><b>1</b></a><a xsi:type="xsd:date">2026-01-01</a><a xsi:type="xsd:long">5000000000</a></t:e>`},
		{"mixed", `<xs:element name="e"><xs:complexType mixed="true"><xs:sequence>` + el("b", "xs:string", optional) + `</xs:sequence></xs:complexType></xs:element>`,
			`{_: "text ", b: x}`, `<t:e>text <b>x</b></t:e>`},
		{"mixed as text", `<xs:element name="e"><xs:complexType mixed="true"><xs:sequence/></xs:complexType></xs:element>`, `hello`, `<t:e>hello</t:e>`},
		{"base64 without white space", sequenceOf(el("a", "xs:base64Binary", "")), `{a: "AA EC\n"}`, `<t:e><a>AAEC</a></t:e>`},
		{"unknown values", sequenceOf(el("a", "xs:int", "") + el("b", "xs:int", `maxOccurs="2"`)), `{a: "${x}", b: "${y}"}`, `<t:e><a/><b/></t:e>`},
		{"unknown branches", complexOf(choice), `{a: "${x}", b: "${y}"}`, `<t:e><a/></t:e>`},
		{"unknown beside a given branch", complexOf(choice), `{a: "${x}", b: y}`, `<t:e><b>y</b></t:e>`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, test.schema)
			w := &Writing{Prefixes: map[string]string{"p": "urn:t"}}
			node, problems := s.Encode(elementNamed(t, s, "e"), fromYAML(t, test.value), "params", w)
			if len(problems) > 0 {
				t.Fatalf("%s", printProblems(problems))
			}
			if got := short(t, node); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestEncodeMistakes(t *testing.T) {
	t.Parallel()
	two := sequenceOf(el("qty", "xs:int", "") + el("price", "xs:decimal", "") + el("note", "xs:string", optional))
	choice := `<xs:choice>` + el("a", "xs:string", "") + el("b", "xs:string", "") + `</xs:choice>`
	code := `<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:enumeration value="OPEN"/><xs:enumeration value="CLOSED"/></xs:restriction></xs:simpleType>`
	tests := []struct {
		name, schema, value, want string
	}{
		{"all at once", two, `{qty: x, prise: 1, note: [a], more: 1}`, `params.qty: "x" is not a whole number
params.prise: unknown key: the schema has no such element or attribute here (did you mean "price"?)
params.note: a list stands where one value is expected: string
params.more: unknown key: the schema has no such element or attribute here (it is one of qty, price, note)
params: price is missing: decimal`},
		{"null that must not be", two, `{qty: null, price: 1}`, `params.qty: is null, but it must have a value: int`},
		{"null as a whole", two, `null`, `params: qty is missing: int
params: price is missing: decimal`},
		{"text for a mapping", two, `hello`, `params: one plain value stands where a mapping is expected, with qty, price, note`},
		{"list for a mapping", two, `[{qty: 1}]`, `params: a list stands where a mapping is expected, with qty, price, note (take the dash away: only one may stand here)`},
		{"mapping for text", two, `{qty: {a: 1}, price: {}}`, `params.qty.a: unknown key: qty is one plain value, int (write the plain value)
params.price: a mapping stands where one plain value is expected: decimal`},
		{"enumeration", sequenceOf(el("a", "t:Code", "")) + code, `{a: OPNE}`, `params.a: "OPNE" is none of the 2 values that are allowed (did you mean "OPEN"?)`},
		{"too few and too many", sequenceOf(el("a", "xs:int", `minOccurs="2" maxOccurs="3"`) + el("b", "xs:int", `minOccurs="0" maxOccurs="2"`)), `{a: 1, b: [1, 2, 3]}`,
			`params.a: has 1, but needs 2: int
params.b: 3 are given, but at most 2 may stand here`},
		{"list that is missing", sequenceOf(el("a", "xs:int", `minOccurs="2" maxOccurs="3"`)), `{}`, `params: a is missing: a list of at least 2, each int`},
		{"two branches", complexOf(choice), `{b: x, a: y}`, `params.a: only one of b and a may be given`},
		{"no branch", complexOf(choice), `{}`, `params: one of these must be given: a, b`},
		{"abstract without a type", partySchema, `{first: A}`, `params: the type Party is abstract, so _type must say which type the value is of (write _type with one of Boss, Person)`},
		{"misspelt type", partySchema, `{_type: Persn, first: A}`, `params._type: there is no type Persn (did you mean "Person"?)`},
		{"type that is not derived", partySchema, `{_type: Other}`, `params._type: the type Other is not derived from Party (write _type with one of Boss, Person)`},
		{"prefix of a type", partySchema, `{_type: "q:Person"}`, `params._type: the prefix "q" is not declared under namespaces`},
		{"fixed", complexOf(`<xs:sequence>` + el("a", "xs:string", `fixed="F"`) + `</xs:sequence><xs:attribute name="v" fixed="1"/>`), `{a: G, v: 2}`,
			`params.a: "G" stands where the schema has the fixed value "F" (write F, or leave it out where it may be)
params.v: "2" stands where the schema has the fixed value "1" (write 1, or leave it out)`},
		{"missing attribute", complexOf(`<xs:attribute name="v" type="xs:int" use="required"/>`), `{}`, `params: v is missing: int (an attribute)`},
		{"missing text", pricedSchema, `{currency: EUR}`, `params: the text is missing: decimal (write it under the key "_")`},
		{"abstract element", headSchema, `{pet: x}`, `params.pet: pet is abstract: it only stands for others (write one of these in its place: cat, dog)`},
		{"none of a substitution group", headSchema, `{}`, `params: one of these must be given: cat, dog`},
		{"item of an xs:list", sequenceOf(`<xs:element name="a"><xs:simpleType><xs:list itemType="xs:token"/></xs:simpleType></xs:element>`), `{a: [x, "y z"]}`,
			`params.a[1]: "y z" cannot stand in a list, whose items are separated by spaces`},
		{"text that fits only where it is empty", sequenceOf(el("a", "xs:base64Binary", "") + el("b", "xs:hexBinary", "") +
			`<xs:element name="c"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>`), `{a: "@@@", b: abc, c: 1 x}`,
			`params.a: "@@@" is not base64
params.b: "abc" is not made of hexadecimal digits in pairs
params.c: "x" is not a whole number`},
		{"deep in a list", sequenceOf(`<xs:element name="line" maxOccurs="unbounded"><xs:complexType><xs:sequence>` + el("qty", "xs:unsignedByte", "") + `</xs:sequence></xs:complexType></xs:element>`),
			`{line: [{qty: 1}, {qty: 256}, {}]}`, `params.line[1].qty: "256" is more than the greatest value, 255
params.line[2]: qty is missing: unsignedByte`},
		{"text of an element without any", two, `{_: x, qty: 1, price: 1}`, `params._: e has no text of its own`},
		{"unknown prefix", two, `{"x:y": 1, qty: 1, price: 1}`, `params.x:y: the prefix "x" is not declared under namespaces`},
		{"unknown prefix of an attribute", two, `{"_x:y": 1, qty: 1, price: 1}`, `params._x:y: the prefix "x" is not declared under namespaces`},
		{"attribute that may not stand there", two, `{"_p:y": 1, qty: 1, price: 1}`, `params._p:y: unknown key: the schema has no such element or attribute here (it is one of qty, price, note)`},
		{"the element around", two, `{e: {qty: 1, price: 1}}`, `params.e: unknown key: the schema has no such element or attribute here (these are the keys that stand in e already: leave it out)
params: qty is missing: int
params: price is missing: decimal`},
		{"nothing may stand there", complexOf(``), `{a: 1}`, `params.a: unknown key: the schema has no such element or attribute here (nothing may stand here; write {})`},
		{"any of another namespace only", sequenceOf(`<xs:any namespace="##other" processContents="lax"/>`), `{"p:x": 1}`,
			`params.p:x: unknown key: the schema has no such element or attribute here (an element that the schema leaves open is written as {namespace}name or prefix:name)
params: an element of another namespace is missing (write it under its name as {namespace}name or prefix:name)`},
		{"any that must be declared", sequenceOf(`<xs:any processContents="strict"/>`), `{"{urn:o}x": 1}`, `params.{urn:o}x: the schema declares no element {urn:o}x, and only declared ones may stand here`},
		{"given twice", two, `{qty: 1, "{}qty": 2, price: 1}`, `params.{}qty: qty is given twice`},
		{"control character", two, "{qty: 1, price: 1, note: \"a\\u0001\"}", `params.note: the character U+0001 (or a byte that is no UTF-8) cannot stand in XML`},
		{"list for anyType", sequenceOf(el("a", "xs:anyType", "")), `{a: [1]}`, `params.a: a list stands where one value is expected (put a mapping with the elements' name around it)`},
		{"no name", sequenceOf(el("a", "xs:anyType", "")), `{"": 1, a: {"": 1, "{}": 2, "_:": 3}}`, `params[0]: unknown key: the schema has no such element or attribute here (it can only be a)
params.a[0]: "" is no name of an element or an attribute
params.a.{}: "" is no name of an element or an attribute
params.a._:: the prefix "" is not declared under namespaces`},
		{"bad name", sequenceOf(el("a", "xs:anyType", "")), `{a: {"b c": 1}}`, `params.a.b c: "b c" is no name of an element or an attribute`},
		{"order that may not be", complexOf(`<xs:sequence maxOccurs="2">` + el("a", "xs:int", "") + el("b", "xs:int", "") + `</xs:sequence>`), `{_order: [{a: 1}, {b: 2}, {b: 3}]}`,
			`params._order[2]: b cannot stand here in the order`},
		{"rows that do not fit", complexOf(`<xs:sequence maxOccurs="5">` + el("a", "xs:int", "") + el("b", "xs:int", "") + `</xs:sequence>`), `{a: [1, 2], b: [1]}`,
			`params.b: has 1, but needs 2: int`},
		{"rows of which it is not clear who belongs to whom", complexOf(`<xs:sequence maxOccurs="5">` + el("a", "xs:int", "") + el("b", "xs:int", many) + `</xs:sequence>`), `{a: [1, 2], b: [1, 2, 3]}`,
			`params.b: has 3, but a has 2: which of them stand together is not clear (write them in their order: _order: [{a: …}, {b: …}])`},
		{"elements beside null", sequenceOf(`<xs:element name="a" nillable="true"><xs:complexType><xs:sequence>` + el("b", "xs:int", "") + `</xs:sequence></xs:complexType></xs:element>`), `{a: {_: null, b: 1}}`,
			`params.a: elements are given beside the null under the key _`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, test.schema)
			w := &Writing{Prefixes: map[string]string{"p": "urn:t"}}
			_, problems := s.Encode(elementNamed(t, s, "e"), fromYAML(t, test.value), "params", w)
			if got := printProblems(problems); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestEncodePlainValues holds that values which expressions gave are taken as those of the file are.
func TestEncodePlainValues(t *testing.T) {
	t.Parallel()
	s := compile(t, sequenceOf(el("a", "xs:int", "")+el("b", "xs:decimal", "")+el("c", "xs:double", "")+el("d", "xs:double", "")+
		el("e", "xs:boolean", "")+el("f", "xs:string", "")+el("g", "xs:string", `minOccurs="0" nillable="true"`)))
	value := map[string]any{"a": 3.0, "b": 1e-7, "c": 1e21, "d": math.NaN(), "e": true, "f": 1.5, "g": nil}
	node, problems := s.Encode(elementNamed(t, s, "e"), value, "params", &Writing{})
	want := `<t:e><a>3</a><b>0.0000001</b><c>1e+21</c><d>NaN</d><e>true</e><f>1.5</f><g xsi:nil="true"/></t:e>`
	if got := short(t, node); got != want || len(problems) > 0 {
		t.Errorf("got %s\n%s", got, printProblems(problems))
	}
}

func TestEncodeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.bin"), []byte{0, 1, 2}, 0o600); err != nil {
		t.Fatal(err)
	}
	s := compile(t, sequenceOf(el("a", "xs:base64Binary", "")+el("b", "xs:base64Binary", optional)))
	e := elementNamed(t, s, "e")
	node, problems := s.Encode(e, fromYAML(t, `{a: {file: a.bin}}`), "params", &Writing{Dir: dir})
	if got := short(t, node); got != `<t:e><a>AAEC</a></t:e>` || len(problems) > 0 {
		t.Errorf("got %s\n%s", got, printProblems(problems))
	}
	_, problems = s.Encode(e, fromYAML(t, `{a: {file: none.bin}, b: {file: .}}`), "params", &Writing{Dir: dir})
	got := strings.ReplaceAll(printProblems(problems), dir, "DIR")
	if want := "params.a.file: cannot be read: open DIR/none.bin: no such file or directory\nparams.b.file: DIR is no file"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, problems = s.Encode(e, fromYAML(t, `{a: {file: none.bin}}`), "params", &Writing{Dir: dir, Early: true}); len(problems) > 0 {
		t.Errorf("before a run: %s", printProblems(problems))
	}
	var seen []Binary
	w := &Writing{Dir: dir, Binary: func(node *xml.Element, b Binary) (bool, error) {
		seen = append(seen, b)
		node.Children = append(node.Children, &xml.Element{Name: xml.Name{Local: "Include"}})
		return true, nil
	}}
	node, _ = s.Encode(e, fromYAML(t, `{a: {file: a.bin}, b: "AA EC"}`), "params", w)
	if got := short(t, node); got != `<t:e><a><Include/></a><b><Include/></b></t:e>` {
		t.Errorf("got %s", got)
	}
	if len(seen) != 2 || seen[0] != (Binary{File: filepath.Join(dir, "a.bin")}) || seen[1] != (Binary{Text: "AAEC"}) {
		t.Errorf("the hook saw %v", seen)
	}
}

func TestEncodeEncoded(t *testing.T) {
	t.Parallel()
	s := compile(t, `<xs:complexType name="Strings"><xs:complexContent><xs:restriction base="soapenc:Array" xmlns:soapenc="`+xsd.Encoding11+`">
		<xs:attribute ref="soapenc:arrayType" wsdl:arrayType="xs:string[]" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>
	<xs:complexType name="Row"><xs:sequence>`+el("id", "xs:int", "")+el("tags", "t:Strings", optional)+el("any", "xs:anyType", optional)+`</xs:sequence></xs:complexType>`)
	row := s.Types[xml.Name{Space: "urn:t", Local: "Row"}]
	tests := []struct{ value, want string }{
		{`{id: 1, tags: [a, null], any: [1]}`, `<row xsi:type="t:Row"><id xsi:type="xsd:int">1</id>` +
			`<tags xsi:type="soapenc:Array" soapenc:arrayType="xsd:string[2]"><item xsi:type="xsd:string">a</item><item xsi:nil="true"/></tags>` +
			`<any xsi:type="soapenc:Array" soapenc:arrayType="xsd:anyType[1]"><item xsi:type="xsd:int">1</item></any></row>`},
		{`null`, `<row xsi:nil="true"/>`},
		{`{id: 1, tags: []}`, `<row xsi:type="t:Row"><id xsi:type="xsd:int">1</id><tags xsi:type="soapenc:Array" soapenc:arrayType="xsd:string[0]"/></row>`},
	}
	for _, test := range tests {
		node, problems := s.EncodeType(xml.Name{Local: "row"}, row, fromYAML(t, test.value), "params.row", &Writing{Encoded: true})
		if got := short(t, node); got != test.want || len(problems) > 0 {
			t.Errorf("got  %s\nwant %s\n%s", got, test.want, printProblems(problems))
		}
	}
}

// TestEncodeEncoded12 holds that SOAP 1.2 has attributes of its own for arrays.
func TestEncodeEncoded12(t *testing.T) {
	t.Parallel()
	s := compile(t, ``)
	list := s.Types[xml.Name{Space: xsd.Encoding12, Local: "Array"}]
	node, problems := s.EncodeType(xml.Name{Local: "list"}, list, fromYAML(t, `[1]`), "params.list", &Writing{Encoded: true, SOAP12: true})
	want := `<list xmlns:enc="` + xsd.Encoding12 + `" enc:itemType="xsd:anyType" enc:arraySize="1"><item xsi:type="xsd:int">1</item></list>`
	if got := short(t, node); got != want || len(problems) > 0 {
		t.Errorf("got  %s\nwant %s\n%s", got, want, printProblems(problems))
	}
}

// TestEncodeKeys holds that a mistake in a key is told as one of the key.
func TestEncodeKeys(t *testing.T) {
	t.Parallel()
	s := compile(t, sequenceOf(el("qty", "xs:int", "")+el("a", "xs:anyType", optional)))
	_, problems := s.Encode(elementNamed(t, s, "e"), fromYAML(t, `{qty: 1, "{}qty": x, qyt: 1, "q:x": 1, a: {"b c": 1, _d: 1, "_{}d": 1}}`), "params", &Writing{})
	for _, p := range problems {
		if !p.Key {
			t.Errorf("%s: %s: is told as a mistake of the value", p.Path, p.Message)
		}
	}
	if len(problems) != 5 {
		t.Errorf("got\n%s", printProblems(problems))
	}
}

// TestEncodeManyMistakes holds that what is told is bounded.
func TestEncodeManyMistakes(t *testing.T) {
	t.Parallel()
	s := compile(t, sequenceOf(el("a", "xs:int", many)))
	list := make([]any, 1000)
	for i := range list {
		list[i] = "x"
	}
	_, problems := s.Encode(elementNamed(t, s, "e"), steps.Pairs{{Key: "a", Value: list}}, "params", &Writing{})
	if last := problems[len(problems)-1]; len(problems) != maxMistakes+1 || last.Message != "and 900 more mistakes" {
		t.Errorf("got %d, the last %v", len(problems), last)
	}
}

// TestNestedUnions holds that unions of unions cost little, where 26 of them stand for 2^25 members.
func TestNestedUnions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`<xs:simpleType name="u0"><xs:restriction base="xs:int"/></xs:simpleType>`)
	for i := 1; i < 26; i++ {
		fmt.Fprintf(&b, `<xs:simpleType name="u%d"><xs:union memberTypes="t:u%d t:u%d"/></xs:simpleType>`, i, i-1, i-1)
	}
	s := compile(t, b.String()+el("e", "t:u25", ""))
	e := elementNamed(t, s, "e")
	if _, problems := s.Encode(e, "x", "params", &Writing{}); printProblems(problems) != `params: "x" fits none of u24, u24` {
		t.Errorf("got %s", printProblems(problems))
	}
	if got, _ := s.Decode(e, parse(t, "<t:e>5</t:e>"), &Reading{}); got != 5 {
		t.Errorf("got %v", got)
	}
	if got, want := s.Example("p", e), "p: 0                                # u24 or u24\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
