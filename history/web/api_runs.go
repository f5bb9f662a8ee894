package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

// runOperations are those about runs on record.
func runOperations() []operation {
	return []operation{
		{"GET", "/runs", Viewer, []string{"job", "status", "trigger", "since", "until", "text", "before", "after", "limit"}, (*Site).apiRuns},
		{"GET", "/runs/{run}", Viewer, []string{"step", "http", "outer", "after", "limit"}, (*Site).apiRun},
		{"GET", "/runs/{run}/steps", Viewer, []string{"step", "status", "outer", "after", "limit"}, (*Site).apiSteps},
		{"GET", "/runs/{run}/exchanges", Viewer, []string{"step", "after", "limit"}, (*Site).apiExchanges},
		{"GET", "/runs/{run}/timeline", Viewer, nil, (*Site).apiTimeline},
		{"GET", "/runs/{run}/diff", Viewer, []string{"with"}, (*Site).apiDiff},
		{"GET", "/runs/{run}/export", Viewer, []string{"format"}, (*Site).apiExport},
		{"GET", "/runs/{run}/events", Viewer, nil, (*Site).apiRunEvents},
		{"GET", "/events", Viewer, nil, (*Site).apiEvents},
		{"GET", "/search", Viewer, []string{"text", "job", "status", "trigger", "since", "until", "before", "after", "limit"}, (*Site).apiSearch},
	}
}

// textTime is how long a program waits for what a text is looked for in.
const textTime = 20 * time.Second

// filter reads which runs are asked for.
func (a *ask) filter() (history.Filter, error) {
	limit, err := a.limit()
	if err != nil {
		return history.Filter{}, err
	}
	q := review.Query{
		Job: a.text("job"), Status: a.text("status"), Trigger: a.text("trigger"), Since: a.text("since"), Until: a.text("until"),
		Before: a.text("before"), After: a.text("after"), Limit: limit,
	}
	f, err := q.Filter(time.Now(), time.Local)
	f.Text = a.text("text")
	return f, misasked(err)
}

// runsAnswer is a page of a list of runs.
type runsAnswer struct {
	Runs     []engine.Run `json:"runs"`
	Next     *string      `json:"next"`     // what before, or after, is to be for the runs that follow; null where none do
	Finished bool         `json:"finished"` // false: the time was not enough to look for the text in all of them
}

func (s *Site) apiRuns(a *ask) (any, error) {
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	if f.Text == "" {
		runs, more, err := review.Page(s.Store, f)
		answer := runsAnswer{Runs: listOf(runs), Finished: true}
		if more {
			next := (review.Query{After: f.After}).Next(runs)
			answer.Next = orNull(next.After + next.Before)
		}
		return answer, err
	}
	if err := s.takeSearch(a.Context()); err != nil {
		return nil, err
	}
	defer s.searches.release()
	ctx, stop := context.WithTimeout(a.Context(), textTime)
	defer stop()
	found, err := s.Store.List(ctx, f)
	return runsAnswer{Runs: listOf(found.Runs), Next: orNull(found.Next), Finished: found.Finished}, unfindable(err)
}

// searchAnswer is what a search has found.
type searchAnswer struct {
	Hits     []history.Hit `json:"hits"`
	Next     *string       `json:"next"`
	Finished bool          `json:"finished"`
	Indexed  bool          `json:"indexed"`
	Note     string        `json:"note,omitempty"` // what a person should know of how it was found
}

func (s *Site) apiSearch(a *ask) (any, error) {
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	if err := s.takeSearch(a.Context()); err != nil {
		return nil, err
	}
	defer s.searches.release()
	ctx, stop := context.WithTimeout(a.Context(), textTime)
	defer stop()
	found, err := s.Store.Search(ctx, history.Search{Filter: f})
	return searchAnswer{listOf(found.Hits), orNull(found.Next), found.Finished, found.Indexed, found.Note}, unfindable(err)
}

// unfindable makes it a Problem where there is nothing to look for.
func unfindable(err error) error {
	if errors.Is(err, history.ErrSearchText) {
		return wrong(err.Error(), "write one or more words as text")
	}
	return err
}

func (s *Site) apiRun(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	o := review.Options{Step: a.text("step"), After: a.text("after")}
	if a.text("limit") != "" {
		if o.Limit, err = a.limit(); err != nil {
			return nil, err
		}
	}
	if o.HTTP, err = a.flag("http"); err != nil {
		return nil, err
	}
	if o.Outer, err = a.flag("outer"); err != nil {
		return nil, err
	}
	run, err := review.Read(s.Store, id, o)
	return run, stepUnknown(err)
}

// stepUnknown makes it a Problem where a run has no such step.
func stepUnknown(err error) error {
	var unknown *review.StepError
	if errors.As(err, &unknown) {
		return &Problem{Status: http.StatusNotFound, Message: err.Error(), Hint: unknown.Hint}
	}
	return err
}

// stepsAnswer is a page of the steps of a run.
type stepsAnswer struct {
	Steps []engine.StepRun `json:"steps"`
	Next  *string          `json:"next"` // what after is to be for the steps that follow
}

func (s *Site) apiSteps(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	f := history.StepFilter{ID: a.text("step"), Status: engine.Status(a.text("status")), After: a.text("after")}
	if f.Outer, err = a.flag("outer"); err != nil {
		return nil, err
	}
	limit, err := a.limit()
	if err != nil {
		return nil, err
	}
	f.Limit = limit + 1
	list, err := s.Store.Steps(id, f)
	answer := stepsAnswer{Steps: listOf(list)}
	if len(list) > limit {
		answer.Steps = list[:limit]
		answer.Next = orNull(list[limit-1].Key)
	}
	return answer, err
}

// exchangesAnswer is a page of the exchanges of a run.
type exchangesAnswer struct {
	Exchanges []review.Exchange `json:"exchanges"`
	Next      *int64            `json:"next"` // what after is to be for those that follow
}

// mostExchanges is how many exchanges are given at once: their bodies are large.
const mostExchanges = 20

func (s *Site) apiExchanges(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	f := history.ExchangeFilter{Step: a.text("step")}
	if f.After, err = a.id("after"); err != nil {
		return nil, err
	}
	if f.Limit, err = a.limit(); err != nil {
		return nil, err
	}
	f.Limit = min(f.Limit, mostExchanges)
	list, next, err := review.Exchanges(s.Store, id, f)
	answer := exchangesAnswer{Exchanges: listOf(list)}
	if next > 0 {
		answer.Next = &next
	}
	return answer, err
}

func (s *Site) apiTimeline(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	run, err := review.Read(s.Store, id, review.Options{Outer: true})
	if err != nil {
		return nil, err
	}
	return review.ReadTimeline(s.Store, run.Run, time.Now())
}

func (s *Site) apiDiff(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	base, err := review.FindBase(s.Store, id, a.text("with"))
	if err != nil {
		return nil, err
	}
	if base == id {
		return nil, wrong("a run is not compared with itself", "name another one as with, or none for the last good one before it")
	}
	return review.Compare(s.Store, id, base)
}

// apiRunEvents tells how a run stands whenever that changes, until it has ended.
func (s *Site) apiRunEvents(a *ask) (any, error) {
	id, err := a.run(s)
	if err != nil {
		return nil, err
	}
	return s.events(a, id)
}

// apiEvents tells whenever a run has come, has begun or has ended.
func (s *Site) apiEvents(a *ask) (any, error) { return s.events(a, "") }

// events tells of changes as server-sent events.
func (s *Site) events(a *ask, run string) (any, error) {
	if err := a.mustAccept("text/event-stream"); err != nil {
		return nil, err
	}
	return served{}, s.tellChanges(a.w, a.Request, run)
}

// listOf gives an empty list in place of none, for programs.
func listOf[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// orNull gives a text for programs, null where there is none.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
