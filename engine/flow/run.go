package flow

import (
	"errors"
	"maps"

	"snrun/jobs"
	"snrun/steps"
)

// Run walks a job to its end.
func Run(h Host, job *jobs.Job, given Given) Outcome {
	f := newFrame(h, job, given)
	f.places = placesOf(h, job)
	return f.run(job, Deadline{})
}

// run walks a job, whose steps have a deadline.
func (f *frame) run(job *jobs.Job, limit Deadline) Outcome {
	outer := f.deadline
	f.deadline = f.sooner(limit)
	_, err := f.block(job.Steps)
	var out Outcome
	if err == nil && job.Output != nil {
		out.Output, err = f.value(slot{f.caller, slotResult, f.path}, job.Output)
	}
	f.deadline = outer
	out.settle(err)
	f.afterwards(job, &out)
	return out
}

// settle takes the first failure of a run.
func (o *Outcome) settle(err error) {
	if err == nil || o.Halt != nil {
		return
	}
	failure, isStep := err.(*steps.Error)
	switch {
	case !isStep:
		o.Halt = err
	case o.Error == nil:
		o.Error = failure
	}
}

// failure is what on_failure is for: that of a step, or that the run's time was up. Whoever cancels a run knows of it.
func (o *Outcome) failure() *steps.Error {
	var stopped *Stopped
	if errors.As(o.Halt, &stopped) && stopped.Reason.Kind == steps.Timeout {
		return stopped.Reason
	}
	return o.Error
}

// afterwards runs on_failure or on_success, and finally. What fails there fails a run that was well so far.
func (f *frame) afterwards(job *jobs.Job, out *Outcome) {
	if broken(out.Halt) {
		return
	}
	after := f.child(f.h, "")
	after.cleanup = true
	switch failure := out.failure(); {
	case failure != nil:
		after.names["error"] = f.errorValue(failure)
		after.deadline = Deadline{} // also where the time was up
		_, err := after.inside(f.path+EndKey(job, "/on_failure"), job.OnFailure)
		out.settle(err)
	case out.Halt == nil:
		_, err := after.inside(f.path+EndKey(job, "/on_success"), job.OnSuccess)
		out.settle(err)
	}
	after.deadline = Deadline{}
	_, err := after.inside(f.path+EndKey(job, "/finally"), job.Finally)
	out.settle(err)
	f.adopt(after)
}

// broken says whether an error ends a run in such a way that it may go on later just here: nothing is tidied up then.
func broken(err error) bool {
	var stopped *Stopped
	var failure *steps.Error
	return err != nil && !errors.As(err, &stopped) && !errors.As(err, &failure)
}

// EndKey is where the keys of the steps at the end of a job start: apart from those of a step with such an id.
func EndKey(job *jobs.Job, key string) string {
	for _, s := range job.Steps {
		if "/"+s.Segment == key {
			return key + ":job"
		}
	}
	return key
}

// frame is one branch of a run at one depth: the names that its expressions see, and where its keys start.
type frame struct {
	h        Host
	names    map[string]any
	results  map[string]any // steps.ID
	path     string
	depth    int
	item     bool
	turns    bool // in an item of a loop
	cleanup  bool
	deadline Deadline
	mask     func(string)
	hide     func(string) string
	job      string // whose steps they are
	states   saves  // what is saved as this branch sees it; it is not changed but replaced
	saved    saves  // what was saved in this branch
	open     *opened
	redo     bool // failures that were tolerated are tried again
	places   *places
	caller   *jobs.Step // that calls the job whose steps they are; nil for the run's own
}

func newFrame(h Host, job *jobs.Job, given Given) *frame {
	f := &frame{h: h, mask: given.Mask, hide: given.Hide, results: map[string]any{}, saved: saves{}, open: &opened{}, job: job.Name, depth: -1, redo: given.Redo}
	f.states = saves{job.Name: given.State}
	maps.Copy(f.states, given.States)
	f.names = map[string]any{
		"inputs": given.Inputs, "state": given.State, "run": given.Run,
		"env": given.Env, "secret": given.Secrets, "steps": f.results,
	}
	for _, s := range job.Steps {
		if s.ID != "" {
			f.results[s.ID] = map[string]any{"output": nil, "skipped": true}
		}
	}
	return f
}

// child is a frame below this one: it sees what this one sees, and adds names without being seen.
func (f *frame) child(h Host, path string) *frame {
	c := *f
	c.h = h
	c.path = f.path + path
	c.names = maps.Clone(f.names)
	c.results = maps.Clone(f.results)
	c.names["steps"] = c.results
	return &c
}

// block runs steps one after the other, and gives the last output.
func (f *frame) block(list []*jobs.Step) (any, error) {
	f.depth++
	defer func() { f.depth-- }()
	var last any
	for _, s := range list {
		var err error
		if last, err = f.step(s); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// eval evaluates data, and lets the mask know what of it was computed from a secret.
func (f *frame) eval(t *jobs.Template) (any, error) {
	if t == nil {
		return nil, nil
	}
	if err := f.maskDerived(t.Derived(f.names)); err != nil {
		return nil, err
	}
	return t.Eval(f.names)
}

func (f *frame) maskDerived(texts []string, err error) error {
	for _, text := range texts {
		f.mask(text)
	}
	return err
}

// errorValue is `error` as expressions see it. Its message has its secrets masked: it is made to be sent to someone.
func (f *frame) errorValue(e *steps.Error) map[string]any {
	value := map[string]any{
		"kind": e.Kind, "message": f.hide(e.Message), "step": e.Step,
		"status": nil, "attempts": e.Attempts, "fault": nil,
	}
	if e.Status != 0 {
		value["status"] = e.Status
	}
	maps.Copy(value, e.Fields)
	return value
}
