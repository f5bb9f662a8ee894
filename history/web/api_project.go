package web

import (
	"slices"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
)

// projectOperations are those about jobs, profiles and who does what.
func projectOperations() []operation {
	return []operation{
		{"GET", "/overview", Viewer, nil, (*Site).apiOverview},
		{"GET", "/jobs", Viewer, []string{"text", "state", "after"}, (*Site).apiJobs},
		{"GET", "/jobs/{job}", Viewer, nil, (*Site).apiJob},
		{"GET", "/jobs/{job}/slots", Viewer, []string{"before", "limit"}, (*Site).apiSlots},
		{"GET", "/jobs/{job}/stats", Viewer, []string{"since"}, (*Site).apiStats},
		{"GET", "/schedules", Viewer, []string{"text", "after"}, (*Site).apiSchedules},
		{"GET", "/profiles", Viewer, nil, (*Site).apiProfiles},
		{"GET", "/system", Viewer, nil, (*Site).apiSystem},
		{"GET", "/daemons", Viewer, nil, (*Site).apiDaemons},
		{"GET", "/audit", Viewer, []string{"subject", "who", "action", "before", "limit"}, (*Site).apiAudit},
	}
}

// overviewAnswer is how it stands.
type overviewAnswer struct {
	*review.Overview
	SignInsUnknown *string `json:"sign_ins_unknown"` // why it is not known how it stands with the sign-ins; null where it is
}

func (s *Site) apiOverview(a *ask) (any, error) {
	page, err := s.overviewNow(a.Context())
	if err != nil {
		return nil, err
	}
	return overviewAnswer{page.Overview, orNull(page.Unknown)}, nil
}

func (s *Site) apiSystem(*ask) (any, error) { return s.systemOf(time.Now()) }

// jobsAnswer is a page of the jobs.
type jobsAnswer struct {
	Jobs []review.Job `json:"jobs"`
	Next *string      `json:"next"` // what after is to be for the jobs that follow
}

func (s *Site) apiJobs(a *ask) (any, error) {
	is := func(*review.Job) bool { return true }
	if name := a.text("state"); name != "" {
		states := jobStates()
		i := slices.IndexFunc(states, func(st jobState) bool { return st.Name == name })
		if i < 0 {
			var names []string
			for _, st := range states {
				names = append(names, st.Name)
			}
			return nil, wrong("jobs have no state "+quoted(name), (operation{query: names}).parameterHint(name))
		}
		is = states[i].is
	}
	return s.apiJobsThat(a, is)
}

// apiSchedules gives the jobs that have a schedule, and those whose files have mistakes.
func (s *Site) apiSchedules(a *ask) (any, error) {
	return s.apiJobsThat(a, func(j *review.Job) bool { return j.Broken || len(j.Times) > 0 })
}

// apiJobsThat gives a page of the jobs that stand in a way.
func (s *Site) apiJobsThat(a *ask, is func(*review.Job) bool) (any, error) {
	page := jobsPage{Text: a.text("text"), State: "some"}
	if err := s.chooseJobs(&page, a.text("after"), is); err != nil {
		return nil, err
	}
	answer := jobsAnswer{Jobs: listOf(page.Jobs)}
	if page.Next != "" {
		answer.Next = orNull(page.Jobs[len(page.Jobs)-1].Job)
	}
	return answer, nil
}

// jobAnswer is a job with what else is known of it.
type jobAnswer struct {
	review.Job
	Description string               `json:"description"`
	Due         []review.Due         `json:"due"`      // the next times
	Inputs      []inputAnswer        `json:"inputs"`   // that its runs take
	Calls       []string             `json:"calls"`    // the jobs that it calls
	Profiles    []string             `json:"profiles"` // that it uses
	Secrets     []string             `json:"secrets"`  // the names of those that it uses
	State       []history.SavedValue `json:"state"`    // what it has saved
	Mistakes    []mistakeAnswer      `json:"mistakes"` // in its file
}

// inputAnswer is an input of a job.
type inputAnswer struct {
	Name     string         `json:"name"`
	Schema   map[string]any `json:"schema"` // JSON Schema
	Required bool           `json:"required"`
}

// mistakeAnswer is a mistake in a file.
type mistakeAnswer struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (s *Site) apiJob(a *ask) (any, error) {
	p, err := s.jobPage(a.PathValue("job"), time.Now())
	if err != nil {
		return nil, err
	}
	answer := jobAnswer{
		Job: p.Job, Description: p.Description, Due: listOf(p.Due), Inputs: []inputAnswer{}, Calls: listOf(p.Calls), Profiles: listOf(p.Profiles),
		Secrets: listOf(p.Secrets), State: []history.SavedValue{}, Mistakes: []mistakeAnswer{},
	}
	for _, v := range p.State {
		answer.State = append(answer.State, v.SavedValue)
	}
	for _, m := range p.Mistakes {
		answer.Mistakes = append(answer.Mistakes, mistakeAnswer(m))
	}
	if job, err := s.Daemon.Job(p.Job.Job); err == nil {
		for _, in := range job.Inputs.All() {
			answer.Inputs = append(answer.Inputs, inputAnswer{in.Name, in.Schema, !in.HasDefault})
		}
	}
	return answer, nil
}

// apiStats says how it has been going with a job: all of it where nothing is said of since.
func (s *Site) apiStats(a *ask) (any, error) {
	now := time.Now()
	var since time.Time
	if text := a.text("since"); text != "" {
		var err error
		if since, err = review.ParseMoment(text, now, time.Local); err != nil {
			return nil, wrong("since "+quoted(text)+": "+err.Error(), "write how long ago, such as 30d, or a time")
		}
	}
	name := a.PathValue("job")
	if _, known := s.projectJob(name); !known {
		runs, err := s.Store.Runs(history.Filter{Job: name, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			return nil, s.noJob(name)
		}
	}
	return review.ReadStats(s.Store, name, since, now, time.Local)
}

// slotsAnswer is what became of the due times of a job.
type slotsAnswer struct {
	Slots []review.Slot `json:"slots"`
	Next  *string       `json:"next"` // what before is to be for those that were due earlier
}

func (s *Site) apiSlots(a *ask) (any, error) {
	limit, err := a.limit()
	if err != nil {
		return nil, err
	}
	var before time.Time
	if text := a.text("before"); text != "" {
		if before, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return nil, wrong("before "+quoted(text)+" is no time", "write it as 2026-03-28T02:30:00+01:00")
		}
	}
	name := a.PathValue("job")
	slots, err := s.Store.Slots(name, limit+1, before)
	if err != nil {
		return nil, err
	}
	job, known := s.projectJob(name)
	if !known && len(slots) == 0 {
		return nil, s.noJob(name)
	}
	answer := slotsAnswer{Slots: []review.Slot{}}
	for _, slot := range slots[:min(len(slots), limit)] {
		answer.Slots = append(answer.Slots, review.SlotOf(slot, zoneOf(job.Times)))
	}
	if len(slots) > limit {
		answer.Next = orNull(slots[limit-1].Due.Format(time.RFC3339Nano))
	}
	return answer, nil
}

// zoneOf is the clock by which due times are told: that of the first schedule.
func zoneOf(times []jobs.Schedule) *time.Location {
	if len(times) == 0 {
		return time.Local
	}
	return review.Zone(&times[0])
}

// profilesAnswer is how it stands with the sign-ins.
type profilesAnswer struct {
	Profiles []review.SignIn `json:"profiles"`
}

func (s *Site) apiProfiles(a *ask) (any, error) {
	list, err := s.SignIns(a.Context())
	return profilesAnswer{listOf(list)}, err
}

// daemonsAnswer is which daemons there are.
type daemonsAnswer struct {
	Daemons []engine.Daemon `json:"daemons"`
}

func (s *Site) apiDaemons(*ask) (any, error) {
	list, err := s.Store.Daemons()
	return daemonsAnswer{listOf(list)}, err
}

// auditAnswer is a page of what people did.
type auditAnswer struct {
	Audit []history.Audit `json:"audit"`
	Next  *int64          `json:"next"` // what before is to be for what was done earlier
}

func (s *Site) apiAudit(a *ask) (any, error) {
	limit, err := a.limit()
	if err != nil {
		return nil, err
	}
	before, err := a.id("before")
	if err != nil {
		return nil, err
	}
	f := history.AuditFilter{Subject: a.text("subject"), Who: a.text("who"), Action: a.text("action"), Limit: limit + 1}
	list, err := s.Store.Audits(f, before)
	answer := auditAnswer{Audit: listOf(list)}
	if len(list) > limit {
		answer.Audit = list[:limit]
		answer.Next = &list[limit-1].ID
	}
	return answer, err
}
