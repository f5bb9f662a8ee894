package review

import (
	"cmp"
	"slices"
	"time"

	"snrun/engine"
	"snrun/history"
)

const (
	stoppedFor  = 7 * 24 * time.Hour // how long a run that was interrupted is told of
	fewStopped  = 50
	fewGoing    = 50
	fewNext     = 10
	overviewFor = 24 * time.Hour
)

// Overview is how it stands with jobs at one moment: what is wrong, what goes on, what comes next. No list is null.
type Overview struct {
	Now         time.Time     `json:"now"`
	Failing     []Failing     `json:"failing"`     // the job first that began to fail last
	Interrupted []Interrupted `json:"interrupted"` // of the last 7 days, the newest first, at most 50
	Late        []LateJob     `json:"late"`        // the job first that was due first
	SignIns     []SignIn      `json:"sign_ins"`    // those that need a person
	NotRun      []NotRun      `json:"not_run"`     // due in the last 24 hours, and missed: the newest first, at most 50
	Broken      []BrokenFile  `json:"broken"`      // files with mistakes
	Daemon      *string       `json:"daemon"`      // the process that runs the jobs; null where none does
	Trouble     *string       `json:"trouble"`     // what is wrong with that, or with the database; null for nothing
	Next        []NextRun     `json:"next"`        // the next 10
	Running     Going         `json:"running"`
	Queued      Going         `json:"queued"`
	LastDay     Counts        `json:"last_day"` // the runs that came to be in the last 24 hours
	Hours       []Hour        `json:"hours"`    // the same, hour by hour, the oldest first
}

// Failing is a job that fails: no run of it went well after the one that failed last.
type Failing struct {
	Job      string    `json:"job"`
	Since    time.Time `json:"since"`    // when the first of these runs began: going on with it does not change that
	Failures int       `json:"failures"` // how many failed or were interrupted since then
	Many     bool      `json:"many"`     // and there may be more of them
	First    Ended     `json:"first"`    // the first of them
	Last     Ended     `json:"last"`     // the newest
	LastOK   *Ended    `json:"last_ok"`  // the last run that went well; null where there is none
}

// Ended is a run that has ended, beside others.
type Ended struct {
	Run    string        `json:"run"`
	Status engine.Status `json:"status"`
	At     time.Time     `json:"at"`    // when it ended
	Step   string        `json:"step"`  // in which it failed; "" for none
	Error  string        `json:"error"` // the message; "" for none
}

// Interrupted is a run that was cut off, and can be gone on with.
type Interrupted struct {
	Job     string    `json:"job"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Error   string    `json:"error"`
	InDoubt bool      `json:"in_doubt"` // of a call of it nobody knows whether it was carried out
}

// LateJob is a job that did not run when it was due.
type LateJob struct {
	Job string `json:"job"`
	Late
}

// NextRun is when a job is due next.
type NextRun struct {
	Job  string    `json:"job"`
	At   time.Time `json:"at"`   // in the time zone of its schedule
	Note string    `json:"note"` // what a change of the clock does to it; "" for nothing
}

// Going is runs that have not ended.
type Going struct {
	Count int       `json:"count"`
	Runs  []Unended `json:"runs"` // the oldest first, at most 50
}

// Unended is a run that goes on or waits.
type Unended struct {
	Run     string     `json:"run"`
	Job     string     `json:"job"`
	Trigger string     `json:"trigger"`
	Due     *time.Time `json:"due"`
	Started *time.Time `json:"started"` // null while it waits
	Reason  string     `json:"reason"`  // why it waits
}

// Counts says how many runs stand in which way.
type Counts struct {
	Queued      int `json:"queued"`
	Running     int `json:"running"`
	OK          int `json:"ok"`
	Failed      int `json:"failed"`
	Cancelled   int `json:"cancelled"`
	Interrupted int `json:"interrupted"`
	Skipped     int `json:"skipped"`
}

// CountsOf gives counts by their names.
func CountsOf(n map[engine.Status]int) Counts {
	return Counts{
		Queued: n[engine.Queued], Running: n[engine.Running], OK: n[engine.OK], Failed: n[engine.Failed], Cancelled: n[engine.Cancelled],
		Interrupted: n[engine.Interrupted], Skipped: n[engine.Skipped],
	}
}

// All is how many there are in all.
func (c Counts) All() int {
	return c.Queued + c.Running + c.OK + c.Failed + c.Cancelled + c.Interrupted + c.Skipped
}

// NewOverview gives one in which nothing is said yet.
func NewOverview(now time.Time) *Overview {
	return &Overview{
		Now: localMilli(now), Failing: []Failing{}, Interrupted: []Interrupted{}, Late: []LateJob{}, SignIns: []SignIn{}, Next: []NextRun{},
		NotRun: []NotRun{}, Broken: []BrokenFile{}, Running: Going{Runs: []Unended{}}, Queued: Going{Runs: []Unended{}}, Hours: []Hour{},
	}
}

// ReadOverview says what a history knows of how it stands with the jobs named, with all on record where jobs is nil. When they are due
// and how their sign-ins are is for Overview.AddJobs and Overview.AddSignIns.
func ReadOverview(store *history.Store, jobs []string, now time.Time) (*Overview, error) {
	o := NewOverview(now)
	troubles, err := store.Troubles(jobs)
	if err != nil {
		return nil, err
	}
	for i := range troubles {
		o.Failing = append(o.Failing, failingOf(&troubles[i]))
	}
	stopped, err := store.Stopped(jobs, now.Add(-stoppedFor), fewStopped)
	if err != nil {
		return nil, err
	}
	for _, run := range stopped {
		o.Interrupted = append(o.Interrupted, Interrupted{Job: run.Job, Run: run.Run, At: localMilli(run.Ended), Error: run.Error, InDoubt: run.InDoubt})
	}
	if o.Running, err = goingOf(store, jobs, engine.Running); err != nil {
		return nil, err
	}
	if o.Queued, err = goingOf(store, jobs, engine.Queued); err != nil {
		return nil, err
	}
	if err := o.readDay(store, jobs, now); err != nil {
		return nil, err
	}
	return o, nil
}

func failingOf(t *history.Trouble) Failing {
	f := Failing{Job: t.Job, First: endedOf(&t.First), Last: endedOf(&t.Last), Failures: t.Failures, Many: t.Failures >= history.ManyFailures}
	f.Since = localMilli(t.First.Started)
	if t.First.Started.IsZero() { // it was interrupted before it began
		f.Since = f.First.At
	}
	if t.LastOK != nil {
		ok := endedOf(t.LastOK)
		f.LastOK = &ok
	}
	return f
}

func endedOf(b *history.Brief) Ended {
	return Ended{Run: b.Run, Status: b.Status, At: localMilli(b.Ended), Step: b.Step, Error: b.Error}
}

func goingOf(store *history.Store, jobs []string, status engine.Status) (Going, error) {
	g := Going{Runs: []Unended{}}
	list, count, err := store.Unfinished(jobs, status, fewGoing)
	g.Count = count
	for _, b := range list {
		g.Runs = append(g.Runs, Unended{Run: b.Run, Job: b.Job, Trigger: b.Trigger, Due: timeOf(b.Due), Started: timeOf(b.Started), Reason: b.Reason})
	}
	return g, err
}

// AddJobs adds which of the jobs, which a Book has filled in, are late, and what is due next.
func (o *Overview) AddJobs(jobs []Job) {
	for i := range jobs {
		j := &jobs[i]
		if j.Late != nil {
			o.Late = append(o.Late, LateJob{j.Job, *j.Late})
		}
		if j.Next != nil {
			o.Next = append(o.Next, NextRun{Job: j.Job, At: *j.Next, Note: textOf(j.Note)})
		}
	}
	slices.SortFunc(o.Late, func(a, b LateJob) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Job, b.Job)) })
	slices.SortFunc(o.Next, func(a, b NextRun) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Job, b.Job)) })
	o.Next = o.Next[:min(len(o.Next), fewNext)]
}

// AddSignIns adds those of the sign-ins that somebody has to do something about.
func (o *Overview) AddSignIns(list []SignIn) {
	for i := range list {
		if list[i].Help != nil || list[i].Problem != "" {
			o.SignIns = append(o.SignIns, list[i])
		}
	}
}

// Calm says whether nothing is wrong that the overview knows of.
func (o *Overview) Calm() bool {
	return len(o.Failing)+len(o.Interrupted)+len(o.Late)+len(o.SignIns)+len(o.NotRun)+len(o.Broken) == 0 && o.Trouble == nil
}
