package web

import (
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
)

const (
	lastRuns  = 10       // how many runs the page of a job lists
	nextTimes = 10       // how many due times
	shownText = 64 << 10 // the most of a job's text that is shown, in bytes
	shownSave = 400      // the most of a value that a job has saved
)

// jobPage is a job and all that is known of it.
type jobPage struct {
	review.Job
	Known       bool // the project has it, or has a file of its name
	Description string
	Says        []string // its schedules in words
	Due         []review.Due
	DueNote     string // why there are no more of them, or when they begin
	Inputs      []inputField
	Stats       *review.Stats
	Calendar    *calendar
	Trend       *trend
	Runs        []engine.Run
	State       []savedValue
	Calls       []string // the jobs that it calls
	Profiles    []string
	Secrets     []string // names
	Text        string   // its file as it is on disk now
	TextNote    string   // what is to be said of that
	Mistakes    []daemon.Mistake
}

// FewSteps are the steps in which runs failed most.
func (p *jobPage) FewSteps() []history.FailedStep {
	return p.Stats.FailedSteps[:min(5, len(p.Stats.FailedSteps))]
}

// CanRun says whether a run of it can be started.
func (p *jobPage) CanRun() bool { return p.Known && (!p.Broken || p.StillGoes) }

// textLine is a line of a job's text.
type textLine struct {
	Text   string
	Marked bool // a mistake is in it
}

// Lines gives the lines of the text, those marked that have a mistake.
func (p *jobPage) Lines() []textLine {
	if p.Text == "" {
		return nil
	}
	marked := map[int]bool{}
	for _, m := range p.Mistakes {
		marked[m.Line] = filepath.Base(m.File) == filepath.Base(p.File) || marked[m.Line]
	}
	var list []textLine
	for i, line := range source.Lines(p.Text) {
		list = append(list, textLine{line, marked[i+1]})
	}
	return list
}

// savedValue is a value that a job has saved, as it is shown.
type savedValue struct {
	history.SavedValue
	Shown string // JSON, cut
}

// job shows one job.
func (s *Site) job(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("job")
	now := time.Now()
	body, err := s.jobPage(name, now)
	if err != nil {
		return err
	}
	return s.show(w, r, "job", page{Title: name, Here: "/jobs", Body: body, Command: s.Commands.Schedule("why", name)})
}

// jobPage gathers what is known of a job.
func (s *Site) jobPage(name string, now time.Time) (*jobPage, error) {
	p := &jobPage{}
	p.Job, p.Known = s.projectJob(name)
	one := []review.Job{p.Job}
	if _, err := s.filled(one, now); err != nil {
		return nil, err
	}
	p.Job = one[0]
	var err error
	if p.Runs, err = s.Store.Runs(history.Filter{Job: name, Limit: trendRuns}); err != nil {
		return nil, err
	}
	if !p.Known && len(p.Runs) == 0 {
		return nil, s.noJob(name)
	}
	if err := s.figures(p, now); err != nil {
		return nil, err
	}
	if err := s.saved(p); err != nil {
		return nil, err
	}
	s.due(p, now)
	s.read(p)
	return p, nil
}

// statsSince is how far back the figures of a job go.
const statsSince = 30 * 24 * time.Hour

// figures fills in how it has been going with the job.
func (s *Site) figures(p *jobPage, now time.Time) (err error) {
	p.Trend = newTrend(p.Runs, now)
	p.Runs = p.Runs[:min(len(p.Runs), lastRuns)]
	if p.Stats, err = review.ReadStats(s.Store, p.Job.Job, now.Add(-statsSince), now, time.Local); err == nil {
		p.Calendar = newCalendar(p.Job.Job, p.Stats.Days)
	}
	return err
}

// projectJob gives a job of the project by its name; one that is gone is known by its name only.
func (s *Site) projectJob(name string) (j review.Job, known bool) {
	for _, j := range s.projectJobs() {
		if j.Job == name {
			return j, true
		}
	}
	return review.NewJob(name, "", nil), false
}

// noJob says that there is no such job, and which may be meant.
func (s *Site) noJob(name string) error {
	var names []string
	for _, j := range s.Daemon.Jobs() {
		names = append(names, j.Name)
	}
	return &Problem{Status: http.StatusNotFound, Message: "there is no job " + quoted(name) + ", and none of its runs is on record", Hint: steps.Hint(name, names)}
}

// saved fills in what the job has saved.
func (s *Site) saved(p *jobPage) error {
	list, err := s.Store.SavedValues(p.Job.Job)
	if err != nil {
		return err
	}
	for _, v := range list {
		text, err := steps.EncodeJSON(v.Value)
		if err != nil {
			return err
		}
		p.State = append(p.State, savedValue{v, shortened(s.Redactor.Text(string(text)), shownSave)})
	}
	return nil
}

// shortened cuts a text, and says so.
func shortened(text string, most int) string {
	if short := atMost(text, most); short != text {
		return short + " …"
	}
	return text
}

// due fills in when the job is due.
func (s *Site) due(p *jobPage, now time.Time) {
	times := p.Times
	if len(times) == 0 {
		times = s.Daemon.Schedules(p.Job.Job) // of one that goes on as it was before
	}
	for i := range times {
		p.Says = append(p.Says, review.ScheduleLine(&times[i]))
	}
	if p.Due = review.DueTimes(times, now, nextTimes); len(p.Due) < nextTimes {
		p.DueNote = review.NoMore(times, now)
	} else {
		p.DueNote = review.StartsLater(times, now)
	}
}

// read fills in what the job's file says: as it is now, and as the daemon would run it.
func (s *Site) read(p *jobPage) {
	for _, b := range s.Daemon.Broken() {
		if b.File == p.File {
			p.Mistakes = b.Mistakes
		}
	}
	if p.File != "" {
		p.Text, p.TextNote = fileText(p.File)
	}
	job, err := s.Daemon.Job(p.Job.Job)
	if err != nil { // it stands among the mistakes
		return
	}
	p.Description, p.Profiles, p.Secrets = job.Description, job.Profiles, job.Secrets
	for _, c := range job.Called() {
		p.Calls = append(p.Calls, c.Name)
	}
	p.Inputs = inputFields(job.Inputs)
}

// fileText gives what stands in a file now, and what is to be said of it.
func fileText(file string) (text, note string) {
	data, err := jobs.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "The file is not there any more."
	case err != nil:
		return "", "The file cannot be read: " + err.Error()
	case len(data) > shownText:
		return atMost(string(data), shownText), "The file is longer than what is shown."
	}
	return string(data), ""
}
