package web

import (
	"net/url"
	"time"

	"snrun/engine"
	"snrun/history"
)

// linesOnPage is how many lines of the log stand on a page.
const linesOnPage = 200

// logTab is what a run went through, in the order of time.
type logTab struct {
	Rows   []logRow
	Before string // where the page before is; "" for none
	Behind string
}

// logRow is a line of the log.
type logRow struct {
	history.Happening
	After time.Duration // from the run's start
	Took  time.Duration
	Wait  time.Duration // until the next try
	Path  string
	Says  string
}

// logTab reads a page of the log.
func (s *Site) logTab(run *engine.Run, q url.Values) (*logTab, error) {
	t := &logTab{}
	at := func(page string) string { return tabPath(run.ID, "log", "page", page) }
	p, offset := pageOf(q.Get("page"), 1<<30, linesOnPage, at)
	list, err := s.Store.Happened(run.ID, offset, linesOnPage+1)
	if err != nil {
		return nil, err
	}
	t.Before = p.Before
	if len(list) > linesOnPage {
		list, t.Behind = list[:linesOnPage], p.Behind
	}
	for _, h := range list {
		row := logRow{Happening: h, Path: tabPath(run.ID, "steps", "step", h.Key), Says: h.Message}
		row.After = max(h.At.Sub(run.Started), 0)
		if !h.Since.IsZero() {
			row.Took = max(h.At.Sub(h.Since), 0)
		}
		if !h.Next.IsZero() {
			row.Wait = max(h.Next.Sub(h.At), 0)
		}
		if h.Error != nil {
			row.Says = h.Error.Message
		}
		row.Says = short(row.Says)
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}
