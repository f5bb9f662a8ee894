package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history/review"
)

func (a *app) historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Look at past runs, and delete old ones",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(a.historyListCommand(), a.historyShowCommand(), a.historyDiffCommand(), a.historySearchCommand(), a.historyPruneCommand())
	return cmd
}

func (a *app) noRuns(asJSON bool) error {
	if asJSON {
		return a.printJSON([]engine.Run{})
	}
	io.WriteString(a.err, "no such runs yet; start one: "+a.name+" run JOB\n")
	return nil
}

// showOptions say what of a run `history show` tells.
type showOptions struct {
	step   string // id or key, "" for all
	http   bool
	output output
}

func (a *app) historyShowCommand() *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show a run: its error, its steps, their requests and answers",
		Long: `Show a run. RUN is its id or the beginning of it, @last, or @last:JOB.

Requests and answers are shown as they were kept: secrets masked, long bodies cut.`,
		Example: `  snrun history show @last
  snrun history show 06c3k --step incidents --http`,
		Args:              exactly(1, "history show takes one run: its id or the beginning of it, @last, or @last:JOB"),
		ValidArgsFunction: a.completeRuns(func(engine.Run) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.showRun(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.step, "step", "", "only this step: its id, or its key such as /alerts[inc-17]/alert")
	flags.BoolVar(&o.http, "http", false, "also the requests made and the answers")
	o.output.bind(cmd, "the run", review.Run{})
	return cmd
}

func (a *app) showRun(ctx context.Context, ref string, o showOptions) error {
	store, next, err := a.historyOf(ref)
	if err != nil {
		return err
	}
	defer store.Close()
	record, err := readRecord(store, ref, o)
	if err != nil {
		return unfound(next, err)
	}
	if o.output.asJSON {
		return a.printOutput(ctx, o.output, record)
	}
	return a.print(record.page(a.page(), next, o))
}
