package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
)

func (a *app) scheduleTriggerCommand() *cobra.Command {
	var o runOptions
	var wait bool
	cmd := &cobra.Command{
		Use:   "trigger JOB",
		Short: "Have the daemon run a job now",
		Long: `Have the daemon run a job as soon as it can, also one that is paused or has no schedule. The id of its run goes to standard
output. Where runs of the job go on, it waits for their end, unless all schedules of the job say overlap: allow. Without
a daemon the run waits for the next one: snrun run carries a job out by itself.

Where settings name a Temporal server, its workers carry the run out, at once: it is handed over as by
snrun run --temporal --detach.

The inputs of a run that waits for a daemon are in the database as plain text: what holds a secret is refused.

A run that is interrupted by the end of a daemon is waited for until it is gone on with, unless a request is in doubt.
Exit codes with --wait are those of run; without it 0 as soon as the run is queued.`,
		Example: `  snrun schedule trigger incident_sync -i priority=2
  snrun schedule trigger incident_sync --wait`,
		Args:              exactly(1, "schedule trigger takes the name of one job"),
		ValidArgsFunction: a.completeSeveralJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.trigger(cmd.Context(), args[0], o, wait)
		},
	}
	flags := cmd.Flags()
	a.inputFlags(flags, &o)
	flags.BoolVar(&wait, "wait", false, "wait for the run's end")
	return cmd
}

// notTriggered is what mistakes lead to.
const notTriggered = "the run was not queued"

func (a *app) trigger(ctx context.Context, name string, o runOptions, wait bool) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	p, job, err := a.triggeredJob(name)
	if err != nil {
		return err
	}
	if there, err := a.runsElsewhere(p.Settings); err != nil {
		return err
	} else if there {
		return a.triggerElsewhere(ctx, name, o, wait)
	}
	server, err := a.waitingSettings(p.Settings.Server)
	if err != nil {
		return err
	}
	given, _, err := a.givenInputs(job, o)
	if err != nil {
		return err
	}
	if err := a.noSecretsIn(job, given); err != nil {
		return err
	}
	store, next, err := a.changeHistory()
	if err != nil {
		return err
	}
	defer store.Close()
	c, verdict, err := daemon.Trigger(store, job, given, server.MaxQueue, true)
	if err != nil {
		return err
	}
	if err := a.print(c.Run + "\n"); err != nil {
		return err
	}
	if verdict.Status == engine.Skipped {
		return &exitError{exitSkipped, fmt.Errorf("run %s was skipped: %s", c.Run, verdict.Detail), "how it stands: " + next.Show(c.Run)}
	}
	a.wake(store)
	if err := a.tellIfNobodyRuns(p, store, next, c); err != nil || !wait {
		return err
	}
	return a.followTriggered(ctx, store, next, c.Run, a.followedOn)
}

// triggeredJob reads a job that is named; which of its secrets are here the daemon must know, not whoever asks for a run.
func (a *app) triggeredJob(name string) (*project, *jobs.Job, error) {
	p, err := a.openProject(".")
	if p == nil {
		return nil, nil, invalid(notTriggered, err)
	}
	if err := a.knownJobs(p, []string{name}); err != nil {
		return nil, nil, err
	}
	job, jobErr := p.Load(name)
	return p, job, mistakes(notTriggered, p.withoutSecrets(err), p.withoutSecrets(jobErr))
}

// withoutSecrets takes out of mistakes that secrets are missing here; nil where no others are left.
func (p *project) withoutSecrets(err error) error {
	var all source.Errors
	if !errors.As(err, &all) {
		return err
	}
	if all = slices.DeleteFunc(slices.Clone(all), func(e *source.Error) bool { return p.missing[e.Message] != "" }); len(all) == 0 {
		return nil
	}
	return all
}

// noSecretsIn refuses inputs that hold a secret which is known here.
func (a *app) noSecretsIn(job *jobs.Job, inputs map[string]any) error {
	name, err := daemon.SecretIn(inputs, a.redactor)
	if err != nil {
		return usageError("", "%w", err)
	}
	if name == "" {
		return nil
	}
	return usageError("write secret.NAME where the job needs it; or run it here: "+a.name+" run "+words.Argument(job.Name),
		"the input %s holds a secret: the inputs of a run that waits are kept as plain text", name)
}

// tellIfNobodyRuns says where no daemon of the project is there that would take a run.
func (a *app) tellIfNobodyRuns(p *project, store *history.Store, next review.Commands, c engine.Claim) error {
	daemons, err := store.Daemons()
	book := review.Book{Folder: p.Dir, Daemons: daemons}
	if err != nil || book.Daemon() != nil {
		return err
	}
	fmt.Fprintf(a.err, "no daemon is running for this project: the run waits for the next %s; to run it here instead: %s, and %s\n",
		next.Serve(), next.Cancel(c.Run), next.Run(c.Job))
	return nil
}

// following waits for the end of a run.
type following func(ctx context.Context, store *history.Store, id string) (*engine.Run, error)

// followTriggered waits for the end of a run that was queued, and ends the program as `run` does.
func (a *app) followTriggered(ctx context.Context, store *history.Store, next review.Commands, id string, follow following) error {
	head, err := follow(ctx, store, id)
	if err != nil {
		if ctx.Err() != nil {
			io.WriteString(a.err, "nobody waits for run "+id+" any more; it goes on without: "+next.Show(id)+"\n")
		}
		return stopped(ctx, err)
	}
	if review.NeverBegan(head) {
		fmt.Fprintf(a.err, "%s: %s\n", statusWord(head.Status), words.Clean(head.Reason))
	} else {
		io.WriteString(a.err, summary(a.style(a.err), next, endOf(head), 0))
	}
	return exitWith(exitCode(head, nil))
}

// followedOn waits for the end of a run that daemons carry out: one that is interrupted with nothing in doubt is gone on with by the next daemon.
func (a *app) followedOn(ctx context.Context, store *history.Store, id string) (*engine.Run, error) {
	told := false
	for {
		head, err := followed(ctx, store, id)
		if err != nil || head.Status != engine.Interrupted {
			return head, err
		}
		doubts, err := store.InDoubt(id)
		if err != nil || len(doubts) > 0 {
			return head, err
		}
		if !told {
			told = true
			fmt.Fprintf(a.err, "run %s was interrupted: a daemon goes on with it, the next %s serve at the latest; Ctrl-C waits for it no longer\n", id, a.name)
		}
		select {
		case <-ctx.Done():
			return head, ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

// endOf is the event that told the end of a run.
func endOf(r *engine.Run) engine.Event {
	return engine.Event{Type: engine.RunEnded, Run: r.ID, Job: r.Job, Status: r.Status, Elapsed: r.Ended.Sub(r.Started), Error: r.Error}
}
