package review

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/jobs"
)

// Job is how it stands with a job, as `schedule list --json` prints it. What there is not, is null.
type Job struct {
	Job       string     `json:"job"`
	File      string     `json:"file"` // its whole path
	Schedules []Schedule `json:"schedules"`
	Next      *time.Time `json:"next"` // in the time zone of the schedule; null also while it is paused
	Note      *string    `json:"note"` // what a change of the clock does to it
	Last      *Last      `json:"last"` // the last run that has ended, also one that was skipped
	LastOK    *time.Time `json:"last_ok"`
	Running   []string   `json:"running"` // the ids of runs
	Queued    []string   `json:"queued"`
	Paused    *Pause     `json:"paused"`
	Late      *Late      `json:"late"`
	Daemon    *string    `json:"daemon"`  // the process that runs it
	Problem   *string    `json:"problem"` // what keeps it from running as it should
	Help      *string    `json:"help"`    // what to do about it

	Times     []jobs.Schedule `json:"-"` // its schedules themselves
	Broken    bool            `json:"-"` // its file has mistakes
	StillGoes bool            `json:"-"` // the daemon goes on with the job as it was before its file had mistakes
}

// Schedule is one schedule of a job.
type Schedule struct {
	Cron     string         `json:"cron"`
	Timezone *string        `json:"timezone"` // null: the machine's
	Overlap  string         `json:"overlap"`
	CatchUp  string         `json:"catch_up"`
	Inputs   map[string]any `json:"inputs"`
	Next     *time.Time     `json:"next"`
}

// Last is a run that has ended.
type Last struct {
	Run     string        `json:"run"`
	Status  engine.Status `json:"status"`
	Due     *time.Time    `json:"due"`
	Started *time.Time    `json:"started"`
	Ended   *time.Time    `json:"ended"`
	Error   *string       `json:"error"` // or why it was skipped
}

// Pause is a job's pause.
type Pause struct {
	Since time.Time `json:"since"`
	Who   string    `json:"who"`
	Why   string    `json:"why"`
}

// Late is a due time that has passed, and nothing has come of it.
type Late struct {
	Due time.Time `json:"due"`
	Why string    `json:"why"`
}

// NewJob gives a job of which nothing is known but its file and when it is due.
func NewJob(name, file string, times []jobs.Schedule) Job {
	return Job{Job: name, File: file, Times: times, Schedules: []Schedule{}, Running: []string{}, Queued: []string{}}
}

// BrokenJob gives a job whose file has mistakes: which ones, and what to do about them.
func BrokenJob(name, file, problem, help string) Job {
	j := NewJob(name, file, nil)
	j.Broken, j.Problem, j.Help = true, &problem, &help
	return j
}

// When is when the run was, as far as that is known.
func (l *Last) When() time.Time {
	for _, t := range []*time.Time{l.Ended, l.Started, l.Due} {
		if t != nil {
			return *t
		}
	}
	return time.Time{}
}

// Now is how a job stands at this moment, in a word or two; "" where there is nothing to say.
func (j *Job) Now() string {
	var said []string
	switch {
	case j.StillGoes:
		said = append(said, "broken: runs as it was before")
	case j.Broken:
		said = append(said, "broken")
	case j.Next == nil && j.Paused == nil && len(j.Schedules) > 0:
		said = append(said, "ended")
	}
	if j.Paused != nil {
		said = append(said, "paused")
	}
	if j.Late != nil {
		said = append(said, "late")
	}
	switch n := len(j.Running); {
	case n == 1:
		said = append(said, "running")
	case n > 1:
		said = append(said, fmt.Sprint(n, " running"))
	}
	if n := len(j.Queued); n > 0 {
		said = append(said, fmt.Sprint(n, " queued"))
	}
	return strings.Join(said, ", ")
}

// runs fills in what runs there were.
func (j *Job) runs(s *history.Standing) {
	if s.Last != nil {
		j.Last = lastOf(s.Last)
	}
	if s.LastOK != nil {
		j.LastOK = timeOf(s.LastOK.Ended)
	}
	for _, run := range s.Running {
		j.Running = append(j.Running, run.Run)
	}
	for _, run := range s.Queued {
		j.Queued = append(j.Queued, run.Run)
	}
}

func lastOf(run *history.Brief) *Last {
	return &Last{
		Run: run.Run, Status: run.Status, Due: timeOf(run.Due), Started: timeOf(run.Started), Ended: timeOf(run.Ended),
		Error: given(orWord(run.Error, run.Reason)),
	}
}

// times fills in the schedules, and when the job is due next: as DueTimes does, and each time is looked for once.
func (j *Job) times(now time.Time) {
	slots := make([]jobs.Slot, len(j.Times))
	for i := range j.Times {
		slots[i] = SlotAfter(&j.Times[i], now.Add(-1)) // so that it may be due at this very moment
		j.Schedules = append(j.Schedules, scheduleOf(&j.Times[i], slots[i]))
	}
	first := soonest(slots)
	if first < 0 || j.Paused != nil {
		return
	}
	note := ""
	for i, slot := range slots {
		if slot.At.Equal(slots[first].At) && sameInputs(j.Times[i].Inputs, j.Times[first].Inputs) {
			note = cmp.Or(note, slot.Note)
		}
	}
	j.Next, j.Note = &slots[first].At, given(note)
}

func scheduleOf(s *jobs.Schedule, next jobs.Slot) Schedule {
	r := Schedule{Cron: s.Cron.String(), Overlap: s.Overlap, CatchUp: s.CatchUp.Mode, Inputs: s.Inputs}
	if s.Zone != nil {
		r.Timezone = given(s.Zone.String())
	}
	if !next.At.IsZero() {
		r.Next = &next.At
	}
	return r
}

// given is a text, nil where there is none.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOf is a time by the clock of this machine, as exact as programs want it; nil where there is none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = localMilli(t)
	return &t
}

// localMilli is a time by the clock of this machine, as exact as programs want it.
func localMilli(t time.Time) time.Time { return t.Local().Truncate(time.Millisecond) }

func orWord(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
