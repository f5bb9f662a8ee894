package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// Enlist puts a run on record that somebody else carries out, as queued, with what it begins with. Workflow names where; see Run. A run
// that is on record so already stays as it is.
func (e *Engine) Enlist(req Request, workflow string) (*Run, error) {
	b, x := e.newExecution(req, time.Now())
	x.run.Status, x.run.Workflow, x.run.Started, x.run.Process = Queued, workflow, time.Time{}, ""
	var err error
	if b.states, err = x.readStates(); err != nil {
		return nil, err
	}
	given, err := x.keep(b)
	if err != nil {
		return nil, fmt.Errorf("keeping what the run begins with: %w", err)
	}
	if given.Result == nil {
		return nil, fmt.Errorf("%w: a secret is in it, and there is no key to encrypt it with", ErrNotKept)
	}
	if err := e.Journal.Begin(x.run, given); err != nil {
		return nil, fmt.Errorf("recording the run: %w", err)
	}
	return x.run, nil
}

// BeginElsewhere records that a run which Enlist put on record is under way from now on, and says so in run. One that was under way already
// stays so. The error wraps ErrNotQueued when it has ended.
func (e *Engine) BeginElsewhere(run *Run) error {
	run.Status, run.Process = Running, processName()
	if run.Started.IsZero() {
		run.Started = time.Now()
	}
	if err := e.Journal.Begin(run); err != nil {
		return fmt.Errorf("recording the run: %w", err)
	}
	x := &execution{Engine: e, run: run}
	x.tell(Event{Type: RunStarted, Job: run.Job, Trigger: run.Trigger, Attempt: run.Attempt})
	return nil
}

// GoOnElsewhere records that a run which has ended goes on, carried out by somebody else, as Resume does for one that goes on here. A
// job that reads more of its steps than was kept does not go on elsewhere.
func (e *Engine) GoOnElsewhere(r Resumption, workflow string) (*Run, error) {
	x, b, err := e.takeUp(r, workflow)
	if err != nil {
		return nil, err
	}
	if r.Original == nil && len(r.Env) == 0 {
		return x.run, nil
	}
	given, err := x.keep(b)
	if err == nil {
		err = e.Journal.Fold(x.run.ID, "", nil, given)
	}
	if err != nil {
		return nil, fmt.Errorf("keeping what the run goes on with: %w", err)
	}
	return x.run, nil
}

// covered refuses a job that reads more of its steps than was kept: another process could not tell what was kept before from what is kept now.
func (x *execution) covered() error {
	if len(x.uncovered) == 0 {
		return nil
	}
	var names []string
	for s := range maps.Keys(x.uncovered) {
		names = append(names, s.Label())
	}
	slices.Sort(names)
	return fmt.Errorf("the job reads more of %s than was kept: go on with it on this machine, or with that step anew", strings.Join(names, ", "))
}

// takeUp records that a run goes on: here, or where workflow says.
func (e *Engine) takeUp(r Resumption, workflow string) (*execution, begun, error) {
	run := *r.Run
	x := &execution{Engine: e, run: &run, job: r.Job, space: r.Space, again: true, assume: r.Assume, redo: r.FailedItems, samples: newSamples(Sampled)}
	if r.Original != nil {
		x.uncovered = r.Job.Uncovered(r.Original)
		stays := r.Job.Before(r.From)
		maps.DeleteFunc(x.uncovered, func(s *jobs.Step, _ bool) bool { return !stays[s] })
	}
	if err := x.changedLoop(); err != nil {
		return nil, begun{}, err
	}
	if workflow != "" {
		if err := x.covered(); err != nil {
			return nil, begun{}, err
		}
	}
	b, err := x.begun()
	if err != nil {
		return nil, b, err
	}
	if err := b.fits(r); err != nil {
		return nil, b, err
	}
	forget, doubtful, err := x.forgets(r)
	if err != nil {
		return nil, b, err
	}
	if run.Workflow != "" || workflow != "" { // what units gave is made anew, of what their calls gave
		forget = append(forget, gaveKey, stopKey)
	}
	run.Latest, run.Workflow = latest(run, r.Job), workflow
	run.Status, run.Attempt, run.Daemon = Running, max(run.Attempt, 1)+1, run.Daemon || r.Daemon
	run.Ended, run.Output, run.Error, run.Process = time.Time{}, nil, nil, processName()
	if workflow != "" { // whoever begins it there says so
		run.Process = ""
	}
	if err := e.Journal.Continue(&run, forget, doubtful); err != nil {
		return nil, b, fmt.Errorf("going on with run %s: %w", run.ID, err)
	}
	return x, b, x.keepRedo()
}

// RefuseElsewhere records that a run which somebody else was to carry out cannot begin, or go on, and why: also one that is not on record
// yet. One that has ended is left alone.
func (e *Engine) RefuseElsewhere(enlisted *Run, why *steps.Error) error {
	run := *enlisted
	if run.Status != Queued && run.Status != Running {
		return nil
	}
	x := &execution{Engine: e, run: &run}
	if err := e.Journal.Begin(&run); err != nil {
		return fmt.Errorf("recording the run: %w", err)
	}
	run.Status, run.Ended, run.Error = Failed, time.Now(), x.masked(why)
	if err := e.record(func() error { return e.Journal.Finish(&run) }); err != nil {
		return fmt.Errorf("recording the end of run %s: %w", run.ID, err)
	}
	x.tell(Event{Type: RunEnded, Job: run.Job, Status: run.Status, Error: run.Error})
	return nil
}
