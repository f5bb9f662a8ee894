package engine_test

import (
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
)

// TestChangedLoop holds that a run does not go on with a loop that would not know its items again, but for one that is carried
// out anew.
func TestChangedLoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := "steps:\n  - {id: a, log: a}\n  - {id: l, foreach: {in: [a, b], key: \"${item}\", steps: [{id: p, probe: {unsafe: true, fails: \"${item == 'b' ? 1 : 0}\", status: 404}}]}}"
	run := w.run(before)
	r := engine.Resumption{
		Run: run, Original: loadJob(t, w.probe.kind(), before),
		Job: loadJob(t, w.probe.kind(), strings.Replace(before, "key: \"${item}", "key: \"x${item}", 1)),
	}
	e := engine.New(engine.Config{Journal: w.journal, Redactor: auth.NewRedactor()})
	if _, err := e.Resume(t.Context(), r); err == nil || !strings.Contains(err.Error(), "the loop l has changed so much") {
		t.Fatalf("got %v, want that the loop has changed", err)
	}
	w.probe.calls, r.From = nil, "l"
	if _, err := e.Resume(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	check(t, "calls", strings.Join(w.probe.calls, " "), "/l[xa]/p /l[xb]/p")
}
