package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/steps"
)

// unit carries a unit out.
func (w *Worker) unit(ctx context.Context, t task) (answer, error) {
	u, err := flow.DecodeUnit(t.What)
	if err != nil {
		return answer{}, err
	}
	return w.serve(ctx, t, func(live context.Context, p *engine.Part) (answer, error) {
		held, release, err := w.hold(live, t.Run, u.Key)
		if err != nil {
			return answer{}, err
		}
		defer release()
		got, err := p.Carry(held, u)
		if err != nil {
			return answer{}, err
		}
		data, err := flow.EncodeHanded(got)
		return answer{What: data}, err
	})
}

// hold waits until this is the only process that carries a unit out. Where it is no longer the only one the unit is left to others: nobody
// has cancelled the run.
func (w *Worker) hold(ctx context.Context, run, unit string) (context.Context, func(), error) {
	if w.config.Holder == nil {
		return ctx, func() {}, nil
	}
	held, release, err := w.config.Holder.Hold(ctx, run, unit)
	if err != nil {
		return nil, nil, err
	}
	carried, end := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(held, func() {
		if ctx.Err() == nil {
			end(&engine.Suspend{Why: errElsewhere.Error() + ": " + context.Cause(held).Error()})
		}
	})
	return carried, func() {
		unhook()
		release()
		end(nil)
	}, nil
}

// save keeps state values that branches saved at once.
func (w *Worker) save(ctx context.Context, t task) (answer, error) {
	c, err := flow.DecodeSave(t.What)
	if err != nil {
		return answer{}, err
	}
	return w.serve(ctx, t, func(live context.Context, p *engine.Part) (answer, error) {
		err := p.Save(live, c)
		failure, isStep := err.(*steps.Error)
		if err != nil && !isStep {
			return answer{}, err
		}
		data, err := flow.EncodeError(failure)
		return answer{What: data}, err
	})
}

// fold keeps where a loop is.
func (w *Worker) fold(ctx context.Context, t task) (answer, error) {
	f, err := flow.DecodeFold(t.What)
	if err != nil {
		return answer{}, err
	}
	return w.serve(ctx, t, func(_ context.Context, p *engine.Part) (answer, error) { return answer{}, p.Fold(f) })
}

// kept gives where a loop was. The key of the task is that of the loop, with what tells it apart.
func (w *Worker) kept(ctx context.Context, t task) (answer, error) {
	return w.serve(ctx, t, func(_ context.Context, p *engine.Part) (answer, error) {
		kept, err := p.Kept(t.Loop)
		if err != nil {
			return answer{}, err
		}
		data, err := flow.EncodeKept(kept)
		return answer{What: data}, err
	})
}

// wakes gives when a pause is over, and keeps it.
func (w *Worker) wakes(ctx context.Context, t task) (answer, error) {
	pause, err := flow.DecodeWait(t.What)
	if err != nil {
		return answer{}, err
	}
	return w.serve(ctx, t, func(_ context.Context, p *engine.Part) (answer, error) {
		at, err := p.Wakes(pause)
		return answer{At: at}, err
	})
}

// note tells people of steps.
func (w *Worker) note(ctx context.Context, t task) (answer, error) {
	return w.serve(ctx, t, func(context.Context, *engine.Part) (answer, error) { return answer{}, nil })
}

// serve does something for a run while the server hears that it is being done.
func (w *Worker) serve(ctx context.Context, t task, do func(context.Context, *engine.Part) (answer, error)) (answer, error) {
	live, stop := w.alive(ctx)
	defer stop()
	part, back, err := w.part(live, t)
	if err != nil {
		return answer{}, repeated(live, err)
	}
	defer back()
	if err := part.Note(rowsOf(t)); err != nil {
		return answer{}, repeated(live, err)
	}
	got, err := do(live, part)
	got.To = t.address()
	if err == nil {
		return got, nil
	}
	if halt := engine.HaltOf(err); halt.Kind == engine.HaltedInDoubt || halt.Kind == engine.HaltedStopped {
		return answer{To: got.To, Halt: halt}, nil
	}
	return answer{}, repeated(live, err)
}

func rowsOf(t task) []engine.StepRun {
	rows := make([]engine.StepRun, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = r.run()
	}
	return rows
}

// part gives the run of a task as this process carries pieces of it out.
func (w *Worker) part(ctx context.Context, t task) (part *engine.Part, back func(), err error) {
	run, err := w.config.Runs.Run(ctx, t.Run)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the record of run %s: %w", t.Run, err)
	}
	if run == nil {
		return nil, nil, fmt.Errorf("run %s is %w", t.Run, errUnknown)
	}
	if err := itsOwn(ctx, run, t.Attempt); err != nil {
		return nil, nil, err
	}
	with, back, err := w.prepared.of(ctx, run)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing run %s: %w", t.Run, err)
	}
	part, err = with.Engine.Part(engine.PartOf{
		Run: run, Job: with.Job, Env: with.Env, Secrets: with.Secrets, Assume: t.Assume, Redo: t.Redo, Space: t.Space, Ends: t.Ends,
		Stop: activity.GetWorkerStopChannel(ctx),
	})
	if err != nil {
		back()
		return nil, nil, err
	}
	return part, back, nil
}

// errUnknown is why nothing can be done for a run.
var errUnknown = errors.New("not on record in the database of this worker: whoever hands runs over to its task queue is to have the same one")

// errElsewhere is why a piece of a run is left here: nobody wants its answer any more, or this worker stops. Whoever goes on with it, if
// anybody does, finds what was done in the journal.
var errElsewhere = errors.New("another worker goes on with it")

// repeated is the error that has the server give the task to a worker again: at once where this one stops. One that is final stays so.
func repeated(live context.Context, err error) error {
	if final, is := errors.AsType[*temporal.ApplicationError](err); is && final.NonRetryable() {
		return final
	}
	o := temporal.ApplicationErrorOptions{Cause: err}
	if halt := engine.HaltOf(err); leaves(live) || halt.Kind == engine.HaltedSuspended {
		o.NextRetryDelay = time.Millisecond
	}
	return temporal.NewApplicationErrorWithOptions("a piece of a run was not carried out", "repeat", o)
}
