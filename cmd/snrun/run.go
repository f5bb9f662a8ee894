package main

import (
	"context"

	"github.com/spf13/cobra"

	"snrun/engine"
)

// runOptions are the flags of `run`.
type runOptions struct {
	executeOptions
	inputs     []string // name=value
	inputsFile string
	dry        bool
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run JOB|FILE",
		Short: "Run a job",
		Long: `Run a job of the project by its name, or the job in a file. The job's output goes to standard output as one JSON
document, how the run goes to standard error.

Exit codes: 0 ok, 1 failed, 2 wrong usage or inputs, 3 a file has mistakes or a secret is missing, 4 a sign-in must be
mended, 5 skipped, 75 a failure that may pass, 130 and 143 stopped by a signal.`,
		Example: `  snrun run incident_sync -i priority=2
  snrun run incident_sync --dry-run
  snrun run --sandbox examples/incident_sync.yaml`,
		Args:              exactly(1, "run takes one job: its name or its file"),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.dry {
				return a.dryRun(cmd.Context(), args[0], o)
			}
			return a.carryOut(cmd.Context(), o.executeOptions, func(ctx context.Context) (*prepared, error) {
				return a.prepare(ctx, args[0], o)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.inputs, "input", "i", nil, "an input as name=value, may be repeated")
	flags.StringVar(&o.inputsFile, "inputs", "", "a JSON file with an object of inputs; - is standard input")
	flags.BoolVar(&o.dry, "dry-run", false, "show what would be sent, as far as that is known without an answer; nothing is sent, saved or recorded")
	a.executeFlags(cmd, &o.executeOptions, "start the built-in sandbox for this run")
	return cmd
}

// prepare checks all that can be checked before a run: the files, the inputs, the secrets, the history. Nothing is
// recorded of a run that does not pass.
func (a *app) prepare(ctx context.Context, name string, o runOptions) (*prepared, error) {
	p, job, err := a.loadJob(name)
	if err != nil {
		return nil, err
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
		return e.Run(ctx, engine.Request{Job: job, Inputs: inputs, Env: r.env, Secrets: r.secrets, Space: o.space()})
	}
	file, err := a.databaseFile(p.Settings)
	if err != nil {
		return nil, err
	}
	return r, a.record(r, file, notStarted)
}
