package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"snrun/history/review"
	"snrun/history/words"

	"github.com/spf13/cobra"

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

// dueRecord is a due time as `schedule next --json` prints it.
type dueRecord struct {
	At   time.Time `json:"at"`   // in the schedule's time zone
	Note string    `json:"note"` // what a change of the clock does to it

	by []*jobs.Schedule
}

func (a *app) scheduleNext(name, from string, n int, asJSON bool) error {
	job, err := a.scheduledJob(name, "the times are not known")
	if err != nil {
		return err
	}
	if len(job.Schedules) == 0 {
		io.WriteString(a.err, a.unscheduled(job.Name))
		if asJSON {
			return a.printJSON([]dueRecord{})
		}
		return nil
	}
	start := time.Now()
	if from != "" {
		if start, err = review.ParseTime(from, zoneOf(&job.Schedules[0])); err != nil {
			return usageError("write it as 2026-03-28T00:00:00+01:00, as 2026-03-28 or as \"2026-03-28 02:30\"", "--from %s: %w", words.Argument(from), err)
		}
	}
	list := dueTimes(job.Schedules, start, n)
	p := a.page()
	if asJSON {
		err = a.printJSON(list)
	} else {
		err = a.print(nextPage(p, job.Schedules, list))
	}
	if err == nil && len(list) < n {
		io.WriteString(a.err, noMore(job.Schedules, p.now))
	}
	return err
}

// zoneOf is the time zone that a schedule goes by.
func zoneOf(s *jobs.Schedule) *time.Location {
	if s.Zone == nil {
		return time.Local
	}
	return s.Zone
}

// dueTimes gives the first n times from start on at which one of the schedules is due, in order. What several schedules name with the
// same inputs is one time.
func dueTimes(schedules []jobs.Schedule, start time.Time, n int) []dueRecord {
	next := make([]jobs.Slot, len(schedules)) // of each schedule; the zero Slot once there is none
	for i := range schedules {
		next[i] = slotAfter(&schedules[i], start.Add(-1)) // so that it may be due at that very moment
	}
	list := []dueRecord{}
	for {
		first := -1
		for i, slot := range next {
			if !slot.At.IsZero() && (first < 0 || slot.At.Before(next[first].At)) {
				first = i
			}
		}
		if first < 0 {
			return list
		}
		s, slot := &schedules[first], next[first]
		next[first] = slotAfter(s, slot.At)
		if same := sameDue(list, slot.At, s.Inputs); same != nil {
			same.Note = cmp.Or(same.Note, slot.Note)
			same.by = append(same.by, s)
			continue
		}
		if len(list) == n {
			return list
		}
		list = append(list, dueRecord{At: slot.At, Note: slot.Note, by: []*jobs.Schedule{s}})
	}
}

// sameDue gives what stands at the end of a list for a time with the same inputs, nil where nothing does.
func sameDue(list []dueRecord, at time.Time, inputs map[string]any) *dueRecord {
	for i := len(list) - 1; i >= 0 && list[i].At.Equal(at); i-- {
		if oneLine(list[i].by[0].Inputs) == oneLine(inputs) {
			return &list[i]
		}
	}
	return nil
}

// slotAfter gives the first slot of a schedule after a time, the zero Slot where there is none: RFC 3339 ends with the year 9999.
func slotAfter(s *jobs.Schedule, after time.Time) jobs.Slot {
	slot, ok := s.Next(after.In(zoneOf(s)))
	if !ok || slot.At.UTC().Year() > 9998 {
		return jobs.Slot{}
	}
	return slot
}

// nextPage tells the schedules, then the times that they are due. Columns with nothing to say are left out.
func nextPage(p page, schedules []jobs.Schedule, list []dueRecord) string {
	var b strings.Builder
	for i := range schedules {
		b.WriteString(p.style.faint(scheduleLine(&schedules[i])) + "\n")
	}
	if len(list) == 0 {
		return b.String()
	}
	seconds := slices.ContainsFunc(list, func(d dueRecord) bool { return d.At.Second() != 0 })
	rows := [][]string{{"DUE", "HERE", "SCHEDULE", "NOTE"}}
	for _, d := range list {
		row := []string{dueText(d.At, seconds), "", "", words.Clean(d.Note)}
		if local := d.At.Local(); !sameClock(local, d.At) {
			row[1] = dueText(local, seconds)
		}
		if len(schedules) > 1 {
			row[2] = crons(d.by)
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

// dueText is a time as a person reads it: "Sun 2026-03-29 03:00 +02:00".
func dueText(t time.Time, seconds bool) string {
	if seconds {
		return t.Format("Mon 2006-01-02 15:04:05 -07:00")
	}
	return t.Format("Mon 2006-01-02 15:04 -07:00")
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

// noMore says why there are fewer times than were asked for.
func noMore(schedules []jobs.Schedule, now time.Time) string {
	var last *jobs.Schedule
	for i := range schedules {
		if s := &schedules[i]; last == nil || s.Ends.After(last.Ends) {
			last = s
		}
	}
	verb := "ends"
	if !last.Ends.After(now) {
		verb = "ended"
	}
	return fmt.Sprintf("there are no more: the schedule %s at %s\n", verb, last.Ends.In(zoneOf(last)).Format(time.RFC3339))
}
