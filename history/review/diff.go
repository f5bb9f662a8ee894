package review

import (
	"cmp"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// Diff is what is different in a run from another one, its base, which usually is the last that went well. Values that are masked
// count as equal.
type Diff struct {
	Run      Compared      `json:"run"`
	Base     Compared      `json:"base"`
	Same     bool          `json:"same"`     // nothing is different but when they ran, and how long that took
	Says     string        `json:"says"`     // the answer in one sentence
	Findings []Finding     `json:"findings"` // what is different, what explains the run's end best first
	Texts    []TextDiff    `json:"texts"`    // of the job and of those that it calls, where they are different
	Inputs   []Change      `json:"inputs"`
	Output   []ShapeChange `json:"output"`
	Steps    []StepDiff    `json:"steps"` // all of both, in the order of the flow
	Notes    []string      `json:"notes"` // what was not compared, or not whole, and why
}

// Compared is one of the two runs.
type Compared struct {
	ID       string        `json:"id"`
	Job      string        `json:"job"`
	Status   engine.Status `json:"status"`
	Trigger  string        `json:"trigger"`
	Attempt  int           `json:"attempt"`
	Started  time.Time     `json:"started,omitzero"`
	Ended    time.Time     `json:"ended,omitzero"`
	Duration int64         `json:"duration"` // milliseconds, up to now while it goes on
	Error    *steps.Error  `json:"error"`
}

// Finding is one thing that is different, in words.
type Finding struct {
	Kind string `json:"kind"`           // error, status, shape, host, input, text, count, step, output or time
	Step string `json:"step,omitempty"` // the key of the step that it is about, without the items of loops
	Text string `json:"text"`

	weight int // how likely it explains the run's end
}

// most is how many differences of one kind are told at most, of inputs and of the bodies of each step.
const most = 100

// Compare tells what is different in a run from its base. The error wraps history.ErrUnknownRun where one is not on record.
func Compare(store *history.Store, run, base string) (*Diff, error) {
	a, err := readSide(store, base)
	if err != nil {
		return nil, err
	}
	b, err := readSide(store, run)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	d := &Diff{Run: compared(b.run, now), Base: compared(a.run, now), Texts: textDiffs(a.run, b.run), Inputs: valueChanges(a.run.Inputs, b.run.Inputs)}
	if a.run.Job != b.run.Job {
		d.Notes = append(d.Notes, "the runs are of different jobs: "+b.run.Job+" and "+a.run.Job)
	}
	d.Steps = stepDiffs(a, b)
	if a.run.Status == engine.OK && b.run.Status == engine.OK {
		d.Output = outputChanges(a.run.Output, b.run.Output)
	}
	d.Notes = append(d.Notes, notes(a, b)...)
	d.conclude(b.failedAt())
	d.fill()
	return d, nil
}

// compared is what a Diff says of a run itself.
func compared(r *engine.Run, now time.Time) Compared {
	c := Compared{ID: r.ID, Job: r.Job, Status: r.Status, Trigger: r.Trigger, Attempt: r.Attempt, Started: r.Started, Ended: r.Ended, Error: r.Error}
	if ended := r.Ended; !r.Started.IsZero() {
		if ended.IsZero() {
			ended = now
		}
		c.Duration = ended.Sub(r.Started).Milliseconds()
	}
	return c
}

// fill has lists be lists for programs, also where they are empty.
func (d *Diff) fill() {
	d.Findings = list(d.Findings)
	d.Texts, d.Inputs, d.Output, d.Steps, d.Notes = list(d.Texts), list(d.Inputs), list(d.Output), list(d.Steps), list(d.Notes)
	for i := range d.Steps {
		s := &d.Steps[i]
		s.Statuses, s.Shapes, s.Hosts = list(s.Statuses), list(s.Shapes), list(s.Hosts)
	}
}

// list gives an empty list in place of none.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// FindBase gives the run that another one is to be compared with: the one that ref names, which may be history.LastGood for the
// newest run of the same job that went well before it. The error wraps history.ErrUnknownRun or history.ErrAmbiguousRun.
func FindBase(store *history.Store, run, ref string) (string, error) {
	if cmp.Or(ref, history.LastGood) != history.LastGood {
		return store.Find(ref)
	}
	head, err := store.Head(run)
	if err != nil {
		return "", err
	}
	return store.LastGoodBefore(head.Job, run)
}
