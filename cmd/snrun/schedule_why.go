package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

func (a *app) scheduleWhyCommand() *cobra.Command {
	var n int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why JOB",
		Short: "Show what became of a job's due times, and why it did not run",
		Long: `Show the due times of a job, the newest first: which run each became, how much later than due it started, how it ended, or why it
was not run. Times in a row that were skipped for the same reason are one line. Below stands when the job is due next, or
what keeps it from being due.`,
		Example: `  snrun schedule why incident_sync
  snrun schedule why incident_sync -n 100 --json | jq -r '.[] | select(.reason) | .reason'`,
		Args:              exactly(1, "schedule why takes the name of one job"),
		ValidArgsFunction: a.completeSeveralJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > maxNext {
				return usageError("see: "+cmd.CommandPath()+" --help", "-n %d: write a number from 1 to %s", n, words.Thousands(maxNext))
			}
			return a.scheduleWhy(cmd.Context(), args[0], n, asJSON)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "at most so many lines")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {due, until, count, run, status, trigger, reason, started, ended, late, took, error, inputs}")
	return cmd
}

func (a *app) scheduleWhy(ctx context.Context, name string, n int, asJSON bool) error {
	p, err := a.scheduledProject("the schedules are not known")
	if p == nil {
		return err
	}
	list, slots, err := a.whatBecame(p, name, n)
	if err != nil {
		return err
	}
	if len(list) == 0 && len(slots) == 0 {
		if err := a.knownJobs(p, []string{name}); err != nil {
			return err
		}
	}
	zone := time.Local
	if len(list) > 0 && len(list[0].Times) > 0 {
		zone = review.Zone(&list[0].Times[0])
	}
	records := []review.Slot{}
	for _, s := range slots {
		records = append(records, review.SlotOf(s, zone))
	}
	if asJSON {
		return a.printJSON(records)
	}
	notes := "no due time of " + words.Clean(name) + " has been decided upon yet\n"
	if len(records) > 0 {
		notes, err = "", a.print(slotTable(a.page(), records))
	}
	if err != nil {
		return err
	}
	if len(list) == 0 {
		notes += "the project has no job " + words.Clean(name) + " any more\n"
	}
	for i := range list {
		notes += a.whatIsNext(&list[i], time.Now())
	}
	io.WriteString(a.err, notes)
	a.tellElsewhere(ctx, p, list)
	return nil
}

// whatIsNext says when a job is due next, and what keeps it from running then.
func (a *app) whatIsNext(r *review.Job, now time.Time) string {
	if !r.Broken && len(r.Times) == 0 {
		return a.unscheduled(r.Job)
	}
	text := ""
	switch {
	case r.Next != nil:
		text = fmt.Sprintf("next: %s (%s)", review.DueText(*r.Next, r.Next.Second() != 0), words.Ago(*r.Next, now))
		if r.Note != nil {
			text += ": " + words.Clean(*r.Note)
		}
		text += "\n"
		if later := review.StartsLater(r.Times, now); later != "" {
			text += later + "\n"
		}
	case !r.Broken && r.Paused == nil:
		text = review.NoMore(r.Times, now) + "\n"
	}
	if r.Problem != nil {
		text += words.Clean(*r.Problem) + "\n"
		if r.Help != nil {
			text += "  " + indented(words.Clean(*r.Help)) + "\n"
		}
	}
	return text
}

// whatBecame gives the record of a job, none where the project has no such job, and its newest slots.
func (a *app) whatBecame(p *project, name string, n int) ([]review.Job, []history.Slot, error) {
	list := a.scheduledJobs(p, []string{name})
	b, err := a.readBook(p, list)
	if err != nil {
		return nil, nil, err
	}
	for i := range list {
		b.Fill(&list[i], time.Now())
	}
	store, _, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return list, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer store.Close()
	slots, err := store.Slots(name, n, time.Time{})
	return list, slots, err
}

// slotTable lists due times, one line each or for several in a row.
func slotTable(p page, list []review.Slot) string {
	rows := [][]string{{"DUE", "STATUS", "RUN", "LATE", "TOOK", "TRIGGER", "WHY"}}
	for _, r := range list {
		row := []string{slotDue(p, &r), statusWord(r.Status), textOf(r.Run), "", "", r.Trigger, textOf(r.Error)}
		if r.Late != nil {
			row[3] = words.Span(time.Duration(*r.Late) * time.Millisecond)
		}
		if r.Took != nil {
			row[4] = words.Span(time.Duration(*r.Took) * time.Millisecond)
		}
		if p.width > 0 && p.width < narrowSchedule {
			row[5] = ""
		}
		rows = append(rows, row)
	}
	return p.table(withoutEmpty(rows), func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 1:
			return p.statusColour(list[row-1].Status, text)
		}
		return text
	})
}

// slotDue is a due time, or the first and the last of several; on a narrow page the first and how many these are.
func slotDue(p page, r *review.Slot) string {
	seconds := r.Due.Second() != 0 || r.Until.Second() != 0
	text := review.DueText(r.Due, seconds)
	switch {
	case r.Count <= 1:
		return text
	case p.width > 0 && p.width < narrowSchedule:
		return text + " ×" + words.Thousands(r.Count)
	}
	return text + " – " + review.DueText(r.Until, seconds) + " (" + words.Thousands(r.Count) + " times)"
}
