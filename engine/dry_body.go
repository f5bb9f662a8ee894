package engine

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// body tells what a step's kind would do.
func (f *dryFrame) body(s *jobs.Step, line *DryStep) dryValue {
	switch b := s.Body.(type) {
	case *jobs.Call:
		return f.call(s, b, line)
	case *jobs.Set:
		return line.told(f, f.eval(b.Values))
	case *jobs.Save:
		return f.save(b, line)
	case *jobs.Log:
		return line.told(f, f.text(b.Message))
	case *jobs.Fail:
		return f.fail(s, b, line)
	case *jobs.Wait:
		return f.wait(b, line)
	case *jobs.RunJob:
		return f.runJob(b, line)
	}
	return f.inBlock(s, line)
}

// inBlock goes through the steps inside a step.
func (f *dryFrame) inBlock(s *jobs.Step, line *DryStep) dryValue {
	switch b := s.Body.(type) {
	case *jobs.Block:
		return f.inside(line.Key, b.Steps)
	case *jobs.Foreach:
		return f.foreach(s, b, line)
	case *jobs.Parallel:
		return f.parallel(b, line)
	case *jobs.Repeat:
		return f.repeat(s, b, line)
	case *jobs.Switch:
		return f.choose(b, line)
	case *jobs.Try:
		return f.try(s, b, line)
	}
	return dryValue{err: &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("a dry run knows no %T", s.Body)}}
}

// told says what a step gives, and gives it.
func (s *DryStep) told(f *dryFrame, v dryValue) dryValue {
	s.tell(f, v)
	return v
}

// save keeps values for the steps after it, and nowhere else.
func (f *dryFrame) save(b *jobs.Save, line *DryStep) dryValue {
	v := line.told(f, f.eval(b.Values))
	values, _ := v.value.(map[string]any)
	maps.Copy(f.states[f.job.Name], values)
	for name := range values {
		delete(f.saved, f.job.Name+"."+name)
	}
	if named, isMap := b.Values.Known().(steps.Pairs); isMap && v.why != "" {
		for _, e := range named {
			f.saved[f.job.Name+"."+e.Key] = v.why
		}
	}
	return v
}

func (f *dryFrame) fail(s *jobs.Step, b *jobs.Fail, line *DryStep) dryValue {
	v := f.text(b.Message)
	if text, known := v.value.(string); !known {
		line.tell(f, v)
	} else {
		line.Status, line.Error = DryFailed, f.masked(&steps.Error{Kind: steps.BadInput, Message: text})
	}
	return dryValue{why: "the run goes on after " + s.Label(), stop: true}
}

func (f *dryFrame) wait(b *jobs.Wait, line *DryStep) dryValue {
	if why := f.lacks(b.Uses()...); why != "" {
		return line.told(f, dryValue{why: why})
	}
	length, until, err := b.Over(f.names)
	v := dryValue{err: asFailure(err)}
	line.tell(f, v)
	switch {
	case err != nil:
	case until.IsZero():
		line.Message = also(line.Message, jobs.FormatDuration(length))
	default:
		line.Message = also(line.Message, "until "+until.Format(time.RFC3339))
	}
	return v
}

// runJob goes through the steps of another job.
func (f *dryFrame) runJob(b *jobs.RunJob, line *DryStep) dryValue {
	given := f.eval(b.Inputs)
	if given.err != nil {
		return given
	}
	inputs := map[string]any{}
	if given.why == "" {
		var err error
		if inputs, err = b.Check(given.value); err != nil {
			return dryValue{err: asFailure(err)}
		}
	}
	run, _ := f.names["run"].(map[string]any)
	run = maps.Clone(run)
	run["job"] = b.Job.Name
	c := f.dry.frame(b.Job, map[string]any{"inputs": inputs, "run": run, "env": f.names["env"], "secret": f.names["secret"]})
	c.path, c.depth = line.Key, f.depth+1
	if given.why != "" {
		c.open["inputs"] = given.why
	}
	return c.all()
}

// foreach goes through the first item of a loop.
func (f *dryFrame) foreach(s *jobs.Step, b *jobs.Foreach, line *DryStep) dryValue {
	c := f.child(line.Key + "[…]")
	in := f.items(s, b, line)
	list, _ := in.value.([]any)
	switch {
	case in.err != nil:
		return in
	case in.why != "":
		c.open[b.As] = in.why
		if b.Index != "" {
			c.open[b.Index] = in.why
		}
	case len(list) == 0:
		line.Status, line.Message = DryDone, also(line.Message, "no items")
		return dryValue{value: []any{}, names: map[string]any{"total": 0, "succeeded": 0, "failed": 0}}
	default:
		line.Message = also(line.Message, shownOf(len(list)))
		c.names[b.As] = list[0]
		if b.Index != "" {
			c.names[b.Index] = 0
		}
		c.path = line.Key + "[" + c.nameOf(b) + "]"
	}
	last := c.block(b.Steps)
	if last.stop && b.Tolerate.Allows(1, max(len(list), 1)) {
		last.stop = false
	}
	if last.why == "" {
		last.why = "the end of " + s.Label()
	}
	return dryValue{why: last.why, stop: last.stop}
}

func shownOf(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("the first of %d items", n)
}

// items gives the list that a loop goes over. Of a request in its place the first page is asked for.
func (f *dryFrame) items(s *jobs.Step, b *jobs.Foreach, line *DryStep) dryValue {
	if b.Source != nil {
		got := f.call(b.Source, b.Source.Body.(*jobs.Call), line)
		if got.why != "" && line.Status == DrySends {
			got.why = "the answer to " + s.Label()
		}
		return got
	}
	v := f.eval(b.In)
	switch {
	case v.err != nil:
		return v
	case v.why != "":
		line.Message = also(line.Message, "for each item of a list that is not known before "+v.why)
		return v
	}
	list, err := flow.ItemsOf(b, v.value)
	return dryValue{value: list, err: asFailure(err)}
}

// nameOf is the name of the first item.
func (f *dryFrame) nameOf(b *jobs.Foreach) string {
	if b.Key != nil {
		if text, known := f.text(b.Key).value.(string); known {
			return f.Redactor.Text(text)
		}
	}
	return "0"
}

func (f *dryFrame) parallel(b *jobs.Parallel, line *DryStep) dryValue {
	all := dryValue{}
	outputs := make(map[string]any, len(b.Branches))
	for _, branch := range b.Branches {
		got := f.inside(line.Key+"/branch:"+branch.Name, branch.Steps)
		outputs[branch.Name] = got.value
		all.stop = all.stop || got.stop
		if all.why == "" {
			all.why = got.why
		}
	}
	all.value = outputs
	return all
}

// repeat goes through the first round.
func (f *dryFrame) repeat(s *jobs.Step, b *jobs.Repeat, line *DryStep) dryValue {
	c := f.child(line.Key + "[1]")
	line.Message = also(line.Message, "the first round")
	if b.Index != "" {
		c.names[b.Index] = 0
	}
	for _, carried := range b.Carry {
		v := f.eval(carried.Initial)
		if v.err != nil {
			return v
		}
		if c.names[carried.Name] = v.value; v.why != "" {
			c.open[carried.Name] = v.why
		}
	}
	last := c.block(b.Steps)
	if last.stop || last.why != "" {
		return last
	}
	over := false
	if b.Until != nil {
		holds, why, err := c.holds(b.Until)
		if err != nil {
			return dryValue{err: asFailure(err)}
		}
		over = holds && why == ""
	}
	if !over {
		last = dryValue{why: "the last round of " + s.Label()}
	}
	return last
}

// choose goes through the branch that is taken, or through all that may be.
func (f *dryFrame) choose(b *jobs.Switch, line *DryStep) dryValue {
	unsure := ""
	for i, c := range b.Cases {
		holds, why, err := f.holds(c.When)
		if err != nil {
			return dryValue{err: asFailure(err)}
		}
		if why == "" && !holds {
			continue
		}
		key := line.Key + "/case:" + strconv.Itoa(i+1)
		switch {
		case why != "":
			line.Message = also(line.Message, fmt.Sprintf("case %d if %s, which is not known before %s", i+1, c.When.Source(), why))
		case unsure != "":
			line.Message = also(line.Message, fmt.Sprintf("else case %d", i+1))
		}
		got := f.inside(key, c.Steps)
		if unsure == "" {
			unsure = why
		}
		if why == "" {
			if unsure != "" {
				return dryValue{why: unsure}
			}
			return got
		}
	}
	return dryValue{why: unsure}
}

// try goes through its steps, and those at its end. A catch is for failures, of which nothing is known.
func (f *dryFrame) try(s *jobs.Step, b *jobs.Try, line *DryStep) dryValue {
	got := f.inside(line.Key+"/try", b.Steps)
	if got.stop && len(b.Catch) > 0 {
		got = dryValue{why: "the catch of " + s.Label()}
	}
	f.inside(line.Key+"/finally", b.Finally)
	return got
}
