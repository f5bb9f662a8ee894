// Package jobs is the job language: it reads the YAML files of a project, checks them and gives the checked Job that the
// engine runs. It is the only package that reads YAML. Nothing in it reaches a network, a clock or a database.
//
// The files, by the first word of their names:
//
//	project, settings, load, texts, files, known
//	                                a folder of files, read from disk or from the texts that a run has kept; what its jobs share
//	decoder, mapping, object, fields, value, scalar, either, body, find
//	                                from YAML to checked values, key by key, by tables of fields
//	job, step, retry, schedule, cron, zone, duration, inputs
//	                                a job and what stands in it beside its steps
//	kinds, call, problem, foreach, parallel, repeat, branches, runjob, wait, called
//	                                the kinds of step that the flow itself carries out, and calls of the others
//	template, expression, expr, message, names, scope, ids, shape
//	                                data with expressions: reading, checking and evaluating them, and what names mean where
//	functions                       what expressions can call
//	profile, signin, preset, secrets
//	                                profiles, how they sign in, and what a run must know beforehand
//	place                           where the step with a key stands in the texts of a run
//	reads, derived, uncovered       what a job reads of each result, what it computes of secrets, what another text of it needs
//	topic, explain, reference, schema
//	                                the language described: on a terminal, in docs/reference, as JSON Schema
package jobs

import (
	"slices"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Job is a checked job: every name in it is known, every expression compiled.
type Job struct {
	Name        string
	Description string
	File        string // its whole path
	Text        string // the file as it was read
	Inputs      *Inputs
	State       []StateValue
	Schedules   []Schedule
	Timeout     time.Duration // of the whole run; 0 is no limit
	OnInterrupt string        // what a daemon does with a run that was interrupted: resume or fail
	Steps       []*Step
	Output      *Template // nil: the job gives nothing
	OnFailure   []*Step
	OnSuccess   []*Step
	Finally     []*Step
	Profiles    []string // the profiles that its steps name, and those of the jobs it calls, sorted
	Secrets     []string // the secrets that its expressions and its profiles read, sorted
	Env         []string // the variables of the environment that its expressions read by name, sorted
	calls       []*Job   // those that its steps call
}

// StateValue is a value that is remembered between the runs of a job.
type StateValue struct {
	Name    string
	Initial any
}

// Step is one step of a job.
type Step struct {
	ID      string // "" when it has none
	Name    string
	Kind    *steps.Kind
	Pos     source.Pos
	Segment string // its part of a call's key: the id, else kind and position as in "log:3"
	If      *Expr
	Timeout time.Duration // 0: none of its own
	Retry   *Retry        // nil: a call follows DefaultRetry, a block runs once
	Output  *Template     // nil: the kind's default
	Reads   steps.Reads   // what is read of what the kind gives: output, status and the like; nil is all of it
	Uses    *Uses         // what all its expressions read, and those of the steps inside it
	Body    Body
}

// Label names a step in a message: its id where it has one, else its part of the key.
func (s *Step) Label() string { return s.Segment }

// Body is what a step does: *Call, *Set, *Save, *Log, *Fail, *Wait, *RunJob, *Block, *Foreach, *Parallel, *Repeat, *Switch
// or *Try.
type Body interface{ body() }

// Call is a step that a kind's function carries out.
type Call struct {
	Profile string // "" when it names none
	fields  *fields
	retry   *Retry // of the profile; nil where it says nothing
	walks   bool   // it reads page after page
	origin  origin
}

// Input evaluates the step's fields.
func (c *Call) Input(names map[string]any) (steps.Input, error) { return c.fields.eval(names) }

// Uses is what the expressions read that are evaluated before the call is made.
func (c *Call) Uses() []*Uses { return c.fields.uses() }

// Derived gives the texts of the step's fields that are computed from secrets.
func (c *Call) Derived(names map[string]any) ([]string, error) { return c.fields.derived(names) }

// Policy is the retry that holds for the call: the step's own, else its profile's, else the default.
func (c *Call) Policy(s *Step) *Retry {
	switch {
	case s.Retry != nil:
		return s.Retry
	case c.retry != nil:
		return c.retry
	}
	return DefaultRetry()
}

// Set gives a map of values.
type Set struct{ Values *Template }

// Save sets state values of the job.
type Save struct{ Values *Template }

// Log writes a message into the run's log.
type Log struct{ Message *Template }

// Fail ends the run as failed.
type Fail struct{ Message *Template }

// Block runs steps one after the other.
type Block struct{ Steps []*Step }

// Foreach runs steps once for each item of a list.
type Foreach struct {
	In          *Template   // nil where Source is set
	Source      *Step       // a request in place of a list, read page by page
	ByPage      bool        // each page is handed over as it came
	Item        steps.Reads // what its expressions read of an item (or of one in a batch)
	Acts        bool        // it makes calls or saves state: its items leave something behind
	As, Index   string      // the names it introduces; Index may be ""
	Key         *Template
	Batch       int // 0: items one by one
	Tolerate    Tolerance
	Collect     *Template // nil: nothing is collected but the last output of each item
	Steps       []*Step
	concurrency value
}

// Concurrency is how many items are worked on at once.
func (f *Foreach) Concurrency(names map[string]any) (int, error) {
	return atLeastOne(f.concurrency, "concurrency", names)
}

// Uses is what the expressions read that tell its items apart, and how many are worked on at once.
func (f *Foreach) Uses() []*Uses {
	uses := slices.Clone(f.concurrency.uses)
	for _, t := range []*Template{f.In, f.Key} {
		if t != nil {
			uses = append(uses, t.Uses())
		}
	}
	return uses
}

// Tolerance is how many failed items leave a loop successful.
type Tolerance struct {
	Count   int
	Percent float64
	All     bool
}

// Allows says whether failed items of total leave the loop successful.
func (t Tolerance) Allows(failed, total int) bool {
	return t.All || failed <= t.Count || t.Percent > 0 && float64(failed)*100 <= t.Percent*float64(total)
}

// Switch runs the steps of the first case whose condition holds.
type Switch struct{ Cases []Case }

// Case is one branch of a Switch or one catch of a Try. When is nil where it always applies.
type Case struct {
	When  *Expr
	Steps []*Step
	Acts  bool // of a catch: its steps make calls or save state
}

// Try runs steps, others when one of them fails, and others at the end in any case.
type Try struct {
	Steps   []*Step
	Catch   []Case
	Finally []*Step
}

func (*Call) body()    {}
func (*Set) body()     {}
func (*Save) body()    {}
func (*Log) body()     {}
func (*Fail) body()    {}
func (*Block) body()   {}
func (*Foreach) body() {}
func (*Switch) body()  {}
func (*Try) body()     {}
