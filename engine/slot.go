package engine

import "time"

// A slot is a due time of a job with the inputs that its schedule gives: it is decided upon once, whoever comes with it. What
// was decided is a run, queued or skipped.

// Claim asks for the decision upon a slot, or upon several in a row that are skipped together.
type Claim struct {
	Run     string // the id that its run gets
	Job     string
	File    string         // of the job, its whole path
	Inputs  map[string]any // that the schedule gives, unchecked
	Trigger string         // TriggerSchedule or TriggerCatchUp
	Due     time.Time
	Until   time.Time // the last of several that are skipped together; zero: it is one
	Count   int       // how many these are; 0 counts as 1
	Start   time.Time // not before; zero: at once
	Overlap string    // as in jobs.Schedule
	Reason  string    // why it is skipped, one of the reasons below; "" where it is to be run
	Detail  string    // the same for people, as a sentence without a full stop
	// Workflow is what carries the run out, as Run.Workflow: it belongs to no process then. "" for this program.
	Workflow string
}

// What starts a run.
const (
	TriggerManual   = "manual"   // a person
	TriggerSchedule = "schedule" // its schedule, when it was due
	TriggerCatchUp  = "catch_up" // its schedule, for a slot that passed while nobody was there to run it
)

// Why a slot is not run.
const (
	ReasonOverlap   = "overlap"    // a run of the job was still going on
	ReasonQueueFull = "queue_full" // too many runs of the job were waiting already
	ReasonMissed    = "missed"     // nobody was there to run it, and it is not caught up with
	ReasonPaused    = "paused"     // a person had paused the job
	ReasonGone      = "gone"       // it was queued, and then the job was no longer there
)

// Verdict is what was decided upon a slot.
type Verdict struct {
	Run     string   // the run that the slot has now, or had already
	Status  Status   // Queued or Skipped; "" where the slot was decided upon before
	Reason  string   // why it was skipped: the claim's, ReasonOverlap or ReasonQueueFull
	Detail  string   // the same for people; of a run that waits for others, which these are
	Alone   bool     // it starts only once no other run of its job goes on
	Replace []string // for cancel_running: the runs that go on, or waited, and whose end was asked for
}

// QueuedRun is a run that waits for its start.
type QueuedRun struct {
	Run     string
	Job     string
	File    string
	Inputs  map[string]any // as they were given, unchecked
	Trigger string
	Due     time.Time
	Start   time.Time // not before
	Alone   bool      // only once no other run of its job goes on
	Reason  string    // why it waits, for people
}

// Plan is one schedule of a job, for as long as it says the same.
type Plan struct {
	Job    string
	Line   string // jobs.Schedule.Line
	Inputs map[string]any
	// Decided is the time up to which its slots have been decided upon, or are none of its.
	Decided time.Time
}

// Pause says that a job is not run by its schedules.
type Pause struct {
	Job   string
	Since time.Time
	Who   string
	Why   string // "" where nothing was said
}

// Daemon is a process that runs jobs in the background.
type Daemon struct {
	Process string    `json:"process"` // pid@host
	Project string    `json:"project"` // its folder
	Socket  string    `json:"socket"`
	Address string    `json:"address,omitempty"` // of its metrics; "" for none
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"` // its last sign of life
}
