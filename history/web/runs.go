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
	if q == all { // the first page: what comes later is on it
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
	list := []string{engine.TriggerSchedule, engine.TriggerManual, engine.TriggerCatchUp}
	if chosen != "" && !slices.Contains(list, chosen) {
		list = append(list, chosen)
	}
	return list
}
