package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

// diffOptions say how `history diff` tells of differences.
type diffOptions struct {
	output output
	exit   bool
}

// exitDifferent is the exit code of `history diff --exit-code` where runs differ, as git's.
const exitDifferent = 1

func (a *app) historyDiffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff RUN [RUN]",
		Short: "Show what is different in a run from the last good one, or from another",
		Long: `Show what is different in a run from an earlier one: without a second RUN from ` + history.LastGood + `, the newest run of the same
job that went well before it. RUN is an id or the beginning of it, @last, or @last:JOB.

First comes what explains best how the run ended, then the job's text, the inputs, and by step how often it was carried out, its
items, the answers by status, and the shape of bodies: which values stand where in JSON and XML. Masked values count as equal.`,
		Example: `  snrun history diff @last
  snrun history diff @last:incident_sync 06c3k`,
		Args:              between(1, 2, "history diff takes a run and, if not the last good one, the run to compare it with"),
		ValidArgsFunction: a.completeRuns(func(engine.Run) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			base := history.LastGood
			if len(args) > 1 {
				base = args[1]
			}
			return a.diffRuns(cmd.Context(), args[0], base, o)
		},
	}
	flags := cmd.Flags()
	o.output.bind(cmd, "the differences", review.Diff{})
	flags.BoolVar(&o.exit, "exit-code", false, "end with exit code 1 where the runs differ in more than their times")
	return cmd
}

// diffRuns shows what is different in a run from its base.
func (a *app) diffRuns(ctx context.Context, ref, baseRef string, o diffOptions) error {
	store, next, err := a.historyOf(ref)
	if err != nil {
		return err
	}
	defer store.Close()
	run, err := store.Find(ref)
	if err != nil {
		return unfound(next, err)
	}
	base, err := review.FindBase(store, run, baseRef)
	if baseRef == history.LastGood && errors.Is(err, history.ErrUnknownRun) {
		return &exitError{exitFailed, err, "name the run to compare with: " + next.Diff(run) + " RUN; which there are: " + next.Program + " history list" + next.History}
	}
	if err != nil {
		return unfound(next, err)
	}
	if run == base {
		return usageError("name two runs, or one for the last good run before it", "a run is not compared with itself: %s", run)
	}
	d, err := review.Compare(store, run, base)
	if err != nil {
		return err
	}
	print := func() error { return a.print(diffPage(a.page(), d, next)) }
	if o.output.asJSON {
		print = func() error { return a.printOutput(ctx, o.output, d) }
	}
	if err := print(); err != nil || !o.exit || d.Same {
		return err
	}
	return &exitError{code: exitDifferent}
}
