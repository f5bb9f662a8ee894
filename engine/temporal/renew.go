package temporal

import (
	"go.temporal.io/sdk/workflow"
)

// asNew gives the error that has a new workflow go on with the run. What was finished is in the journal, and so are the ends of waits.
func (h *host) asNew(ctx workflow.Context) error {
	_ = workflow.Await(h.here, func() bool { return len(h.rows.flying) == 0 })
	for len(h.rows.pending) > 0 {
		h.sendRows()
	}
	next := Order{
		Run: h.run, Job: h.order.Job, Attempt: h.order.Attempt, Again: true, Assume: h.order.Assume, Redo: h.order.Redo, Space: h.order.Space,
		Went: &Went{Times: 1, Ends: h.ends, Started: workflow.GetInfo(ctx).WorkflowStartTime},
	}
	if h.order.Went != nil {
		next.Went.Times, next.Went.Started = h.order.Went.Times+1, h.order.Went.Started
	}
	next.Went.Open, next.Went.Noted = h.rows.went()
	return workflow.NewContinueAsNewError(ctx, WorkflowType, next)
}
