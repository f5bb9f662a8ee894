package values

import (
	stdxml "encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"snrun/steps/xml"
)

// BenchmarkDecode reads 10 MB of small elements with a schema, beside what the tokens alone cost with encoding/xml.
func BenchmarkDecode(b *testing.B) {
	s := compile(b, orderSchema)
	e := elementNamed(b, s, "order")
	var text strings.Builder
	text.WriteString(`<t:order xmlns:t="urn:t" xmlns:xsi="` + xml.InstanceSpace + `" id="1"><version>1</version><customer xsi:type="t:Person"><firstName>A</firstName></customer>`)
	for i := 0; text.Len() < 10<<20; i++ {
		fmt.Fprintf(&text, "<line>\n  <no>%d</no>\n  <price currency=\"EUR\">%d.25</price>\n</line>\n", i, i)
	}
	text.WriteString(`</t:order>`)
	options := xml.ReadOptions{Limits: xml.Limits{Nodes: 2_000_000}}
	b.Run("tokens of encoding xml", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			d := stdxml.NewDecoder(strings.NewReader(text.String()))
			for _, err := d.Token(); err != io.EOF; _, err = d.Token() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("read and decode", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		b.ReportAllocs()
		for b.Loop() {
			node, err := xml.Parse([]byte(text.String()), options)
			if err != nil {
				b.Fatal(err)
			}
			if _, warnings := s.Decode(e, node, &Reading{}); len(warnings) > 0 {
				b.Fatal(printWarnings(warnings))
			}
		}
	})
}

// BenchmarkEncode writes an order of 1000 lines.
func BenchmarkEncode(b *testing.B) {
	s := compile(b, orderSchema)
	e := elementNamed(b, s, "order")
	lines := []any{}
	for i := range 1000 {
		lines = append(lines, map[string]any{"no": i, "price": map[string]any{"_": 1.25, "currency": "EUR"}})
	}
	value := map[string]any{"version": "1", "customer": map[string]any{"_type": "Person", "firstName": "A"}, "line": lines}
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := s.Encode(e, value, "params", &Writing{}); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
