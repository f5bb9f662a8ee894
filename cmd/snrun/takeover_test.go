package main

import (
	"strings"
	"syscall"
	"testing"

	"snrun/examples/sandbox"
)

// TestADaemonTakesOver has one of two daemons killed, and the other told to end: each time the run goes on, in the daemon that lives, then
// in the one that comes. Who waits for the run hears of that once, and has its end.
func TestADaemonTakesOver(t *testing.T) {
	t.Parallel()
	u, g := newUser(t, sandbox.Options{}), newGate(t)
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	u.write("jobs/long.yaml", "version: 1\nsteps:\n  - rest: {url: \""+g.URL+"/once\", method: POST, json: {}}\n"+
		"  - rest: {url: \""+g.URL+"/slow/one\"}\n  - rest: {url: \""+g.URL+"/slow/two\"}\n")
	first := u.ready("--grace", "0s")
	_, waited := u.start("schedule", "trigger", "long", "--wait")
	g.waitFor(t, "GET /slow/one")
	second := u.ready("--grace", "0s")
	first.signal(syscall.SIGKILL)
	first.ends(-1)
	second.sees("run started", "attempt=2")
	second.signal(syscall.SIGTERM)
	second.ends(exitOK)
	g.opens()
	third := u.ready()
	got := waited()
	if n := strings.Count(got.stderr, "was interrupted: a daemon goes on with it"); got.code != exitOK || n != 1 {
		t.Errorf("who waits is told %d times that it goes on, and ends with %d:\n%s", n, got.code, got.stderr)
	}
	third.signal(syscall.SIGTERM)
	third.ends(exitOK)
	if n := g.count("POST /once"); n != 1 {
		t.Errorf("what was done was done %d times", n)
	}
}
