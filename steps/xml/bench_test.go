package xml

import (
	"bytes"
	stdxml "encoding/xml"
	"fmt"
	"io"
	"testing"
)

// largeAnswer is an answer of about 10 MB as a server of orders sends it, below the limit of nodes.
func largeAnswer() []byte {
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="` + InstanceSpace + `">
 <soapenv:Body>
  <o:GetOrdersResponse xmlns:o="urn:example:orders" xmlns:c="urn:example:common">
`)
	for i := range 14_000 {
		fmt.Fprintf(&out, `   <o:order id="%d" xsi:type="o:Order">
    <o:number>PO-2026-%08d</o:number>
    <o:created>2026-01-02T03:04:05.678Z</o:created>
    <o:customer>
     <c:name>Müller &amp; Söhne Maschinenbau Gesellschaft</c:name>
     <c:country code="DE"/>
    </o:customer>
    <o:price currency="EUR">%d.95</o:price>
    <o:paid>true</o:paid>
    <o:note>%s</o:note>
   </o:order>
`, i, i*7, i%9000, "The goods are to be delivered to the back door between eight and ten; ring twice. Whoever opens signs for them, with the time and in block letters, so that it can be read. What is damaged goes back with the same driver. An invoice follows by post within three working days; it is to be paid within thirty days without any deduction.")
	}
	out.WriteString("  </o:GetOrdersResponse>\n </soapenv:Body>\n</soapenv:Envelope>\n")
	return out.Bytes()
}

// BenchmarkLarge reads an answer of 10 MB as a tree, and only its tokens with encoding/xml.
func BenchmarkLarge(b *testing.B) {
	data := largeAnswer()
	read := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	tokens := func(next func(*stdxml.Decoder) (stdxml.Token, error)) func() error {
		return func() error {
			decoder := stdxml.NewDecoder(bytes.NewReader(data))
			for {
				if _, err := next(decoder); err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
			}
		}
	}
	read("encoding/xml RawToken", tokens((*stdxml.Decoder).RawToken))
	read("encoding/xml Token", tokens((*stdxml.Decoder).Token))
	read("Parse", func() error { _, err := Parse(data, ReadOptions{}); return err })
	read("Parse with places", func() error { _, err := Parse(data, ReadOptions{Places: true}); return err })
	read("Decode", func() error { _, err := Decode(data, ReadOptions{}); return err })
	root, err := Parse(data, ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	read("Write", func() error { _, err := Write(root, WriteOptions{}); return err })
}
