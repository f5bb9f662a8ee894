package daemon

import (
	"context"
	"errors"
	"time"

	"snrun/engine"
	"snrun/history/review"
)

// Elsewhere steers the runs that somebody else carries out.
type Elsewhere interface {
	// Cancel asks for the end of a run.
	Cancel(ctx context.Context, run *engine.Run) error
	// GoOn has a run go on. The engine is of the run.
	GoOn(ctx context.Context, e *engine.Engine, r engine.Resumption) error
	// Pauses has the schedules of a job be paused there as the database says, or go on.
	Pauses(ctx context.Context, job string) error
}

// steerLimit is how long whoever carries runs out may take to answer a person.
const steerLimit = 15 * time.Second

// notSteered is the Refusal where nobody here can steer a run that is carried out elsewhere.
func notSteered(run *engine.Run, command string) *review.Refusal {
	return &review.Refusal{
		Reason: review.Unfit, Message: "run " + run.ID + " is carried out by Temporal, and the settings here name no server", Hint: "do it with: " + command + " --temporal HOST:PORT",
	}
}

// pausesElsewhere tells whoever runs a job by its schedules whether it is paused. Where that is not heard the database counts all the same.
func (d *Daemon) pausesElsewhere(job string) {
	if d.Elsewhere == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), steerLimit)
	defer cancel()
	if err := d.Elsewhere.Pauses(ctx, job); err != nil {
		d.Log.Warn("the Temporal server was not told of a pause, or of its end: what is paused there stays so until it is applied again", "job", job, "error", err)
	}
}

// cancelElsewhere asks for the end of a run that is carried out elsewhere.
func (d *Daemon) cancelElsewhere(run *engine.Run) error {
	if d.Elsewhere == nil {
		return notSteered(run, d.Commands.Cancel(run.ID))
	}
	ctx, cancel := context.WithTimeout(context.Background(), steerLimit)
	defer cancel()
	if err := d.Elsewhere.Cancel(ctx, run); err != nil {
		return &review.Refusal{Reason: review.Unavailable, Message: "run " + run.ID + " could not be told to end: " + err.Error(), Cause: err}
	}
	return nil
}

// goOnElsewhere has a run go on where it was carried out.
func (d *Daemon) goOnElsewhere(a *again, who string) (*Wish, error) {
	if d.Elsewhere == nil {
		return nil, notSteered(a.run, d.Commands.Resume(a.run.ID))
	}
	ctx, cancel := context.WithTimeout(context.Background(), steerLimit)
	defer cancel()
	r := d.newRun()
	defer r.end()
	err := d.Elsewhere.GoOn(ctx, r.engine, engine.Resumption{
		Run: a.run, Job: a.job, Original: a.original, Assume: a.how.Assume, FailedItems: a.how.FailedItems, Environ: d.Env,
	})
	if why := (*review.Refusal)(nil); errors.As(err, &why) {
		return nil, why
	}
	if err != nil {
		return nil, d.notResumed(err, a.run)
	}
	w := &Wish{Note: a.note, daemon: d, run: a.run.ID, who: who, since: time.Now(), begun: make(chan error, 1)}
	w.tell(nil)
	return w, nil
}
