package xsd

import "testing"

func TestFirst(t *testing.T) {
	t.Parallel()
	s, err := load(t, folder{"main.xsd": schemaOf(`
	<xs:element name="order" type="t:Order"/>
	<xs:complexType name="Order"><xs:sequence><xs:element name="line" maxOccurs="unbounded"><xs:complexType><xs:attribute name="no" type="xs:int" use="required"/></xs:complexType></xs:element>
	<xs:choice minOccurs="0"><xs:element name="a" type="t:Code"/><xs:element ref="t:order"/></xs:choice></xs:sequence></xs:complexType>
	<xs:complexType name="Big"><xs:complexContent><xs:extension base="t:Order"><xs:sequence><xs:any namespace="##other" processContents="lax"/></xs:sequence><xs:attribute name="x"/></xs:extension></xs:complexContent></xs:complexType>
	<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:enumeration value="A"/><xs:maxLength value="3"/></xs:restriction></xs:simpleType>
	`)})
	if err != nil {
		t.Fatal(err)
	}
	want := `<t:order> t:Order
t:Big = t:Order ▸ {@x anySimpleType (((<line> {@no! int})+, (<a> t:Code | <t:order> t:Order)?), ((any not urn:t lax)))}
t:Code = string ▸ string ["A"] maxLength=3 preserve
t:Order = {((<line> {@no! int})+, (<a> t:Code | <t:order> t:Order)?)} derived t:Big`
	if got := printed(s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
