package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
)

func (a *app) historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Look at past runs, and delete old ones",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(a.historyListCommand(), a.historyShowCommand(), a.historyDiffCommand(), a.historyPruneCommand())
	return cmd
}

// statuses are what `history list --status` takes.
var statuses = [...]engine.Status{engine.Queued, engine.Running, engine.OK, engine.Failed, engine.Cancelled, engine.Interrupted, engine.Skipped}

func (a *app) historyListCommand() *cobra.Command {
	var filter history.Filter
	var status string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest first",
		Args:  exactly(0, "history list takes no argument: write --job NAME for the runs of one job"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.Status = engine.Status(status)
			if err := checkFilter(cmd, filter); err != nil {
				return err
			}
			return a.listRuns(filter, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&filter.Job, "job", "", "only runs of this job")
	flags.StringVar(&status, "status", "", "only runs with this status: queued, running, ok, failed, cancelled, interrupted or skipped")
	flags.IntVarP(&filter.Limit, "limit", "n", 20, "at most so many")
	flags.BoolVar(&asJSON, "json", false, "print them as a JSON array")
	return cmd
}

func checkFilter(cmd *cobra.Command, f history.Filter) error {
	if f.Limit < 1 {
		return usageError("see: "+cmd.CommandPath()+" --help", "-n %d: the limit is at least 1", f.Limit)
	}
	if f.Status == "" {
		return nil
	}
	var names []string
	for _, s := range statuses {
		if s == f.Status {
			return nil
		}
		names = append(names, string(s))
	}
	return usageError(nearest(cmd, string(f.Status), names, ""), "a run has no status %q", f.Status)
}

func (a *app) listRuns(filter history.Filter, asJSON bool) error {
	store, _, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return a.noRuns(asJSON)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	runs, err := store.Runs(filter)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return a.noRuns(asJSON)
	}
	if asJSON {
		return a.printJSON(runs)
	}
	return a.print(runTable(a.page(), runs))
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
	asJSON bool
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
		RunE: func(_ *cobra.Command, args []string) error {
			return a.showRun(args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.step, "step", "", "only this step: its id, or its key such as /alerts[inc-17]/alert")
	flags.BoolVar(&o.http, "http", false, "also the requests made and the answers")
	flags.BoolVar(&o.asJSON, "json", false, "print the run as JSON")
	return cmd
}

func (a *app) showRun(ref string, o showOptions) error {
	store, next, err := a.historyOf(ref)
	if err != nil {
		return err
	}
	defer store.Close()
	record, err := readRecord(store, ref, o)
	if err != nil {
		return unfound(next, err)
	}
	if o.asJSON {
		return a.printJSON(record)
	}
	return a.print(record.page(a.page(), next, o))
}
