package engine_test

import (
	"context"
	"strings"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

// TestTriedAgain holds that an item which is tried again and fails further on is known by that from then on: what went well
// meanwhile is not done once more.
func TestTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a]]}}, as: x, tolerate: all, steps: [{id: q, probe: {unsafe: true, fails: 1, status: 404}}, {id: p, probe: {value: \"${x}\", fails: 1}}]}\n" +
		"  - {id: e, if: run.attempt == 2, probe: {fails: 1}}\noutput: ${steps.l.output}"
	run := w.run(yaml)
	w.probe.calls = nil
	for _, step := range []struct {
		change      func(*engine.Resumption)
		want, calls string
	}{
		{failedItems, "failed null network(e) failure 1", "/l/page:1[0]/q /l/page:1[0]/p /e"},
		{nil, "ok [null]", ""},
		{failedItems, `ok ["a"]`, "/l/page:1[0]/p"},
	} {
		run = w.goOn(run, yaml, step.change)
		check(t, "outcome", outcome(run), step.want)
		check(t, "calls", strings.Join(w.probe.calls, " "), step.calls)
		w.probe.calls = nil
	}
}

// TestMendedIsForgotten holds that the journal keeps nothing of an item that went well when it was tried again.
func TestMendedIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := "steps:\n  - {id: l, foreach: {in: {probe: {pages: [[1, 9]]}}, tolerate: all, steps: [{id: p, probe: {fails: \"${item}\", unsafe: true, status: 404}}]}}"
	run := w.goOn(w.run(yaml), yaml, failedItems)
	for item, want := range map[string]int{"/l/page:1[0]": 0, "/l/page:1[1]": 1} {
		entries, err := w.journal.Kept(run.ID, item)
		if err != nil || len(entries) != want {
			t.Errorf("of %s the journal has %d entries, want %d: %v", item, len(entries), want, err)
		}
	}
}

// TestItemBeforePage holds that where an item fails, and the next page besides, the loop fails over the item.
func TestItemBeforePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kind := w.probe.kind()
	kind.Run = func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
		if strings.HasSuffix(env.Key, "/page:2") {
			return steps.Output{}, &steps.Error{Kind: steps.Network, Message: "no page"}
		}
		return w.probe.run(ctx, in, env)
	}
	e := engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor})
	run, err := e.Run(t.Context(), engine.Request{Job: loadJob(t, kind, "steps:\n  - foreach: {in: {probe: {pages: [[a], [b]]}}, steps: [{fail: item}]}")})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", outcome(run), "failed null input(fail:1) 1 of 1 items failed; [0]: item")
}

// TestToleratedOnce holds that a call whose failure was tolerated is kept once, however many loops are around it.
func TestToleratedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.run("steps:\n  - foreach: {in: {probe: {pages: [[a]]}}, as: x, steps: [{foreach: {in: [1], tolerate: all, steps: [{probe: {fails: 1}}]}}]}")
	entry, _, err := w.journal.Lookup(run.ID, "@tolerated")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "kept", string(entry.Result), `["/foreach:1/page:1[0]/foreach:1[0]/probe:1"]`)
}

// TestSavedAtOnce holds that what many items of one page save at once is kept for each part of the page that is worked on.
func TestSavedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := strings.Repeat("a, ", 129)
	run := w.run("state: {n: {initial: 0}}\nsteps:\n  - {id: l, foreach: {in: {probe: {pages: [[" + list + "]]}}, index: i, concurrency: 2, steps: [{save: {n: 1}}, {if: i == 128, fail: here}]}}")
	entries, err := w.journal.Kept(run.ID, "/l/page:1@saved")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("%d times was kept what items saved at once, want 2", len(entries))
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key, root string
		want      bool
	}{
		{"/a", "/a", true}, {"/a/b", "/a", true}, {"/a[x]", "/a", true}, {"/a#2", "/a", true}, {"/a@x", "/a", true}, {"/ab", "/a", false}, {"/", "/a", false},
		{"/a", "/a#", true}, {"/a#2", "/a#", true}, {"/a#2@wait", "/a#", true}, {"/a/b", "/a#", false}, {"/a[x]", "/a#", false}, {"/a@x", "/a#", false}, {"/ab", "/a#", false},
	} {
		if got := engine.Below(test.key, test.root); got != test.want {
			t.Errorf("Below(%q, %q) = %t, want %t", test.key, test.root, got, test.want)
		}
	}
}
