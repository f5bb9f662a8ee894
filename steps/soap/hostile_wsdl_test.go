package soap_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// hostileWSDL is a WSDL that costs a careless client its memory, or has it ask others, and the error that it ends with, "" where it
// can be used. In it SELF stands for its server, OTHER for another one.
type hostileWSDL struct {
	hostileAnswer
	asked []string // paths of its server besides /w, at most
}

// describing gives a WSDL with one operation O, whose element has the type t:T of the schema's components.
func describing(imports, components string) string {
	return `<definitions targetNamespace="urn:t" xmlns:t="urn:t" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">` + imports +
		`<types><xs:schema targetNamespace="urn:t">` + components + `<xs:element name="o" type="t:T"/></xs:schema></types>` +
		`<message name="M"><part name="p" element="t:o"/></message><portType name="P"><operation name="O"><input message="t:M"/></operation></portType>` +
		`<binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="O"><soap:operation soapAction=""/><input><soap:body use="literal"/></input></operation></binding>` +
		`<service name="S"><port name="P" binding="t:B"><soap:address location="SELF/soap"/></port></service></definitions>`
}

const (
	plainType = `<xs:complexType name="T"><xs:sequence><xs:element name="a" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>`
	patterned = `<xs:complexType name="T"><xs:sequence><xs:element name="a" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">%s</xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType>`
)

func hostileWSDLs() map[string]hostileWSDL {
	document := func(text, want string, asked ...string) hostileWSDL {
		return hostileWSDL{hostileAnswer{body: text, want: want}, asked}
	}
	imports := func(location, want string, asked ...string) hostileWSDL {
		return document(describing(`<import namespace="urn:x" location="`+location+`"/>`, plainType), want, asked...)
	}
	includes := func(location, want string, asked ...string) hostileWSDL {
		return document(describing("", `<xs:include schemaLocation="`+location+`"/>`+plainType), want, asked...)
	}
	return map[string]hostileWSDL{
		"an import of itself":           imports("SELF/w", ""),
		"an import of itself, relative": imports("../w", ""),
		"imports of another host":       imports("OTHER/w", "which is another origin than that of the WSDL"),
		"an import of another scheme":   imports("ftp://127.0.0.1/w", "it is of ftp:"),
		"an import of a file":           imports("file:///etc/passwd", "it is of file:"),
		"an import of nowhere":          imports("//OTHERHOST/w", "which is another origin than that of the WSDL"),
		"an import that is redirected":  imports("/away", "which is another origin than that of the WSDL", "/away"),
		"an include of another host":    includes("OTHER/w", "which is another origin than that of the WSDL"),
		"an include of a file":          includes("file:///etc/passwd", "it is of file:"),
		"an include that is redirected": includes("/away", "which is another origin than that of the WSDL", "/away"),
		"a redirect to another host":    {hostileAnswer{status: http.StatusFound, want: "which is another origin than that of the WSDL"}, nil},
		"a DTD":                         document(`<!DOCTYPE a SYSTEM "SELF/fetched.dtd">`+describing("", plainType), doctype),
		"a bomb of gzip":                {hostileAnswer{gzip: true, stream: forever("<definitions>", " "), want: "the document has more than 16 MB"}, nil},
		"an endless stream":             {hostileAnswer{stream: forever("<definitions>", " "), want: "the document has more than 16 MB"}, nil},
		"groups that double": document(describing("", numbered(64, `<xs:group name="g%[1]d"><xs:sequence><xs:group ref="t:g%[1]d_"/><xs:group ref="t:g%[1]d_"/></xs:sequence></xs:group>`+
			`<xs:group name="g%[1]d_"><xs:sequence><xs:element name="a%[1]d"/></xs:sequence></xs:group>`)+plainType), ""),
		"occurrence without end":       document(describing("", `<xs:complexType name="T"><xs:sequence minOccurs="0" maxOccurs="999999999"><xs:element name="a" maxOccurs="999999999" type="xs:string"/></xs:sequence></xs:complexType>`), ""),
		"a demand without end":         document(describing("", `<xs:complexType name="T"><xs:sequence minOccurs="999999999" maxOccurs="999999999"><xs:element name="a" minOccurs="999999999" maxOccurs="999999999" type="xs:string"/></xs:sequence></xs:complexType>`), "a"),
		"200,000 values":               document(describing("", fmt.Sprintf(patterned, numbered(200_000, `<xs:enumeration value="%d"/>`))), "is none of the 200000 values"),
		"a pattern that explodes":      document(describing("", fmt.Sprintf(patterned, `<xs:pattern value="((((x{1,999}){1,999}){1,999}){1,999})*"/>`)), ""),
		"a pattern that backtracks":    document(describing("", fmt.Sprintf(patterned, `<xs:pattern value="(x+x+)+y"/>`)), "does not match"),
		"a type in itself":             document(describing("", `<xs:complexType name="T"><xs:sequence><xs:element name="a" minOccurs="0" type="xs:string"/><xs:element name="b" minOccurs="0" type="t:T"/></xs:sequence></xs:complexType>`), ""),
		"a type that must have itself": document(describing("", `<xs:complexType name="T"><xs:sequence><xs:element name="a" type="xs:string"/><xs:element name="b" type="t:T"/></xs:sequence></xs:complexType>`), "b is missing"),
		"a type derived from itself":   document(describing("", `<xs:complexType name="T"><xs:complexContent><xs:extension base="t:T"/></xs:complexContent></xs:complexType>`), "T"),
		"a simple type of itself":      document(describing("", `<xs:simpleType name="T"><xs:union memberTypes="t:T t:T"/></xs:simpleType>`), "T"),
		"an endless default":           document(describing("", `<xs:complexType name="T"><xs:sequence><xs:element name="a" minOccurs="0" type="xs:string"/></xs:sequence><xs:attribute name="x" type="xs:string" fixed="`+strings.Repeat("f", 8<<20)+`"/></xs:complexType>`), ""),
	}
}

// TestHostileWSDLs calls an operation of WSDLs that mean no good, with a long value. Nothing is asked but the server of the WSDL, and
// each costs bounded memory. It does not run beside other tests, because it counts what is allocated.
func TestHostileWSDLs(t *testing.T) {
	for name, h := range hostileWSDLs() {
		t.Run(name, func(t *testing.T) { h.check(t) })
	}
}

func (h hostileWSDL) check(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other server was asked for %s", r.URL)
	}))
	defer other.Close()
	var mu sync.Mutex
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/soap":
			w.WriteHeader(http.StatusAccepted)
		case r.URL.Path == "/away" || h.status == http.StatusFound:
			http.Redirect(w, r, other.URL+"/w", http.StatusFound)
		case r.URL.Path == "/w":
			answer := h.hostileAnswer
			answer.body = strings.NewReplacer("SELF", server.URL, "OTHERHOST", other.Listener.Addr().String(), "OTHER", other.URL).Replace(answer.body)
			answer.ServeHTTP(w, r)
		case !slices.Contains(h.asked, r.URL.Path):
			t.Errorf("the server was asked for %s", r.URL)
		}
	}))
	defer server.Close()
	in := steps.Input{"profile": "test", "base_url": server.URL, "path": "/soap", "wsdl": "/w", "operation": "O", "params": pairs("a", strings.Repeat("x", 20_000))}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out, err := soap.Kind().Run(t.Context(), in, &steptest.NewEnv(t).Env)
	runtime.ReadMemStats(&after)
	got := said(err)
	if h.want == "" && err != nil || h.want != "" && (err == nil || !strings.Contains(got, h.want)) {
		t.Errorf("got %.300v, %.600s, want %s", out.Value, got, h.want)
	}
	if len(got) > 20_000 {
		t.Errorf("the error has %d bytes: %.300s", len(got), got)
	}
	if cost := after.TotalAlloc - before.TotalAlloc; cost > mostAllocated {
		t.Errorf("it costs %d MB", cost>>20)
	}
}

// said is all that an error says.
func said(err error) string {
	text := fmt.Sprint(err)
	if e, ok := err.(*steps.Error); ok {
		for _, p := range e.Problems {
			text += "\n" + p.Path + ": " + p.Message + " " + p.Hint
		}
	}
	return text
}

// TestHostileFolders has WSDLs of the project lead out of it.
func TestHostileFolders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ wsdl, location, want string }{
		"a file of the machine":   {"wsdl/w.wsdl", "file:///etc/hostname", "it is an absolute path"},
		"an absolute path":        {"wsdl/w.wsdl", "/etc/hostname", "it is an absolute path"},
		"a way out":               {"wsdl/w.wsdl", "../../outside.xsd", "it is not in the folder of the WSDL"},
		"a way out, escaped":      {"wsdl/w.wsdl", "%2e%2e/%2e%2e/outside.xsd", "it is not in the folder of the WSDL"},
		"a way out of Windows":    {"wsdl/w.wsdl", `..\..\outside.xsd`, "it is not in the folder of the WSDL"},
		"a link that leads out":   {"wsdl/w.wsdl", "link.xsd", "path escapes"},
		"a folder that leads out": {"wsdl/w.wsdl", "links/outside.xsd", "path escapes"},
		"the web":                 {"wsdl/w.wsdl", "http://127.0.0.1:1/x.xsd", "it is on the web"},
		"a pipe":                  {"wsdl/w.wsdl", "/dev/stdin", "it is an absolute path"},
		"a WSDL outside":          {"../outside.wsdl", "x.xsd", "path escapes from parent"},
		"a link to a WSDL":        {"link.wsdl", "x.xsd", "path escapes from parent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside := t.TempDir()
			dir := filepath.Join(outside, "project")
			text := describing("", `<xs:include schemaLocation="`+tt.location+`"/>`+plainType)
			for file, content := range map[string]string{"project/wsdl/w.wsdl": text, "outside.xsd": "MARKED", "outside.wsdl": describing("", plainType)} {
				file = filepath.Join(outside, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for link, to := range map[string]string{"wsdl/link.xsd": "../../outside.xsd", "wsdl/links": outside, "link.wsdl": "../outside.wsdl"} {
				if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			in := steps.Input{"endpoint": "http://127.0.0.1:1", "wsdl": tt.wsdl, "operation": "O"}
			problems := soap.Kind().Check(in, dir)
			if got := fmt.Sprint(problems); len(problems) != 1 || !strings.Contains(got, tt.want) || strings.Contains(got, "MARKED") {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
