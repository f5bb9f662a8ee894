package main

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"snrun/history/words"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/jobs"
	"snrun/jobs/source"
)

func (a *app) scheduleListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [JOB...]",
		Short: "Show when jobs are due next, and how it stands with them",
		Long: `Show all jobs of the project that have a schedule, or those named: when they are due next, in the time zone of their schedule
and by the clock of this machine, how their last run ended, what goes on or waits, and what keeps them from running. Files with
mistakes are among them. Above them stands which daemon runs them.

It goes by the files as they are now and by the database; a daemon that has not read a file again yet is asked about it.`,
		Example: `  snrun schedule list
  snrun schedule list --json | jq -e 'all(.help == null)'`,
		ValidArgsFunction: a.completeSeveralJobs,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.scheduleList(args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON array of {job, file, schedules, next, note, last, last_ok, running, queued, paused, late, daemon, problem, help}")
	return cmd
}

// jobRecord is how it stands with a job, as `schedule list --json` prints it. What there is not, is null.
type jobRecord struct {
	Job       string           `json:"job"`
	File      string           `json:"file"` // its whole path
	Schedules []scheduleRecord `json:"schedules"`
	Next      *time.Time       `json:"next"` // in the time zone of the schedule; null also while it is paused
	Note      *string          `json:"note"` // what a change of the clock does to it
	Last      *lastRecord      `json:"last"` // the last run that has ended, also one that was skipped
	LastOK    *time.Time       `json:"last_ok"`
	Running   []string         `json:"running"` // the ids of runs
	Queued    []string         `json:"queued"`
	Paused    *pauseRecord     `json:"paused"`
	Late      *lateRecord      `json:"late"`
	Daemon    *string          `json:"daemon"`  // the process that runs it
	Problem   *string          `json:"problem"` // what keeps it from running as it should
	Help      *string          `json:"help"`    // what to do about it

	job       *jobs.Job
	stillGoes bool // the daemon goes on with the job as it was before its file had mistakes
}

// scheduleRecord is one schedule of a job.
type scheduleRecord struct {
	Cron     string         `json:"cron"`
	Timezone *string        `json:"timezone"` // null: the machine's
	Overlap  string         `json:"overlap"`
	CatchUp  string         `json:"catch_up"`
	Inputs   map[string]any `json:"inputs"`
	Next     *time.Time     `json:"next"`
}

// lastRecord is a run that has ended.
type lastRecord struct {
	Run     string        `json:"run"`
	Status  engine.Status `json:"status"`
	Due     *time.Time    `json:"due"`
	Started *time.Time    `json:"started"`
	Ended   *time.Time    `json:"ended"`
	Error   *string       `json:"error"` // or why it was skipped
}

// pauseRecord is a job's pause.
type pauseRecord struct {
	Since time.Time `json:"since"`
	Who   string    `json:"who"`
	Why   string    `json:"why"`
}

// lateRecord is a due time that has passed, and nothing has come of it.
type lateRecord struct {
	Due time.Time `json:"due"`
	Why string    `json:"why"`
}

func (a *app) scheduleList(names []string, asJSON bool) error {
	p, wrong := a.scheduledProject("the schedules are not known")
	if p == nil {
		return wrong
	}
	if err := a.knownJobs(p, names); err != nil {
		return err
	}
	list := a.scheduledJobs(p, names)
	b, err := a.readBook(p, list)
	if err != nil {
		return err
	}
	if wrong != nil {
		b.wrong = brokenText(wrong)
	}
	now := time.Now()
	for i := range list {
		b.fill(&list[i], now)
	}
	switch {
	case asJSON:
		if b.wrong != "" {
			io.WriteString(a.err, words.Clean(b.wrong)+"\n")
		}
		return a.printJSON(list)
	case len(list) == 0:
		io.WriteString(a.err, "no job of the project has a schedule; see: "+a.name+" explain schedule\n")
		return nil
	}
	page := a.page()
	if err := a.print(b.daemonLines(page) + "\n" + scheduleTable(page, list)); err != nil {
		return err
	}
	io.WriteString(a.err, scheduleNotes(list))
	return nil
}

// scheduledJobs gives the jobs of a project that have a schedule, those with mistakes in their files, and those that are named, by their
// names.
func (a *app) scheduledJobs(p *project, names []string) []jobRecord {
	list := []jobRecord{}
	files := p.Files()
	if len(names) > 0 {
		files = slices.DeleteFunc(files, func(file string) bool { return !slices.Contains(names, p.NameOf(file)) })
	}
	daemon.LoadEach(p.Project, files, func(i int, job *jobs.Job, err error) {
		r := jobRecord{File: absolute(files[i]), Schedules: []scheduleRecord{}, Running: []string{}, Queued: []string{}}
		if job != nil {
			r.Job = job.Name
		}
		switch {
		case err != nil:
			r.Job = orWord(r.Job, p.NameOf(files[i]))
			r.Problem, r.Help = given(brokenText(err)), given("see: "+a.name+" validate "+words.Argument(shown(files[i])))
		case len(names) == 0 && len(job.Schedules) == 0:
			return
		default:
			r.job = &jobs.Job{Name: job.Name, Schedules: job.Schedules} // without its steps, which take much more memory
		}
		list = append(list, r)
	})
	slices.SortFunc(list, func(a, b jobRecord) int { return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.File, b.File)) })
	return list
}

// brokenText is the first mistake in a file, and how many more there are.
func brokenText(err error) string {
	var all source.Errors
	if !errors.As(err, &all) || len(all) == 0 {
		return words.FirstLine(err.Error())
	}
	text := all[0].Pos.String() + ": " + all[0].Message
	if more := len(all) - 1; more > 0 {
		text += " (and " + words.Plural(more, "further mistake") + ")"
	}
	return text
}
