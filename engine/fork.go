package engine

import (
	"sync"
	"time"

	"snrun/engine/flow"
	"snrun/steps"
)

// Fork runs branches as goroutines, and waits for all that it started. Where only one may run at a time it needs none.
func (h *host) Fork(n, limit int, cleanup bool, branch func(i int, h flow.Host) error) error {
	f := &fork{over: h.ending(cleanup), errs: make([]error, n)}
	inner := h
	if h.mark != nil {
		inner = &host{execution: h.execution}
	}
	work := func() {
		for i, more := f.take(); more; i, more = f.take() {
			err := branch(i, inner)
			f.done(i, err)
			h.marks(err)
		}
	}
	if limit <= 1 || n <= 1 {
		work()
		return f.err()
	}
	var workers sync.WaitGroup
	for range min(limit, n) {
		workers.Go(work)
	}
	workers.Wait()
	return f.err()
}

// fork is a number of branches under way.
type fork struct {
	over func() (ended bool, why error) // whether no further branch is started, and why, when the run is over

	mu      sync.Mutex
	next    int
	ended   bool  // no further branch is started
	stopped error // why not, when it is for no branch's error
	errs    []error
}

// take gives the next branch to start, while there is one.
func (f *fork) take() (int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || f.next == len(f.errs) {
		return 0, false
	}
	if f.ended, f.stopped = f.over(); f.ended {
		return 0, false
	}
	f.next++
	return f.next - 1, true
}

// done keeps how a branch ended.
func (f *fork) done(i int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs[i] = err
	f.ended = f.ended || err != nil
}

// err gives how the branches ended: an error that ends the run before the failure of a step.
func (f *fork) err() error {
	failure := flow.FirstError(f.errs)
	if _, isStep := failure.(*steps.Error); f.stopped != nil && (failure == nil || isStep) {
		return f.stopped
	}
	return failure
}

// ending says whether branches are still to be started.
func (h *host) ending(cleanup bool) func() (bool, error) {
	ctx := h.contextOf(cleanup)
	return func() (bool, error) {
		if err := h.over(ctx); err != nil {
			return true, err
		}
		set, err := h.mark.set(h)
		return set || err != nil, err
	}
}

// stopKey is before the key of a loop where the journal has that no further item of it is begun: too many have failed in a chunk of it,
// which may be worked on by another process.
const stopKey = "@stop"

// looked is how often a chunk looks whether others have failed.
const looked = time.Second

// stopMark is what the chunks of a loop know of each other. Nil is that of all else.
type stopMark struct {
	key string

	mu   sync.Mutex
	last time.Time
	is   bool
}

// set says whether no further item is to be begun.
func (m *stopMark) set(h *host) (bool, error) {
	if m == nil {
		return false, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.is || now.Sub(m.last) < looked {
		return m.is, nil
	}
	m.last = now
	_, mark, err := h.Journal.Lookup(h.run.ID, m.key)
	m.is = mark == Done
	return m.is, h.recorded(err)
}

// marks has the other chunks of a loop begin no further item, where one of this chunk ends the loop.
func (h *host) marks(err error) {
	if _, isStep := err.(*steps.Error); h.mark == nil || !isStep {
		return
	}
	now := time.Now()
	_ = h.recorded(h.Journal.Commit(h.run.ID, Entry{Key: h.mark.key, Result: []byte("true"), Started: now, Ended: now}))
}
