package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"snrun/engine"
)

// TestMemoryIsBounded holds that what is remembered for visitors does not grow with what they do.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var k results
	var a answers
	for i := range 2 * maxAnswers {
		k.keep(result{at: time.Now()})
		if _, err := a.get(fmt.Sprint(i), func() (string, error) { return "", nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.kept) > maxResults || len(a.kept) > maxAnswers {
		t.Errorf("%d results and %d answers are kept", len(k.kept), len(a.kept))
	}
}

// TestResultIsForOne holds that what came of something is shown to who wanted it, and to nobody else.
func TestResultIsForOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	ann := visit(t, s, server, Operator)
	for of, want := range map[string]int{"operator-ann": http.StatusOK, "somebody else": http.StatusNotFound} {
		key := s.results.keep(result{Title: "a test", of: of, at: time.Now()})
		if resp, _ := send(t, ann, server, asked{path: path("results", key)}); resp.StatusCode != want {
			t.Errorf("what came of what %s did gives ann %s, want %d", of, resp.Status, want)
		}
	}
}

// TestOtherRole holds that who has another role by now signs in anew.
func TestOtherRole(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	p := NewPerson("ann", Operator, annsPassword)
	key := s.sessions.begin(visitor{Name: p.Name, Role: p.Role}, p.password)
	s.Admit([]Person{p})
	if s.sessions.of(key) == nil {
		t.Error("a session ends though nothing changed")
	}
	s.Admit([]Person{NewPerson("ann", Viewer, annsPassword)})
	if s.sessions.of(key) != nil {
		t.Error("a session goes on as an operator's")
	}
}

// TestTrustIsLost holds that an address is held back with all others once it brought a wrong password.
func TestTrustIsLost(t *testing.T) {
	t.Parallel()
	var guard throttle
	guard.right("192.0.2.1")
	for i := range 2 * triesOfAll {
		guard.wrong(fmt.Sprintf("198.51.100.%d", i%250))
	}
	if wait := guard.wait("192.0.2.1"); wait != 0 {
		t.Errorf("one that is trusted waits %s", wait)
	}
	guard.wrong("192.0.2.1")
	if guard.wait("192.0.2.1") == 0 {
		t.Error("it is trusted after a wrong password")
	}
}

// TestRetryOfWhatFailed holds that a run that went well with nothing left open has nothing to be tried again.
func TestRetryOfWhatFailed(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{true, false} {
		if got := canOf(&engine.Run{Status: engine.OK, Started: time.Now(), Open: open}); got.Retry != open || got.Resume || got.Cancel {
			t.Errorf("open %v: %+v", open, got)
		}
	}
}
