package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"snrun/auth/store"
	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// resumeOptions are the flags of `resume` and `retry`.
type resumeOptions struct {
	executeOptions
	elsewhereOptions
	from        string // a top-level step
	job         string // which text of the job: original or current, "" for that of the last attempt
	assume      string // done or redo, "" for neither
	failedItems bool
}

// The values of --job and --assume.
var (
	jobTexts    = [...]string{"original", "current"}
	assumptions = [...]string{"done", "redo"}
)

// newSandbox says what --sandbox does for a run that has a past.
const newSandbox = "start a new sandbox, as a run that was made with --sandbox needs it: nothing of what the run did is there"

func (a *app) resumeCommand() *cobra.Command {
	var o resumeOptions
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run that failed, was cancelled or was interrupted",
		Long: `Go on with a run that failed, was cancelled or was interrupted: by a signal, a crash, a machine that went down. RUN is
its id or the beginning of it, @last or @last-failed, or the same of a job as @last:JOB. It stays the same run, with one attempt more.

What was finished is not done again; what failed is. Inputs and variables are those with which the run began, secrets and
profiles are those of today. The job is read as the last attempt had it, which is the text that the run began with unless
it went on with another; --job current takes the file as it is now, in which the steps that have kept their ids count as
the same, --job original the text that it began with.

A request that changes something, and of which nobody knows whether it arrived, is not repeated in silence. The run stops
there as interrupted. Look in the other system, then say what holds for all such requests of the run: --assume done when
it was carried out (its answer is null then), --assume redo when it was not.

Exit codes are those of run; 1 also where a request is in doubt.`,
		Example: `  snrun resume @last
  snrun resume 06c3k --from alerts --job current`,
		Args:              exactly(1, "resume takes one run: its id or the beginning of it, @last or @last-failed, or the same of a job as @last:JOB"),
		ValidArgsFunction: a.completeRuns(func(r engine.Run) bool { return review.MayResume(&r) }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkPast(args[0], &o); err != nil {
				return err
			}
			return a.carryOutAsAsked(cmd.Context(), o.executeOptions, o.elsewhereOptions, func(ctx context.Context) (*prepared, error) {
				return a.prepareResume(ctx, args[0], o)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.from, "from", "", "do this step and all after it anew, also what was finished; one of the job's own steps, not one inside another")
	flags.StringVar(&o.job, "job", "", "the job as the run began with it (original), or as its file is now (current), in place of what the last attempt had")
	a.assumeFlag(cmd, &o)
	a.executeFlags(cmd, &o.executeOptions, newSandbox)
	a.elsewhereFlags(cmd.Flags(), &o.elsewhereOptions)
	a.hereFlag(cmd.Flags(), &o.elsewhereOptions)
	_ = cmd.RegisterFlagCompletionFunc("job", cobra.FixedCompletions(jobTexts[:], cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("from", a.completeSteps)
	return cmd
}

func (a *app) retryCommand() *cobra.Command {
	var o resumeOptions
	cmd := &cobra.Command{
		Use:   "retry RUN --failed-items",
		Short: "Try the items of loops again that failed in a run",
		Long: `Try the items again that failed in the loops of a run, and only those, also where the run ended well because its loops
tolerate failures. What else the run did is not done again. RUN is its id or the beginning of it, @last or
@last-failed, or the same of a job as @last:JOB. It stays the same run, with one attempt more.

A run that failed goes on with snrun resume, which tries again what made it fail.

Exit codes are those of run; 0 also where no item failed.`,
		Example:           `  snrun retry @last --failed-items`,
		Args:              exactly(1, "retry takes one run: its id or the beginning of it, @last or @last-failed, or the same of a job as @last:JOB"),
		ValidArgsFunction: a.completeRuns(func(r engine.Run) bool { return r.Status != engine.Running }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !o.failedItems {
				return usageError("a run that did not end well goes on with: "+a.name+" resume "+words.Argument(args[0]),
					"retry takes --failed-items, and tries the items of loops again that failed")
			}
			if err := a.checkPast(args[0], &o); err != nil {
				return err
			}
			err := a.carryOutAsAsked(cmd.Context(), o.executeOptions, o.elsewhereOptions, func(ctx context.Context) (*prepared, error) {
				return a.prepareResume(ctx, args[0], o)
			})
			return a.nothingToRetry(err)
		},
	}
	cmd.Flags().BoolVar(&o.failedItems, "failed-items", false, "try the failed items of loops again")
	a.assumeFlag(cmd, &o)
	a.executeFlags(cmd, &o.executeOptions, newSandbox)
	a.elsewhereFlags(cmd.Flags(), &o.elsewhereOptions)
	a.hereFlag(cmd.Flags(), &o.elsewhereOptions)
	return cmd
}

// assumeFlag adds --assume.
func (a *app) assumeFlag(cmd *cobra.Command, o *resumeOptions) {
	cmd.Flags().StringVar(&o.assume, "assume", "", "what holds of requests in doubt: they were carried out (done), or not (redo)")
	_ = cmd.RegisterFlagCompletionFunc("assume", cobra.FixedCompletions(assumptions[:], cobra.ShellCompDirectiveNoFileComp))
}

// check says what is wrong with the flags.
func (o resumeOptions) check() error {
	if o.job != "" && !slices.Contains(jobTexts[:], o.job) {
		return usageError(steps.Hint(o.job, jobTexts[:]), "there is no --job %s", words.Argument(o.job))
	}
	if o.assume != "" && !slices.Contains(assumptions[:], o.assume) {
		return usageError(steps.Hint(o.assume, assumptions[:]), "there is no --assume %s", words.Argument(o.assume))
	}
	return o.elsewhereOptions.check(o.executeOptions)
}

// checkPast says what is wrong with the flags, and decides where the run goes on.
func (a *app) checkPast(ref string, o *resumeOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	return a.whereTo(ref, &o.elsewhereOptions)
}

// assumed is what --assume says.
func (o resumeOptions) assumed() engine.Assume {
	switch o.assume {
	case "done":
		return engine.AssumeDone
	case "redo":
		return engine.AssumeRedo
	}
	return engine.AssumeNothing
}

// prepareResume checks all that can be checked before a run goes on. Nothing of it is changed where it does not.
func (a *app) prepareResume(ctx context.Context, ref string, o resumeOptions) (*prepared, error) {
	file, run, err := a.pastRun(ref)
	if err != nil {
		return nil, err
	}
	next := a.commandsFor(file)
	if why := review.MayGoOn(run, next, o.failedItems); why != nil {
		return nil, refused(why)
	}
	g, err := a.jobFor(run, o)
	if err != nil {
		return nil, err
	}
	from, err := stepFrom(g.job, run, o.from)
	if err != nil {
		return nil, err
	}
	r, err := a.ready(ctx, g.project, g.job, o.executeOptions, notGoneOn)
	if err != nil {
		return nil, err
	}
	r.attempt, r.notes = max(run.Attempt, 1)+1, g.notes
	if o.failedItems {
		r.notes = append(r.notes, "trying "+words.Plural(review.FailedItems(run.Steps), "failed item")+" again")
	}
	again := engine.Resumption{
		Run: run, Job: g.job, Original: g.original, From: from, Assume: o.assumed(), FailedItems: o.failedItems,
		Secrets: r.secrets, Environ: r.env, Env: a.anew(o), Space: o.space(),
	}
	r.carryOut = func(ctx context.Context, e *engine.Engine) (*engine.Run, error) {
		run, err := e.Resume(ctx, again)
		return run, notResumed(err, again.Run, next)
	}
	r.handOver = func(e *engine.Engine, workflow func(run string) string) (*engine.Run, temporal.Order, error) {
		run, order, err := goingOn(again)(e, workflow)
		return run, order, notResumed(err, again.Run, next)
	}
	return r, a.record(r, file, notGoneOn)
}

// notResumed says what to do about a run that does not go on.
func notResumed(err error, run *engine.Run, next review.Commands) error {
	switch {
	case errors.Is(err, engine.ErrRunning): // another process was quicker
		return refused(review.IsRunning(run, next))
	case errors.Is(err, engine.ErrNotKept):
		return &exitError{exitFailed, err, next.Start(run)}
	case errors.Is(err, engine.ErrNoKey):
		return &exitError{exitFailed, err, "set the key that the run had, in " + store.KeyVariable + " or " + store.KeyFileVariable}
	}
	return helped(err)
}

// anew gives the variables that are others now than when the run began: a new sandbox has a new address.
func (a *app) anew(o resumeOptions) map[string]any {
	if !o.sandbox {
		return nil
	}
	return map[string]any{sandboxVariable: a.getenv(sandboxVariable)}
}

// nothingToRetry tells that there was nothing to do, which is no failure.
func (a *app) nothingToRetry(err error) error {
	if !errors.Is(err, review.ErrNothingFailed) {
		return err
	}
	_, err = io.WriteString(a.err, err.Error()+"\n")
	return err
}

// refused ends the program because what was asked for is not done.
func refused(why *review.Refusal) error { return &exitError{exitFailed, why, why.Hint} }

// stepFrom gives the part of a key that --from names: that of one of the job's own steps.
func stepFrom(job *jobs.Job, run *engine.Run, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	var names []string
	for _, s := range job.Steps {
		if s.Segment == strings.TrimPrefix(name, "/") {
			return s.Segment, nil
		}
		names = append(names, s.Segment)
	}
	for _, s := range run.Steps {
		if top := topOf(s.Key); s.ID == name && slices.Contains(names, top) {
			return "", usageError("begin with that: --from "+top, "the step %s stands inside %s", words.Argument(name), top)
		}
	}
	return "", usageError(steps.Hint(name, names), "the job %s has no step %q", job.Name, name)
}

// topOf is the part of a key that belongs to a step of the job itself.
func topOf(key string) string {
	top := strings.TrimPrefix(key, "/")
	if i := strings.IndexAny(top, "/[#"); i >= 0 {
		top = top[:i]
	}
	return top
}
