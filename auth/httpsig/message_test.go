package httpsig

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestOutgoingIsWhatArrives compares requests as they are signed with the same requests as a server receives them.
func TestOutgoingIsWhatArrives(t *testing.T) {
	t.Parallel()
	var got Message
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { got = Incoming(req) }))
	t.Cleanup(server.Close)
	tests := []struct {
		name   string
		change func(*http.Request)
		absent string // a header that must not be there
	}{
		{"as it is", func(*http.Request) {}, "User-Agent"},
		{"another method", func(r *http.Request) { r.Method = "DELETE" }, "Content-Length"},
		{"no method", func(r *http.Request) { r.Method = "" }, "Content-Length"},
		{"no body, POST", func(r *http.Request) { r.Method = "POST" }, ""},
		{"no body, PATCH", func(r *http.Request) { r.Method = "PATCH" }, ""},
		{"an empty body, PUT", func(r *http.Request) { r.Method, r.Body = "PUT", http.NoBody }, ""},
		{"a body", func(r *http.Request) { r.Method, r.Body, r.ContentLength = "POST", body("hello"), 5 }, ""},
		{"a body of unknown length", func(r *http.Request) { r.Method, r.Body, r.ContentLength = "POST", body("hello"), -1 }, "Content-Length"},
		{"a length that is not its own", func(r *http.Request) { r.Header.Set("Content-Length", "7") }, "Content-Length"},
		{"a host in the header", func(r *http.Request) { r.Header.Set("Host", "other.example") }, ""},
		{"a program", func(r *http.Request) { r.Header["User-Agent"] = []string{" a ", "b"} }, ""},
		{"no program", func(r *http.Request) { r.Header["User-Agent"] = []string{""} }, "User-Agent"},
		{"a host of its own", func(r *http.Request) { r.Host = "API.example.com:80" }, ""},
		{"a host with a port", func(r *http.Request) { r.Host = "api.example.com:443" }, ""},
		{"a host in Unicode", func(r *http.Request) { r.Host = "bücher.example" }, ""},
		{"a host with a zone", func(r *http.Request) { r.Host = "[FE80::1%eth0]:8080" }, ""},
		{"no path", func(r *http.Request) { r.URL.Path = "" }, ""},
		{"an empty query", func(r *http.Request) { r.URL.RawQuery, r.URL.ForceQuery = "", true }, ""},
		{"an escaped path", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b//c d", "/a%2Fb//c%20d" }, ""},
		{"a raw path that does not fit", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/ä", "/other" }, ""},
		{"lines of one header", func(r *http.Request) { r.Header["X-A"] = []string{" a ", "b"} }, ""},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/p?q=%7e+&", nil)
		if err != nil {
			t.Fatal(err)
		}
		tt.change(req)
		want, err := Outgoing(req)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		req.Host = want.Host
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		resp.Body.Close()
		for _, name := range []string{
			"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", "host", "content-length", "user-agent", "x-a",
		} {
			got, want := lineOf(t, got, name), lineOf(t, want, name)
			if name == "user-agent" && strings.HasPrefix(want, "!") {
				continue // the transport names itself
			}
			if got != want {
				t.Errorf("%s: %s arrived as %s, signed as %s", tt.name, name, got, want)
			}
		}
		if _, there := want.Header[tt.absent]; there {
			t.Errorf("%s: %s is signed", tt.name, tt.absent)
		}
	}
}

func body(text string) io.ReadCloser { return io.NopCloser(bytes.NewReader([]byte(text))) }

func TestOutgoingRefuses(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]*http.Request{
		"no host":      {URL: &url.URL{Scheme: "https", Path: "/"}},
		"no such host": {URL: &url.URL{Scheme: "https", Host: "a b"}},
		"opaque":       {URL: &url.URL{Scheme: "https", Host: "a.example", Opaque: "//a.example/b"}},
	} {
		if m, err := Outgoing(req); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// TestSignRequestBeside signs a request that somebody has signed already.
func TestSignRequestBeside(t *testing.T) {
	t.Parallel()
	sign, verify, err := NewSecretKeys([]byte("k"))
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("GET", "https://Example.com:443/p", nil)
	for _, label := range []string{"a", "b"} {
		covered := components(t, "@target-uri")
		if label == "b" {
			covered = components(t, `signature;key="a"`, "@target-uri")
		}
		s, err := New(label, covered, Params{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SignRequest(req, sign); err != nil {
			t.Fatal(err)
		}
		if err := s.SignRequest(req, sign); err == nil || err.Error() != "the request already has a signature labelled "+label {
			t.Errorf("signed twice: %v", err)
		}
	}
	if req.Host != "example.com" {
		t.Errorf("host %s", req.Host)
	}
	all, err := Parse(req.Header)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	m := Message{Method: "GET", Scheme: "https", Host: req.Host, Target: "/p", Header: req.Header}
	for _, s := range all {
		if err := s.Verify(m, verify, s.Params.Created); err != nil {
			t.Error(err)
		}
	}
	req.Header.Del("Signature-Input")
	req.Header.Set("Signature", "(")
	if err := all[0].SignRequest(req, sign); err == nil || !strings.HasPrefix(err.Error(), "the request has a header Signature that cannot be read: ") {
		t.Errorf("a header that is broken: %v", err)
	}
}
