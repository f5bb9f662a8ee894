package xsd

import (
	"strings"
	"testing"

	"snrun/steps/xml"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, components, want string }{
		{"an element of a built-in type", `<xs:element name="a" type="xs:int"/>`, `<t:a> int`},
		{"an element of any type", `<xs:element name="a"/>`, `<t:a> anyType`},
		{"what an element may say", `
			<xs:element name="a" type="xs:string" nillable="true" default="x"/>
			<xs:element name="b" type="xs:string" fixed=" y "/>
			<xs:element name="c" abstract="1"/>`,
			`<t:a> string nillable default "x"
<t:b> string fixed " y "
<t:c> anyType abstract`},
		{"documentation", `
			<xs:element name="a"><xs:annotation>
				<xs:documentation xml:lang="de">Eins</xs:documentation>
				<xs:documentation xml:lang="en-GB">One
					<b>two</b></xs:documentation>
				<xs:documentation>three</xs:documentation></xs:annotation></xs:element>
			<xs:element name="b"><xs:annotation><xs:documentation xml:lang="de">Zwei</xs:documentation></xs:annotation></xs:element>`,
			`<t:a> anyType doc "One two three"
<t:b> anyType doc "Zwei"`},
		{"compositors and occurrence", `<xs:complexType name="T"><xs:sequence>
				<xs:element name="a" type="xs:int" minOccurs="0"/>
				<xs:choice maxOccurs="unbounded"><xs:element name="b" type="xs:int"/><xs:any/></xs:choice>
				<xs:sequence minOccurs="2" maxOccurs="99999999999999999999"><xs:element name="c" type="xs:int" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
				<xs:element name="never" type="xs:int" minOccurs="0" maxOccurs="0"/>
				<xs:sequence/>
			</xs:sequence></xs:complexType>
			<xs:complexType name="U"><xs:all minOccurs="0"><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/></xs:all></xs:complexType>
			<xs:complexType name="V"><xs:sequence/></xs:complexType>`,
			`t:T = {(<a> int?, (<b> int | (any strict))+, (<c> int*){2,2147483647})}
t:U = {(<a> int & <b> int)?}
t:V = {}`},
		{"form", `<xs:complexType name="T"><xs:sequence>
				<xs:element name="a" form="qualified"/><xs:element name="b"/><xs:element ref="t:c"/></xs:sequence>
				<xs:attribute name="a" form="qualified"/><xs:attribute name="b"/><xs:attribute ref="t:c" use="required"/></xs:complexType>
			<xs:element name="c"/><xs:attribute name="c" type="xs:int" default="1"/>`,
			`<t:c> anyType
@t:c int default "1"
t:T = {@t:a anySimpleType @b anySimpleType @t:c! int default "1" (<t:a> anyType, <b> anyType, <t:c> anyType)}`},
		{"groups", `
			<xs:group name="g"><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="t" minOccurs="0">
				<xs:complexType><xs:group ref="t:g" maxOccurs="2"/></xs:complexType></xs:element></xs:sequence></xs:group>
			<xs:complexType name="T"><xs:choice><xs:group ref="t:g" minOccurs="0"/><xs:element name="b" type="xs:int"/></xs:choice>
				<xs:attributeGroup ref="t:h"/></xs:complexType>
			<xs:attributeGroup name="h"><xs:attribute name="x"/><xs:attributeGroup ref="t:i"/></xs:attributeGroup>
			<xs:attributeGroup name="i"><xs:attribute name="y" type="xs:int"/><xs:anyAttribute namespace="urn:o ##local ##targetNamespace"/></xs:attributeGroup>`,
			`t:T = {@x anySimpleType @y int @any of ["urn:o" "" "urn:t"] strict ((<a> int, (<t> {(<a> int, (<t> …)?){1,2}})?)? | <b> int)}`},
		{"extension", `
			<xs:complexType name="A" abstract="true"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence><xs:attribute name="x"/></xs:complexType>
			<xs:complexType name="B"><xs:complexContent><xs:extension base="t:A"><xs:choice><xs:element name="b" type="xs:int"/></xs:choice>
				<xs:attribute name="y"/><xs:anyAttribute namespace="##other"/></xs:extension></xs:complexContent></xs:complexType>
			<xs:complexType name="C"><xs:complexContent mixed="true"><xs:extension base="t:B"><xs:attribute name="x" type="xs:int"/></xs:extension></xs:complexContent></xs:complexType>`,
			`t:A = abstract {@x anySimpleType (<a> int)} derived t:B t:C
t:B = t:A ▸ {@x anySimpleType @y anySimpleType @any not urn:t strict ((<a> int), (<b> int))} derived t:C
t:C = mixed t:B ▸ {@x int @y anySimpleType @any not urn:t strict ((<a> int), (<b> int))}`},
		{"mixed content", `
			<xs:complexType name="A" mixed="true"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
			<xs:complexType name="B"><xs:complexContent><xs:extension base="t:A"><xs:sequence><xs:element name="b" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
			<xs:complexType name="C"><xs:complexContent><xs:restriction base="t:A"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType>
			<xs:complexType name="D" mixed="true"><xs:complexContent mixed="false"><xs:extension base="xs:anyType"/></xs:complexContent></xs:complexType>`,
			`t:A = mixed {(<a> int)} derived t:B t:C
t:B = mixed t:A ▸ {((<a> int), (<b> int))}
t:C = t:A ▸ {(<a> int)}
t:D = {@any lax}`},
		{"restriction", `
			<xs:complexType name="A"><xs:sequence><xs:element name="a" type="xs:int" minOccurs="0"/><xs:element name="b" type="xs:int"/></xs:sequence>
				<xs:attribute name="x"/><xs:attribute name="y"/><xs:anyAttribute/></xs:complexType>
			<xs:complexType name="B"><xs:complexContent><xs:restriction base="t:A"><xs:sequence><xs:element name="b" type="xs:short"/></xs:sequence>
				<xs:attribute name="x" use="prohibited"/><xs:attribute name="y" use="required"/></xs:restriction></xs:complexContent></xs:complexType>`,
			`t:A = {@x anySimpleType @y anySimpleType @any strict (<a> int?, <b> int)} derived t:B
t:B = t:A ▸ {@y! anySimpleType (<b> short)}`},
		{"simple content", `
			<xs:complexType name="A"><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="currency" type="t:Code"/></xs:extension></xs:simpleContent></xs:complexType>
			<xs:complexType name="B"><xs:simpleContent><xs:restriction base="t:A"><xs:maxInclusive value="10"/><xs:attribute name="currency" use="prohibited"/></xs:restriction></xs:simpleContent></xs:complexType>
			<xs:simpleType name="Code"><xs:restriction base="xs:token"><xs:length value="3"/></xs:restriction></xs:simpleType>`,
			`t:A = decimal ▸ decimal{@currency t:Code} derived t:B
t:B = t:A ▸ decimal <=10{}
t:Code = token ▸ token length=3`},
		{"simple types", `
			<xs:simpleType name="A"><xs:restriction base="xs:string"><xs:pattern value="a+"/><xs:pattern value="b+"/><xs:minLength value="1"/><xs:whiteSpace value="collapse"/></xs:restriction></xs:simpleType>
			<xs:simpleType name="B"><xs:restriction base="t:A"><xs:pattern value=".."/><xs:enumeration value=" aa "/><xs:enumeration value="b  b"/></xs:restriction></xs:simpleType>
			<xs:simpleType name="C"><xs:restriction base="t:B"/></xs:simpleType>
			<xs:simpleType name="D"><xs:restriction><xs:simpleType><xs:list itemType="t:C"/></xs:simpleType><xs:maxLength value="2"/></xs:restriction></xs:simpleType>
			<xs:simpleType name="E"><xs:union memberTypes="xs:int t:D"><xs:simpleType><xs:restriction base="xs:NMTOKEN"/></xs:simpleType></xs:union></xs:simpleType>
			<xs:simpleType name="F"><xs:restriction base="xs:byte"><xs:minExclusive value="-5"/><xs:totalDigits value="2"/></xs:restriction></xs:simpleType>
			<xs:simpleType name="G"><xs:restriction base="xs:QName"><xs:enumeration value="t:x"/><xs:enumeration value="y"/></xs:restriction></xs:simpleType>`,
			`t:A = string ▸ string /a+|b+/ minLength=1 derived t:B t:C
t:B = t:A ▸ string ["aa" "b b"] /a+|b+/ /../ minLength=1 derived t:C
t:C = t:B ▸ string ["aa" "b b"] /a+|b+/ /../ minLength=1
t:D = anySimpleType ▸ list of t:C derived t:D ▸ list of t:C maxLength=2
t:E = anySimpleType ▸ union of int t:D NMTOKEN
t:F = byte ▸ byte totalDigits=2 fractionDigits=0 >-5 <=127
t:G = QName ▸ QName ["{urn:t}x" "y"]`},
		{"substitution groups", `
			<xs:element name="head" type="t:T" abstract="true"/><xs:complexType name="T"/>
			<xs:element name="a" substitutionGroup="t:head"/><xs:element name="b" type="xs:int" substitutionGroup="t:a"/>
			<xs:element name="use"><xs:complexType><xs:sequence><xs:element ref="t:head"/></xs:sequence></xs:complexType></xs:element>`,
			`<t:a> t:T or t:b
<t:b> int
<t:head> t:T abstract or t:a, t:b
<t:use> {(<t:head> t:T abstract or t:a, t:b)}
t:T = {}`},
		{"recursion", `
			<xs:complexType name="T"><xs:sequence><xs:element name="t" type="t:T" minOccurs="0"/><xs:element name="u" minOccurs="0">
				<xs:complexType><xs:complexContent><xs:extension base="t:T"/></xs:complexContent></xs:complexType></xs:element>
				<xs:element ref="t:e" minOccurs="0"/></xs:sequence></xs:complexType>
			<xs:element name="e" type="t:T"/>`,
			`<t:e> t:T
t:T = {(<t> t:T?, (<u> t:T ▸ {(<t> t:T?, (<u> …)?, <t:e> t:T?)})?, <t:e> t:T?)}`},
		{"arrays of SOAP encoding", `
			<xs:complexType name="A"><xs:complexContent><xs:restriction base="enc:Array" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
				<xs:attribute ref="enc:arrayType" w:arrayType="xs:int[]" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>
			<xs:complexType name="B"><xs:complexContent><xs:restriction base="enc:Array" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
				<xs:sequence><xs:element name="item" type="t:A" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType>
			<xs:complexType name="C"><xs:complexContent><xs:restriction base="enc:Array" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
				<xs:attribute ref="enc:arrayType" w:arrayType="t:A[,][]" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>
			<xs:element name="s" type="enc:string" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/"/>`,
			`<t:s> {http://schemas.xmlsoap.org/soap/encoding/}string
t:A = {http://schemas.xmlsoap.org/soap/encoding/}Array ▸ array of int rank 1 {}
t:B = {http://schemas.xmlsoap.org/soap/encoding/}Array ▸ array of t:A rank 1 {(<item> t:A*)}
t:C = {http://schemas.xmlsoap.org/soap/encoding/}Array ▸ array of {http://schemas.xmlsoap.org/soap/encoding/}Array ▸ array of t:A rank 2 {} rank 1 {}`},
		{"a data set of .NET", `<xs:element name="Result"><xs:complexType><xs:sequence><xs:element ref="xs:schema"/><xs:any/></xs:sequence></xs:complexType></xs:element>`,
			`<t:Result> {(<schema> anyType, (any strict))}`},
		{"what does not matter", `
			<xs:notation name="n" public="x"/>
			<xs:element name="e" block="#all" final="extension"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
				<xs:key name="k"><xs:selector xpath="a"/><xs:field xpath="."/></xs:key></xs:element>`,
			`<t:e> {(<a> int)}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, folder{"main.xsd": schemaOf(test.components)})
			if err != nil {
				t.Fatal(err)
			}
			if got := printed(s); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestLoadDocuments(t *testing.T) {
	t.Parallel()
	const head = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:u="urn:u" targetNamespace="urn:t" elementFormDefault="qualified">`
	tests := []struct {
		name  string
		files folder
		want  string
	}{
		{"import with a location", folder{
			"main.xsd": head + `<xs:import namespace="urn:u" schemaLocation="u.xsd"/><xs:element name="a" type="u:T"/></xs:schema>`,
			"u.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:u" attributeFormDefault="qualified" xmlns:t="urn:t" xmlns:u="urn:u">
				<xs:import namespace="urn:t" schemaLocation="main.xsd"/>
				<xs:complexType name="T"><xs:sequence><xs:element ref="t:a"/><xs:element name="b" type="xs:int"/></xs:sequence><xs:attribute name="x"/></xs:complexType></xs:schema>`,
		}, `<t:a> {urn:u}T
{urn:u}T = {@{urn:u}x anySimpleType (<t:a> {urn:u}T, <b> int)}`},
		{"include, twice and of itself", folder{
			"main.xsd": head + `<xs:include schemaLocation="b.xsd"/><xs:include schemaLocation="c.xsd"/><xs:include schemaLocation="main.xsd"/><xs:element name="a" type="t:B"/></xs:schema>`,
			"b.xsd":    head + `<xs:include schemaLocation="c.xsd"/><xs:complexType name="B"><xs:sequence><xs:element name="c" type="t:C"/></xs:sequence></xs:complexType></xs:schema>`,
			"c.xsd":    head + `<xs:include schemaLocation="b.xsd"/><xs:simpleType name="C"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>`,
		}, `<t:a> t:B
t:B = {(<t:c> t:C)}
t:C = int ▸ int fractionDigits=0 >=-2147483648 <=2147483647`},
		{"a chameleon in two namespaces", folder{
			"main.xsd": head + `<xs:include schemaLocation="c.xsd"/><xs:import namespace="urn:u" schemaLocation="u.xsd"/></xs:schema>`,
			"u.xsd":    `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:u"><xs:include schemaLocation="c.xsd"/></xs:schema>`,
			"c.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"><xs:include schemaLocation="d.xsd"/><xs:element name="a" type="A"/>
				<xs:complexType name="A"><xs:sequence><xs:element name="b" type="D"/></xs:sequence></xs:complexType></xs:schema>`,
			"d.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:complexType name="D"/></xs:schema>`,
		}, `<t:a> t:A
<{urn:u}a> {urn:u}A
t:A = {(<t:b> t:D)}
{urn:u}A = {(<{urn:u}b> {urn:u}D)}
t:D = {}
{urn:u}D = {}`},
		{"no namespace", folder{
			"main.xsd": head + `<xs:import schemaLocation="n.xsd"/><xs:element name="a"><xs:complexType><xs:sequence><xs:element ref="n"/></xs:sequence></xs:complexType></xs:element></xs:schema>`,
			"n.xsd":    `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="n" type="N"/><xs:complexType name="N"/></xs:schema>`,
		}, `<t:a> {(<n> N)}
<n> N
N = {}`},
		{"the same text in two documents", folder{
			"main.xsd": head + `<xs:include schemaLocation="b.xsd"/><xs:complexType name="B"><xs:attribute name="x"/></xs:complexType></xs:schema>`,
			"b.xsd":    head + `<xs:complexType name="B"><xs:attribute name="x"/></xs:complexType></xs:schema>`,
		}, `t:B = {@x anySimpleType}`},
		{"imports that do not say for which namespace", folder{
			"main.xsd": head + `<xs:import schemaLocation="u.xsd"/><xs:import schemaLocation="u.xsd"/><xs:import namespace="urn:u" schemaLocation="u.xsd"/>
				<xs:element name="a" type="u:T"/></xs:schema>`,
			"u.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:u"><xs:complexType name="T"/></xs:schema>`,
		}, `<t:a> {urn:u}T
{urn:u}T = {}`},
		{"ours where theirs may not be read", folder{
			"main.xsd": head + `<xs:import namespace="http://www.w3.org/1999/xlink" schemaLocation="http://www.w3.org/1999/xlink.xsd"/>
				<xs:import namespace="http://ws-i.org/profiles/basic/1.1/xsd" schemaLocation="swaref.xsd"/>
				<xs:complexType name="T"><xs:sequence><xs:element ref="w:theirs" xmlns:w="http://ws-i.org/profiles/basic/1.1/xsd"/></xs:sequence>
				<xs:attribute ref="l:href" xmlns:l="http://www.w3.org/1999/xlink"/></xs:complexType></xs:schema>`,
			"swaref.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://ws-i.org/profiles/basic/1.1/xsd">
				<xs:element name="theirs" type="xs:int"/></xs:schema>`,
		}, `t:T = {@{http://www.w3.org/1999/xlink}href anyURI (<{http://ws-i.org/profiles/basic/1.1/xsd}theirs> int)}`},
		{"redefine", folder{
			"main.xsd": head + `<xs:redefine schemaLocation="b.xsd">
				<xs:complexType name="B"><xs:complexContent><xs:extension base="t:B"><xs:sequence><xs:element name="more" type="t:S"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
				<xs:simpleType name="S"><xs:restriction base="t:S"><xs:maxLength value="3"/></xs:restriction></xs:simpleType>
				<xs:group name="g"><xs:sequence><xs:group ref="t:g"/><xs:element name="h" type="xs:int"/></xs:sequence></xs:group></xs:redefine></xs:schema>`,
			"b.xsd": head + `<xs:complexType name="B"><xs:group ref="t:g"/></xs:complexType><xs:element name="e" type="t:B"/>
				<xs:simpleType name="S"><xs:restriction base="xs:token"/></xs:simpleType>
				<xs:group name="g"><xs:sequence><xs:element name="g" type="xs:int"/></xs:sequence></xs:group></xs:schema>`,
		}, `<t:e> t:B
t:B = t:B ▸ {(((<t:g> int), <t:h> int), (<t:more> t:S))}
t:S = t:S ▸ token maxLength=3`},
		{"an import from a WSDL", folder{
			"main.xsd": head + `<xs:import namespace="urn:u" schemaLocation="s.wsdl"/><xs:element name="a" type="u:T"/></xs:schema>`,
			"s.wsdl": `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"><w:types>
				<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:u"><xs:complexType name="T"/></xs:schema></w:types></w:definitions>`,
		}, `<t:a> {urn:u}T
{urn:u}T = {}`},
		{"standard schemas are not read", folder{
			"main.xsd": head + `
				<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>
				<xs:import namespace="http://www.w3.org/2000/09/xmldsig#" schemaLocation="http://www.w3.org/TR/xmldsig.xsd"/>
				<xs:import namespace="http://www.w3.org/2005/08/addressing"/>
				<xs:complexType name="T"><xs:sequence><xs:element ref="d:Signature" xmlns:d="http://www.w3.org/2000/09/xmldsig#"/>
					<xs:element ref="a:MessageID" xmlns:a="http://www.w3.org/2005/08/addressing"/></xs:sequence>
					<xs:attribute ref="xml:lang"/></xs:complexType></xs:schema>`,
		}, `t:T = {@{http://www.w3.org/XML/1998/namespace}lang string (<{http://www.w3.org/2000/09/xmldsig#}Signature> {http://www.w3.org/2000/09/xmldsig#}SignatureType, <{http://www.w3.org/2005/08/addressing}MessageID> {http://www.w3.org/2005/08/addressing}AttributedURIType)}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, test.files)
			if err != nil {
				t.Fatal(err)
			}
			if got := printed(s); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestLoadEmbedded holds that the schemas of a WSDL find each other without a location, in whatever order they come.
func TestLoadEmbedded(t *testing.T) {
	t.Parallel()
	wsdl := `<types><schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:u="urn:u" targetNamespace="urn:t"><import namespace="urn:u"/><import namespace="urn:u" schemaLocation=""/><import namespace="urn:u" schemaLocation="s.wsdl"/>
		<element name="a" type="u:U"/></schema>
		<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:u"><simpleType name="U"><restriction base="int"/></simpleType></schema></types>`
	root, err := ReadDocument(t.Context(), folder{"s.wsdl": wsdl}, "s.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(t.Context(), folder{}, []Document{{"s.wsdl", root.Children[0]}, {"s.wsdl", root.Children[1]}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := printElement(s.Elements[xml.Name{Space: "urn:t", Local: "a"}]), "<t:a> {urn:u}U"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestStandardSchemas holds that each of ours compiles without a mistake.
func TestStandardSchemas(t *testing.T) {
	t.Parallel()
	files, err := standardFiles.ReadDir("standard")
	if err != nil {
		t.Fatal(err)
	}
	spaces := []string{
		xml.XMLSpace, wsdlSpace, "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2005/05/xmlmime", "http://www.w3.org/2004/08/xop/include",
		"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope",
		"http://www.w3.org/1999/xlink", "http://ws-i.org/profiles/basic/1.1/xsd", "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
		"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
	}
	if len(files) != len(spaces) {
		t.Errorf("there are %d files, but %d are tried", len(files), len(spaces))
	}
	for _, space := range spaces {
		s, err := load(t, folder{"main.xsd": schemaOf(`<xs:import namespace="` + space + `" schemaLocation="http://example.com/"/>`)})
		if err != nil {
			t.Errorf("%s: %v", space, err)
			continue
		}
		count := 0
		for name := range s.Elements {
			if name.Space == space {
				count++
			}
		}
		for name := range s.Attributes {
			if name.Space == space {
				count++
			}
		}
		for name := range s.Types {
			if name.Space == space {
				count++
			}
		}
		if count == 0 {
			t.Errorf("%s has no components", space)
		}
	}
}

func TestBuiltins(t *testing.T) {
	t.Parallel()
	s, err := Load(t.Context(), folder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	chain := func(local string) string {
		var names []string
		for b := s.Types[BuiltinName(local)]; b != nil; b = b.Base {
			names = append(names, b.Name.Local)
		}
		return strings.Join(names, " ")
	}
	for local, want := range map[string]string{
		"unsignedByte": "unsignedByte unsignedShort unsignedInt unsignedLong nonNegativeInteger integer decimal anySimpleType anyType",
		"IDREFS":       "IDREFS anySimpleType anyType",
		"ID":           "ID NCName Name token normalizedString string anySimpleType anyType",
	} {
		if got := chain(local); got != want {
			t.Errorf("%s is %s, want %s", local, got, want)
		}
	}
	count := 0
	for name := range s.Types {
		if name.Space == xml.SchemaSpace {
			count++
		}
	}
	if count != 46 {
		t.Errorf("there are %d built-in types, want 44, anyType and anySimpleType", count)
	}
	if got, want := printBody(s.Types[BuiltinName("unsignedShort")]), "unsignedInt ▸ unsignedShort fractionDigits=0 >=0 <=65535 derived"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
