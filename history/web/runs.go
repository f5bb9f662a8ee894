package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
)

// runsOnPage is how many runs stand on a page of the list.
const runsOnPage = 50

// runsPage is the list of runs that a filter lets through.
type runsPage struct {
	Asked    runsAsked
	Wrong    []string // what is wrong with what was asked for
	Jobs     []string // the jobs there are
	Statuses []engine.Status
	Triggers []string
	Rows     []runRow
	Older    string // where the next page is; "" for none
	Newest   string // where the first page is; "" on that
	Can      can    // some row of the page
}

// runsAsked is what the address asks for, as it was written.
type runsAsked struct{ Job, Status, Trigger, Since, Until, Text, Before string }

// Any says whether anything is filtered.
func (a runsAsked) Any() bool { a.Before = ""; return a != runsAsked{} }

// address gives the address of a page of the list.
func (a runsAsked) address(before string) string {
	q := url.Values{}
	for _, v := range []struct{ name, value string }{
		{"job", a.Job}, {"status", a.Status}, {"trigger", a.Trigger}, {"since", a.Since}, {"until", a.Until}, {"text", a.Text}, {"before", before},
	} {
		if v.value != "" {
			q.Set(v.name, v.value)
		}
	}
	if len(q) == 0 {
		return "/runs"
	}
	return "/runs?" + q.Encode()
}

// runRow is a run in a list.
type runRow struct {
	*engine.Run
	Began bool
	Took  time.Duration
	Why   string // its first line: the error, or why it was skipped or waits
	Can   can
}

// can is what an operator can do about runs.
type can struct{ Resume, Retry, Cancel bool }

// Any says whether there is anything.
func (c can) Any() bool { return c != can{} }

// canOf says what an operator can do about a run.
func canOf(run *engine.Run) can {
	began := !run.Started.IsZero()
	return can{
		Resume: began && (run.Status == engine.Failed || run.Status == engine.Cancelled || run.Status == engine.Interrupted),
		Retry:  began && run.Status == engine.OK && run.Open,
		Cancel: run.Status == engine.Queued || run.Status == engine.Running,
	}
}

// runs lists runs.
func (s *Site) runs(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	asked := runsAsked{
		Job: strings.TrimSpace(q.Get("job")), Status: q.Get("status"), Trigger: q.Get("trigger"), Since: strings.TrimSpace(q.Get("since")),
		Until: strings.TrimSpace(q.Get("until")), Text: strings.TrimSpace(q.Get("text")), Before: q.Get("before"),
	}
	body := runsPage{Asked: asked, Jobs: s.jobNames(), Statuses: runStatuses(), Triggers: triggers()}
	filter, wrong := filterOf(asked, time.Now())
	body.Wrong = wrong
	mark := ""
	if len(wrong) == 0 {
		now, err := beatOf(s.Store, "")
		if err != nil {
			return err
		}
		mark = now.mark
		if err := s.fillRuns(&body, filter); err != nil {
			return err
		}
	}
	p := page{Title: "Runs", Here: "/runs", Search: asked.Text, Body: body, Command: s.Commands.Program + " history list" + asked.flags()}
	if asked.Before == "" && mark != "" {
		p.Live = liveOf("", mark)
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusBadRequest
	}
	return s.showAs(status, w, r, "runs", p)
}

// fillRuns puts the runs on the page that a filter lets through.
func (s *Site) fillRuns(body *runsPage, filter history.Filter) error {
	filter.Limit = runsOnPage + 1
	runs, err := s.Store.Runs(filter)
	if err != nil {
		return err
	}
	if len(runs) > runsOnPage {
		runs = runs[:runsOnPage]
		body.Older = body.Asked.address(runs[runsOnPage-1].ID)
	}
	if body.Asked.Before != "" {
		body.Newest = body.Asked.address("")
	}
	now := time.Now()
	for i := range runs {
		row := rowOf(&runs[i], now)
		body.Can.Resume = body.Can.Resume || row.Can.Resume
		body.Can.Retry = body.Can.Retry || row.Can.Retry
		body.Can.Cancel = body.Can.Cancel || row.Can.Cancel
		body.Rows = append(body.Rows, row)
	}
	return nil
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

// jobNames gives the names of the project's jobs.
func (s *Site) jobNames() []string { return nil }

// runStatuses are the statuses that a run can have.
func runStatuses() []engine.Status {
	return []engine.Status{engine.Failed, engine.Interrupted, engine.Running, engine.Queued, engine.OK, engine.Cancelled, engine.Skipped}
}

// triggers are how runs come to be.
func triggers() []string {
	return []string{engine.TriggerSchedule, engine.TriggerManual, engine.TriggerCatchUp}
}

// filterOf makes a filter of what is asked for, or says what is wrong with that.
func filterOf(a runsAsked, now time.Time) (history.Filter, []string) {
	f := history.Filter{Job: a.Job, Status: engine.Status(a.Status), Trigger: a.Trigger, Before: a.Before}
	var wrong []string
	if a.Status != "" && !slices.Contains(runStatuses(), engine.Status(a.Status)) {
		wrong = append(wrong, "a run has no status “"+a.Status+"”")
	}
	return f, wrong
}

// flags gives what is asked for as flags of `history list`.
func (a runsAsked) flags() string {
	var b strings.Builder
	for _, f := range []struct{ flag, value string }{
		{"--job", a.Job}, {"--status", a.Status}, {"--trigger", a.Trigger}, {"--since", a.Since}, {"--until", a.Until}, {"--text", a.Text}, {"--before", a.Before},
	} {
		if f.value != "" {
			b.WriteString(" " + f.flag + " " + words.Argument(f.value))
		}
	}
	return b.String()
}
