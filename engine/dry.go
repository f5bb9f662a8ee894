package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// DryStep is what one step would do in a run. Whatever in it is text has its secrets masked.
type DryStep struct {
	Key, ID, Name, Kind string
	Depth               int // how many steps stand around it
	Status              DryStatus
	Message             string // what more is to be known: why something is not known, how many items there are
	Value               any    // what a step gives or saves that sends nothing
	Requests            []DryRequest
	Error               *steps.Error // of DryFailed
}

// DryRequest is a request that a step would send.
type DryRequest struct {
	steps.Exchange        // without an answer, and its headers without a sign-in
	SignIn         string // how the profile would sign it in, "" for not at all
	Fetched        bool   // it was made: without what it fetches nobody could tell what would be sent
}

// DryStatus says what is known of a step beforehand.
type DryStatus string

// A step of which nothing is to be said has none: a block.
const (
	DrySends   DryStatus = "sends"   // its requests are known
	DryDone    DryStatus = "ok"      // it sends nothing, and its value is known
	DrySkipped DryStatus = "skipped" // its condition does not hold
	DryUnknown DryStatus = "unknown" // it needs an answer that is not there
	DryFailed  DryStatus = "failed"  // it would fail: Error says why
)

// DryRun tells what a run would do, step by step, as far as that is known without an answer: nothing is sent, saved or recorded. Of
// loops it goes through the first item, of rounds the first. Config.Clients must be such that send nothing but what
// steps.IsLookup is for. Values that an answer would give are not known, nor what is computed of them. The error is the
// context's, or that of a journal that cannot be read.
func (e *Engine) DryRun(ctx context.Context, req Request) ([]*DryStep, error) {
	b, x := e.newExecution(req, time.Now())
	var err error
	if b.states, err = x.readStates(); err != nil {
		return nil, err
	}
	x.ctx = ctx
	given := x.given(b)
	d := &dry{execution: x, states: given.States, saved: map[string]string{}}
	f := d.frame(req.Job, map[string]any{
		"inputs": given.Inputs, "run": given.Run, "env": given.Env, "secret": given.Secrets,
	})
	out := f.all()
	if req.Job.Output != nil && !out.stop {
		d.steps = append(d.steps, f.shown("/output", "output", out))
	}
	return d.steps, context.Cause(ctx)
}

// dry is a run that sends nothing.
type dry struct {
	*execution
	steps  []*DryStep
	states map[string]map[string]any // by job, as they would be saved
	saved  map[string]string         // the state values of a job, "job.name", that are not known, and what comes before
}

// dryFrame is one branch of it: the names that its expressions see, and those of which the values are not known.
type dryFrame struct {
	*dry
	job     *jobs.Job
	names   map[string]any
	results map[string]any
	open    map[string]string // "steps.ID" or a name: what must come before its value is known
	path    string
	depth   int
}

// dryValue is a value, or what must come before it is known.
type dryValue struct {
	value any
	names map[string]any // beside it in `steps.ID`
	why   string
	err   *steps.Error // it cannot be had
	stop  bool         // the run would surely end here
}

// frame is the outermost one of a job.
func (d *dry) frame(job *jobs.Job, names map[string]any) *dryFrame {
	f := &dryFrame{dry: d, job: job, names: names, results: map[string]any{}, open: map[string]string{}}
	names["steps"], names["state"] = f.results, d.states[job.Name]
	for _, s := range job.Steps {
		if s.ID != "" {
			f.results[s.ID] = map[string]any{"output": nil, "skipped": true}
		}
	}
	return f
}

// child is a frame below this one.
func (f *dryFrame) child(path string) *dryFrame {
	c := *f
	c.path, c.depth = path, f.depth+1
	c.names, c.results, c.open = maps.Clone(f.names), maps.Clone(f.results), maps.Clone(f.open)
	c.names["steps"] = c.results
	return &c
}

// all goes through the steps of a job, and gives its output.
func (f *dryFrame) all() dryValue {
	last := f.block(f.job.Steps)
	out := dryValue{stop: last.stop}
	if f.job.Output != nil && !last.stop {
		out = f.eval(f.job.Output)
	}
	if !last.stop {
		f.end("/on_success", f.job.OnSuccess)
	}
	f.end("/finally", f.job.Finally)
	return out
}

// end goes through steps at the end of a job.
func (f *dryFrame) end(key string, list []*jobs.Step) {
	c := f.child(f.path + flow.EndKey(f.job, key))
	c.depth = f.depth
	c.block(list)
}

// inside goes through the steps in a step.
func (f *dryFrame) inside(path string, list []*jobs.Step) dryValue { return f.child(path).block(list) }

// block goes through steps one after the other, to the one that would end the run.
func (f *dryFrame) block(list []*jobs.Step) dryValue {
	var last dryValue
	for _, s := range list {
		if last = f.step(s); last.stop || f.ctx.Err() != nil {
			return last
		}
	}
	return last
}

// step goes through one step.
func (f *dryFrame) step(s *jobs.Step) dryValue {
	line := &DryStep{Key: f.path + "/" + s.Segment, ID: s.ID, Name: s.Name, Kind: s.Kind.Name, Depth: f.depth}
	f.steps = append(f.steps, line)
	sure := ""
	if s.If != nil {
		holds, why, err := f.holds(s.If)
		switch {
		case err != nil:
			return f.see(s, f.failed(line, s, err))
		case why == "" && !holds:
			line.Status = DrySkipped
			return f.see(s, dryValue{names: map[string]any{"skipped": true}})
		case why != "":
			sure = why
			line.Message = "if " + s.If.Source() + ", which is not known before " + why
		}
	}
	got := f.ownOutput(s, f.body(s, line))
	if got.err != nil {
		got = f.failed(line, s, got.err)
	}
	if sure != "" {
		if got = (dryValue{why: sure}); line.Status == DryDone {
			line.Status = DryUnknown
		}
	}
	return f.see(s, got)
}

// failed says that a step cannot do what it is to do. What comes after it is looked at all the same.
func (f *dryFrame) failed(line *DryStep, s *jobs.Step, err error) dryValue {
	failure, isStep := err.(*steps.Error)
	if !isStep {
		failure = &steps.Error{Kind: steps.BadInput, Message: err.Error()}
	}
	line.Status, line.Error = DryFailed, f.masked(failure)
	return dryValue{why: "the mistake in " + s.Label() + " is mended"}
}

// see makes a result visible to the steps after it.
func (f *dryFrame) see(s *jobs.Step, got dryValue) dryValue {
	if s.ID == "" {
		return got
	}
	delete(f.open, "steps."+s.ID)
	if got.why != "" {
		f.open["steps."+s.ID] = got.why
		return got
	}
	value := map[string]any{"skipped": false}
	maps.Copy(value, got.names)
	value["output"] = got.value
	f.results[s.ID] = value
	return got
}

// ownOutput gives a step's own output in place of the kind's.
func (f *dryFrame) ownOutput(s *jobs.Step, got dryValue) dryValue {
	if s.Output == nil || got.why != "" || got.err != nil || got.stop {
		return got
	}
	c := f.child(f.path)
	c.see(s, got)
	out := c.eval(s.Output)
	out.names = got.names
	return out
}

// holds evaluates a condition, where it is known.
func (f *dryFrame) holds(e *jobs.Expr) (holds bool, why string, err error) {
	if e == nil {
		return true, "", nil
	}
	if why = f.lacks(e.Uses()); why != "" {
		return false, why, nil
	}
	holds, err = e.Bool(f.names)
	return holds, "", err
}

// eval evaluates data, where it is known, and lets the mask know what of it was computed from a secret.
func (f *dryFrame) eval(t *jobs.Template) dryValue {
	if t == nil {
		return dryValue{}
	}
	if why := f.lacks(t.Uses()); why != "" {
		return dryValue{why: why}
	}
	err := f.maskDerived(t.Derived(f.names))
	if err != nil {
		return dryValue{err: asFailure(err)}
	}
	v, err := t.Eval(f.names)
	return dryValue{value: v, err: asFailure(err)}
}

// text evaluates a message.
func (f *dryFrame) text(t *jobs.Template) dryValue {
	v := f.eval(t)
	if v.why != "" || v.err != nil {
		return v
	}
	text, _, err := t.Text(f.names)
	return dryValue{value: text, err: asFailure(err)}
}

func (f *dryFrame) maskDerived(texts []string, err error) error {
	for _, text := range texts {
		f.Redactor.AddDerived(text)
	}
	return err
}

func asFailure(err error) *steps.Error {
	if err == nil {
		return nil
	}
	if failure, isStep := err.(*steps.Error); isStep {
		return failure
	}
	return &steps.Error{Kind: steps.BadInput, Message: err.Error()}
}

// lacks gives what must come before the values that expressions read, "" where all are known.
func (f *dryFrame) lacks(uses ...*jobs.Uses) string {
	for _, u := range uses {
		for _, name := range u.Names() {
			if why := f.lacksOf(name, u.Fields(name)); why != "" {
				return why
			}
		}
	}
	return ""
}

func (f *dryFrame) lacksOf(name string, fields []string) string {
	open, prefix := f.open, name+"."
	if name == "state" {
		open, prefix = f.saved, f.job.Name+"."
	}
	if why := f.open[name]; why != "" {
		return why
	}
	for _, field := range fields {
		if why := open[prefix+field]; why != "" {
			return why
		}
		if field != "*" {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(open)) {
			if strings.HasPrefix(key, prefix) {
				return open[key]
			}
		}
	}
	return ""
}

// shown is a line about a value.
func (f *dryFrame) shown(key, kind string, v dryValue) *DryStep {
	line := &DryStep{Key: key, Kind: kind, Depth: f.depth}
	line.tell(f, v)
	return line
}

// tell says what a step gives that sends nothing.
func (s *DryStep) tell(f *dryFrame, v dryValue) {
	switch {
	case v.err != nil:
		s.Status, s.Error = DryFailed, f.masked(v.err)
	case v.why != "":
		s.Status, s.Message = DryUnknown, also(s.Message, "not known before "+v.why)
	default:
		s.Status, s.Value = DryDone, f.Redactor.Value(v.value)
	}
}

// also joins what is to be said of a step.
func also(text, more string) string {
	if text == "" {
		return more
	}
	return fmt.Sprintf("%s; %s", text, more)
}
