package wsse

import (
	"testing"

	"github.com/beevik/etree"

	"snrun/steps/xml"
)

// TestTwoReaders holds that a document is refused where one reader sees another one than the other.
func TestTwoReaders(t *testing.T) {
	t.Parallel()
	const whole = `<p:a xmlns:p="urn:p" b="1"><c>text</c></p:a>`
	tests := map[string]string{
		"the same":                  whole,
		"a text":                    `<p:a xmlns:p="urn:p" b="1"><c>texts</c></p:a>`,
		"a text outside":            `<p:a xmlns:p="urn:p" b="1">t<c>text</c></p:a>`,
		"a name":                    `<p:A xmlns:p="urn:p" b="1"><c>text</c></p:A>`,
		"a prefix":                  `<q:a xmlns:q="urn:p" b="1"><c>text</c></q:a>`,
		"a value":                   `<p:a xmlns:p="urn:p" b="2"><c>text</c></p:a>`,
		"a longer value":            `<p:a xmlns:p="urn:p" b="12"><c>text</c></p:a>`,
		"an attribute more":         `<p:a xmlns:p="urn:p" b="1" c="2"><c>text</c></p:a>`,
		"an attribute less":         `<p:a xmlns:p="urn:p"><c>text</c></p:a>`,
		"its name":                  `<p:a xmlns:p="urn:p" d="1"><c>text</c></p:a>`,
		"its prefix":                `<p:a xmlns:p="urn:p" p:b="1"><c>text</c></p:a>`,
		"an element more":           `<p:a xmlns:p="urn:p" b="1"><c>text</c><c/></p:a>`,
		"an element less":           `<p:a xmlns:p="urn:p" b="1"></p:a>`,
		"a line end in a namespace": "<p:a xmlns:p='urn:p\n' b='1'><c>text</c></p:a>",
		"one deeper":                `<p:a xmlns:p="urn:p" b="1"><c>text<d/></c></p:a>`,
	}
	for name, text := range tests {
		strict, err := xml.Parse([]byte(whole), xml.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		loose := etree.NewDocument()
		if err := loose.ReadFromString(text); err != nil {
			t.Fatal(err)
		}
		d := &document{prefixes: map[string]bool{}}
		if _, err := d.pair(strict, loose.Root()); (err == nil) != (name == "the same") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhiteSpaceInAttributes holds that the canonical form has the value that XML gives an attribute.
func TestWhiteSpaceInAttributes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value, raw string
		want       bool
	}{{"a b", "a\nb", true}, {"a\nb", "a\nb", true}, {"a b", "a b", true}, {"a\nb", "a b", false}, {"a b", "axb", false}, {"a", "ab", false}} {
		if got := normalised(test.value, test.raw); got != test.want {
			t.Errorf("%q of %q: %t", test.value, test.raw, got)
		}
	}
}
