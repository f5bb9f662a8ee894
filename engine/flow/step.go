package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"snrun/jobs"
	"snrun/steps"
)

// result is what a step gave.
type result struct {
	output any
	names  map[string]any // beside output and skipped
	tries  int
	counts Counts
	about  string // what a person should know of it at a glance
	before bool   // it was given before the run was gone on with
}

// step runs one step with its condition, its retries and its own output.
func (f *frame) step(s *jobs.Step) (any, error) {
	if r := f.remote(); r != nil && f.hands(s) {
		return f.elsewhere(r, s)
	}
	note := Note{Key: f.path + "/" + s.Segment, Step: s, Depth: f.depth, Item: f.item}
	runs, err := f.wanted(s, note.Key)
	if err == nil && !runs {
		f.see(s, map[string]any{"output": nil, "skipped": true})
		note.Type, note.Skipped = Ended, true
		f.h.Tell(note)
		return nil, nil
	}
	f.h.Tell(note)
	var r result
	if err == nil {
		r, err = f.carryOut(s, note)
	}
	note.Type, note.Tries, note.Counts, note.Message, note.Before = Ended, max(r.tries, 1), r.counts, r.about, r.before
	if err != nil {
		failure, err := failedStep(s, err, note)
		note.Error = failure
		f.h.Tell(note)
		return nil, err
	}
	if s.ID != "" { // else nobody can see it
		f.see(s, r.value())
	}
	f.h.Tell(note)
	return r.output, nil
}

// wanted evaluates the step's condition.
func (f *frame) wanted(s *jobs.Step, key string) (bool, error) {
	if s.If == nil {
		return true, nil
	}
	return f.whether(slot{s, slotIf, key}, s.If)
}

// failedStep names the step in its failure. A failure that comes from a step inside keeps that step's name.
func failedStep(s *jobs.Step, err error, note Note) (*steps.Error, error) {
	failure, isStep := err.(*steps.Error)
	if !isStep {
		return &steps.Error{Kind: steps.Cancelled, Message: err.Error(), Step: s.Label()}, err
	}
	if failure.Step == "" {
		named := *failure
		named.Step, named.Attempts = s.Label(), note.Tries
		failure = &named
	}
	return failure, failure
}

// see makes a result visible to the steps after it.
func (f *frame) see(s *jobs.Step, value map[string]any) {
	if s.ID != "" {
		f.results[s.ID] = value
	}
}

// value is what `steps.ID` holds.
func (r result) value() map[string]any {
	v := make(map[string]any, len(r.names)+2)
	maps.Copy(v, r.names)
	v["output"], v["skipped"] = r.output, false
	return v
}

// carryOut runs a step within its timeout, and evaluates its own output. A panic on the way is the step's error.
func (f *frame) carryOut(s *jobs.Step, note Note) (r result, err error) {
	outer := f.deadline
	defer func() {
		f.deadline = outer
		if f.remote() != nil {
			return // a workflow engine panics for reasons of its own, and a defect is to be mended before the run goes on
		}
		if p := recover(); p != nil {
			err = Defect(p)
		}
	}()
	if err := f.limit(s, note.Key); err != nil {
		return result{}, err
	}
	r, err = f.body(s, note)
	if err != nil || s.Output == nil {
		return r, err
	}
	r.output, err = f.ownOutput(s, r, note.Key)
	return r, err
}

// limit narrows the deadline to the step's timeout.
func (f *frame) limit(s *jobs.Step, key string) error {
	if s.Timeout == 0 {
		return nil
	}
	now, err := f.h.Now(key + "@start")
	if err != nil {
		return err
	}
	f.deadline = f.sooner(Deadline{now.Add(s.Timeout), fmt.Sprintf("the timeout of %s of step %s", jobs.FormatDuration(s.Timeout), s.Label())})
	return nil
}

// sooner gives the sooner one of the frame's deadline and another.
func (f *frame) sooner(d Deadline) Deadline {
	if d.At.IsZero() || !f.deadline.At.IsZero() && f.deadline.At.Before(d.At) {
		return f.deadline
	}
	return d
}

// ownOutput evaluates the step's `output`, which sees the step's result and, of a request, its response.
func (f *frame) ownOutput(s *jobs.Step, r result, key string) (any, error) {
	inner := f.child(f.h, "")
	inner.see(s, r.value())
	if s.Kind.Run != nil {
		response := maps.Clone(r.names)
		if response == nil {
			response = map[string]any{}
		}
		response["body"] = r.output
		inner.names["response"] = response
	}
	return inner.value(slot{s, slotOutput, key}, s.Output)
}

// body does what the step's kind says.
func (f *frame) body(s *jobs.Step, note Note) (result, error) {
	switch b := s.Body.(type) {
	case *jobs.Call:
		return f.call(s, b, note)
	case *jobs.Set:
		v, err := f.eval(b.Values)
		return result{output: v}, err
	case *jobs.Save:
		return f.save(s, b, note)
	case *jobs.Log:
		return f.log(b, note)
	case *jobs.Fail:
		return f.fail(b)
	}
	return f.again(s, note, f.inBlock)
}

// inBlock does what a kind with steps inside says, once.
func (f *frame) inBlock(s *jobs.Step, note Note) (result, error) {
	switch b := s.Body.(type) {
	case *jobs.Block:
		return f.inside(note.Key, b.Steps)
	case *jobs.Foreach:
		return f.foreach(s, b, note)
	case *jobs.Parallel:
		return f.parallel(s, b, note)
	case *jobs.Repeat:
		return f.repeat(s, b, note)
	case *jobs.RunJob:
		return f.runJob(s, b, note)
	case *jobs.Wait:
		return f.wait(s, b, note)
	case *jobs.Switch:
		return f.choose(s, b, note)
	case *jobs.Try:
		return f.try(s, b, note)
	}
	return result{}, fmt.Errorf("step %s: the flow knows no %T", s.Label(), s.Body)
}

// inside runs steps in a frame of their own.
func (f *frame) inside(key string, list []*jobs.Step) (result, error) {
	c := f.child(f.h, key[len(f.path):])
	out, err := c.block(list)
	f.adopt(c)
	return result{output: out}, err
}

func (f *frame) save(s *jobs.Step, b *jobs.Save, note Note) (result, error) {
	v, err := f.eval(b.Values)
	if err != nil {
		return result{}, err
	}
	values, _ := v.(map[string]any)
	kept, err := f.h.Do(Call{Key: note.Key, StepKey: note.Key, Step: s, Attempt: 1, Job: f.job, State: values, Cleanup: f.cleanup})
	if err != nil {
		return result{}, err
	}
	f.remember(saves{f.job: values})
	return result{output: values, before: kept.Before, about: strings.Join(slices.Sorted(maps.Keys(values)), ", ")}, nil
}

func (f *frame) log(b *jobs.Log, note Note) (result, error) {
	text, err := f.text(b.Message)
	if err != nil {
		return result{}, err
	}
	note.Type, note.Message = Logged, text
	f.h.Tell(note)
	return result{output: text, about: text}, nil
}

func (f *frame) fail(b *jobs.Fail) (result, error) {
	text, err := f.text(b.Message)
	if err != nil {
		return result{}, err
	}
	return result{}, &steps.Error{Kind: steps.BadInput, Message: text}
}

// text evaluates a message.
func (f *frame) text(t *jobs.Template) (string, error) {
	if err := f.maskDerived(t.Derived(f.names)); err != nil {
		return "", err
	}
	text, _, err := t.Text(f.names)
	return text, err
}
