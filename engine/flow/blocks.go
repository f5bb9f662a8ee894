package flow

import (
	"fmt"
	"slices"
	"strconv"

	"snrun/jobs"
	"snrun/steps"
)

// choose runs the first branch whose condition holds.
func (f *frame) choose(s *jobs.Step, b *jobs.Switch, note Note) (result, error) {
	for i, c := range b.Cases {
		holds, err := f.holds(c, numbered(s, slotWhen, i, note))
		if err != nil {
			return result{}, err
		}
		if holds {
			return f.inside(fmt.Sprintf("%s/case:%d", note.Key, i+1), c.Steps)
		}
	}
	return result{}, nil
}

func (f *frame) holds(c jobs.Case, at slot) (bool, error) {
	if c.When == nil {
		return true, nil
	}
	return f.whether(at, c.When)
}

// numbered is the slot of a case.
func numbered(s *jobs.Step, name string, i int, note Note) slot {
	return slot{s, name + ":" + strconv.Itoa(i+1), note.Key}
}

// try runs a body, a catch when it failed, and the steps at the end in any case.
func (f *frame) try(s *jobs.Step, b *jobs.Try, note Note) (result, error) {
	r, err := f.inside(note.Key+"/try", b.Steps)
	if failure, isStep := err.(*steps.Error); isStep {
		r, err = f.catch(s, failure, note)
	}
	if len(b.Finally) == 0 || broken(err) {
		return r, err
	}
	end := f.child(f.h, note.Key[len(f.path):]+"/finally")
	end.cleanup, end.deadline = true, Deadline{} // also where the time was up: what was begun is to be tidied up
	_, endErr := end.block(b.Finally)
	f.adopt(end)
	if err == nil {
		return r, endErr
	}
	return r, tidiedUp(err, note.Key+"/finally/")
}

// tidiedUp says of a failure that what was done at the end is to be done again where going on tries its calls again.
func tidiedUp(err error, end string) error {
	failure, isStep := err.(*steps.Error)
	if !isStep || len(failure.Calls) == 0 {
		return err
	}
	again := *failure
	again.Calls = append(slices.Clip(failure.Calls), end)
	return &again
}

// catch runs the first catch whose condition holds; where none does the failure goes on.
func (f *frame) catch(s *jobs.Step, failure *steps.Error, note Note) (result, error) {
	b, _ := s.Body.(*jobs.Try)
	inner := f.child(f.h, "")
	inner.names["error"] = f.errorValue(failure)
	for i, c := range b.Catch {
		holds, err := inner.holds(c, numbered(s, slotCatch, i, note))
		if err != nil {
			return result{}, err
		}
		if holds {
			r, err := inner.inside(fmt.Sprintf("%s/catch:%d", note.Key, i+1), c.Steps)
			f.adopt(inner)
			return r, toldAnew(c, err, failure)
		}
	}
	return result{}, failure
}

// toldAnew says of a catch that only fails in other words that what it caught is to be tried again. One that did something
// about it has dealt with it, and what it undid is not to be built upon.
func toldAnew(c jobs.Case, err error, caught *steps.Error) error {
	failure, isStep := err.(*steps.Error)
	if !isStep || c.Acts || len(failure.Calls) > 0 {
		return err
	}
	again := *failure
	again.Calls = caught.Calls
	return &again
}
