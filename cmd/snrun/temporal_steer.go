package main

import (
	"cmp"
	"context"
	"fmt"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/temporal"
)

// whereTo decides where a run goes on: where it was carried out, unless a flag says otherwise.
func (a *app) whereTo(ref string, o *elsewhereOptions) error {
	if o.asked || o.here {
		return nil
	}
	store, _, err := a.readHistory()
	if err != nil {
		return nil // which is told where the run is read
	}
	defer store.Close()
	id, err := store.Find(ref)
	if err != nil {
		return nil
	}
	run, err := store.Head(id)
	if err != nil || run.Workflow == "" {
		return nil
	}
	_, settings, err := a.settings(".")
	if err != nil {
		return nil
	}
	if _, err := a.temporalServer(settings, o.remoteOptions); err != nil {
		return &exitError{exitUsage, fmt.Errorf("run %s was carried out by Temporal, and no server is named", id), "name it with --temporal HOST:PORT; or go on with the run on this machine: --here"}
	}
	o.asked, o.namespace = true, cmp.Or(o.namespace, spaceOf(run))
	return nil
}

// cancelElsewhere has the workflow of a run be cancelled that workers carry out.
func (a *app) cancelElsewhere(ctx context.Context, run *engine.Run, o remoteOptions) error {
	dir, settings, err := a.settings(".")
	if err != nil {
		return err
	}
	o.namespace = cmp.Or(o.namespace, spaceOf(run))
	c, err := a.connectTo(ctx, dir, settings, o)
	if err != nil {
		return fmt.Errorf("run %s is told to end, but its workflow is not: %w", run.ID, err)
	}
	defer c.Close()
	_, workflow := temporal.SplitWorkflow(run.Workflow) // a schedule gives its own ids
	return c.cancelWorkflow(ctx, workflow)
}

// spaceOf gives the namespace in which a run is carried out.
func spaceOf(run *engine.Run) string {
	space, _ := temporal.SplitWorkflow(run.Workflow)
	return space
}

// elsewhere steers runs from the pages that a Temporal server carries out.
type elsewhere struct{ *serving }

// steerElsewhere has the pages steer the runs that the Temporal server of the settings carries out, and ask it what became of them. Done gives
// the connection back.
func (s *serving) steerElsewhere(c *daemon.Config) (done func()) {
	if t, err := s.temporalOver(s.settings.Temporal, remoteOptions{}); err != nil || t.Address == "" {
		return func() {}
	}
	c.Elsewhere = elsewhere{s}
	return s.conduct(s.store, s.dir, s.settings, func(err error) {
		s.log.Warn("what became of runs that Temporal carries out is not known: they are shown as they are on record", "error", err)
	})
}

// Cancel has the workflow of a run be cancelled.
func (s elsewhere) Cancel(ctx context.Context, run *engine.Run) error {
	return s.cancelElsewhere(ctx, run, remoteOptions{})
}

// GoOn has a run go on as a new workflow.
func (s elsewhere) GoOn(ctx context.Context, e *engine.Engine, r engine.Resumption) error {
	c, err := s.connectTo(ctx, s.dir, s.settings, remoteOptions{namespace: spaceOf(r.Run)})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.start(ctx, e, starting{s.store, s.next, goingOn(r)})
	return err
}

// Pauses has the schedules of a job on the server be paused as the database says, or go on.
func (s elsewhere) Pauses(ctx context.Context, job string) error {
	return s.pausesThere(ctx, s.store, []string{job})
}
