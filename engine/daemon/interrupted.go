package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// Interrupted is a run that was cut off, by a crash or by the end of the daemon that carried it out.
type Interrupted struct {
	Run, Job string
	InDoubt  []string // the calls of which nobody knows whether they were carried out
}

// maxCrashes is how often a run is gone on with that crashes took with them: it may be what brings them about.
const maxCrashes = 3

// goOn goes on with the runs that were cut off, as many at once as there may be runs.
func (d *Daemon) goOn() {
	list, err := d.Interrupted(d.library.Names())
	if err != nil {
		d.Log.Error("looking for interrupted runs: none is gone on with", "error", err)
		return
	}
	room := make(chan struct{}, max(d.MaxRuns, 1))
	for _, i := range list {
		run, err := d.Store.Run(i.Run)
		switch {
		case err != nil:
			d.Log.Error("reading an interrupted run", "run", i.Run, "job", i.Job, "error", err)
		case run.Status != engine.Interrupted: // another daemon was quicker
		case len(i.InDoubt) > 0:
			d.tellDoubt(run, i.InDoubt)
		default:
			d.scheduler.Go(run.Job, run.ID, func(ctx context.Context) {
				room <- struct{}{}
				defer func() { <-room }()
				d.goOnWith(ctx, run)
			})
		}
	}
}

// tellDoubt tells of a run that goes on only once a person has said what became of its calls.
func (d *Daemon) tellDoubt(run *engine.Run, calls []string) {
	d.Log.Warn("a run was interrupted, and a person must say how it goes on", "run", run.ID, "job", run.Job,
		"in_doubt", strings.Join(calls, ", "), "next", strings.Join(d.GoOn(run.ID), "; "))
	d.Doubted(engine.Event{
		Type: engine.RunEnded, Time: time.Now(), Run: run.ID, Job: run.Job, Status: run.Status, Error: run.Error, InDoubt: calls,
	})
}

// goOnWith goes on with a run, or has it failed where it may not go on.
func (d *Daemon) goOnWith(ctx context.Context, run *engine.Run) {
	r := d.newRun()
	defer r.end()
	if why := d.givesUp(run); why != nil {
		if err := r.engine.GiveUp(run, why); err != nil && !errors.Is(err, engine.ErrRunning) {
			d.Log.Error("recording that an interrupted run failed", "run", run.ID, "job", run.Job, "error", err)
		}
		return
	}
	_, err := r.resume(ctx, run)
	if err != nil && !errors.Is(err, engine.ErrRunning) && ctx.Err() == nil { // else another daemon was quicker, or the next one will be
		d.Log.Error("an interrupted run does not go on", "run", run.ID, "job", run.Job, "error", err, "next", strings.Join(d.GoOn(run.ID), "; "))
	}
}

// givesUp says why an interrupted run has failed, nil where it goes on.
func (d *Daemon) givesUp(run *engine.Run) *steps.Error {
	crashed := run.Error == nil || run.Error.Kind != steps.Suspended
	e := d.library.named(run.Job)
	switch {
	case e != nil && e.onInterrupt == "fail":
		why := &steps.Error{Kind: steps.Cancelled, Message: "it was interrupted, and the job says on_interrupt: fail"}
		if run.Error != nil {
			why.Message += ": " + run.Error.Message
		}
		return why
	case crashed && run.Attempt > maxCrashes:
		return &steps.Error{
			Kind: steps.Cancelled, Message: fmt.Sprintf("it was interrupted %d times: it may be what brings the daemon down", run.Attempt),
			Hint: strings.Join(d.GoOn(run.ID), "; "),
		}
	}
	return nil
}

// resume goes on with a run, with the text that it began with and the profiles and secrets of now.
func (r *oneRun) resume(ctx context.Context, run *engine.Run) (*engine.Run, error) {
	project := r.daemon.library.Project()
	texts := map[string]string{run.File: run.Text}
	for _, c := range run.Called {
		texts[c.File] = c.Text
	}
	job, err := project.WithTexts(texts).Load(run.File)
	if err != nil {
		return nil, fmt.Errorf("the job as it was when the run began does not fit the project any more: %w", err)
	}
	secrets, err := r.equip(ctx, project, job)
	if err != nil {
		return nil, err
	}
	return r.engine.Resume(ctx, engine.Resumption{Run: run, Job: job, Secrets: secrets, Environ: r.daemon.Env, Space: r.daemon.Space})
}
