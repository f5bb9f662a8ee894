package soap_test

import (
	"bytes"
	stdxml "encoding/xml"
	"fmt"
	"io"
	"testing"

	"snrun/steps/soap/values"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

const largeSpace = "urn:example:large"

// largeSchema describes orders with values of the usual types, attributes, lists and a derived type.
const largeSchema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:example:large" targetNamespace="urn:example:large" elementFormDefault="qualified">
<xs:complexType name="Money"><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="currency" use="required"><xs:simpleType>
  <xs:restriction base="xs:string"><xs:pattern value="[A-Z]{3}"/></xs:restriction></xs:simpleType></xs:attribute></xs:extension></xs:simpleContent></xs:complexType>
<xs:simpleType name="State"><xs:restriction base="xs:string"><xs:enumeration value="open"/><xs:enumeration value="paid"/><xs:enumeration value="sent"/></xs:restriction></xs:simpleType>
<xs:complexType name="Party"><xs:sequence><xs:element name="name" type="xs:string"/><xs:element name="country" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>
<xs:complexType name="Company"><xs:complexContent><xs:extension base="t:Party"><xs:sequence><xs:element name="taxNumber" type="xs:token"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Order"><xs:sequence>
  <xs:element name="number" type="xs:string"/><xs:element name="created" type="xs:dateTime"/><xs:element name="customer" type="t:Party"/>
  <xs:element name="price" type="t:Money"/><xs:element name="state" type="t:State"/><xs:element name="paid" type="xs:boolean"/>
  <xs:element name="quantity" type="xs:int" minOccurs="0" maxOccurs="unbounded"/><xs:element name="note" type="xs:string" minOccurs="0" nillable="true"/>
</xs:sequence><xs:attribute name="id" type="xs:long" use="required"/></xs:complexType>
<xs:element name="GetOrdersResponse"><xs:complexType><xs:sequence><xs:element name="order" type="t:Order" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>`

// largeAnswer is an answer of 10 MB as a server of orders sends it, with nearly as many elements as may be in one.
func largeAnswer() []byte {
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body><o:GetOrdersResponse xmlns:o="` + largeSpace + `">
`)
	for i := 0; out.Len() < 10<<20; i++ {
		fmt.Fprintf(&out, `  <o:order id="%d">
    <o:number>PO-2026-%08d</o:number><o:created>2026-01-02T03:04:05.678Z</o:created>
    <o:customer xsi:type="o:Company"><o:name>Müller &amp; Söhne Maschinenbau Gesellschaft</o:name><o:country>DE</o:country><o:taxNumber>DE%09d</o:taxNumber></o:customer>
    <o:price currency="EUR">%d.95</o:price><o:state>paid</o:state><o:paid>true</o:paid>
    <o:quantity>%d</o:quantity><o:quantity>2</o:quantity>
    <o:note>The goods are to be delivered to the back door between eight and ten; ring twice. Whoever opens signs for them, with the time and in block letters, so that it can be read. What is damaged goes back with the same driver. An invoice follows by post within three working days; it is to be paid within thirty days without any deduction, or within ten with two per cent off. Complaints by letter.</o:note>
  </o:order>
`, i, i*7, i, i%9000, i%50)
	}
	out.WriteString("</o:GetOrdersResponse></soapenv:Body></soapenv:Envelope>\n")
	return out.Bytes()
}

// BenchmarkLargeAnswer reads an answer of 10 MB and decodes it by its schema, and beside it only reads its tokens with encoding/xml: with
// its names and ends checked (Token), and without (RawToken).
func BenchmarkLargeAnswer(b *testing.B) {
	data := largeAnswer()
	ours := decodeLarge(b, data)
	tokens := func(next func(*stdxml.Decoder) (stdxml.Token, error)) func() {
		return func() {
			decoder := stdxml.NewDecoder(bytes.NewReader(data))
			for {
				if _, err := next(decoder); err == io.EOF {
					return
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("beside Token", func(b *testing.B) {
		inTurn(b, 1, "decode", ours, "tokens", tokens((*stdxml.Decoder).Token))
	})
	b.Run("beside RawToken", func(b *testing.B) {
		inTurn(b, 1, "decode", ours, "tokens", tokens((*stdxml.Decoder).RawToken))
	})
}

func decodeLarge(b *testing.B, data []byte) func() {
	root, err := xml.Parse([]byte(largeSchema), xml.ReadOptions{Places: true})
	if err != nil {
		b.Fatal(err)
	}
	schema, err := xsd.Load(b.Context(), nil, []xsd.Document{{Location: "large.xsd", Root: root}})
	if err != nil {
		b.Fatal(err)
	}
	declared := schema.Elements[xml.Name{Space: largeSpace, Local: "GetOrdersResponse"}]
	typed := values.Of(schema)
	return func() {
		root, err := xml.Parse(data, xml.ReadOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if _, warnings := typed.Decode(declared, root.Children[0].Children[0], &values.Reading{}); len(warnings) > 0 {
			b.Fatal(warnings)
		}
	}
}
