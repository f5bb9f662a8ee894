package temporal

import (
	"bytes"
	"strings"
	"testing"

	"go.temporal.io/sdk/temporal"

	"snrun/auth"
	"snrun/engine"
)

// TestCancelledBeforeItBegan holds that a run stays as it is that ended before a worker took it up.
func TestCancelledBeforeItBegan(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, "steps: [{probe: {value: never}}]")
	memory, _ := w.config.Engine.Journal.(*engine.Memory)
	ended := *memory.Run(w.order.Run)
	ended.Status = engine.Cancelled
	if err := memory.Finish(&ended); err != nil {
		t.Fatal(err)
	}
	if run := w.toTheEnd(); run.Status != engine.Cancelled || len(c.calls) > 0 || !temporal.IsCanceledError(w.err) {
		t.Errorf("the run is %s after %q: %v", run.Status, c.calls, w.err)
	}
}

// TestManyStepsAtOnce holds that people are told of all steps, where more have ended since anybody was told than travel at once.
func TestManyStepsAtOnce(t *testing.T) {
	t.Parallel()
	const steps = 2*rowsAtOnce + 50
	var c counter
	run := c.enlist(t, "steps:\n"+strings.Repeat("  - log: a\n", steps)).toTheEnd()
	if run.Status != engine.OK || len(run.Steps) != steps {
		t.Errorf("the run is %s, with %d steps on record, want %d", run.Status, len(run.Steps), steps)
	}
}

// TestFailuresAreKeptMasked holds that what the journal keeps of a unit that failed has no secret in it.
func TestFailuresAreKeptMasked(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	var c counter
	redactor := auth.NewRedactor()
	redactor.Add(secret)
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: redactor, Dir: t.TempDir()})
	w := enlisted(t, e, engine.Request{
		Job: c.load(t, "steps: [{id: end, fail: \"it is ${secret.mark}\"}]"), Inputs: map[string]any{}, Secrets: map[string]any{"mark": secret},
	})
	if run := w.toTheEnd(); run.Status != engine.Failed || run.Error.Message != "it is ***" {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	entry, mark, err := e.Journal.Lookup(w.order.Run, "@gave/end")
	if err != nil || mark != engine.Done || bytes.Contains(entry.Result, []byte(secret)) {
		t.Errorf("the journal keeps %s: %v", entry.Result, err)
	}
}
