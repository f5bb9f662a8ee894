package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

// runPage is one run.
type runPage struct {
	runRow
	Ended    bool
	First    *review.FirstError // nil where nothing failed
	Failing  *review.Streak     // since when the job fails; nil where it does not, or another run tells
	Exchange *exchangeView      // that led to it, the beginning of it; nil for none
	Lines    []codeLine         // of the job's text, around the step
	// Where the step, its requests and its place in the job are looked at closer; "" for nowhere.
	StepPath, ExchangePath, LinePath string
	SignInPath                       string // where a sign-in that failed is looked at; "" where that is not it
	Timeline                         *review.Timeline
	Picture                          *timelineView
	Cut                              bool // there are more steps than it has
	InDoubt                          bool // a request went out of which nobody knows whether it was carried out
	FailedItems                      int
	Do                               todo
	Counts                           []statusCount // of all steps
	Compared                         *compared     // with the last good run; nil for none
	Tabs                             []tab
	Tab                              string
	Of                               any // what the tab shows
}

// tab is a part of a page that has an address of its own.
type tab struct{ Name, Title, Path string }

// statusCount is how many stand so.
type statusCount struct {
	Status engine.Status
	Count  int
	Path   string // where only those are
}

// runTabs are the parts of the page of a run.
func runTabs(run string) []tab {
	tabs := []tab{
		{Name: "steps", Title: "Steps"}, {Name: "exchanges", Title: "Exchanges"}, {Name: "diff", Title: "Diff"},
		{Name: "inputs", Title: "Inputs and output"}, {Name: "log", Title: "Log"}, {Name: "job", Title: "Job"},
	}
	for i := range tabs {
		tabs[i].Path = tabPath(run, tabs[i].Name)
	}
	return tabs
}

// tabPath gives where a tab of a run is, with further parts of the address as name and value.
func tabPath(run, name string, more ...string) string {
	q := url.Values{"tab": {name}}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return path("runs", run) + "?" + q.Encode() + "#tab"
}

// run shows one run.
func (s *Site) run(w http.ResponseWriter, r *http.Request) error {
	id, err := s.Store.Find(r.PathValue("run"))
	if err != nil {
		return err
	}
	if id != r.PathValue("run") { // @last, or the beginning of an id
		q := ""
		if r.URL.RawQuery != "" {
			q = "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, path("runs", id)+q, http.StatusSeeOther)
		return nil
	}
	head, err := s.Store.Head(id)
	if err != nil {
		return err
	}
	live := ""
	if s.goesOn(id, head.Status) { // how far it is, before what is shown of it is read: what changes meanwhile is told
		now, err := beatOf(s.Store, id)
		if err != nil {
			return err
		}
		live = liveOf(id, now.mark)
	}
	body, err := s.runPage(id)
	if err != nil {
		return err
	}
	if err := s.fillTab(body, r.URL.Query()); err != nil {
		return err
	}
	p := page{Title: body.Job + ", run " + id, Here: "/runs", Live: live, Body: body}
	p.Command = s.commandOf(id, body.Tab, r.URL.Query())
	return s.show(w, r, "run", p)
}

// commandOf is the command that shows what a tab does.
func (s *Site) commandOf(run, tab string, q url.Values) string {
	command, with, step := s.Commands.Show(run), strings.TrimSpace(q.Get("with")), q.Get("step")
	switch {
	case tab == "diff" && with != "":
		return s.Commands.Diff(run) + " " + words.Argument(with)
	case tab == "diff":
		return s.Commands.Diff(run)
	case step != "" && (tab == "steps" || tab == "exchanges"):
		command += " --step " + words.Argument(step)
	}
	if tab == "exchanges" {
		command += " --http"
	}
	return command
}

// runPage gives what stands above the tabs of a run's page.
func (s *Site) runPage(id string) (*runPage, error) {
	r, err := review.Read(s.Store, id, review.Options{Outer: true, Limit: outlined})
	if err != nil {
		return nil, err
	}
	body := &runPage{
		runRow: rowOf(r.Run, time.Now()), Ended: hasEnded(r.Status), Cut: r.Next != "", First: r.FirstError, Failing: r.Failing,
		FailedItems: r.FailedItems, InDoubt: r.InDoubt, Tabs: runTabs(id),
	}
	if body.Timeline, err = review.ReadTimeline(s.Store, r.Run, time.Now()); err != nil {
		return nil, err
	}
	counts, err := s.Store.StepCounts(id, history.StepFilter{})
	if err != nil {
		return nil, err
	}
	body.Counts = countsOf(counts, func(status string) string { return tabPath(id, "steps", "status", status) })
	body.fillFirst()
	body.Picture = timelineOf(r.Run, body.Timeline)
	body.Do = s.todoOf(body)
	body.Compared, err = s.comparedOf(body)
	return body, err
}

// countsOf gives counts in the order in which they matter.
func countsOf(counts map[engine.Status]int, at func(status string) string) []statusCount {
	var list []statusCount
	for _, status := range []engine.Status{
		engine.Failed, engine.InDoubt, engine.Running, engine.Waiting, engine.OK, engine.Cancelled, engine.Interrupted, engine.Skipped,
	} {
		if n := counts[status]; n > 0 {
			list = append(list, statusCount{status, n, at(string(status))})
		}
	}
	return list
}

// fillTab puts what the address asks for below the run.
func (s *Site) fillTab(body *runPage, q url.Values) (err error) {
	body.Tab = q.Get("tab")
	if !slices.ContainsFunc(body.Tabs, func(t tab) bool { return t.Name == body.Tab }) {
		body.Tab = body.Tabs[0].Name
	}
	switch body.Tab {
	case "exchanges":
		body.Of, err = s.exchangesTab(body.Run, q)
	case "diff":
		body.Of, err = s.diffTab(body, q)
	case "inputs":
		body.Of, err = valuesOf(body.Run)
	case "log":
		body.Of, err = s.logTab(body.Run, q)
	case "job":
		body.Of = s.jobTab(body, q)
	default:
		body.Of, err = s.stepsTab(body, q)
	}
	return err
}

// paging is a list of which one part is shown.
type paging struct {
	Page, Pages    int // from 1
	Total          int
	First, Last    int // of what is shown, from 1
	Before, Behind string
}

// pageOf gives the part of a list that an address asks for, and how many come before it. At gives where another part is.
func pageOf(asked string, total, each int, at func(page string) string) (paging, int) {
	p := paging{Total: total, Pages: max((total+each-1)/each, 1)}
	n, _ := strconv.Atoi(asked)
	p.Page = min(max(n, 1), p.Pages)
	offset := (p.Page - 1) * each
	p.First, p.Last = min(offset+1, total), min(offset+each, total)
	if p.Page > 1 {
		p.Before = at(strconv.Itoa(p.Page - 1))
	}
	if p.Page < p.Pages {
		p.Behind = at(strconv.Itoa(p.Page + 1))
	}
	return p, offset
}
