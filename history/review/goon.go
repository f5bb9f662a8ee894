package review

import (
	"errors"
	"fmt"
	"time"

	"snrun/engine"
	"snrun/history/words"
)

// Refusal is why something that a person asked for is not done, and what to do instead.
type Refusal struct {
	Reason  Reason
	Message string
	Hint    string // "" where there is nothing to say
	Cause   error  // nil where the message says all
}

// Reason sorts refusals, as programs have to tell them apart.
type Reason string

// What stands in the way.
const (
	Unknown     Reason = "unknown"     // there is no such run, job or profile
	Unfit       Reason = "unfit"       // as it stands, it cannot be done to this run or job
	Taken       Reason = "taken"       // somebody else was quicker
	Invalid     Reason = "invalid"     // what was given does not do, or files have mistakes
	Unavailable Reason = "unavailable" // it may be done later
)

// Error is the message.
func (r *Refusal) Error() string { return r.Message }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// ErrNothingFailed is the cause of the Refusal to try items again where none failed.
var ErrNothingFailed = errors.New("no item of a loop failed, so there is nothing to try again")

// MayGoOn says why a run cannot go on, nil when it can: failedItems asks for its failed items to be tried again.
func MayGoOn(run *engine.Run, next Commands, failedItems bool) *Refusal {
	failed := FailedItems(run.Steps)
	unfit := func(hint, format string, args ...any) *Refusal {
		return &Refusal{Reason: Unfit, Message: fmt.Sprintf("run %s "+format, append([]any{run.ID}, args...)...), Hint: hint}
	}
	switch {
	case run.Status == engine.Queued:
		return unfit("how it stands: "+next.Show(run.ID), "has not begun yet: it is queued")
	case run.Status == engine.Running:
		return IsRunning(run, next)
	case run.Status == engine.Skipped:
		return unfit(next.Start(run), "was skipped: there is nothing to go on with")
	case NeverBegan(run):
		return unfit(next.Start(run), "was %s before it began: there is nothing to go on with", run.Status)
	case failedItems && failed == 0:
		return &Refusal{Unfit, fmt.Sprintf("run %s: %v", run.ID, ErrNothingFailed), "", ErrNothingFailed}
	case failedItems || run.Status != engine.OK:
		return nil
	case failed > 0:
		return unfit("try those again: "+next.Retry(run.ID), "ended well, with %s", words.Plural(failed, "failed item"))
	}
	return unfit(next.Start(run), "ended well: there is nothing to go on with")
}

// IsRunning is the Refusal to go on with a run that has not ended.
func IsRunning(run *engine.Run, next Commands) *Refusal {
	by, hint := "by another process", "only a run that has ended can go on; how far it is: "+next.Show(run.ID)
	switch {
	case run.Workflow != "":
		by = "by Temporal, workflow " + words.Clean(run.Workflow)
		hint += "; where no worker is left for it, terminate the workflow on the server"
	case run.Process != "":
		by = "by the process " + words.Clean(run.Process)
	}
	return &Refusal{
		Reason: Taken, Message: fmt.Sprintf("run %s is running, %s", run.ID, by), Hint: hint, Cause: engine.ErrRunning,
	}
}

// HasEnded is the Refusal to cancel a run that has ended.
func HasEnded(run *engine.Run, next Commands, now time.Time) *Refusal {
	return &Refusal{
		Reason: Unfit, Message: fmt.Sprintf("run %s has ended already, %s: %s", run.ID, words.Ago(run.Ended, now), run.Status),
		Hint: "look at it: " + next.Show(run.ID),
	}
}

// Elsewhere says where a run is carried out that this program does not carry out itself; "" for one that it does.
func Elsewhere(run *engine.Run) string {
	if run.Workflow == "" {
		return ""
	}
	text := "Temporal, workflow " + run.Workflow
	if run.Process != "" {
		text += ", begun by the worker " + run.Process
	}
	return text
}
