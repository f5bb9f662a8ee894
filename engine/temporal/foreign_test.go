package temporal

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"snrun/engine"
)

// foreign says whether a workflow was refused for good.
func foreign(err error) bool {
	var refused *temporal.ApplicationError
	return errors.As(err, &refused) && refused.Type() == "foreign" && refused.NonRetryable()
}

// TestForeignWorkflowIsRefused holds that a run is begun by its own workflow only, with whatever order another one comes.
func TestForeignWorkflowIsRefused(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"", WorkflowName("default-test-namespace", "another"), WorkflowName("another", "default-test-workflow-id")} {
		var c counter
		w := c.enlist(t, "steps: [{probe: {value: 1}}]")
		memory, _ := w.config.Engine.Journal.(*engine.Memory)
		run := memory.Run(w.order.Run)
		w.order.Run = w.config.Engine.NewID(run.Due)
		again := *run
		again.ID, again.Workflow = w.order.Run, other
		if err := memory.Begin(&again); err != nil {
			t.Fatal(err)
		}
		before := memory.Run(again.ID).Status
		if got := w.toTheEnd(); got.Status != before || !foreign(w.err) || len(c.calls) > 0 {
			t.Errorf("%q: the run is %s after %q: %v", other, got.Status, c.calls, w.err)
		}
	}
}

// TestWorkflowThatLostItsRun holds that a workflow ends, and leaves the run alone, when that is carried out by something else by now: by a
// process, or by the workflow of a later attempt, which has the same name.
func TestWorkflowThatLostItsRun(t *testing.T) {
	t.Parallel()
	for name, workflow := range map[string]func(string) string{
		"a process":       func(string) string { return "" },
		"a later attempt": func(same string) string { return same },
	} {
		var c counter
		w := c.enlist(t, "steps: [{wait: 1h}, {probe: {value: never}}]\nfinally: [{probe: {value: never}}]")
		memory, _ := w.config.Engine.Journal.(*engine.Memory)
		w.each = func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() {
				ended, here := *memory.Run(w.order.Run), *memory.Run(w.order.Run)
				ended.Status, here.Workflow, here.Attempt = engine.Interrupted, workflow(here.Workflow), 2
				if err := errors.Join(memory.Finish(&ended), memory.Continue(&here, nil, nil)); err != nil {
					t.Error(err)
				}
			}, 30*time.Minute)
		}
		if run := w.toTheEnd(); run.Status != engine.Running || run.Attempt != 2 || len(c.calls) > 0 {
			t.Errorf("%s: the run is %s, attempt %d, after %q", name, run.Status, run.Attempt, c.calls)
		}
		if w.err == nil || !strings.Contains(w.err.Error(), "not carried out by this workflow") {
			t.Errorf("%s: the workflow ended with %v", name, w.err)
		}
	}
}

// TestEmptyOrder holds that a workflow ends that was started without an order.
func TestEmptyOrder(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, "steps: [{probe: {value: 1}}]")
	w.order = Order{}
	w.toTheEnd()
	if !foreign(w.err) || slices.Contains(c.calls, "/probe:1") {
		t.Errorf("the workflow ended with %v", w.err)
	}
}
