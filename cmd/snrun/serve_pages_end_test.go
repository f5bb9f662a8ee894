package main

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"snrun/engine/daemon"
	"snrun/examples/sandbox"
)

// TestServeEndsWithPagesOpen holds that a daemon which is told to end waits neither for those who look at pages that are kept up to date, nor
// for a search that takes long.
func TestServeEndsWithPagesOpen(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	u.write("jobs/a.yaml", "version: 1\nsteps: [{log: a}]\n")
	u.must(exitOK, "run", "a")
	u.change("ALTER TABLE attempts RENAME TO attempts_of_old", // so that a search has no end
		`CREATE VIEW attempts AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
			SELECT i - i AS id, '' AS step, 1 AS attempt, '' AS key, 0 AS started, 0 AS ended, CASE WHEN i < 0 THEN '' END AS error FROM n`)
	s := u.serve(nil, "--listen", "127.0.0.1:0")
	ready := s.sees("ready", "socket")
	link, err := daemon.NewClient(wordBehind(ready, "socket")).Link(t.Context(), "viewer", "ann")
	if err != nil {
		t.Fatal(err)
	}
	c := callerAt(t, http.DefaultClient, "http://"+wordBehind(ready, "address"))
	resp, err := c.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	streams := make(chan error, 9)
	for _, path := range []string{"/live", "/api/v1/events"} {
		resp, err := c.Get(c.address + path)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s gives %v, %v", path, resp, err)
		}
		go func() {
			_, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			streams <- err
		}()
	}
	type answer struct {
		status int
		err    error
	}
	searches := make(chan answer, 3)
	for range cap(searches) {
		go func() {
			resp, err := c.Get(c.address + "/api/v1/search?text=nothing")
			if err != nil {
				searches <- answer{err: err}
				return
			}
			resp.Body.Close()
			searches <- answer{status: resp.StatusCode}
		}()
	}
	if first := <-searches; first.status != http.StatusServiceUnavailable { // the others go on
		t.Fatalf("one search of three gives %+v", first)
	}
	s.signal(syscall.SIGTERM)
	if log := s.ends(exitOK); strings.Contains(log, "they are left behind") {
		t.Errorf("the daemon waits for them:\n%s", log)
	}
	for range 2 {
		if a := <-searches; a.err == nil {
			t.Errorf("a search was waited for: %+v", a)
		}
		<-streams
	}
}
