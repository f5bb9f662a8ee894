package engine

import (
	"path/filepath"
	"slices"
	"time"

	"snrun/steps"
)

// Status is where a run or a step stands.
type Status string

// A run is one of Queued Running OK Failed Canceled Interrupted Skipped, a step one of OK Failed Skipped Running
// Waiting Canceled InDoubt.
const (
	Queued      Status = "queued"
	Running     Status = "running"
	OK          Status = "ok"
	Failed      Status = "failed"
	Cancelled   Status = "cancelled"
	Interrupted Status = "interrupted"
	Skipped     Status = "skipped"
	Waiting     Status = "waiting"
	InDoubt     Status = "in_doubt"
)

// Run is one run of a job, as `snrun run --json` prints it. Everything in it that is text has its secrets masked.
type Run struct {
	ID      string         `json:"id"`
	Job     string         `json:"job"`
	Status  Status         `json:"status"`
	Trigger string         `json:"trigger"` // manual, schedule …
	Due     time.Time      `json:"due"`
	Started time.Time      `json:"started,omitzero"` // zero while it is queued, and where it was skipped
	Ended   time.Time      `json:"ended,omitzero"`
	Inputs  map[string]any `json:"inputs"`
	Output  any            `json:"output"`
	Error   *steps.Error   `json:"error"`
	Steps   []StepRun      `json:"steps,omitempty"`
	Reason  string         `json:"reason,omitempty"` // why it was skipped, or waits

	Attempt int    `json:"attempt"` // 1, and one more each time it was gone on with
	File    string `json:"file"`    // the whole path of the job's file
	Text    string `json:"-"`       // the job's file as it was read
	Called  []Text `json:"-"`       // the jobs that it calls, sorted by file
	Latest  []Text `json:"-"`       // the same of its last attempt, the job first; nil where that had what the run began with
	Daemon  bool   `json:"-"`       // a daemon runs it, and takes it up again after a crash
	Open    bool   `json:"-"`       // there are failed items that can be tried again, though it ended well
	Process string `json:"-"`       // which process runs it: pid@host

	// Workflow is the workflow of a Temporal cluster that carries it out, NAMESPACE/WORKFLOW-ID; "" where a process of snrun does.
	Workflow string `json:"workflow,omitempty"`
}

// Text is the text of a job's file.
type Text struct{ File, Text string }

// Texts gives what the last attempt of a run went by: the text of the job first, then those of the jobs that it calls, sorted by
// file. Nil where the run was read without.
func (r *Run) Texts() []Text {
	switch {
	case r.Latest != nil:
		return r.Latest
	case r.Text == "":
		return nil
	}
	return append([]Text{{r.File, r.Text}}, r.Called...)
}

// Had says whether the last attempt of a run had these texts, wherever their files were then.
func (r *Run) Had(texts []Text) bool {
	had := r.Texts()
	return len(had) > 0 && len(texts) > 0 && filepath.Base(had[0].File) == filepath.Base(texts[0].File) &&
		slices.EqualFunc(had, texts, func(a, b Text) bool { return a.Text == b.Text })
}

// StepRun is what became of one step: of one item, where it stands in a loop.
type StepRun struct {
	Key      string       `json:"key"` // its path in the flow: /alerts[inc-17]/alert
	ID       string       `json:"id"`  // "" for a step without one
	Name     string       `json:"name,omitempty"`
	Kind     string       `json:"kind"`
	Status   Status       `json:"status"`
	Attempts int          `json:"attempts"`
	Started  time.Time    `json:"started"`
	Ended    time.Time    `json:"ended,omitzero"`
	Error    *steps.Error `json:"error"`
	Counts   *Counts      `json:"counts,omitempty"`
	Message  string       `json:"message,omitempty"` // of a log step
	Before   bool         `json:"-"`                 // it was done before the run was gone on with
	Asides   Asides       `json:"-"`                 // in a run that is carried out elsewhere
}

// Counts are the pages and items that a walk or a loop dealt with. In a loop all of its items' steps count.
type Counts struct {
	Pages     int `json:"pages,omitempty"`
	Total     int `json:"total"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`

	Retries    int `json:"retries,omitempty"`     // how often something was tried again
	LimitWaits int `json:"limit_waits,omitempty"` // how many requests a limit of their profile held back
}
