package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
)

const (
	jobsOnPage = 100 // how many jobs a page lists
	jobsAtOnce = 500 // how many are looked at together for a page
	listText   = 200 // the most that is taken of what was typed
)

// jobsPage is the list of jobs.
type jobsPage struct {
	Text, State string // what is asked for
	States      []jobState
	All         int // how many jobs there are
	Jobs        []review.Job
	First, Next string // where the first and the next page are; "" for here, or for none
	rates       map[string]*float64
}

// Rate is how many of a job's runs of the last 30 days went well; nil where none ended by itself.
func (p *jobsPage) Rate(job string) *float64 { return p.rates[job] }

// jobState is a way in which a job stands.
type jobState struct {
	Name, Title string
	is          func(*review.Job) bool
}

// jobStates are the ways by which jobs can be chosen.
func jobStates() []jobState {
	return []jobState{
		{"failing", "failing", func(j *review.Job) bool { return failing(j) }},
		{"late", "late", func(j *review.Job) bool { return j.Late != nil }},
		{"broken", "file with mistakes", func(j *review.Job) bool { return j.Broken }},
		{"paused", "paused", func(j *review.Job) bool { return j.Paused != nil }},
		{"going", "running or queued", func(j *review.Job) bool { return len(j.Running)+len(j.Queued) > 0 }},
		{"ok", "last run ok", func(j *review.Job) bool { return j.Last != nil && j.Last.Status == engine.OK }},
		{"never", "never run", func(j *review.Job) bool { return j.Last == nil && len(j.Running) == 0 }},
		{"manual", "without a schedule", func(j *review.Job) bool { return !j.Broken && len(j.Times) == 0 }},
	}
}

// failing says whether the last run of a job did not end well. One that a person cancelled says nothing about the job.
func failing(j *review.Job) bool {
	return j.Last != nil && (j.Last.Status == engine.Failed || j.Last.Status == engine.Interrupted)
}

// jobs lists the jobs of the project.
func (s *Site) jobs(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	body := jobsPage{Text: atMost(strings.TrimSpace(q.Get("text")), listText), State: q.Get("state"), States: jobStates()}
	state := slices.IndexFunc(body.States, func(st jobState) bool { return st.Name == body.State })
	if body.State != "" && state < 0 {
		return &Problem{Status: http.StatusBadRequest, Message: "jobs have no state " + quoted(body.State), Hint: "choose one of the list on the page of jobs"}
	}
	is := func(*review.Job) bool { return true }
	if state >= 0 {
		is = body.States[state].is
	}
	if err := s.chooseJobs(&body, q.Get("after"), is); err != nil {
		return err
	}
	if err := s.rates(&body); err != nil {
		return err
	}
	return s.show(w, r, "jobs", page{Title: "Jobs", Here: "/jobs", Body: &body, Command: s.Commands.Schedules("list")})
}

// chooseJobs puts the jobs on the page that come after one, by name, and stand as asked for.
func (s *Site) chooseJobs(body *jobsPage, after string, is func(*review.Job) bool) error {
	all := s.projectJobs()
	body.All = len(all)
	list := slices.DeleteFunc(all, func(j review.Job) bool {
		return j.Job <= after || !strings.Contains(strings.ToLower(j.Job), strings.ToLower(body.Text))
	})
	now := time.Now()
	size := jobsAtOnce
	if body.State == "" {
		size = jobsOnPage + 1
	}
	for some := range slices.Chunk(list, size) {
		if _, err := s.filled(some, now); err != nil {
			return err
		}
		for i := range some {
			if is(&some[i]) {
				body.Jobs = append(body.Jobs, some[i])
			}
		}
		if len(body.Jobs) > jobsOnPage {
			break
		}
	}
	if after != "" {
		body.First = body.address("")
	}
	if len(body.Jobs) > jobsOnPage {
		body.Jobs = body.Jobs[:jobsOnPage]
		body.Next = body.address(body.Jobs[jobsOnPage-1].Job)
	}
	return nil
}

// rates fills in how many of the jobs' runs went well.
func (s *Site) rates(body *jobsPage) error {
	names := make([]string, len(body.Jobs))
	for i := range body.Jobs {
		names[i] = body.Jobs[i].Job
	}
	tallies, err := s.Store.Tallies(names, time.Now().Add(-statsSince))
	body.rates = make(map[string]*float64, len(tallies))
	for job, t := range tallies {
		body.rates[job] = review.Counts{OK: t.OK, Failed: t.Bad}.Rate()
	}
	return err
}

// address gives the address of the page of jobs that come after one.
func (p *jobsPage) address(after string) string {
	return addressOf("/jobs", "text", p.Text, "state", p.State, "after", after)
}

// addressOf gives a path with those parameters, in pairs of a name and a value, that are not empty.
func addressOf(path string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(path)
	sep := "?"
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			b.WriteString(sep + pair[0] + "=" + url.QueryEscape(pair[1]))
			sep = "&"
		}
	}
	return b.String()
}

// atMost shortens what came from outside to so many bytes.
func atMost(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "")
	}
	return text
}

// quoted is something that came from outside, for a message.
func quoted(text string) string { return "“" + atMost(text, 60) + "”" }

// compareNames puts jobs in order.
func compareNames(job, file, otherJob, otherFile string) int {
	return cmp.Or(cmp.Compare(job, otherJob), cmp.Compare(file, otherFile))
}
