package temporal

import (
	"context"
	"fmt"
	"maps"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"snrun/engine"
	"snrun/engine/flow"
)

// carryOut is the workflow: one run, from its beginning to its end on record.
func (w *Worker) carryOut(ctx workflow.Context, order Order) (Ended, error) {
	begun, err := w.begin(ctx, order)
	if err != nil {
		return Ended{}, err
	}
	if begun.Over != "" {
		return Ended{Run: begun.Run, Status: begun.Over}, failed(begun.Run, begun.Over)
	}
	given, err := flow.DecodeGiven(begun.Given)
	if err != nil {
		return Ended{}, err
	}
	prepared, err := w.preparedFor(begun)
	if err != nil {
		return Ended{}, err
	}
	if order.Went != nil && order.Went.Cancelled {
		var cancel workflow.CancelFunc
		ctx, cancel = workflow.WithCancel(ctx)
		cancel()
	}
	run := newWalk(ctx, order, begun, prepared)
	run.least = w.renewAfter
	here := &host{walk: run, here: run.tail}
	if err := here.recallMore(begun.More); err != nil {
		return Ended{}, err
	}
	run.flush()
	out := flow.Run(here, prepared.Job, given)
	if run.renewing { // also where the flow ends for another reason: then it is its end that has not been walked whole
		return Ended{}, here.asNew(ctx)
	}
	return here.finish(out, begun.Started)
}

// begin has the run be put on record as running, and gives what it starts with.
func (w *Worker) begin(ctx workflow.Context, order Order) (opening, error) {
	if order.Run == "" && len(order.Texts) == 0 { // nothing came along, not even something encrypted
		return opening{}, temporal.NewNonRetryableApplicationError("something other than snrun started this workflow", "foreign", nil)
	}
	info := workflow.GetInfo(ctx)
	s := start{Order: order, Run: order.Run, Due: order.Due, Workflow: WorkflowName(info.Namespace, info.WorkflowExecution.ID)}
	if s.Run == "" {
		made := workflow.SideEffect(ctx, func(ctx workflow.Context) any { return w.config.Engine.NewID(workflow.Now(ctx)) })
		if err := made.Get(&s.Run); err != nil {
			return opening{}, err
		}
	}
	if s.Due.IsZero() {
		s.Due = dueOf(ctx)
	}
	if order.Slot != nil && order.Went == nil {
		got, err := w.await(ctx, s)
		if err != nil || got.Over != "" {
			return opening{Run: got.Run, Over: got.Over}, err
		}
	}
	always, _ := workflow.NewDisconnectedContext(ctx) // one that was cancelled before it began is put on record too
	var begun opening
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(always, activityOptions()), beginActivity, s).Get(ctx, &begun)
	if err == nil {
		misplaced(address{begun.Run, "@begin", ""}, address{s.Run, "@begin", ""})
	}
	return begun, err
}

// scheduled is where the server says when a schedule wanted a workflow to start.
var scheduled = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// dueOf gives when a run should have started: when its schedule says, else when its workflow began.
func dueOf(ctx workflow.Context) time.Time {
	if due, there := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduled); there {
		return due
	}
	return workflow.GetInfo(ctx).WorkflowStartTime
}

func newWalk(ctx workflow.Context, order Order, begun opening, with *Prepared) *walk {
	w := &walk{order: order, run: begun.Run, rows: newRows(order.Went), recall: begun.Recall, times: map[string]time.Time{}}
	if order.Went != nil {
		maps.Copy(w.times, order.Went.Clock)
	}
	switch {
	case order.Went != nil:
		w.ends = order.Went.Ends
	case with.Job.Timeout > 0:
		w.ends = workflow.Now(ctx).Add(with.Job.Timeout)
	}
	w.limits = newLimits(ctx, with.Job, w.ends, with.Engine.Grace)
	w.renewed, w.renew = workflow.NewFuture(ctx)
	return w
}

// flush has what people are to be told travel by itself where nothing else takes it along for a second.
func (w *walk) flush() {
	workflow.Go(w.tail, func(here workflow.Context) {
		h := &host{walk: w, here: here}
		for {
			if err := workflow.Await(here, func() bool { return len(w.rows.pending) > 0 }); err != nil {
				return
			}
			if err := workflow.Sleep(here, noted); err != nil {
				return
			}
			if h.ending {
				return
			}
			h.sendRows(h.rows.all())
		}
	})
}

// lastRows waits until people were told of all steps but for the rows that it gives: who ends the workflow tells of them.
func (h *host) lastRows() ([]row, error) {
	h.ending = true
	if err := workflow.Await(h.here, func() bool { return len(h.rows.flying) == 0 }); err != nil && !temporal.IsCanceledError(err) {
		return nil, err
	}
	last := h.rows.all()
	for len(h.rows.pending) > 0 {
		h.sendRows(last)
		last = h.rows.all()
	}
	return last, nil
}

// sendRows has an activity of its own tell people of steps.
func (h *host) sendRows(rows []row) {
	if len(rows) == 0 {
		return
	}
	for _, row := range rows {
		h.rows.flying[row.Key] = true
	}
	t := h.task("@note")
	t.Rows = rows
	_, _ = h.ask(h.tail, noteActivity, t) // what could not be told is told again at the step's end
	for _, row := range rows {
		delete(h.rows.flying, row.Key)
	}
}

// finish has the end of the run be put on record.
func (h *host) finish(out flow.Outcome, started time.Time) (Ended, error) {
	e := ending{Doubts: h.doubts, Tolerated: h.tolerated, Started: started, Ended: workflow.Now(h.here)}
	var err error
	e.Outcome, err = flow.EncodeHanded(flow.Handed{Value: out.Output, Error: brief(out.Error)})
	if size := weight(e.Outcome); err == nil && size > heaviest && out.Error == nil {
		e.Outcome, err = flow.EncodeHanded(flow.Handed{Error: tooHeavy("the job's output", size)})
	}
	if err != nil {
		return Ended{}, err
	}
	e.Halt = engine.HaltOf(out.Halt)
	t := h.task("@finish")
	if t.Rows, err = h.lastRows(); err != nil {
		return Ended{}, err
	}
	var ended Ended
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(h.tail, activityOptions()), finishActivity, t, e).Get(h.here, &ended)
	if err != nil {
		return ended, err
	}
	misplaced(address{ended.Run, t.Key, ""}, t.address())
	return ended, failed(ended.Run, ended.Status)
}

// failed is how a workflow ends whose run did not end well, for whoever looks at the cluster. It says nothing of what the run was about.
func failed(run string, status engine.Status) error {
	switch status {
	case engine.OK, engine.Skipped:
		return nil
	case engine.Cancelled:
		return temporal.NewCanceledError()
	}
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf("the run is %s: snrun history show %s", status, run), string(status), nil)
}

// preparedFor gives the job that a workflow walks. It is made of texts that are on record, so that a worker which takes the workflow
// over walks the same one.
func (w *Worker) preparedFor(begun opening) (*Prepared, error) {
	run := &engine.Run{ID: begun.Run, Status: engine.Running, File: begun.File, Latest: begun.Texts}
	if len(begun.Texts) > 0 {
		run.Text, run.Called = begun.Texts[0].Text, begun.Texts[1:]
	}
	with, back, err := w.prepared.of(context.Background(), run)
	if err != nil {
		panic(fmt.Sprintf("run %s cannot be walked by this worker, and waits for one that can: %s", begun.Run, err))
	}
	back() // the flow reads the job only, which needs nothing that is closed
	return with, nil
}
