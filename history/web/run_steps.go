package web

import (
	"net/url"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

const (
	outlined     = 500 // steps outside of loops that are shown at once
	stepsOnPage  = 100
	shownMessage = 600 // characters of an error in a list
)

// stepsTab is the steps of a run, or what is inside one of them.
type stepsTab struct {
	Step     *stepRow // the one that is looked at; nil for the run
	Tries    []history.Attempt
	Requests int // of that step
	Rows     []stepRow
	Status   engine.Status
	Counts   []statusCount
	All      string // where those of any status are
	Paging   paging
	Outline  bool // loops are folded
	Cut      bool // there are more
}

// stepRow is a step in a list.
type stepRow struct {
	engine.StepRun
	Label    string // its key, or in an outline the last part of it
	Depth    int
	Path     string
	Requests string // where its requests are
	Line     string // where it stands in the job's text
	Took     time.Duration
	After    time.Duration // from the run's start
	Before   bool          // it was done before this attempt
	Says     string        // its error, or its message
	Counted  []string
	Failed   []stepRow // in a loop: the first of its items that did
	More     string    // where all that is inside is; "" where nothing is
}

// stepsTab reads the steps that an address asks for.
func (s *Site) stepsTab(body *runPage, q url.Values) (*stepsTab, error) {
	run, key, status := body.Run, q.Get("step"), engine.Status(q.Get("status"))
	if key == "" && status == "" {
		return s.outline(body), nil
	}
	t := &stepsTab{Status: status, All: tabPath(run.ID, "steps", "step", key)}
	if key != "" {
		steps, err := s.Store.Steps(run.ID, history.StepFilter{Key: key, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(steps) == 0 {
			return nil, &Problem{Status: 404, Message: "run " + run.ID + " has no step " + words.InLine(key), Hint: "its steps: " + path("runs", run.ID)}
		}
		row := s.stepRow(run, steps[0])
		t.Step = &row
		if t.Tries, err = s.Store.Attempts(run.ID, key); err != nil {
			return nil, err
		}
		if t.Requests, err = s.Store.RequestCount(run.ID, key); err != nil {
			return nil, err
		}
	}
	return t, s.fillInside(t, run, key, q.Get("page"))
}

// fillInside reads the steps inside one, a page of them.
func (s *Site) fillInside(t *stepsTab, run *engine.Run, key, page string) error {
	counts, err := s.Store.StepCounts(run.ID, history.StepFilter{Inside: key})
	if err != nil {
		return err
	}
	at := func(status, page string) string {
		return tabPath(run.ID, "steps", "step", key, "status", status, "page", page)
	}
	t.Counts = countsOf(counts, func(status string) string { return at(status, "") })
	total := counts[t.Status]
	if t.Status == "" {
		for _, n := range counts {
			total += n
		}
	}
	var offset int
	t.Paging, offset = pageOf(page, total, stepsOnPage, func(page string) string { return at(string(t.Status), page) })
	list, err := s.Store.Steps(run.ID, history.StepFilter{Inside: key, Status: t.Status, Worst: true, Offset: offset, Limit: stepsOnPage})
	for _, step := range list {
		row := s.stepRow(run, step)
		row.Label = strings.TrimPrefix(step.Key, key)
		t.Rows = append(t.Rows, row)
	}
	return err
}

// outline gives the steps outside of loops, with the first items of each loop that failed.
func (s *Site) outline(body *runPage) *stepsTab {
	run := body.Run
	t := &stepsTab{Outline: true, All: tabPath(run.ID, "steps"), Cut: body.Cut}
	for _, bar := range body.Timeline.Bars {
		row := s.stepRow(run, bar.Step)
		row.Depth = min(bar.Depth, 6)
		row.Label = bar.Key[strings.LastIndexByte(bar.Key, '/')+1:]
		for _, step := range bar.Failed {
			item := s.stepRow(run, step)
			item.Label = strings.TrimPrefix(step.Key, bar.Key)
			row.Failed = append(row.Failed, item)
		}
		if review.IsLoop(&bar.Step) || len(row.Failed) > 0 {
			row.More = row.Path
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// stepRow gives a step as a list has it.
func (s *Site) stepRow(run *engine.Run, step engine.StepRun) stepRow {
	row := stepRow{
		StepRun: step, Label: strings.TrimPrefix(step.Key, "/"), Says: step.Message, Counted: counted(step.Counts),
		Path:     tabPath(run.ID, "steps", "step", step.Key),
		Requests: tabPath(run.ID, "exchanges", "step", step.Key),
		Line:     tabPath(run.ID, "job", "step", step.Key),
		Before:   step.Started.Before(run.Started),
	}
	if !step.Started.IsZero() {
		row.Took = took(step.Started, step.Ended, time.Now())
		row.After = max(step.Started.Sub(run.Started), 0)
	}
	if step.Error != nil {
		row.Says = step.Error.Message
	}
	row.Says = short(row.Says)
	return row
}

// short gives the beginning of a text, cleaned.
func short(text string) string {
	text = words.Clean(strings.TrimSpace(text))
	if runes := []rune(text); len(runes) > shownMessage {
		return string(runes[:shownMessage]) + " …"
	}
	return text
}

// counted says what a walk or a loop dealt with.
func counted(c *engine.Counts) []string {
	if c == nil {
		return nil
	}
	var list []string
	add := func(n int, text string) {
		if n > 0 {
			list = append(list, text)
		}
	}
	add(c.Pages, words.Plural(c.Pages, "page"))
	add(c.Succeeded, words.Thousands(c.Succeeded)+" ok")
	add(c.Failed, words.Thousands(c.Failed)+" failed")
	add(c.Retries, words.Plural(c.Retries, "retry"))
	add(c.LimitWaits, words.Plural(c.LimitWaits, "wait")+" for the limit")
	return list
}
