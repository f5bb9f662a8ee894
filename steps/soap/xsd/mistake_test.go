package xsd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// told gives all mistakes in an error with their hints, a line each.
func told(err error) string {
	if err == nil {
		return "no mistake"
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err.Error()
	}
	var lines []string
	for _, e := range joined.Unwrap() {
		line := e.Error()
		if own := (*Error)(nil); errors.As(e, &own) && own.Hint != "" {
			line += " = " + own.Hint
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, components, want string }{
		{"a type that is not there", `  <xs:element name="a" type="t:Ordr"/><xs:complexType name="Order"/>`,
			`main.xsd:2:3: type="t:Ordr": there is no type "Ordr" in the namespace urn:t = did you mean "Order"?`},
		{"all of them at once, in order", `<xs:complexType name="T"><xs:sequence><xs:element ref="t:no"/><xs:group ref="t:no"/></xs:sequence><xs:attribute ref="t:no"/><xs:attributeGroup ref="t:no"/></xs:complexType>
<xs:element name="e" type="xs:strin"/>`,
			`main.xsd:2:39: ref="t:no": there is no element "no" in the namespace urn:t = it can only be e
main.xsd:2:63: ref="t:no": there is no group "no" in the namespace urn:t
main.xsd:2:99: ref="t:no": there is no attribute "no" in the namespace urn:t
main.xsd:2:125: ref="t:no": there is no attribute group "no" in the namespace urn:t
main.xsd:3:1: type="xs:strin": there is no type "strin" in the namespace http://www.w3.org/2001/XMLSchema = did you mean "string"?`},
		{"a prefix that is not declared", `<xs:element name="a" type="x:T"/>`,
			`main.xsd:2:1: type="x:T": this is no name, or its prefix is not declared`},
		{"a name without its prefix", `<xs:element name="a" type="string"/>`,
			`main.xsd:2:1: type="string": there is no such type without a namespace = there is one in the namespace http://www.w3.org/2001/XMLSchema; is the prefix right?`},
		{"a namespace that nothing has", `<xs:element name="a" type="u:T" xmlns:u="urn:u"/><xs:import namespace="urn:u"/>`,
			`main.xsd:2:1: type="u:T": there is no type "T" in the namespace urn:u = no document is about that namespace: an xs:import with a schemaLocation may be missing`},
		{"an element that XML Schema has not", `<xs:elment name="a"/><xs:complexType name="T"><xs:seqence/></xs:complexType><xs:simpleType name="S"><xs:restriction base="xs:int"><xs:minInclusiv value="1"/></xs:restriction></xs:simpleType>`,
			`main.xsd:2:1: xs:elment may not stand here = did you mean "element"?
main.xsd:2:47: xs:seqence may not stand here = did you mean "sequence"?
main.xsd:2:131: xs:minInclusiv may not stand here = did you mean "minInclusive"?`},
		{"declared twice", `<xs:complexType name="T"/>` + "\n" + `<xs:simpleType name="T"><xs:restriction base="xs:int"/></xs:simpleType>`,
			`main.xsd:3:1: simpleType "T" is declared twice in the namespace "urn:t": at main.xsd:2:1 too`},
		{"no name", `<xs:element/><xs:complexType name="a b"/><xs:group name="g"><xs:sequence><xs:element name="1"/></xs:sequence></xs:group>`,
			`main.xsd:2:1: xs:element needs a name, and "" is none
main.xsd:2:14: xs:complexType needs a name, and "a b" is none
main.xsd:2:74: xs:element needs a name or a ref, and "1" is no name`},
		{"types that are made of themselves", `<xs:complexType name="A"><xs:complexContent><xs:extension base="t:B"/></xs:complexContent></xs:complexType>
<xs:complexType name="B"><xs:complexContent><xs:extension base="t:A"/></xs:complexContent></xs:complexType>
<xs:simpleType name="L"><xs:list itemType="t:L"/></xs:simpleType>
<xs:simpleType name="U"><xs:union memberTypes="xs:int t:U"/></xs:simpleType>
<xs:group name="g"><xs:sequence><xs:group ref="t:g"/></xs:sequence></xs:group>
<xs:attributeGroup name="g"><xs:attributeGroup ref="t:g"/></xs:attributeGroup>
<xs:element name="e" substitutionGroup="t:e"/>`,
			`main.xsd:3:45: base="t:A": the type is derived from itself
main.xsd:4:25: itemType="t:L": the type is made of itself
main.xsd:5:25: memberTypes="t:U": the type is made of itself
main.xsd:6:33: group "g" contains itself
main.xsd:7:29: attribute group "g" contains itself
main.xsd:8:1: substitutionGroup="t:e": the element is the head of itself`},
		{"occurrence", `<xs:group name="g"><xs:sequence><xs:element name="a" minOccurs="2"/><xs:element name="b" minOccurs="3" maxOccurs="2"/><xs:element name="c" maxOccurs="many"/><xs:element name="d" minOccurs="-1"/></xs:sequence></xs:group>`,
			`main.xsd:2:33: minOccurs is 2, which is more than maxOccurs: that is 1 where it is not given
main.xsd:2:69: minOccurs is 3, which is more than maxOccurs, 2
main.xsd:2:119: maxOccurs="many": this is a whole number from 0
main.xsd:2:158: minOccurs="-1": this is a whole number from 0`},
		{"values of attributes", `<xs:element name="a" nillable="yes"/><xs:complexType name="T"><xs:sequence><xs:any processContents="no"/><xs:element name="x" form="no"/></xs:sequence><xs:attribute name="a" use="no"/></xs:complexType>`,
			`main.xsd:2:1: nillable="yes": this is true or false
main.xsd:2:76: processContents="no": this is strict, lax or skip
main.xsd:2:106: form="no": this is qualified or unqualified
main.xsd:2:152: use="no": this is required, optional or prohibited`},
		{"content", `<xs:complexType name="T"><xs:sequence/><xs:choice/><xs:attribute name="a"/><xs:attribute name="a"/></xs:complexType><xs:complexType name="U"><xs:complexContent/></xs:complexType>`,
			`main.xsd:2:1: the attribute "a" is declared twice
main.xsd:2:40: a type has one content model, and this is the second = put them into one xs:sequence
main.xsd:2:142: xs:complexContent holds an xs:extension or an xs:restriction`},
		{"the wrong kind of base", `<xs:complexType name="C"/>
<xs:complexType name="T"><xs:complexContent><xs:extension base="xs:int"/></xs:complexContent></xs:complexType>
<xs:complexType name="U"><xs:simpleContent><xs:extension base="t:C"/></xs:simpleContent></xs:complexType>
<xs:simpleType name="S"><xs:restriction base="t:C"/></xs:simpleType><xs:attribute name="a" type="t:C"/>`,
			`main.xsd:3:45: base="xs:int": this type has no elements, but only text = xs:simpleContent extends it
main.xsd:4:44: base="t:C": this type has no text to derive from = xs:complexContent derives from a type with elements
main.xsd:5:25: base="t:C": a simple type is needed here, and this is a complex one
main.xsd:5:69: type="t:C": a simple type is needed here, and this is a complex one`},
		{"simple types", `<xs:simpleType name="A"/><xs:simpleType name="B"><xs:restriction/></xs:simpleType><xs:simpleType name="C"><xs:list/></xs:simpleType>`,
			`main.xsd:2:1: xs:simpleType holds an xs:restriction, an xs:list or an xs:union
main.xsd:2:50: xs:restriction needs a base
main.xsd:2:107: xs:list needs an itemType`},
		{"facets", `<xs:simpleType name="A"><xs:restriction base="xs:date"><xs:minInclusive value="1.1.2026"/><xs:maxLength value="x"/><xs:whiteSpace value="no"/><xs:enumeration/></xs:restriction></xs:simpleType>
<xs:simpleType name="B"><xs:restriction base="xs:NMTOKENS"><xs:maxInclusive value="5"/></xs:restriction></xs:simpleType>`,
			`main.xsd:2:56: value="1.1.2026": this is not a date such as 2026-01-31
main.xsd:2:91: value="x": xs:maxLength is a whole number from 0
main.xsd:2:116: value="no": white space is preserve, replace or collapse
main.xsd:2:143: xs:enumeration needs a value
main.xsd:3:60: xs:maxInclusive is for numbers and times`},
		{"arrays", `<xs:complexType name="A"><xs:complexContent><xs:restriction base="e:Array" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/">
<xs:attribute ref="e:arrayType" w:arrayType="xs:int" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>
<xs:complexType name="B"><xs:complexContent><xs:restriction base="e:Array" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/">
<xs:attribute ref="e:arrayType" w:arrayType="xs:itn[]" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>`,
			`main.xsd:3:1: arrayType="xs:int": this is a type with brackets, as in xsd:string[]
main.xsd:5:1: arrayType="xs:itn[]": there is no type "itn" in the namespace http://www.w3.org/2001/XMLSchema = did you mean "int"?`},
		{"XML Schema 1.1", `<xs:override schemaLocation="x.xsd"/>`,
			`main.xsd:2:1: xs:override is of XML Schema 1.1, and not supported = write the changed definitions into a copy of the document, and include that`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, folder{"main.xsd": schemaOf(test.components)})
			if got := told(err); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestLoadRefusesDocuments(t *testing.T) {
	t.Parallel()
	const other = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:o"/>`
	tests := []struct {
		name  string
		files folder
		want  string
	}{
		{"nothing there", folder{}, `main.xsd: cannot be read: there is no such file`},
		{"no XML", folder{"main.xsd": "<a>\n <b></a>"}, `main.xsd:2:5: </a> stands where </b> was expected`},
		{"no schema", folder{"main.xsd": "<html/>"}, `main.xsd:1:1: this is no XML schema: its root is <html>`},
		{"a draft", folder{"main.xsd": `<schema xmlns="http://www.w3.org/1999/XMLSchema"/>`},
			`main.xsd:1:1: this is a schema of a draft, http://www.w3.org/1999/XMLSchema; only http://www.w3.org/2001/XMLSchema is read`},
		{"imports that cannot be read", folder{"main.xsd": schemaOf(`<xs:import namespace="urn:o" schemaLocation="o.xsd"/>
<xs:include schemaLocation="p.xsd"/><xs:import namespace="urn:p" schemaLocation="http://example.com/p.xsd"/><xs:include/>`)},
			`main.xsd:2:1: import "o.xsd" cannot be read: there is no such file = ` + importHint + `
main.xsd:3:1: include "p.xsd" cannot be read: there is no such file = ` + importHint + `
main.xsd:3:37: import "http://example.com/p.xsd" cannot be read: it is not in the folder of main.xsd = ` + importHint + `
main.xsd:3:109: xs:include has no schemaLocation`},
		{"the wrong namespace", folder{"main.xsd": schemaOf(`<xs:include schemaLocation="o.xsd"/>` + "\n" + `<xs:import namespace="urn:p" schemaLocation="o.xsd"/>`), "o.xsd": other},
			`main.xsd:2:1: o.xsd is included in the namespace "urn:t", but its target namespace is "urn:o" = xs:import is for other namespaces
main.xsd:3:1: o.xsd is imported for the namespace "urn:p", but its target namespace is "urn:o"`},
		{"mistakes in several documents", folder{"main.xsd": schemaOf(`<xs:include schemaLocation="o.xsd"/><xs:element name="a" type="t:A"/>`), "o.xsd": schemaOf(`<xs:element name="b" type="t:B"/>`),
			"p.xsd": ""},
			`main.xsd:2:37: type="t:A": there is no type "A" in the namespace urn:t
o.xsd:2:1: type="t:B": there is no type "B" in the namespace urn:t`},
		{"broken XML in an import", folder{"main.xsd": schemaOf(`<xs:import namespace="urn:o" schemaLocation="o.xsd"/>`), "o.xsd": "<!DOCTYPE x><x/>"},
			`o.xsd:1:1: a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses`},
		{"redefine", folder{"main.xsd": schemaOf(`<xs:redefine schemaLocation="o.xsd"><xs:simpleType name="A"><xs:restriction base="t:A"/></xs:simpleType></xs:redefine>`), "o.xsd": schemaOf(`<xs:complexType name="Ab"/>`)},
			`main.xsd:2:37: name="A": there is no type "A" in the namespace urn:t = it can only be Ab`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.files)
			if got := told(err); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestLoadCause holds that what went wrong in the source can be told apart.
func TestLoadCause(t *testing.T) {
	t.Parallel()
	_, err := load(t, folder{"main.xsd": schemaOf(`<xs:import namespace="urn:o" schemaLocation="late.xsd"/>`), "late.xsd": "!"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want one that wraps the deadline", err)
	}
}

// TestLoadBounds holds that hostile schemas end with a mistake, and soon: none of these could be worked through if it were written out.
func TestLoadBounds(t *testing.T) {
	t.Parallel()
	many := func(count int, format string) string {
		var b strings.Builder
		for i := range count {
			fmt.Fprintf(&b, format, i, i+1)
		}
		return b.String()
	}
	tests := []struct {
		name, components, want string
	}{
		{"groups that double", many(64, `<xs:group name="g%d"><xs:sequence><xs:group ref="t:g%[2]d"/><xs:group ref="t:g%[2]d"/></xs:sequence></xs:group>`+"\n") +
			`<xs:group name="g64"><xs:sequence><xs:element name="a"/></xs:sequence></xs:group>`,
			`the content has more than 20000 elements, or groups more than 200 deep, when its groups are written out`},
		{"groups in groups", many(5000, `<xs:group name="g%d"><xs:sequence><xs:group ref="t:g%d"/></xs:sequence></xs:group>`),
			`is the end of more than 100 components that build on each other`},
		{"types on types", many(5000, `<xs:complexType name="t%d"><xs:complexContent><xs:extension base="t:t%d"/></xs:complexContent></xs:complexType>`) + `<xs:complexType name="t5000"/>`,
			`is the end of more than 100 components that build on each other`},
		{"types behind their bases", `<xs:complexType name="t0"/>` + many(5000, `<xs:complexType name="t%[2]d"><xs:complexContent><xs:extension base="t:t%[1]d"/></xs:complexContent></xs:complexType>`),
			`more than 100 types are derived from each other`},
		{"attributes that all types inherit", `<xs:complexType name="b">` + many(3000, `<xs:attribute name="a%d"/>`) + `</xs:complexType>` +
			many(3000, `<xs:complexType name="t%d"><xs:complexContent><xs:extension base="t:b"><xs:attribute name="x"/></xs:extension></xs:complexContent></xs:complexType>`),
			`the types inherit more than 2000000 attributes, types and substitutions from each other`},
		{"attribute groups that double", many(64, `<xs:attributeGroup name="g%d"><xs:attributeGroup ref="t:g%[2]d"/><xs:attributeGroup ref="t:g%[2]d"/></xs:attributeGroup>`) +
			`<xs:attributeGroup name="g64"><xs:attribute name="a"/></xs:attributeGroup>`,
			`the types inherit more than 2000000 attributes, types and substitutions from each other`},
		{"substitution groups in each other", many(5000, `<xs:element name="e%d" type="xs:int" substitutionGroup="t:e%d"/>`) + `<xs:element name="e5000" type="xs:int"/>`,
			`the types inherit more than 2000000 attributes, types and substitutions from each other`},
		{"mistakes without end", many(5000, `<xs:element name="e%d" type="t:No%d"/>`), `and 4900 more mistakes`},
		{"names that are none, without end", many(5000, `<xs:element name="%d"/><xs:any/>`), `and 9900 more mistakes`},
		{"names without end", `<xs:element name="e" type="t:` + strings.Repeat("x", 1<<20) + `"/><xs:complexType name="` + strings.Repeat("y", 1<<20) + `"/>`,
			`there is no type`},
		{"occurrence without end", `<xs:complexType name="T"><xs:sequence maxOccurs="1000000000"><xs:element name="a" maxOccurs="1000000000"/></xs:sequence></xs:complexType>`, ``},
		{"values without end", `<xs:simpleType name="S"><xs:restriction base="xs:string">` + many(300_000, `<xs:enumeration value="%d"/>`) + `</xs:restriction></xs:simpleType>`, ``},
		{"patterns without end", `<xs:simpleType name="S"><xs:restriction base="xs:string"><xs:pattern value="` + strings.Repeat("((((a{1,9}){1,9}){1,9}){1,9}){1,9}", 10_000) + `"/></xs:restriction></xs:simpleType>`, ``},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, folder{"main.xsd": schemaOf(test.components)})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				text := told(err)
				t.Errorf("got %s, want …%s…", text[:min(len(text), 2000)], test.want)
			}
		})
	}
}

// TestLoadManyDocuments holds that a chain of documents ends.
func TestLoadManyDocuments(t *testing.T) {
	t.Parallel()
	files := folder{}
	for i := range 1000 {
		files[fmt.Sprintf("d%d.xsd", i)] = schemaOf(fmt.Sprintf(`<xs:include schemaLocation="d%d.xsd"/>`, i+1))
	}
	files["main.xsd"] = files["d0.xsd"]
	_, err := load(t, files)
	if want := "more than 200 documents or 67108864 bytes are imported"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestLoadManyBytes holds that nothing more is read once very much was.
func TestLoadManyBytes(t *testing.T) {
	t.Parallel()
	f := folder{"main.xsd": schemaOf(`<xs:include schemaLocation="more.xsd"/>`), "more.xsd": schemaOf("")}
	root, err := ReadDocument(t.Context(), f, "main.xsd")
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{ctx: t.Context(), src: f, bytes: maxBytes + 1, problems: &problems{}, given: map[string]bool{}, seen: map[docKey]bool{}}
	l.follow(newDocument("main.xsd", root))
	if got, want := told(l.problems.join()), "main.xsd:2:1: more than 200 documents or 67108864 bytes are imported"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
