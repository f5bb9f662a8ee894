package temporal

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"snrun/engine"
	"snrun/steps"
)

func TestPausesOfHours(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps:
  - repeat:
      attempts: 4
      every: 6h
      steps: [{probe: {value: 1}}]
  - wait: 2d
`)
	run := w.toTheEnd()
	if run.Status != engine.OK || len(c.calls) != 4 {
		t.Errorf("the run is %s after %d calls: %+v", run.Status, len(c.calls), run.Error)
	}
	if want := 66 * time.Hour; w.elapsed < want || w.elapsed > want+time.Minute {
		t.Errorf("it took %s, want %s", w.elapsed, want)
	}
	if took := run.Ended.Sub(run.Started); took < 66*time.Hour-time.Minute {
		t.Errorf("its record says that it took %s", took)
	}
}

// TestPauseIsNotBegunAnew holds that who goes on with a wait waits for the rest only.
func TestPauseIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps:
  - parallel:
      long: [{wait: 10h}]
      short: [{wait: 4h}, {probe: {value: 1}}, {probe: {value: 2}}]
`)
	w.renewAfter = 0
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		if w.workflows == 0 {
			env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, 3*time.Hour)
			return
		}
		if w.elapsed > 5*time.Hour {
			t.Errorf("the first workflow waited for %s", w.elapsed)
		}
		env.SetStartTime(time.Now().Add(w.elapsed))
	}
	if run := w.toTheEnd(); run.Status != engine.OK || w.workflows != 2 {
		t.Errorf("the run is %s after %d workflows: %+v", run.Status, w.workflows, run.Error)
	}
	if want := 10 * time.Hour; w.elapsed < want-time.Minute || w.elapsed > want+time.Minute {
		t.Errorf("it took %s, want %s", w.elapsed, want)
	}
}

func TestRunOutOfTime(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
timeout: 1h
steps:
  - try:
      - wait: 59m
      - wait: 2h
    finally: [{probe: {value: 1}}]
on_failure: [{id: told, probe: {value: "${error.message}"}}]
finally: [{probe: {value: 2}}]
`)
	run := w.toTheEnd()
	if run.Status != engine.Failed || run.Error.Kind != steps.Timeout || run.Error.Message != "the run took longer than its timeout of 1h" {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	if want := []string{"/try:1/finally/probe:1", "/on_failure/told", "/finally/probe:1"}; !slices.Equal(c.calls, want) {
		t.Errorf("the calls were %q, want %q", c.calls, want)
	}
}

func TestRunCancelled(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps:
  - wait: 5h
  - probe: {value: never}
on_failure: [{probe: {value: never}}]
finally: [{probe: {value: tidy}}]
`)
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	}
	run := w.toTheEnd()
	if run.Status != engine.Cancelled || run.Error.Message != "the run was cancelled" {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	if want := []string{"/finally/probe:1"}; !slices.Equal(c.calls, want) {
		t.Errorf("the calls were %q, want %q", c.calls, want)
	}
	if !temporal.IsCanceledError(w.err) {
		t.Errorf("the workflow ended with %v", w.err)
	}
	if w.elapsed > time.Hour+time.Minute {
		t.Errorf("it took %s", w.elapsed)
	}
}

// TestCleanupTakesTooLong holds that the steps at the end of a cancelled run have their grace, and no more.
func TestCleanupTakesTooLong(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps: [{wait: 5h}]
finally: [{wait: 10s}, {probe: {value: tidy}}, {wait: 10m}, {probe: {value: never}}]
`)
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	}
	run := w.toTheEnd()
	if run.Status != engine.Cancelled || len(c.calls) != 1 {
		t.Errorf("the run is %s after %q: %+v", run.Status, c.calls, run.Error)
	}
	if want := time.Hour + 30*time.Second; w.elapsed < want || w.elapsed > want+10*time.Second {
		t.Errorf("it took %s, want %s", w.elapsed, want)
	}
}

// losing is a Holder whose process is lost so many times before it holds a unit, or after it was carried out.
type losing struct {
	before int
}

func (l *losing) Hold(ctx context.Context, _, _ string) (context.Context, func(), error) {
	if l.before > 0 {
		l.before--
		return nil, nil, errors.New("the connection is gone")
	}
	return ctx, func() {}, nil
}

// TestLostWorkersAreNoTries holds that what is repeated for a lost worker uses up none of a step's tries, and repeats no call.
func TestLostWorkersAreNoTries(t *testing.T) {
	t.Parallel()
	c := counter{does: func(_ context.Context, key string) error {
		if strings.Contains(key, "bad") {
			return &steps.Error{Kind: steps.Network, Message: "no", Repeat: steps.Always}
		}
		return nil
	}}
	w := c.enlist(t, `
steps:
  - id: good
    retry: none
    probe: {value: 1}
  - id: bad
    retry: {attempts: 3, backoff: {initial: 1ms}}
    probe: {value: 2}
`)
	w.config.Holder = &losing{before: 3}
	run := w.toTheEnd()
	if want := []string{"/good", "/bad", "/bad#2", "/bad#3"}; !slices.Equal(c.calls, want) {
		t.Errorf("the calls were %q, want %q", c.calls, want)
	}
	if run.Status != engine.Failed || run.Error.Attempts != 3 {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	if w.err == nil || strings.Contains(w.err.Error(), "no ") && !strings.Contains(w.err.Error(), run.ID) {
		t.Errorf("the workflow ended with %v", w.err)
	}
}

// TestRunOutOfTimeWhileRenewed holds that the run's own timeout does not begin anew with each workflow that goes on with it, nor does the time
// that people are told a step began at, and that each of them is of the same attempt.
func TestRunOutOfTimeWhileRenewed(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
timeout: 1h
steps:
  - {id: all, steps: [{wait: 25m}, {wait: 25m}, {wait: 25m}, {probe: {value: never}}]}
finally: [{probe: {value: tidy}}]
`)
	w.order.Attempt = 1
	w.renewAtWaits()
	run := w.toTheEnd()
	if run.Status != engine.Failed || run.Error.Message != "the run took longer than its timeout of 1h" || w.workflows < 2 || w.order.Attempt != 1 {
		t.Errorf("the run is %s after %d workflows, the last of attempt %d: %+v", run.Status, w.workflows, w.order.Attempt, run.Error)
	}
	if want := []string{"/finally/probe:1"}; !slices.Equal(c.calls, want) {
		t.Errorf("the calls were %q, want %q", c.calls, want)
	}
	if w.elapsed < time.Hour || w.elapsed > time.Hour+time.Minute {
		t.Errorf("it took %s", w.elapsed)
	}
	for _, s := range run.Steps {
		if late := s.Started.Sub(run.Started); s.Key == "/all" && late > time.Minute {
			t.Errorf("it is told that %s began %s after the run", s.Key, late)
		}
	}
}

// TestWaitsAreTold holds that people see of a run under way which of its steps wait, and how far its loops are.
func TestWaitsAreTold(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, `
steps:
  - {id: hours, wait: 3h}
  - id: each
    foreach: {in: [1, 2, 3], steps: [{wait: 1h}, {probe: {value: "${item}"}}]}
`)
	told := func(env *testsuite.TestWorkflowEnvironment, after time.Duration, want string) {
		env.RegisterDelayedCallback(func() {
			var got []string
			for _, s := range w.config.Engine.Journal.(*engine.Memory).Run(w.order.Run).Steps {
				if s.Key == "/hours" || s.Key == "/each" {
					got = append(got, s.Key, string(s.Status))
				}
				if s.Counts != nil {
					got = append(got, strconv.Itoa(s.Counts.Succeeded), "of", strconv.Itoa(s.Counts.Total))
				}
			}
			if text := strings.Join(got, " "); text != want {
				t.Errorf("after %s people are told %q, want %q", after, text, want)
			}
		}, after)
	}
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		told(env, 2*time.Hour, "/hours waiting")
		told(env, 210*time.Minute, "/hours ok /each running")
		told(env, 330*time.Minute, "/hours ok /each running 2 of 3")
	}
	if run := w.toTheEnd(); run.Status != engine.OK {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
}
