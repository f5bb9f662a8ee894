package xml

import (
	"bytes"
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// oracle reads a document with encoding/xml, in Go's way: names with their namespaces, tags that match.
func oracle(data []byte) (*Element, error) {
	decoder := stdxml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var root *Element
	var stack []*Element
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case stdxml.StartElement:
			e := elementOfToken(token)
			if len(stack) > 0 {
				parent := stack[len(stack)-1]
				parent.Children = append(parent.Children, e)
			} else if root == nil {
				root = e
			}
			stack = append(stack, e)
		case stdxml.EndElement:
			stack = stack[:len(stack)-1]
		case stdxml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].Text += string(token)
			}
		}
	}
}

func elementOfToken(token stdxml.StartElement) *Element {
	e := &Element{Name: Name(token.Name)}
	for _, a := range token.Attr {
		if a.Name.Space != "xmlns" && a.Name != (stdxml.Name{Local: "xmlns"}) {
			e.Attrs = append(e.Attrs, Attr{Name: Name(a.Name), Value: a.Value})
		}
	}
	return e
}

// spaced makes white space in values the same: encoding/xml does not normalise it.
func spaced(e *Element) *Element {
	for i := range e.Attrs {
		e.Attrs[i].Value = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(e.Attrs[i].Value)
	}
	for _, child := range e.Children {
		spaced(child)
	}
	return e
}

// stricter are the mistakes that encoding/xml does not see.
var stricter = []string{
	"a document type", "is not declared", "stands twice", "a second root element", "outside the root element", "has no root element", "lie more than", "has more than",
	"of namespaces are in force", "the XML declaration", "an XML declaration", "the document is XML ", "a processing instruction begins", "a space is missing", "is no name",
	"are fixed", "no namespace", "cannot stand in XML", "is no UTF-8", "the limit is",
}

// compare reads a document twice, and says where the two readers differ.
func compare(data []byte) error {
	data, err := toUTF8(data, "")
	if err != nil {
		return nil
	}
	got, err := Parse(data, ReadOptions{Charset: "utf-8"})
	want, wantErr := oracle(data)
	if err != nil {
		for _, message := range stricter {
			if wantErr != nil || strings.Contains(err.Error(), message) {
				return nil
			}
		}
		return fmt.Errorf("got %w, want %+v", err, want)
	}
	if wantErr != nil && strings.Contains(wantErr.Error(), "invalid XML name") {
		return nil // it knows the names of the fourth edition only
	}
	if wantErr != nil {
		return fmt.Errorf("got %+v, want %w", got, wantErr)
	}
	return same(spaced(got), spaced(want))
}

// documents are starting points for the fuzzers.
func documents() []string {
	return []string{
		"<a/>", `<a b="1">x<c/>y</a>`, "<p:a xmlns:p='u' p:b='&#xA;'/>", "\uFEFF<a/>", "\xFE\xFF\x00<\x00a\x00/\x00>", "<!DOCTYPE a><a/>", "<a><![CDATA[x]]></a>",
		`<?xml version="1.0" encoding="latin1"?><a>` + "\xe9</a>", `<a xmlns="u"><b xmlns=""/></a>`, `<a b='"'c="'"/>`, "<a>\r\n\r&#13;\n</a>", "<a b='\r\n\r\t&#9;&#13;\n'/>",
		"<a><![CDATA[\r\n\r]]]]>]]&gt;</a>", "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#xD800;&#xFFFE;&#0;</a>", "<a>&#0000000000000000000000000000000000000000000065;</a>",
		"<?xml version='1.0' standalone='yes'?><!-- x --><a><?pi y?><!-- x- -y --></a><!----><?z?>", "<a\n b = '1'\tc\r=\n\"2\" ></a >", "<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>",
		"<xml:a xml:lang='x' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", "<a xmlns='u' xmlns:p='v' b='1' p:b='2'><p:a/><b xmlns:p='w'><p:c/></b><p:c/></a>",
		"<ä.-·>x</ä.-·>", "<𐀀/>", "<a:b:c/>", "<:a/>", "<a:/>", "< a/>", "<a", "<a b", "<a b=", "<a b='", "</", "<!", "<!-", "<!--", "<![CDATA[", "<?", "<?xml", "<a/><b/>", "<a></b>", "<a>]]></a>",
		"<a><!-- -- --></a>", "<a><!-- --->", "<a>&</a>", "<a>&b</a>", "<a>&b;</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&#xg;</a>", "<a b='<'/>", "<a/>x", "<a/>&#32;", "x<a/>", "<?XML?><a/>", "<?a:b?><a/>",
	}
}

func TestReadsAsEncodingXMLDoes(t *testing.T) {
	t.Parallel()
	for _, text := range documents() {
		if err := compare([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := compare(largeAnswer()); err != nil {
		t.Error(err)
	}
}

// FuzzParse reads anything. What is read, encoding/xml reads as the same tree, and it is written and read again as the same;
// what is not, is refused with its place, and by encoding/xml too unless it does not look for such a mistake.
func FuzzParse(f *testing.F) {
	for _, seed := range documents() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse(data, ReadOptions{Places: true})
		if (got == nil) == (err == nil) {
			t.Fatalf("got %v, %v, want either a tree or an error", got, err)
		}
		var mistake *Error
		if err != nil && (!errors.As(err, &mistake) || mistake.Line < 1 || mistake.Column < 1) {
			t.Errorf("got %v, want an error with its place", err)
		}
		if err := compare(data); err != nil {
			t.Fatal(err)
		}
		if got != nil {
			written, err := Write(got, WriteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			readsAs(t, written, got)
		}
	})
}
