package review

import (
	"net/http"
	"slices"

	"snrun/engine"
	"snrun/history/words"
	"snrun/steps"
)

// Commands are the command lines for the runs of one history, as a person would paste them here.
type Commands struct {
	Program string // how the program is called
	History string // the flag that leads to the history, with a space before it; "" where none has to
	Project string // the flags that the project was read with, in the same way
	Sandbox string // the flag of what is only tried, in the same way: only commands that carry runs out take it
}

// WithSandbox gives the commands for runs that are only tried.
func (c Commands) WithSandbox() Commands {
	c.Sandbox = " --sandbox"
	return c
}

// Show is the command that shows a run.
func (c Commands) Show(run string) string { return c.Program + " history show" + c.History + " " + run }

// Diff is the command that shows what is different in a run from the last good one.
func (c Commands) Diff(run string) string { return c.Program + " history diff" + c.History + " " + run }

// Resume is the command with which a run goes on.
func (c Commands) Resume(run string) string {
	return c.Program + " resume" + c.History + c.Project + c.Sandbox + " " + run
}

// Cancel is the command that ends a run, or takes it out of the queue.
func (c Commands) Cancel(run string) string { return c.Program + " cancel" + c.History + " " + run }

// Retry is the command that tries a run's failed items again.
func (c Commands) Retry(run string) string {
	return c.Program + " retry" + c.History + c.Project + c.Sandbox + " " + run + " --failed-items"
}

// Schedule is a command about when a job runs: why, resume and the like.
func (c Commands) Schedule(verb, job string) string {
	return c.Program + " schedule " + verb + c.History + c.Project + " " + words.Argument(job)
}

// Schedules is a command about when jobs run, of all of them.
func (c Commands) Schedules(verb string) string {
	return c.Program + " schedule " + verb + c.History + c.Project
}

// Status is the command that says how it stands.
func (c Commands) Status() string { return c.Program + " status" + c.History + c.Project }

// Serve is the command that starts a daemon.
func (c Commands) Serve() string { return c.Program + " serve" + c.History + c.Project }

// Validate is the command that tells the mistakes in a file.
func (c Commands) Validate(file string) string {
	return c.Program + " validate " + words.Argument(file)
}

// Run is the command that carries a job out.
func (c Commands) Run(job string) string {
	return c.Program + " run" + c.History + c.Project + c.Sandbox + " " + words.Argument(job)
}

// UI is the command that gives a link to the pages.
func (c Commands) UI() string { return c.Program + " ui" + c.History + c.Project }

// Audit is the command that lists what people did on the pages.
func (c Commands) Audit() string { return c.Program + " history audit" + c.History }

// Start is how another run of a job is started.
func (c Commands) Start(run *engine.Run) string {
	return "start a new one: " + c.Run(run.Job)
}

// MayBeTheJob says whether an error may well come of what the job says, so that going on with the same text ends the same way: an expression
// or a condition that does not hold, or a request that the server understood and will not have.
func MayBeTheJob(e *steps.Error) bool {
	if e == nil {
		return false
	}
	switch e.Kind {
	case steps.Expression, steps.Expect, steps.BadInput:
		return true
	case steps.Status:
		return e.Status >= 400 && e.Status < 500 && !slices.Contains(notOfTheJob[:], e.Status)
	}
	return false
}

// notOfTheJob are the refusals that are about who asks, and when.
var notOfTheJob = [...]int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests,
}

// GoOn says how a run goes on that did not end well: a line, or one for each of the things that a person may find where a
// request is in doubt.
func (c Commands) GoOn(run string, e *steps.Error, inDoubt bool) []string {
	switch resume := c.Resume(run); {
	case inDoubt:
		return []string{
			"go on, if it was carried out: " + resume + " --assume done",
			"go on, if it was not:         " + resume + " --assume redo",
		}
	case e != nil && e.Kind == steps.Expression:
		return []string{"mend the job and go on: " + resume + " --job current"}
	case engine.WasSuspended(e):
		return []string{"go on at once: " + resume}
	case MayBeTheJob(e):
		return []string{"go on: " + resume, "or mend the job and go on: " + resume + " --job current"}
	default:
		return []string{"go on: " + resume}
	}
}
