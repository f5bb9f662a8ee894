package engine

import (
	"time"

	"snrun/steps"
)

// Event is one thing that happened in a run, for whoever watches it: a live view, a log, `--progress json`.
// Its texts have their secrets masked. Which fields are set depends on Type; the zero value of the others is left out.
type Event struct {
	Type      string        `json:"type"`
	Time      time.Time     `json:"time"`
	Run       string        `json:"run,omitempty"`
	Job       string        `json:"job,omitempty"`
	Trigger   string        `json:"trigger,omitempty"`
	Key       string        `json:"key,omitempty"`
	ID        string        `json:"id,omitempty"`
	Name      string        `json:"name,omitempty"`
	Kind      string        `json:"kind,omitempty"`
	Depth     int           `json:"depth,omitempty"` // how many steps stand around this one
	Item      bool          `json:"item,omitempty"`  // inside a loop's item
	Status    Status        `json:"status,omitempty"`
	Attempt   int           `json:"attempt,omitempty"`
	Wait      time.Duration `json:"wait_ms,omitempty"` // as milliseconds in JSON
	Elapsed   time.Duration `json:"elapsed_ms,omitempty"`
	Page      int           `json:"page,omitempty"`
	Counts    *Counts       `json:"counts,omitempty"`     // Total is -1 where it is not known
	PerSecond float64       `json:"per_second,omitempty"` // items, lately
	Left      time.Duration `json:"left_ms,omitempty"`    // until all items are done, at that speed; as milliseconds in JSON
	Profile   string        `json:"profile,omitempty"`
	Message   string        `json:"message,omitempty"`
	Error     *steps.Error  `json:"error,omitempty"`
	InDoubt   []string      `json:"in_doubt,omitempty"` // the calls of which nobody knows whether they were carried out
	Before    bool          `json:"before,omitempty"`   // the step was done before the run was gone on with
}

// The types of an Event.
const (
	RunStarted   = "run_started"  // Run, Job, Trigger, Attempt
	RunEnded     = "run_ended"    // Run, Job, Status, Elapsed (of this attempt), Error, InDoubt
	StepStarted  = "step_started" // Key, ID, Kind, Depth, Item
	StepEnded    = "step_ended"   // the same and Status, Attempt (tries), Elapsed, Counts, Error
	PageRead     = "page"         // Key, ID, Page, Counts: items so far, PerSecond, Left; ten a second of a step at most
	ItemEnded    = "item"         // Key, ID of the foreach; Counts so far, PerSecond, Left; ten a second, failures always
	RetryWaits   = "retry"        // Key, Attempt that failed, Wait, Error
	LimitWaits   = "limit"        // Key, Status: waiting or running again, Profile, Message: why, Wait: how long, 0 where not known
	Logged       = "log"          // Key, Message
	TokenFetched = "token"        // Profile, Message: the grant and how long the token lives
)
