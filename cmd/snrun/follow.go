package main

import (
	"context"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
)

// shownInItems is how many failed steps in items a follower reads at most: views name a few of each loop, and the history has them all.
const shownInItems = 100

// follower has a view show a run that another process carries out: from what is on record it makes the events that happened since it
// looked last.
type follower struct {
	store *history.Store
	run   string
	view  view
	began time.Time // when this attempt did, as far as is known
	mark  string    // of the pulse that was seen last
	seen  map[string]engine.StepRun
}

// newFollower makes a follower of an attempt of a run that begins now. What was done before is shown as that.
func newFollower(store *history.Store, run *engine.Run, v view) (*follower, error) {
	f := &follower{store: store, run: run.ID, view: v, began: time.Now(), seen: map[string]engine.StepRun{}}
	again := run.Attempt > 1
	started := engine.Event{Type: engine.RunStarted, Time: f.began, Run: run.ID, Job: run.Job, Trigger: run.Trigger}
	if again {
		started.Attempt = run.Attempt
	}
	v.event(started)
	if !again {
		return f, nil
	}
	return f, store.EachStep(run.ID, history.StepFilter{Outer: true}, func(s engine.StepRun) error {
		if f.seen[s.Key] = s; s.Status == engine.OK {
			e := eventOf(s, engine.StepEnded)
			e.Before = true
			f.tell(e)
		}
		return nil
	})
}

// until looks at the run again and again until it has ended, or the context ends; then the error is the context's. Each time that it goes on
// it is given to meanwhile.
func (f *follower) until(ctx context.Context, meanwhile func(*engine.Run)) (*engine.Run, error) {
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	for {
		run, err := f.look()
		if err != nil || run.Status != engine.Queued && run.Status != engine.Running {
			return run, err
		}
		meanwhile(run)
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-ticks.C:
		}
	}
}

// look tells what has happened since it was called last, and gives the run without its steps.
func (f *follower) look() (*engine.Run, error) {
	run, err := f.store.Head(f.run) // first: the steps of one that has ended are all on record
	if err != nil {
		return nil, err
	}
	pulse, err := f.store.Pulse(f.run)
	if err != nil || pulse.Mark() == f.mark {
		return run, err
	}
	f.mark = pulse.Mark()
	if err := f.store.EachStep(f.run, history.StepFilter{Outer: true}, f.step); err != nil {
		return nil, err
	}
	return run, f.store.EachStep(f.run, history.StepFilter{Items: true, Failed: true, Limit: shownInItems}, f.failedItem)
}

// step tells what is new of a step that is in no item.
func (f *follower) step(s engine.StepRun) error {
	before, known := f.seen[s.Key]
	f.seen[s.Key] = s
	anew := !known || !before.Started.Equal(s.Started)
	if anew {
		f.tell(eventOf(s, engine.StepStarted))
	}
	if s.Counts != nil && (before.Counts == nil || *before.Counts != *s.Counts) {
		f.tell(eventOf(s, engine.ItemEnded))
	}
	if hasEnded(s.Status) && (anew || !hasEnded(before.Status)) {
		f.told(s)
	}
	return nil
}

// told tells of the end of a step.
func (f *follower) told(s engine.StepRun) {
	if s.Kind == "log" && s.Status == engine.OK {
		f.tell(eventOf(s, engine.Logged))
	}
	f.tell(eventOf(s, engine.StepEnded))
}

// failedItem tells of a step that failed in an item.
func (f *follower) failedItem(s engine.StepRun) error {
	if before, known := f.seen[s.Key]; !known || !before.Started.Equal(s.Started) {
		f.seen[s.Key] = s
		e := eventOf(s, engine.StepEnded)
		e.Item = true
		f.tell(e)
	}
	return nil
}

func (f *follower) tell(e engine.Event) {
	e.Run = f.run
	f.view.event(e)
}

// say tells a person something beside what happens to steps.
func (f *follower) say(message string) {
	f.tell(engine.Event{Type: engine.Logged, Time: time.Now(), Message: message})
}

// ended tells how the run ended.
func (f *follower) ended(run *engine.Run) {
	inDoubt, _ := f.store.InDoubt(run.ID) // else the run's error names them
	if run.Status != engine.Interrupted {
		inDoubt = nil
	}
	elapsed := run.Ended.Sub(run.Started)
	if run.Attempt > 1 || run.Started.IsZero() {
		elapsed = time.Since(f.began)
	}
	f.tell(engine.Event{
		Type: engine.RunEnded, Time: run.Ended, Job: run.Job, Status: run.Status, Elapsed: elapsed, Error: run.Error, InDoubt: inDoubt,
	})
}

// hasEnded says whether a step of a status goes on no more.
func hasEnded(s engine.Status) bool { return s != engine.Running && s != engine.Waiting }

// eventOf is what happened to a step that is on record.
func eventOf(s engine.StepRun, what string) engine.Event {
	e := engine.Event{
		Type: what, Time: s.Started, Key: s.Key, ID: s.ID, Name: s.Name, Kind: s.Kind, Depth: strings.Count(s.Key, "/") - 1, Counts: s.Counts,
	}
	switch what {
	case engine.Logged:
		e.Message = s.Message
	case engine.StepEnded:
		e.Time, e.Status, e.Attempt, e.Message, e.Error, e.Elapsed = s.Ended, s.Status, s.Attempts, s.Message, s.Error, s.Ended.Sub(s.Started)
	}
	return e
}
