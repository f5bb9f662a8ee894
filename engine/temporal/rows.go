package temporal

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/jobs"
)

// What people are told of the steps that the workflow walks itself travels with the activities, as rows of history: there may be many,
// and an activity of their own for each would take longer than the steps.

// How many rows travel with one activity at most, and how far apart it is told how far a loop is.
const (
	rowsAtOnce = 100
	noted      = time.Second
)

// rows are the rows of a run's steps that have not been sent yet, and those of the steps under way.
type rows struct {
	pending []engine.StepRun // each key once
	open    map[string]*openStep
	flying  map[string]bool // the keys of what an activity of its own carries just now
	samples map[*jobs.Step]int
	over    map[uint64]bool // the digests of the keys of steps whose end people know of
}

// openStep is a step under way.
type openStep struct {
	row   engine.StepRun
	item  bool
	kept  bool      // people hear of it
	count time.Time // when it was last told how far it is
	// Of a loop: what was in its items.
	retries, limitWaits int
}

func newRows(went *Went) *rows {
	r := &rows{open: map[string]*openStep{}, flying: map[string]bool{}, samples: map[*jobs.Step]int{}, over: map[uint64]bool{}}
	if went != nil {
		for _, sum := range went.Noted {
			r.over[sum] = true
		}
	}
	return r
}

// put has a row be sent, in place of one of the same step.
func (r *rows) put(row engine.StepRun) {
	if r.over[digest(row.Key)] {
		return
	}
	if i := slices.IndexFunc(r.pending, func(p engine.StepRun) bool { return p.Key == row.Key }); i >= 0 {
		r.pending[i] = row
		return
	}
	r.pending = append(r.pending, row)
}

// began takes note of a step that begins.
func (r *rows) began(n flow.Note, at time.Time) {
	o := &openStep{item: n.Item, kept: !n.Item || r.sample(n.Step)}
	o.row = engine.StepRun{Key: n.Key, ID: n.Step.ID, Name: n.Step.Name, Kind: n.Step.Kind.Name, Status: engine.Running, Started: at}
	r.open[n.Key] = o
	if o.kept {
		r.put(o.row)
	}
}

// sample says whether one more time that a step runs is kept.
func (r *rows) sample(step *jobs.Step) bool {
	if r.samples[step] >= engine.Sampled {
		return false
	}
	r.samples[step]++
	return true
}

// ended takes note of a step's end.
func (r *rows) ended(n flow.Note, at time.Time) {
	o, began := r.open[n.Key]
	delete(r.open, n.Key)
	if !began {
		o = &openStep{kept: !n.Item || r.sample(n.Step)}
		o.row = engine.StepRun{Key: n.Key, ID: n.Step.ID, Name: n.Step.Name, Kind: n.Step.Kind.Name, Started: at}
	}
	if !o.kept && n.Error == nil {
		return
	}
	row := o.row
	row.Status, row.Attempts, row.Message, row.Ended, row.Error, row.Before = engine.StatusOf(n), n.Tries, engine.Brief(n.Message), at, brief(n.Error), n.Before
	row.Counts = o.counts(n)
	r.put(row)
}

// counts are how far a note says that a step came.
func (o *openStep) counts(n flow.Note) *engine.Counts {
	c := engine.CountsOf(n)
	if c != nil {
		c.Retries, c.LimitWaits = o.retries, o.limitWaits
	}
	return c
}

// retried takes note of something that is tried again. It goes along with the next row of its step.
func (r *rows) retried(n flow.Note, at time.Time) {
	o, known := r.open[engine.AsideLine(n.Key)]
	if !known {
		return
	}
	if n.Item {
		o.retries++
	}
	e := engine.Event{Type: engine.RetryWaits, Key: n.Key, Attempt: n.Tries, Wait: n.Wait, Error: n.Error}
	o.row.Asides = o.row.Asides.AndOf(o.row.Key, engine.AsideOf(e, at))
}

// took takes over what a unit in an item, or of items, gave for people. It goes along with the next row of the loop.
func (r *rows) took(u flow.Unit, got flow.Handed) {
	key := u.Key
	if u.Slot == flow.Items {
		key = u.Loop
	}
	o, known := r.open[engine.AsideLine(key)]
	if !known {
		return
	}
	o.retries, o.limitWaits = o.retries+got.Retries, o.limitWaits+got.LimitWaits
	for _, a := range got.Asides {
		o.row.Asides = o.row.Asides.AndOf(o.row.Key, a)
	}
}

// counted takes note of how far a loop is.
func (r *rows) counted(n flow.Note, at time.Time) {
	o, known := r.open[n.Key]
	if !known || o.item || at.Sub(o.count) < noted {
		return
	}
	o.row.Counts, o.count = o.counts(n), at
	r.put(o.row)
}

// rest has the row of a step under way say that it waits, or that it goes on. Items of loops have no say in it.
func (r *rows) rest(wait string, status engine.Status) {
	key, _, _ := strings.Cut(wait, "@")
	if i := strings.LastIndexByte(key, '#'); i > strings.LastIndexByte(key, '/') {
		key = key[:i]
	}
	if o, known := r.open[key]; known && !o.item && o.row.Status != status {
		o.row.Status = status
		r.put(o.row)
	}
}

// along gives the rows that travel with a task of the steps around it: theirs, and those of steps that ended. What else there is of steps
// under way could reach the history after their end, for nobody knows when an activity begins.
func (r *rows) along(key string) []row {
	return r.take(func(row engine.StepRun) bool { return !row.Ended.IsZero() || engine.Below(key, row.Key) })
}

// all gives the rows that travel by themselves.
func (r *rows) all() []row { return r.take(func(engine.StepRun) bool { return true }) }

func (r *rows) take(fits func(engine.StepRun) bool) []row {
	var taken []row
	size := 0
	r.pending = slices.DeleteFunc(r.pending, func(p engine.StepRun) bool {
		if len(taken) == rowsAtOnce || size > rowsWeight || r.flying[p.Key] || !fits(p) {
			return false
		}
		next := rowOf(p)
		if size += next.weight(); size > rowsWeight && len(taken) > 0 {
			return false
		}
		taken = append(taken, next)
		if !p.Ended.IsZero() {
			r.over[digest(p.Key)] = true
		}
		return true
	})
	return taken
}

// went gives what a renewed workflow has to know of the rows.
func (r *rows) went() (open map[string]time.Time, over []uint64) {
	open = map[string]time.Time{}
	for key, o := range r.open {
		open[key] = o.row.Started
	}
	for sum := range r.over {
		over = append(over, sum)
	}
	slices.Sort(over)
	return open, over
}

func digest(key string) uint64 {
	hash := fnv.New64a()
	hash.Write([]byte(key))
	return hash.Sum64()
}
