package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"snrun/steps"
)

// Journal is where a run is kept while it goes on and afterwards: its record, the results that going on needs, its
// steps and exchanges for people, and the state of its job. All of its methods may be called from many goroutines.
// What a method was given is durable when it returns nil, unless it says otherwise. An error from a Journal ends the run.
type Journal interface {
	// Begin records a run as running, with entries that going on with it needs: a new one, or one that this process has queued.
	// One with a Workflow is recorded with the status that it has, Queued or Running, by any process: one that is on record with that
	// Workflow, and has not ended, stays as it is, but that it is running where it is to be.
	Begin(run *Run, entries ...Entry) error
	// Continue records that a run that has ended goes on: it is running again, as its next attempt. Nothing is known any more of
	// the calls at and below the keys of forget, but that those of doubt are Intended. All or nothing; the error is ErrRunning
	// when the run has not ended, or somebody else went on with it first: it has that attempt already, which counts from 2.
	Continue(run *Run, forget, doubt []string) error
	// Intend records that the unsafe call key is about to be made.
	Intend(run, key string) error
	// Commit records the outcome of one call and the state it sets, all or nothing. The exchanges it took are for people:
	// they may become durable later, as a Note does.
	Commit(run string, entry Entry) error
	// Fold commits entries, each in the place of one with the same key, and forgets the calls at and below a key and those
	// at the keys of drop, all or nothing. Where below is "" only those at drop are forgotten.
	Fold(run, below string, drop []string, entries ...Entry) error
	// Kept gives the entries whose keys begin with a prefix and that are Done, in the order in which they were recorded.
	Kept(run, prefix string) ([]Entry, error)
	// Note keeps a step's outcome for people. It may become durable later, but within a second.
	Note(run string, step StepRun) error
	// Lookup gives what Intend and Commit recorded for a call: Unknown, Intended or Done.
	Lookup(run, key string) (Entry, Mark, error)
	// InDoubt gives the keys of the calls that are Intended, in the order in which they were recorded.
	InDoubt(run string) ([]string, error)
	// Finish records how the run ended, and drops what only going on would have needed: when it ended well and run.Open is
	// not set. The error is ErrOvertaken when the run has a later attempt: nothing of it changes then.
	Finish(run *Run) error
	// State gives the values that the job has saved.
	State(job string) (map[string]any, error)
}

// Holder has a unit of a run be carried out by one process at a time.
type Holder interface {
	// Hold waits until this process alone carries out a unit of a run, or ctx ends. The context held is ctx, and ends also when that
	// is not so any more: then another process may carry the unit out. Release must be called.
	Hold(ctx context.Context, run, unit string) (held context.Context, release func(), err error)
}

// Entry is the outcome of one call.
type Entry struct {
	Key     string
	Result  []byte // what resuming needs, as JSON; nil when it may not be kept because a secret is in it
	Started time.Time
	Ended   time.Time
	// State sets state values of the job named.
	Job   string
	State map[string]any
	// Exchanges are the requests made, redacted. StepKey is the step that made them, Attempt counts from 1.
	StepKey   string
	Attempt   int
	Exchanges []steps.Exchange
	Error     *steps.Error // how the call failed, redacted; nil when it went well
	// Passing entries are for people only: the call itself stays as unknown, or as intended, as it was.
	Passing bool
	// Noted says that what was noted of the run before becomes durable with it: others may go by the entry at once.
	Noted bool
	// Beside is how many other calls of the run are under way: what many of them commit may be committed together.
	Beside int
}

// Below says whether a key stands at or below another in the flow: /a/page:3[x]/b below /a/page:3, not /a/page:30. A root
// that ends in # is a call and its tries alone: of a page not the items on it.
func Below(key, root string) bool {
	if call, alone := strings.CutSuffix(root, "#"); alone {
		return key == call || strings.HasPrefix(key, root)
	}
	rest, found := strings.CutPrefix(key, root)
	return found && (rest == "" || strings.ContainsRune("/[#@", rune(rest[0])))
}

// Mark says how far a call got.
type Mark int

// A call is Unknown before anything of it is recorded, Intended once an unsafe call was about to go out, and Done.
const (
	Unknown Mark = iota
	Intended
	Done
)

// ErrFull, ErrLocked and ErrDamaged are wrapped by a Journal's errors, so that a person can be told what to do.
var (
	ErrFull    = errors.New("the disk is full")
	ErrLocked  = errors.New("the database is locked by another program")
	ErrDamaged = errors.New("the database is damaged")
	// ErrRunning is the error of Continue: the run has not ended.
	ErrRunning = errors.New("the run is still running")
	// ErrOvertaken is the error of Finish: somebody who took the run for interrupted has gone on with it.
	ErrOvertaken = errors.New("the run goes on as a later attempt, which somebody else carries out")
	// ErrNotQueued is the error of Begin: there is a run with that id, and it does not wait for its start in this process.
	ErrNotQueued = errors.New("the run is on record already, and does not wait for its start here")
)
