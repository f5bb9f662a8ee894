package schedule

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// going is a run that goes on here.
type going struct {
	run, job string
	since    time.Time
	end      context.CancelCauseFunc
}

// carryOut has a run go on until do returns, on a goroutine of its own. It is called with s.mu held.
func (s *Scheduler) carryOut(job, run string, do func(context.Context)) {
	ctx, end := context.WithCancelCause(context.Background())
	g := &going{run: run, job: job, since: s.config.Now(), end: end}
	s.going[run] = g
	s.owned.Go(func() {
		defer s.ended(g)
		defer s.catch(g)
		do(ctx)
	})
}

// ended notes that a run goes on no more, so that others may.
func (s *Scheduler) ended(g *going) {
	g.end(nil)
	s.mu.Lock()
	delete(s.going, g.run)
	s.queue.releaseJob(g.job)
	s.mu.Unlock()
	s.nudge()
}

// catch keeps a panic from ending the daemon. A run that had not begun is on record as failed; one that had is the panic's
// own affair.
func (s *Scheduler) catch(g *going) {
	problem := recover()
	if problem == nil {
		return
	}
	why := fmt.Sprintf("snrun itself panicked while it started the run: %v", problem)
	if _, err := s.config.Book.Withdraw(s.config.Now(), g.run, engine.Failed, why); err != nil {
		why += "; " + err.Error()
	}
	s.tell(Event{Type: StartFailed, Job: g.job, Run: g.run, Message: why + "\n" + string(debug.Stack())})
}

// Go carries out a run that is no slot, such as one that is resumed, as one of those that go on. It is false while draining.
func (s *Scheduler) Go(job, run string, carryOut func(context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.carryOut(job, run, carryOut)
	return true
}

// Await has a run wait for its turn like those that are queued, and then be carried out. One without carryOut is queued on record, in the
// name of this process, and Start starts it; others are not, such as one that is resumed. It is false while draining, and where the run
// waits or goes on here already.
func (s *Scheduler) Await(r engine.QueuedRun, carryOut func(context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || s.queue.runs[r.Run] != nil || s.going[r.Run] != nil {
		return false
	}
	s.queue.add(r, s.config.Now()).do = carryOut
	s.nudge()
	return true
}

// Forget has a run wait no more that Await was asked for with what carries it out. It is false where it does not wait.
func (s *Scheduler) Forget(run string) bool {
	s.turn.Lock() // or it might be starting just now
	defer s.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.queue.runs[run]; w == nil || w.do == nil {
		return false
	}
	s.queue.remove(run)
	return true
}

func cancelledBy(who string) error {
	return &steps.Error{Kind: steps.Cancelled, Message: "cancelled by " + who}
}

// Drain starts no further run, and waits for those that go on until the context ends; then it cancels them with cause, and waits for
// their ends. Queued runs stay queued, for the next daemon.
func (s *Scheduler) Drain(ctx context.Context, cause error) {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.owned.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	s.mu.Lock()
	for _, g := range s.going {
		g.end(cause)
	}
	s.mu.Unlock()
	<-ended
}
