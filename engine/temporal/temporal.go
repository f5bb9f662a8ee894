// Package temporal carries runs out on a Temporal cluster: the flow is walked in a workflow, and what needs a network or a large value is
// carried out by activities, over the local host of package engine and a journal that all workers share.
//
// Its words: an order is what a workflow starts with. A unit is a piece of a run that one activity carries out; see flow.Unit. What
// ends a unit before its time is a halt. A workflow that has become long is renewed: it goes on as a new one, and what was finished is
// recalled from the journal.
//
// The files:
//
//	temporal, message          names, orders, and what workflow and activities say to each other
//	workflow, limits, renew    a run as a workflow, its timeout and cancellation, going on as a new one
//	host, fork, wait, weight   what the flow asks for, inside a workflow, and how much of it travels at once
//	rows                       what people are told of the steps that the workflow walks itself
//	worker, prepared, version  a worker, what it carries runs out with, and workers of several versions side by side
//	activities, beginning      the activities; those at a run's beginning and end
//	beat                       how the server hears that an activity lives, and an activity that it is to end
//	slot, turn                 the slot of a run that a schedule starts, and what becomes of it
//	connect, entry             clients, and the API key that they come in with
//	seal, stuck                the encryption of all that travels, and what is logged where a workflow cannot go on
package temporal

import (
	"encoding/json"
	"strings"
	"time"

	"snrun/engine"
)

// WorkflowType is the name of the one workflow type, for schedules and clients that start it.
const WorkflowType = "snrun.run"

// DefaultTaskQueue is the queue that workers and whoever starts runs use where none is named.
const DefaultTaskQueue = "snrun"

// WorkflowID gives the id of the workflow that carries a run out.
func WorkflowID(run string) string { return "snrun-" + run }

// WorkflowName is how the record of a run names its workflow, as engine.Run.Workflow.
func WorkflowName(namespace, id string) string { return namespace + "/" + id }

// SplitWorkflow gives back what WorkflowName joined.
func SplitWorkflow(name string) (namespace, id string) {
	namespace, id, _ = strings.Cut(name, "/")
	return namespace, id
}

// Order is what a workflow starts with. A run that is on record needs its id and attempt only; one that a schedule starts has no id
// yet, and brings the texts of its job.
type Order struct {
	Run     string        `json:"run,omitempty"`
	Job     string        `json:"job"`
	Attempt int           `json:"attempt,omitempty"` // 0 counts as 1
	Again   bool          `json:"again,omitempty"`   // it goes on: what was done is in the journal
	Assume  engine.Assume `json:"assume,omitempty"`
	Redo    bool          `json:"redo,omitempty"` // as engine.Resumption.FailedItems
	Space   string        `json:"space,omitempty"`

	// Of a run that a schedule starts.
	Texts   []engine.Text   `json:"texts,omitempty"`  // the job's own first, then those of the jobs that it calls
	Inputs  json.RawMessage `json:"inputs,omitempty"` // as the schedule gives them, unchecked
	Trigger string          `json:"trigger,omitempty"`
	Line    string          `json:"line,omitempty"` // jobs.Schedule.Line of the schedule
	Due     time.Time       `json:"due,omitzero"`   // zero: what the schedule says, else when the workflow began

	// Workflow is what the ids of the workflows begin with that the schedule starts; no others begin with this order.
	Workflow string `json:"workflow,omitempty"`

	// Slot is what the slot of a run is judged by that a schedule starts; nil where there is nothing to judge.
	Slot *Slot `json:"slot,omitempty"`

	// Went is how far a workflow was that was renewed; nil for one that begins.
	Went *Went `json:"went,omitempty"`
}

// Went is what a renewed workflow goes on with.
type Went struct {
	Times   int                  `json:"times"` // how often it was renewed
	Started time.Time            `json:"started"`
	Ends    time.Time            `json:"ends,omitzero"`   // when the run's own timeout is over
	Open    map[string]time.Time `json:"open,omitempty"`  // when the steps under way began, by their keys
	Noted   []uint64             `json:"noted,omitempty"` // digests of the keys of steps whose end people know of
	Clock   map[string]time.Time `json:"clock,omitempty"` // what the flow was told of the time, by its keys
	// Cancelled says that the run was cancelled while the workflow was renewed: a new one hears nothing of that.
	Cancelled bool `json:"cancelled,omitempty"`
}

// Ended is what a workflow gives: how its run ended. All else is on record.
type Ended struct {
	Run    string        `json:"run"`
	Status engine.Status `json:"status"`
}
