package web

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
)

// visit gives a browser that has signed in to a site by a link, and does not follow where it is led.
func visit(t testing.TB, s *Site, server *httptest.Server, role Role) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: server.Client().Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(server.URL + s.Links.New(role, strings.ToLower(string(role))+"-ann"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in by a link gives %s", resp.Status)
	}
	return c
}

// newSite gives a site over an empty history, of a daemon that does not run.
func newSite(t *testing.T, access Access) *Site {
	t.Helper()
	store, err := history.Open(filepath.Join(t.TempDir(), "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	redactor := auth.NewRedactor()
	d := daemon.New(daemon.Config{Store: store, Redactor: redactor, Log: slog.New(slog.DiscardHandler)})
	return New(Config{Store: store, Daemon: d, Redactor: redactor, Log: d.Log, Commands: review.Commands{Program: "snrun"}, Version: "0", Access: access})
}

// TestLink holds that a link lets in once.
func TestLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	path := s.Links.New(Operator, "ann")
	var got []string
	for range 2 {
		jar, _ := cookiejar.New(nil)
		c := &http.Client{Jar: jar}
		resp, err := c.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got = append(got, resp.Status+" "+resp.Request.URL.Path)
	}
	if want := []string{"200 OK /", "401 Unauthorized /enter"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
