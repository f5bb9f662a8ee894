package temporal

import (
	"context"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// TestRefusedRunIsToldOf holds that a run which no worker can begin ends for all who watch, with its secrets masked.
func TestRefusedRunIsToldOf(t *testing.T) {
	t.Parallel()
	var c counter
	var told []string
	redactor := auth.NewRedactor()
	redactor.Add("hunter2hunter2")
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: redactor, Watch: func(ev engine.Event) { told = append(told, ev.Type+" "+string(ev.Status)) }})
	w := enlisted(t, e, engine.Request{Job: c.load(t, "steps: [{probe: {value: 1}}]"), Inputs: map[string]any{}})
	w.prepared.prepare = func(context.Context, *engine.Run) (*Prepared, error) {
		return nil, &steps.Error{Kind: steps.BadInput, Message: "no hunter2hunter2 here"}
	}
	run := w.toTheEnd()
	if run.Status != engine.Failed || run.Error.Message != "no *** here" || run.Started.IsZero() {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	if got := strings.Join(told, ", "); got != "run_started , run_ended failed" {
		t.Errorf("told were %s", got)
	}
}

// TestTooMuchToBeginWith holds that a run ends, and says why, whose texts and inputs may not travel.
func TestTooMuchToBeginWith(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, "steps: [{log: '"+strings.Repeat("<", openingMost/5)+"'}]")
	if run := w.toTheEnd(); run.Status != engine.Failed || run.Error.Kind != steps.Limit {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
}

// TestTooMuchToEndWith holds that an output which may not travel fails the run, and does not have it stand still.
func TestTooMuchToEndWith(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, "steps: [{id: one, set: {v: '"+strings.Repeat("x", 8<<10)+"'}}]\noutput: ${map(1..40, steps.one.output.v)}")
	run := w.toTheEnd()
	if run.Status != engine.Failed || run.Error.Kind != steps.Limit || !strings.Contains(run.Error.Message, "the job's output") {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
}
