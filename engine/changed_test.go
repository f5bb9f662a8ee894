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

// TestChangedInputs holds that a job which asks for more than the one that a run began with is given its defaults.
func TestChangedInputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := "steps:\n  - {id: p, probe: {fails: 1}}"
	run := w.run(before)
	next := w.goOn(run, before+"\ninputs: {n: {type: integer, default: 7}}\noutput: ${inputs.n}", func(r *engine.Resumption) {
		r.Original = loadJob(t, w.probe.kind(), before)
	})
	check(t, "outcome", outcome(next), "ok 7")
}

// TestLateBeforeItWasSent holds that an unsafe call whose step ran out of time before anything was sent is not in doubt.
func TestLateBeforeItWasSent(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{"404": "ok", "500": "interrupted"} { // of 404 the probe says that it had no effect
		w := newWorld(t)
		yaml := "steps:\n  - {id: p, timeout: 10ms, probe: {unsafe: true, status: " + status + ", fails: 1, takes: 1h}}"
		run := w.run(yaml)
		check(t, "first", string(run.Status), "failed")
		next := w.goOn(run, strings.Replace(yaml, "1h", "0s", 1), nil)
		check(t, "then", string(next.Status), want)
	}
}
