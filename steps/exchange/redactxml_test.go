package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestMaskXML(t *testing.T) {
	t.Parallel()
	const soap = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><login xmlns="urn:x"><user>ann</user><password>p-1</password></login></s:Body></s:Envelope>`
	for _, c := range []struct{ data, path, want string }{
		{soap, "$..password", strings.Replace(soap, "p-1", "***", 1)},
		{soap, "$.Envelope.Body.login.password", strings.Replace(soap, "p-1", "***", 1)},
		{soap, "$.login.password", soap},
		{soap, "$..Body.login", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><login xmlns="urn:x">***</login></s:Body></s:Envelope>`},
		{`<a><b x="1" y='"'>t</b></a>`, "$.a.b", `<a><b x="***" y='***'>***</b></a>`},
		{`<a><b x="1" y='2'>t</b></a>`, "$.a.b.y", `<a><b x="1" y='***'>t</b></a>`},
		{`<a><b p:x = "1" xmlns:x="urn:x" x="2"/></a>`, "$..x", `<a><b p:x = "***" xmlns:x="urn:x" x="***"/></a>`},
		{`<a><b x="1">t</b></a>`, "$.a.b._", `<a><b x="1">***</b></a>`},
		{`<a><b/><b></b><b> </b></a>`, "$.a.b", `<a><b/><b></b><b>***</b></a>`},
		{`<a><b>1</b><c><b>2</b></c></a>`, "$.a.b", `<a><b>***</b><c><b>2</b></c></a>`},
		{`<a><b><b k="v">1</b>2</b>3</a>`, "$..b", `<a><b>***</b>3</a>`},
		{`<l><u><ssn>1</ssn></u><u><ssn>2</ssn></u></l>`, "$.l.u[*].ssn", `<l><u><ssn>***</ssn></u><u><ssn>***</ssn></u></l>`},
		{`<l><u><ssn>1</ssn></u><u><ssn>2</ssn></u></l>`, "$.l.u[1].ssn", `<l><u><ssn>***</ssn></u><u><ssn>***</ssn></u></l>`},
		{`<l><u><ssn>1</ssn></u></l>`, "$.l[*].ssn", `<l><u><ssn>***</ssn></u></l>`},
		{`<l><u><ssn>1</ssn></u></l>`, "$.l.u[*]", `<l><u>***</u></l>`},
		{`<l><u><ssn>1</ssn></u></l>`, "$..u[0]..ssn", `<l><u><ssn>***</ssn></u></l>`},
		{`<l><u>1</u></l>`, "$[*]", `<l>***</l>`},
		{`<l><u>1</u></l>`, "$[0]", `<l>***</l>`},
		{`<l><u>1</u></l>`, "$[0].l.u", `<l><u>***</u></l>`},
		{`<l a="1"><u a="2">1</u></l>`, "$.l.*", `<l a="***">***</l>`},
		{`<a><!-- <b> --><b><![CDATA[</b>]]>&amp;</b><?b c?>x</a>`, "$.a.b", `<a><!-- <b> --><b>***</b><?b c?>x</a>`},
		{`<?xml version="1.0" encoding="ISO-8859-1"?><a><b>` + "\xe9" + `</b>` + "\xfc" + `</a>`, "$.a.b", `<?xml version="1.0" encoding="ISO-8859-1"?><a><b>***</b>ü</a>`},
		{asUTF16(`<a><b>1</b></a>`), "$.a.b", `<a><b>***</b></a>`},
		{"<a><b>1</b></a>\n(file x, 7 bytes)", "$.a.b", "<a><b>***</b></a>\n(file x, 7 bytes)"},
	} {
		path, err := parseJSONPath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		got, err := maskXML([]byte(c.data), "", []jsonPath{path})
		if err != nil || string(got) != c.want {
			t.Errorf("%s in %s:\ngot  %s, %v\nwant %s", c.path, c.data, got, err, c.want)
		}
	}
}

func asUTF16(text string) string {
	data := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return string(data)
}

// TestMaskXMLOfWhatIsNone holds that nothing is shown of what another reader might find more in.
func TestMaskXMLOfWhatIsNone(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"cut":                "<a><password>p-1",
		"cut in a tag":       `<a><password x="p-1`,
		"crossed":            "<a><password>p-1</a></password>",
		"closed twice":       "<a></a></password>",
		"unknown entity":     "<a><password>&p-1;</password></a>",
		"unquoted attribute": "<a password=p-1></a>",
		"too deep":           strings.Repeat("<a>", 2000) + "<password>p-1</password>" + strings.Repeat("</a>", 2000),
		"another encoding":   `<?xml version="1.0" encoding="EBCDIC-CP-BE"?><a><password>p-1</password></a>`,
		"half a character":   asUTF16(`<a><password>p-1</password></a>`) + "\x00",
	} {
		path, _ := parseJSONPath("$..password")
		got := redacted([]byte(data), "application/xml", []jsonPath{path}, false)
		if string(got) != "(not shown: values in it are to be redacted, and it is not whole XML)" {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// TestRedactedByType holds which reader masks what.
func TestRedactedByType(t *testing.T) {
	t.Parallel()
	const doc, masked = `<a><password>p-1</password></a>`, `<a><password>***</password></a>`
	for _, c := range []struct{ contentType, data, want string }{
		{"text/xml; charset=utf-8", doc, masked},
		{"application/soap+xml", doc, masked},
		{"text/plain", " \n" + doc, " \n" + masked},
		{"", "\xef\xbb\xbf" + doc, masked},
		{"application/octet-stream", asUTF16(doc), masked},
		{`multipart/related; type="application/xop+xml"`, doc, masked},
		{`multipart/related; boundary=b`, "--b\r\n\r\n" + doc + "\r\n--b--", "(not shown: values in it are to be redacted, and it has several parts)"},
		{"text/html", "<html><p>no XML<br></html>", "<html><p>no XML<br></html>"},
		{"text/plain", "password", "password"},
	} {
		path, _ := parseJSONPath("$..password")
		if got := redacted([]byte(c.data), c.contentType, []jsonPath{path}, false); string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.contentType, got, c.want)
		}
	}
}

func FuzzMaskXML(f *testing.F) {
	f.Add([]byte(`<a x="1"><b y='2'>t<!-- c --></b><![CDATA[d]]></a>`), "$..b")
	f.Add([]byte(`<a><a><a k="v"/></a></a>`), "$..a[*].k")
	f.Add([]byte(strings.Repeat("<a>", 2000)), "$..a")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		path, err := parseJSONPath(text)
		if err != nil {
			return
		}
		masked, err := maskXML(data, "", []jsonPath{path})
		if err != nil {
			return
		}
		dec := xml.NewDecoder(bytes.NewReader(masked))
		dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
		for err == nil {
			_, err = dec.RawToken()
		}
		if err != io.EOF {
			t.Fatalf("%s in %s: not XML any more: %s: %v", text, data, masked, err)
		}
		again, err := maskXML(masked, "utf-8", []jsonPath{path})
		if err != nil || !bytes.Equal(again, masked) {
			t.Fatalf("%s in %s: masked again, %s is %s, %v", text, data, masked, again, err)
		}
	})
}
