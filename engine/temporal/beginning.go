package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// beginRun puts a run on record as running, and gives what it starts with. Doing it twice is the same as once.
func (w *Worker) beginRun(ctx context.Context, s start) (opening, error) {
	live, stop := w.alive(ctx)
	defer stop()
	if err := meant(ctx, s); err != nil {
		return opening{}, err
	}
	run, err := w.record(live, s)
	if err != nil {
		return opening{}, repeated(live, err)
	}
	if err := itsOwn(ctx, run, max(s.Order.Attempt, 1)); err != nil {
		return opening{}, err
	}
	if over(run) { // cancelled before it began, or this is asked again
		return opening{Run: run.ID, Over: run.Status}, nil
	}
	begun, err := w.open(live, s, run)
	if refusal, is := errors.AsType[*steps.Error](err); is {
		begun, err = w.refuse(run, refusal)
	}
	if err != nil {
		w.config.Log.Warn("a run cannot begin here yet", "run", run.ID, "job", run.Job, "error", err)
		return begun, repeated(live, err)
	}
	return begun, nil
}

// itsOwn refuses a workflow that is another one than carries a run out, as its record has it: whoever can reach the server may have begun it
// with what another one was begun with, or the run goes on elsewhere by now, or as a later attempt under the same name. It ends, and the
// run stays as it is.
func itsOwn(ctx context.Context, run *engine.Run, attempt int) error {
	info := activity.GetInfo(ctx)
	later := attempt > 0 && run.Attempt > attempt
	if name := WorkflowName(info.Namespace, info.WorkflowExecution.ID); name != run.Workflow || later {
		return temporal.NewNonRetryableApplicationError("the run is not carried out by this workflow: snrun history show "+run.ID, "foreign", nil)
	}
	return nil
}

// meant refuses what another workflow was to begin with: somebody has put it in the place of this one's.
func meant(ctx context.Context, s start) error {
	info := activity.GetInfo(ctx)
	if s.Workflow == WorkflowName(info.Namespace, info.WorkflowExecution.ID) && strings.HasPrefix(info.WorkflowExecution.ID, s.Order.Workflow) {
		return nil
	}
	return temporal.NewNonRetryableApplicationError("what this workflow was to begin with is meant for another one: somebody has changed it on the Temporal server", "foreign", nil)
}

// over says whether a run has ended.
func over(run *engine.Run) bool { return run.Status != engine.Queued && run.Status != engine.Running }

// record gives the record of a run that is to begin: a new one, where a schedule starts it.
func (w *Worker) record(ctx context.Context, s start) (*engine.Run, error) {
	run, err := w.config.Runs.Run(ctx, s.Run)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the record of run %s: %w", s.Run, err)
	case run != nil && (len(run.Texts()) > 0 || len(s.Order.Texts) == 0):
		return run, nil
	case run != nil: // its slot is decided upon
		run.File, run.Text, run.Called, run.Workflow = s.Order.Texts[0].File, s.Order.Texts[0].Text, s.Order.Texts[1:], s.Workflow
		return run, nil
	case len(s.Order.Texts) == 0:
		return nil, fmt.Errorf("run %s is %w", s.Run, errUnknown)
	}
	job := s.Order.Texts[0]
	run = &engine.Run{
		ID: s.Run, Job: s.Order.Job, Status: engine.Queued, Trigger: s.Order.Trigger, Due: s.Due, File: job.File, Text: job.Text,
		Called: s.Order.Texts[1:], Attempt: 1, Workflow: s.Workflow,
	}
	if run.Trigger == "" {
		run.Trigger = engine.TriggerSchedule
	}
	return run, nil
}

// open begins a run with what it is carried out with here.
func (w *Worker) open(ctx context.Context, s start, run *engine.Run) (opening, error) {
	with, back, err := w.prepared.of(ctx, run)
	if err != nil {
		return opening{}, err
	}
	defer back()
	if len(s.Order.Texts) > 0 && run.Started.IsZero() {
		if run, err = enlist(with, s, run); err != nil {
			return opening{}, err
		}
		if w.config.Commenced != nil {
			if err := w.config.Commenced(run.ID); err != nil {
				return opening{}, err
			}
		}
	}
	if err := with.Engine.BeginElsewhere(run); err != nil {
		return opening{}, err
	}
	if run, err = w.config.Runs.Run(ctx, s.Run); err != nil || run == nil { // it knows when the run began
		return opening{}, fmt.Errorf("reading the record of run %s: %w", s.Run, err)
	}
	part, err := with.Engine.Part(engine.PartOf{
		Run: run, Job: with.Job, Env: with.Env, Secrets: with.Secrets, Assume: s.Order.Assume, Redo: s.Order.Redo, Space: s.Order.Space,
	})
	if err != nil {
		return opening{}, err
	}
	return opened(part, s, run)
}

// enlist puts a run on record that a schedule starts.
func enlist(with *Prepared, s start, run *engine.Run) (*engine.Run, error) {
	var inputs any = map[string]any{}
	if len(s.Order.Inputs) > 0 {
		var err error
		if inputs, err = steps.DecodeJSON(s.Order.Inputs); err != nil {
			return nil, fmt.Errorf("the inputs that the schedule gives: %w", err)
		}
	}
	checked, err := (&jobs.RunJob{Job: with.Job}).Check(inputs)
	if err != nil {
		return nil, err
	}
	return with.Engine.Enlist(engine.Request{
		ID: run.ID, Job: with.Job, Inputs: checked, Trigger: run.Trigger, Due: run.Due, Env: with.Env, Secrets: with.Secrets, Space: s.Order.Space,
	}, s.Workflow)
}

// opened is what a run starts with, as it travels.
func opened(part *engine.Part, s start, run *engine.Run) (opening, error) {
	o := opening{Run: run.ID, Started: run.Started, File: run.File, Texts: run.Texts()}
	var err error
	if o.Given, err = flow.EncodeGiven(part.Opening()); err != nil {
		return o, err
	}
	data, err := json.Marshal(o)
	if err != nil {
		return o, err
	}
	if len(data) > openingMost {
		return o, &steps.Error{
			Kind: steps.Limit, Message: fmt.Sprintf("the job, those that it calls, and what the run begins with are %d KB, and at most %d KB may go through Temporal", len(data)>>10, openingMost>>10),
			Hint: "run it without --temporal, or keep its data elsewhere than in the job",
		}
	}
	if s.Order.Again {
		var gave remembered
		gave, err = recalled(part, "")
		o.Recall, o.More = gave.Gave, gave.From
	}
	return o, err
}

// openingMost is how many bytes of JSON the texts of a job and of those that it calls have at most with what the run begins with: they travel
// with the workflow, and so does what finished units gave.
const openingMost = 1 << 20

// refuse puts a run on record as one that could not begin.
func (w *Worker) refuse(run *engine.Run, why *steps.Error) (opening, error) {
	refused := *run
	if err := w.config.Engine.BeginElsewhere(&refused); err != nil {
		return opening{}, err
	}
	if err := w.config.Engine.RefuseElsewhere(&refused, why); err != nil {
		return opening{}, err
	}
	return opening{Run: run.ID, Over: engine.Failed}, nil
}

// finishRun puts the end of a run on record.
func (w *Worker) finishRun(ctx context.Context, t task, e ending) (Ended, error) {
	live, stop := w.alive(ctx)
	defer stop()
	if run, err := w.config.Runs.Run(live, t.Run); err == nil && run != nil && over(run) {
		return Ended{Run: run.ID, Status: run.Status}, nil // this is asked again: what it would need is gone
	}
	part, back, err := w.part(live, t)
	if err != nil {
		return Ended{}, repeated(live, err)
	}
	defer back()
	if err := part.Note(rowsOf(t)); err != nil {
		return Ended{}, repeated(live, err)
	}
	end, err := e.engine()
	if err != nil {
		return Ended{}, err
	}
	run, err := part.Finish(end)
	if err != nil {
		return Ended{}, repeated(live, err)
	}
	w.prepared.over(run)
	return Ended{Run: run.ID, Status: run.Status}, nil
}

// engine gives the end of a run as package engine has it.
func (e ending) engine() (engine.Ending, error) {
	out, err := flow.DecodeHanded(e.Outcome)
	end := engine.Ending{
		Outcome: flow.Outcome{Output: out.Value, Error: out.Error}, Doubts: e.Doubts, Tolerated: e.Tolerated, Started: e.Started, Ended: e.Ended,
	}
	if e.Halt != nil {
		end.Outcome.Halt = e.Halt.Err()
	}
	return end, err
}
