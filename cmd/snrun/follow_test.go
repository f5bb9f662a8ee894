package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"snrun/engine"
	"snrun/examples/sandbox"
	"snrun/history"
	"snrun/history/review"
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
