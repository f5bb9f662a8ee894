package exchange_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/steps"
	"snrun/steps/steptest"
)

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	json, html := steptest.Header("Content-Type", "application/json"), steptest.Header("Content-Type", "text/html")
	with := func(h http.Header, pairs ...string) http.Header {
		h = h.Clone()
		for name, values := range steptest.Header(pairs...) {
			h[name] = values
		}
		return h
	}
	for _, c := range []struct {
		name   string
		answer steptest.Answer
		want   string
		repeat steps.Repeat
		wait   time.Duration
	}{
		{"service now", steptest.Answer{Status: 404, Header: json, Body: `{"error":{"message":"No Record found","detail":"Record doesn't exist"},"status":"failure"}`},
			"404 Not Found: No Record found: Record doesn't exist", steps.Never, 0},
		{"oauth", steptest.Answer{Status: 400, Header: json, Body: `{"error":"invalid_grant","error_description":"gone"}`}, "400 Bad Request: invalid_grant: gone", steps.Never, 0},
		{"problem details", steptest.Answer{Status: 422, Header: json, Body: `{"type":"x","title":"Not right","detail":"no age"}`}, "422 Unprocessable Entity: Not right: no age", steps.Never, 0},
		{"list of errors", steptest.Answer{Status: 400, Header: json, Body: `{"errors":[{"message":"bad name"},{"message":"worse"}]}`}, "400 Bad Request: bad name", steps.Never, 0},
		{"another envelope", steptest.Answer{Status: 500, Header: json, Body: `{"code":7}`}, `500 Internal Server Error: {"code":7}`, steps.Never, 0},
		{"nothing said", steptest.Answer{Status: 502}, "502 Bad Gateway", steps.IfSafe, 0},
		{"page", steptest.Answer{Status: 503, Header: html, Body: "<html><title>Down for\n maintenance</title>"}, `503 Service Unavailable: an HTML page titled "Down for maintenance"`, steps.IfSafe, 0},
		{"asked to wait", steptest.Answer{Status: 429, Header: with(json, "Retry-After", "7")}, "429 Too Many Requests", steps.Always, 7 * time.Second},
		{"asked to wait until", steptest.Answer{Status: 503, Header: with(json, "Retry-After", "Mon, 02 Jan 2006 15:06:05 GMT", "Date", "Mon, 02 Jan 2006 15:04:05 GMT")},
			"503 Service Unavailable", steps.Always, 2 * time.Minute},
		{"asked to wait, who knows how long", steptest.Answer{Status: 503, Header: with(json, "Retry-After", "soon")}, "503 Service Unavailable", steps.IfSafe, 0},
		{"slow gateway", steptest.Answer{Status: 504}, "504 Gateway Timeout", steps.IfSafe, 0},
		{"cut off", steptest.Answer{Status: 500, Header: json, Body: `{"error":"long story"}`, Cut: true}, `500 Internal Server Error: {"error":"l`, steps.Never, 0},
		{"unknown status", steptest.Answer{Status: 299 + 300, Body: "?"}, "599: ?", steps.Never, 0},
		{"not modified", steptest.Answer{Status: 304, Chunked: true}, "304 Not Modified", steps.Never, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/v1/x", c.answer)
			_, err := steptest.Run(t, plainKind(), under(s, "/v1/x?key=k", steps.Input{"method": "POST"}))
			e := failed(t, err)
			if want := "POST " + s.URL + "/v1/x: " + c.want; e.Message != want {
				t.Errorf("got  %s\nwant %s", e.Message, want)
			}
			if e.Kind != steps.Status || e.Status != c.answer.Status || e.Repeat != c.repeat || e.RetryAfter != c.wait {
				t.Errorf("got %s %d, repeat %d after %v; want status %d, repeat %d after %v", e.Kind, e.Status, e.Repeat, e.RetryAfter, c.answer.Status, c.repeat, c.wait)
			}
			if e.Response["status"] != c.answer.Status {
				t.Errorf("response for retry.when: got %v", e.Response)
			}
		})
	}
}

func TestNetworkErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer steptest.Answer
		want   string
		repeat steps.Repeat
	}{
		{"dropped", steptest.Answer{Drop: true}, "the server closed the connection without an answer", steps.IfSafe},
		{"cut", steptest.Answer{Body: strings.Repeat("x", 100), Cut: true}, "the connection broke after 50 of 100 bytes of the answer", steps.IfSafe},
		{"cut in chunks", steptest.Answer{Body: strings.Repeat("x", 100), Cut: true, Chunked: true}, "the connection broke after 50 bytes of the answer", steps.IfSafe},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/x", c.answer)
			env := steptest.NewEnv(t)
			_, err := plainKind().Run(t.Context(), under(s, "x", steps.Input{"method": "POST", "body": "b"}), &env.Env)
			e := failed(t, err)
			if want := "POST " + s.URL + "/x: " + c.want; e.Kind != steps.Network || e.Message != want || e.Repeat != c.repeat {
				t.Errorf("got %s: %s, repeat %d; want network: %s, repeat %d", e.Kind, e.Message, e.Repeat, want, c.repeat)
			}
			if x := env.Exchanges(); len(x) != 1 || (x[0].Status == 0) != (x[0].Error != "") {
				t.Errorf("exchanges: got %+v", x)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	in := steps.Input{"method": "POST", "url": steptest.Refusing + "/x", "body": "{}"}
	_, err := steptest.Run(t, plainKind(), in)
	e := failed(t, err)
	if e.Kind != steps.Network || e.Repeat != steps.Always || !strings.HasSuffix(e.Message, "/x: connection refused") || e.Hint == "" {
		t.Errorf("got %s: %s (%s), repeat %d", e.Kind, e.Message, e.Hint, e.Repeat)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error("the cause is not in the error")
	}
}

func TestHostWithoutAddress(t *testing.T) {
	t.Parallel()
	dial := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true}}
	}
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(&http.Transport{DialContext: dial})
	_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": "http://nowhere.example/x"}, &env.Env)
	e := failed(t, err)
	if want := `POST http://nowhere.example/x: no host is named "nowhere.example"`; e.Message != want || e.Repeat != steps.Always {
		t.Errorf("got %s, repeat %d; want %s, always", e.Message, e.Repeat, want)
	}
}

func TestTLSErrors(t *testing.T) {
	t.Parallel()
	quiet := func(s *httptest.Server) *httptest.Server {
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		t.Cleanup(s.Close)
		return s
	}
	secure := quiet(httptest.NewUnstartedServer(http.NotFoundHandler()))
	secure.StartTLS()
	newer := quiet(httptest.NewUnstartedServer(http.NotFoundHandler()))
	newer.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	newer.StartTLS()
	plain := quiet(httptest.NewServer(http.NotFoundHandler()))
	trusting := secure.Client().Transport.(*http.Transport).Clone()
	old := secure.Client().Transport.(*http.Transport).Clone()
	old.TLSClientConfig.MaxVersion = tls.VersionTLS12
	for _, c := range []struct {
		name      string
		transport *http.Transport
		url       string
		want      string
		repeat    steps.Repeat
	}{
		{"authority", &http.Transport{}, secure.URL, "signed by an authority that is not known here", steps.Never},
		{"host", trusting, strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), "certificate is for another host", steps.Never},
		{"no tls", trusting, strings.Replace(plain.URL, "http:", "https:", 1), "does not speak TLS on this port", steps.Never},
		{"version", old, newer.URL, "setting up TLS: ", steps.Always},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := steptest.NewEnv(t)
			env.Clients = steptest.ClientsOver(c.transport)
			_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": c.url}, &env.Env)
			e := failed(t, err)
			if e.Kind != steps.TLS || e.Repeat != c.repeat || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %s: %s, repeat %d; want tls: … %s, repeat %d", e.Kind, e.Message, e.Repeat, c.want, c.repeat)
			}
		})
	}
}

// TestCertificateRefusedLate has the alert that TLS 1.3 sends after the handshake. A real server may break the connection
// before the alert is read, so it comes from a transport.
func TestCertificateRefusedLate(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(refusingTransport{&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}})
	_, err := plainKind().Run(t.Context(), steps.Input{"url": "https://a.example"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.TLS || e.Repeat != steps.Never || !strings.Contains(e.Hint, "cert_file") {
		t.Errorf("got %s: %s (%s), repeat %d", e.Kind, e.Message, e.Hint, e.Repeat)
	}
}

type signInError struct{ temporary bool }

func (e signInError) Error() string             { return "profile test: no token" }
func (e signInError) Temporary() bool           { return e.temporary }
func (e signInError) Help() string              { return "set the secret" }
func (e signInError) RetryAfter() time.Duration { return time.Minute }

type refusingTransport struct{ err error }

func (r refusingTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

func TestSignInErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		repeat steps.Repeat
		after  time.Duration
	}{{signInError{false}, steps.Never, 0}, {signInError{true}, steps.Always, time.Minute}} {
		env := steptest.NewEnv(t)
		env.Clients = steptest.ClientsOver(refusingTransport{c.err})
		_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": "http://a.example"}, &env.Env)
		e := failed(t, err)
		if e.Kind != steps.Auth || e.Message != "profile test: no token" || e.Hint != "set the secret" || e.Repeat != c.repeat || e.RetryAfter != c.after {
			t.Errorf("got %+v, want repeat %d after %v", e, c.repeat, c.after)
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		field  string // taken from the input, or auth: left off
		want   string
	}{
		{"sign-in of a profile", 401, "", "another sign-in than that of the profile test"},
		{"sign-in left off", 401, "auth", "leave out auth: none"},
		{"no profile", 401, "profile", "name a profile"},
		{"no right", 403, "", "may not do this"},
		{"missing", 404, "", "[200, 404]"},
		{"not modified", 304, "", "it points to /elsewhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/x", steptest.Answer{Status: c.status, Chunked: true, Header: steptest.Header("Location", "/elsewhere?token=t")})
			in := under(s, "x", nil)
			delete(in, c.field)
			if c.field == "auth" {
				in["auth"] = "none"
			}
			_, err := steptest.Run(t, plainKind(), in)
			if e := failed(t, err); !strings.Contains(e.Hint, c.want) || strings.Contains(e.Hint, "token") {
				t.Errorf("got hint %q, want %q", e.Hint, c.want)
			}
		})
	}
}

type noClients struct{ err error }

func (n noClients) Client(context.Context, string) (*http.Client, error) { return nil, n.err }

func TestProfileWithoutClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind string
	}{{errors.New("no file ca.pem"), steps.BadInput}, {signInError{}, steps.Auth}} {
		env := steptest.NewEnv(t)
		env.Clients = noClients{c.err}
		_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": "http://a.example", "body": "x"}, &env.Env)
		if e := failed(t, err); e.Kind != c.kind || e.Repeat != steps.Never || !errors.Is(err, c.err) {
			t.Errorf("got %s: %s, repeat %d; want %s, never", e.Kind, e.Message, e.Repeat, c.kind)
		}
		if len(env.Exchanges()) != 0 {
			t.Error("history hears of a request that was not made")
		}
	}
}

func TestMistakeInTheProfile(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(refusingTransport{fmt.Errorf("refresh_when: %w", &steps.Error{Kind: steps.Expression, Message: "x is null", Hint: "write ?."})})
	_, err := plainKind().Run(t.Context(), steps.Input{"url": "http://a.example"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.Expression || !strings.HasSuffix(e.Message, "x is null") || e.Hint != "write ?." {
		t.Errorf("got %s: %s (%s)", e.Kind, e.Message, e.Hint)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Body: "half", Stall: true})
	ctx, cancel := context.WithCancel(t.Context())
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(cancelling{cancel})
	_, err := plainKind().Run(ctx, under(s, "x", nil), &env.Env)
	if e := failed(t, err); e.Kind != steps.Cancelled || e.Repeat != steps.Never || !strings.HasSuffix(e.Message, ": cancelled") {
		t.Errorf("got %s: %s, repeat %d", e.Kind, e.Message, e.Repeat)
	}
}

// cancelling ends the run as soon as the header of an answer is there.
type cancelling struct{ cancel func() }

func (c cancelling) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	c.cancel()
	return resp, err
}

func TestExpect(t *testing.T) {
	t.Parallel()
	open := steptest.Func("response.body.open", func(r map[string]any) (any, error) { return r["body"].(map[string]any)["open"], nil }, "body")
	broken := steptest.Func("response.body.x > 1", func(map[string]any) (any, error) {
		return nil, &steps.Error{Kind: steps.Expression, Message: "job.yaml:1:1: null > 1", Hint: "write ?? 0"}
	}, "body")
	for _, c := range []struct {
		name   string
		status int
		body   string
		in     steps.Input
		kind   string // "" when it is as expected
		want   string
	}{
		{"met", 201, `{}`, steps.Input{"expect": steptest.Status(201)}, "", ""},
		{"error that is welcome", 409, `{"known":true}`, steps.Input{"expect": []any{steptest.Status(200, 409)}}, "", ""},
		{"broken body of an error that is welcome", 404, `{`, steps.Input{"expect": steptest.Status(204, 404)}, steps.Content, "not JSON"},
		{"other status", 200, `{}`, steps.Input{"expect": steptest.Status(201)}, steps.Expect, "200, not as expected: response.status in [201] is false (job.yaml:1:1)"},
		{"error status", 500, `{"message":"oops"}`, steps.Input{"expect": steptest.Status(200)}, steps.Status, "500 Internal Server Error: oops (expected: response.status in [200])"},
		{"body", 200, `{"open":false}`, steps.Input{"expect": []any{steptest.Status(200), open}}, steps.Expect, `response.body.open is false (job.yaml:1:1); the body: {"open":false}`},
		{"of the profile", 200, `{"open":false}`, steps.Input{"profile_expect": open}, steps.Expect, "response.body.open is false"},
		{"of the profile as well", 200, `{"open":false}`, steps.Input{"profile_expect": []any{open}, "expect": steptest.Status(200)}, steps.Expect, "response.body.open is false"},
		{"of the profile, with the default", 500, `{"open":true}`, steps.Input{"profile_expect": open}, steps.Status, "500"},
		{"mistake", 200, `{}`, steps.Input{"expect": broken}, steps.Expression, "job.yaml:1:1: null > 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := steptest.Header("Content-Type", "application/json")
			s := steptest.NewServer(t).On("/x", steptest.Answer{Status: c.status, Header: header, Body: c.body})
			_, err := steptest.Run(t, plainKind(), under(s, "x", c.in))
			if c.kind == "" {
				if err != nil {
					t.Errorf("got %v, want it taken", err)
				}
				return
			}
			e := failed(t, err)
			if e.Kind != c.kind || !strings.Contains(e.Message, c.want) || e.Status != c.status || e.Response["status"] != c.status {
				t.Errorf("got %s %d: %s\nwant %s: … %s", e.Kind, e.Status, e.Message, c.kind, c.want)
			}
		})
	}
}

func TestResponseInExpressions(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Answer{Header: http.Header{"X-Many": {"1", "2"}, "Content-Type": {"application/json"}, "Date": nil}, Body: `[1]`})
	var got map[string]any
	look := steptest.Func("true", func(r map[string]any) (any, error) { got = r; return true, nil })
	if _, err := steptest.Run(t, plainKind(), under(s, "x?a=b", steps.Input{"expect": look})); err != nil {
		t.Fatal(err)
	}
	if got["status"] != 200 || got["url"] != s.URL+"/x?a=b" || got["page"] != nil || got["body"].([]any)[0] != 1 {
		t.Errorf("got %v", got)
	}
	if first, all := got["headers"].(map[string]any)["x-many"], got["all_headers"].(map[string]any)["x-many"].([]any); first != "1" || len(all) != 2 || all[1] != "2" {
		t.Errorf("headers: got %v and %v", first, all)
	}
	if ms, ok := got["elapsed"].(int); !ok || ms < 0 {
		t.Errorf("elapsed: got %v", got["elapsed"])
	}
}
