package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/examples/sandbox"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// TestFollowedLooksTheSame follows runs that another process has carried out: what is said of their steps is what was said where they were
// carried out.
func TestFollowedLooksTheSame(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("nested.yaml", `version: 1
state: {n: {initial: 0}}
steps:
  - id: first
    set: {a: 1}
  - id: outer
    try:
      - steps:
          - log: inside
          - wait: 2ms
          - fail: no more
    catch:
      - steps:
          - id: rounds
            repeat: {attempts: 3, index: n, until: "n == 2", steps: [{wait: 1ms}]}
  - id: each
    foreach: {in: [1, 2, 3], as: i, tolerate: all, steps: [{wait: 1ms}, {set: {a: "${1 / (i - 2)}"}}]}
  - save: {n: "${state.n + 1}"}
`)
	want := u.must(exitOK, "run", "--progress", "plain", "nested").stderr
	store, err := history.Open(filepath.Join(u.dir, "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	id := u.history()[0].ID
	run, err := store.Head(id)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	f, err := newFollower(store, run, newPlainView(&got, style{}, review.Commands{Program: "snrun"}))
	if err != nil {
		t.Fatal(err)
	}
	if run, err = f.until(t.Context(), func(*engine.Run) {}); err != nil {
		t.Fatal(err)
	}
	f.ended(run)
	spans := regexp.MustCompile(` *\d[\d.]*m?s`)
	if got, want := spans.ReplaceAllString(got.String(), " TIME"), spans.ReplaceAllString(want, " TIME"); got != want {
		t.Errorf("followed it is\n%s\nwhere it was carried out\n%s", got, want)
	}
}

// TestFollowedGoesOn follows a run that goes on: each step is shown once, as where it is carried out, though what was kept comes first.
func TestFollowedGoesOn(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("again.yaml", `version: 1
state: {n: {initial: 0}}
steps:
  - {id: first, set: {a: 1}}
  - save: {n: 1}
  - {id: each, foreach: {in: [1, 2], steps: [{set: {b: "${item}"}}]}}
  - {if: run.attempt == 1, fail: not yet}
`)
	u.must(exitFailed, "run", "again")
	store, err := history.Open(filepath.Join(u.dir, "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run, err := store.Head(u.history()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	run.Attempt = 2
	var got bytes.Buffer
	f, err := newFollower(store, run, newPlainView(&got, style{}, review.Commands{Program: "snrun"}))
	if err != nil {
		t.Fatal(err)
	}
	want := u.must(exitOK, "resume", "--progress", "plain", run.ID).stderr
	if run, err = f.until(t.Context(), func(*engine.Run) {}); err != nil {
		t.Fatal(err)
	}
	f.ended(run)
	lines := func(text string) []string {
		return slices.Sorted(strings.Lines(spans.ReplaceAllString(text, " TIME")))
	}
	if !slices.Equal(lines(got.String()), lines(want)) {
		t.Errorf("followed it is\n%s\nwhere it was carried out\n%s", got.String(), want)
	}
}

// TestFollowedMeanwhile holds that what is told of a step is shown while it goes on, and once: also where a worker tells once more what one
// had told that was lost, and where several sign in as a profile.
func TestFollowedMeanwhile(t *testing.T) {
	t.Parallel()
	store, err := history.Open(filepath.Join(t.TempDir(), "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	began := time.Now().Add(-time.Minute)
	run := &engine.Run{ID: "r1", Job: "job", Status: engine.Running, Started: began, Attempt: 1}
	if err := store.Begin(run); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	f, err := newFollower(store, run, newPlainView(&got, style{}, review.Commands{}))
	if err != nil {
		t.Fatal(err)
	}
	looks := func(told engine.Asides, want string) {
		t.Helper()
		got.Reset()
		step := engine.StepRun{Key: "/a", ID: "a", Kind: "rest", Status: engine.Running, Started: began, Asides: told}
		if err := store.Note("r1", step); err != nil {
			t.Fatal(err)
		}
		if _, err := f.look(); err != nil || got.String() != want {
			t.Errorf("told is %q, want %q: %v", got.String(), want, err)
		}
	}
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	tried := func(seconds, try int) flow.Aside {
		return flow.Aside{Type: engine.RetryWaits, At: at(seconds), Try: try, Wait: time.Second, Error: &steps.Error{Message: "503"}}
	}
	signedIn := func(seconds int) flow.Aside {
		return flow.Aside{Type: engine.TokenFetched, At: at(seconds), Profile: "crm", Message: "password", Until: at(3600)}
	}
	one := engine.Asides{}.And(signedIn(1)).And(tried(2, 1))
	looks(one, "  signed in as crm (password)\n  ↻ a             try 1 failed, the next in 1.0s: 503\n")
	looks(one, "")
	looks(one.And(tried(3, 2)), "  ↻ a             try 2 failed, the next in 1.0s: 503\n")
	looks(engine.Asides{}.And(signedIn(4)).And(tried(5, 1)).And(tried(6, 2)).And(tried(7, 3)), "  ↻ a             try 3 failed, the next in 1.0s: 503\n")
}
