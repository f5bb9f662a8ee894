package wsdl

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// service is the WSDL of a page of testdata/load.
func service(t *testing.T, page string) string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/load/" + page + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return string(archive.Files[0].Data)
}

// loadFrom loads a WSDL from a server.
func loadFrom(t *testing.T, address string) (*Definitions, error) {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return Load(t.Context(), Web(http.DefaultClient, base), address)
}

func TestWeb(t *testing.T) {
	t.Parallel()
	parts, err := txtar.ParseFile("testdata/load/imports.txtar")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		for _, f := range parts.Files {
			if r.URL.Path == "/"+f.Name {
				w.Write([]byte(strings.ReplaceAll(string(f.Data), `..\`, "../")))
				return
			}
		}
		http.Redirect(w, r, "/wsdl/w.wsdl", http.StatusFound)
	}))
	defer server.Close()
	d, err := loadFrom(t, server.URL+"/wsdl/w.wsdl?WSDL")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Files) != 5 || d.Files[0].Location != server.URL+"/wsdl/w.wsdl?WSDL" || d.Files[4].Location != server.URL+"/wsdl/types.xsd" {
		t.Errorf("got %d files, want the WSDL by two addresses and three more", len(d.Files))
	}
	for path, n := range asked {
		if n > 1 && path != "/wsdl/w.wsdl" {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
	if _, err := loadFrom(t, server.URL+"/deep/down/moved"); err != nil {
		t.Errorf("got %v of a redirect to the same origin", err)
	}
}

// TestWebMistakes holds that only the origin of the WSDL is asked, and says what is wrong with an answer. SELF stands for it.
func TestWebMistakes(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the other origin was asked")
	}))
	defer other.Close()
	imports := func(location string) string {
		return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><import namespace="urn:x" location="` + location + `"/></definitions>`
	}
	pages := map[string]http.HandlerFunc{
		"/404":     http.NotFound,
		"/401":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) },
		"/204":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"/away":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/w?key=secret", 302) },
		"/loop":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", 302) },
		"/page":    func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Sign in</html>") },
		"/endless": func(w http.ResponseWriter, _ *http.Request) { writeZeros(w) },
		"/bomb":    bomb,
		"/broken":  func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"/imports1": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, imports(other.URL+"/w.wsdl?key=secret"))
		},
		"/imports2": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, imports("file:///etc/passwd")) },
		"/imports3": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, imports("/404?key=secret")) },
		"/imports4": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, imports("http://someone:pass@"+r.Host+"/404"))
		},
		"/imports5": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, imports("/away")) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pages[r.URL.Path](w, r) }))
	defer server.Close()
	const hint = "\n  save both documents in one folder of the project, and have the import name the file"
	for path, want := range map[string]string{
		"/404?key=secret": "SELF/404: cannot be read: the server answered 404 Not Found",
		"/404?WSDL":       "SELF/404?WSDL: cannot be read: the server answered 404 Not Found",
		"/401":            "SELF/401: cannot be read: the server answered 401 Unauthorized: it wants another sign-in",
		"/204":            "SELF/204: cannot be read: the server answered 204 No Content",
		"/away":           "SELF/away: cannot be read: the server redirects to OTHER, which is another origin than that of the WSDL",
		"/loop":           "SELF/loop: cannot be read: the server redirects more than 5 times",
		"/page":           "SELF/page: this is an HTML page, as a rule one where people sign in, or one about the service\n  open it in a browser to see what it says; the address of a WSDL often ends with ?wsdl",
		"/endless":        "SELF/endless: cannot be read: the document has more than 16 MB",
		"/bomb":           "SELF/bomb: cannot be read: the document has more than 16 MB",
		"/broken":         "SELF/broken: cannot be read: EOF",
		"/imports1":       "SELF/imports1:1:55: cannot import OTHER/w.wsdl: it is at OTHER, which is another origin than that of the WSDL" + hint,
		"/imports2":       "SELF/imports2:1:55: cannot import file:///etc/passwd: it is of file:, and a WSDL on the web may import what its own server has only" + hint,
		"/imports3":       "SELF/imports3:1:55: cannot import /404: the server answered 404 Not Found" + hint,
		"/imports4":       "SELF/imports4:1:55: cannot import SELF/404: there is a user in the address" + hint,
		"/imports5":       "SELF/imports5:1:55: cannot import /away: the server redirects to OTHER, which is another origin than that of the WSDL" + hint,
	} {
		got := strings.TrimSpace(print(loadFrom(t, server.URL+path)))
		got = strings.ReplaceAll(strings.ReplaceAll(got, server.URL, "SELF"), other.URL, "OTHER")
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}

// writeZeros writes until nobody reads any more.
func writeZeros(w io.Writer) {
	for zeros := make([]byte, 1<<20); ; {
		if _, err := w.Write(zeros); err != nil {
			return
		}
	}
}

// bomb answers with little that is much when decompressed.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	defer z.Close()
	writeZeros(z)
}

// TestWebResolve holds that a document of another origin is refused before anything asks for it.
func TestWebResolve(t *testing.T) {
	t.Parallel()
	src := Web(http.DefaultClient, &url.URL{Scheme: "https", Host: "example.com", Path: "/ws/a"})
	for named, want := range map[string]string{
		"b?xsd=1#part":               "https://example.com/ws/b?xsd=1",
		"../b":                       "https://example.com/b",
		"HTTPS://EXAMPLE.com:443/b":  "https://EXAMPLE.com:443/b",
		"http://example.com/b":       "it is at http://example.com, which is another origin than that of the WSDL",
		"https://example.com:8443/b": "it is at https://example.com:8443, which is another origin than that of the WSDL",
		"//example.org/b":            "it is at https://example.org, which is another origin than that of the WSDL",
		"ftp://example.com/b":        "it is of ftp:, and a WSDL on the web may import what its own server has only",
		"%zz":                        "this is no address",
	} {
		got, err := src.Resolve("https://example.com/ws/a", named)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", named, got, want)
		}
	}
}

// TestReadOnce holds that a document is asked for once, however often it is named.
func TestReadOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; io.WriteString(w, "<a/>") }))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder(Web(http.DefaultClient, base))
	for range 2 {
		if data, err := r.Read(t.Context(), server.URL); err != nil || string(data) != "<a/>" {
			t.Fatalf("got %q, %v", data, err)
		}
	}
	if asked != 1 || len(r.files) != 1 {
		t.Errorf("asked %d times, kept %d files, want 1 of each", asked, len(r.files))
	}
}

func TestWebCause(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := loadFrom(t, server.URL+"/w?key=secret")
	status, ok := errors.AsType[*StatusError](err)
	if !ok || status.Status != 404 || status.From != server.URL+"/w" {
		t.Errorf("got %v, want a StatusError", err)
	}
}

// TestWebSlowDrip holds that a server which gives a byte now and then is left after a minute.
func TestWebSlowDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		dripped := make(chan struct{})
		go func() {
			defer close(dripped)
			defer server.Close()
			asked := bufio.NewReader(server)
			if _, err := http.ReadRequest(asked); err != nil {
				return // an answer that comes before would be one to nothing
			}
			go io.Copy(io.Discard, asked)
			io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
			for {
				time.Sleep(time.Second)
				if _, err := server.Write([]byte(" ")); err != nil {
					return
				}
			}
		}()
		dial := func(context.Context, string, string) (net.Conn, error) { return client, nil }
		transport := &http.Transport{DialContext: dial}
		base := &url.URL{Scheme: "http", Host: "example.com"}
		started := time.Now()
		_, err := Web(&http.Client{Transport: transport}, base).Read(t.Context(), "http://example.com/w")
		want := "the server took more than 1m0s: context deadline exceeded"
		if err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != readTime {
			t.Errorf("got %v after %s, want %s", err, time.Since(started), want)
		}
		<-dripped
	})
}

// slowly is a server in memory, which takes nearly as long for each document as it may.
type slowly string

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(readTime - time.Second):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(s))), Request: r}, nil
}

// TestManySlowImports holds that a WSDL of many documents, of which none is too slow by itself, is given up.
func TestManySlowImports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		text.WriteString(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">`)
		for i := range 30 {
			fmt.Fprintf(&text, `<import location="%d.wsdl"/>`, i)
		}
		text.WriteString(`</definitions>`)
		base := &url.URL{Scheme: "http", Host: "example.com"}
		started := time.Now()
		_, err := Load(t.Context(), Web(&http.Client{Transport: slowly(text.String())}, base), "http://example.com")
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(fmt.Sprint(err), "the WSDL and what it imports took more than 5m0s") || time.Since(started) != loadTime {
			t.Errorf("got %.300v after %s", err, time.Since(started))
		}
	})
}

// TestManyMissingImports holds that the number of documents that are asked for is bounded, also where there are none.
func TestManyMissingImports(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">`)
		for i := range 1000 {
			fmt.Fprintf(w, `<import location="%d.wsdl"/>`, i)
		}
		io.WriteString(w, `</definitions>`)
	}))
	defer server.Close()
	if _, err := loadFrom(t, server.URL+"/"); err == nil || asked != maxDocuments {
		t.Errorf("got %.300v after %d documents", err, asked)
	}
}

// TestManyImports holds that the number of documents is bounded.
func TestManyImports(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		io.WriteString(w, `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">`)
		for i := range 1000 {
			fmt.Fprintf(w, `<import location="%d-%d.wsdl"/>`, asked, i)
		}
		io.WriteString(w, `</definitions>`)
	}))
	defer server.Close()
	_, err := loadFrom(t, server.URL)
	if err == nil || !strings.Contains(err.Error(), "the WSDL is made of more than 200 documents") || asked != maxDocuments {
		t.Errorf("got %.300v after %d documents", err, asked)
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"wsdl/orders.wsdl":              "wsdl/orders.wsdl",
		"https://example.com/a?wsdl":    "https://example.com/a?wsdl",
		"https://example.com/a?xsd=2":   "https://example.com/a?xsd=2",
		"https://example.com/a?key=1":   "https://example.com/a",
		"https://example.com/a?WSDL&k=": "https://example.com/a",
		"http://a:b@example.com/a?wsdl": "http://example.com/a?wsdl",
		"a.xsd?key=1":                   "a.xsd",
		`sub\a.xsd`:                     `sub\a.xsd`,
	} {
		if got := Shown(location); got != want {
			t.Errorf("%s: got %s, want %s", location, got, want)
		}
	}
}

// holding holds each request back before it sets out, as a limit of a profile does.
type holding struct {
	time.Duration
	next http.RoundTripper
}

func (h holding) RoundTrip(r *http.Request) (*http.Response, error) {
	if end, limited := r.Context().Deadline(); limited && time.Until(end) < h.Duration {
		return nil, errors.New("held back for too long")
	}
	select {
	case <-time.After(h.Duration):
		return h.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// TestWebHeldBack holds that the time in which a limit holds a request back is not that of the server.
func TestWebHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<a/>")
			}
		}()
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
		base := &url.URL{Scheme: "http", Host: "example.com"}
		data, err := Web(&http.Client{Transport: holding{2 * readTime, transport}}, base).Read(t.Context(), "http://example.com/w")
		if err != nil || string(data) != "<a/>" {
			t.Errorf("got %q, %v", data, err)
		}
	})
}
