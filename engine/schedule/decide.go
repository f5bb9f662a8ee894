package schedule

import (
	"context"
	"fmt"
	"time"

	"snrun/engine"
)

// decide decides upon all slots up to now.
func (s *Scheduler) decide(now time.Time) error {
	if next := s.calendar.next(); next.IsZero() || next.After(now) {
		s.book.decided = now
		return nil
	}
	if !s.book.decided.IsZero() && now.Sub(s.book.decided) > onTime {
		if err := s.catchUpWithOthers(now); err != nil {
			return err
		}
	}
	for {
		batch := s.take(now)
		if len(batch.claims) == 0 && len(batch.tables) == 0 {
			break
		}
		verdicts, err := s.config.Book.Claim(now, s.config.MaxQueue, batch.claims)
		for _, t := range batch.tables {
			if err == nil {
				t.settle(now)
			}
			s.calendar.put(t)
		}
		if err != nil {
			return err
		}
		for i, v := range verdicts {
			s.judge(batch.claims[i], v)
		}
	}
	s.book.decided, s.book.cause = now, ""
	return nil
}

// catchUpWithOthers asks what other daemons have decided upon while this one could not.
func (s *Scheduler) catchUpWithOthers(now time.Time) error {
	if s.book.cause == "" {
		s.book.cause = fmt.Sprintf("the daemon could not look from %s to %s", s.book.decided.Format(written), now.Format(written))
	}
	plans, keys := s.calendar.plans()
	known, err := s.config.Book.Know(now, plans)
	if err != nil {
		return err
	}
	s.calendar.learn(known, keys, &s.calendar, now)
	return nil
}

// batch is slots that are decided upon in one go: all or none, so that what is not decided upon comes again.
type batch struct {
	tables []*timetable
	claims []engine.Claim
}

// take gives slots up to now.
func (s *Scheduler) take(now time.Time) batch {
	var b batch
	for len(b.claims) < atOnce {
		t := s.calendar.take(now)
		if t == nil {
			break
		}
		o := outlook{now: now, most: s.config.MaxQueue, cause: s.book.cause, paused: s.book.pauses[t.job].Since}
		b.tables, b.claims = append(b.tables, t), append(b.claims, t.claims(o)...)
	}
	for i := range b.claims {
		b.claims[i].Run = s.config.NewID(now)
	}
	return b
}

// judge carries out what was decided upon a claim.
func (s *Scheduler) judge(c engine.Claim, v engine.Verdict) {
	e := Event{Job: c.Job, Run: v.Run, Due: c.Due, Count: max(c.Count, 1), Reason: v.Reason, Message: v.Detail}
	switch v.Status {
	case engine.Queued:
		e.Type = SlotQueued
		for _, run := range v.Replace {
			s.endHere(run, "run "+v.Run)
		}
		s.enqueue(engine.QueuedRun{
			Run: v.Run, Job: c.Job, File: c.File, Inputs: c.Inputs, Trigger: c.Trigger, Due: c.Due, Start: c.Start, Alone: v.Alone, Reason: v.Detail,
		})
	case engine.Skipped:
		e.Type = SlotSkipped
	default: // another daemon was faster
		return
	}
	s.event(e)
}

// enqueue has a run wait for its start.
func (s *Scheduler) enqueue(r engine.QueuedRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.add(r, s.config.Now())
}

// start starts the runs that may.
func (s *Scheduler) start(now time.Time) error {
	s.mu.Lock()
	s.queue.arrive(now)
	s.mu.Unlock()
	for {
		w := s.pick()
		if w == nil {
			return nil
		}
		if w.Alone {
			free, err := s.free(w)
			if err != nil {
				return err
			}
			if !free {
				continue
			}
		}
		if s.begin(w) && w.do == nil {
			s.event(Event{Type: RunStarted, Job: w.Job, Run: w.Run, Due: w.Due, Late: s.config.Now().Sub(w.starts())})
		}
	}
}

// pick gives the next run that may start, as far as can be told without the book. It stays in the queue.
func (s *Scheduler) pick() *waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || len(s.going) >= s.config.MaxRuns {
		return nil
	}
	return s.queue.next(func(w *waiting) bool { return !w.Alone || !s.elsewhere[w.Job] && !s.goesOn(w.Job) })
}

// goesOn says whether a run of a job goes on here. It is called with s.mu held.
func (s *Scheduler) goesOn(job string) bool {
	for _, g := range s.going {
		if g.job == job {
			return true
		}
	}
	return false
}

// free says whether no run of a job goes on in any process, so that one that is to be alone may start.
func (s *Scheduler) free(w *waiting) (bool, error) {
	others, err := s.config.Book.Going(w.Job, w.Run)
	if err != nil || len(others) == 0 {
		return err == nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elsewhere[w.Job] = true
	return false, nil
}

// begin starts a run, unless the daemon ends.
func (s *Scheduler) begin(w *waiting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.queue.begin(w.Run)
	do := w.do
	if do == nil {
		do = func(ctx context.Context) { s.config.Start(ctx, w.QueuedRun) }
	}
	s.carryOut(w.Job, w.Run, do)
	return true
}
