package engine

import (
	"errors"
	"time"

	"snrun/steps"
)

// Journal is where a run is kept while it goes on and afterwards: its record, the results that going on needs, its
// steps and exchanges for people, and the state of its job. All of its methods may be called from many goroutines.
// What a method was given is durable when it returns nil, unless it says otherwise. An error from a Journal ends the run.
type Journal interface {
	// Begin records a new run as running.
	Begin(run *Run) error
	// Intend records that the unsafe call key is about to be made.
	Intend(run, key string) error
	// Commit records the outcome of one call and the state it sets, all or nothing. The exchanges it took are for people:
	// they may become durable later, as a Note does.
	Commit(run string, entry Entry) error
	// Note keeps a step's outcome for people. It may become durable later, but within a second.
	Note(run string, step StepRun) error
	// Lookup gives what Intend and Commit recorded for a call: Unknown, Intended or Done.
	Lookup(run, key string) (Entry, Mark, error)
	// Finish records how the run ended, and drops what only going on would have needed when it ended well.
	Finish(run *Run) error
	// State gives the values that the job has saved.
	State(job string) (map[string]any, error)
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
)
