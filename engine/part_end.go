package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snrun/engine/flow"
	"snrun/steps"
)

// Ending is how a run ended whose flow was walked elsewhere.
type Ending struct {
	Outcome        flow.Outcome
	Doubts         []string // what all of its units gave as such, and their Halts
	Tolerated      []string // what all of its units gave as such, and the flow told
	Started, Ended time.Time
}

// Finish records how the run ended, and gives its record. It may be asked for again, as long as the run is not on record as ended well:
// what it needs is dropped then.
func (p *Part) Finish(end Ending) (*Run, error) {
	x := p.execution()
	x.contexts(context.Background())
	defer x.stop()
	out, err := x.wholeOutcome(end)
	if err != nil {
		return nil, err
	}
	if !end.Started.IsZero() && x.run.Attempt <= 1 {
		x.run.Started = end.Started
	}
	x.settle(out)
	if !end.Ended.IsZero() {
		x.run.Ended = end.Ended
	}
	if err := x.record(func() error { return x.finish(out) }); err != nil {
		return nil, fmt.Errorf("recording the end of run %s: %w", x.run.ID, err)
	}
	x.tell(Event{
		Type: RunEnded, Job: x.run.Job, Status: x.run.Status, Elapsed: x.run.took(), Error: x.run.Error, InDoubt: x.doubts.keys(),
	})
	return x.run, nil
}

// took is how long a run took, nothing where it never began.
func (r *Run) took() time.Duration {
	if r.Started.IsZero() {
		return 0
	}
	return r.Ended.Sub(r.Started)
}

// wholeOutcome is an outcome with all values and all calls by name.
func (x *execution) wholeOutcome(end Ending) (flow.Outcome, error) {
	out := end.Outcome
	var err error
	if out.Output, err = x.resolved(out.Output); err != nil {
		failure, isStep := err.(*steps.Error)
		if !isStep {
			return out, err
		}
		out.Error, out.Output = failure, nil
	}
	if out.Error, err = x.wholeError(out.Error); err != nil {
		return out, err
	}
	tolerated, err := x.allCalls(end.Tolerated)
	if err != nil {
		return out, err
	}
	x.tolerated.addAll(tolerated)
	doubts, err := x.allCalls(end.Doubts)
	if err != nil {
		return out, err
	}
	x.doubts.addAll(doubts)
	var halted *Halted
	if errors.As(out.Halt, &halted) {
		x.doubts.addAll(halted.Doubts)
		x.doubts.first = halted.Step
	}
	return out, nil
}

// wholeError is an error with all values and all calls by name.
func (x *execution) wholeError(e *steps.Error) (*steps.Error, error) {
	if e == nil {
		return nil, nil
	}
	whole := *e
	calls, err := x.allCalls(e.Calls)
	if err != nil {
		return nil, err
	}
	whole.Calls = calls
	fields, err := x.resolved(e.Fields)
	if failure, isStep := err.(*steps.Error); isStep {
		fields, err = map[string]any{"gone": failure.Message}, nil
	}
	if e.Fields != nil {
		whole.Fields, _ = fields.(map[string]any)
	}
	return &whole, err
}
