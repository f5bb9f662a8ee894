package history

import (
	"cmp"
	"context"
	"slices"
	"time"

	"snrun/engine"
	"snrun/history/phrases"
)

// ErrSearchText is wrapped by the error of a search whose text says nothing that can be looked for.
var ErrSearchText = phrases.ErrText

// Search says what to look for, in which runs, and how many of them to give.
type Search struct {
	Filter     // which runs; its Text is what is looked for
	Places int // how many places of a run to give at most; 0 is 3
	// Hit hears of each run as soon as it is found, Progress now and then of how far it is; nil for nobody.
	Hit      func(Hit)
	Progress func(Progress)
}

// Progress is how far a search is.
type Progress struct {
	Runs int       // how many were read
	Back time.Time // when the last of them came to be
}

// Found is what a search has found.
type Found struct {
	Hits     []Hit  `json:"hits"`           // the newest first
	Finished bool   `json:"finished"`       // all runs were looked through, or as many found as were asked for
	Next     string `json:"next"`           // where it goes on, as Filter.Before, or After: "" where there is nothing more
	Indexed  bool   `json:"indexed"`        // an index told where to look
	Note     string `json:"note,omitempty"` // what a person should know of how it was found
}

// Hit is a run that holds what was looked for.
type Hit struct {
	Run     string        `json:"run"`
	Job     string        `json:"job"`
	Status  engine.Status `json:"status"`
	Trigger string        `json:"trigger"`
	Due     time.Time     `json:"due,omitzero"`
	Started time.Time     `json:"started,omitzero"`
	Ended   time.Time     `json:"ended,omitzero"`
	Places  []Place       `json:"places"`
	More    bool          `json:"more"` // it has further places
}

// Place is where a run holds it.
type Place struct {
	Where   Where  `json:"where"`
	Step    string `json:"step,omitempty"`    // the step's key, or that of an item; "" for the run itself
	Attempt int    `json:"attempt,omitempty"` // of the step, where it is one of several
	Snippet string `json:"snippet"`           // what stands there, cut, in one line
	Match   string `json:"match"`             // the part of it that was looked for
}

// Where says what of a run a Place is.
type Where string

// The texts of a run that are looked through.
const (
	InError    Where = "error"    // of the run, a step, a try or a request
	InLog      Where = "log"      // the message of a log step
	InItem     Where = "item"     // the key of a loop's item
	InURL      Where = "url"      // of a request
	InRequest  Where = "request"  // its body
	InResponse Where = "response" // the answer's body
)

// How many runs are looked through at once: few at first, so that what is everywhere is found at once.
const (
	firstRuns = 32
	mostRuns  = 512
)

// Search looks for a text in what runs left behind: their errors, messages, URLs, keys of items and bodies, as far as these were kept
// and are text. All of the words must stand in one of these texts. When the context ends it gives what it has found, unfinished. The
// error wraps ErrSearchText where there is nothing to look for.
func (s *Store) Search(ctx context.Context, q Search) (Found, error) {
	l, err := s.looking(q)
	if err != nil {
		return Found{}, err
	}
	err = l.look(ctx)
	return l.found, s.place.fault("search", err)
}

// Listed are runs, and where a list of them goes on.
type Listed struct {
	Runs     []engine.Run
	Finished bool   // all runs were looked through, or as many found as were asked for
	Next     string // where it goes on, as Filter.Before, or After: "" where there is nothing more
}

// List lists runs, as Runs does, for as long as the context lasts: where the filter has a text, it may take long to look for it.
func (s *Store) List(ctx context.Context, f Filter) (Listed, error) {
	if f.Text == "" {
		runs, err := s.Runs(f)
		return Listed{Runs: runs, Finished: true, Next: lastOfPage(runs, f)}, err
	}
	l, err := s.looking(Search{Filter: f, Places: 1})
	if err != nil {
		return Listed{}, err
	}
	err = l.look(ctx)
	return Listed{Runs: l.runs, Finished: l.found.Finished, Next: l.found.Next}, s.place.fault("search", err)
}

// lastOfPage gives the last run of a page that is full, "" where nothing can come after it.
func lastOfPage(runs []engine.Run, f Filter) string {
	switch limit := cmp.Or(f.Limit, 50); {
	case len(runs) < limit:
		return ""
	case f.After != "":
		return runs[0].ID
	}
	return runs[len(runs)-1].ID
}

// looking begins a search.
func (s *Store) looking(q Search) (*looking, error) {
	w, err := phrases.Parse(q.Text)
	if err != nil {
		return nil, err
	}
	if q.Places <= 0 {
		q.Places = 3
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	if s.writer != nil {
		if err := s.flush("write what is held back"); err != nil {
			return nil, err
		}
	}
	l := &looking{store: s, search: q, wanted: w, next: q.Filter, found: Found{Hits: []Hit{}}}
	l.next.Text = ""
	return l, nil
}

// looking is a search that goes on.
type looking struct {
	store  *Store
	search Search
	wanted phrases.Wanted
	index  *index // nil for none, or for one that is of no help
	next   Filter // which runs are still to be looked through
	chosen []engine.Run
	walks  bool // through all runs that the filter has, not through those that are chosen
	places map[int64]*placesOf

	found Found
	runs  []engine.Run // those of the hits
	read  int          // how many runs were looked through
}

// look looks through one portion of runs after the other.
func (l *looking) look(ctx context.Context) error {
	l.prepare(ctx)
	for size := firstRuns; ctx.Err() == nil; size = min(2*size, mostRuns) {
		runs, err := l.portion(size)
		if err != nil {
			return err
		}
		numbered, err := l.lookThrough(ctx, runs)
		switch {
		case ctx.Err() != nil: // what is known of this portion may not be all
		case err != nil:
			return err
		case l.take(runs, numbered):
			l.found.Finished = true
		case len(runs) < size:
			l.found.Finished, l.found.Next = true, ""
		}
		if l.found.Finished {
			break
		}
	}
	if l.ascends() {
		slices.Reverse(l.found.Hits)
		slices.Reverse(l.runs)
	}
	return nil
}

// prepare asks the index, where there is one, which runs to look through.
func (l *looking) prepare(ctx context.Context) {
	l.walks = true
	x, err := l.store.index(ctx, l.wanted)
	if x != nil && err == nil {
		var runs []engine.Run
		if runs, l.found.Indexed, err = x.chosen(ctx); l.found.Indexed {
			l.walks = false
			l.chosen = slices.DeleteFunc(runs, func(r engine.Run) bool { return !l.next.holds(&r) })
		}
	}
	if err != nil {
		l.leaveIndex(ctx, x, err)
		return
	}
	if l.index = x; x != nil && l.ascends() {
		slices.Reverse(l.chosen)
	}
}

// leaveIndex goes on without the index, in which something is wrong. It is made anew then.
func (l *looking) leaveIndex(ctx context.Context, x *index, err error) {
	l.index, l.found.Indexed = nil, false
	if ctx.Err() == nil {
		l.found.Note = "the index for searches cannot be read, so all runs were: " + err.Error()
		l.store.spoil(err)
	}
}

// ascends says whether the search goes from older runs to newer ones.
func (l *looking) ascends() bool { return l.search.After != "" }

// portion gives the next runs to look through; fewer than size are the last ones.
func (l *looking) portion(size int) (runs []engine.Run, err error) {
	if !l.walks {
		runs = l.chosen[:min(size, len(l.chosen))]
		l.chosen = l.chosen[len(runs):]
		return runs, nil
	}
	l.next.Limit = size
	runs, err = l.store.list(l.next)
	if l.ascends() {
		slices.Reverse(runs)
	}
	return runs, err
}

// lookThrough looks for places in runs. It gives them by their numbers.
func (l *looking) lookThrough(ctx context.Context, runs []engine.Run) (map[string]int64, error) {
	l.places = map[int64]*placesOf{}
	numbered, err := l.store.numbered(ctx, runs)
	if err != nil {
		return nil, err
	}
	numbers := map[string]int64{}
	for n, run := range numbered {
		numbers[run.ID] = n
	}
	if l.index != nil && l.walks {
		if err := l.index.narrow(ctx, numbered); err != nil {
			l.leaveIndex(ctx, l.index, err)
			return l.lookThrough(ctx, runs)
		}
		l.found.Indexed = true
	}
	return numbers, passages{read: l.store.read, like: l.wanted.Like(), say: l.judge}.of(ctx, numbered)
}

// take keeps what was found in a portion. It says whether that is enough.
func (l *looking) take(runs []engine.Run, numbers map[string]int64) (enough bool) {
	for i := range runs {
		run := &runs[i]
		l.passed(run.ID)
		found := l.places[numbers[run.ID]]
		if found == nil {
			continue
		}
		hit := Hit{
			Run: run.ID, Job: run.Job, Status: run.Status, Trigger: run.Trigger, Due: run.Due, Started: run.Started, Ended: run.Ended,
			Places: found.list, More: found.more,
		}
		l.found.Hits, l.runs = append(l.found.Hits, hit), append(l.runs, *run)
		if l.search.Hit != nil {
			l.search.Hit(hit)
		}
		if len(l.found.Hits) == l.search.Limit {
			return true
		}
	}
	if l.search.Progress != nil && len(runs) > 0 {
		l.search.Progress(Progress{Runs: l.read, Back: began(&runs[len(runs)-1])})
	}
	return false
}

// passed notes that a run was looked through.
func (l *looking) passed(id string) {
	l.read++
	l.found.Next = id
	if l.ascends() {
		l.next.After = id
	} else {
		l.next.Before = id
	}
}

// began is when a run began, or was due where it never did.
func began(run *engine.Run) time.Time {
	if run.Started.IsZero() {
		return run.Due
	}
	return run.Started
}
