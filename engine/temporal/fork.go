package temporal

import (
	"go.temporal.io/sdk/workflow"

	"snrun/engine/flow"
	"snrun/steps"
)

// Fork runs branches as coroutines of the workflow, and waits for all that it started. Where only one may run at a time it needs none.
func (h *host) Fork(n, limit int, cleanup bool, branch func(i int, h flow.Host) error) error {
	f := &fork{walk: h.walk, cleanup: cleanup, errs: make([]error, n)}
	work := func(h *host) {
		for i, more := f.take(); more; i, more = f.take() {
			f.done(i, branch(i, h))
		}
	}
	if limit <= 1 || n <= 1 {
		work(h)
		return f.err()
	}
	workers := workflow.NewWaitGroup(h.here)
	for range min(limit, n) {
		workers.Add(1)
		workflow.Go(h.tail, func(here workflow.Context) {
			defer workers.Done()
			work(&host{walk: h.walk, here: here})
		})
	}
	workers.Wait(h.here)
	return f.err()
}

// fork is a number of branches under way. Coroutines take turns: it needs no lock.
type fork struct {
	*walk
	cleanup bool
	next    int
	ended   bool  // no further branch is started
	why     error // why not, when it is for no branch's error
	errs    []error
}

// take gives the next branch to start, while there is one.
func (f *fork) take() (int, bool) {
	if f.ended || f.next == len(f.errs) {
		return 0, false
	}
	if f.why = f.over(f.cleanup); f.why != nil {
		f.ended = true
		return 0, false
	}
	f.next++
	return f.next - 1, true
}

// done keeps how a branch ended.
func (f *fork) done(i int, err error) {
	f.errs[i] = err
	f.ended = f.ended || err != nil
}

// err gives how the branches ended: an error that ends the run before the failure of a step.
func (f *fork) err() error {
	failure := flow.FirstError(f.errs)
	if _, isStep := failure.(*steps.Error); f.why != nil && (failure == nil || isStep) {
		return f.why
	}
	return failure
}
