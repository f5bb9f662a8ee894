package xml

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := Parse([]byte(`<?xml version="1.0"?>
<!-- before --><o:order xmlns:o="urn:o" xmlns="urn:d" o:id="1" id="2" xml:lang="de">
 a<!-- c --><?pi x?>b<![CDATA[<&]]>&#65;<line xmlns=""/><o:line/>
</o:order>
<!-- after -->
`), ReadOptions{})
	want := &Element{
		Name: Name{"urn:o", "order"}, Prefix: "o", Text: "\n ab<&A\n",
		Attrs:    []Attr{{Name: Name{"urn:o", "id"}, Prefix: "o", Value: "1"}, {Name: Name{"", "id"}, Prefix: "", Value: "2"}, {Name: Name{XMLSpace, "lang"}, Prefix: "xml", Value: "de"}},
		Children: []*Element{{Name: Name{"", "line"}}, {Name: Name{"urn:o", "line"}, Prefix: "o"}},
	}
	if err == nil {
		withoutScope(got)
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func withoutScope(e *Element) {
	e.scope = nil
	for _, child := range e.Children {
		withoutScope(child)
	}
}

// TestParseNormalises holds the ends of lines (XML 1.0, section 2.11) and white space in values (section 3.3.3).
func TestParseNormalises(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<a>1\r\n2\r3\n4\t5</a>":                       "1\n2\n3\n4\t5",
		"<a><![CDATA[1\r\n2\r\r3]]></a>":               "1\n2\n\n3",
		"<a>1&#13;\n2&#xD;&#xA;\r\n</a>":               "1\r\n2\r\n\n",
		"<a b='1\n2'/>":                                "1 2",
		"<a b=\"1\t2\"/>":                              "1 2",
		"<a b=' 1\r\n2\r3\r\r\n4 '/>":                  " 1 2 3  4 ",
		"<a b='1&#10;2&#9;3&#13;4&#32;&lt;&quot;\n'/>": "1\n2\t3\r4 <\" ",
	} {
		got, err := Parse([]byte(text), ReadOptions{})
		if err != nil {
			t.Errorf("got %v of %q", err, text)
			continue
		}
		if value, _ := got.Attr("", "b"); got.Text+value != want {
			t.Errorf("got %q of %q, want %q", got.Text+value, text, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const wrongDeclaration = `line 1, column 1: the XML declaration is not well formed; it is <?xml version="1.0" encoding="…" standalone="…"?>, where the last two may be left out`
	tests := map[string]struct{ text, want string }{
		"nothing":                       {"", "line 1, column 1: the document has no root element"},
		"only a comment":                {"<!-- a -->", "line 1, column 11: the document has no root element"},
		"no XML":                        {"Service Unavailable", "line 1, column 1: text stands outside the root element"},
		"a document type":               {"<!DOCTYPE a>\n<a/>", "line 1, column 1: a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses"},
		"an external entity":            {"<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "line 2, column 1: a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses"},
		"a declaration inside":          {"<a><!ENTITY x \"y\"></a>", "line 1, column 4: a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses"},
		"an unknown entity":             {"<a>\n &nbsp;</a>", "line 2, column 2: &nbsp; cannot be read; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can"},
		"a reference to U+0000":         {"<a>&#0;</a>", "line 1, column 4: &#0; stands for the character U+0000, which cannot stand in XML"},
		"an undeclared prefix":          {"<a><b:c/></a>", `line 1, column 5: the prefix "b" of b:c is not declared`},
		"an undeclared attribute":       {`<a b:c="1"/>`, `line 1, column 4: the prefix "b" of b:c is not declared`},
		"a prefix out of scope":         {`<a><b xmlns:p="u"/><p:c/></a>`, `line 1, column 21: the prefix "p" of p:c is not declared`},
		"a prefix for nothing":          {`<a xmlns:p=""/>`, `line 1, column 4: xmlns:p="": a prefix cannot stand for no namespace`},
		"xml bound anew":                {`<a xmlns:xml="urn:x"/>`, `line 1, column 4: xmlns:xml="urn:x": the prefixes xml and xmlns and their namespaces are fixed`},
		"another prefix for xml":        {`<a xmlns:x="` + XMLSpace + `"/>`, `line 1, column 4: xmlns:x="` + XMLSpace + `": the prefixes xml and xmlns and their namespaces are fixed`},
		"the prefix xmlns":              {`<xmlns:a/>`, `line 1, column 2: the prefix "xmlns" of xmlns:a is not declared`},
		"a repeated attribute":          {`<a b="1" c="2" b="3"/>`, "line 1, column 16: the attribute b stands twice in <a>"},
		"a repeated declaration":        {`<a xmlns:b="u" xmlns:b="v"/>`, "line 1, column 16: the attribute xmlns:b stands twice in its element"},
		"repeated by namespace":         {`<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>`, "line 1, column 36: the attribute {u}x stands twice in <a>"},
		"no space between attributes":   {`<a b="1"c="2"/>`, "line 1, column 9: a space is missing between two attributes"},
		"an attribute without quotes":   {`<a b=1/>`, `line 1, column 6: the value of the attribute b has no quotes; write b="…"`},
		"an attribute without a value":  {`<a b/>`, `line 1, column 5: the attribute b has no value; write b="…"`},
		"a bracket in an attribute":     {`<a b="<"/>`, "line 1, column 7: < stands in the value of an attribute; write &lt;"},
		"two roots":                     {"<a/>\n<b/>", "line 2, column 1: a second root element, <b>; a document has one"},
		"text after the root":           {"<a/>\nb", "line 1, column 5: text stands outside the root element"},
		"blank CDATA after the root":    {"<a/><![CDATA[ ]]>", "line 1, column 5: text stands outside the root element"},
		"a late declaration":            {"<a/><?xml version=\"1.0\"?>", "line 1, column 5: an XML declaration may only stand at the very start of the document"},
		"a declaration after a space":   {" <?XML version=\"1.0\"?><a/>", "line 1, column 2: an XML declaration may only stand at the very start of the document"},
		"XML 1.1":                       {"<?xml version=\"1.1\"?><a/>", "line 1, column 1: the document is XML 1.1; only 1.0 can be read"},
		"the wrong end":                 {"<a><b></a></b>", "line 1, column 7: </a> stands where </b> was expected"},
		"the right name, no prefix":     {`<p:a xmlns:p="u"></a>`, "line 1, column 18: </a> stands where </p:a> was expected"},
		"an end too many":               {"<a/></a>", "line 1, column 5: </a> closes nothing"},
		"no end":                        {"<a><b>x</b>", "line 1, column 12: the document ends, but <a> is still open"},
		"cut off in a tag":              {"<a>\n<b c=", "line 2, column 6: the document ends in the middle of a tag, a comment or a text"},
		"cut off in a comment":          {"<a><!-- x", "line 1, column 10: the document ends in the middle of a tag, a comment or a text"},
		"two colons":                    {`<a:b:c/>`, `line 1, column 2: "a:b:c" is no name: one colon may stand in it, between the prefix and the local name`},
		"a colon in front":              {`<:a/>`, `line 1, column 2: ":a" is no name: one colon may stand in it, between the prefix and the local name`},
		"a digit in front":              {`<p:1a xmlns:p="u"/>`, `line 1, column 2: "p:1a" is no name`},
		"the end of CDATA in text":      {"<a>]]></a>", "line 1, column 4: ]]> stands in a text; write ]]&gt;"},
		"a control character":           {"<a>\x01</a>", "line 1, column 4: the character U+0001 cannot stand in XML"},
		"no UTF-8":                      {"<a>\xff</a>", "line 1, column 4: the byte 0xFF is no UTF-8; a document in another encoding has to say so"},
		"an unknown encoding":           {`<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>`, `line 1, column 1: the encoding "EBCDIC-CP-US" cannot be read; UTF-8, UTF-16, ISO-8859-1 and windows-1252 can`},
		"a comment's --":                {"<a>\n<!-- x--y --></a>", "line 2, column 7: -- stands in a comment; it may only end one, as -->"},
		"a comment's --->":              {"<a><!-- x ---></a>", "line 1, column 11: -- stands in a comment; it may only end one, as -->"},
		"a control in a comment":        {"<a>\n<!--\x01--></a>", "line 2, column 5: the character U+0001 cannot stand in XML"},
		"no UTF-8 in an instruction":    {"<a><?x \xc3?></a>", "line 1, column 8: the byte 0xC3 is no UTF-8; a document in another encoding has to say so"},
		"no character":                  {"<a>\uFFFE</a>", "line 1, column 4: the character U+FFFE cannot stand in XML"},
		"a surrogate in UTF-8":          {"<a>\xed\xa0\x80</a>", "line 1, column 4: the byte 0xED is no UTF-8; a document in another encoding has to say so"},
		"the first mistake first":       {"<a>&x;\x01</a>", "line 1, column 4: &x; cannot be read; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can"},
		"an instruction's name":         {"<?1?><a/>", `line 1, column 1: a processing instruction begins with its name (<?name …?>), not with "1"`},
		"an instruction's prefix":       {"<?a:b?><a/>", `line 1, column 1: a processing instruction begins with its name (<?name …?>), not with "a:b"`},
		"an instruction's space":        {"<?a=b?><a/>", "line 1, column 4: a space is missing after <?a"},
		"a reference to U+FFFF":         {"<a>&#xFFFF;</a>", "line 1, column 4: &#xFFFF; stands for the character U+FFFF, which cannot stand in XML"},
		"a reference to a surrogate":    {"<a b='&#xD800;'/>", "line 1, column 7: &#xD800; stands for the character U+D800, which cannot stand in XML"},
		"a reference beyond Unicode":    {"<a>&#x110000;</a>", "line 1, column 4: &#x110000; stands for the character U+110000, which cannot stand in XML"},
		"a reference to nothing":        {"<a>&#;</a>", "line 1, column 4: &#; cannot be read; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can"},
		"a reference in capitals":       {"<a>&#X41;</a>", "line 1, column 4: &#X41; cannot be read; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can"},
		"an ampersand":                  {"<a>AT&T</a>", "line 1, column 6: a & stands alone; write &amp;"},
		"a reference after the root":    {"<a/>&#32;", "line 1, column 5: text stands outside the root element"},
		"xmlns bound":                   {`<a xmlns:xmlns="u"/>`, `line 1, column 4: xmlns:xmlns="u": the prefixes xml and xmlns and their namespaces are fixed`},
		"a prefix for xmlns":            {`<a xmlns:p="` + xmlnsSpace + `"/>`, `line 1, column 4: xmlns:p="` + xmlnsSpace + `": the prefixes xml and xmlns and their namespaces are fixed`},
		"xml as the default":            {`<a xmlns="` + XMLSpace + `"/>`, `line 1, column 4: xmlns="` + XMLSpace + `": the prefixes xml and xmlns and their namespaces are fixed`},
		"the default twice":             {`<a xmlns="u" b="" xmlns="u"/>`, "line 1, column 19: the attribute xmlns stands twice in its element"},
		"one of many, twice":            {"<a" + many(40, ` a%d=""`) + ` a30=""/>`, "line 1, column 274: the attribute a30 stands twice in <a>"},
		"no version":                    {`<?xml encoding="utf-8"?><a/>`, wrongDeclaration},
		"no declaration":                {`<?xml?><a/>`, wrongDeclaration},
		"standalone before encoding":    {`<?xml version="1.0" standalone="yes" encoding="utf-8"?><a/>`, wrongDeclaration},
		"standalone neither yes nor no": {`<?xml version="1.0" standalone="YES"?><a/>`, wrongDeclaration},
		"an encoding with a space":      {`<?xml version="1.0" encoding="utf 8"?><a/>`, wrongDeclaration},
		"no space before encoding":      {`<?xml version="1.0"encoding="utf-8"?><a/>`, wrongDeclaration},
		"a slash in a tag":              {`<a b="1"/ >`, "line 1, column 9: / stands in a tag; it may only end one, as />"},
		"a space before the name":       {"< a/>", "line 1, column 2: the name of an element is expected here"},
		"an attribute in an end tag":    {`<a></a b="1">`, "line 1, column 8: the end tag </a> is not closed by >"},
		"CDATA in lower case":           {"<a><![cdata[x]]></a>", "line 1, column 4: a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses"},
		"a declaration not closed":      {"<?xml version=\"1.0\"", "line 1, column 20: the document ends in the middle of a tag, a comment or a text"},
		"half UTF-16":                   {"\xFE\xFF\x00<\x00", "line 1, column 2: the document is UTF-16, but ends in the middle of a character"},
		"half a pair":                   {"\xFF\xFE<\x00\n\x00a\x00b\x00\x3d\xd8", "line 2, column 3: the document is UTF-16, but has half a surrogate pair in it"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(test.text), ReadOptions{})
			var mistake *Error
			if !errors.As(err, &mistake) || mistake.Error() != test.want || got != nil {
				t.Errorf("got %+v, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestParseBounds(t *testing.T) {
	t.Parallel()
	attributes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` a%d=""`, i)
		}
		return b.String()
	}
	tests := map[string]struct{ fits, tooMuch, want string }{
		"depth":      {strings.Repeat("<a>", 256) + strings.Repeat("</a>", 256), strings.Repeat("<a>", 100_000), "line 1, column 769: elements lie more than 256 deep"},
		"nodes":      {"<a>" + strings.Repeat("<b/>", 199_999) + "</a>", "<a>" + strings.Repeat("<b/>", 200_000) + "</a>", "line 1, column 800000: the document has more than 200000 elements and attributes"},
		"attributes": {"<a" + attributes(1000) + "/>", "<a" + attributes(1001) + "/>", "line 1, column 1: an element has more than 1000 attributes"},
		"all nodes":  {"<a>" + strings.Repeat("<b"+attributes(999)+"/>", 199) + "</a>", "<a>" + strings.Repeat("<b"+attributes(1000)+"/>", 200) + "</a>", "the document has more than 200000 elements and attributes"},
		"bytes":      {"<a>" + strings.Repeat("x", 1<<20) + "</a>", "<a>" + strings.Repeat("x", 16<<20-6) + "</a>", "line 1, column 1: the document has 16777217 bytes; the limit is 16777216"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse([]byte(test.fits), ReadOptions{}); err != nil {
				t.Errorf("got %v, want what just fits to be read", err)
			}
			if _, err := Parse([]byte(test.tooMuch), ReadOptions{}); err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	limits := Limits{Depth: 1, Bytes: 10}
	if _, err := Parse([]byte("<a><b/></a>"), ReadOptions{Limits: Limits{Depth: 1}}); err == nil {
		t.Error("got a document of depth 2, want limits of one's own to hold")
	}
	if _, err := Parse([]byte("<a>xxx</a>"), ReadOptions{Limits: limits}); err != nil {
		t.Errorf("got %v, want 10 bytes to be read where 10 are allowed", err)
	}
	if _, err := Parse([]byte("<a>xxxx</a>"), ReadOptions{Limits: limits}); err == nil {
		t.Error("got a document of 11 bytes where 10 are allowed")
	}
}

func utf16Text(order binary.AppendByteOrder, text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func TestParseCharsets(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		data    []byte
		charset string
		want    string
	}{
		"UTF-8":                           {[]byte("<a>ü€😀</a>"), "", "ü€😀"},
		"UTF-8 with a mark":               {[]byte("\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><a>ü</a>"), "", "ü"},
		"UTF-16, the high byte first":     {utf16Text(binary.BigEndian, "\uFEFF<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>ü😀</a>"), "", "ü😀"},
		"UTF-16, the low byte first":      {utf16Text(binary.LittleEndian, "\uFEFF<a>ü😀</a>"), "utf-8", "ü😀"},
		"UTF-16 by the transport":         {utf16Text(binary.LittleEndian, "<a>ü</a>"), "UTF-16LE", "ü"},
		"UTF-16 without a mark, low":      {utf16Text(binary.LittleEndian, "\n<a>ü</a>"), "", "ü"},
		"UTF-16 without a mark, high":     {utf16Text(binary.BigEndian, "<?xml version='1.0' encoding='utf-16'?><a>ü</a>"), "", "ü"},
		"UTF-16 by the transport, high":   {utf16Text(binary.BigEndian, "<a>ü</a>"), "utf-16", "ü"},
		"UTF-16 said, UTF-8 sent":         {[]byte("<a>ü</a>"), "UTF-16", "ü"},
		"UTF-16 declared, UTF-8 sent":     {[]byte("<?xml version=\"1.0\" encoding=\"utf-16\"?><a>ü</a>"), "", "ü"},
		"ISO-8859-1":                      {[]byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xfc\x80</a>"), "", "ü€"},
		"windows-1252":                    {[]byte("<?xml version='1.0'  encoding = 'Windows-1252' ?><a>\x80\x9f</a>"), "", "€Ÿ"},
		"the transport beats the file":    {[]byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>ü</a>"), "UTF-8", "ü"},
		"no declaration beyond the first": {[]byte("<a x='encoding=\"EBCDIC\"'>ü</a>"), "", "ü"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(test.data, ReadOptions{Charset: test.charset})
			if err != nil || got.Text != test.want {
				t.Errorf("got %+v, %v, want the text %q", got, err, test.want)
			}
		})
	}
}
