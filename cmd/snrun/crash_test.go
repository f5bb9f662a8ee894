package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// crash starts a run and kills it while the nth request waits for its answer, once all is as it should be before.
func (u *user) crash(n int, job string, before func()) {
	u.t.Helper()
	asked, killed := make(chan struct{}), make(chan struct{})
	u.server.at(n, func() { close(asked); <-killed })
	process, wait := u.start("run", job)
	<-asked
	before()
	kill(u.t, process)
	got := wait()
	close(killed)
	if got.code != -1 {
		u.t.Errorf("exit code %d of a killed run, want none\n%s", got.code, got.stderr)
	}
}

// await asks until something holds, for a minute at most.
func (u *user) await(what string, holds func() bool) {
	u.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			u.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func kill(t testing.TB, process *os.Process) {
	t.Helper()
	if err := process.Kill(); err != nil {
		t.Error(err)
	}
}

// checkIntact has SQLite look at every page of the database.
func (u *user) checkIntact() {
	u.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(u.dir, "runs.db"))
	if err != nil {
		u.t.Fatal(err)
	}
	defer db.Close()
	var answer string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&answer); err != nil || answer != "ok" {
		u.t.Errorf("integrity check: %s, %v", answer, err)
	}
}

func TestKilledRunIsInterrupted(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("steps.yaml", `version: 1
steps:
  - id: load
    rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 1}}
  - id: tell
    rest: {profile: chat, method: POST, path: /hook, json: {text: done}}
  - id: again
    rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 2}}
output: ${len(steps.again.output.result)}
`)
	const ended = "/load ok\n/tell ok"
	u.crash(4, "steps", func() { // the token, load, tell, again
		u.await("both steps on record, of a run that is running", func() bool {
			run := u.history()[0]
			return run.Status == "running" && strings.HasPrefix(run.statuses(), ended)
		})
	})
	u.checkIntact()
	runs := u.history()
	if len(runs) != 1 || runs[0].Status != "interrupted" || runs[0].Error == nil {
		t.Fatalf("history has %+v, want one interrupted run with an error", runs)
	}
	if got := runs[0].statuses(); !strings.HasPrefix(got, ended) || strings.Contains(got, "in_doubt") {
		t.Errorf("steps:\n%s\nwant\n%s\nand none in doubt: a GET does no harm", got, ended)
	}
	if got := u.must(exitOK, "run", "steps"); got.stdout != "2\n" {
		t.Errorf("the next run gave %s, want 2", got.stdout)
	}
	if runs := u.history(); len(runs) != 2 || runs[0].Status != "ok" || runs[1].Status != "interrupted" {
		t.Errorf("history has %+v, want one run ok, one interrupted", runs)
	}
}

func TestKilledPostIsInDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, job, step string }{
		{"alone", "  - id: tell\n    rest: {profile: chat, method: POST, path: /hook, json: {text: a}}\n", "/tell"},
		{"without an id", "  - rest: {profile: chat, method: POST, path: /hook, json: {text: a}}\n", "/rest:1"},
		{"in a loop", "  - id: all\n    foreach:\n      in: [a]\n      key: k-${item}\n      steps:\n        - id: tell\n          rest: {profile: chat, method: POST, path: /hook, json: {text: \"${item}\"}}\n", "/all[k-a]/tell"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.write("posts.yaml", "version: 1\nsteps:\n"+test.job)
			u.crash(1, "posts", func() {})
			runs := u.history()
			if len(runs) != 1 || runs[0].Status != "interrupted" {
				t.Fatalf("history has %+v, want one interrupted run", runs)
			}
			if got, want := runs[0].statuses(), test.step+" in_doubt"; !strings.Contains("\n"+got+"\n", "\n"+want+"\n") {
				t.Errorf("steps:\n%s\nwant\n%s", got, want)
			}
			if e := runs[0].Error; e == nil || !strings.Contains(e.Message, test.step) || e.Hint == "" {
				t.Errorf("the run's error is %+v, want one that names %s and what to do", e, test.step)
			}
			if page := u.must(exitOK, "history", "show", "@last").stdout; !strings.Contains(page, "not known whether this was carried out: "+test.step) {
				t.Errorf("the page does not say that %s is in doubt:\n%s", test.step, page)
			}
		})
	}
}

// TestKilledAtAnyMoment kills the incident sync at ten of its requests, on one database, then lets it run to its end.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.copyExample("incident_sync.yaml")
	random := rand.New(rand.NewPCG(2, 37))
	const crashes = 10
	for i := range crashes {
		n := 1 + random.IntN(42) // a token, 4 pages, 37 alerts
		t.Run(fmt.Sprintf("%d at request %d", i, n), func(t *testing.T) {
			u := *u
			u.t = t
			u.crash(u.server.seen()+n, "incident_sync", func() {})
			u.checkIntact()
		})
	}
	if got := u.must(exitOK, "run", "incident_sync"); got.stdout != "{\"alerts\":37}\n" {
		t.Errorf("the last run gave %s, want 37 alerts: no run before it may have saved how far it came", got.stdout)
	}
	created := 0
	for _, r := range u.server.sandbox.Requests() {
		if r.Path == "/oncall/v1/alerts" && r.Status == 201 {
			created++
		}
	}
	if created != 37 {
		t.Errorf("%d alerts were raised, want 37", created)
	}
	count := map[string]int{}
	for _, run := range u.history() {
		count[run.Status]++
	}
	if count["interrupted"] != crashes || count["ok"] != 1 {
		t.Errorf("history has %v, want %d interrupted and 1 ok", count, crashes)
	}
}
