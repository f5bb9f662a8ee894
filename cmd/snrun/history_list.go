package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

func (a *app) historyListCommand() *cobra.Command {
	var q review.Query
	var o output
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest first",
		Long: `List runs, the newest first.

A time is how long ago (6h, 2d), a day (2026-03-28), a time by the clock of this machine ("2026-03-28 02:30"), or one with an offset
(2026-03-28T02:30:00+01:00). It is compared with when a run came to be: when it was started, queued or skipped. Where there are more
runs than are shown, the last line is the command that lists the next ones.`,
		Example: `  snrun history list --status failed,interrupted --since 24h
  snrun history list --job incident_sync --since 2026-03-28 --until 2026-03-29`,
		Args: exactly(0, "history list takes no argument: write --job NAME for the runs of one job"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Limit < 1 {
				return usageError("see: "+cmd.CommandPath()+" --help", "-n %d: the limit is at least 1", q.Limit)
			}
			filter, err := q.Filter(time.Now(), time.Local)
			if err != nil {
				return misasked(cmd, err)
			}
			return a.listRuns(cmd.Context(), q, filter, o)
		},
	}
	flags := cmd.Flags()
	a.filterFlags(cmd, &q)
	flags.StringVar(&q.Text, "text", "", "only runs in which history search finds this text")
	flags.IntVarP(&q.Limit, "limit", "n", 20, "at most so many")
	o.bind(cmd, "them", engine.Run{}, "steps")
	return cmd
}

// filterFlags adds the flags that say which runs are meant.
func (a *app) filterFlags(cmd *cobra.Command, q *review.Query) {
	flags := cmd.Flags()
	flags.StringVar(&q.Job, "job", "", "only runs of this job")
	flags.StringVar(&q.Status, "status", "", "only runs with this status: queued, running, ok, failed, cancelled, interrupted or skipped, or several: failed,interrupted")
	flags.StringVar(&q.Trigger, "trigger", "", "only runs that were started by this: manual, schedule or catch_up")
	flags.StringVar(&q.Since, "since", "", "only runs since this time")
	flags.StringVar(&q.Until, "until", "", "only runs before this time")
	flags.StringVar(&q.Before, "before", "", "only runs older than the one with this id")
	flags.StringVar(&q.After, "after", "", "only runs newer than the one with this id, the oldest of those")
	_ = cmd.RegisterFlagCompletionFunc("job", a.completeJobs)
	_ = cmd.RegisterFlagCompletionFunc("status", completeStatuses)
	_ = cmd.RegisterFlagCompletionFunc("trigger", cobra.FixedCompletions(review.Triggers(), cobra.ShellCompDirectiveNoFileComp))
}

// completeStatuses completes the last of several statuses.
func completeStatuses(_ *cobra.Command, _ []string, typed string) (list []string, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	for _, status := range history.AllStatuses() {
		list = append(list, before+string(status))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// misasked is the error for a query with mistakes, of which it names the first.
func misasked(cmd *cobra.Command, err error) error {
	see := "see: " + cmd.CommandPath() + " --help"
	m, ok := errors.AsType[*review.Mistake](err)
	switch {
	case !ok:
		return err
	case m.Hint != "":
		see = m.Hint + " · " + see
	}
	return usageError(see, "--%w", m)
}

func (a *app) listRuns(ctx context.Context, q review.Query, filter history.Filter, o output) error {
	store, next, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return a.noRunsAs(ctx, o)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	if filter.Text != "" {
		if err := (&searching{app: a}).catchUp(ctx, store); err != nil {
			return err
		}
	}
	runs, more, err := review.Page(store, filter)
	if errors.Is(err, history.ErrSearchText) {
		return usageError("", "--text: %w", err)
	}
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return a.noRunsAs(ctx, o)
	}
	if o.asJSON {
		err = a.printOutput(ctx, o, runs)
	} else {
		err = a.print(runTable(a.page(), runs))
	}
	if more && err == nil {
		io.WriteString(a.err, "there are more: "+next.List(q.Next(runs))+"\n")
	}
	return err
}

// noRunsAs says that there are none.
func (a *app) noRunsAs(ctx context.Context, o output) error {
	if o.asJSON {
		return a.printOutput(ctx, o, []engine.Run{})
	}
	return a.noRuns(false)
}

// runTable lists runs, one a line. On a page of limited width times are relative and the error is cut.
func runTable(p page, runs []engine.Run) string {
	rows := [][]string{{"RUN", "JOB", "STATUS", "STARTED", "TOOK", "TRIGGER", "ATTEMPT", "ERROR"}}
	if slices.ContainsFunc(runs, func(r engine.Run) bool { return r.Error == nil && r.Reason != "" }) {
		rows[0][7] = "WHY"
	}
	for i := range runs {
		rows = append(rows, runRow(p, &runs[i]))
	}
	narrow := p.width > 0 && p.width < 80
	again := slices.ContainsFunc(runs, func(r engine.Run) bool { return r.Attempt > 1 })
	for i, row := range rows {
		switch {
		case narrow: // the others give way to the error
			rows[i] = []string{row[0], row[1], row[2], row[3], row[7]}
		case !again:
			rows[i] = slices.Delete(row, 6, 7)
		}
	}
	return p.table(rows, func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 2:
			return p.statusColour(runs[row-1].Status, text)
		}
		return text
	})
}

func runRow(p page, r *engine.Run) []string {
	started, lasted := p.moment(r.Started), took(r.Started, r.Ended, p.now)
	if review.NeverBegan(r) {
		started, lasted = "due "+p.moment(r.Due), ""
	}
	return []string{r.ID, words.Clean(r.Job), statusWord(r.Status), started, lasted, r.Trigger, fmt.Sprint(max(r.Attempt, 1)), runError(r)}
}

// runError is why a run did not end well, or did not begin.
func runError(r *engine.Run) string {
	if r.Error == nil {
		return words.FirstLine(r.Reason)
	}
	if r.Error.Step == "" {
		return words.FirstLine(r.Error.Message)
	}
	return words.Clean(r.Error.Step) + ": " + words.FirstLine(r.Error.Message)
}
