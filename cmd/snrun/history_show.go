package main

import (
	"context"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history/review"
)

// showOptions say what of a run `history show` tells.
type showOptions struct {
	step   string // id or key, "" for all
	after  string // the key of a step
	limit  int    // 0: as many as a person reads
	http   bool
	curl   bool
	output output
}

// namedRun is how a command takes a run.
const namedRun = `its id or the beginning of it, @last, @last-good or @last-failed, or the same of a job as @last:JOB`

func (a *app) historyShowCommand() *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show a run: its first error, its steps in time, their requests and answers",
		Long: `Show a run: since when its job fails, its first error with request and answer, what to do next, and its steps in time, with
what they waited for. RUN is ` + namedRun + `.

Requests and answers are shown as they were kept: secrets masked, long bodies cut. A loop is one line, with the first items that
failed; --step shows them one by one. --curl prints a command for a shell that makes a request again: of the step named the last one,
of several the first that failed, without --step that of the first error. What was masked it takes from variables, and does nothing
without them.`,
		Example: `  snrun history show @last
  snrun history show @last-failed:incident_sync
  snrun history show 06c3k --step incidents --http
  snrun history show 06c3k --step alert --curl`,
		Args:              exactly(1, "history show takes one run: "+namedRun),
		ValidArgsFunction: a.completeRuns(func(engine.Run) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.showRun(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.step, "step", "", "only this step: its id, or its key such as /alerts[inc-17]/alert")
	flags.BoolVar(&o.http, "http", false, "also the requests made and the answers, with their times")
	flags.BoolVar(&o.curl, "curl", false, "print a curl command that makes a request again, secrets left out")
	flags.IntVarP(&o.limit, "limit", "n", 0, "at most so many steps, and so many requests: 20 where it is not given, with --json all")
	flags.StringVar(&o.after, "after", "", "the steps that began after the one with this key: the last one that was shown")
	o.output.bind(cmd, "the run", review.Run{})
	return cmd
}

// check says what of the flags goes with nothing.
func (o showOptions) check(cmd *cobra.Command) error {
	see := "see: " + cmd.CommandPath() + " --help"
	switch {
	case o.limit < 0 || o.limit == 0 && cmd.Flags().Changed("limit"):
		return usageError(see, "-n %d: the limit is at least 1", o.limit)
	case o.curl && (o.output.asJSON || o.http || o.after != ""):
		return usageError(see, "--curl prints one command, and goes with --step only")
	}
	return nil
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
	if o.curl {
		return a.printCurl(store, record, o)
	}
	if o.output.asJSON {
		return a.printOutput(ctx, o.output, record)
	}
	p := a.page()
	if err := record.readTimes(store, o, p.now); err != nil {
		return err
	}
	return a.print(record.page(p, next, o))
}
