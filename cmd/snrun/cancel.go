package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// cancelOptions are the flags of `cancel`.
type cancelOptions struct {
	remoteOptions
	noWait bool
	wait   time.Duration
}

func (a *app) cancelCommand() *cobra.Command {
	o := cancelOptions{wait: 15 * time.Second}
	cmd := &cobra.Command{
		Use:   "cancel RUN",
		Short: "End a run, or take it out of the queue",
		Long: `End a run that goes on, whoever runs it on this machine: a daemon, or snrun run in another terminal; or workers of a Temporal server. RUN is its id or the
beginning of it, @last, or @last:JOB: the newest that has not ended. It stops within a second or so; its finally steps are still carried out. A run that
waits is taken out of the queue at once.

The command waits a little, and says how the run ended. Exit codes: 0 it was cancelled, or is told to end; 1 it had ended
already, or ended otherwise.`,
		Example: `  snrun cancel 06c3k
  snrun cancel @last:incident_sync`,
		Args:              exactly(1, "cancel takes one run: its id or the beginning of it, @last, or @last:JOB"),
		ValidArgsFunction: a.completeRuns(func(r engine.Run) bool { return r.Status == engine.Running || r.Status == engine.Queued }),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.cancelRun(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "do not wait for the run's end")
	a.remoteFlags(cmd.Flags(), &o.remoteOptions, "the Temporal server at `HOST:PORT`, which carries the run out")
	return cmd
}

func (a *app) cancelRun(ctx context.Context, ref string, o cancelOptions) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	head, err := a.cancellable(ref)
	if err != nil {
		return err
	}
	run := head.ID
	store, next, err := a.changeHistory()
	if err != nil {
		return err
	}
	defer store.Close()
	status, err := store.Cancel(time.Now(), run, a.person())
	if err == nil && head.Workflow != "" {
		err = a.cancelElsewhere(ctx, head, o.remoteOptions)
	}
	if err != nil {
		return err
	}
	a.wake(store)
	if status == engine.Queued { // it has ended by that
		status = engine.Cancelled
	}
	if status == engine.Running && !o.noWait {
		if status, err = runEnded(ctx, store, run, o.wait); err != nil {
			return err
		}
	}
	switch status {
	case engine.Cancelled:
		io.WriteString(a.err, "run "+run+" is cancelled · look at it: "+next.Show(run)+"\n")
		return nil
	case engine.Running:
		io.WriteString(a.err, "run "+run+" is told to end, and goes on for now: how far it is: "+next.Show(run)+"\n")
		return nil
	}
	return &exitError{exitFailed, fmt.Errorf("run %s was not cancelled: it ended as %s", run, statusWord(status)), "look at it: " + next.Show(run)}
}

// cancellable gives a run without its steps, and an error where it has ended.
func (a *app) cancellable(ref string) (*engine.Run, error) {
	store, next, err := a.historyOf(ref)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	id, err := findGoing(store, ref)
	if err != nil {
		return nil, unfound(next, err)
	}
	run, err := store.Head(id)
	if err != nil {
		return nil, err
	}
	if run.Status != engine.Running && run.Status != engine.Queued {
		return nil, refused(review.HasEnded(run, next, time.Now()))
	}
	return run, nil
}

// findGoing gives the id of the run that a person means to end: @last is the newest that goes on or waits, and not one that was skipped after it.
func findGoing(store *history.Store, ref string) (string, error) {
	job, ofJob := strings.CutPrefix(ref, "@last:")
	if !ofJob && ref != "@last" {
		return store.Find(ref)
	}
	if !ofJob {
		job = ""
	}
	runs, err := store.Runs(history.Filter{Job: job, Statuses: []engine.Status{engine.Running, engine.Queued}, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(runs) > 0 {
		return runs[0].ID, nil
	}
	return store.Find(ref)
}

// followEvery is how often a command that waits for a run looks at it.
const followEvery = 200 * time.Millisecond

// runEnded waits for a run's end, and gives how it stands then or once the time is up.
func runEnded(ctx context.Context, store *history.Store, run string, most time.Duration) (engine.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	head, err := followed(ctx, store, run)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return "", stopped(ctx, err)
	}
	return head.Status, nil
}

// followed waits until a run has ended, and gives it without its steps. The error is the context's where that ends first.
func followed(ctx context.Context, store *history.Store, run string) (*engine.Run, error) {
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	for {
		head, err := store.Head(run)
		if err != nil || head.Status != engine.Running && head.Status != engine.Queued {
			return head, err
		}
		select {
		case <-ctx.Done():
			return head, ctx.Err()
		case <-ticks.C:
		}
	}
}

// cancelEvery is how often a run looks whether somebody asks for its end.
const cancelEvery = time.Second

// heedCancel gives a context that ends when somebody asks for the end of this process's run: snrun cancel, in another process. Stop
// waits until nobody looks into the store any more.
func heedCancel(ctx context.Context, store *history.Store) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(cancelEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			asked, _ := store.ToCancel() // a database that is busy is asked again
			for _, who := range asked {
				cancel(&steps.Error{Kind: steps.Cancelled, Message: "cancelled by " + who})
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}
