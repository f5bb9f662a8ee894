package values

import (
	"strings"
	"sync"
	"testing"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	choice := complexOf(`<xs:choice maxOccurs="unbounded">` + el("a", "xs:int", "") + el("b", "xs:int", "") + `</xs:choice>`)
	lists := `<xs:element name="a"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
		<xs:element name="u" minOccurs="0"><xs:simpleType><xs:union memberTypes="xs:int xs:date xs:string"/></xs:simpleType></xs:element>`
	tests := []struct {
		name, schema, in, want string
	}{
		{"numbers", sequenceOf(el("a", "xs:int", "") + el("b", "xs:integer", "") + el("c", "xs:decimal", "") + el("d", "xs:decimal", "") + el("e", "xs:double", "") + el("f", "xs:float", "")),
			`<t:e><a> +07 </a><b>123456789012345678901</b><c>1.50</c><d>0.1234567890123456789</d><e>1E3</e><f>INF</f></t:e>`,
			`{"a":7,"b":123456789012345678901,"c":1.5,"d":"0.1234567890123456789","e":1000,"f":"INF"}`},
		{"truth", sequenceOf(el("a", "xs:boolean", "") + el("b", "xs:boolean", "")), `<t:e><a>1</a><b> false </b></t:e>`, `{"a":true,"b":false}`},
		{"texts", sequenceOf(el("a", "xs:string", "") + el("b", "xs:token", "") + el("c", "xs:date", "") + el("d", "xs:base64Binary", "") + el("e", "xs:anyURI", "")),
			"<t:e><a> x  y </a><b> x  y </b><c> 2026-01-01 </c><d>AA\nEC</d><e>\nhttp://example.com/\n</e></t:e>", `{"a":" x  y ","b":"x y","c":"2026-01-01","d":"AAEC","e":"http://example.com/"}`},
		{"always lists", sequenceOf(el("a", "xs:int", many) + el("b", "xs:int", many) + el("c", "xs:int", many)), `<t:e><b>1</b><c>1</c><c>2</c></t:e>`, `{"a":[],"b":[1],"c":[1,2]}`},
		{"nil", sequenceOf(el("a", "xs:int", `nillable="true"`) + el("b", "xs:int", many+` nillable="true"`)), `<t:e><a xsi:nil="true"/><b>1</b><b xsi:nil="1"/></t:e>`, `{"a":null,"b":[1,null]}`},
		{"nil with attributes", sequenceOf(`<xs:element name="a" nillable="true"><xs:complexType><xs:simpleContent><xs:extension base="xs:int"><xs:attribute name="x"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>`),
			`<t:e><a xsi:nil="true" x="1"/></t:e>`, `{"a":{"_":null,"x":"1"}}`},
		{"text beside attributes", pricedSchema, `<t:e currency="EUR">0.10</t:e>`, `{"_":0.1,"currency":"EUR"}`},
		{"text that could have attributes", pricedSchema, `<t:e>0.10</t:e>`, `{"_":0.1}`},
		{"attribute of an element's name", complexOf(`<xs:sequence>` + el("a", "xs:int", "") + `</xs:sequence><xs:attribute name="a"/>`), `<t:e a="x"><a>1</a></t:e>`, `{"_a":"x","a":1}`},
		{"attribute named type", complexOf(`<xs:sequence>` + el("type", "xs:int", "") + `</xs:sequence><xs:attribute name="type"/>`), `<t:e type="x"><type>1</type></t:e>`, `{"__type":"x","type":1}`},
		{"defaults", complexOf(`<xs:sequence>` + el("a", "xs:int", `default="5"`) + el("b", "xs:int", optional+` default="6"`) + `</xs:sequence><xs:attribute name="v" type="xs:int" default="7"/>`),
			`<t:e><a/></t:e>`, `{"a":5,"v":7}`},
		{"derived", partySchema, `<t:e xsi:type="t:Boss"><id>1</id><first>A</first><car>X</car></t:e>`, `{"_type":"Boss","car":"X","first":"A","id":1}`},
		{"choice that repeats", choice, `<t:e><a>1</a><b>2</b><a>3</a></t:e>`, `{"a":[1,3],"b":[2]}`},
		{"all, in any order", complexOf(`<xs:all>` + el("a", "xs:int", optional) + el("b", "xs:int", "") + `</xs:all>`), `<t:e><b>1</b><a>2</a></t:e>`, `{"a":2,"b":1}`},
		{"empty content", complexOf(``), `<t:e/>`, `{}`},
		{"empty mapping", sequenceOf(el("a", "xs:int", optional) + el("b", "xs:int", many)), `<t:e/>`, `{"b":[]}`},
		{"substitution", headSchema, `<t:e><t:dog>x</t:dog><t:cat>y</t:cat></t:e>`, `{"cat":["y"],"dog":["x"]}`},
		{"xs:list and union", sequenceOf(lists), `<t:e><a> 1 2 </a><u>2026-01-01</u></t:e>`, `{"a":[1,2],"u":"2026-01-01"}`},
		{"empty xs:list", sequenceOf(lists), `<t:e><a/><u>5</u></t:e>`, `{"a":[],"u":5}`},
		{"QName", sequenceOf(el("a", "xs:QName", "") + el("b", "xs:QName", "")), `<t:e><a>t:x</a><b>y</b></t:e>`, `{"a":"{urn:t}x","b":"y"}`},
		{"any", sequenceOf(el("a", "xs:string", optional)+`<xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>`) + el("known", "xs:int", ""),
			`<t:e><x xmlns="urn:o"><y>1</y><y>2</y></x><t:known>3</t:known><a xmlns="urn:o">4</a></t:e>`, `{"known":3,"x":{"y":["1","2"]},"{urn:o}a":"4"}`},
		{"anyAttribute", complexOf(`<xs:anyAttribute processContents="lax"/>`), `<t:e xml:lang="en" x="1"/>`, `{"lang":"en","x":"1"}`},
		{"anyType", sequenceOf(el("a", "xs:anyType", many+` nillable="true"`)) + `<xs:complexType name="P"><xs:sequence>` + el("n", "xs:int", "") + `</xs:sequence></xs:complexType>`,
			`<t:e><a xsi:type="xsd:int">1</a><a>x</a><a xsi:type="t:P"><n>1</n></a><a z="1"><b xsi:type="xsd:boolean">1</b></a><a xsi:nil="true"/><a xsi:type="xsd:date">2026-01-01</a></t:e>`,
			`{"a":[1,"x",{"_type":"P","n":1},{"b":true,"z":"1"},null,"2026-01-01"]}`},
		{"mixed", `<xs:element name="e"><xs:complexType mixed="true"><xs:sequence>` + el("b", "xs:string", optional) + `</xs:sequence></xs:complexType></xs:element>`,
			`<t:e>one <b>x</b>two</t:e>`, `{"_":"one two","b":"x"}`},
		{"the declared type tells the form", sequenceOf(el("a", "xs:decimal", "") + el("b", "xs:string", "")), `<t:e><a xsi:type="xsd:int">5</a><b xsi:type="soapenc:string">x</b></t:e>`, `{"a":5,"b":"x"}`},
		{"lists that come again", sequenceOf(`<xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/>`) + `<xs:element name="l"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>`,
			`<t:e><t:l>1 2</t:l><t:l>3</t:l><t:l/><r><t:l>4</t:l><t:l>5</t:l></r></t:e>`, `{"l":[[1,2],[3],[]],"r":{"l":[[4],[5]]}}`},
		{"same names in two namespaces", sequenceOf(el("x", "xs:int", "")+`<xs:element ref="t:x"/>`) + el("x", "xs:string", ""), `<t:e><x>1</x><t:x>2</t:x></t:e>`, `{"x":1,"{urn:t}x":"2"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, test.schema)
			got, warnings := s.Decode(elementNamed(t, s, "e"), parse(t, test.in), &Reading{})
			if len(warnings) > 0 {
				t.Errorf("%s", printWarnings(warnings))
			}
			outlines(t, s.Outline(elementNamed(t, s, "e"), true), got, "out")
			if got := asJSON(t, got); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestDecodeWarnings(t *testing.T) {
	t.Parallel()
	two := sequenceOf(el("qty", "xs:int", "") + el("price", "xs:decimal", "") + el("note", "xs:string", optional))
	tests := []struct {
		name, schema, in, want, warnings string
	}{
		{"out of order", two, `<t:e><price>1</price><qty>2</qty></t:e>`, `{"price":1,"qty":2}`, `out: price is not where the schema has it`},
		{"extra", two, `<t:e><qty>2</qty><more><x>1</x></more><price>1</price></t:e>`, `{"more":{"x":"1"},"price":1,"qty":2}`, `out.more: the schema has no such element here`},
		{"missing", two, `<t:e><qty>2</qty></t:e>`, `{"qty":2}`, `out: price is missing: decimal`},
		{"does not fit", two, `<t:e><qty>x</qty><price/></t:e>`, `{"price":"","qty":"x"}`, "out.qty: \"x\" is not a whole number\nout.price: \"\" is not a decimal number such as 1.50"},
		{"twice", two, `<t:e><qty>1</qty><qty>2</qty><qty>3</qty><price>1</price></t:e>`, `{"price":1,"qty":[1,2,3]}`, `out.qty: there are 3, but the schema has at most 1 here`},
		{"two branches", complexOf(`<xs:choice>` + el("a", "xs:string", "") + el("b", "xs:string", "") + `</xs:choice>`), `<t:e><b>1</b><a>2</a></t:e>`, `{"a":"2","b":"1"}`,
			`out.a: the schema has only one of b and a`},
		{"no branch", complexOf(`<xs:choice>` + el("a", "xs:string", "") + el("b", "xs:string", "") + `</xs:choice>`), `<t:e/>`, `{}`, `out: none of these is there: a, b`},
		{"too few", sequenceOf(el("a", "xs:int", `minOccurs="2" maxOccurs="3"`)), `<t:e><a>1</a></t:e>`, `{"a":[1]}`, `out.a: the schema asks for 1 more`},
		{"unknown type", partySchema, `<t:e xsi:type="t:Alien"><eyes>3</eyes></t:e>`, `{"_type":"Alien","eyes":"3"}`, "out: the type t:Alien is not in the schema\nout.eyes: the schema has no such element here"},
		{"type that is not derived", partySchema, `<t:e xsi:type="t:Other"/>`, `{"_type":"Other"}`, `out: the type Other is not derived from Party`},
		{"abstract type", partySchema, `<t:e><id>1</id></t:e>`, `{"id":1}`, `out: the type Party is abstract: xsi:type should name one that is derived from it`},
		{"abstract element", headSchema, `<t:e><t:pet>x</t:pet></t:e>`, `{"cat":[],"dog":[],"pet":["x"]}`, `out.pet[0]: pet is abstract: another element should stand in its place`},
		{"attribute of a plain value", two, `<t:e><qty unit="kg">1</qty><price>1</price></t:e>`, `{"price":1,"qty":1}`, `out.qty: the schema has no attribute unit here; it was left out: "kg"`},
		{"attribute of a mapping", two, `<t:e v="1"><qty>1</qty><price>1</price></t:e>`, `{"price":1,"qty":1,"v":"1"}`, `out.v: the schema has no such attribute here`},
		{"missing attribute", complexOf(`<xs:attribute name="v" type="xs:int" use="required"/>`), `<t:e/>`, `{}`, `out: v is missing: int (an attribute)`},
		{"elements in a plain value", two, `<t:e><qty><x>1</x></qty><price>1</price></t:e>`, `{"price":1,"qty":{"x":"1"}}`, `out.qty: elements stand where the schema has one value: int`},
		{"text among elements", two, `<t:e>hello<qty>1</qty><price>1</price></t:e>`, `{"_":"hello","price":1,"qty":1}`, `out: text stands where the schema has none: "hello"`},
		{"nil that must not be", two, `<t:e><qty xsi:nil="true"/><price>1</price></t:e>`, `{"price":1,"qty":null}`, `out.qty: qty is null (xsi:nil), which the schema does not allow`},
		{"fixed", sequenceOf(el("a", "xs:string", `fixed="F"`)), `<t:e><a>G</a></t:e>`, `{"a":"G"}`, `out.a: "G" stands where the schema has the fixed value "F"`},
		{"in a list", sequenceOf(`<xs:element name="line" maxOccurs="unbounded"><xs:complexType><xs:sequence>` + el("qty", "xs:int", "") + `</xs:sequence></xs:complexType></xs:element>`),
			`<t:e><line><qty>1</qty></line><line><qty>x</qty></line></t:e>`, `{"line":[{"qty":1},{"qty":"x"}]}`, `out.line[1].qty: "x" is not a whole number`},
		{"undeclared prefix of a name", sequenceOf(el("a", "xs:QName", "")), `<t:e><a>zz:x</a></t:e>`, `{"a":"zz:x"}`, `out.a: "zz:x" is no name, or its prefix is not declared`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, test.schema)
			got, warnings := s.Decode(elementNamed(t, s, "e"), parse(t, test.in), &Reading{Path: "out"})
			if got := asJSON(t, got); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if got := printWarnings(warnings); got != test.warnings {
				t.Errorf("got\n%s\nwant\n%s", got, test.warnings)
			}
		})
	}
}

func TestDecodeManyWarnings(t *testing.T) {
	t.Parallel()
	s := compile(t, sequenceOf(el("a", "xs:int", many)))
	_, warnings := s.Decode(elementNamed(t, s, "e"), parse(t, `<t:e>`+strings.Repeat(`<a>x</a>`, 1000)+`</t:e>`), &Reading{})
	if last := warnings[len(warnings)-1]; len(warnings) != maxWarnings+1 || last.Message != "and 900 more warnings" {
		t.Errorf("got %d, the last %v", len(warnings), last)
	}
}

func TestDecodeLists(t *testing.T) {
	t.Parallel()
	s := compile(t, sequenceOf(`<xs:any processContents="lax" minOccurs="0"/>`))
	got, _ := s.Decode(elementNamed(t, s, "e"), parse(t, `<t:e><r><x>1</x></r></t:e>`), &Reading{Lists: []string{"x"}})
	if got, want := asJSON(t, got), `{"r":{"x":["1"]}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodeArrays(t *testing.T) {
	t.Parallel()
	s := compile(t, `<xs:complexType name="Strings"><xs:complexContent><xs:restriction base="soapenc:Array" xmlns:soapenc="`+xsd.Encoding11+`">
		<xs:attribute ref="soapenc:arrayType" wsdl:arrayType="xs:string[]" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>
	<xs:complexType name="Row"><xs:sequence>`+el("id", "xs:int", "")+`</xs:sequence></xs:complexType>`+
		sequenceOf(el("s", "t:Strings", optional)+el("a", "xs:anyType", optional)))
	tests := []struct{ in, want, warnings string }{
		{`<t:e><s soapenc:arrayType="xsd:string[2]"><x>a</x><y xsi:nil="true"/></s></t:e>`, `{"s":["a",null]}`, ``},
		{`<t:e><s/></t:e>`, `{"s":[]}`, ``},
		{`<t:e><a soapenc:arrayType="t:Row[2]"><x><id>1</id></x><x xsi:type="t:Row"><id>2</id></x></a></t:e>`, `{"a":[{"id":1},{"id":2}]}`, ``},
		{`<t:e><a xsi:type="soapenc:Array" soapenc:arrayType="xsd:anyType[2]"><x xsi:type="xsd:int">1</x><x>b</x></a></t:e>`, `{"a":[1,"b"]}`, ``},
		{`<t:e><a xmlns:enc="http://www.w3.org/2003/05/soap-encoding" enc:itemType="xsd:int" enc:arraySize="1"><x>1</x></a></t:e>`, `{"a":[1]}`, ``},
		{`<t:e><a soapenc:arrayType="xsd:int[2,2]"><x>1</x><x>2</x><x>3</x><x>4</x></a></t:e>`, `{"a":{"x":["1","2","3","4"]}}`,
			`a: this is an array of 2 dimensions, which is not supported; it was read as it came`},
		{`<t:e><s soapenc:arrayType="xsd:string[5]" soapenc:offset="[2]"><x soapenc:position="[3]">a</x></s></t:e>`, `{"s":["a"]}`,
			"s: this is a part of an array, from offset [2]\ns[0]: the item says at which position it is; it was taken where it stands"},
		{`<t:e><a soapenc:arrayType="xsd:int[][1]"><x soapenc:arrayType="xsd:int[2]"><x>1</x><x>2</x></x></a></t:e>`, `{"a":[[1,2]]}`, ``},
	}
	for _, test := range tests {
		got, warnings := s.Decode(elementNamed(t, s, "e"), parse(t, test.in), &Reading{})
		if got := asJSON(t, got); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.in, got, test.want)
		}
		if got := printWarnings(warnings); got != test.warnings {
			t.Errorf("%s\ngot\n%s\nwant\n%s", test.in, got, test.warnings)
		}
	}
}

// TestDecodeTogether holds that many goroutines may read with one schema.
func TestDecodeTogether(t *testing.T) {
	t.Parallel()
	s := compile(t, orderSchema)
	e := elementNamed(t, s, "order")
	node := parse(t, `<t:order><version>1</version><customer xsi:type="t:Person"><firstName>A</firstName></customer><line><no>1</no><price currency="EUR">1</price></line></t:order>`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, warnings := s.Decode(e, node, &Reading{}); len(warnings) > 0 {
				t.Error(printWarnings(warnings))
			}
		})
	}
	group.Wait()
}

// TestHugeModel holds that groups which hold each other many times cost little: the model stands for 2^40 elements.
func TestHugeModel(t *testing.T) {
	t.Parallel()
	s := compile(t, "")
	group := &xsd.Group{Particles: []*xsd.Particle{{Min: 1, Max: 1, Element: &xsd.Element{Name: xml.Name{Local: "a"}, Type: s.Types[xsd.BuiltinName("int")]}}}}
	for range 40 {
		p := &xsd.Particle{Min: 1, Max: 1, Group: group}
		group = &xsd.Group{Particles: []*xsd.Particle{p, p}}
	}
	e := &xsd.Element{Name: xml.Name{Local: "e"}, Type: &xsd.Type{Complex: true, Content: &xsd.Particle{Min: 1, Max: 1, Group: group}}}
	_, problems := s.Encode(e, map[string]any{"a": []any{1, 2}}, "params", &Writing{})
	if got := printProblems(problems[:1]); !strings.Contains(got, "too large") && !strings.Contains(got, "needs") {
		t.Errorf("got %s", got)
	}
	_, warnings := s.Decode(e, parse(t, `<e><a>1</a></e>`), &Reading{})
	if len(warnings) == 0 || len(warnings) > maxWarnings+1 {
		t.Errorf("got %d warnings", len(warnings))
	}
}
