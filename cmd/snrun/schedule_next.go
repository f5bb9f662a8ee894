package main

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
)

// maxNext bounds how many times `schedule next` shows.
const maxNext = 100_000

func (a *app) scheduleNextCommand() *cobra.Command {
	var n int
	var from string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "next JOB|FILE",
		Short: "Show when a job will be due",
		Long: `Show the next times at which a job is due, in the time zone of its schedule and by the clock of this machine, with what a
change of the clock does to them. It goes by the job's file alone: no daemon and no database is needed.

A run starts up to the schedule's jitter later than it is due.`,
		Example: `  snrun schedule next incident_sync
  snrun schedule next incident_sync -n 3 --from 2026-03-28
  snrun schedule next incident_sync --json | jq -r '.[].at'`,
		Args:              exactly(1, "schedule next takes one job: its name or its file"),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > maxNext {
				return usageError("see: "+cmd.CommandPath()+" --help", "-n %d: write a number from 1 to %s", n, words.Thousands(maxNext))
			}
			return a.scheduleNext(args[0], from, n, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.IntVarP(&n, "number", "n", 10, "so many times")
	flags.StringVar(&from, "from", "", "from this time on instead of now: as 2026-03-28T00:00:00+01:00, or as 2026-03-28 or \"2026-03-28 02:30\" by the clock of the schedule's time zone")
	flags.BoolVar(&asJSON, "json", false, "print a JSON array of {at, note}")
	return cmd
}

func (a *app) scheduleNext(name, from string, n int, asJSON bool) error {
	job, err := a.scheduledJob(name, "the times are not known")
	if err != nil {
		return err
	}
	if len(job.Schedules) == 0 {
		io.WriteString(a.err, a.unscheduled(job.Name))
		if asJSON {
			return a.printJSON([]review.Due{})
		}
		return nil
	}
	start := time.Now()
	if from != "" {
		if start, err = review.ParseTime(from, review.Zone(&job.Schedules[0])); err != nil {
			return usageError("write it as 2026-03-28T00:00:00+01:00, as 2026-03-28 or as \"2026-03-28 02:30\"", "--from %s: %w", words.Argument(from), err)
		}
	}
	list := review.DueTimes(job.Schedules, start, n)
	p := a.page()
	if asJSON {
		err = a.printJSON(list)
	} else {
		err = a.print(nextPage(p, job.Schedules, list))
	}
	if err == nil && len(list) < n {
		io.WriteString(a.err, review.NoMore(job.Schedules, p.now)+"\n")
	}
	return err
}

// nextPage tells the schedules, then the times that they are due. Columns with nothing to say are left out.
func nextPage(p page, schedules []jobs.Schedule, list []review.Due) string {
	var b strings.Builder
	for i := range schedules {
		b.WriteString(p.style.faint(words.Clean(review.ScheduleLine(&schedules[i]))) + "\n")
	}
	if len(list) == 0 {
		return b.String()
	}
	seconds := slices.ContainsFunc(list, func(d review.Due) bool { return d.At.Second() != 0 })
	rows := [][]string{{"DUE", "HERE", "SCHEDULE", "NOTE"}}
	for _, d := range list {
		row := []string{review.DueText(d.At, seconds), "", "", words.Clean(d.Note)}
		if local := d.At.Local(); !sameClock(local, d.At) {
			row[1] = review.DueText(local, seconds)
		}
		if len(schedules) > 1 {
			row[2] = crons(d.By)
		}
		rows = append(rows, row)
	}
	b.WriteString("\n" + p.table(withoutEmpty(rows), func(row, _ int, text string) string {
		if row == 0 {
			return p.style.faint(text)
		}
		return text
	}))
	return b.String()
}

// sameClock says whether a clock shows the same for two times, which are one moment.
func sameClock(a, b time.Time) bool {
	_, first := a.Zone()
	_, second := b.Zone()
	return first == second
}

// crons are the cron lines of schedules.
func crons(list []*jobs.Schedule) string {
	var lines []string
	for _, s := range list {
		if line := words.Clean(s.Cron.String()); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " and ")
}
