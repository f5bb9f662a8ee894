package flow

import (
	"maps"

	"snrun/jobs"
)

// runJob runs another job as a part of the run.
func (f *frame) runJob(s *jobs.Step, b *jobs.RunJob, note Note) (result, error) {
	given, err := f.inputsOf(s, b, note.Key)
	if err != nil {
		return result{}, err
	}
	inputs, _ := given.(map[string]any)
	c := f.called(b.Job, inputs, note)
	c.names["inputs"] = given
	c.caller = s
	var limit Deadline
	if b.Job.Timeout > 0 {
		now, err := f.h.Now(note.Key + "@job")
		if err != nil {
			return result{}, err
		}
		limit = Deadline{now.Add(b.Job.Timeout), "the timeout of " + jobs.FormatDuration(b.Job.Timeout) + " of job " + b.Job.Name}
	}
	out := c.run(b.Job, limit)
	f.adopt(c)
	switch {
	case out.Halt != nil:
		return result{}, out.Halt
	case out.Error != nil:
		return result{}, out.Error
	}
	return result{output: out.Output}, nil
}

// inputsOf gives the inputs of a job that is called, checked, elsewhere where they are not here: a map, or a Ref that stands for one.
func (f *frame) inputsOf(s *jobs.Step, b *jobs.RunJob, key string) (any, error) {
	if r := f.remote(); r != nil && b.Inputs != nil && f.touches(b.Inputs.Uses()) {
		return f.ask(r, slot{s, slotInputs, key}, b.Inputs.Uses())
	}
	return f.checked(b)
}

// checked evaluates the inputs of a job that is called.
func (f *frame) checked(b *jobs.RunJob) (any, error) {
	given, err := f.eval(b.Inputs)
	if err != nil {
		return nil, err
	}
	inputs, err := b.Check(given)
	return inputs, err
}

// called is a frame for another job: it sees its own inputs, state and steps, and where it stands only in its keys.
func (f *frame) called(job *jobs.Job, inputs map[string]any, note Note) *frame {
	run := maps.Clone(f.names["run"].(map[string]any))
	run["job"] = job.Name
	env, _ := f.names["env"].(map[string]any)
	secrets, _ := f.names["secret"].(map[string]any)
	c := newFrame(f.h, job, Given{
		Inputs: inputs, State: f.states[job.Name], States: f.states, Run: run, Env: env, Secrets: secrets, Redo: f.redo, Mask: f.mask, Hide: f.hide,
	})
	c.path, c.depth, c.item, c.cleanup, c.deadline = note.Key, f.depth, f.item, f.cleanup, f.deadline
	c.saved, c.open, c.places = f.saved, f.open, f.places
	return c
}
