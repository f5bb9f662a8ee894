package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/steps"
)

// Book decides upon slots, and knows which runs go on: see schedule.Book.
type Book interface {
	Claim(now time.Time, maxQueue int, claims []engine.Claim) ([]engine.Verdict, error)
	Going(job, run string) ([]string, error)
	Pauses() (map[string]engine.Pause, error)
}

// turnActivity decides upon the slot of a run that a schedule starts, and says whether the run's turn has come.
const turnActivity = "snrun.turn"

// turn is how it stands with a slot.
type turn struct {
	To   address       `json:"to"`
	Run  string        `json:"run"`  // that the slot has
	Over engine.Status `json:"over"` // it is not carried out, as a rule since it was skipped; "" where it is
	Wait bool          `json:"wait"` // other runs of the job go on, and it waits for their ends
}

// firstWait and longestWait bound how often it is asked whether a run's turn has come.
const (
	firstWait   = time.Second
	longestWait = 15 * time.Second
)

// await has the slot of a run decided upon, and waits for the run's turn. It gives "" when that has come, else how the run ended. A run
// that is cancelled while it waits has its turn at once, and ends as cancelled.
func (w *Worker) await(ctx workflow.Context, s start) (ended turn, err error) {
	always, _ := workflow.NewDisconnectedContext(ctx)
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		var got turn
		if err := workflow.ExecuteActivity(workflow.WithActivityOptions(always, activityOptions()), turnActivity, s).Get(ctx, &got); err != nil {
			return got, err
		}
		misplaced(got.To, s.turn())
		if got.Over != "" || !got.Wait {
			return got, nil
		}
		if ctx.Err() == nil && workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			s.Order.Run, s.Order.Due = s.Run, s.Due
			return got, workflow.NewContinueAsNewError(ctx, WorkflowType, s.Order)
		}
		if workflow.Sleep(ctx, wait) != nil {
			return got, nil
		}
	}
}

// errNoBook is the error of a worker that was not told who decides upon slots.
var errNoBook = errors.New("the worker has nothing to decide upon slots with")

// turn is what the answer about a slot is to.
func (s start) turn() address { return address{s.Run, "@turn", ""} }

// turn decides upon a slot, once, and says whether the turn of its run has come.
func (w *Worker) turn(ctx context.Context, s start) (turn, error) {
	live, stop := w.alive(ctx)
	defer stop()
	if err := meant(ctx, s); err != nil {
		return turn{}, err
	}
	got, err := w.turnOf(live, s)
	got.To = s.turn()
	if err != nil {
		w.config.Log.Warn("a slot cannot be decided upon here yet", "job", s.Order.Job, "due", s.Due, "error", err)
		return got, repeated(live, err)
	}
	return got, nil
}

func (w *Worker) turnOf(ctx context.Context, s start) (turn, error) {
	if w.config.Book == nil {
		return turn{}, errNoBook
	}
	run, err := w.config.Runs.Run(ctx, s.Run)
	if err != nil {
		return turn{}, fmt.Errorf("reading the record of run %s: %w", s.Run, err)
	}
	switch {
	case run == nil:
		v, err := w.decide(ctx, s)
		if err != nil || v.Status != engine.Queued {
			return turn{Run: v.Run, Over: engine.Skipped}, err
		}
	case over(run):
		return turn{Run: run.ID, Over: run.Status}, nil
	case run.Status == engine.Running:
		return turn{Run: run.ID}, nil
	}
	got := turn{Run: s.Run}
	if s.Order.Slot.Overlap != "allow" {
		going, err := w.config.Book.Going(s.Order.Job, s.Run)
		if err != nil {
			return got, err
		}
		got.Wait = len(going) > 0
	}
	return got, nil
}

// decide decides upon a slot that nobody has decided upon. Runs that give way to it are cancelled.
func (w *Worker) decide(ctx context.Context, s start) (engine.Verdict, error) {
	f, err := fired(s)
	if err != nil {
		return engine.Verdict{}, err
	}
	pauses, err := w.config.Book.Pauses()
	if err != nil {
		return engine.Verdict{}, err
	}
	now := activity.GetInfo(ctx).StartedTime // the server's, which said that the slot is due: the clock here may be wrong
	verdicts, err := w.config.Book.Claim(now, f.MaxQueue, []engine.Claim{f.Claim(now, pauses[f.Job].Since)})
	if err != nil {
		return engine.Verdict{}, fmt.Errorf("deciding upon what is due: %w", err)
	}
	for _, id := range verdicts[0].Replace {
		if err := w.cancel(ctx, id); err != nil {
			return engine.Verdict{}, err
		}
	}
	return verdicts[0], nil
}

// cancel asks for the end of a run that another workflow carries out. One of a process has been asked in the store.
func (w *Worker) cancel(ctx context.Context, id string) error {
	run, err := w.config.Runs.Run(ctx, id)
	if err != nil || run == nil || run.Workflow == "" || over(run) {
		return err
	}
	_, workflow := SplitWorkflow(run.Workflow)
	return w.config.Client.CancelWorkflow(ctx, workflow, "")
}

// fired gives the slot of an order.
func fired(s start) (schedule.Fired, error) {
	f := schedule.Fired{Run: s.Run, Workflow: s.Workflow, Job: s.Order.Job, Due: s.Due, MaxQueue: s.Order.Slot.MaxQueue}
	if len(s.Order.Texts) > 0 {
		f.File = s.Order.Texts[0].File
	}
	var err error
	if f.Schedule, err = s.Order.Slot.Schedule(); err != nil {
		return f, err
	}
	f.Due = f.Due.In(f.Schedule.Zone)
	if len(s.Order.Inputs) > 0 {
		inputs, err := steps.DecodeJSON(s.Order.Inputs)
		if err != nil {
			return f, fmt.Errorf("the inputs that the schedule gives: %w", err)
		}
		f.Inputs, _ = inputs.(map[string]any)
	}
	return f, nil
}
