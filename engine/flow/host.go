// Package flow is the interpreter of a checked job: plain recursion over its steps.
//
// It is pure. It knows no clock, network, disk, random number, goroutine or context: whatever it needs of the world it
// asks of a Host, and a Host that gives the same answers is asked the same questions under the same keys. So a run can be
// walked again after a crash, on this machine or inside a workflow engine. Branches may be goroutines of the Host: what they
// share has a lock, which nobody holds while a Host is asked, as the coroutines of a workflow would then wait for each other for ever.
//
// Its words: a frame is what the steps of one branch see. A key is a path in the flow: /alerts[inc-17]/alert is the step
// alert for the item inc-17 of the loop alerts, "#2" its second try, /alerts/page:3 the third page of a loop's request, and
// /export[2] the second round of a repeat. A page and a round are parts of a loop; when one is over it is folded: the host
// forgets its calls and keeps where the loop is. What it gives back of that in a run that is gone on with is kept, and
// what was done in it already was before.
//
// The files:
//
//	host                      what the interpreter asks for, and what it tells
//	run, step, blocks         a job, a step of any kind, the blocks switch and try
//	call, retry, wait         a call page by page, its tries, pauses
//	foreach, pages, failed    loops over lists and over the pages of a request, and the items of those that failed
//	repeat, parallel, runjob  rounds, branches, other jobs
//	remote, spread, slots     what a Host that holds no large values has carried out elsewhere: steps, chunks of a loop, expressions
//	carry                     the same seen from there
//	wire, travel              all of that as it travels
//	aside                     what people are told of steps that are carried out elsewhere
//	keys                      how an item's key stands in the keys of its calls
//	saved                     what saves make visible to whom
//	defect                    panics
package flow

import (
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// Host is all that the interpreter may ask for. An error that is a *steps.Error is the failure of a step, which the job
// may retry or catch; any other error ends the run.
type Host interface {
	// Do makes a call, once per key, ever: asked again it gives the result of the first time.
	Do(Call) (Result, error)
	// Sleep waits, across restarts.
	Sleep(Wait) error
	// Now gives the time, for one key always the same.
	Now(key string) (time.Time, error)
	// Fork runs branches 0 to n-1, started in this order, at most limit at once, each with a Host of its own. After a
	// branch gave an error, or when the run has ended, no further one is started; at the end of a run, cleanup, also of
	// one that was cancelled. It returns when all that started are done, with the error of the lowest branch; one that
	// ends the run comes before the failure of a step.
	Fork(n, limit int, cleanup bool, branch func(i int, h Host) error) error
	// Fold ends a part of a loop: calls below its prefix are never asked for again.
	Fold(Fold) error
	// Kept gives what Fold kept of a loop, nothing in a run that is not gone on with.
	Kept(key string) (Kept, error)
	// Tell lets people know what happens. Nothing comes back.
	Tell(Note)
}

// FirstError gives the error that Fork gives where branches gave these: the first that ends the run, else the first failure of a step.
func FirstError(errs []error) (failure error) {
	for _, err := range errs {
		if _, isStep := err.(*steps.Error); err != nil && !isStep {
			return err
		}
		if failure == nil {
			failure = err
		}
	}
	return failure
}

// Call is one try of one step, or of one page of it.
type Call struct {
	Key      string // the path in the flow, with "#2" for the second try
	StepKey  string // the path of the step
	Step     *jobs.Step
	Attempt  int // from 1
	Input    steps.Input
	Cursor   any            // of a walk: where the page starts
	Job      string         // whose state a save step sets
	State    map[string]any // of a save step: the values to keep
	Unsafe   bool           // making it twice may do harm
	Page     bool           // one page of a walk
	Changes  bool           // it may do more than read
	Item     bool           // made inside an item of a loop
	Cleanup  bool           // made at the end of a run, also of one that was cancelled
	Deadline Deadline
	Reads    steps.Reads   // what is read of the result
	Stream   *steps.Stream // of a walk: the page is wanted as Items
	Refetch  bool          // of a page: it may be made again in place of being kept
}

// Fold is the end of a part of a loop: of a page, or of a round.
type Fold struct {
	Key      string   // of the loop
	Below    string   // the key of the part: what is kept of the calls below it is dropped
	Keep     []string // but for those below these keys
	Progress any      // where the loop is, as plain data; it takes the place of the one before
	Parts    []Part   // what is to be kept beside it, for good
	Drop     []string // the names of parts that are kept no longer
	Cleanup  bool
}

// Part is something kept of a loop under a name of its own.
type Part struct {
	Name  string
	Value any // plain data
}

// Kept is what is kept of a loop that a run before this one began. Progress is nil where no part of it was finished.
type Kept struct {
	Progress any
	Parts    []Part // in the order in which they were kept
}

// Wait is a pause: before the next try of something, between two rounds, or one that a step asks for.
type Wait struct {
	Key     string
	For     time.Duration
	Until   time.Time // when it is over, in place of For
	Cleanup bool      // at the end of a run, also of one that was cancelled
}

// Stopped is the error of a Host whose run was ended from outside: cancelled, or out of time.
type Stopped struct{ Reason *steps.Error }

// Error gives the reason.
func (e *Stopped) Error() string { return e.Reason.Message }

// Deadline is when a call has to be over. The zero value is none.
type Deadline struct {
	At time.Time
	Of string // whose timeout it is, for the message
}

// Result is what a call gave. Started and Ended are set for a failed call too.
type Result struct {
	Value          any
	Names          map[string]any
	Next           any
	Total          int
	Items          steps.Items
	Before         bool // the call was made before this run was gone on with
	Started, Ended time.Time
}

// Note tells of something that happened to a step.
type Note struct {
	Type    NoteType
	Key     string
	Step    *jobs.Step
	Depth   int  // how many steps stand around it
	Item    bool // inside an item of a loop
	Skipped bool
	Tries   int
	Wait    time.Duration
	Page    int
	Counts  Counts
	Message string
	Error   *steps.Error
	Before  bool // it was done before this run was gone on with
}

// Counts are how far a walk or a loop has come. Total is -1 while it is not known.
type Counts struct {
	Pages, Total, Succeeded, Failed int
}

// NoteType says what a Note tells of.
type NoteType int

// What can happen to a step.
const (
	Began NoteType = iota
	Ended
	PageRead
	ItemEnded
	RetryWaits
	Logged
	Tolerated // Error.Calls failed, and the loop goes on without them; a key of an item stands for all of its calls
)

// Given is what a run starts with.
type Given struct {
	Inputs  map[string]any
	State   map[string]any
	States  map[string]map[string]any // of the jobs that it calls, by name
	Run     map[string]any            // id, job, due, started, trigger, attempt
	Env     map[string]any
	Secrets map[string]any
	Redo    bool // items of loops whose failure was tolerated are tried again
	// Mask hears of each value that was computed from a secret, before it is used.
	Mask func(text string)
	// Hide gives a text with its secrets masked.
	Hide func(text string) string
}

// Outcome is how a run ended.
type Outcome struct {
	Output any
	Error  *steps.Error // nil when it went well
	// Halt is why the host ended the run: cancelled, timed out, or its journal failed. Nil otherwise.
	Halt error
}
