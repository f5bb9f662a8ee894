package schedule

import (
	"fmt"
	"time"

	"snrun/engine"
)

const (
	tick      = time.Second      // how long Run waits at most
	adoptEach = 10 * time.Second // how often queued runs are looked for that nobody has any more
	slack     = 2 * time.Second  // how far the clock may be set back before that is worth a word
	longRest  = 10 * time.Second // how long the book is left alone at most when it fails
	atOnce    = 5000             // how many slots are decided upon in one go
)

// reading is what was read of the book, and how it goes with it.
type reading struct {
	pauses  map[string]engine.Pause
	stale   bool      // it must be read again
	back    bool      // the clock was set back, and the book does not know yet
	adopted time.Time // when queued runs were looked for last
	decided time.Time // when slots were decided upon last; zero: not yet
	cause   string    // why slots could not be decided upon in time, for people; "" where nothing is known
	rest    time.Duration
	again   time.Time // it fails: when it is tried again
}

// look does all that there is to do now, and gives how long there will be nothing.
func (s *Scheduler) look() time.Duration {
	s.turn.Lock()
	now, moved := s.clock.look()
	s.notice(now, moved)
	s.passTick(now)
	if !time.Now().Before(s.book.again) {
		if err := s.work(now); err != nil {
			s.rest(now, err)
		} else {
			s.book.rest = 0
		}
	}
	wait := s.wait()
	events := s.events
	s.events = nil
	s.turn.Unlock()

	s.tell(events...)
	return wait
}

// work does all that needs the book.
func (s *Scheduler) work(now time.Time) error {
	if err := s.setBack(now); err != nil {
		return err
	}
	if err := s.read(now); err != nil {
		return err
	}
	if err := s.decide(now); err != nil {
		return err
	}
	return s.start(now)
}

// rest leaves the book alone for a while, after an error that is told where it is the first.
func (s *Scheduler) rest(now time.Time, err error) {
	if s.book.rest == 0 {
		s.book.cause = "the history could not be written from " + now.Format(written)
		s.event(Event{Type: BookFailed, Message: err.Error()})
	}
	s.book.rest = min(max(2*s.book.rest, tick), longRest)
	s.book.again = time.Now().Add(s.book.rest)
}

// event has something be told once the turn is over.
func (s *Scheduler) event(e Event) { s.events = append(s.events, e) }

// notice looks whether somebody moved the clock's hands.
func (s *Scheduler) notice(now time.Time, moved time.Duration) {
	switch {
	case moved < -slack:
		s.book.back = true
		s.event(Event{Type: ClockMoved, Message: fmt.Sprintf("the clock was set back by %s: it is %s; what was run is not run again",
			(-moved).Round(tick), now.Format(written))})
	case moved > onTime:
		s.book.cause = fmt.Sprintf("the clock was set forward, or the machine slept, from %s to %s", now.Add(-moved).Format(written), now.Format(written))
		s.event(Event{Type: ClockMoved, Message: fmt.Sprintf("the clock was set forward by %s, or the machine slept: it is %s",
			moved.Round(tick), now.Format(written))})
	}
}

// passTick does once a second what nobody tells of: runs of other processes may have ended, and runs may have become late.
func (s *Scheduler) passTick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = now
	if time.Since(s.ticked) < tick {
		return
	}
	s.ticked = time.Now()
	clear(s.elsewhere)
	s.queue.releaseAll()
	for _, w := range s.queue.late(now.Add(-s.config.LateAfter)) {
		s.event(Event{
			Type: RunLate, Job: w.Job, Run: w.Run, Due: w.Due, Late: now.Sub(w.starts()),
			Message: s.why(w, now),
		})
	}
}

// setBack goes back to where the clock is.
func (s *Scheduler) setBack(now time.Time) error {
	if !s.book.back {
		return nil
	}
	if err := s.config.Book.Rewind(now); err != nil {
		return err
	}
	s.calendar.rewind(now)
	s.mu.Lock()
	s.queue.hurry()
	s.mu.Unlock()
	s.book.back, s.book.decided = false, earlier(s.book.decided, now)
	return nil
}

// read reads what other processes may have changed in the book.
func (s *Scheduler) read(now time.Time) error {
	changed, err := s.config.Book.Changed()
	if err != nil {
		return err
	}
	if s.asked.Swap(false) || changed || time.Since(s.book.adopted) >= adoptEach {
		s.book.stale = true
	}
	if !s.book.stale {
		return nil
	}
	if s.book.pauses, err = s.config.Book.Pauses(); err != nil {
		return err
	}
	if err := s.cancelAsked(now); err != nil {
		return err
	}
	if err := s.adopt(now); err != nil {
		return err
	}
	s.book.stale, s.book.adopted = false, time.Now()
	return nil
}

// cancelAsked ends the runs whose end somebody asked for in the book.
func (s *Scheduler) cancelAsked(now time.Time) error {
	asked, err := s.config.Book.ToCancel()
	if err != nil {
		return err
	}
	for _, run := range sortedKeys(asked) {
		if s.endHere(run, asked[run]) {
			continue
		}
		// It was queued, and is cancelled by now: this takes notice of that.
		if _, err := s.config.Book.Withdraw(now, run, engine.Cancelled, "cancelled by "+asked[run]); err != nil {
			return err
		}
	}
	return nil
}

// endHere ends a run that goes on here, for somebody. One that is queued here waits no more. It is false where it does not go on here.
func (s *Scheduler) endHere(run, who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.remove(run)
	g := s.going[run]
	if g != nil {
		g.end(cancelledBy(who))
	}
	return g != nil
}

// adopt takes over queued runs that nobody has.
func (s *Scheduler) adopt(now time.Time) error {
	s.mu.Lock()
	known := make(map[string]bool, len(s.queue.runs)+len(s.going))
	for run := range s.queue.runs {
		known[run] = true
	}
	for run := range s.going {
		known[run] = true
	}
	draining := s.draining
	s.mu.Unlock()
	if draining {
		return nil
	}
	runs, err := s.config.Book.Adopt(s.calendar.jobs)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if known[r.Run] {
			continue
		}
		s.enqueue(r)
		window := s.calendar.window(r)
		if window == 0 || now.Sub(r.Due) <= window {
			continue
		}
		why := fmt.Sprintf("no daemon was there to start it until %s; that is longer ago than catch_up.window", now.Format(written))
		if err := s.withdraw(now, r, engine.ReasonMissed, why); err != nil {
			return err
		}
	}
	return nil
}

// withdraw skips a run that is queued here.
func (s *Scheduler) withdraw(now time.Time, r engine.QueuedRun, reason, why string) error {
	withdrawn, err := s.config.Book.Withdraw(now, r.Run, engine.Skipped, why)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.queue.remove(r.Run)
	s.mu.Unlock()
	if withdrawn {
		s.event(Event{Type: SlotSkipped, Job: r.Job, Run: r.Run, Due: r.Due, Count: 1, Reason: reason, Message: why})
	}
	return nil
}

// wait gives how long there will be nothing to do.
func (s *Scheduler) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = s.calendar.next()
	wait := tick - time.Since(s.ticked)
	if s.book.rest > 0 {
		return min(wait, time.Until(s.book.again))
	}
	now := s.config.Now()
	if !s.next.IsZero() {
		wait = min(wait, s.next.Sub(now))
	}
	if start := s.queue.nextStart(); !start.IsZero() {
		wait = min(wait, start.Sub(now))
	}
	return max(wait, 0)
}
