package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
	"snrun/steps"
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
	away  bool      // nothing can be seen
	seen  map[string]engine.StepRun
	told  map[string]time.Time // when the last thing was told of a step beside that, or of a sign-in, by its key or profile
	tries map[string]int       // which tries of what are known to have failed, by its key
	depth map[string]int       // of the lines of steps
	fresh []engine.Event       // what is about to be told
}

// newFollower makes a follower of an attempt of a run that begins now. What was done before, and is not done again, is shown as that: whatever
// makes no call and saves nothing is gone through anew.
func newFollower(store *history.Store, run *engine.Run, v view) (*follower, error) {
	f := &follower{store: store, run: run.ID, view: v, began: time.Now(), seen: map[string]engine.StepRun{}, depth: map[string]int{}, told: map[string]time.Time{}, tries: map[string]int{}}
	again := run.Attempt > 1
	started := engine.Event{Type: engine.RunStarted, Time: f.began, Run: run.ID, Job: run.Job, Trigger: run.Trigger}
	if again {
		started.Attempt = run.Attempt
	}
	v.event(started)
	if !again {
		return f, nil
	}
	defer clear(f.tries) // they begin anew
	return f, store.EachStep(run.ID, history.StepFilter{Outer: true}, func(s engine.StepRun) error {
		for _, a := range s.Asides.List {
			f.isNews(s, a)
		}
		if f.seen[s.Key] = s; s.Status == engine.OK && isKept(s.Kind) {
			e := f.eventOf(s, engine.StepEnded)
			e.Before, e.Time = true, f.began
			f.tell(e)
		}
		return nil
	})
}

// until looks at the run again and again until it has ended, or the context ends; then the error is the context's. Each time that it goes on
// it is given to meanwhile. A database that is away is waited for.
func (f *follower) until(ctx context.Context, meanwhile func(*engine.Run)) (*engine.Run, error) {
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	for {
		run, err := f.look()
		if err = f.patient(err); err != nil {
			return nil, err
		}
		if !f.away {
			if run.Status != engine.Queued && run.Status != engine.Running {
				return run, nil
			}
			meanwhile(run)
		}
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
	err = f.store.EachStep(f.run, history.StepFilter{Items: true, Failed: true, Limit: shownInItems}, f.failedItem)
	slices.SortStableFunc(f.fresh, happened)
	for _, e := range f.fresh {
		f.tell(e)
	}
	f.fresh = f.fresh[:0]
	return run, err
}

// happened puts events in the order of which they happened: steps are on record in the order in which they began. Of those at the same time
// the beginnings come first, and a step's end comes before that of the block that it stands in.
func happened(a, b engine.Event) int {
	begins := func(e engine.Event) int {
		if e.Type == engine.StepStarted {
			return 0
		}
		return 1
	}
	if c := cmp.Or(a.Time.Compare(b.Time), cmp.Compare(begins(a), begins(b))); c != 0 || begins(a) == 0 {
		return c
	}
	return cmp.Compare(b.Depth, a.Depth)
}

// step takes in what is new of a step that is in no item.
func (f *follower) step(s engine.StepRun) error {
	before, known := f.seen[s.Key]
	f.seen[s.Key] = s
	anew := !known || !before.Started.Equal(s.Started)
	if anew && s.Status != engine.Skipped { // such a step never began
		f.is(f.eventOf(s, engine.StepStarted))
	}
	for _, a := range s.Asides.List {
		if f.isNews(s, a) {
			f.is(f.aside(s, a))
		}
	}
	if hasEnded(s.Status) {
		if anew || !hasEnded(before.Status) {
			f.stepEnded(s)
		}
		return nil
	}
	if s.Counts != nil && (before.Counts == nil || *before.Counts != *s.Counts) {
		e := f.eventOf(s, engine.ItemEnded)
		e.Time = time.Now() // the record has no time of it
		f.is(e)
	}
	return nil
}

// isNews says whether something that was told of a step was not yet told here. Each worker tells that it is signed in as a profile, and one
// that goes on where another was lost tells once more what that had told.
func (f *follower) isNews(s engine.StepRun, a flow.Aside) bool {
	of, at := cmp.Or(a.Key, s.Key), a.At
	if a.Type == engine.TokenFetched {
		of = a.Profile
		if !a.Until.IsZero() {
			at = a.Until
		}
	}
	of = a.Type + " " + of
	if !at.After(f.told[of]) {
		return false
	}
	f.told[of] = at
	if a.Type == engine.RetryWaits && a.Try <= f.tries[of] {
		return false
	}
	f.tries[of] = a.Try
	return true
}

// aside is the event of something that was told of a step.
func (f *follower) aside(s engine.StepRun, a flow.Aside) engine.Event {
	e := engine.Event{
		Type: a.Type, Time: a.At, Attempt: a.Try, Wait: a.Wait, Status: engine.Status(a.Status), Profile: a.Profile, Message: a.Message, Error: a.Error,
	}
	if a.Type == engine.TokenFetched {
		return e
	}
	e.Key = cmp.Or(a.Key, s.Key)
	if e.Item = review.InItem(e.Key); !e.Item {
		e.ID, e.Name, e.Kind = s.ID, s.Name, s.Kind
	}
	if a.Type == engine.RetryWaits {
		e.Depth = review.DepthIn(f.depth, s.Key)
	}
	return e
}

// stepEnded takes in the end of a step.
func (f *follower) stepEnded(s engine.StepRun) {
	ended := f.eventOf(s, engine.StepEnded)
	if s.Kind == "log" && s.Status == engine.OK {
		logged := f.eventOf(s, engine.Logged)
		logged.Time = ended.Time
		f.is(logged)
	}
	f.is(ended)
}

// failedItem takes in a step that failed in an item.
func (f *follower) failedItem(s engine.StepRun) error {
	if before, known := f.seen[s.Key]; !known || !before.Started.Equal(s.Started) {
		f.seen[s.Key] = s
		e := f.eventOf(s, engine.StepEnded)
		e.Item = true
		f.is(e)
	}
	return nil
}

func (f *follower) is(e engine.Event) { f.fresh = append(f.fresh, e) }

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

// isKept says whether steps of a kind are not carried out again by a run that goes on.
func isKept(kind string) bool {
	return kind == "save" || !slices.ContainsFunc(jobs.Kinds(), func(k *steps.Kind) bool { return k.Name == kind })
}

// hasEnded says whether a step of a status goes on no more.
func hasEnded(s engine.Status) bool { return s != engine.Running && s != engine.Waiting }

// eventOf is what happened to a step that is on record.
func (f *follower) eventOf(s engine.StepRun, what string) engine.Event {
	line := review.LineKey(s.Key)
	depth := review.DepthIn(f.depth, s.Key)
	if line == s.Key {
		f.depth[line] = depth
	}
	e := engine.Event{Type: what, Time: s.Started, Key: s.Key, ID: s.ID, Name: s.Name, Kind: s.Kind, Depth: depth, Counts: s.Counts}
	if what == engine.Logged {
		e.Message = s.Message
	}
	if what == engine.StepEnded {
		e.Time, e.Status, e.Attempt, e.Error, e.Elapsed, e.Message = s.Ended, s.Status, s.Attempts, s.Error, s.Ended.Sub(s.Started), s.Message
	}
	return e
}
