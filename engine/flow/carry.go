package flow

import (
	"fmt"

	"snrun/jobs"
	"snrun/steps"
)

// Carry carries a unit out, over a Host that makes calls and with all values there: a Scope without Refs, and of what is given the
// inputs, variables, secrets and the run's own. How the unit fails is in what it gives; the error is why the host ended the run.
func Carry(h Host, job *jobs.Job, given Given, u Unit) (Handed, error) {
	f := carrying(h, job, given, u.Scope)
	s := f.places.at[u.Place]
	if s == nil && u.Place != "" {
		return Handed{}, fmt.Errorf("the job has no step at %s", u.Place)
	}
	var got Handed
	var err error
	switch u.Slot {
	case WholeStep:
		got, err = f.wholeStep(s)
	case ItemCount:
		got, err = f.countItems(s)
	case Items:
		got, err = f.someItems(s, u)
	default:
		got.Value, err = f.evaluate(job, s, u.Slot)
	}
	got.Saved, got.Open = f.saved, append(got.Open, f.open.calls...)
	return got.failed(err)
}

// failed puts how a unit failed into what it gave.
func (got Handed) failed(err error) (Handed, error) {
	failure, isStep := err.(*steps.Error)
	if err == nil || !isStep {
		return got, err
	}
	got.Error = failure
	return got, nil
}

// carrying is the frame that a unit stands in.
func carrying(h Host, job *jobs.Job, given Given, c Scope) *frame {
	given.Inputs, given.States, given.Redo = inputsOf(c, given), c.States, c.Redo
	given.State = c.States[c.Job]
	f := newFrame(h, job, given)
	f.places = newPlaces(job)
	f.job, f.path, f.depth, f.item, f.cleanup, f.deadline = c.Job, c.Path, c.Depth, c.Item, c.Cleanup, c.Deadline
	f.states = saves{}.and(c.States)
	f.names["state"] = f.states[f.job]
	for name, v := range c.Names {
		f.names[name] = v
	}
	for id, v := range c.Results {
		f.results[id] = v
	}
	return f
}

func inputsOf(c Scope, given Given) map[string]any {
	if inputs, there := c.Names["inputs"].(map[string]any); there {
		return inputs
	}
	return given.Inputs
}

// wholeStep carries out a step.
func (f *frame) wholeStep(s *jobs.Step) (Handed, error) {
	out, err := f.step(s)
	got := Handed{Value: out}
	if s.ID != "" && err == nil {
		got.Names, _ = f.results[s.ID].(map[string]any)
	}
	return got, err
}

// countItems says how many items a loop has, and how many are worked on at once.
func (f *frame) countItems(s *jobs.Step) (Handed, error) {
	b, loops := s.Body.(*jobs.Foreach)
	if !loops {
		return Handed{}, fmt.Errorf("step %s is no loop", s.Label())
	}
	l, err := f.listed(s, b, Note{Key: f.path + "/" + s.Segment})
	if err != nil {
		return Handed{}, err
	}
	return Handed{Count: len(l.items), Limit: l.limit}, nil
}

// someItems runs a loop's steps for some of its items.
func (f *frame) someItems(s *jobs.Step, u Unit) (Handed, error) {
	b, loops := s.Body.(*jobs.Foreach)
	if !loops {
		return Handed{}, fmt.Errorf("step %s is no loop", s.Label())
	}
	l, err := f.listed(s, b, Note{Key: u.Loop, Step: s, Depth: u.Scope.Depth, Item: u.Scope.Item})
	if err != nil {
		return Handed{}, err
	}
	if u.From < 0 || u.To > len(l.items) || u.From > u.To {
		return Handed{}, fmt.Errorf("the loop %s has %d items, not those from %d to %d", s.Label(), len(l.items), u.From, u.To)
	}
	l.tally.counts.Failed = u.Failed
	l.items, l.keys, l.first, l.limit = l.items[u.From:u.To], l.keys[u.From:u.To], u.From, max(u.Limit, 1)
	err = f.work(l)
	if _, isStep := err.(*steps.Error); err != nil && !isStep {
		return Handed{}, err
	}
	return l.handed(), nil
}

// handed gives what became of the items of a chunk. Whether too many failed is decided where all are counted.
func (l *loop) handed() Handed {
	got := Handed{Succeeded: l.tally.counts.Succeeded}
	if l.wanted() {
		got.Value = l.outputs
	}
	for i, failure := range l.failures {
		got.Open = append(got.Open, l.open[i]...)
		if failure == nil {
			continue
		}
		got.Failed++
		if got.Error == nil {
			first := *failure
			first.Calls = nil
			got.Error, got.First = &first, l.keys[i]
		}
		got.Error.Calls = append(got.Error.Calls, failure.Calls...)
	}
	return got
}
