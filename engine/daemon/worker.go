package daemon

import (
	"context"
	"fmt"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// Equipped is what a piece of a run is carried out with that somebody else conducts.
type Equipped struct {
	Job     *jobs.Job // as the last attempt of the run had it
	Engine  *engine.Engine
	Env     map[string]any
	Secrets map[string]any
	Close   func() // gives back what it has
}

// Equip gives what a run is carried out with here: its job by the texts that are on record with it, the secrets and profiles of now. Sign-ins
// are shared with all other runs whose profiles say the same. The error is a *steps.Error where the run cannot begin, which it puts down to
// this project, and the context's where that ended.
func (d *Daemon) Equip(ctx context.Context, run *engine.Run) (*Equipped, error) {
	refused := func(err error, hint string) error {
		return refusal(fmt.Errorf("at the worker %s: %w", ProcessName(), err), hint)
	}
	project, why := d.usable()
	if why != nil {
		return nil, refused(why, "")
	}
	job, _, err := project.loadLast(run)
	if err != nil {
		return nil, refused(err, "the job, as it was when the run began, does not fit the project of this worker: see its profiles.yaml and files")
	}
	r := d.newRun()
	secrets, err := r.equip(ctx, project, job)
	switch {
	case err == nil:
		return &Equipped{Job: job, Engine: r.engine, Env: d.Env, Secrets: secrets, Close: r.end}, nil
	case ctx.Err() != nil:
		r.end()
		return nil, context.Cause(ctx)
	}
	r.end()
	return nil, refused(err, "")
}

// drainWorker waits until the worker has ended, which was told to.
func (d *Daemon) drainWorker(ended <-chan error) {
	d.draining.Store(true)
	d.tell(stateStopping(d.Grace))
	d.Log.Info("ending: what is under way may end, nothing is begun", "grace", d.Grace)
	select {
	case <-ended:
	case <-time.After(d.Grace + windUp):
		d.Log.Warn("the worker does not end: other workers take over what it has")
	}
}

// conduct has the worker work until the context ends, or it gives up.
func (d *Daemon) conduct(ctx context.Context) error {
	background, endBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer endBackground()
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.Worker(working) }()
	d.background(background)
	var err error
	select {
	case <-ctx.Done():
		stop()
		d.drainWorker(ended)
	case err = <-ended:
	}
	endBackground()
	d.waitForTasks()
	return err
}

// Working tells the service manager, and the log, that the worker takes runs.
func (d *Daemon) Working(attributes ...any) {
	d.tell(stateReady)
	freeMemory()
	d.Log.Info("ready", append([]any{"project", d.library.Project().Dir, "address", d.address}, attributes...)...)
}
