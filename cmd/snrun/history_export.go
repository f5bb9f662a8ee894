package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// exportOptions say which runs `history export` writes, and how.
type exportOptions struct {
	query  review.Query
	format string
	file   string // "" for standard output
}

func (a *app) historyExportCommand() *cobra.Command {
	o := exportOptions{format: "json"}
	cmd := &cobra.Command{
		Use:   "export [RUN]...",
		Short: "Write runs as JSON, as an HTTP archive or as test results",
		Long: `Write runs for other programs: those that are named, each by ` + namedRun + `; or all that the flags list, the oldest first.

  json   an array of what history show --json --http prints
  har    an HTTP Archive 1.2 of the requests, which browsers and proxies open; a run is a page of it
  junit  test results as CI servers read them: a run is a suite, a step a case. What a run tolerated is no failure

Secrets are masked, and bodies cut, as the history has them; what is not known is -1 in an archive. With -o the file is written whole or
not at all.`,
		Example: `  snrun history export @last-failed --format har -o failed.har
  snrun history export --job incident_sync --since 7d --format junit -o runs.xml`,
		ValidArgsFunction: a.completeRuns(func(engine.Run) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, args); err != nil {
				return err
			}
			filter, err := o.query.Filter(time.Now(), time.Local)
			if err != nil {
				return misasked(cmd, err)
			}
			return a.exportRuns(cmd.Context(), args, filter, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.format, "format", o.format, "the format: json, har or junit")
	flags.StringVarP(&o.file, "output", "o", "", "the file to write, in place of standard output")
	flags.StringVar(&o.query.Job, "job", "", "all runs of this job")
	flags.StringVar(&o.query.Status, "status", "", "only runs with this status, or several: failed,interrupted")
	flags.StringVar(&o.query.Trigger, "trigger", "", "only runs that were started by this: manual, schedule or catch_up")
	flags.StringVar(&o.query.Since, "since", "", "only runs since this time, as history list takes it")
	flags.StringVar(&o.query.Until, "until", "", "only runs before this time")
	flags.IntVarP(&o.query.Limit, "limit", "n", 0, "at most so many, the newest; all where it is not given")
	_ = cmd.RegisterFlagCompletionFunc("job", a.completeJobs)
	_ = cmd.RegisterFlagCompletionFunc("status", completeStatuses)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(review.Formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check says what of the command line goes with nothing.
func (o exportOptions) check(cmd *cobra.Command, runs []string) error {
	see := "see: " + cmd.CommandPath() + " --help"
	asked := o.query
	asked.Limit = 0
	switch {
	case !slices.Contains(review.Formats(), o.format):
		hint := steps.Hint(o.format, review.Formats())
		return usageError(strings.TrimPrefix(hint+" · "+see, " · "), "there is no format %q", o.format)
	case o.query.Limit < 0 || o.query.Limit == 0 && cmd.Flags().Changed("limit"):
		return usageError(see, "-n %d: the limit is at least 1", o.query.Limit)
	case len(runs) == 0 && asked == (review.Query{}):
		return usageError(see, "history export takes runs, or flags that say which ones: such as --job NAME or --since 7d")
	case len(runs) > 0 && o.query != (review.Query{}):
		return usageError(see, "history export takes either runs or flags that say which ones")
	}
	return nil
}

func (a *app) exportRuns(ctx context.Context, refs []string, filter history.Filter, o exportOptions) error {
	store, next, err := a.historyOf(cmp.Or(strings.Join(refs, " "), "@last"))
	if err != nil {
		return err
	}
	defer store.Close()
	ids, err := pickRuns(store, refs, filter)
	if err != nil {
		return unfound(next, err)
	}
	if len(ids) == 0 {
		io.WriteString(a.err, "no such runs: the export is empty\n")
	}
	export := review.Export{Format: o.format, Program: "snrun", Version: version}
	write := func(w io.Writer) error { return export.Write(ctx, w, store, ids) }
	if o.file == "" {
		err = write(a.out)
	} else {
		err = a.writeWhole(o.file, write)
	}
	if err != nil && errors.Is(err, ctx.Err()) {
		return stopped(ctx, err)
	}
	return err
}

// pickRuns gives the ids of runs: of those that are named, each once, else of those that a filter lists.
func pickRuns(store *history.Store, refs []string, filter history.Filter) (ids []string, err error) {
	if len(refs) == 0 {
		return review.Pick(store, filter)
	}
	for _, ref := range refs {
		id, err := store.Find(ref)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// writeWhole writes a file whole or not at all, secrets masked. Only its owner can read it.
func (a *app) writeWhole(file string, write func(io.Writer) error) error {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return usageError("without -o it goes to standard output", "%s is no file that can be written whole", words.Argument(file))
	}
	temp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	defer os.Remove(temp.Name()) // where it has the file's name, it is gone
	defer temp.Close()
	buffered := bufio.NewWriterSize(temp, 1<<16)
	if err := write(&stream{buffered, a.redactor}); err != nil {
		return err
	}
	for _, end := range []func() error{buffered.Flush, temp.Sync, temp.Close, func() error { return os.Rename(temp.Name(), file) }} {
		if err := end(); err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
	}
	return nil
}
