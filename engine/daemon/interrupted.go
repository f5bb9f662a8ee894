package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// maxCrashes is how often a run is gone on with that crashes took with them: it may be what brings them about.
const maxCrashes = 3

// waitEach is how long a run that is to go on waits before it looks again whether another run of its job does.
const waitEach = time.Second

// cutOff is what is known of the runs that were cut off.
type cutOff struct {
	room chan struct{} // as many go on at once as there may be runs

	looking sync.Mutex     // held by who looks for them
	mu      sync.Mutex     // guards what follows
	known   map[string]int // which were seen to already, and the attempt that was cut off
}

// know takes down that a run which ended here needs a person, who was told with its end.
func (c *cutOff) know(run *engine.Run, err error) {
	if err != nil || run == nil || run.Status != engine.Interrupted {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]int{}
	}
	c.known[run.ID] = max(run.Attempt, 1)
}

// forget has a run be seen to again.
func (c *cutOff) forget(run string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, run)
}

// unseen gives those runs that were not seen to since they were cut off. From here on they are.
func (c *cutOff) unseen(list []engine.Interruption) (unseen []engine.Interruption) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := make(map[string]int, len(list))
	for _, i := range list {
		if c.known[i.Run] != i.Attempt {
			unseen = append(unseen, i)
		}
		known[i.Run] = i.Attempt
	}
	c.known = known
	return unseen
}

// goOn goes on with the runs that were cut off: each time that it is called with those that are new.
func (d *Daemon) goOn() {
	d.cutOff.looking.Lock()
	defer d.cutOff.looking.Unlock()
	list, err := d.Store.Interrupted(d.library.Names())
	if err != nil {
		d.Log.Error("looking for interrupted runs: none is gone on with", "error", err)
		return
	}
	for _, i := range d.cutOff.unseen(list) {
		run, err := d.Store.Run(i.Run)
		switch {
		case err != nil:
			d.Log.Error("reading an interrupted run", "run", i.Run, "job", i.Job, "error", err)
			d.cutOff.forget(i.Run)
		case run.Status != engine.Interrupted: // another daemon was quicker
		case len(i.InDoubt) > 0:
			d.tellDoubt(run, i.InDoubt)
		default:
			d.scheduler.Go(run.Job, run.ID, func(ctx context.Context) {
				if !d.waitForOthers(ctx, run.Job) {
					return
				}
				select {
				case d.cutOff.room <- struct{}{}:
					defer func() { <-d.cutOff.room }()
					d.goOnWith(ctx, run)
				case <-ctx.Done(): // the next daemon does
				}
			})
		}
	}
}

// waitForOthers waits until no run of a job goes on, in any process, where they are not to go on beside each other. It is false
// where the context ends first.
func (d *Daemon) waitForOthers(ctx context.Context, job string) bool {
	if e := d.library.named(job); e != nil && e.mayOverlap() {
		return true
	}
	for {
		others, err := d.Store.Going(job, "")
		if err == nil && len(others) == 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(waitEach):
		}
	}
}

// tellDoubt tells of a run that goes on only once a person has said what became of its calls.
func (d *Daemon) tellDoubt(run *engine.Run, calls []string) {
	d.Log.Warn("a run was interrupted, and a person must say how it goes on", "run", run.ID, "job", run.Job,
		"in_doubt", strings.Join(calls, ", "), "next", strings.Join(d.GoOn(run.ID, true), "; "))
	d.Doubted(engine.Event{
		Type: engine.RunEnded, Time: time.Now(), Run: run.ID, Job: run.Job, Status: run.Status, Error: run.Error, InDoubt: calls,
	})
}

// goOnWith goes on with a run, or has it failed where it may not go on.
func (d *Daemon) goOnWith(ctx context.Context, run *engine.Run) {
	defer d.Store.Abandon(run.ID)
	r := d.newRun()
	defer r.end()
	if why := d.givesUp(run); why != nil {
		if err := r.engine.GiveUp(run, why); err != nil && !errors.Is(err, engine.ErrRunning) {
			d.Log.Error("recording that an interrupted run failed", "run", run.ID, "job", run.Job, "error", err)
		}
		return
	}
	ended, err := r.resume(ctx, run)
	d.cutOff.know(ended, err)
	if errors.Is(err, engine.ErrFull) || errors.Is(err, engine.ErrLocked) { // which passes
		d.cutOff.forget(run.ID)
	}
	if err != nil && !errors.Is(err, engine.ErrRunning) && ctx.Err() == nil { // else another daemon was quicker, or the next one will be
		d.Log.Error("an interrupted run does not go on", "run", run.ID, "job", run.Job, "error", err, "next", strings.Join(d.GoOn(run.ID, false), "; "))
	}
}

// givesUp says why an interrupted run has failed, nil where it goes on.
func (d *Daemon) givesUp(run *engine.Run) *steps.Error {
	crashed := !engine.WasSuspended(run.Error)
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
			Hint: strings.Join(d.GoOn(run.ID, false), "; "),
		}
	}
	return nil
}

// resume goes on with a run, with the text that its last attempt had and the profiles and secrets of now.
func (r *oneRun) resume(ctx context.Context, run *engine.Run) (*engine.Run, error) {
	project := r.daemon.library.Project()
	job, original, err := project.loadLast(run)
	if err != nil {
		return nil, fmt.Errorf("the job as it was when the run began does not fit the project any more: %w", err)
	}
	return r.goOn(ctx, &again{run: run, project: project, job: job, original: original})
}
