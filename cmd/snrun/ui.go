package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/web"
	"snrun/history/words"
	"snrun/jobs"
)

// uiOptions are the flags of `ui`.
type uiOptions struct {
	listen  string
	noOpen  bool
	viewer  bool
	sandbox bool
}

// role is what whoever follows the link may do.
func (o uiOptions) role() string {
	if o.viewer {
		return string(web.Viewer)
	}
	return string(web.Operator)
}

// defaultPages is where pages are that one person opens: at a port that is free.
const defaultPages = "127.0.0.1:0"

func (a *app) uiCommand() *cobra.Command {
	var o uiOptions
	cmd := &cobra.Command{
		Use:   "ui",
		Short: "Open the pages: look at runs, and go on with them",
		Long: `Open the pages on which runs are looked at and gone on with. A link to them goes to standard output. It lets one person in,
once, within ten minutes; where a browser can be shown it is opened there.

Where snrun serve runs for this project, and serves pages, the link leads there. Else this command serves them until Ctrl-C:
it fires no schedule, and runs only what a person starts on the pages. On a signal these runs have server.grace to end;
what runs still is interrupted where it is, and goes on when somebody says so.

The runs can be looked at also where the files of the project have mistakes.

Exit codes: 0 the link was given, or the pages ended by a signal; 1 they could not be served; 2 wrong usage; 3 the settings
have mistakes, and no --db names the database.`,
		Example: `  snrun ui
  snrun ui --no-open --viewer
  snrun ui --listen 127.0.0.1:8080`,
		Args: exactly(0, "ui takes no argument: it opens the pages of the project"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.ui(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "", "serve the pages at this loopback address, also where a daemon serves some (default "+defaultPages+", any free port)")
	flags.BoolVar(&o.noOpen, "no-open", false, "open no browser")
	flags.BoolVar(&o.viewer, "viewer", false, "the link is one to look, and not to act")
	flags.BoolVar(&o.sandbox, "sandbox", false, "start the built-in sandbox for runs that are started here; its address is env."+sandboxVariable)
	return cmd
}

// notShown is what a mistake leads to that keeps the pages from being served.
const notShown = "no pages are served"

func (a *app) ui(ctx context.Context, o uiOptions) error {
	if err := o.check(a); err != nil {
		return err
	}
	ctx, stop := withSignals(ctx)
	defer stop()
	dir, settings, err := a.settingsToShow()
	if err != nil {
		return err
	}
	file, err := a.databaseFile(settings)
	if err != nil {
		return err
	}
	if o.listen == "" && !o.sandbox {
		if link := a.linkOfDaemon(ctx, file, dir, o); link != "" {
			a.showLink(link, o)
			return nil
		}
	}
	return a.serveOwnPages(ctx, file, dir, settings, o)
}

// check says what is wrong with the flags.
func (o uiOptions) check(a *app) error {
	if o.listen == "" {
		return nil
	}
	if err := jobs.CheckListen(o.listen); err != nil {
		return usageError("", "--listen: %w", err)
	}
	if (jobs.Server{Listen: o.listen}).Public() {
		return usageError("pages for others than you are served by: "+a.name+" serve", "--listen %s: other machines reach this address", words.Argument(o.listen))
	}
	return nil
}

// settingsToShow gives the folder and the settings of the project. Where these have mistakes, and --db names the database, they are empty:
// runs can be looked at all the same.
func (a *app) settingsToShow() (dir string, s jobs.Settings, err error) {
	if dir, err = a.projectFolder("."); err != nil {
		return "", s, err
	}
	_, s, err = a.settings(".")
	switch {
	case err == nil:
		return dir, s, nil
	case a.database == "":
		err = invalid(notShown, err)
		if exit, is := errors.AsType[*exitError](err); is && exit.code == exitInvalid {
			exit.hint = "name the database, and the settings are not needed: --db FILE"
		}
		return "", s, err
	}
	return dir, jobs.Settings{Jobs: "jobs", Profiles: "profiles.yaml", Database: absoluteDatabase(a.database)}, nil
}

// linkOfDaemon gives a link to the pages of the project's daemon, "" where there is none that gives one.
func (a *app) linkOfDaemon(ctx context.Context, file, dir string, o uiOptions) string {
	store, err := history.OpenReadOnly(file)
	if err != nil { // there was never a run, or what serves the pages says what is wrong
		return ""
	}
	defer store.Close()
	daemons, _ := store.Daemons()
	for i := range daemons {
		if d := &daemons[i]; d.Address != "" && d.Socket != "" && (&review.Book{Folder: dir}).Owns(d) {
			if link := a.askForLink(ctx, d, o); link != "" {
				return link
			}
		}
	}
	return ""
}

// askForLink has a daemon make a link, "" where it does not.
func (a *app) askForLink(ctx context.Context, d *engine.Daemon, o uiOptions) string {
	ctx, cancel := context.WithTimeout(ctx, wakeLimit)
	defer cancel()
	link, err := daemon.NewClient(d.Socket).Link(ctx, o.role(), a.person())
	if err != nil {
		fmt.Fprintf(a.err, "the daemon %s serves pages at %s, but gives no link to them: %s; these are pages of your own\n",
			words.Clean(d.Process), words.Clean(d.Address), words.InLine(err.Error()))
	}
	return link
}

// serveOwnPages serves the pages until the context ends.
func (a *app) serveOwnPages(ctx context.Context, file, dir string, settings jobs.Settings, o uiOptions) error {
	tuneDaemon()
	own := settings.Server
	own.CertFile, own.KeyFile, own.BehindProxy = "", "", "" // nobody else comes to these pages
	server, err := serveOptions{
		listen: setting{text: cmp.Or(o.listen, defaultPages), from: "--listen"}, maxRuns: variable(a, maxRunsVariable), maxQueue: variable(a, maxQueueVariable),
		grace: variable(a, graceVariable), lateAfter: variable(a, lateAfterVariable), logFormat: variable(a, logFormatVariable),
		logLevel: setting{text: cmp.Or(a.getenv(logLevelVariable), "warn"), from: logLevelVariable},
	}.over(own)
	if err != nil {
		return err
	}
	if o.sandbox {
		s, err := a.startSandbox(nil)
		if err != nil {
			return err
		}
		defer s.Close()
	}
	store, err := a.openHistory(file)
	if err != nil {
		return &exitError{exitFailed, err, notShown + "; another database is chosen with --db"}
	}
	defer store.Close()
	s := &serving{
		app: a, dir: dir, settings: settings, server: server, sandbox: o.sandbox, store: store, next: a.commandsFor(file), idle: true, opened: &o,
	}
	s.log = newLogger(a.err, server.LogFormat, server.LogLevel, a.redactor)
	io.WriteString(a.err, "serving the pages until Ctrl-C\n")
	return a.notServing(s.run(ctx), server.Listen)
}

// variable is what a variable says in place of a flag.
func variable(a *app, name string) setting { return setting{text: a.getenv(name), from: name} }

// bare stands in for the project where its settings or profiles have mistakes.
func (s *serving) bare() *daemon.Project {
	return &daemon.Project{Project: &jobs.Project{Dir: s.dir, Settings: s.settings, Profiles: map[string]*jobs.Profile{}}, Mistaken: true}
}
