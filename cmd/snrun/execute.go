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
	"snrun/steps"
)

// executeOptions are the flags of all commands that carry a run out.
type executeOptions struct {
	sandbox  bool
	asJSON   bool
	progress string
}

// space keeps the state of jobs apart that are only tried: they must not move that of their real runs.
func (o executeOptions) space() string {
	if o.sandbox {
		return "sandbox"
	}
	return ""
}

// executeFlags adds the flags; inSandbox says what the one for the sandbox does.
func (a *app) executeFlags(cmd *cobra.Command, o *executeOptions, inSandbox string) {
	flags := cmd.Flags()
	flags.BoolVar(&o.sandbox, "sandbox", false, inSandbox+"; its address is env."+sandboxVariable)
	flags.BoolVar(&o.asJSON, "json", false, "print the whole run as JSON instead of the output")
	flags.StringVar(&o.progress, "progress", a.getenv(progressVariable), "auto, tty, plain, json or none ["+progressVariable+"]")
	flags.Lookup("progress").DefValue = ""
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions(progressModes[:], cobra.ShellCompDirectiveNoFileComp))
}

// carryOut prepares a run, carries it out to its end and prints what it gave.
func (a *app) carryOut(ctx context.Context, o executeOptions, prepare func(context.Context) (*prepared, error)) error {
	if err := checkProgress(o.progress); err != nil {
		return err
	}
	ctx, stop := withSignals(ctx)
	defer stop()
	if o.sandbox {
		s, err := a.startSandbox(nil)
		if err != nil {
			return err
		}
		defer s.Close()
	}
	r, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer r.store.Close()
	ctx, unheed := heedCancel(ctx, r.store)
	defer unheed()
	if o.sandbox {
		r.next = r.next.WithSandbox()
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

// startSandbox starts the sandbox with faults, and puts its address and secrets into the environment of jobs.
func (a *app) startSandbox(faults []string) (*sandbox.Running, error) {
	options, err := a.sandboxOptions(sandbox.Options{DeviceInterval: time.Second}, faults, nil)
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

// execute carries out what was prepared, in view of whoever watches.
func (a *app) execute(ctx context.Context, r *prepared, o executeOptions) (*engine.Run, error) {
	v := a.newView(o.progress, r.next)
	defer v.close()
	tell := func(message string) {
		v.event(engine.Event{Type: engine.Logged, Time: time.Now(), Message: message})
	}
	var err error
	if r.tracer, err = a.tracing(tell); err != nil {
		r.notes = append(r.notes, err.Error())
	}
	defer flush(r.tracer)
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
	defer context.AfterFunc(ctx, func() { tell(stopping(ctx)) })()
	run, err := r.carryOut(ctx, e)
	if err != nil && run != nil { // its end is not on record, what was done is
		err = &exitError{exitFailed, err, "go on with it then: " + r.next.Resume(run.ID)}
	}
	return run, err
}

// stopping says why a run is about to end.
func stopping(ctx context.Context) string {
	if asked, ok := errors.AsType[*steps.Error](context.Cause(ctx)); ok {
		return "stopping: " + asked.Message
	}
	return "stopping; a second signal ends the program at once"
}

// watch has a view see the run, and what a person must know of it right below its heading.
func (r *prepared) watch(v view) func(engine.Event) {
	return func(e engine.Event) {
		if e.Type != engine.RunStarted {
			v.event(e)
			return
		}
		e.Attempt = r.attempt
		v.event(e)
		for _, note := range r.notes {
			v.event(engine.Event{Type: engine.Logged, Time: e.Time, Run: e.Run, Message: note})
		}
	}
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
	if run.Status != engine.OK || r.job.Output == nil {
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
