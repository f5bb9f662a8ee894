package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

func redirect(status int, to string) steptest.Answer {
	return steptest.Answer{Status: status, Header: steptest.Header("Location", to), Body: "moved"}
}

func TestRedirectsWithinTheOrigin(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).
		On("/a", redirect(307, "/b?x=1")).On("/b", redirect(308, "c")).On("/c", steptest.JSON(`{"ok":true}`))
	out, err := steptest.Run(t, rest.Kind(), under(s, "a", steps.Input{"method": "PUT", "body": "twice", "headers": steps.Pairs{{Key: "X-Mine", Value: "1"}}}))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Last()
	if got.Method != "PUT" || got.Body != "twice" || got.Header.Get("X-Mine") != "1" || got.Header.Get("Referer") != "" {
		t.Errorf("got %s %q with %v", got.Method, got.Body, got.Header)
	}
	if out.Names["url"] != s.URL+"/c" {
		t.Errorf("url: got %v, want the last address", out.Names["url"])
	}
}

func TestRedirectToAnotherOrigin(t *testing.T) {
	t.Parallel()
	other := steptest.NewServer(t).On("/b", steptest.JSON(`1`))
	s := steptest.NewServer(t).On("/a", redirect(302, other.URL+"/b"))
	_, err := steptest.Run(t, rest.Kind(), under(s, "a", steps.Input{"headers": steps.Pairs{{Key: "X-Key", Value: "k"}, {Key: "Cookie", Value: "c=1"}}}))
	if err != nil {
		t.Fatal(err)
	}
	for name := range other.Last().Header {
		if name != "Accept" && name != "User-Agent" && name != "Accept-Encoding" {
			t.Errorf("the header %s went to another origin", name)
		}
	}
}

func TestRedirectsNotFollowed(t *testing.T) {
	t.Parallel()
	other := steptest.NewServer(t)
	loop := func(s *steptest.Server) {
		s.On("/a", steptest.Answer{Status: 302, Header: steptest.Header("Location", "/a"), Times: -1})
	}
	for _, c := range []struct {
		name   string
		script func(*steptest.Server)
		in     steps.Input
		kind   string
		status int
		want   string
	}{
		{"body to another origin", func(s *steptest.Server) { s.On("/a", redirect(307, other.URL+"/b?k=v")) }, steps.Input{"method": "POST", "body": "x"},
			steps.Status, 307, "a redirect of a POST to another origin is not followed: " + other.URL + "/b"},
		{"delete to another origin", func(s *steptest.Server) { s.On("/a", redirect(308, other.URL)) }, steps.Input{"method": "DELETE"}, steps.Status, 308, "a redirect of a DELETE"},
		{"loop", loop, nil, steps.Limit, 302, "more than 5 redirects, the last to "},
		{"one too many", func(s *steptest.Server) { s.On("/a", redirect(302, "/b")).On("/b", redirect(302, "/c")) }, steps.Input{"redirects": 1},
			steps.Limit, 302, "more than 1 redirects"},
		{"file", func(s *steptest.Server) { s.On("/a", redirect(302, "file:///etc/hosts")) }, nil, steps.Status, 302, "not http"},
		{"without an address", func(s *steptest.Server) { s.On("/a", steptest.Answer{Status: 302}) }, nil, steps.Status, 302, "302 Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t)
			c.script(s)
			_, err := steptest.Run(t, rest.Kind(), under(s, "a", c.in))
			e := failed(t, err)
			if e.Kind != c.kind || e.Status != c.status || e.Repeat != steps.Never || !strings.Contains(e.Message, c.want) || strings.Contains(e.Message, "k=v") {
				t.Errorf("got %s %d: %s; want %s %d: … %s", e.Kind, e.Status, e.Message, c.kind, c.status, c.want)
			}
		})
	}
}

func TestRedirectGivenBack(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/a", redirect(303, "/b"))
	out, err := steptest.Run(t, rest.Kind(), under(s, "a", steps.Input{"redirects": 0}))
	if err != nil {
		t.Fatal(err)
	}
	if out.Names["status"] != 303 || out.Names["headers"].(map[string]any)["location"] != "/b" {
		t.Errorf("got %v", out.Names)
	}
}

func TestRedirectFromHTTPSToHTTP(t *testing.T) {
	t.Parallel()
	plain := steptest.NewServer(t)
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/b", http.StatusFound))
	t.Cleanup(secure.Close)
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(secure.Client().Transport)
	_, err := rest.Kind().Run(t.Context(), steps.Input{"url": secure.URL + "/a"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.Status || !strings.Contains(e.Message, "from https to plain http") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}
