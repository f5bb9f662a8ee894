package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/temporal"
)

// runOptions are the flags of `run`.
type runOptions struct {
	executeOptions
	elsewhereOptions
	inputs     []string // name=value
	inputsFile string
	dry        bool
	alone      bool
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run JOB|FILE",
		Short: "Run a job",
		Long: `Run a job of the project by its name, or the job in a file. The job's output goes to standard output as one JSON
document, how the run goes to standard error.

Exit codes: 0 ok, 1 failed, 2 wrong usage or inputs, 3 a file has mistakes or a secret is missing, 4 a sign-in must be
mended, 5 skipped (--skip-if-running), 75 a failure that may pass, 130 and 143 stopped by a signal.`,
		Example: `  snrun run incident_sync -i priority=2
  snrun run incident_sync --dry-run
  snrun run --sandbox examples/incident_sync.yaml`,
		Args:              exactly(1, "run takes one job: its name or its file"),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.dry {
				return a.dryRun(cmd.Context(), args[0], o)
			}
			return a.carryOutAsAsked(cmd.Context(), o.executeOptions, o.elsewhereOptions, func(ctx context.Context) (*prepared, error) {
				return a.prepare(ctx, args[0], o)
			})
		},
	}
	flags := cmd.Flags()
	a.inputFlags(flags, &o)
	flags.BoolVar(&o.dry, "dry-run", false, "show what would be sent, as far as that is known without an answer; nothing is sent, saved or recorded")
	flags.BoolVar(&o.alone, "skip-if-running", false, "do nothing but record that the run was skipped, and exit with 5, while another run of the job waits or goes on")
	a.executeFlags(cmd, &o.executeOptions, "start the built-in sandbox for this run")
	a.elsewhereFlags(flags, &o.elsewhereOptions)
	return cmd
}

// check says what is wrong with the flags.
func (o runOptions) check() error {
	if o.asked && o.alone {
		return usageError("leave one of them out; a schedule that is applied there says overlap: skip", "--skip-if-running is for runs that this machine carries out")
	}
	return o.elsewhereOptions.check(o.executeOptions)
}

// inputFlags adds the flags that give inputs.
func (a *app) inputFlags(flags *pflag.FlagSet, o *runOptions) {
	flags.StringArrayVarP(&o.inputs, "input", "i", nil, "an input as name=value, may be repeated")
	flags.StringVar(&o.inputsFile, "inputs", "", "a JSON file with an object of inputs; - is standard input")
}

// prepare checks all that can be checked before a run: the files, the inputs, the secrets, the history. Nothing is
// recorded of a run that does not pass.
func (a *app) prepare(ctx context.Context, name string, o runOptions) (*prepared, error) {
	p, job, err := a.loadJob(name)
	switch {
	case err != nil && o.asked: // workers do not reach a sandbox
		return nil, err
	case err != nil:
		return nil, a.proposeSandbox(p, name, err)
	}
	inputs, err := a.inputs(job, o)
	if err != nil {
		return nil, err
	}
	r, err := a.ready(ctx, p, job, o.executeOptions, notStarted)
	if err != nil {
		return nil, err
	}
	r.carryOut = func(ctx context.Context, e *engine.Engine) (*engine.Run, error) {
		req := engine.Request{Job: job, Inputs: inputs, Env: r.env, Secrets: r.secrets, Space: o.space()}
		if !o.alone {
			return e.Run(ctx, req)
		}
		if req.ID, err = r.takeTurn(); err != nil {
			return nil, err
		}
		run, err := e.Run(ctx, req)
		if run == nil { // it has not begun, and must not wait for a daemon
			_, _ = r.store.Withdraw(time.Now(), req.ID, engine.Cancelled, "it could not begin")
		}
		return run, err
	}
	r.handOver = func(e *engine.Engine, workflow func(run string) string) (*engine.Run, temporal.Order, error) {
		id := e.NewID(time.Now())
		run, err := e.Enlist(engine.Request{ID: id, Job: job, Inputs: inputs, Env: r.env, Secrets: r.secrets}, workflow(id))
		return run, temporal.Order{Run: id, Job: job.Name, Attempt: 1}, err
	}
	file, err := a.databaseFile(p.Settings)
	if err != nil {
		return nil, err
	}
	return r, a.record(r, file, notStarted)
}

// takeTurn gives the id for a run that goes on alone. Where another run of the job waits or goes on, this one is on record as skipped.
func (r *prepared) takeTurn() (string, error) {
	c := daemon.ClaimOf(r.job, "skip") // without the inputs: they may hold a secret, and what waits is plain text
	verdict, err := r.store.Enqueue(c.Due, 1, false, c)
	if err != nil {
		return "", err
	}
	if verdict.Status == engine.Skipped {
		return "", &exitError{exitSkipped, fmt.Errorf("run %s was skipped: %s", c.Run, verdict.Detail), "look at it: " + r.next.Show(c.Run)}
	}
	return c.Run, nil
}
