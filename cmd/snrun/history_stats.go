package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// statsOptions say of what `history stats` tells.
type statsOptions struct {
	job    string // "" for all
	since  string
	output output
}

func (a *app) historyStatsCommand() *cobra.Command {
	var o statsOptions
	cmd := &cobra.Command{
		Use:   "stats [JOB]",
		Short: "Show how often jobs go well and how long they take",
		Long: `Show of each job, or of one, how many runs there were, how many of them went well, and how long those lasted: half of them no longer
than P50, 95 of 100 no longer than P95. Of one job also the last 7 days beside the 7 before them, and in which steps it failed.

Success is the part of the runs that ended ok, of those that ended ok, failed or interrupted. Runs that were cancelled or skipped say
nothing about a job.`,
		Example: `  snrun history stats
  snrun history stats incident_sync --since 90d
  snrun history stats incident_sync --jq '.days[] | select(.counts.failed > 0)'`,
		Args:              between(0, 1, "history stats takes one job, or none for all"),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			since, err := review.Query{Since: o.since}.Filter(time.Now(), time.Local)
			if err != nil {
				return misasked(cmd, err)
			}
			if len(args) > 0 {
				o.job = args[0]
			}
			return a.stats(cmd.Context(), o, since.Since)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.since, "since", "30d", "of the runs since this time: how long ago, a day or a time, as for history list")
	o.output.bind(cmd, "them", review.Stats{})
	return cmd
}

func (a *app) stats(ctx context.Context, o statsOptions, since time.Time) error {
	store, next, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return a.noStats(ctx, o)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	now := time.Now()
	if o.job == "" {
		list, err := review.ReadFigures(store, nil, since, now)
		switch {
		case err != nil:
			return err
		case o.output.asJSON:
			return a.printOutput(ctx, o.output, list)
		case len(list) == 0:
			return a.noStats(ctx, o)
		}
		return a.print(figuresTable(a.page(), list))
	}
	if err := a.wasRun(store, o.job); err != nil {
		return err
	}
	s, err := review.ReadStats(store, o.job, since, now, time.Local)
	if err != nil {
		return err
	}
	if o.output.asJSON {
		return a.printOutput(ctx, o.output, s)
	}
	return a.print(statsPage(a.page(), s, next))
}

// noStats says that there are no runs to tell of.
func (a *app) noStats(ctx context.Context, o statsOptions) error {
	switch {
	case o.job != "":
		return a.neverRun(o.job, nil)
	case o.output.asJSON:
		return a.printOutput(ctx, o.output, []review.JobFigures{})
	}
	return a.noRuns(false)
}

// wasRun gives an error where a job has no run on record.
func (a *app) wasRun(store *history.Store, job string) error {
	names, err := store.Jobs()
	if _, found := slices.BinarySearch(names, job); found || err != nil {
		return err
	}
	return a.neverRun(job, names)
}

// neverRun says that a job has no run on record, and which may be meant of those that have.
func (a *app) neverRun(job string, others []string) error {
	hint := cmp.Or(steps.Hint(job, others), a.name+" history stats lists the jobs that were")
	return &exitError{exitFailed, fmt.Errorf("the job %s was never run here", words.InLine(job)), hint}
}

// figuresTable lists jobs with their figures, one a line.
func figuresTable(p page, list []review.JobFigures) string {
	rows := [][]string{append([]string{"JOB"}, figureColumns()...)}
	for i := range list {
		rows = append(rows, append([]string{words.InLine(list[i].Job)}, figureRow(&list[i].Figures)...))
	}
	return p.figures(rows)
}

func figureColumns() []string { return []string{"RUNS", "FAILED", "SUCCESS", "P50", "P95"} }

// figureRow is figures under figureColumns. Interrupted runs count as failed.
func figureRow(f *review.Figures) []string {
	return []string{
		words.Thousands(f.Counts.All()), words.Thousands(f.Counts.Failed + f.Counts.Interrupted), percent(f.SuccessRate), lasted(f.P50), lasted(f.P95),
	}
}

// figures writes rows as a table with a faint head, in which failures are red.
func (p page) figures(rows [][]string) string {
	return p.table(rows, func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 2 && strings.TrimSpace(text) != "0":
			return p.style.red(text)
		}
		return text
	})
}

// percent writes a part as a person reads it. What is not all does not look like all.
func percent(part *float64) string {
	if part == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", math.Floor(*part*1000)/10)
}

// lasted writes milliseconds as a person reads them.
func lasted(ms *int64) string {
	if ms == nil {
		return "-"
	}
	return words.Span(time.Duration(*ms) * time.Millisecond)
}

// statsPage tells how it has been going with a job.
func statsPage(p page, s *review.Stats, next review.Commands) string {
	var b strings.Builder
	b.WriteString(p.style.bold(words.InLine(s.Job)))
	if s.Since != nil {
		fmt.Fprintf(&b, "  since %s (%s)", s.Since.Local().Format("2006-01-02 15:04"), words.Ago(*s.Since, p.now))
	}
	b.WriteString("\n")
	p.field(&b, "runs", words.Thousands(s.Counts.All())+p.kinds(s.Counts))
	if s.SuccessRate != nil {
		p.field(&b, "success", fmt.Sprintf("%s, %s of %s that ended by themselves", percent(s.SuccessRate), words.Thousands(s.Counts.OK),
			words.Thousands(s.Counts.OK+s.Counts.Failed+s.Counts.Interrupted)))
	}
	if s.Measured > 0 {
		p.field(&b, "lasted", fmt.Sprintf("half of them no longer than %s, 95 of 100 no longer than %s (of the newest %s that ended ok)", lasted(s.P50), lasted(s.P95),
			words.Thousands(s.Measured)))
	}
	b.WriteString("\n" + p.figures([][]string{
		append([]string{""}, figureColumns()...), append([]string{"last 7 days"}, figureRow(&s.Trend.Last)...), append([]string{"7 days before"}, figureRow(&s.Trend.Before)...),
	}))
	if len(s.FailedSteps) > 0 {
		b.WriteString("\n" + p.failedSteps(s.FailedSteps) + "\nlook at one of them: " + next.Show(s.FailedSteps[0].Last) + "\n")
	}
	return b.String()
}

// kinds says how the runs stand that are counted, those ways in which none does left out.
func (p page) kinds(c review.Counts) string {
	var said []string
	for _, kind := range []struct {
		n    int
		word string
	}{
		{c.OK, "ok"}, {c.Failed, "failed"}, {c.Interrupted, "interrupted"}, {c.Cancelled, "cancelled"}, {c.Skipped, "skipped"},
		{c.Running, "running"}, {c.Queued, "queued"},
	} {
		if kind.n > 0 {
			said = append(said, words.Thousands(kind.n)+" "+kind.word)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return ": " + strings.Join(said, ", ")
}

// failedSteps lists in which steps runs failed.
func (p page) failedSteps(list []history.FailedStep) string {
	const few = 10
	rows := [][]string{{"FAILED IN", "RUNS", "LAST"}}
	for i, f := range list {
		if i == few {
			rows = append(rows, []string{fmt.Sprintf("and %d more", len(list)-few), "", ""})
			break
		}
		step := words.InLine(f.Step)
		if step == "" {
			step = "(no step)"
		}
		rows = append(rows, []string{step, words.Thousands(f.Failed), f.Last})
	}
	return p.table(rows, func(row, _ int, text string) string {
		if row == 0 {
			return p.style.faint(text)
		}
		return text
	})
}
