package exchange_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/steptest"
)

func redirect(status int, to string) steptest.Answer {
	return steptest.Answer{Status: status, Header: steptest.Header("Location", to), Body: "moved"}
}

func TestRedirectsWithinTheOrigin(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).
		On("/a", redirect(307, "/b?x=1")).On("/b", redirect(308, "c")).On("/c", steptest.JSON(`{"ok":true}`))
	out, err := steptest.Run(t, plainKind(), under(s, "a", steps.Input{"method": "PUT", "body": "twice", "headers": steps.Pairs{{Key: "X-Mine", Value: "1"}}}))
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
	_, err := steptest.Run(t, plainKind(), under(s, "a", steps.Input{"headers": steps.Pairs{{Key: "X-Key", Value: "k"}, {Key: "Cookie", Value: "c=1"}}}))
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
		{"body to another host", func(s *steptest.Server) { s.On("/a", redirect(307, "//elsewhere.example/b")) }, steps.Input{"method": "PUT", "body": `{"password":"k=v"}`},
			steps.Status, 307, "a redirect of a PUT to another origin is not followed: http://elsewhere.example/b"},
		{"body to another scheme", func(s *steptest.Server) { s.On("/a", redirect(308, strings.Replace(other.URL, "http", "https", 1))) }, steps.Input{"method": "PATCH", "body": "password=k=v"},
			steps.Status, 308, "a redirect of a PATCH"},
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
			_, err := steptest.Run(t, plainKind(), under(s, "a", c.in))
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
	out, err := steptest.Run(t, plainKind(), under(s, "a", steps.Input{"redirects": 0}))
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
	_, err := plainKind().Run(t.Context(), steps.Input{"url": secure.URL + "/a"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.Status || !strings.Contains(e.Message, "from https to plain http") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

// What a 301, 302 or 303 makes a GET of goes elsewhere without its body, and without the headers of the step.
func TestRedirectOfABodyThatIsDropped(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303} {
		other := steptest.NewServer(t).On("GET /b", steptest.JSON(`1`))
		s := steptest.NewServer(t).On("/a", redirect(status, other.URL+"/b"))
		_, err := steptest.Run(t, plainKind(), under(s, "a", steps.Input{"method": "POST", "body": "password=p", "headers": steps.Pairs{{Key: "X-Key", Value: "k"}}}))
		if err != nil {
			t.Fatal(err)
		}
		if got := other.Last(); got.Body != "" || got.Header.Get("X-Key") != "" || got.Header.Get("Content-Type") != "" || got.Header.Get("Referer") != "" {
			t.Errorf("%d: the target got %q with %v", status, got.Body, got.Header)
		}
	}
}

func TestRedirectWithAPassword(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t)
	s.On("/a", redirect(302, strings.Replace(s.URL, "//", "//ann:pw@", 1)+"/b")).On("/b", steptest.JSON(`1`))
	out, err := steptest.Run(t, plainKind(), under(s, "a", nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Last().Header.Get("Authorization"); got != "" || out.Names["url"] != s.URL+"/b" {
		t.Errorf("sent %q, and gave %v as the address", got, out.Names["url"])
	}
}

// TestRedirectThatKeepsTheMethod is how a kind follows that has no use for a GET.
func TestRedirectThatKeepsTheMethod(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		want   string // "" where it is followed
	}{
		{301, "a redirect that makes a GET of the POST is not followed: "}, {302, "a redirect that makes a GET"},
		{303, "a redirect that makes a GET"}, {307, ""}, {308, ""},
	} {
		s := steptest.NewServer(t).On("/a", redirect(c.status, "/b?k=v")).On("POST /b", steptest.JSON(`1`))
		_, err := steptest.Run(t, plainKind(), under(s, "a", steps.Input{"method": "POST", "body": "x", "keep_method": true}))
		if c.want == "" {
			if err != nil {
				t.Errorf("%d: got %v, want it followed", c.status, err)
			}
			continue
		}
		if e := failed(t, err); e.Kind != steps.Status || e.Status != c.status || !strings.Contains(e.Message, c.want) || strings.Contains(e.Message, "k=v") {
			t.Errorf("%d: got %s %d: %s", c.status, e.Kind, e.Status, e.Message)
		}
	}
}
