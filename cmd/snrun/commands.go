package main

import (
	"errors"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// commands are the command lines for the runs of one history, as a person would paste them here.
type commands struct {
	program string // how the program is called
	history string // the flag that leads to the history, with a space before it; "" where none has to
	project string // the flags that the project was read with, in the same way
	sandbox string // the flag of what is only tried, in the same way: only commands that carry runs out take it
}

// commandsFor gives the commands for the history in a file: as short as they can be from here.
func (a *app) commandsFor(file string) commands {
	c := commands{program: a.name, history: " --db " + quoteArg(file), project: a.projectFlags()}
	plain := *a // without the flags of this command line
	plain.project, plain.database = a.getenv(projectVariable), a.getenv(databaseVariable)
	if _, settings, err := plain.settings("."); err == nil {
		if usual, err := plain.databaseFile(settings); err == nil && usual == file {
			c.history = ""
		}
	}
	return c
}

// projectFlags gives the flags of this command line that say what a project is, but for its history.
func (a *app) projectFlags() (flags string) {
	for _, f := range []struct{ name, value, variable string }{
		{"project", a.project, projectVariable}, {"jobs", a.jobs, jobsVariable},
		{"profiles", a.profiles, profilesVariable}, {"secrets-dir", a.secretsDir, secretsDirVariable},
	} {
		if f.value != a.getenv(f.variable) {
			flags += " --" + f.name + " " + quoteArg(absolute(f.value))
		}
	}
	return flags
}

// withSandbox gives the commands for runs that are only tried.
func (c commands) withSandbox() commands {
	c.sandbox = " --sandbox"
	return c
}

// unfound gives an error, of a run that was looked for, with the command that shows which runs there are.
func (c commands) unfound(err error) error {
	if errors.Is(err, history.ErrUnknownRun) || errors.Is(err, history.ErrAmbiguousRun) {
		return &exitError{exitFailed, err, "see which there are: " + c.program + " history list" + c.history}
	}
	return err
}

// show is the command that shows a run.
func (c commands) show(run string) string { return c.program + " history show" + c.history + " " + run }

// resume is the command with which a run goes on.
func (c commands) resume(run string) string {
	return c.program + " resume" + c.history + c.project + c.sandbox + " " + run
}

// cancel is the command that ends a run, or takes it out of the queue.
func (c commands) cancel(run string) string { return c.program + " cancel" + c.history + " " + run }

// retry is the command that tries a run's failed items again.
func (c commands) retry(run string) string {
	return c.program + " retry" + c.history + c.project + c.sandbox + " " + run + " --failed-items"
}

// schedule is a command about when a job runs: why, resume and the like.
func (c commands) schedule(verb, job string) string {
	return c.program + " schedule " + verb + c.history + c.project + " " + quoteArg(job)
}

// serve is the command that starts a daemon.
func (c commands) serve() string { return c.program + " serve" + c.history + c.project }

// run is the command that carries a job out.
func (c commands) run(job string) string {
	return c.program + " run" + c.history + c.project + c.sandbox + " " + quoteArg(job)
}

// start is how another run of a job is started.
func (c commands) start(run *engine.Run) string {
	return "start a new one: " + c.run(run.Job)
}

// goOn says how a run goes on that did not end well: a line, or one for each of the things that a person may find where a
// request is in doubt.
func (c commands) goOn(run string, e *steps.Error, inDoubt bool) []string {
	switch resume := c.resume(run); {
	case inDoubt:
		return []string{
			"go on, if it was carried out: " + resume + " --assume done",
			"go on, if it was not:         " + resume + " --assume redo",
		}
	case e != nil && e.Kind == steps.Expression:
		return []string{"mend the job and go on: " + resume + " --job current"}
	case engine.WasSuspended(e):
		return []string{"go on at once: " + resume}
	default:
		return []string{"go on: " + resume}
	}
}

// isInDoubt says whether one of the steps made a request of which nobody knows whether it was carried out.
func isInDoubt(list []engine.StepRun) bool {
	for _, s := range list {
		if s.Status == engine.InDoubt {
			return true
		}
	}
	return false
}
