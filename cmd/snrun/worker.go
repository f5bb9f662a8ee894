package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/temporal"
	"snrun/history"
	"snrun/jobs"
)

// workerOptions are the flags of `worker`, and the variables that stand in for them.
type workerOptions struct {
	remoteOptions
	listen, grace, logFormat, logLevel setting
	slots                              int
	current                            bool
}

// defaultDrain is how long a worker that is to end lets requests go on: less than the 30 s after which containers are killed.
const defaultDrain = 25 * time.Second

func (a *app) workerCommand() *cobra.Command {
	var o workerOptions
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Carry runs out that a Temporal server hands over, until a signal",
		Long: `Carry runs out that a Temporal server hands over, until SIGTERM or Ctrl-C: those that snrun run --temporal starts, and those
of the schedules that were applied there. There may be as many workers as there are machines; each has a copy of the project for its
profiles, its WSDLs and other files, the same PostgreSQL database, the same SNRUN_KEY, and the secrets. Job files are not read: a run
brings the text of its job along.

When profiles.yaml or snrun.yaml changes, or on SIGHUP, they are read again, for runs that begin from then on.

On a signal nothing new is begun, and requests have --grace to end; what is left goes on at once with another worker. A second signal,
half a second later or more, ends the process at once. What a worker did that is lost is on record: others go on about ten seconds
later, and repeat nothing but the requests that were under way.

GET /healthz, /readyz and /metrics are at the address of --listen. The log goes to standard error.

Exit codes: 0 ended by a signal, 1 it gave up, 2 wrong usage, 3 a file has mistakes, the database is no PostgreSQL, or there is no key or
no such namespace, 4 the server refuses it, 75 the server cannot be reached.`,
		Example: `  snrun worker
  snrun worker --temporal temporal.example.com:7233 --namespace integration --listen 127.0.0.1:7071`,
		Args: exactly(0, "worker takes no argument: it carries out the runs of the task queue in snrun.yaml"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.work(cmd.Context(), o) },
	}
	o.bind(a, cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(logFormats[:], cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(logLevels[:], cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// bind makes the flags. What a flag does not say its variable does.
func (o *workerOptions) bind(a *app, flags *pflag.FlagSet) {
	a.remoteFlags(flags, &o.remoteOptions, "the Temporal server at `HOST:PORT`")
	for _, f := range []struct {
		setting               *setting
		name, variable, usage string
	}{
		{&o.listen, "listen", listenVariable, "the loopback address for health and metrics (default none)"},
		{&o.grace, "grace", graceVariable, "how long requests may go on after a signal (default 25s)"},
		{&o.logFormat, "log-format", logFormatVariable, "text or json (default text)"},
		{&o.logLevel, "log-level", logLevelVariable, "debug, info, warn or error (default info)"},
	} {
		*f.setting = setting{a.getenv(f.variable), f.variable, "--" + f.name}
		flags.Var(f.setting, f.name, f.usage+" ["+f.variable+"]")
		flags.Lookup(f.name).DefValue = ""
	}
	flags.BoolVar(&o.current, "set-current", false, "with temporal.versioning: have new runs begin with this version, once it takes some")
	flags.IntVar(&o.slots, "concurrency", 100, "how many pieces of runs are carried out at once")
}

// server gives the settings that a worker shares with a daemon.
func (o workerOptions) server(s jobs.Server, t jobs.Temporal) (jobs.Server, error) {
	s.Listen, s.Grace, s.CertFile, s.KeyFile, s.BehindProxy = "none", defaultDrain, "", "", ""
	server, err := serveOptions{listen: o.listen, grace: o.grace, logFormat: o.logFormat, logLevel: o.logLevel}.over(s)
	switch {
	case err != nil:
		return server, err
	case server.Public():
		return server, usageError("listen at 127.0.0.1:PORT; pages for others are served by snrun serve", "%s: other machines reach this address", o.listen.written())
	case o.current && t.Deployment == "":
		return server, usageError("add versioning: {deployment: NAME} to temporal in snrun.yaml", "--set-current: the settings pin no versions")
	case o.slots < 1:
		return server, usageError("write a whole number, at least 1", "--concurrency %d: nothing would be carried out", o.slots)
	}
	return server, nil
}

// notWorking is what a mistake leads to that keeps a worker from starting.
const notWorking = "no runs are carried out"

// work runs the worker of the project of this folder.
func (a *app) work(ctx context.Context, o workerOptions) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	tuneDaemon()
	dir, settings, err := a.settings(".")
	if err != nil {
		return invalid(notWorking, err)
	}
	server, err := o.server(settings.Server, settings.Temporal)
	if err != nil {
		return err
	}
	database, err := a.sharedDatabase(settings)
	if err != nil {
		return err
	}
	w := &working{serving: &serving{app: a, dir: dir, settings: settings, server: server}, options: o}
	w.log = newLogger(a.err, server.LogFormat, server.LogLevel, a.redactor)
	if err := w.connect(ctx, o.remoteOptions); err != nil {
		return stopped(ctx, err)
	}
	defer w.cluster.Close()
	if err := w.open(database, notWorking); err != nil {
		return err
	}
	defer w.store.Close()
	if _, err := w.place.Open(); err != nil { // and make it: by its key those are told apart that have another
		return &exitError{exitInvalid, err, notWorking}
	}
	return a.notServing(w.run(ctx), server.Listen)
}

// working is a worker and what it is wired to.
type working struct {
	*serving
	options workerOptions
	cluster *cluster
	place   *store.Place // of tokens and secrets
}

// connect connects to the Temporal server.
func (w *working) connect(ctx context.Context, o remoteOptions) error {
	place, err := w.storePlace(w.settings)
	if err != nil {
		return err
	}
	w.place = place
	w.cluster, err = w.app.connect(ctx, clusterOptions{
		remoteOptions: o, settings: w.settings, secrets: func() *auth.Secrets { return w.secretsOf(w.dir, w.settings, place) }, place: place, log: slog.New(onlyWarnings{w.log.Handler()}),
	})
	return err
}

// run has the worker work until the context ends.
func (w *working) run(ctx context.Context) error {
	open, err := w.projects()
	if err != nil {
		return err
	}
	c := daemon.Config{
		Open: open, Store: w.store, Redactor: w.redactor, Limits: w.limits, Log: w.log, Env: w.environment(), Program: w.name, UserAgent: userAgent,
		Version: version, Grace: w.server.Grace, Listen: w.server.Listen, Idle: true, Worker: w.carryOut, GoOn: w.goOn, Commands: w.next,
	}
	defer w.plugIn(&c)()
	w.daemon = daemon.New(c)
	defer w.reloadOnHangup()()
	return w.daemon.Run(ctx)
}

// carryOut carries runs out until the context ends.
func (w *working) carryOut(ctx context.Context) error {
	made := temporal.New(temporal.Config{
		Client: w.cluster.Client, TaskQueue: w.cluster.Queue(), Runs: runRecords{w.store},
		Commenced: func(run string) error { return w.store.Commenced(run, w.cluster.server, "") },
		Prepare:   w.equip, Engine: w.recorder(),
		Holder: w.store, Book: w.store, Log: w.log,
		Version: w.cluster.version(), Drain: w.server.Grace, Slots: w.options.slots,
	})
	defer w.setCurrent(ctx)()
	w.daemon.Working("temporal", w.cluster.Address, "namespace", w.cluster.Space(), "task_queue", w.cluster.Queue())
	return made.Run(ctx)
}

// setCurrent has new runs begin with this version as soon as the server knows it, where that was asked for. Done waits for whoever sees to it.
func (w *working) setCurrent(ctx context.Context) (done func()) {
	version := w.cluster.version()
	if !w.options.current || version.Deployment == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.insist(ctx, version)
	}()
	return func() { cancel(); <-ended }
}

// setAgain is how long it takes until a version is made the current one again.
const setAgain = time.Second

// insist makes a version the current one, until that is done or the context ends.
func (w *working) insist(ctx context.Context, version temporal.Version) {
	deployment := w.cluster.WorkerDeploymentClient().GetHandle(version.Deployment)
	for told := false; ; told = true {
		_, err := deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: version.Build})
		if err == nil {
			w.log.Info("new runs begin with this version", "deployment", version.Deployment, "build_id", version.Build)
			return
		}
		if told && ctx.Err() == nil { // at first the server does not know it yet
			w.log.Warn("making this version the current one: it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(setAgain):
		}
	}
}

// runRecords reads the records of runs, as a temporal.Worker wants them.
type runRecords struct{ *history.Store }

// Run gives a run without its steps; nil where there is none.
func (r runRecords) Run(_ context.Context, id string) (*engine.Run, error) {
	run, err := r.Begun(id)
	if errors.Is(err, history.ErrUnknownRun) {
		return nil, nil
	}
	return run, err
}

// recorder makes the engine that records runs which cannot be carried out here.
func (w *working) recorder() *engine.Engine {
	project := w.daemon.Project()
	return engine.New(engine.Config{Journal: w.store, Redactor: w.redactor, Watch: w.daemon.Watch, Dir: project.Dir, UserAgent: userAgent, Sealer: project.Sealer})
}

// equip gives what a run is carried out with here.
func (w *working) equip(ctx context.Context, run *engine.Run) (*temporal.Prepared, error) {
	e, err := w.daemon.Equip(ctx, run)
	if err != nil {
		return nil, err
	}
	return &temporal.Prepared{Job: e.Job, Engine: e.Engine, Env: e.Env, Secrets: e.Secrets, Close: e.Close}, nil
}

// onlyWarnings leaves out what a library has to say when all is well.
type onlyWarnings struct{ slog.Handler }

// Enabled is for warnings and errors.
func (h onlyWarnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// WithAttrs keeps it so.
func (h onlyWarnings) WithAttrs(list []slog.Attr) slog.Handler {
	return onlyWarnings{h.Handler.WithAttrs(list)}
}

// WithGroup keeps it so.
func (h onlyWarnings) WithGroup(name string) slog.Handler {
	return onlyWarnings{h.Handler.WithGroup(name)}
}
