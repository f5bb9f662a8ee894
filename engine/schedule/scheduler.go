package schedule

import (
	"context"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// Config is what a Scheduler works with.
type Config struct {
	Book Book
	// Start carries a queued run out to its end, or records why it could not begin. It is called on a goroutine of its own. When its context
	// ends the run is to be cancelled, with the context's cause.
	Start func(context.Context, engine.QueuedRun)
	NewID func(time.Time) string
	Now   func() time.Time // the clock on the wall; nil for time.Now
	// MaxRuns is how many runs go on at once; 0 is 20. MaxQueue is how many of one job may wait; 0 is 100.
	MaxRuns, MaxQueue int
	// LateAfter is how long after its time a run that has not started counts as late; 0 is 5 minutes.
	LateAfter time.Duration
	Watch     func(Event) // hears what is decided, from many goroutines; nil for nobody
}

// Job is what the scheduler knows of a job.
type Job struct {
	Name      string
	File      string
	Schedules []jobs.Schedule
}

// Event is something that the scheduler did.
type Event struct {
	Type    EventType
	Job     string
	Run     string
	Due     time.Time
	Count   int           // of slots
	Late    time.Duration // of Started: after Due and the jitter
	Reason  string        // one of engine's reasons
	Message string        // for people
}

// EventType says what an Event tells.
type EventType string

// What the scheduler tells of.
const (
	SlotQueued  EventType = "slot_queued"
	SlotSkipped EventType = "slot_skipped" // Count, Reason, Message
	RunStarted  EventType = "run_started"  // Late
	RunLate     EventType = "run_late"     // it waits longer than LateAfter; told once
	ClockMoved  EventType = "clock_moved"  // Message
	BookFailed  EventType = "book_failed"  // Message; it is tried again
)

// Scheduler fires the slots of jobs. Its methods may be called from many goroutines.
type Scheduler struct {
	config Config
}

// New makes a scheduler without jobs.
func New(c Config) *Scheduler { return &Scheduler{config: c} }

// Plan sets which jobs there are, in place of those before. Slots that passed while nobody was there are decided upon by
// their schedules' catch_up.
func (s *Scheduler) Plan(list []Job) error { return nil }

// Run fires until the context ends, and then waits for nothing: see Drain.
func (s *Scheduler) Run(ctx context.Context) error { return nil }

// Wake has it look at the book at once: something was triggered, paused, resumed or cancelled.
func (s *Scheduler) Wake() {}

// Drain starts no further run, and waits for those that go on until the context ends; then it cancels them with cause, and waits for
// their ends. Queued runs stay queued, for the next daemon.
func (s *Scheduler) Drain(ctx context.Context, cause error) {}

// Go carries out a run that is no slot, such as one that is resumed, as one of those that go on. It is false while draining.
func (s *Scheduler) Go(job, run string, carryOut func(context.Context)) bool { return false }

// Cancel ends a run that goes on here, or withdraws one that is queued here. It is false where it is neither.
func (s *Scheduler) Cancel(run, who string) bool { return false }

// Standing is how it stands with the scheduler.
type Standing struct {
	Running []Waiting // the oldest first
	Queued  []Waiting // in the order in which they will start
	MaxRuns int
	Next    time.Time // the next slot; zero where there is none
}

// Waiting is a run that goes on, or waits to.
type Waiting struct {
	Run   string    `json:"run"`
	Job   string    `json:"job"`
	Since time.Time `json:"since"`
	Why   string    `json:"why,omitempty"` // it waits
}

// Standing tells how it stands.
func (s *Scheduler) Standing() Standing { return Standing{} }
