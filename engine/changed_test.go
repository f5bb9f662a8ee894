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
	w.request.Inputs = map[string]any{"m": 5}
	before := "steps:\n  - {id: p, probe: {fails: 1}}\ninputs: {m: {type: integer, default: 1}"
	run := w.run(before + "}")
	next := w.goOn(run, before+", n: {type: integer, default: 7}}\noutput: ${inputs.n * 10 + inputs.m}", func(r *engine.Resumption) {
		r.Original = loadJob(t, w.probe.kind(), before+"}")
	})
	check(t, "outcome", outcome(next), "ok 75")
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

// TestTextsOfTheLastAttempt holds that the record of a run keeps what it began with, and beside it what its last attempt had where
// that is another text: of the job or of one that it calls.
func TestTextsOfTheLastAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.beside = map[string]string{"sub": "steps:\n  - {id: s, log: s}"}
	before := "steps:\n  - {id: c, call: {job: sub}}\n  - {id: p, probe: {fails: 9}}"
	run := w.run(before)
	began := run.Texts()
	if len(began) != 2 || run.Latest != nil {
		t.Fatalf("it begins with %q, %q", began, run.Latest)
	}
	mended := strings.Replace(before, "id: p", "id: q", 1)
	original := func(r *engine.Resumption) {
		r.Original = loadJobs(t, w.probe.kind(), map[string]string{"job": before, "sub": w.beside["sub"]})
	}
	run = w.goOn(run, mended, original)
	if got := run.Texts(); len(got) != 2 || !strings.Contains(got[0].Text, "id: q") || got[1].Text != began[1].Text || run.Text != began[0].Text {
		t.Errorf("with another job it has %q, and began with %q", got, run.Text)
	}
	if run = w.goOn(run, before, nil); run.Latest != nil {
		t.Errorf("with what it began with it has %q", run.Latest)
	}
	w.beside["sub"] = "steps:\n  - {id: s, log: t}"
	if run = w.goOn(run, before, nil); len(run.Latest) != 2 || !strings.Contains(run.Latest[1].Text, "log: t") {
		t.Errorf("with another one that it calls it has %q", run.Latest)
	}
}
