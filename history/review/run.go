package review

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// Run is a run with what was asked for of it, as `history show --json` prints it.
type Run struct {
	*engine.Run
	FirstError *FirstError `json:"first_error,omitempty"`
	Failing    *Streak     `json:"failing,omitempty"` // of a run that failed or was cut off
	Exchanges  []Exchange  `json:"exchanges,omitempty"`
	Next       string      `json:"next,omitempty"` // more steps follow: read on after the one with this key

	Left         int  `json:"-"` // how many of the steps asked for are left out; only known of Few
	LeftRequests int  `json:"-"` // and how many requests of the whole run; only known where Requests bounds them
	InDoubt      bool `json:"-"` // nobody knows of one of its requests whether it was carried out
	FailedItems  int  `json:"-"` // of its loops
}

// Streak is since when a job fails, as a run of it shows that failed.
type Streak struct {
	Since    time.Time `json:"since"`               // when the first run after the last good one began
	Run      string    `json:"run"`                 // that run; it may be this one
	LastGood string    `json:"last_good,omitempty"` // the last run before that went well; "" for none
}

// Options say what of a run is read.
type Options struct {
	Step  string // only this step: its id, its key or the end of its key; of a loop also what failed in its items. "" for all
	HTTP  bool   // also the requests and answers: of those steps, or of the whole run
	After string // only the steps that were noted after the one with this key
	Limit int    // at most so many steps; 0 for all
	Outer bool   // no steps in the items of loops
	Few   bool   // of a step that ran more often than Limit the times that failed come first, and Left counts the others
	// Requests is how many requests of a whole run are read at most, those that went wrong before others; 0 for all.
	Requests int
}

// all says whether no step is left out.
func (o Options) all() bool { return o.Step == "" && o.After == "" && o.Limit == 0 && !o.Outer }

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
	r, err := readSteps(store, id, o)
	if err != nil {
		return nil, err
	}
	if r.FirstError, err = ReadFirstError(store, r.Run); err != nil {
		return nil, err
	}
	if r.Failing, err = failing(store, r.Run); err != nil {
		return nil, err
	}
	if err := r.readStanding(store); err != nil || !o.HTTP {
		return r, err
	}
	return r, r.readExchanges(store, o)
}

// readStanding finds out what of the run can be tried again, or must be asked about: also where not all steps were read.
func (r *Run) readStanding(store *history.Store) error {
	doubts, err := store.CountSteps(r.ID, history.StepFilter{Status: engine.InDoubt})
	if err != nil {
		return err
	}
	r.InDoubt = doubts > 0
	loops, err := store.Steps(r.ID, history.StepFilter{Kind: "foreach", Outer: true})
	if r.FailedItems = FailedItems(loops); r.FailedItems > 0 || !r.Open || err != nil {
		return err
	}
	if loops, err = store.Steps(r.ID, history.StepFilter{Kind: "foreach"}); err != nil {
		return err
	}
	r.FailedItems = FailedItems(loops)
	return nil
}

// readSteps reads a run with its texts and the steps that are asked for.
func readSteps(store *history.Store, id string, o Options) (*Run, error) {
	if o.all() {
		run, err := store.Run(id)
		return &Run{Run: run}, err
	}
	run, err := store.Begun(id)
	if err != nil {
		return nil, err
	}
	r := &Run{Run: run}
	f := history.StepFilter{After: o.After, Outer: o.Outer}
	if o.Limit > 0 {
		f.Limit = o.Limit + 1 // one more tells whether there are more
	}
	switch {
	case o.Step == "":
		run.Steps, err = store.Steps(id, f)
	case o.Few:
		return r, r.readFew(store, o)
	default:
		run.Steps, err = stepsNamed(store, id, o.Step, f)
	}
	if err == nil && o.Limit > 0 && len(run.Steps) > o.Limit {
		run.Steps = run.Steps[:o.Limit]
		r.Next = run.Steps[o.Limit-1].Key
	}
	if o.Step == "" && o.After == "" && r.Next == "" {
		history.InFlowOrder(run.Steps)
	}
	return r, err
}

// readFew reads the steps with a name, those that failed first, and counts those that are left out.
func (r *Run) readFew(store *history.Store, o Options) error {
	by, err := filterFor(store, r.ID, o.Step)
	if err != nil {
		return err
	}
	filters := []history.StepFilter{with(by, func(f *history.StepFilter) { f.Failed = true }), with(by, func(f *history.StepFilter) { f.Well = true })}
	for i := 0; i < len(filters); i++ {
		f := filters[i]
		n, err := store.CountSteps(r.ID, f)
		if err != nil {
			return err
		}
		if f.Limit = o.Limit - len(r.Steps); f.Limit <= 0 {
			r.Left += n
			continue
		}
		some, err := store.Steps(r.ID, f)
		if err != nil {
			return err
		}
		r.Left += n - len(some)
		r.Steps = append(r.Steps, some...)
		if f.Inside == "" {
			filters = append(filters, failuresIn(some)...)
		}
	}
	return nil
}

func with(f history.StepFilter, change func(*history.StepFilter)) history.StepFilter {
	change(&f)
	return f
}

// stepsNamed gives the steps with an id or a key, or without an id at a place such as fail:2, and of a loop also what failed in
// its items. There is at least one, unless they come after another.
func stepsNamed(store *history.Store, run, name string, f history.StepFilter) ([]engine.StepRun, error) {
	by, err := filterFor(store, run, name)
	if err != nil {
		return nil, err
	}
	by.Limit, by.After, by.Outer = f.Limit, f.After, f.Outer
	all, err := store.Steps(run, by)
	if err != nil || f.Outer {
		return all, err
	}
	for _, inside := range failuresIn(all) {
		inside.Limit = f.Limit
		failed, err := store.Steps(run, inside)
		if err != nil {
			return nil, err
		}
		all = append(all, failed...)
	}
	return all, nil
}

// filterFor gives the filter for the steps that a name means.
func filterFor(store *history.Store, run, name string) (history.StepFilter, error) {
	for _, by := range waysOfNaming(name) {
		if n, err := store.CountSteps(run, by); err != nil || n > 0 {
			return by, err
		}
	}
	ids, err := store.StepIDs(run)
	if err != nil {
		return history.StepFilter{}, err
	}
	return history.StepFilter{}, &StepError{Run: run, Name: name, Hint: steps.Hint(name, ids)}
}

// waysOfNaming are the ways in which steps have a name, the likely first.
func waysOfNaming(name string) []history.StepFilter {
	key := history.StepFilter{Key: "/" + strings.TrimPrefix(name, "/")}
	if strings.HasPrefix(name, "/") {
		return []history.StepFilter{key}
	}
	return []history.StepFilter{{ID: name}, {Ending: name}, key}
}

// failuresIn gives the filters for what failed in the items of loops.
func failuresIn(loops []engine.StepRun) []history.StepFilter {
	var filters []history.StepFilter
	for i := range loops {
		if IsLoop(&loops[i]) && !InItem(loops[i].Key) {
			filters = append(filters, history.StepFilter{Inside: loops[i].Key, Items: true, Failed: true})
		}
	}
	return filters
}

// readExchanges reads the exchanges of the run's steps as they are, or of all of it.
func (r *Run) readExchanges(store *history.Store, o Options) (err error) {
	switch {
	case o.Step == "" && o.Requests > 0:
		return r.readFewExchanges(store, o.Requests)
	case o.Step == "" && o.all():
		r.Exchanges, _, err = Exchanges(store, r.ID, history.ExchangeFilter{})
		return err
	case len(r.Steps) == 1:
		r.Exchanges, _, err = Exchanges(store, r.ID, history.ExchangeFilter{Step: r.Steps[0].Key})
		return err
	}
	wanted := map[string]bool{}
	for _, s := range r.Steps {
		wanted[s.Key] = true
	}
	return store.EachExchange(r.ID, history.ExchangeFilter{}, func(x history.Exchange) error {
		if wanted[x.StepKey] {
			r.Exchanges = append(r.Exchanges, NewExchange(x))
		}
		return nil
	})
}

// readFewExchanges reads the first exchanges of a run: where there are more than so many, those that went wrong before others.
func (r *Run) readFewExchanges(store *history.Store, limit int) error {
	n, err := store.RequestCount(r.ID, "")
	if err != nil {
		return err
	}
	for _, f := range []history.ExchangeFilter{{Bad: true}, {Good: true}} {
		if f.Limit = limit - len(r.Exchanges); f.Limit <= 0 {
			break
		}
		if err := store.EachExchange(r.ID, f, func(x history.Exchange) error {
			r.Exchanges = append(r.Exchanges, NewExchange(x))
			return nil
		}); err != nil {
			return err
		}
	}
	r.LeftRequests = n - len(r.Exchanges)
	slices.SortFunc(r.Exchanges, func(a, b Exchange) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// RequestOf gives the request that a person most likely means by a step: the last one of the first of the steps that failed and made
// one, else of the first that did. It is nil where none did. Without steps it is that of the first error, else the last of the run.
func (r *Run) RequestOf(store *history.Store, named bool) (*Exchange, error) {
	if !named && r.FirstError != nil && r.FirstError.Exchange != nil {
		return r.FirstError.Exchange, nil
	}
	if !named {
		last, err := store.LastExchange(r.ID, "")
		return exchangeIn(last), err
	}
	list := slices.Clone(r.Steps)
	slices.SortStableFunc(list, func(a, b engine.StepRun) int { return cmp.Compare(wellness(a), wellness(b)) })
	for _, s := range list {
		if last, err := store.LastExchange(r.ID, s.Key); err != nil || last != nil {
			return exchangeIn(last), err
		}
	}
	return nil, nil
}

// wellness sorts what failed before what did not.
func wellness(s engine.StepRun) int {
	if s.Status == engine.Failed || s.Status == engine.InDoubt {
		return 0
	}
	return 1
}

func exchangeIn(x *history.Exchange) *Exchange {
	if x == nil {
		return nil
	}
	shown := NewExchange(*x)
	return &shown
}

// failing finds since when the job of a run fails, nil when the run did not.
func failing(store *history.Store, run *engine.Run) (*Streak, error) {
	bad := []engine.Status{engine.Failed, engine.Interrupted}
	if !slices.Contains(bad, run.Status) {
		return nil, nil
	}
	good, err := store.LastGoodBefore(run.Job, run.ID)
	if err != nil && !errors.Is(err, history.ErrUnknownRun) {
		return nil, err
	}
	first, err := store.Runs(history.Filter{Job: run.Job, Statuses: bad, After: cmp.Or(good, beforeAll), Limit: 1})
	if err != nil || len(first) == 0 {
		return nil, err
	}
	return &Streak{Since: first[0].Started, Run: first[0].ID, LastGood: good}, nil
}

// beforeAll is lower than all ids.
const beforeAll = " "
