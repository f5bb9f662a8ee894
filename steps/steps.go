// Package steps says what a kind of step is: its name, the fields it takes, what it gives and the function that does it.
//
// A kind is one value. The job language reads, checks, documents and completes steps from it, and knows nothing else of
// them. The package knows no YAML, no expressions and no engine.
//
// The files:
//
//	steps, field, error, exchange  a kind, its fields, how it fails, what history is told
//	shape                          what is known before a run of what a call gives
//	value, reads, items            plain data, which parts of it are read, the items of a page one by one
//	json                           reading and writing it as JSON: exact numbers, only what is read, cut into items
//	nearest, lookup                which name was meant, and requests that a dry run makes too
package steps

import (
	"context"
	"net/http"
	"sort"
)

// Kind describes one kind of step.
type Kind struct {
	Name    string // the key that stands in a step, such as "rest"
	Summary string // one line, without a full stop
	Doc     string // further paragraphs, Markdown
	Example string // a step of this kind as YAML, without the leading "- "
	Takes   Type   // what stands under the kind's key
	Beside  []Field
	// Gives names what `steps.ID` has once the step has run, `output` first.
	Gives []Result

	// Run makes the call. It is nil for the kinds that the flow itself carries out (set, foreach, try …).
	Run Func
	// Safe says whether a call with this input may be made twice. Nil means always.
	Safe func(Input) bool
	// Changes says whether a call with this input may change something, other than only read. Nil means never.
	Changes func(Input) bool
	// Walks says whether a call with this input is a walk over pages: Run is then called once a page, see Env.Cursor.
	Walks func(Input) bool
	// Check finds mistakes that the types of the fields cannot express, also with the help of files below dir, the project's
	// folder (Env.Dir in a run). It sees what is known before a run: Unknown stands for the rest, in a Tree for each of its leaves.
	Check func(in Input, dir string) []Problem
	// Output says what `steps.ID.output` will be, as far as what Check sees tells it, nil for nothing. It is asked where Check found
	// no mistake. Expressions that read what is surely not there are refused before a run.
	Output func(in Input, dir string) *Shape
}

// Result is a name that a step offers to later expressions.
type Result struct {
	Name string
	Type Form // Any when it is not known before the run
	Doc  string
}

// Problem is a mistake in a step's input, found before a run or, where values are known in a run only, before anything is sent.
type Problem struct {
	// Path is where, in the kind's own input: "paginate.size", "query.tag[1]". Keys stand in it as they are, whatever is in them.
	Path    string
	Key     bool   // the key at the end of the path is the mistake, not its value
	Message string // stands behind the path and a colon; where there is no path, behind the name of the kind: "needs a url"
	Hint    string
}

// Func makes one call: it has the fields of the step evaluated in in, and gives the step's output.
// An error should be an *Error; another error counts as one of kind "network" that is never repeated.
type Func func(ctx context.Context, in Input, env *Env) (Output, error)

// Env is what a call may reach beside its input. In a dry run the clients send nothing, but for what IsLookup is for: a kind has
// no other way to anything outside, and writes nothing before it has an answer.
type Env struct {
	Clients   Clients
	Dir       string         // the project's folder; relative file names start here
	Cursor    any            // of a walk: what the page before gave as Output.Next, nil for the first page
	Observe   func(Exchange) // hears of every request made; never nil
	Attempt   int            // from 1
	Key       string         // the call's key in its run
	UserAgent string         // what a request names itself as unless the step sets the header
	// Reads is what is read of the output later: `output`, `status` and the like, and what of each. The kind may leave out
	// the rest. Nil: everything.
	Reads Reads
	// Stream asks a walk for its page as Output.Items. Nil: as a list in Output.Value.
	Stream *Stream
}

// Stream says what of the items of a page is read.
type Stream struct{ Item Reads }

// Clients gives the HTTP client that signs in as a profile. The client for "" signs in nowhere.
type Clients interface {
	Client(ctx context.Context, profile string) (*http.Client, error)
}

// Output is what a call gives.
type Output struct {
	Value any            // `steps.ID.output`, unless the step has an `output` of its own
	Names map[string]any // further names of `steps.ID`: status, headers, url …
	// Of a walk: where the next page starts, as plain data; nil after the last page.
	Next any
	// Of a walk: how many items there are in all, when the server said so, else -1.
	Total int
	// Of a walk with Env.Stream: the items of the page, in place of Value. Whoever takes them closes them.
	Items Items
}

// Set holds the kinds that a job may use, by name.
type Set map[string]*Kind

// NewSet makes a set of kinds. It panics on a name that occurs twice: that is a mistake in the program.
func NewSet(kinds ...*Kind) Set {
	set := make(Set, len(kinds))
	for _, k := range kinds {
		if set[k.Name] != nil {
			panic("steps: two kinds named " + k.Name)
		}
		set[k.Name] = k
	}
	return set
}

// Names gives the names of the kinds, sorted.
func (s Set) Names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
