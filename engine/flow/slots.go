package flow

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"snrun/jobs"
)

// slot names an expression: a step and what of it, or of the job where the step is nil. Its key tells it apart from the same expression
// at another time.
type slot struct {
	step *jobs.Step
	name string
	key  string
}

// value evaluates data, elsewhere where it reads what is not here.
func (f *frame) value(at slot, t *jobs.Template) (any, error) {
	if r := f.remote(); r != nil && t != nil && f.touches(t.Uses()) {
		return f.ask(r, at, t.Uses())
	}
	return f.eval(t)
}

// whether evaluates a condition, elsewhere where it reads what is not here.
func (f *frame) whether(at slot, e *jobs.Expr) (bool, error) {
	if r := f.remote(); r != nil && f.touches(e.Uses()) {
		v, err := f.ask(r, at, e.Uses())
		holds, _ := v.(bool)
		return holds, err
	}
	return e.Bool(f.names)
}

// ask has an expression evaluated elsewhere.
func (f *frame) ask(r Remote, at slot, uses *jobs.Uses) (any, error) {
	u := Unit{Key: at.key + "@" + at.name, Slot: at.name, Scope: f.scope(uses)}
	if at.step != nil {
		u.Place = f.place(at.step)
	}
	got, err := r.Elsewhere(u)
	if err == nil && got.Error != nil {
		err = got.Error
	}
	return got.Value, err
}

// The names of slots. Those with a number or a name of their own have it after a colon.
const (
	slotIf      = "if"
	slotOutput  = "output"
	slotWhen    = "when"    // of a switch, by number from 1
	slotCatch   = "catch"   // of a try, by number from 1
	slotUntil   = "until"   // of a repeat
	slotInitial = "initial" // of a repeat, by name
	slotNext    = "next"    // of a repeat, by name
	slotRounds  = "rounds"  // of a repeat
	slotPause   = "pause"   // of a repeat, in nanoseconds; of a wait, see pauseValue
	slotShown   = "shown"   // of a repeat: what its last round gave, for people
	slotAgain   = "again"   // the condition of a retry
	slotInputs  = "inputs"  // of a call of another job
	slotCollect = "collect" // of a loop
	slotResult  = "result"  // the output of a job
)

// Decides says that what a unit gives decides how the flow goes on, or is short text for people: nothing can stand for it.
func (u Unit) Decides() bool {
	kind, _, _ := strings.Cut(u.Slot, ":")
	switch kind {
	case slotIf, slotWhen, slotCatch, slotUntil, slotAgain, slotRounds, slotPause, slotShown:
		return true
	}
	return false
}

// evaluate gives the value of a slot.
func (f *frame) evaluate(job *jobs.Job, s *jobs.Step, name string) (any, error) {
	kind, which, _ := strings.Cut(name, ":")
	switch {
	case kind == slotResult && s == nil:
		return f.eval(job.Output)
	case s == nil:
	case kind == slotIf:
		return s.If.Bool(f.names)
	case kind == slotOutput:
		return f.eval(s.Output)
	case kind == slotAgain && s.Retry != nil && s.Retry.When != nil:
		return s.Retry.When.Bool(f.names)
	default:
		return f.inBody(s, kind, which)
	}
	return nil, fmt.Errorf("the job has no expression %q", name)
}

// inBody gives the value of an expression in a step's body.
func (f *frame) inBody(s *jobs.Step, kind, which string) (any, error) {
	switch b := s.Body.(type) {
	case *jobs.Switch:
		if c, ok := caseOf(b.Cases, which); ok && kind == slotWhen {
			return c.When.Bool(f.names)
		}
	case *jobs.Try:
		if c, ok := caseOf(b.Catch, which); ok && kind == slotCatch {
			return c.When.Bool(f.names)
		}
	case *jobs.RunJob:
		switch kind {
		case slotInputs:
			return f.checked(b)
		case slotResult:
			return f.eval(b.Job.Output)
		}
	case *jobs.Foreach:
		if kind == slotCollect {
			return f.eval(b.Collect)
		}
	case *jobs.Repeat:
		return f.inRepeat(b, kind, which)
	case *jobs.Wait:
		if kind == slotPause {
			return f.pauseValue(b)
		}
	}
	return nil, fmt.Errorf("step %s has no expression %q", s.Label(), kind+":"+which)
}

func caseOf(cases []jobs.Case, which string) (jobs.Case, bool) {
	n, err := strconv.Atoi(which)
	if err != nil || n < 1 || n > len(cases) || cases[n-1].When == nil {
		return jobs.Case{}, false
	}
	return cases[n-1], true
}

func (f *frame) inRepeat(b *jobs.Repeat, kind, which string) (any, error) {
	switch kind {
	case slotUntil:
		return b.Until.Bool(f.names)
	case slotRounds:
		return b.Rounds(f.names)
	case slotPause:
		pause, err := b.Pause(f.names)
		return int(pause), err
	case slotShown:
		return shown(f.hide, f.names[lastName]), nil
	}
	for _, c := range b.Carry {
		switch {
		case c.Name != which:
		case kind == slotInitial:
			return f.eval(c.Initial)
		case kind == slotNext:
			return f.eval(c.Next)
		}
	}
	return nil, fmt.Errorf("a repeat has no expression %q", kind+":"+which)
}

// limits are how many rounds a repeat may have, and the wait between two, evaluated elsewhere where they read what is not here.
func (f *frame) limits(s *jobs.Step, b *jobs.Repeat, key string) (most int, pause time.Duration, err error) {
	r := f.remote()
	if r == nil || !f.touches(b.Uses()...) {
		if most, err = b.Rounds(f.names); err == nil {
			pause, err = b.Pause(f.names)
		}
		return most, pause, err
	}
	uses := (&jobs.Uses{}).And(b.Uses()...)
	v, err := f.ask(r, slot{s, slotRounds, key}, uses)
	if err != nil {
		return 0, 0, err
	}
	w, err := f.ask(r, slot{s, slotPause, key}, uses)
	return Whole(v), time.Duration(Whole(w)), err
}
