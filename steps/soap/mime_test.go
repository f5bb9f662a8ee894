package soap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"snrun/steps/soap/values"
	"snrun/steps/xml"
)

func TestAttachmentsComeBack(t *testing.T) {
	t.Parallel()
	a := &attachments{}
	node := &xml.Element{Name: xml.Name{Local: "photo"}}
	if taken, err := a.binary(node, values.Binary{Text: "AAECAw=="}); !taken || err != nil {
		t.Fatal(taken, err)
	}
	envelope, err := xml.Write(&xml.Element{Name: xml.Name{Local: "r"}, Children: []*xml.Element{node}}, xml.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	body, contentType, err := a.write(envelope, "application/soap+xml", "urn:act")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`type="application/xop+xml"`, `start-info="application/soap+xml"`, `action="urn:act"`, `start="<part0@`} {
		if !strings.Contains(contentType, part) {
			t.Errorf("the Content-Type %s lacks %s", contentType, part)
		}
	}
	if !bytes.Contains(body, []byte("\x00\x01\x02\x03")) {
		t.Error("the value does not stand in the message as it is")
	}
	m, err := openMultipart(contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	root, err := xml.Parse(m.root, xml.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.include(root); err != nil {
		t.Fatal(err)
	}
	if got := root.Children[0].Text; got != "AAECAw==" {
		t.Errorf("got %q back", got)
	}
}

// multi writes a multipart message of parts with a Content-ID each.
func multi(parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		fmt.Fprintf(&b, "--b\r\nContent-Type: text/xml\r\nContent-ID: <p%d>\r\n\r\n%s\r\n", i, p)
	}
	return b.String() + "--b--\r\n"
}

const xop = `<xop:Include xmlns:xop="` + xopSpace + `" href="%s"/>`

func TestOpenMultipart(t *testing.T) {
	t.Parallel()
	base64Part := "--b\r\nContent-ID: <p1>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\nAw==\r\n--b--\r\n"
	tests := []struct{ name, contentType, body, want string }{
		{"the first part is the root", `multipart/related; boundary=b`, multi("<a>"+fmt.Sprintf(xop, "cid:p1")+"</a>", "hi"), "aGk="},
		{"start names the root", `multipart/related; boundary=b; start="<p1>"`, multi("hi", "<a>"+fmt.Sprintf(xop, "cid:p0")+"</a>"), "aGk="},
		{"escaped", `multipart/related; boundary=b`, strings.Replace(multi("<a>"+fmt.Sprintf(xop, "cid:p%401")+"</a>", "hi"), "<p1>", "<p@1>", 1), "aGk="},
		{"base64", `multipart/related; boundary=b`, strings.Replace(multi("<a>"+fmt.Sprintf(xop, "cid:p1")+"</a>"), "--b--\r\n", base64Part, 1), "AAECAw=="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := openMultipart(tt.contentType, []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			root, err := xml.Parse(m.root, xml.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			around := &xml.Element{Children: []*xml.Element{root}}
			if err := m.include(around); err != nil {
				t.Fatal(err)
			}
			if root.Text != tt.want {
				t.Errorf("got %q, want %q", root.Text, tt.want)
			}
		})
	}
}

func TestMultipartRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, maxParts+1)
	tests := []struct{ name, contentType, body, want string }{
		{"no base64", `multipart/related; boundary=b`, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--b--", "a part of the message is not base64, as it says"},
		{"an element beside", `multipart/related; boundary=b`, multi("<a><b/>" + fmt.Sprintf(xop, "cid:p0") + "</a>"), `<a> has something beside its xop:Include`},
		{"no boundary", `multipart/related`, "", "the Content-Type of the multipart message names no boundary"},
		{"no end", `multipart/related; boundary=b`, "--b\r\n\r\n<a/>", "the multipart message is broken: unexpected EOF"},
		{"no root", `multipart/related; boundary=b; start="<other>"`, multi("<a/>"), "the multipart message has no root part"},
		{"an id twice", `multipart/related; boundary=b`, strings.Replace(multi("<a/>", "x", "y"), "<p2>", "<p1>", 1), `two parts of the message have the Content-ID "p1"`},
		{"too many", `multipart/related; boundary=b`, multi(many...), "the message has more than 1000 parts"},
		{"another encoding", `multipart/related; boundary=b`, "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<a/>\r\n--b--", `a part of the message has the transfer encoding "quoted-printable"; binary and base64 can be read`},
		{"another address", `multipart/related; boundary=b`, multi("<a>" + fmt.Sprintf(xop, "http://example.com/x") + "</a>"), `<a>: xop:Include names "http://example.com/x"; only parts of the message (cid:) may stand there`},
		{"no such part", `multipart/related; boundary=b`, multi("<a>" + fmt.Sprintf(xop, "cid:p9") + "</a>"), `<a>: xop:Include names the part "p9", which the message does not have`},
		{"text beside", `multipart/related; boundary=b`, multi("<a>x" + fmt.Sprintf(xop, "cid:p0") + "</a>"), `<a> has something beside its xop:Include`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := openMultipart(tt.contentType, []byte(tt.body))
			if err == nil {
				root, parseErr := xml.Parse(m.root, xml.ReadOptions{})
				if parseErr != nil {
					t.Fatal(parseErr)
				}
				err = m.include(&xml.Element{Children: []*xml.Element{root}})
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestPartsHaveTheTypeOfTheirElement holds that a part is of the media type that its element names, and of none that is no type.
func TestPartsHaveTheTypeOfTheirElement(t *testing.T) {
	t.Parallel()
	for named, want := range map[string]string{"": "application/octet-stream", "text/plain; charset=utf-8": "text/plain; charset=utf-8",
		"text": "application/octet-stream", "a/b\r\nX: 1": "application/octet-stream"} {
		node := &xml.Element{Name: xml.Name{Local: "doc"}}
		if named != "" {
			node.Attrs = []xml.Attr{{Name: xml.Name{Space: "http://www.w3.org/2005/05/xmlmime", Local: "contentType"}, Value: named}}
		}
		a := &attachments{}
		if _, err := a.binary(node, values.Binary{Text: "QUJD"}); err != nil {
			t.Fatal(err)
		}
		body, _, err := a.write([]byte("<a/>"), "text/xml", "")
		if err != nil || !strings.Contains(string(body), "Content-Type: "+want+"\r\n\r\nABC\r\n") {
			t.Errorf("%q: got %v\n%s", named, err, body)
		}
	}
}
