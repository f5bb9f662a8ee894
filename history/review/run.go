package review

import (
	"fmt"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// Run is a run with what was asked for of it, as `history show --json` prints it.
type Run struct {
	*engine.Run
	FirstError *FirstError `json:"first_error,omitempty"`
	Exchanges  []Exchange  `json:"exchanges,omitempty"`
	Next       string      `json:"next,omitempty"` // more steps follow: read on after the one with this key
}

// Options say what of a run is read.
type Options struct {
	Step  string // only this step: its id, its key or the end of its key; of a loop also what failed in its items. "" for all
	HTTP  bool   // also the requests and answers of those steps
	After string // only the steps that were noted after the one with this key
	Limit int    // at most so many steps; 0 for all
	Outer bool   // no steps in the items of loops
}

// StepError is that a run has no step of a name.
type StepError struct {
	Run, Name string
	Hint      string // what may have been meant
}

// Error names both.
func (e *StepError) Error() string { return fmt.Sprintf("run %s has no step %q", e.Run, e.Name) }

// Read reads of a run, by its whole id, what the options ask for. All steps come in the order of the flow, some of them in the
// order in which they were noted. The error is a *StepError when the step that is asked for is not there.
func Read(store *history.Store, id string, o Options) (*Run, error) {
	run, err := readHead(store, id, o)
	if err != nil {
		return nil, err
	}
	r := &Run{Run: run}
	if o.Limit > 0 && len(run.Steps) > o.Limit {
		run.Steps = run.Steps[:o.Limit]
		r.Next = run.Steps[o.Limit-1].Key
	}
	if r.FirstError, err = ReadFirstError(store, run); err != nil || !o.HTTP {
		return r, err
	}
	r.Exchanges, err = exchangesOf(store, run, o)
	return r, err
}

// readHead reads a run with its texts and the steps that are asked for, one more than at most.
func readHead(store *history.Store, id string, o Options) (*engine.Run, error) {
	if o == (Options{HTTP: o.HTTP}) {
		return store.Run(id)
	}
	run, err := store.Begun(id)
	if err != nil {
		return nil, err
	}
	f := history.StepFilter{After: o.After, Outer: o.Outer}
	if o.Limit > 0 {
		f.Limit = o.Limit + 1
	}
	if o.Step == "" {
		run.Steps, err = store.Steps(id, f)
	} else {
		run.Steps, err = stepsNamed(store, id, o.Step, f)
	}
	return run, err
}

// stepsNamed gives the steps with an id or a key, or without an id at a place such as fail:2, and of a loop also what failed in
// its items. There is at least one.
func stepsNamed(store *history.Store, run, name string, f history.StepFilter) ([]engine.StepRun, error) {
	for _, by := range waysOfNaming(name) {
		by.Limit = 1
		if some, err := store.Steps(run, by); err != nil {
			return nil, err
		} else if len(some) == 0 {
			continue
		}
		by.Limit, by.After, by.Outer = f.Limit, f.After, f.Outer
		found, err := store.Steps(run, by)
		if err != nil {
			return nil, err
		}
		return withFailures(store, run, found, f)
	}
	ids, err := store.StepIDs(run)
	if err != nil {
		return nil, err
	}
	return nil, &StepError{Run: run, Name: name, Hint: steps.Hint(name, ids)}
}

// waysOfNaming are the ways in which steps have a name, the likely first.
func waysOfNaming(name string) []history.StepFilter {
	key := history.StepFilter{Key: "/" + strings.TrimPrefix(name, "/")}
	if strings.HasPrefix(name, "/") {
		return []history.StepFilter{key}
	}
	return []history.StepFilter{{ID: name}, {Ending: name}, key}
}

// withFailures puts what failed in the items of loops behind them.
func withFailures(store *history.Store, run string, found []engine.StepRun, f history.StepFilter) ([]engine.StepRun, error) {
	var all []engine.StepRun
	seen := map[string]bool{}
	for i := range found {
		if all = append(all, found[i]); !IsLoop(&found[i]) || InItem(found[i].Key) || f.Outer || seen[LineKey(found[i].Key)] {
			continue
		}
		seen[LineKey(found[i].Key)] = true
		failed, err := store.Steps(run, history.StepFilter{Under: found[i].Key, Failed: true, Limit: f.Limit})
		if err != nil {
			return nil, err
		}
		all = append(all, failed...)
	}
	return all, nil
}

// exchangesOf gives the exchanges of the run's steps as they are, or of all of it.
func exchangesOf(store *history.Store, run *engine.Run, o Options) ([]Exchange, error) {
	if o.Step != "" && len(run.Steps) == 1 {
		list, _, err := Exchanges(store, run.ID, history.ExchangeFilter{Step: run.Steps[0].Key})
		return list, err
	}
	all, _, err := Exchanges(store, run.ID, history.ExchangeFilter{})
	if err != nil || o == (Options{HTTP: true}) {
		return all, err
	}
	wanted := map[string]bool{}
	for _, s := range run.Steps {
		wanted[s.Key] = true
	}
	return slices.DeleteFunc(all, func(x Exchange) bool { return !wanted[x.Step] }), nil
}
