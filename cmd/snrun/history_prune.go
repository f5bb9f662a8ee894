package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
)

// pruneOptions say which runs `history prune` deletes; what the settings say where none is given.
type pruneOptions struct {
	olderThan string
	runs      int
	job       string
	dry       bool
	asJSON    bool
}

func (a *app) historyPruneCommand() *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete old runs",
		Long: `Delete the runs that history.keep in snrun.yaml does not keep, of the jobs of this project. With --older-than or --keep-runs
the settings do not count: of all jobs in the database, or of the one that --job names, the runs go that are older, and
those beyond that number.

Kept in any case: what waits or goes on, of each job the newest run, the newest that ended well and the last one of its
schedule, a run that saved state which its job still has, one of which an alert still tells, and for a week one that was
interrupted in snrun serve. Large values that no run has any more go too. The file gets smaller. Runs can go on
meanwhile, and so can snrun serve, which does the same in the background for as long as it is up.`,
		Example: `  snrun history prune --dry-run
  snrun history prune --older-than 90d --keep-runs 100 --job noisy`,
		Args: exactly(0, "history prune takes no argument: write --job NAME for the runs of one job"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.prune(cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.olderThan, "older-than", "", "delete runs that ended longer ago, such as 90d")
	flags.IntVar(&o.runs, "keep-runs", 0, "keep so many runs of each job, the newest ones, and delete the others")
	flags.StringVar(&o.job, "job", "", "only runs of this job")
	flags.BoolVar(&o.dry, "dry-run", false, "only say what would be deleted")
	flags.BoolVar(&o.asJSON, "json", false, "print what was deleted as JSON")
	return cmd
}

func (a *app) prune(cmd *cobra.Command, o pruneOptions) error {
	policy, err := a.prunePolicy(cmd, o)
	if err != nil {
		return err
	}
	store, err := a.historyToPrune(o.dry)
	if errors.Is(err, history.ErrNoRuns) {
		return a.nothingToPrune(o)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	ctx, stop := withSignals(cmd.Context())
	defer stop()
	carryOut := store.Prune
	if o.dry {
		carryOut = store.WouldPrune
	}
	done, err := carryOut(ctx, policy, time.Now())
	if err != nil {
		if done.Runs() > 0 && !o.dry {
			err = errors.Join(err, a.printPruned(done, o))
		}
		return stopped(ctx, err)
	}
	return a.printPruned(done, o)
}

// historyToPrune opens the history, and makes none. The error is history.ErrNoRuns where none was ever written.
func (a *app) historyToPrune(dry bool) (*history.Store, error) {
	file, err := a.historyFile()
	if err != nil {
		return nil, err
	}
	if dry {
		return history.OpenReadOnly(file)
	}
	look, err := history.OpenReadOnly(file)
	if err == nil {
		err = look.Close()
	}
	if errors.Is(err, history.ErrNoRuns) {
		return nil, err
	}
	return a.openHistory(file) // what else is wrong comes here again
}

func (a *app) nothingToPrune(o pruneOptions) error {
	if o.asJSON {
		return a.printPruned(history.Pruned{}, o)
	}
	return a.noRuns(false)
}

// prunePolicy says which runs are to go: by the flags, else by the settings.
func (a *app) prunePolicy(cmd *cobra.Command, o pruneOptions) (history.Policy, error) {
	rule, given, err := o.rule(cmd)
	if err != nil {
		return history.Policy{}, err
	}
	policy := history.Policy{Keep: jobs.Keep{KeepRule: rule}}
	if !given {
		if policy, err = a.keepPolicy(); err != nil {
			return history.Policy{}, err
		}
	}
	if o.job != "" {
		policy.Keep.Size = 0
		owns := policy.Owns
		policy.Owns = func(job, file string) bool { return job == o.job && (owns == nil || owns(job, file)) }
	}
	return policy, nil
}

// rule gives what the flags say. It is not given where they say nothing.
func (o pruneOptions) rule(cmd *cobra.Command) (rule jobs.KeepRule, given bool, err error) {
	see := "see: " + cmd.CommandPath() + " --help"
	if cmd.Flags().Changed("older-than") {
		if rule.Age, err = jobs.ParseDuration(o.olderThan); err != nil {
			return rule, false, usageError(see, "--older-than: %w", err)
		}
		if rule.Age == 0 {
			return rule, false, usageError("to keep the newest run of each job only, write --keep-runs 1", "--older-than %s: the time is more than 0", o.olderThan)
		}
		given = true
	}
	if cmd.Flags().Changed("keep-runs") {
		if rule.Runs = o.runs; o.runs < 1 {
			return rule, false, usageError(see, "--keep-runs %d: the number is at least 1", o.runs)
		}
		given = true
	}
	return rule, given, nil
}

// keepPolicy says which runs are to go by the settings of the project.
func (a *app) keepPolicy() (history.Policy, error) {
	dir, settings, err := a.settings(".")
	if err != nil {
		return history.Policy{}, invalid("the settings have mistakes", err)
	}
	if settings.Keep.KeepsAll() {
		return history.Policy{}, usageError("write what is kept into "+jobs.SettingsFile+", as in history: {keep: {age: 90d}}, or say which runs: "+
			a.name+" history prune --older-than 90d", "nothing says which runs are deleted")
	}
	p, err := jobs.Open(dir, settings, jobs.Options{Kinds: kinds()})
	var mistakes source.Errors
	if err != nil && !errors.As(err, &mistakes) { // what is wrong with profiles does not matter here
		return history.Policy{}, err
	}
	return history.Policy{Keep: settings.Keep, Owns: p.Owner()}, nil
}

// prunedRecord is what `history prune --json` prints.
type prunedRecord struct {
	DryRun     bool              `json:"dry_run"`
	Runs       int               `json:"runs"`
	SizeBefore int64             `json:"size_before"`      // of the database, bytes
	SizeAfter  int64             `json:"size_after"`       // estimated where dry_run is true
	Over       int64             `json:"over"`             // bytes above history.keep.size that cannot be deleted
	Shrinks    bool              `json:"shrinks"`          // the file gets smaller
	Values     int               `json:"values,omitempty"` // large values that nothing referred to
	ValueBytes int64             `json:"value_bytes,omitempty"`
	Jobs       []prunedJobRecord `json:"jobs"`
}

// prunedJobRecord is what was deleted of one job.
type prunedJobRecord struct {
	Job    string    `json:"job"`
	Runs   int       `json:"runs"`
	Oldest time.Time `json:"oldest"` // when they ended
	Newest time.Time `json:"newest"`
	Bytes  int64     `json:"bytes,omitempty"` // estimated, where dry_run is true
}

func (a *app) printPruned(done history.Pruned, o pruneOptions) error {
	if !o.asJSON {
		return a.print(prunedText(a.page(), done, o.dry))
	}
	record := prunedRecord{
		DryRun: o.dry, Runs: done.Runs(), SizeBefore: done.Before, SizeAfter: done.After, Over: done.Over, Shrinks: !done.Fixed,
		Values: done.Values, ValueBytes: done.ValueBytes, Jobs: []prunedJobRecord{},
	}
	for _, job := range done.Jobs {
		record.Jobs = append(record.Jobs, prunedJobRecord(job))
	}
	return a.printJSON(record)
}

// prunedText tells what was deleted: a table by job, and in all.
func prunedText(p page, done history.Pruned, dry bool) string {
	var b strings.Builder
	if len(done.Jobs) > 0 {
		b.WriteString(prunedTable(p, done.Jobs, dry) + "\n")
	}
	runs := words.Plural(done.Runs(), "run")
	switch {
	case len(done.Jobs) == 0:
		fmt.Fprintf(&b, "no run has to go; the database has %s\n", words.Size(done.Before))
	case dry:
		fmt.Fprintf(&b, "%s would be deleted, about %s; the database has %s\n", runs, words.Size(done.Before-done.After), words.Size(done.Before))
	default:
		fmt.Fprintf(&b, "%s deleted; the database had %s and has %s\n", runs, words.Size(done.Before), words.Size(done.After))
	}
	if done.Values > 0 {
		b.WriteString(leftText(done, dry))
	}
	if done.Over > 0 {
		fmt.Fprintf(&b, "that is %s more than history.keep.size: what is left is kept in any case, or of other projects\n", words.Size(done.Over))
	}
	if done.Fixed {
		b.WriteString("the file stays as large as it is, and its free room is used again: it was made without auto_vacuum.\n" +
			"To change that, end all that use it, then: sqlite3 FILE 'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'\n")
	}
	return b.String()
}

// leftText tells of large values that nothing referred to.
func leftText(done history.Pruned, dry bool) string {
	said := "are deleted"
	if dry {
		said = "would be deleted"
	}
	return fmt.Sprintf("%s that no run has any more, %s, %s\n", words.Plural(done.Values, "large value"), words.Size(done.ValueBytes), said)
}

// prunedTable lists what was deleted, a job in each line.
func prunedTable(p page, list []history.PrunedJob, dry bool) string {
	rows := [][]string{{"JOB", "RUNS", "OLDEST", "NEWEST"}}
	if dry {
		rows[0] = append(rows[0], "ABOUT")
	}
	for _, job := range list {
		row := []string{words.Clean(job.Job), words.Thousands(job.Runs), prunedTime(p, job.Oldest), prunedTime(p, job.Newest)}
		if dry {
			row = append(row, words.Size(job.Bytes))
		}
		rows = append(rows, row)
	}
	return p.table(rows, func(row, _ int, text string) string {
		if row == 0 {
			return p.style.faint(text)
		}
		return text
	})
}

func prunedTime(p page, at time.Time) string {
	switch {
	case at.IsZero():
		return "?"
	case p.width > 0:
		return words.Ago(at, p.now)
	}
	return at.Local().Format(time.DateTime)
}
