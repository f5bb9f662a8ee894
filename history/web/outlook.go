package web

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/jobs"
)

const (
	// decidedWithin is how long after its time a slot is decided upon at the latest where the scheduler is at work.
	decidedWithin = time.Minute
	// mostQueued is how many runs that wait are looked at.
	mostQueued = 10_000
)

// outlook is which jobs are late, and when each is due next. Jobs may be ten thousand: only those are looked at closely that may be late.
type outlook struct {
	book *review.Book
	late []review.Job
	next []review.Job // those that are due again, the soonest first
}

// lookOut looks which of the project's jobs are late, and when they are due.
func (s *Site) lookOut(all []review.Job, now time.Time) (*outlook, error) {
	b, err := s.book(nil, now)
	if err != nil {
		return nil, err
	}
	o := &outlook{book: b}
	suspects, err := s.suspects(all, now)
	if err != nil {
		return nil, err
	}
	if len(suspects) > 0 {
		if o.book, err = s.filled(suspects, now); err != nil {
			return nil, err
		}
	}
	for i := range suspects {
		if suspects[i].Late != nil {
			o.late = append(o.late, suspects[i])
		}
	}
	slices.SortStableFunc(o.late, func(a, b review.Job) int { return a.Late.Due.Compare(b.Late.Due) })
	for i := range all {
		j := all[i]
		if _, paused := b.Pauses[j.Job]; paused {
			continue
		}
		if j.Broken {
			j.Times = s.Daemon.Schedules(j.Job) // of one that goes on as it was before
		}
		if due := s.agenda.next(&j, now); due != nil {
			j.Next, j.Note = &due.At, orNil(due.Note)
			o.next = append(o.next, j)
		}
	}
	slices.SortFunc(o.next, func(a, b review.Job) int { return cmp.Or(a.Next.Compare(*b.Next), cmp.Compare(a.Job, b.Job)) })
	return o, nil
}

// suspects are the jobs that may be late: those with runs that wait; and all, where it is not sure that what is due is decided upon.
func (s *Site) suspects(all []review.Job, now time.Time) ([]review.Job, error) {
	if !s.decides(now) {
		return slices.Clone(all), nil
	}
	waiting, _, err := s.Store.Unfinished(nil, engine.Queued, mostQueued)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(waiting))
	for i := range waiting {
		names[waiting[i].Job] = true
	}
	var list []review.Job
	for i := range all {
		if names[all[i].Job] {
			list = append(list, all[i])
		}
	}
	return list, nil
}

// decides says whether this process fires the jobs, and has decided upon all that was due.
func (s *Site) decides(now time.Time) bool {
	if s.Daemon.Idle || s.Daemon.Unwell() != "" {
		return false
	}
	next := s.Daemon.Standing().Next
	return next.IsZero() || now.Sub(next) < decidedWithin
}

// agenda remembers when jobs are due next. Its zero value is empty; it is safe for concurrent use.
type agenda struct {
	mu  sync.Mutex
	due map[string]dueNext
}

// dueNext is when a job is due next, as its schedules are.
type dueNext struct {
	of  *jobs.Schedule // the first of the schedules that it is taken from
	n   int            // how many these are
	due *review.Due    // nil where they name no time any more
}

// next gives when a job is due next, nil for never.
func (a *agenda) next(j *review.Job, now time.Time) *review.Due {
	if len(j.Times) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	known, there := a.due[j.Job]
	if there && known.of == &j.Times[0] && known.n == len(j.Times) && (known.due == nil || known.due.At.After(now)) {
		return known.due
	}
	fresh := dueNext{of: &j.Times[0], n: len(j.Times)}
	if list := review.DueTimes(j.Times, now, 1); len(list) > 0 {
		fresh.due = &list[0]
	}
	if a.due == nil {
		a.due = map[string]dueNext{}
	}
	a.due[j.Job] = fresh
	return fresh.due
}

// orNil is a text, nil where there is none.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
