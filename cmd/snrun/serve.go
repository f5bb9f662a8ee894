package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/engine/daemon"
	"snrun/engine/metrics"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
)

func (a *app) serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the project's jobs by their schedules, until a signal",
		Long: `Run the project's jobs by their schedules, until SIGTERM or Ctrl-C. Each due time is run once, however many daemons
there are on one database; what is not run is on record with the reason (snrun schedule why JOB).

When a job, profiles.yaml or snrun.yaml changes, or on SIGHUP, the files are read again. One with mistakes is told of, and
what it was before goes on; so does a run that is under way.

On a signal nothing new starts, and runs have --grace to end. What runs still is interrupted where it is; the next daemon goes on
with it, as it does after a crash, unless the job says on_interrupt: fail or a request is in doubt. A second signal,
half a second later or more, ends the process at once.

GET /healthz at the address of --listen tells whether the scheduler is at work, /readyz whether it fires, and which files have
mistakes. The log goes to standard error.

Exit codes: 0 ended by a signal, 1 it could not start, 2 wrong usage, 3 the project has no job that can be run.`,
		Example: `  snrun serve
  snrun serve --grace 5m --log-format json
  snrun serve --project examples --sandbox --listen none`,
		Args: exactly(0, "serve takes no argument: it runs all jobs of the project that have a schedule"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	o.bind(flags, a.getenv)
	flags.BoolVar(&o.sandbox, "sandbox", false, "start the built-in sandbox for these runs; its address is env."+sandboxVariable)
	flags.StringArrayVar(&o.faults, "sandbox-fault", nil, "make requests to the sandbox fail, as snrun sandbox --fault does; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(logFormats[:], cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(logLevels[:], cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// serve runs the daemon of the project of this folder.
func (a *app) serve(ctx context.Context, o serveOptions) error {
	tuneDaemon()
	ctx, stop := withSignals(ctx)
	defer stop()
	dir, settings, err := a.settings(".")
	if err != nil {
		return invalid(notServed, err)
	}
	server, err := o.over(settings.Server)
	if err != nil {
		return err
	}
	if exposed, is := errors.AsType[*jobs.ExposedError](server.CheckExposed()); is {
		return usageError(exposed.Help(), "%w", exposed)
	}
	if o.sandbox {
		s, err := a.startSandbox(o.faults)
		if err != nil {
			return err
		}
		defer s.Close()
	} else if len(o.faults) > 0 {
		return usageError("add --sandbox", "--sandbox-fault is for the built-in sandbox")
	}
	file, err := a.databaseFile(settings)
	if err != nil {
		return err
	}
	s := &serving{app: a, dir: dir, settings: settings, server: server, sandbox: o.sandbox, fires: true}
	s.log = newLogger(a.err, server.LogFormat, server.LogLevel, a.redactor)
	if err := s.open(file, notServed); err != nil {
		return err
	}
	defer s.store.Close()
	return a.notServing(s.run(ctx), server.Listen)
}

// notServed is what a mistake leads to that keeps a daemon from starting.
const notServed = "nothing is served"

// notServing says what to do about what kept a daemon from starting.
func (a *app) notServing(err error, listen string) error {
	var exit *exitError
	switch {
	case err == nil, errors.As(err, &exit):
		return err
	case errors.Is(err, daemon.ErrNothing):
		return &exitError{exitInvalid, err, "go to the folder of your project, or name it with --project; " + a.name + " init writes an example"}
	case errors.Is(err, syscall.EADDRINUSE):
		return &exitError{exitFailed, err, "another daemon or program listens at " + listen + ": choose an address with --listen HOST:PORT, or --listen none for none"}
	}
	return invalid(notServed, err)
}

// serving is a daemon and what it is wired to.
type serving struct {
	*app
	dir       string
	settings  jobs.Settings
	server    jobs.Server
	sandbox   bool
	store     *history.Store
	next      review.Commands
	log       *slog.Logger
	daemon    *daemon.Daemon
	metrics   *metrics.Metrics
	idle      bool       // it only serves the pages
	fires     bool       // it runs jobs by their schedules, where no other server does
	elsewhere string     // the Temporal server that does, as it was told last
	opened    *uiOptions // how a person has opened them; nil for not at all

	admission *admission
}

// open opens the database, which is brought up to date where that is needed. An error says what it leads to.
func (s *serving) open(database, without string) (err error) {
	s.next = s.commandsFor(database)
	s.store, err = history.Open(database, history.Options{Updating: func() { s.log.Warn(updating, "database", shownDatabase(database)) }})
	if err != nil {
		return &exitError{exitFailed, err, without + "; another database is chosen with --db"}
	}
	return nil
}

// run has the daemon run until the context ends.
func (s *serving) run(ctx context.Context) error {
	open, err := s.projects()
	if err != nil {
		return err
	}
	socket, remove := s.socket()
	defer remove()
	certificate, err := s.certificate()
	if err != nil {
		return err
	}
	c := daemon.Config{
		Open: open, Store: s.store, Redactor: s.redactor, Limits: s.limits, Log: s.log, Env: s.environment(), Program: s.name, UserAgent: userAgent,
		Version: version, MaxRuns: s.server.MaxRuns, MaxQueue: s.server.MaxQueue, LateAfter: s.server.LateAfter, Grace: s.server.Grace,
		Listen: s.server.Listen, Certificate: certificate, Public: s.server.Public() || s.server.BehindProxy != "", Socket: socket, GoOn: s.goOn,
		Idle: s.idle, Bare: s.bare,
	}
	defer s.steerElsewhere(&c)()
	if s.sandbox {
		c.Space, c.Renewed = executeOptions{sandbox: true}.space(), s.anew(resumeOptions{executeOptions: executeOptions{sandbox: true}})
		c.SignIn = func(ctx context.Context, keys *auth.Keyring, p auth.Profile) error {
			return signInToSandbox(ctx, keys, []auth.Profile{p})
		}
		s.next = s.next.WithSandbox()
		s.log.Info("the sandbox listens", "address", s.getenv(sandboxVariable))
	}
	c.Commands = s.next
	defer s.plugIn(&c)()
	s.daemon = daemon.New(c)
	done, err := s.servePages()
	if err != nil {
		return err
	}
	defer done()
	defer s.reloadOnHangup()()
	return s.daemon.Run(ctx)
}

// socket gives the file of the control socket, "" for none: nobody asks pages that one person has opened.
func (s *serving) socket() (file string, remove func()) {
	if s.idle {
		return "", func() {}
	}
	file, remove, err := daemon.SocketFile(s.getenv)
	if err != nil {
		s.log.Warn("there is no control socket: commands are noticed a second later", "error", err)
		return "", func() {}
	}
	return file, remove
}

// reloadOnHangup has the files read again on SIGHUP, until the function that it gives is called.
func (s *serving) reloadOnHangup() (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range hangups {
			s.log.Info("SIGHUP: the files are read again")
			if s.admission != nil {
				s.admission.again()
			}
			s.daemon.Reload()
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-ended
	}
}

// goOn gives the commands with which a person goes on with a run.
func (s *serving) goOn(run string, inDoubt bool) []string { return s.next.GoOn(run, nil, inDoubt) }
