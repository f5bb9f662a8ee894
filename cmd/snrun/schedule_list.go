package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine/daemon"
	"snrun/history/review"
	"snrun/history/words"
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

It goes by the files as they are now and by the database; a daemon that has not read a file again yet is asked about it.
A Temporal server that settings name is asked whether it has the schedules as they are now, for two seconds at most.`,
		Example: `  snrun schedule list
  snrun schedule list --json | jq -e 'all(.help == null)'`,
		ValidArgsFunction: a.completeSeveralJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.scheduleList(cmd.Context(), args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON array of {job, file, schedules, next, note, last, last_ok, running, queued, paused, late, daemon, problem, help}")
	return cmd
}

func (a *app) scheduleList(ctx context.Context, names []string, asJSON bool) error {
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
		b.Fill(&list[i], now)
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
	a.tellElsewhere(ctx, p, list)
	return nil
}

// scheduledJobs gives the jobs of a project that have a schedule, those with mistakes in their files, and those that are named, by their
// names.
func (a *app) scheduledJobs(p *project, names []string) []review.Job {
	list := a.projectJobs(p, names, func(string, error) {})
	if len(names) > 0 {
		return list
	}
	return slices.DeleteFunc(list, func(j review.Job) bool { return !j.Broken && len(j.Times) == 0 })
}

// projectJobs gives the jobs of a project, or those that are named, by their names, and tells of those files that have mistakes.
func (a *app) projectJobs(p *project, names []string, broken func(file string, err error)) []review.Job {
	list := []review.Job{}
	files := p.Files()
	if len(names) > 0 {
		files = slices.DeleteFunc(files, func(file string) bool { return !slices.Contains(names, p.NameOf(file)) })
	}
	daemon.LoadEach(p.Project, files, func(i int, job *jobs.Job, err error) {
		file := absolute(files[i])
		if err == nil {
			list = append(list, review.NewJob(job.Name, file, job.Schedules))
			return
		}
		name := p.NameOf(files[i])
		if job != nil && job.Name != "" {
			name = job.Name
		}
		broken(file, err)
		list = append(list, review.BrokenJob(name, file, brokenText(err), "see: "+a.name+" validate "+words.Argument(shown(files[i]))))
	})
	slices.SortFunc(list, func(a, b review.Job) int { return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.File, b.File)) })
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
