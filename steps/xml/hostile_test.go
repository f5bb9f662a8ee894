package xml

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// many gives n attributes, each with a name of its own.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostile are documents that cost a careless reader minutes, gigabytes or its files, with what is said of them; nothing where
// they are read.
func hostile() map[string]struct{ text, want string } {
	const doctype = "line 1, column 1: a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses"
	laughs := `<!DOCTYPE a [<!ENTITY x0 "ha">` + many(30, `<!ENTITY y%d "&x0;&x0;">`) + `]><a>&y29;</a>`
	return map[string]struct{ text, want string }{
		"an external entity":            {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, doctype},
		"a parameter entity":            {`<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><a/>`, doctype},
		"an external DTD":               {`<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>`, doctype},
		"a public DTD":                  {`<!DOCTYPE a PUBLIC "-//A//B" "file:///dev/random"><a/>`, doctype},
		"a billion laughs":              {laughs, doctype},
		"quadratic blow-up":             {`<!DOCTYPE a [<!ENTITY x "` + strings.Repeat("x", 1<<20) + `">]><a>` + strings.Repeat("&x;", 1<<20) + `</a>`, doctype},
		"a document type in lower case": {"<!doctype a><a/>", doctype},
		"100,000 levels":                {strings.Repeat("<a>", 100_000), "elements lie more than 256 deep"},
		"1,000,000 attributes":          {"<a" + many(1_000_000, ` a%d=""`) + "/>", "an element has more than 1000 attributes"},
		"1,000,000 attributes, spread":  {"<a>" + strings.Repeat("<b"+many(999, ` a%d=""`)+"/>", 1001) + "</a>", "the document has more than 200000 elements and attributes"},
		"1,000,000 equal attributes":    {"<a" + strings.Repeat(` a=""`, 1_000_000) + "/>", "an element has more than 1000 attributes"},
		"elements with many attributes": {"<a>" + strings.Repeat("<b"+many(999, ` a%d=""`)+"/>", 199) + "</a>", ""},
		"1,000,000 elements":            {"<a>" + strings.Repeat("<b/>", 1_000_000), "the document has more than 200000 elements and attributes"},
		"100,000 prefixes":              {"<a" + many(100_000, ` xmlns:p%d="u"`) + ">" + strings.Repeat(`<b t="p0:x"/>`, 50_000) + "</a>", "an element has more than 1000 attributes"},
		"100,000 prefixes in levels":    {many(200, "<a"+many(500, ` xmlns:p%%[1]dx%d="u"`)+">"), "more than 1000 declarations of namespaces are in force here"},
		"prefixes declared anew":        {"<a>" + strings.Repeat("<a"+many(900, ` xmlns:p%d="u"`)+"/>", 200) + "</a>", ""},
		"a name of 10 MB":               {"<" + strings.Repeat("a", 10<<20) + "/>", "line 1, column 2: a name has 10485760 bytes; the limit is 1000"},
		"an attribute's name of 10 MB":  {"<a " + strings.Repeat("a", 10<<20) + "=''/>", "line 1, column 4: a name has 10485760 bytes; the limit is 1000"},
		"an entity's name of 10 MB":     {"<a>&" + strings.Repeat("a", 10<<20) + ";</a>", "line 1, column 4: &" + strings.Repeat("a", 100) + "…; cannot be read; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can"},
		"an instruction's name":         {"<?" + strings.Repeat("a", 10<<20) + "?><a/>", ""},
		"a declaration of 10 MB":        {`<?xml version="1.0" ` + strings.Repeat(" ", 10<<20) + "?><a/>", "the last two may be left out"},
		"a namespace of 10 MB":          {`<a xmlns:xml="` + strings.Repeat("u", 10<<20) + `"/>`, `line 1, column 4: xmlns:xml="` + strings.Repeat("u", 100) + `…": the prefixes xml and xmlns and their namespaces are fixed`},
		"an attribute of 10 MB":         {`<a b="` + strings.Repeat("x", 10<<20) + `"/>`, ""},
		"an attribute of references":    {`<a b="` + strings.Repeat("&lt;", 2<<20) + `"/>`, ""},
		"an attribute without an end":   {`<a b="` + strings.Repeat("x", 10<<20), "the document ends in the middle of a tag, a comment or a text"},
		"a comment of 10 MB":            {"<a><!--" + strings.Repeat(" -", 5<<20) + " --></a>", ""},
		"comments in a comment":         {"<a>" + strings.Repeat("<!-- ", 2<<20), "line 1, column 11: -- stands in a comment; it may only end one, as -->"},
		"a comment without an end":      {"<a><!--" + strings.Repeat("- ", 5<<20), "the document ends in the middle of a tag, a comment or a text"},
		"an instruction of 10 MB":       {"<a><?x " + strings.Repeat("?", 10<<20) + "?></a>", ""},
		"CDATA of 10 MB":                {"<a><![CDATA[" + strings.Repeat("]] ", 3<<20) + "]]></a>", ""},
		"1,000,000 CDATA":               {"<a>" + strings.Repeat("<![CDATA[x]]>", 1_000_000) + "</a>", ""},
		"text in many pieces":           {"<a>" + strings.Repeat("x<!---->", 1_000_000) + "</a>", ""},
		"text in many lines":            {"<a>" + strings.Repeat("\r\n", 5<<20) + "</a>", ""},
		"text of references":            {"<a>" + strings.Repeat("&#x41;", 2<<20) + "</a>", ""},
		"a reference of many digits":    {"<a>&#" + strings.Repeat("9", 10<<20) + ";</a>", "which cannot stand in XML"},
		"white space of 10 MB":          {strings.Repeat(" ", 5<<20) + "<a/>" + strings.Repeat("\n", 5<<20), ""},
		"white space in tags":           {"<a" + strings.Repeat("\n", 5<<20) + ">" + "</a" + strings.Repeat(" ", 5<<20) + ">", ""},
		"17 MB":                         {"<a>" + strings.Repeat("x", 17<<20) + "</a>", "the limit is 16777216"},
	}
}

// TestHostile wants each hostile document to be read or refused with no more memory than a few times its size. It does not run
// beside other tests, because it counts what is allocated.
func TestHostile(t *testing.T) {
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			data := []byte(test.text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			root, err := Parse(data, ReadOptions{Places: true})
			runtime.ReadMemStats(&after)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), test.want)) {
				t.Errorf("got %.300v, %.300v, want %q", root, err, test.want)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("got a message of %d bytes", len(err.Error()))
			}
			nodes := min(strings.Count(test.text, "<")+strings.Count(test.text, "="), 200_000)
			most := 8*len(data) + 256*nodes + 64<<10
			if got := int(after.TotalAlloc - before.TotalAlloc); got > most {
				t.Errorf("got %d bytes allocated for a document of %d, want %d at most", got, len(data), most)
			}
		})
	}
}

// TestResolveIsBounded asks for the last of as many prefixes as may be in force, in as many elements as a document may have.
func TestResolveIsBounded(t *testing.T) {
	t.Parallel()
	text := "<a" + many(999, ` xmlns:p%d="u"`) + ">" + strings.Repeat(`<b t="p0:x"/>`, 99_000) + "</a>"
	root, err := Parse([]byte(text), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range root.Children {
		if got, ok := b.Resolve(b.Attrs[0].Value); !ok || got != (Name{"u", "x"}) {
			t.Fatalf("got %v, %v, want {u}x", got, ok)
		}
		steps := 0
		for s := b.scope; s != nil; s = s.outer {
			steps++
		}
		if steps > 1000 {
			t.Fatalf("got %d declarations in force, want 1000 at most", steps)
		}
	}
}

// TestCommentsDoNotSplitText holds what signatures and filters have been fooled with.
func TestCommentsDoNotSplitText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"<a>ad<!-- -->min</a>", "<a>ad<?x ?>min</a>", "<a>ad<![CDATA[mi]]>n</a>", "<a><!-- x -->admin<!-- y --></a>", "<a>&#97;d<!---->min</a>", "<a><![CDATA[]]>admin</a>",
	} {
		if got, err := Parse([]byte(text), ReadOptions{}); err != nil || got.Text != "admin" {
			t.Errorf("got %+v, %v of %s, want the text admin", got, err, text)
		}
	}
}

// TestTreeKeepsNothingOfTheDocument changes the bytes of a document that was read.
func TestTreeKeepsNothingOfTheDocument(t *testing.T) {
	t.Parallel()
	data := []byte(`<p:a xmlns:p="urn:x" b="1">text<c>&lt;<!-- -->more</c></p:a>`)
	root, err := Parse(data, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	copy(data, bytes.Repeat([]byte("?"), len(data)))
	if err := same(root, &Element{Name: Name{"urn:x", "a"}, Attrs: []Attr{{Name: Name{"", "b"}, Value: "1"}}, Text: "text", Children: []*Element{{Name: Name{"", "c"}, Text: "<more"}}}); err != nil {
		t.Error(err)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	root, err := Parse([]byte("<?xml version='1.0'?>\r\n<a>ü<b/>\n <c\n/><!-- \n --><d>\n</d></a>"), ReadOptions{Places: true})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(root.Line, root.Column)
	for _, c := range root.Children {
		got += fmt.Sprint(" ", c.Name.Local, c.Line, c.Column)
	}
	if want := "2 1 b2 5 c3 2 d5 5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
