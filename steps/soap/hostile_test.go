package soap_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
)

const (
	mostAllocated = 400 << 20 // bytes that one hostile answer may cost: it has 16 MB at most
	mostGiven     = 128 << 20 // bytes of text that a step may give then
	mostSaid      = 2000      // bytes of an error
)

// hostileAnswer is an answer that costs a careless client its memory, its files or hours, and the error that it ends with, "" where
// it is read.
type hostileAnswer struct {
	media, body, want string
	status            int
	stream            func(w io.Writer) // in place of the body
	gzip              bool
	rpc               bool // the answer of an rpc operation of a WSDL
}

func (h hostileAnswer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if w.Header().Set("Content-Type", h.media); h.media == "" {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	}
	var to io.Writer = w
	if h.gzip {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		to = z
	}
	w.WriteHeader(max(h.status, http.StatusOK))
	if h.stream != nil {
		h.stream(to)
		return
	}
	_, _ = io.WriteString(to, h.body)
}

// inBody puts elements into the body of an envelope, below a declaration of the document's type.
func inBody(doctype, elements string) string {
	return doctype + `<e:Envelope xmlns:e="` + space11 + `" xmlns:n="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xop="http://www.w3.org/2004/08/xop/include"><e:Body>` + elements + `</e:Body></e:Envelope>`
}

// forever writes a text until nobody reads any more.
func forever(begin, text string) func(io.Writer) {
	chunk := bytes.Repeat([]byte(text), 1<<16/len(text)+1)
	return func(w io.Writer) {
		_, err := io.WriteString(w, begin)
		for err == nil {
			_, err = w.Write(chunk)
		}
	}
}

// inParts makes a multipart message of an envelope and other parts.
func inParts(envelope string, parts ...string) string {
	return "--b\r\nContent-Type: application/xop+xml\r\n\r\n" + envelope + "\r\n" + strings.Join(parts, "") + "--b--\r\n"
}

func partOf(id, content string) string {
	return "--b\r\nContent-ID: <" + id + ">\r\n\r\n" + content + "\r\n"
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

const (
	related = `multipart/related; boundary=b; type="application/xop+xml"`
	doctype = "a document type or an entity is declared"
)

// hostileXML are hostile documents.
func hostileXML() map[string]hostileAnswer {
	return map[string]hostileAnswer{
		"an external entity":  {body: inBody(`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>`, `<r>&x;</r>`), want: doctype},
		"an external DTD":     {body: inBody(`<!DOCTYPE a SYSTEM "SELF/fetched.dtd">`, `<r/>`), want: doctype},
		"a parameter entity":  {body: inBody(`<!DOCTYPE a [<!ENTITY % x SYSTEM "SELF/fetched.dtd"> %x;]>`, `<r/>`), want: doctype},
		"a billion laughs":    {body: inBody(`<!DOCTYPE a [<!ENTITY y0 "ha">`+numbered(30, `<!ENTITY z%d "&y0;&y0;">`)+`]>`, `<r>&z29;</r>`), want: doctype},
		"quadratic blow-up":   {body: inBody(`<!DOCTYPE a [<!ENTITY x "`+strings.Repeat("x", 1<<20)+`">]>`, `<r>`+strings.Repeat("&x;", 1<<20)+`</r>`), want: doctype},
		"a bomb of gzip":      {gzip: true, stream: forever(`<e:Envelope xmlns:e="`+space11+`"><e:Body><r>`, "0"), want: "the body is larger than max_body (16MB)"},
		"an endless stream":   {stream: forever(`<e:Envelope xmlns:e="`+space11+`"><e:Body><r>`, "0"), want: "the body is larger than max_body (16MB)"},
		"endless white space": {stream: forever("", " "), want: "the body is larger than max_body (16MB)"},
		"an endless refusal":  {status: 500, stream: forever("", "<p>no</p>"), want: "500 Internal Server Error: <p>no</p>"},
		"100,000 levels":      {body: inBody("", strings.Repeat("<a>", 100_000)), want: "elements lie more than 256 deep"},
		"1,000,000 elements":  {body: inBody("", strings.Repeat("<a/>", 1_000_000)), want: "the document has more than 200000 elements and attributes"},
		"two bodies":          {body: strings.Replace(inBody("", "<r/>"), "</e:Envelope>", "<e:Body><s/></e:Body></e:Envelope>", 1), want: "the envelope has two bodies"},
		"two envelopes":       {body: inBody("", "<r/>") + inBody("", "<s/>"), want: "root"},
		"comments in a text":  {body: inBody("", "<r>"+strings.Repeat("1<!-- -->", 1_000_000)+"</r>")},
		"a long name":         {body: inBody("", "<"+strings.Repeat("a", 15<<20)+"/>"), want: "a name has 15728640 bytes"},
		"a long namespace":    {body: `<Envelope xmlns="` + strings.Repeat("u", 15<<20) + `"/>`, want: "not an Envelope of SOAP"},
		"a long faultcode":    {status: 500, body: inBody("", "<e:Fault><faultcode>"+strings.Repeat("a.", 7<<20)+"</faultcode></e:Fault>"), want: "fault a"},
		"a long faultstring":  {status: 500, body: inBody("", "<e:Fault><faultcode>a</faultcode><faultstring>"+strings.Repeat("x ", 7<<20)+"</faultstring></e:Fault>"), want: "fault a: x x"},
		"a long fault of 1.2": {status: 500, body: inBody("", "<e:Fault><Code><Value>a</Value>"+strings.Repeat("<Subcode><Value>"+strings.Repeat("b", 50_000)+"</Value>", 200)+strings.Repeat("</Subcode>", 200)+"</Code></e:Fault>"), want: "fault a.b"},
		"controls in a fault": {status: 500, body: inBody("", "<e:Fault><faultcode>a\u009b31m\u202e</faultcode><faultstring>\u009b31mred\u202e</faultstring></e:Fault>"), want: "fault a 31m: 31mred"},
		"many headers to understand": {body: strings.Replace(inBody("", "<r/>"), "<e:Body>", "<e:Header>"+strings.Repeat(`<h e:mustUnderstand="1"/>`, 90_000)+"</e:Header><e:Body>", 1),
			want: "the header <h> must be understood, and is not"},
	}
}

// hostileReferences are messages that are short as they come, and long once their references are followed.
func hostileReferences() map[string]hostileAnswer {
	mark := ` n:root="1"`
	bomb := strings.Replace(numbered(40, `<n%[1]d id="i%[1]d"><a href="#i%[1]d+"/><a href="#i%[1]d+"/></n%[1]d>`), "", "", 0)
	for i := range 40 {
		bomb = strings.ReplaceAll(bomb, fmt.Sprintf("#i%d+", i), fmt.Sprintf("#i%d", i+1))
	}
	attributes := numbered(900, ` a%d=""`)
	return map[string]hostileAnswer{
		"references that double":         {body: inBody("", `<r`+mark+`><a href="#i0"/></r>`+bomb+`<z id="i40"/>`), want: "the references in the message make more than 200000 elements and attributes of it"},
		"references in a circle":         {body: inBody("", `<r`+mark+`><a href="#i"/></r><x id="i"><b href="#j"/></x><x id="j"><b href="#i"/></x>`), want: "contains itself by its references"},
		"a reference to itself":          {body: inBody("", `<r`+mark+` id="i"><a href="#i"/></r>`), want: "contains itself by its references"},
		"a reference to a file":          {body: inBody("", `<r`+mark+`><a href="file:///etc/passwd"/></r>`), want: "which is not in the message"},
		"a reference to the server":      {body: inBody("", `<r`+mark+`><a href="SELF/fetched"/></r>`), want: "which is not in the message"},
		"a long reference":               {body: inBody("", `<r`+mark+`><a href="#`+strings.Repeat("x", 15<<20)+`"/></r>`), want: "which is not in the message"},
		"a long text many times":         {body: inBody("", `<r`+mark+`>`+strings.Repeat(`<a href="#i"/>`, 90_000)+`</r><x id="i">`+strings.Repeat("x", 8<<20)+`</x>`), want: "the references in the message make more than"},
		"many attributes many times":     {body: inBody("", `<r`+mark+`>`+strings.Repeat(`<a href="#i"/>`, 90_000)+`</r><x id="i"`+attributes+`/>`), want: "the references in the message make more than"},
		"the same of an rpc operation":   {rpc: true, body: inBody("", `<findResponse><return>`+strings.Repeat(`<a href="#i"/>`, 90_000)+`</return></findResponse><x id="i"><sku>`+strings.Repeat("x", 8<<20)+`</sku></x>`), want: "the references in the message make more than"},
		"parts that no message has":      {rpc: true, body: inBody("", `<findResponse>`+strings.Repeat(`<a>1</a>`, 190_000)+`</findResponse>`)},
		"elements that no operation has": {rpc: true, body: inBody("", strings.Repeat(`<a>1</a>`, 190_000))},
	}
}

// hostileParts are hostile multipart messages.
func hostileParts() map[string]hostileAnswer {
	envelope := inBody("", `<r><a><xop:Include href="cid:x"/></a></r>`)
	including := func(href string) string {
		return inParts(inBody("", `<r><a><xop:Include href="`+href+`"/></a></r>`), partOf("x", "y"))
	}
	return map[string]hostileAnswer{
		"1,000,000 parts":             {media: related, body: inParts(envelope, strings.Repeat("--b\r\n\r\n\r\n", 1_000_000)), want: "the message has more than 1000 parts"},
		"1,000,000 headers":           {media: related, body: "--b\r\n" + numbered(1_000_000, "A%d: x\r\n") + "\r\nx\r\n--b--\r\n", want: "the multipart message is broken"},
		"a header of 15 MB":           {media: related, body: "--b\r\nContent-ID: " + strings.Repeat("x", 15<<20) + "\r\n\r\nx\r\n--b--\r\n", want: "the multipart message is broken"},
		"an ID of 7 MB, twice":        {media: related, body: inParts(envelope, partOf(strings.Repeat("x", 7<<20), "y"), partOf(strings.Repeat("x", 7<<20), "y")), want: "two parts of the message have the Content-ID"},
		"an encoding of 7 MB":         {media: related, body: inParts(envelope, "--b\r\nContent-Transfer-Encoding: "+strings.Repeat("x", 7<<20)+"\r\n\r\nx\r\n"), want: "has the transfer encoding"},
		"no boundary":                 {media: "multipart/related", body: inParts(envelope), want: "names no boundary"},
		"boundaries without end":      {media: related, body: strings.Repeat("--b", 5<<20), want: "the multipart message is broken"},
		"lines of dashes":             {media: related, body: "--b\r\n\r\n" + strings.Repeat("\r\n--", 3<<20), want: "the multipart message is broken"},
		"a multipart in itself":       {media: related, body: "--b\r\nContent-Type: multipart/related; boundary=b\r\n\r\n" + inParts(envelope), want: "the body is not a SOAP message"},
		"a part that includes itself": {media: related, body: "--b\r\nContent-ID: <x>\r\n\r\n" + envelope + "\r\n--b--\r\n", want: "which the message does not have"},
		"a file":                      {media: related, body: including("file:///etc/passwd"), want: "only parts of the message (cid:) may stand there"},
		"an address":                  {media: related, body: including("SELF/fetched"), want: "only parts of the message (cid:) may stand there"},
		"a long address":              {media: related, body: including(strings.Repeat("x", 15<<20)), want: "only parts of the message (cid:) may stand there"},
		"a long name of a part":       {media: related, body: including("cid:" + strings.Repeat("x", 15<<20)), want: "which the message does not have"},
		"a part many times":           {media: related, body: inParts(inBody("", `<r>`+strings.Repeat(`<a><xop:Include href="cid:x"/></a>`, 60_000)+`</r>`), partOf("x", strings.Repeat("x", 8<<20))), want: "the message includes its parts so often that it grows by more than 64 MB"},
		"base64 of base64":            {media: related, body: inParts(inBody("", `<r/>`), "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(make([]byte, 10<<20))+"\r\n")},
		"an Include beside a text":    {media: related, body: inParts(inBody("", `<r>x<xop:Include href="cid:x"/></r>`), partOf("x", "y")), want: "has something beside its xop:Include"},
		"an entity in the root":       {media: related, body: inParts(inBody(`<!DOCTYPE a SYSTEM "SELF/fetched.dtd">`, `<r/>`)), want: doctype},
		"a Content-Type without end":  {media: related + `; x="` + strings.Repeat("y", 100_000) + `"`, body: inParts(inBody("", `<r/>`))},
		"a bomb of gzip, of parts":    {media: related, gzip: true, stream: forever("--b\r\n\r\n", "0"), want: "the body is larger than max_body (16MB)"},
	}
}

// TestHostileAnswers calls servers that mean no good. Nothing but the call reaches them, and each costs bounded memory. It does not run
// beside other tests, because it counts what is allocated.
func TestHostileAnswers(t *testing.T) {
	for _, table := range []map[string]hostileAnswer{hostileXML(), hostileReferences(), hostileParts()} {
		for name, h := range table {
			t.Run(name, func(t *testing.T) { h.check(t) })
		}
	}
}

func (h hostileAnswer) check(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.URL.String())
		mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	h.body = strings.ReplaceAll(h.body, "SELF", server.URL)
	in := steps.Input{"profile": "test", "base_url": server.URL, "path": "/soap", "body": pairs("ask", 1), "max_body": int64(16 << 20)}
	env := &withWSDL(t).Env
	if h.rpc {
		delete(in, "body")
		in["wsdl"], in["operation"], in["params"] = "stock.wsdl", "find", pairs("skus", "a", "limit", 1)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out, err := soap.Kind().Run(t.Context(), in, env)
	runtime.ReadMemStats(&after)
	got := fmt.Sprint(err)
	if h.want == "" && err != nil || h.want != "" && !strings.Contains(got, h.want) {
		t.Errorf("got %.500s, %.500s, want %s", fmt.Sprint(out.Value), got, h.want)
	}
	if len(got) > mostSaid {
		t.Errorf("the error has %d bytes: %.300s", len(got), got)
	}
	if strings.ContainsAny(got, "\u009b\u202e\x1b") {
		t.Errorf("the error can steer a terminal: %q", got)
	}
	if cost := after.TotalAlloc - before.TotalAlloc; cost > mostAllocated {
		t.Errorf("it costs %d MB", cost>>20)
	}
	if size := sizeOf([]any{out.Value, out.Names}); size > mostGiven {
		t.Errorf("it gives %d MB", size>>20)
	}
	if mu.Lock(); len(asked) != 1 || asked[0] != "POST /soap" {
		t.Errorf("the server was asked for %q", asked)
	}
	mu.Unlock()
	if warnings, _ := out.Names["warnings"].([]any); len(warnings) > 300 {
		t.Errorf("it gives %d warnings", len(warnings))
	}
}

// sizeOf counts the bytes of all texts of a value, each as often as it stands in it.
func sizeOf(value any) (size int) {
	switch value := value.(type) {
	case string:
		return len(value)
	case []any:
		for _, item := range value {
			size += sizeOf(item)
		}
	case map[string]any:
		for key, item := range value {
			size += len(key) + sizeOf(item)
		}
	}
	return size
}
