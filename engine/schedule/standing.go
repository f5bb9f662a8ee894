package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Standing is how it stands with the scheduler.
type Standing struct {
	Running []Waiting // the oldest first
	Queued  []Waiting // in the order in which they will start
	MaxRuns int
	Next    time.Time // the next slot; zero where there is none
	Looked  time.Time // when Run came by last: it does each second
}

// Waiting is a run that goes on, or waits to.
type Waiting struct {
	Run   string    `json:"run"`
	Job   string    `json:"job"`
	Since time.Time `json:"since"`
	Why   string    `json:"why,omitempty"` // it waits
}

// Standing tells how it stands.
func (s *Scheduler) Standing() Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	st := Standing{MaxRuns: s.config.MaxRuns, Next: s.next, Looked: s.looked}
	for _, g := range s.going {
		st.Running = append(st.Running, Waiting{Run: g.run, Job: g.job, Since: g.since})
	}
	slices.SortFunc(st.Running, func(a, b Waiting) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Run, b.Run)) })
	for _, w := range s.queue.inOrder() {
		st.Queued = append(st.Queued, Waiting{Run: w.Run, Job: w.Job, Since: w.Due, Why: s.why(w, now)})
	}
	return st
}

// why says what a run waits for. It is called with s.mu held.
func (s *Scheduler) why(w *waiting, now time.Time) string {
	switch {
	case w.Start.After(now):
		return "it starts at " + w.Start.In(now.Location()).Format(written)
	case s.draining:
		return "the daemon is ending; the next one starts it"
	case w.Alone && (s.goesOn(w.Job) || s.elsewhere[w.Job]):
		return "another run of the job goes on"
	case len(s.going) >= s.config.MaxRuns:
		return fmt.Sprintf("%d runs go on already (max_runs)", len(s.going))
	}
	return ""
}
