package xsd

import (
	"fmt"
	"strings"
	"testing"
)

// megabyte gives a schema of at least a megabyte as generators write them: types of ten elements with documentation, that extend each
// other, enumerations, and elements for requests and answers.
func megabyte() string {
	var b strings.Builder
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, `<xs:complexType name="Type%d"><xs:annotation><xs:documentation>What the %dth part is.</xs:documentation></xs:annotation>`, i, i)
		if i%10 == 0 {
			b.WriteString(fields(i))
			b.WriteString("</xs:complexType>\n")
		} else {
			fmt.Fprintf(&b, "<xs:complexContent><xs:extension base=\"t:Type%d\">%s</xs:extension></xs:complexContent></xs:complexType>\n", i-i%10, fields(i))
		}
		fmt.Fprintf(&b, `<xs:simpleType name="Code%d"><xs:restriction base="xs:token"><xs:pattern value="[A-Z]{2}\d{%d}"/><xs:maxLength value="9"/>`, i, i%7+1)
		for j := range 8 {
			fmt.Fprintf(&b, `<xs:enumeration value="AB%07d"/>`, i*8+j)
		}
		b.WriteString("</xs:restriction></xs:simpleType>\n")
		fmt.Fprintf(&b, `<xs:element name="Call%d" type="t:Type%d"/><xs:element name="Call%dResponse" type="t:Type%d"/>`+"\n", i, i, i, i/2)
	}
	return schemaOf(b.String())
}

func fields(i int) string {
	var b strings.Builder
	b.WriteString("<xs:sequence>\n")
	for j := range 9 {
		fmt.Fprintf(&b, `  <xs:element minOccurs="0" maxOccurs="1" name="field%d" type="xs:%s"/>`+"\n", j, []string{"string", "int", "dateTime", "decimal"}[j%4])
	}
	fmt.Fprintf(&b, `  <xs:element minOccurs="0" maxOccurs="unbounded" name="codes" nillable="true" type="t:Code%d"/>`+"\n", i)
	return b.String() + "</xs:sequence>\n" + `<xs:attribute name="version" type="xs:string"/>`
}

// BenchmarkLoad reads and compiles a schema of a megabyte: the issue asks for less than 300 ms.
func BenchmarkLoad(b *testing.B) {
	f := folder{"main.xsd": megabyte()}
	b.SetBytes(int64(len(f["main.xsd"])))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := load(b, f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheck checks texts of the usual types.
func BenchmarkCheck(b *testing.B) {
	types := builtins()
	texts := []struct{ builtin, text string }{
		{"string", "a text of some length"}, {"int", "12345"}, {"dateTime", "2026-01-31T12:30:00.123Z"}, {"decimal", "1234.50"}, {"boolean", "true"},
	}
	for _, test := range texts {
		simple := types[BuiltinName(test.builtin)].Simple
		b.Run(test.builtin, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if simple.Check(test.text) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
