package temporal

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// limits are the ends of a run from outside: it is cancelled, or its time is up. The steps at its end may take a grace longer.
type limits struct {
	run     workflow.Context // for what the run does
	cleanup workflow.Context // for the steps at its end
	tail    workflow.Context // ends never: for what has to be recorded in any case
	reason  *steps.Error     // why run ended
	late    bool             // the grace is over too
}

// newLimits watches over a run that began with a workflow's context.
func newLimits(ctx workflow.Context, job *jobs.Job, ends time.Time, grace time.Duration) *limits {
	l := &limits{}
	var endRun, endCleanup workflow.CancelFunc
	l.run, endRun = workflow.WithCancel(ctx)
	l.cleanup, endCleanup = workflow.NewDisconnectedContext(ctx)
	l.tail, _ = workflow.NewDisconnectedContext(ctx)
	workflow.Go(l.tail, func(here workflow.Context) {
		l.reason = awaitEnd(here, ctx, job, ends)
		endRun()
		_ = workflow.NewTimer(here, grace).Get(here, nil)
		l.late = true
		endCleanup()
	})
	return l
}

// awaitEnd gives back when a run is cancelled or its time is up, with the reason.
func awaitEnd(here, ctx workflow.Context, job *jobs.Job, ends time.Time) *steps.Error {
	var reason *steps.Error
	s := workflow.NewSelector(here)
	s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {
		reason = &steps.Error{Kind: steps.Cancelled, Message: "the run was cancelled"}
	})
	if !ends.IsZero() {
		s.AddFuture(workflow.NewTimer(here, ends.Sub(workflow.Now(here))), func(workflow.Future) {
			reason = &steps.Error{Kind: steps.Timeout, Message: "the run took longer than its timeout of " + jobs.FormatDuration(job.Timeout)}
		})
	}
	s.Select(here)
	return reason
}

// of gives the context of a call, as its place in the run has it.
func (l *limits) of(cleanup bool) workflow.Context {
	if cleanup {
		return l.cleanup
	}
	return l.run
}

// stopped gives why nothing more is begun, nil where it is.
func (l *limits) stopped(cleanup bool) error {
	switch {
	case l.of(cleanup).Err() == nil:
		return nil
	case cleanup:
		return &flow.Stopped{Reason: &steps.Error{Kind: steps.Cancelled, Message: "the run was cancelled: the run was ending, and its last steps took too long"}}
	case l.reason == nil: // the watcher has not had its turn
		return &flow.Stopped{Reason: &steps.Error{Kind: steps.Cancelled, Message: "the run was cancelled"}}
	}
	return &flow.Stopped{Reason: l.reason}
}
