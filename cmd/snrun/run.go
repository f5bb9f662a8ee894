package main

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/examples/sandbox"
)

// runOptions are the flags of `run`.
type runOptions struct {
	inputs     []string // name=value
	inputsFile string
	sandbox    bool
	asJSON     bool
	progress   string
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
  snrun run --sandbox examples/incident_sync.yaml`,
		Args:              exactly(1, "run takes one job: its name or its file"),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runJob(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.inputs, "input", "i", nil, "an input as name=value, may be repeated")
	flags.StringVar(&o.inputsFile, "inputs", "", "a JSON file with an object of inputs; - is standard input")
	flags.BoolVar(&o.sandbox, "sandbox", false, "start the built-in sandbox for this run; its address is env."+sandboxVariable)
	flags.BoolVar(&o.asJSON, "json", false, "print the whole run as JSON instead of the output")
	flags.StringVar(&o.progress, "progress", a.getenv(progressVariable), "auto, tty, plain, json or none ["+progressVariable+"]")
	flags.Lookup("progress").DefValue = ""
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions(progressModes[:], cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// runJob runs a job to its end and prints what it gave.
func (a *app) runJob(ctx context.Context, name string, o runOptions) error {
	if err := checkProgress(o.progress); err != nil {
		return err
	}
	ctx, stop := withSignals(ctx)
	defer stop()
	if o.sandbox {
		s, err := a.startSandbox()
		if err != nil {
			return err
		}
		defer s.Close()
	}
	r, err := a.prepare(ctx, name, o)
	if err != nil {
		return err
	}
	defer r.store.Close()
	if o.sandbox {
		r.request.Space = "sandbox" // trying a job must not move the state of its real runs
	}
	run, err := a.execute(ctx, r, o)
	if err != nil {
		return err
	}
	if err := a.printRun(r, run, o.asJSON); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return exitWith(exitCode(run, context.Cause(ctx)))
}

// startSandbox starts the sandbox and puts its address and secrets into the environment of jobs.
func (a *app) startSandbox() (*sandbox.Running, error) {
	options, err := a.sandboxOptions(sandbox.Options{DeviceInterval: time.Second}, nil, nil)
	if err != nil {
		return nil, err
	}
	s, err := sandbox.Start(options)
	if err != nil {
		return nil, err
	}
	a.environ = append(slices.Clip(a.environ), sandboxEnviron(s)...)
	return s, nil
}

// execute runs what was prepared, in view of whoever watches.
func (a *app) execute(ctx context.Context, r *prepared, o runOptions) (*engine.Run, error) {
	v := a.newView(o.progress, r.look)
	defer v.close()
	e, keys, err := a.engine(r, v)
	if err != nil {
		return nil, err
	}
	defer keys.Close()
	if o.sandbox {
		if err := signInToSandbox(ctx, keys, r.profiles); err != nil {
			return nil, err
		}
	}
	defer context.AfterFunc(ctx, func() {
		v.event(engine.Event{Type: engine.Logged, Time: time.Now(), Message: "stopping; a second signal ends the program at once"})
	})()
	return e.Run(ctx, r.request)
}

// printRun writes the job's output, or with asJSON the whole run as history has it.
func (a *app) printRun(r *prepared, run *engine.Run, asJSON bool) error {
	if asJSON {
		record, err := r.store.Run(run.ID)
		if err != nil {
			return err
		}
		return a.printJSON(record)
	}
	if run.Status != engine.OK || r.request.Job.Output == nil {
		return nil
	}
	return a.printJSON(run.Output)
}

// exitWith ends the program with a code; all has been said.
func exitWith(code int) error {
	if code == exitOK {
		return nil
	}
	return &exitError{code: code}
}
