package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snrun/steps"
)

// Suspend is the cause of a context that ends a run for now: it stops where it is, nothing is tidied up, and it is on record as
// interrupted, so that it can go on later.
type Suspend struct {
	Why   string
	Later string // what becomes of a run that may go on by itself: neither is a call in doubt nor does its job say on_interrupt: fail
}

// Error says why.
func (s *Suspend) Error() string { return s.Why }

// suspended gives the Suspend that ended a context, nil where it goes on or ended otherwise.
func suspended(ctx context.Context) *Suspend {
	var s *Suspend
	if ctx.Err() != nil && errors.As(context.Cause(ctx), &s) {
		return s
	}
	return nil
}

// suspendedField stands beside what every error has, in that of a run that was suspended.
const suspendedField = "suspended"

// WasSuspended says whether an error is that of a run which was suspended in good order; it is not where a crash cut it off.
func WasSuspended(e *steps.Error) bool { return e != nil && e.Fields[suspendedField] == true }

// interruption is the error of a run that was suspended, with the calls that this left in doubt.
func (x *execution) interruption(s *Suspend) *steps.Error {
	e := &steps.Error{Kind: steps.Cancelled, Message: s.Why, Fields: map[string]any{suspendedField: true}}
	switch {
	case len(x.doubts.keys()) > 0:
		e = x.cutShort(e)
		e.Hint = "look in the other system, then go on with --assume done where it was carried out, else with --assume redo"
	case x.job.OnInterrupt == "fail":
		e.Hint = "the next daemon puts it down as failed, since its job says on_interrupt: fail"
	case s.Later != "":
		e.Message += "; " + s.Later
	}
	return e
}

// Refuse records a run that could not begin, and why.
func (e *Engine) Refuse(req Request, why *steps.Error) (*Run, error) {
	now := time.Now()
	_, x := e.newExecution(req, now)
	if err := e.Journal.Begin(x.run); err != nil {
		return nil, fmt.Errorf("recording the run: %w", err)
	}
	x.tell(Event{Type: RunStarted, Job: x.run.Job, Trigger: x.run.Trigger, Attempt: x.run.Attempt})
	x.run.Status, x.run.Ended, x.run.Error = Failed, now, x.masked(why)
	if err := e.record(func() error { return e.Journal.Finish(x.run) }); err != nil {
		return x.run, fmt.Errorf("recording the end of run %s: %w", x.run.ID, err)
	}
	x.tell(Event{Type: RunEnded, Job: x.run.Job, Status: x.run.Status, Error: x.run.Error})
	return x.run, nil
}

// GiveUp records that a run which was interrupted has failed, and why: nobody goes on with it. The error wraps ErrRunning where somebody
// does.
func (e *Engine) GiveUp(interrupted *Run, why *steps.Error) error {
	run := *interrupted
	x := &execution{Engine: e, run: &run}
	run.Attempt, run.Process, run.Error = max(run.Attempt, 1)+1, processName(), nil
	if err := e.Journal.Continue(&run, nil, nil); err != nil {
		return fmt.Errorf("giving up run %s: %w", run.ID, err)
	}
	run.Status, run.Ended, run.Error = Failed, time.Now(), x.masked(why)
	if err := e.record(func() error { return e.Journal.Finish(&run) }); err != nil {
		return fmt.Errorf("recording the end of run %s: %w", run.ID, err)
	}
	x.tell(Event{Type: RunStarted, Job: run.Job, Attempt: run.Attempt})
	x.tell(Event{Type: RunEnded, Job: run.Job, Status: run.Status, Error: run.Error})
	return nil
}

// NewID gives the id of a run that is to start at a time. Each is greater than all before.
func (e *Engine) NewID(at time.Time) string { return e.ids.next(at) }
