package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"snrun/engine"
	"snrun/engine/schedule"
)

const (
	signEvery = 10 * time.Second // between the signs of life of a daemon
	hangs     = time.Minute      // a scheduler that has not looked at its book for so long hangs
	windUp    = 5 * time.Second  // how long background tasks may take to end
)

var errNoReason = errors.New("it gave no reason")

// Run runs the project's jobs until the context ends. Then nothing new starts, and what runs has the grace to end; what runs
// still is interrupted, for the next daemon to go on with. The error is one that kept the daemon from starting, or that of a scheduler
// that gave up.
func (d *Daemon) Run(ctx context.Context) error {
	change, err := d.library.Load(time.Now())
	if err != nil {
		return err
	}
	d.loaded(change)
	d.keyrings = newKeyrings(d.library.Project().Dir, d.Redactor, d.newKeyring)
	defer d.keyrings.closeAll()
	d.scheduler = schedule.New(schedule.Config{
		Book: d.book(), Start: d.start, NewID: engine.New(engine.Config{}).NewID, MaxRuns: d.MaxRuns, MaxQueue: d.MaxQueue,
		LateAfter: d.LateAfter, Watch: d.Scheduled,
	})
	closeServers, err := d.listen()
	if err != nil {
		return err
	}
	defer closeServers()
	if d.Worker != nil {
		return d.conduct(ctx)
	}
	if d.Idle {
		return d.work(ctx)
	}
	if err := d.enlist(); err != nil {
		return err
	}
	defer d.dismiss()
	if err := d.plan(); err != nil {
		return fmt.Errorf("planning the jobs: %w", err)
	}
	return d.work(ctx)
}

// book is where the scheduler looks.
func (d *Daemon) book() schedule.Book {
	if d.Idle {
		return ticking{idleBook{d.Store}, &d.pulse}
	}
	return ticking{d.Store, &d.pulse}
}

// work has the scheduler and the tasks of the daemon run until the context ends, and drains them.
func (d *Daemon) work(ctx context.Context) error {
	background, endBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer endBackground()
	d.pulse.Store(time.Now().UnixNano())
	d.cutOff.room = make(chan struct{}, max(d.MaxRuns, 1))
	if !d.Idle {
		d.goOn()
	}
	loop, endLoop := context.WithCancel(background)
	defer endLoop()
	over := make(chan error, 1)
	go func() { over <- d.scheduler.Run(loop) }()
	d.background(background)
	d.tell(stateReady)
	freeMemory()
	d.Log.Info("ready", "project", d.library.Project().Dir, "jobs", len(d.library.Names()), "address", d.address, "socket", d.Socket)
	var err error
	select {
	case <-ctx.Done():
		d.drain(context.Cause(ctx)) // what is due meanwhile is queued, for the next daemon
		endLoop()
		<-over
	case err = <-over:
		err = fmt.Errorf("the scheduler ended: %w", cmp.Or(err, errNoReason))
		d.drain(err)
	}
	endBackground()
	d.waitForTasks()
	return err
}

// drain lets runs end, and interrupts those that do not.
func (d *Daemon) drain(why error) {
	d.draining.Store(true)
	d.tell(stateStopping(d.Grace))
	standing := d.scheduler.Standing()
	d.Log.Info("ending", "because", why, "running", len(standing.Running), "queued", len(standing.Queued), "grace", d.Grace)
	grace, cancel := context.WithTimeout(context.Background(), d.Grace)
	defer cancel()
	suspend := &engine.Suspend{Why: "the daemon ended before the run did", Later: "the next one goes on with it by itself"}
	if d.Idle {
		suspend = &engine.Suspend{Why: "the pages ended before the run did"}
	}
	d.scheduler.Drain(grace, suspend)
	for _, q := range d.scheduler.Standing().Queued {
		switch who, _ := d.Wished(q.Run); {
		case who != "":
			d.Log.Warn("a run that was to go on did not get to it: it stays as it was", "run", q.Run, "job", q.Job, "who", who)
		case d.Idle:
			d.withdrawOwn(q.Run)
		}
	}
}

// background starts what is done beside the scheduler. All of it is waited for in the end.
func (d *Daemon) background(ctx context.Context) {
	tasks := append([]Task{{"reloads", d.reloadOnDemand}, {"the project's folder", d.watch}}, d.Tasks...)
	if !d.Idle {
		tasks = append([]Task{{"signs of life", d.signs}, {"watchdog", d.watchdog}}, tasks...)
	}
	for _, t := range tasks {
		d.tasks.Go(func() { d.carryOut(ctx, t) })
	}
}

// carryOut carries out a task. One that breaks down takes nothing with it.
func (d *Daemon) carryOut(ctx context.Context, t Task) {
	defer func() {
		if p := recover(); p != nil {
			d.Log.Error("a background task broke down", "task", t.Name, "panic", fmt.Sprint(p))
		}
	}()
	if err := t.Run(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error("a background task ended", "task", t.Name, "error", err)
	}
}

// waitForTasks waits for the background tasks, but not for ever.
func (d *Daemon) waitForTasks() {
	ended := make(chan struct{})
	go func() {
		d.tasks.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(windUp):
		d.Log.Warn("background tasks do not end: they are left behind")
	}
}

// plan has the scheduler know the jobs as they are.
func (d *Daemon) plan() error {
	if d.Idle {
		return nil
	}
	err := d.scheduler.Plan(d.library.Jobs())
	d.unplanned.Store(err != nil)
	return err
}

// Reload has the files read again soon. It does not wait.
func (d *Daemon) Reload() {
	select {
	case d.reloads <- struct{}{}:
	default: // it is asked for already
	}
}

// reloadOnDemand reads the files again each time that it is asked for.
func (d *Daemon) reloadOnDemand(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.reloads:
			d.reload()
		}
	}
}

// reload reads the files again, and has the scheduler know what has changed. A daemon that ends has no use for that.
func (d *Daemon) reload() Change {
	if d.draining.Load() {
		return Change{}
	}
	d.reloading.Lock()
	defer d.reloading.Unlock()
	defer freeMemory()
	d.tell(stateReloading())
	defer d.tell(stateReady)
	change, err := d.library.Load(time.Now())
	if err != nil { // not after the first time
		d.Log.Error("reading the project again", "error", err)
		return change
	}
	d.loaded(change)
	if len(change.Added)+len(change.Changed)+len(change.Removed) > 0 || d.unplanned.Load() {
		if err := d.plan(); err != nil {
			d.Log.Error("planning the jobs: it is tried again", "error", err)
		}
	}
	return change
}

// loaded tells what reading the files brought to light.
func (d *Daemon) loaded(c Change) {
	for _, b := range c.Broken {
		instead := "it is not run"
		switch {
		case b.Job != "":
			instead = "the job " + b.Job + " goes on as it was before"
		case !slices.Contains(d.library.Project().Files(), b.File):
			instead = "what it said before goes on"
		}
		for _, m := range b.Mistakes {
			d.Log.Error("a file has mistakes", "file", b.File, "mistake", m.String(), "hint", m.Hint, "instead", instead)
		}
	}
	for _, file := range c.Mended {
		d.Log.Info("a file has no mistakes any more", "file", file)
	}
	switch {
	case d.library.jobless && c.Project:
		d.Log.Info("settings and profiles read: they are for runs that begin from now on")
	case !d.library.jobless && c.Any():
		d.Log.Info("jobs read", "added", len(c.Added), "changed", len(c.Changed), "removed", len(c.Removed))
	}
	d.Loaded(d.library.Project(), d.library.Names())
}

// enlist records that this process is a daemon.
func (d *Daemon) enlist() error {
	now := time.Now()
	return d.Store.Enlist(engine.Daemon{
		Process: ProcessName(), Project: d.library.Project().Dir, Socket: d.Socket, Address: d.address, Started: d.started, Seen: now,
	})
}

// dismiss takes that back.
func (d *Daemon) dismiss() {
	if err := d.Store.Dismiss(); err != nil {
		d.Log.Warn("the daemon is still listed; whoever looks sees that it is gone", "error", err)
	}
}

// signs gives a sign of life again and again, which also tells whether the database can be written. Each time it looks for runs that
// were cut off meanwhile: those of another daemon that is gone, and those whose ends could not be recorded.
func (d *Daemon) signs(ctx context.Context) error {
	every := time.NewTicker(signEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
		if d.sign(); d.unwell.Load() == nil {
			d.goOn()
		}
		if d.unplanned.Load() {
			d.Reload()
		}
	}
}

func (d *Daemon) sign() {
	err := d.Store.SignOfLife(time.Now())
	if err == nil {
		if d.unwell.Swap(nil) != nil {
			d.Log.Info("the database can be written again")
		}
		return
	}
	text := err.Error()
	if d.unwell.Swap(&text) == nil {
		d.Log.Error("the database cannot be written", "error", err)
	}
}

// hanging says for how long the scheduler has not looked at its book, 0 where that is not too long.
func (d *Daemon) hanging() time.Duration {
	since := time.Since(time.Unix(0, d.pulse.Load()))
	if d.draining.Load() || d.Worker != nil || since < hangs {
		return 0
	}
	return since
}

// ProcessName names this process for people: pid@host.
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}
