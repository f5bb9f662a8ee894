package soap_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// TestFilesThatChange holds that a WSDL is compiled again when what it imports was changed, also where that was broken or missing.
func TestFilesThatChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	types := func(typ string) string {
		return `<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><element name="q" type="` + typ + `"/></schema>`
	}
	write("w.wsdl", `<definitions targetNamespace="urn:w" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:w="urn:w" xmlns:t="urn:t" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">
  <types><schema xmlns="http://www.w3.org/2001/XMLSchema"><import namespace="urn:t" schemaLocation="t.xsd"/></schema></types>
  <message name="m"><part name="p" element="t:q"/></message>
  <portType name="pt"><operation name="op"><input message="w:m"/></operation></portType>
  <binding name="b" type="w:pt"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="op"><input><s:body use="literal"/></input></operation></binding>
  <service name="sv"><port name="po" binding="w:b"><s:address location="http://example.com/"/></port></service>
</definitions>`)
	kind := soap.Kind()
	in := steps.Input{"wsdl": "w.wsdl", "operation": "op", "params": "many"}
	for _, change := range []struct{ text, want string }{
		{"", "wsdl cannot be used: w.wsdl:2:"},
		{types("string"), ""},
		{types("int"), `params "many" is not`},
		{types("integ"), "wsdl cannot be used: t.xsd:1:"},
		{types("string"), ""},
	} {
		if change.text != "" {
			write("t.xsd", change.text)
		}
		var want []string
		if change.want != "" {
			want = []string{change.want}
		}
		told(t, kind.Check(in, dir), want)
		told(t, kind.Check(in, dir), want) // as it is kept
	}
}

// TestUnfetchedWSDLs holds that a WSDL that may be had later is asked for again, and another is not.
func TestUnfetchedWSDLs(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	s := steptest.NewServer(t).On("GET /busy", steptest.Text(503, "later")).On("GET /limited", steptest.Text(429, "later")).
		On("GET /none", steptest.Text(404, "none")).On("GET /away", steptest.Answer{Status: 302, Header: steptest.Header("Location", "http://example.com/w")}).
		On("GET /page", steptest.Text(200, "<html></html>"))
	tests := []struct {
		name, wsdl    string
		kind, message string
		status        int
		repeat        steps.Repeat
	}{
		{"nobody there", down.URL + "/w?key=s3cret", steps.Network, "the WSDL " + down.URL + "/w cannot be fetched: connection refused", 0, steps.Always},
		{"busy", "/busy", steps.Status, "the server answered 503 Service Unavailable", 503, steps.Always},
		{"limited", "/limited", steps.Status, "the server answered 429 Too Many Requests", 429, steps.Always},
		{"missing", "/none", steps.Status, "the server answered 404 Not Found", 404, steps.Never},
		{"elsewhere", "/away", steps.Content, "the server redirects to http://example.com, which is another origin", 0, steps.Never},
		{"a page", "/page", steps.Content, "this is an HTML page", 0, steps.Never},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := steptest.Run(t, soap.Kind(), placing(s, steps.Input{"wsdl": tt.wsdl}))
			e := failed(t, err)
			if e.Kind != tt.kind || !strings.Contains(e.Message, tt.message) || e.Status != tt.status || e.Repeat != tt.repeat || !e.NoEffect {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// refusing is a Clients whose client fails with an error.
type refusing struct{ error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.error }

// waiting is the error of a sign-in that may be possible later.
type waiting struct{ error }

func (waiting) Temporary() bool           { return true }
func (waiting) RetryAfter() time.Duration { return time.Minute }
func (waiting) Help() string              { return "wait" }
func (waiting) Held() time.Duration       { return time.Minute }

func TestUnfetchedForWantOfASignIn(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(refusing{waiting{os.ErrDeadlineExceeded}})
	_, err := soap.Kind().Run(t.Context(), steps.Input{"wsdl": "https://example.com/w", "operation": "op"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.Auth || e.Repeat != steps.Always || e.RetryAfter != time.Minute || e.Hint != "wait" || !e.NoEffect {
		t.Errorf("got %+v", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = soap.Kind().Run(ctx, steps.Input{"wsdl": "https://example.com/w", "operation": "op"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.Cancelled || e.Repeat != steps.Never {
		t.Errorf("got %+v", e)
	}
}
