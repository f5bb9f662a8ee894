package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

const (
	runsOnPage = 50              // stand on a page of the list
	searchFor  = 4 * time.Second // runs are looked through for a text, before a page tells what it has found
)

// runsPage is the list of runs that a filter lets through.
type runsPage struct {
	Asked    review.Query
	Filtered bool // not all runs are asked for
	Wrong    []*review.Mistake
	Jobs     []string // the jobs there are
	Statuses []statusChoice
	Triggers []string
	Rows     []runRow
	Older    string // where the next page is; "" for none
	Newer    string
	Newest   string // where the first page is; "" on that
	Can      can    // some run of the page

	Note       string // what a person should know of how the text was looked for
	Unfinished bool   // not all runs were looked through for the text
}

// statusChoice is what can be asked for of statuses.
type statusChoice struct{ Value, Text string }

// runsPath gives the address of the list for a query.
func runsPath(q review.Query) string {
	v := url.Values{}
	for _, f := range []struct{ name, value string }{
		{"job", q.Job}, {"status", q.Status}, {"trigger", q.Trigger}, {"since", q.Since}, {"until", q.Until}, {"text", q.Text},
		{"before", q.Before}, {"after", q.After},
	} {
		if f.value != "" {
			v.Set(f.name, f.value)
		}
	}
	if len(v) == 0 {
		return "/runs"
	}
	return "/runs?" + v.Encode()
}

// runRow is a run in a list.
type runRow struct {
	*engine.Run
	Began bool
	Took  time.Duration
	Why   string // its first line: the error, or why it was skipped or waits
	Can   can

	Places []placeView // of a text that was looked for
}

// placeView is where a run holds a text.
type placeView struct{ Where, Step, Before, Match, After, Path string }

// can is what an operator can do about runs.
type can struct{ Resume, Retry, Cancel bool }

// Any says whether there is anything.
func (c can) Any() bool { return c != can{} }

// canOf says what an operator can do about a run.
func canOf(run *engine.Run) can {
	return can{
		Resume: review.MayResume(run),
		Retry:  !run.Started.IsZero() && run.Status == engine.OK && run.Open,
		Cancel: run.Status == engine.Queued || run.Status == engine.Running,
	}
}

// runs lists runs.
func (s *Site) runs(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r.URL.Query())
	all := q
	all.Before, all.After = "", ""
	body := runsPage{Asked: q, Filtered: all != review.Query{}, Jobs: s.Daemon.Names(), Statuses: statusChoices(q.Status), Triggers: triggers(q.Trigger)}
	p := page{Title: "Runs", Here: "/runs", Search: q.Text, Command: s.Commands.List(q)}
	filter, err := q.Filter(time.Now(), time.Local)
	if err != nil {
		body.Wrong = review.Mistakes(err)
		p.Body = body
		return s.showAs(http.StatusBadRequest, w, r, "runs", p)
	}
	if q == all && q.Text == "" { // the first page: what comes later is on it. To search over and over is too much
		now, err := beatOf(s.Store, "")
		if err != nil {
			return err
		}
		p.Live = liveOf("", now.mark)
	}
	if err := s.fillRuns(r.Context(), &body, filter); err != nil {
		return err
	}
	p.Body = body
	return s.show(w, r, "runs", p)
}

// queryOf reads what an address asks for.
func queryOf(v url.Values) review.Query {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return review.Query{
		Job: get("job"), Status: strings.Join(v["status"], ","), Trigger: get("trigger"), Since: get("since"), Until: get("until"),
		Before: get("before"), After: get("after"), Text: get("text"),
	}
}

// fillRuns puts the runs on the page that a filter lets through.
func (s *Site) fillRuns(ctx context.Context, body *runsPage, filter history.Filter) error {
	if body.Asked.Before != "" || body.Asked.After != "" {
		first := body.Asked
		first.Before, first.After = "", ""
		body.Newest = runsPath(first)
	}
	if filter.Text != "" {
		return s.searchRuns(ctx, body, filter)
	}
	filter.Limit = runsOnPage
	runs, more, err := review.Page(s.Store, filter)
	if err != nil {
		return err
	}
	now := time.Now()
	for i := range runs {
		body.add(rowOf(&runs[i], now))
	}
	if len(runs) == 0 {
		return nil
	}
	older, newer := body.Asked, body.Asked
	older.Before, older.After = runs[len(runs)-1].ID, ""
	newer.After, newer.Before = runs[0].ID, ""
	if more || filter.After != "" {
		body.Older = runsPath(older)
	}
	if filter.Before != "" || filter.After != "" && more {
		body.Newer = runsPath(newer)
	}
	return nil
}

// searchRuns puts the runs on the page that hold a text. What is looked through takes no more than a while.
func (s *Site) searchRuns(ctx context.Context, body *runsPage, filter history.Filter) error {
	if err := s.takeSearch(ctx); err != nil {
		return err
	}
	defer s.searches.release()
	ctx, cancel := context.WithTimeout(ctx, searchFor)
	defer cancel()
	filter.Limit = runsOnPage
	found, err := s.Store.Search(ctx, history.Search{Filter: filter, Places: 2})
	if errors.Is(err, history.ErrSearchText) {
		body.Wrong = []*review.Mistake{{Field: "text", Value: filter.Text, Message: err.Error(), Hint: "write some words"}}
		return nil
	}
	if err != nil {
		return err
	}
	now := time.Now()
	for _, h := range found.Hits {
		row := rowOf(&engine.Run{ID: h.Run, Job: h.Job, Status: h.Status, Trigger: h.Trigger, Due: h.Due, Started: h.Started, Ended: h.Ended}, now)
		row.Places = placesOf(h)
		body.add(row)
	}
	body.Unfinished, body.Note = !found.Finished, found.Note
	body.goOn(found)
	return nil
}

// goOn says where a search goes on: the way that it came.
func (body *runsPage) goOn(found history.Found) {
	next := body.Asked
	switch {
	case found.Next == "":
	case next.After != "":
		next.After = found.Next
		body.Newer = runsPath(next)
	default:
		next.Before = found.Next
		body.Older = runsPath(next)
	}
	if n := len(found.Hits); n > 0 && body.Asked.After != "" {
		older := body.Asked
		older.Before, older.After = found.Hits[n-1].Run, ""
		body.Older = runsPath(older)
	}
}

// placesOf gives where a run holds what was looked for, with links to there.
func placesOf(h history.Hit) []placeView {
	var list []placeView
	for _, p := range h.Places {
		v := placeView{Where: whereWord(p.Where), Step: p.Step, Match: words.InLine(p.Match)}
		snippet := words.InLine(p.Snippet)
		before, after, found := strings.Cut(snippet, v.Match)
		if !found || v.Match == "" {
			before, v.Match, after = snippet, "", ""
		}
		v.Before, v.After = before, after
		v.Path = path("runs", h.Run)
		if p.Step != "" {
			v.Path = tabPath(h.Run, "steps", "step", p.Step)
			if p.Where == history.InURL || p.Where == history.InRequest || p.Where == history.InResponse {
				v.Path = tabPath(h.Run, "exchanges", "step", p.Step)
			}
		}
		list = append(list, v)
	}
	return list
}

// whereWord says what of a run holds a text.
func whereWord(w history.Where) string {
	switch w {
	case history.InRequest:
		return "in what was sent"
	case history.InResponse:
		return "in an answer"
	case history.InURL:
		return "in a URL"
	}
	return "in the " + string(w)
}

// add adds a row.
func (body *runsPage) add(row runRow) {
	body.Can.Resume = body.Can.Resume || row.Can.Resume
	body.Can.Retry = body.Can.Retry || row.Can.Retry
	body.Can.Cancel = body.Can.Cancel || row.Can.Cancel
	body.Rows = append(body.Rows, row)
}

// rowOf gives a run as a list has it.
func rowOf(run *engine.Run, now time.Time) runRow {
	row := runRow{Run: run, Began: !run.Started.IsZero() && run.Status != engine.Queued && run.Status != engine.Skipped, Can: canOf(run), Why: run.Reason}
	if run.Error != nil {
		row.Why = run.Error.Message
		if run.Error.Step != "" {
			row.Why = run.Error.Step + ": " + row.Why
		}
	}
	row.Why = words.FirstLine(row.Why)
	if row.Began {
		row.Took = took(run.Started, run.Ended, now)
	}
	return row
}

// took is how long something lasted, up to now while it goes on.
func took(started, ended, now time.Time) time.Duration {
	if ended.IsZero() {
		ended = now
	}
	return ended.Sub(started)
}

// statusChoices are what can be chosen of statuses, with what is chosen.
func statusChoices(chosen string) []statusChoice {
	list := []statusChoice{{"failed,interrupted", "✗ failed or interrupted"}}
	for _, status := range history.AllStatuses() {
		list = append(list, statusChoice{string(status), mark(status) + " " + statusWord(status)})
	}
	if chosen != "" && !slices.ContainsFunc(list, func(c statusChoice) bool { return c.Value == chosen }) {
		list = append(list, statusChoice{chosen, words.InLine(strings.ReplaceAll(chosen, ",", " or "))})
	}
	return list
}

// triggers are what can be chosen of what starts a run, with what is chosen.
func triggers(chosen string) []string {
	list := review.Triggers()
	if chosen != "" && !slices.Contains(list, chosen) {
		list = append(list, chosen)
	}
	return list
}
