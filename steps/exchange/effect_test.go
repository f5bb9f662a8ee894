package exchange_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"testing"

	"snrun/steps"
	"snrun/steps/steptest"
)

// TestNoEffect holds which failures of a POST surely had no effect: only those may be made again without a person's word.
func TestNoEffect(t *testing.T) {
	t.Parallel()
	ok := func(s *steptest.Server) { s.On("/a", steptest.JSON(`{"error":"x"`)) }
	answers := func(status int) func(*steptest.Server) {
		return func(s *steptest.Server) { s.On("/a", steptest.Answer{Status: status}) }
	}
	leads := func(status int, to steptest.Answer) func(*steptest.Server) {
		return func(s *steptest.Server) { s.On("/a", redirect(status, "/b")).On("/b", to) }
	}
	busy := steptest.Answer{Status: 503, Header: http.Header{"Retry-After": {"1"}}}
	for _, c := range []struct {
		name   string
		script func(*steptest.Server)
		in     steps.Input
		want   bool
		repeat steps.Repeat
	}{
		{"bad request", answers(400), nil, true, steps.Never},
		{"conflict", answers(409), nil, true, steps.Never},
		{"too early", answers(425), nil, true, steps.Never},
		{"too many", answers(429), nil, true, steps.IfSafe},
		{"a gateway waited no longer", answers(408), nil, false, steps.Never},
		{"another one", answers(499), nil, false, steps.Never},
		{"broken", answers(500), nil, false, steps.Never},
		{"an answer that was not expected", ok, nil, false, steps.Never},
		{"no answer", func(s *steptest.Server) { s.On("/a", steptest.Answer{Drop: true}) }, nil, false, steps.IfSafe},
		{"what a redirect leads to is missing", leads(303, steptest.Answer{Status: 404}), nil, false, steps.Never},
		{"and busy", leads(302, busy), nil, false, steps.IfSafe},
		{"a redirect of the request itself", leads(307, steptest.Answer{Status: 404}), nil, true, steps.Never},
		{"and busy there", leads(308, busy), nil, false, steps.Always},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t)
			c.script(s)
			in := steps.Input{"method": "POST", "body": "x"}
			for name, v := range c.in {
				in[name] = v
			}
			_, err := steptest.Run(t, plainKind(), under(s, "a", in))
			if e := failed(t, err); e.NoEffect != c.want || e.Repeat != c.repeat {
				t.Errorf("got no effect %t, repeat %d; want %t, %d: %s", e.NoEffect, e.Repeat, c.want, c.repeat, e.Message)
			}
		})
	}
}

// writing is a transport that fails after it has written the request's header, or before.
type writing struct {
	wrote bool
	err   error
}

func (w writing) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.wrote {
		httptrace.ContextClientTrace(r.Context()).WroteHeaders()
	}
	return nil, w.err
}

// leading is a transport that answers a POST with a redirect, and fails over what that leads to.
type leading struct{ err error }

func (l leading) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return nil, l.err
	}
	header := http.Header{"Location": {"/b"}}
	return &http.Response{StatusCode: http.StatusSeeOther, Header: header, Body: http.NoBody, Request: r}, nil
}

// TestEffectBeforeARedirect holds that a POST which was answered by a redirect had its effect, though nothing is sent any more.
func TestEffectBeforeARedirect(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{signInError{true}, errors.New("x")} {
		env := steptest.NewEnv(t)
		env.Clients = steptest.ClientsOver(leading{failure})
		_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": "http://a.example/a"}, &env.Env)
		if e := failed(t, err); e.NoEffect || e.Repeat != steps.IfSafe {
			t.Errorf("got no effect %t, repeat %d; want false, %d: %s", e.NoEffect, e.Repeat, steps.IfSafe, e.Message)
		}
	}
}

// TestNoEffectWithoutAnAnswer holds the same of requests that a transport fails over.
func TestNoEffectWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	alert := func(text string) error { return &net.OpError{Op: "remote error", Err: errors.New("tls: " + text)} }
	for i, c := range []struct {
		transport writing
		want      bool
		repeat    steps.Repeat
	}{
		{writing{true, errors.New("x")}, false, steps.IfSafe},
		{writing{false, errors.New("x")}, true, steps.Always},
		{writing{true, signInError{false}}, true, steps.Never},
		{writing{true, alert("certificate required")}, true, steps.Never},
		{writing{true, alert("internal error")}, false, steps.IfSafe},
		{writing{false, alert("internal error")}, true, steps.Always},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			env := steptest.NewEnv(t)
			env.Clients = steptest.ClientsOver(c.transport)
			_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": "http://a.example"}, &env.Env)
			if e := failed(t, err); e.NoEffect != c.want || e.Repeat != c.repeat {
				t.Errorf("got no effect %t, repeat %d; want %t, %d: %s", e.NoEffect, e.Repeat, c.want, c.repeat, e.Message)
			}
		})
	}
}
