package temporal

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"snrun/engine"
	"snrun/steps"
)

// TestCancelledWhileRenewed holds that a run does not go on that was cancelled while one of its branches waited for a new workflow already.
func TestCancelledWhileRenewed(t *testing.T) {
	t.Parallel()
	var env *testsuite.TestWorkflowEnvironment
	suggested, cut := make(chan struct{}), false
	c := counter{does: func(ctx context.Context, key string) error {
		if key != "/both/branch:slow/probe:1" || cut {
			return nil
		}
		cut = true
		<-suggested
		env.CancelWorkflow()
		<-ctx.Done()
		return &steps.Error{Kind: steps.Cancelled, Message: "cut off"}
	}}
	w := c.enlist(t, `
steps:
  - id: both
    parallel:
      quick: [{probe: {value: 1}}, {probe: {value: never}}]
      slow: [{probe: {value: 2}}]
  - probe: {value: never}
finally: [{probe: {value: tidy}}]
`)
	w.renewAfter = 0
	var once sync.Once
	w.each = func(e *testsuite.TestWorkflowEnvironment) {
		env = e
		e.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
			if info.ActivityType.Name == unitActivity && w.workflows == 0 {
				e.SetContinueAsNewSuggested(true)
				once.Do(func() { close(suggested) })
			}
		})
	}
	run := w.toTheEnd()
	if run.Status != engine.Cancelled || w.workflows != 2 {
		t.Errorf("the run is %s after %d workflows: %+v", run.Status, w.workflows, run.Error)
	}
	if slices.Contains(c.calls, "/probe:2") || !slices.Contains(c.calls, "/finally/probe:1") {
		t.Errorf("the calls were %q", c.calls)
	}
}

// renewAtWaits has the server want a new workflow when a wait is over: the first workflow's first, the second one's second, and so on.
func (w *walked) renewAtWaits() {
	w.renewAfter = 0
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		if w.workflows > 0 {
			env.SetStartTime(w.ended)
		}
		waits := 0
		env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
			if info.ActivityType.Name != wakesActivity {
				return
			}
			if waits++; waits > w.workflows {
				env.SetContinueAsNewSuggested(true)
			}
		})
	}
}

// TestTimeoutsOutliveRenewal holds that the timeout of a block does not begin anew with each workflow that goes on with it.
func TestTimeoutsOutliveRenewal(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps:
  - id: hour
    timeout: 1h
    steps: [{wait: 25m}, {wait: 25m}, {wait: 25m}, {probe: {value: never}}]
`)
	w.order.Assume, w.order.Redo = engine.AssumeRedo, true
	w.renewAtWaits()
	run := w.toTheEnd()
	if run.Status != engine.Failed || run.Error.Kind != steps.Timeout || run.Error.Message != "a wait of 25m would end after the timeout of 1h of step hour" {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	if w.order.Assume != engine.AssumeRedo || !w.order.Redo {
		t.Errorf("what a person said of calls in doubt and of failures is forgotten: %+v", w.order)
	}
	if w.workflows < 2 || len(c.calls) > 0 {
		t.Errorf("after %d workflows the calls were %q", w.workflows, c.calls)
	}
}

// TestRenewedAtItsEnd holds that the end of a run which was cancelled is walked whole, where the server wants a new workflow meanwhile.
func TestRenewedAtItsEnd(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps: [{wait: 5h}, {probe: {value: never}}]
finally: [{probe: {value: 1}}, {probe: {value: 2}}, {probe: {value: 3}}]
`)
	w.renewAfter = 0
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		if w.workflows == 0 {
			env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, 30*time.Minute)
			env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
		}
	}
	run := w.toTheEnd()
	if run.Status != engine.Cancelled || w.workflows != 2 {
		t.Errorf("the run is %s after %d workflows: %+v", run.Status, w.workflows, run.Error)
	}
	if want := []string{"/finally/probe:1", "/finally/probe:2", "/finally/probe:3"}; !slices.Equal(c.calls, want) {
		t.Errorf("the calls were %q, want %q", c.calls, want)
	}
}
