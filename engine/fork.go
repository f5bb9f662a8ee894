package engine

import (
	"context"
	"sync"

	"snrun/engine/flow"
	"snrun/steps"
)

// Fork runs branches as goroutines, and waits for all that it started. Where only one may run at a time it needs none.
func (h *host) Fork(n, limit int, cleanup bool, branch func(i int, h flow.Host) error) error {
	f := &fork{ctx: h.contextOf(cleanup), errs: make([]error, n)}
	work := func() {
		for i, more := f.take(); more; i, more = f.take() {
			f.done(i, branch(i, h))
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
	ctx context.Context

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
	if f.stopped = stopped(f.ctx); f.stopped != nil {
		f.ended = true
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

// err gives the first error that ends the run, else the first failure of a step.
func (f *fork) err() error {
	var failure error
	for _, err := range f.errs {
		_, isStep := err.(*steps.Error)
		switch {
		case err != nil && !isStep:
			return err
		case failure == nil:
			failure = err
		}
	}
	if f.stopped != nil {
		return f.stopped
	}
	return failure
}
