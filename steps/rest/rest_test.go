package rest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// under makes an input for a path of the server, with further fields.
func under(s *steptest.Server, path string, fields steps.Input) steps.Input {
	in := steps.Input{"profile": "test", "base_url": s.URL, "path": path}
	maps.Copy(in, fields)
	return in
}

// failed gives the *steps.Error that err must be.
func failed(t *testing.T, err error) *steps.Error {
	t.Helper()
	var e *steps.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *steps.Error", err)
	}
	return e
}

func TestRequestAsItArrives(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /v1/alerts", steptest.JSON(`{"id":7}`))
	out, err := steptest.Run(t, rest.Kind(), under(s, "/v1/alerts", steps.Input{
		"method": "POST",
		"query": steps.Pairs{
			{Key: "sysparm_query", Value: "priority=1^sys_updated_on>=2026-01-01 00:00:00^ORDERBYsys_id"},
			{Key: "tag", Value: []any{"a", nil, "b&c"}},
			{Key: "gone", Value: nil},
		},
		"headers":         steps.Pairs{{Key: "x-correlation", Value: "run 1"}, {Key: "X-Left-Out", Value: nil}},
		"json":            steps.Pairs{{Key: "z", Value: 1234567890123456789}, {Key: "a", Value: "<Zoë> & co"}},
		"idempotency_key": "run-7",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"id": 7}; !reflect.DeepEqual(out.Value, want) {
		t.Errorf("output: got %v, want %v", out.Value, want)
	}
	if out.Names["status"] != 200 || out.Names["url"].(string) == "" || out.Names["headers"].(map[string]any)["content-type"] != "application/json" {
		t.Errorf("names: got %v", out.Names)
	}
	got := s.Last()
	if want := "priority=1^sys_updated_on>=2026-01-01 00:00:00^ORDERBYsys_id"; got.Query.Get("sysparm_query") != want {
		t.Errorf("sysparm_query: got %q, want %q", got.Query.Get("sysparm_query"), want)
	}
	if want := "&tag=a&tag=b%26c"; !strings.HasSuffix(got.Raw, want) || strings.Contains(got.Raw, "+") {
		t.Errorf("query: got %q, want it to end in %q, without +", got.Raw, want)
	}
	if want := `{"z":1234567890123456789,"a":"<Zoë> & co"}`; got.Body != want {
		t.Errorf("body: got %s, want %s", got.Body, want)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "X-Correlation": "run 1", "User-Agent": "snrun/test", "Idempotency-Key": "run-7"} {
		if got.Header.Get(name) != want {
			t.Errorf("header %s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if _, there := got.Header["X-Left-Out"]; there {
		t.Error("a header that is null was sent")
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		field       string
		value       any
		contentType string
		body        string
	}{
		{"json null", "json", nil, "application/json", "null"},
		{"json list", "json", []any{1, "x", nil}, "application/json", `[1,"x",null]`},
		{"form", "form", steps.Pairs{{Key: "b", Value: "x y&z"}, {Key: "a", Value: []any{"1", "2"}}, {Key: "n", Value: nil}},
			"application/x-www-form-urlencoded", "b=x+y%26z&a=1&a=2"},
		{"empty form", "form", steps.Pairs{}, "application/x-www-form-urlencoded", ""},
		{"xml text", "xml", "<a>1</a>", "application/xml", "<a>1</a>"},
		{"xml tree", "xml", steps.Pairs{{Key: "order", Value: steps.Pairs{{Key: "no", Value: steps.Scalar{Value: 7, Text: "007"}}}}},
			"application/xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<order><no>007</no></order>\n"},
		{"text", "body", "a;b\n", "text/plain; charset=utf-8", "a;b\n"},
		{"file", "body_file", "in/data.csv", "application/octet-stream", "x,y\n1,2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/in", steptest.Answer{Status: 204})
			env := steptest.NewEnv(t)
			writeFile(t, filepath.Join(env.Dir, "in/data.csv"), "x,y\n1,2\n")
			out, err := rest.Kind().Run(t.Context(), under(s, "in", steps.Input{"method": "POST", c.field: c.value}), &env.Env)
			if err != nil {
				t.Fatal(err)
			}
			if out.Value != nil {
				t.Errorf("output of a 204: got %v, want null", out.Value)
			}
			got := s.Last()
			if got.Body != c.body || got.Header.Get("Content-Type") != c.contentType || got.Length != int64(len(c.body)) {
				t.Errorf("got %q as %q, length %d; want %q as %q", got.Body, got.Header.Get("Content-Type"), got.Length, c.body, c.contentType)
			}
		})
	}
}

func TestContentTypeOfTheStepWins(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/in", steptest.Answer{})
	_, err := steptest.Run(t, rest.Kind(), under(s, "in", steps.Input{"method": "PATCH", "json": steps.Pairs{},
		"headers": steps.Pairs{{Key: "content-type", Value: "application/merge-patch+json"}}}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Last().Header.Get("Content-Type"), "application/merge-patch+json"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnswersDecoded(t *testing.T) {
	t.Parallel()
	utf16 := "\xff\xfe" + strings.Join(strings.Split(`{"a":"x"}`, ""), "\x00") + "\x00"
	for _, c := range []struct {
		name, accept, contentType, body string
		want                            any
	}{
		{"json", "", "application/json", `{"n":9007199254740993}`, map[string]any{"n": 9007199254740993}},
		{"json with parameters", "auto", "Application/JSON; charset=UTF-8", `[1]`, []any{1}},
		{"json suffix", "auto", "application/problem+json", `{"a":null}`, map[string]any{"a": nil}},
		{"json with byte order mark", "auto", "application/json", "\xef\xbb\xbf[true]", []any{true}},
		{"json in utf-16", "json", "application/json", utf16, map[string]any{"a": "x"}},
		{"json in latin-1", "auto", "application/json; charset=iso-8859-1", "\"\xe9\"", "é"},
		{"json called text", "json", "text/plain", `{"a":1}`, map[string]any{"a": 1}},
		{"json that is blank", "json", "application/json", " \n", nil},
		{"json without a type", "auto", "", ` {"a":1}`, map[string]any{"a": 1}},
		{"text that looks like json", "auto", "text/plain", `{"a":1}`, `{"a":1}`},
		{"xml", "auto", "text/xml; charset=utf-8", `<r><a>1</a></r>`, map[string]any{"r": map[string]any{"a": "1"}}},
		{"xml suffix", "auto", "application/atom+xml", `<feed/>`, map[string]any{"feed": ""}},
		{"text in latin-1", "auto", "text/csv; charset=latin1", "caf\xe9", "café"},
		{"text in utf-16", "text", "text/plain; charset=utf-16", "\x00h\x00i", "hi"},
		{"html as text", "text", "text/html", "<html>x</html>", "<html>x</html>"},
		{"bytes", "bytes", "image/png", "\x89PNG\x00", base64.StdEncoding.EncodeToString([]byte("\x89PNG\x00"))},
		{"text called octet-stream", "auto", "application/octet-stream", "plain", "plain"},
		{"empty", "json", "application/json", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := steptest.Header("Content-Type", c.contentType)
			s := steptest.NewServer(t).On("/x", steptest.Answer{Header: header, Body: c.body})
			out, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"accept": c.accept}))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(out.Value, c.want) {
				t.Errorf("got %#v, want %#v", out.Value, c.want)
			}
		})
	}
}

func TestAnswersThatAreNotData(t *testing.T) {
	t.Parallel()
	page := "<!DOCTYPE html>\n<html><title>Instance hibernating</title>\x00\x1b[31m</html>"
	for _, c := range []struct {
		name, accept, contentType, body, want string
	}{
		{"page under auto", "", "text/html; charset=utf-8", page, "200: the body is an HTML page, not data (text/html, 70 bytes): <!DOCTYPE html> <html><title>Instance hibernating</title> [31m</html>"},
		{"page called json", "json", "application/json", page, "not JSON (application/json, 70 bytes): <!DOCTYPE html>"},
		{"page called json under auto", "auto", "application/json", page, "HTML page"},
		{"page called text", "auto", "text/plain", page, "HTML page"},
		{"page without a type", "auto", "", "\n<HTML><body>", "no Content-Type"},
		{"xhtml", "xml", "application/xhtml+xml", "<html xmlns='http://www.w3.org/1999/xhtml'/>", "HTML page, not XML"},
		{"broken json", "auto", "application/json", `{"a":`, "the body is not JSON: "},
		{"two json values", "auto", "application/json", `{} {}`, "the body is not JSON: "},
		{"broken xml", "auto", "application/xml", `<a>`, "the body is not XML: "},
		{"xml with a DTD", "auto", "application/xml", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "the body is not XML: "},
		{"binary", "auto", "application/pdf", "%PDF\x00\xff", "the body is binary data (application/pdf, 6 bytes)"},
		{"text that is not utf-8", "text", "text/plain", "caf\xe9", "it is not UTF-8"},
		{"charset unknown", "text", "text/plain; charset=klingon", "x", `the charset "klingon" is not known`},
		{"larger than max_body", "text", "text/plain", strings.Repeat("x", 2000), "the body is larger than max_body (1KB) (text/plain, 2000 bytes): xxx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := steptest.Header("Content-Type", c.contentType)
			s := steptest.NewServer(t).On("/x", steptest.Answer{Header: header, Body: c.body})
			_, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"accept": c.accept, "max_body": int64(1024)}))
			e := failed(t, err)
			if e.Kind != steps.Content || e.Status != 200 || e.Repeat != steps.Never {
				t.Errorf("got kind %s, status %d, repeat %d; want content, 200, never", e.Kind, e.Status, e.Repeat)
			}
			if !strings.Contains(e.Message, c.want) {
				t.Errorf("got %q, want it to contain %q", e.Message, c.want)
			}
			if strings.ContainsAny(e.Message, "\x00\x1b\n") {
				t.Errorf("control characters in %q", e.Message)
			}
			if e.Hint == "" {
				t.Error("no hint")
			}
		})
	}
}

func TestChunkedBodyLargerThanAllowed(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Body: strings.Repeat("x", 5000), Chunked: true, Header: steptest.Header("Content-Type", "text/plain")})
	_, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"max_body": int64(4096)}))
	if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "max_body (4KB) (text/plain, of unknown size)") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

func TestBodyAsLargeAsAllowed(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 4096)
	for _, chunked := range []bool{false, true} {
		answer := steptest.Answer{Body: body, Chunked: chunked, Header: steptest.Header("Content-Type", "text/plain"), Times: 2}
		s := steptest.NewServer(t).On("/x", answer)
		out, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"max_body": int64(4096)}))
		if err != nil || out.Value != body {
			t.Errorf("in memory, chunked %v: got %v", chunked, err)
		}
		if _, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"max_body": int64(4096), "save_to": "x"})); err != nil {
			t.Errorf("in a file, chunked %v: got %v", chunked, err)
		}
	}
}

func TestCompressionThatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Body: "\x1f\x8b", Header: steptest.Header("Content-Type", "application/json", "Content-Encoding", "br")})
	_, err := steptest.Run(t, rest.Kind(), under(s, "x", nil))
	if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "compressed as br") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("HEAD /x", steptest.Answer{Header: steptest.Header("Content-Type", "application/json", "Content-Length", "1000")})
	out, err := steptest.Run(t, rest.Kind(), under(s, "x", steps.Input{"method": "HEAD", "accept": "json"}))
	if err != nil || out.Value != nil {
		t.Errorf("got %v, %v; want null", out.Value, err)
	}
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/up", steptest.Answer{Status: 307, Header: steptest.Header("Location", "/up2")}).On("/up2", steptest.Answer{})
	env := steptest.NewEnv(t)
	writeFile(t, filepath.Join(env.Dir, "a.bin"), "\x00\x01data")
	in := under(s, "up", steps.Input{"method": "POST", "multipart": steps.Pairs{
		{Key: "table", Value: "incident"},
		{Key: "file", Value: []any{steps.Input{"file": "a.bin"}, steps.Input{"file": "a.bin", "filename": "b\"\r\nX: y.pdf", "content_type": "application/pdf"}}},
		{Key: "meta", Value: steps.Input{"value": "{}", "content_type": "application/json"}},
	}})
	if _, err := rest.Kind().Run(t.Context(), in, &env.Env); err != nil {
		t.Fatal(err)
	}
	all := s.Requests()
	if len(all) != 2 || all[0].Body != all[1].Body {
		t.Fatalf("got %d requests, want the same body twice over a redirect", len(all))
	}
	got := all[1]
	if got.Length != int64(len(got.Body)) {
		t.Errorf("Content-Length: got %d, want %d", got.Length, len(got.Body))
	}
	boundary := strings.TrimPrefix(got.Header.Get("Content-Type"), "multipart/form-data; boundary=")
	body := strings.ReplaceAll(strings.ReplaceAll(got.Body, boundary, "B"), "\r\n", "\n")
	want := "--B\nContent-Disposition: form-data; name=\"table\"\n\nincident\n" +
		"--B\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\nContent-Type: application/octet-stream\n\n\x00\x01data\n" +
		"--B\nContent-Disposition: form-data; name=\"file\"; filename=\"b%22%0D%0AX: y.pdf\"\nContent-Type: application/pdf\n\n\x00\x01data\n" +
		"--B\nContent-Disposition: form-data; name=\"meta\"\nContent-Type: application/json\n\n{}\n--B--\n"
	if body != want {
		t.Errorf("got\n%s\nwant\n%s", body, want)
	}
	if recorded := string(env.Exchanges()[0].Request.Body); !strings.Contains(recorded, "(file a.bin, 6 bytes)") {
		t.Errorf("recorded: got %q, want the file named", recorded)
	}
}

func TestInputThatCannotBeSent(t *testing.T) {
	t.Parallel()
	base := steps.Input{"profile": "p", "base_url": "http://127.0.0.1:1/api"}
	for _, c := range []struct {
		name   string
		fields steps.Input
		want   string
	}{
		{"no base url", steps.Input{"base_url": "", "path": "x"}, "no base URL"},
		{"path climbs", steps.Input{"path": "a/../b"}, `has a ".."`},
		{"path climbs, encoded", steps.Input{"path": "a/%2E./b"}, `has a ".."`},
		{"path leaves", steps.Input{"path": "http://127.0.0.1:2/x?key=1"}, `"http://127.0.0.1:2/x" leaves`},
		{"url of another kind", steps.Input{"url": "ftp://example.com/x"}, "is not an http or https address"},
		{"url without host", steps.Input{"url": "http:///x"}, "is not an address"},
		{"url with a user", steps.Input{"url": "http://u:p@example.com/x"}, "holds a user name"},
		{"header with a line break", steps.Input{"path": "x", "headers": steps.Pairs{{Key: "X-A", Value: "a\r\nX-B: b"}}}, "headers.X-A: the value has a line break"},
		{"header without a name", steps.Input{"path": "x", "headers": steps.Pairs{{Key: "X A", Value: "a"}}}, `headers.X A: "X A" is not the name of a header`},
		{"authorization", steps.Input{"path": "x", "headers": steps.Pairs{{Key: "authorization", Value: "Bearer x"}}}, "headers.authorization: cannot be set"},
		{"key with a line break", steps.Input{"path": "x", "idempotency_key": "a\nb"}, "idempotency_key: the value has a line break"},
		{"get with a body", steps.Input{"path": "x", "json": steps.Pairs{}}, "json cannot stand here: a GET request has no body"},
		{"json without a form", steps.Input{"method": "POST", "path": "x", "json": make(chan int)}, "json: "},
		{"xml with two roots", steps.Input{"method": "POST", "path": "x", "xml": steps.Pairs{{Key: "a"}, {Key: "b"}}}, "xml: "},
		{"file that is missing", steps.Input{"method": "POST", "path": "x", "body_file": "no.csv"}, "body_file: there is no file"},
		{"file that is a folder", steps.Input{"method": "POST", "path": "x", "body_file": "."}, "is not a file"},
		{"part that is missing", steps.Input{"method": "POST", "path": "x", "multipart": steps.Pairs{{Key: "f", Value: steps.Input{"file": "no.csv"}}}}, "multipart.f: there is no file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := maps.Clone(base)
			maps.Copy(in, c.fields)
			_, err := steptest.Run(t, rest.Kind(), in)
			e := failed(t, err)
			if e.Kind != steps.BadInput || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %s: %s; want input: … %s", e.Kind, e.Message, c.want)
			}
			if strings.Contains(e.Message, "key=1") || strings.Contains(e.Message, "Bearer") || strings.Contains(e.Message, "u:p") {
				t.Errorf("the message shows what may be secret: %s", e.Message)
			}
		})
	}
}

func TestSafe(t *testing.T) {
	t.Parallel()
	kind := rest.Kind()
	for _, c := range []struct {
		in            steps.Input
		safe, changes bool
	}{
		{steps.Input{}, true, false},
		{steps.Input{"method": "HEAD"}, true, false},
		{steps.Input{"method": "DELETE"}, true, true},
		{steps.Input{"method": "PUT"}, true, true},
		{steps.Input{"method": "POST"}, false, true},
		{steps.Input{"method": "PATCH"}, false, true},
		{steps.Input{"method": "POST", "idempotency_key": "k"}, true, true},
	} {
		if got := kind.Safe(c.in); got != c.safe {
			t.Errorf("Safe(%v): got %v, want %v", c.in, got, c.safe)
		}
		if got := kind.Changes(c.in); got != c.changes {
			t.Errorf("Changes(%v): got %v, want %v", c.in, got, c.changes)
		}
	}
}

func TestSignInLeftOff(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{})
	env := steptest.NewEnv(t)
	if _, err := rest.Kind().Run(t.Context(), under(s, "x", steps.Input{"auth": "none"}), &env.Env); err != nil {
		t.Fatal(err)
	}
	if got := s.Last().Header.Get("Snrun-Sign-In"); got != "none" {
		t.Errorf("the client was told %q, want none", got)
	}
	if _, there := env.Exchanges()[0].Request.Header["Snrun-Sign-In"]; there {
		t.Error("history hears of a header that never leaves")
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func ExampleKind() {
	kind := rest.Kind()
	fmt.Println(kind.Name, kind.Gives[0].Name, kind.Safe(steps.Input{"method": "POST"}))
	// Output: rest output false
}
