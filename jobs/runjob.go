package jobs

import (
	"fmt"
	"slices"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// RunJob runs another job of the project as a part of the run.
type RunJob struct {
	Job    *Job
	Inputs *Template // nil: none are given
}

func (*RunJob) body() {}

// Check gives the inputs of the job: those given, checked as a run's are, and the defaults of the others.
func (c *RunJob) Check(given any) (map[string]any, error) {
	values, isMap := given.(map[string]any)
	if given != nil && !isMap {
		return nil, &steps.Error{Kind: steps.BadInput, Message: "call.inputs must be a map, not " + Describe(given)}
	}
	checked, problems := c.Job.Inputs.Check(values)
	if len(problems) == 0 {
		return checked, nil
	}
	messages := make([]string, len(problems))
	for i := range problems {
		messages[i] = problems[i].Error()
	}
	return nil, &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("the inputs do not fit the job %s: %s", c.Job.Name, strings.Join(messages, "; "))}
}

func callFields() []steps.Field {
	return []steps.Field{
		{Name: "job", Required: true, Static: true, Type: steps.Of(steps.Text), Example: "close_incident", Doc: "The name of the job."},
		{Name: "inputs", Type: steps.Of(steps.Any), Example: "{priority: 1}", Doc: "Its inputs: a map. They are checked as those of a run are, when the file is loaded as far as they are known then."},
	}
}

// runJob reads a call of another job, and that job.
func (d *decoder) runJob(n *source.Node, scope *Scope) (Body, *Shape) {
	if n.Form() == source.Scalar && identifier.MatchString(n.Text()) {
		d.r.Errorf(n, "call must be a mapping, not %s", n.What()).Hint = fmt.Sprintf("write call: {job: %s}", n.Text())
		return nil, AnyShape()
	}
	m, ok := d.mapping(n, callFields(), "call")
	if !ok {
		return nil, AnyShape()
	}
	c := &RunJob{}
	given := m.given("inputs")
	if given != nil {
		c.Inputs = d.compile(given, scope)
	}
	name := m.given("job")
	if name == nil {
		return nil, AnyShape()
	}
	text, _ := d.staticValue(name, callFields()[0]).(string)
	if text == "" {
		return nil, AnyShape()
	}
	if c.Job = d.calledJob(name, text, d.secretInputs(given, c.Inputs, scope)); c.Job == nil {
		return nil, AnyShape()
	}
	d.checkGiven(n, given, c, scope)
	if c.Job.Output == nil {
		return c, NullShape()
	}
	return c, c.Job.Output.Shape()
}

// secretInputs names the inputs that are computed from a secret, "*" for all of them.
func (d *decoder) secretInputs(given *source.Node, t *Template, scope *Scope) []string {
	if !t.readsSecret() {
		return nil
	}
	if given.Form() != source.Mapping {
		return []string{"*"}
	}
	var names []string
	for _, e := range d.entries(given) {
		if CompileTemplate(e.Value, scope, &source.Report{}).readsSecret() {
			names = append(names, e.Key)
		}
	}
	slices.Sort(names)
	return names
}

// checkGiven reports what can be known to be wrong with the inputs before they are given.
func (d *decoder) checkGiven(n, given *source.Node, c *RunJob, scope *Scope) {
	inputs := c.Job.Inputs
	found := map[string]bool{}
	switch {
	case given == nil:
		given = n
	case given.Form() == source.Mapping:
		for _, e := range d.entries(given) {
			found[d.checkInput(e, inputs, scope)] = true
		}
	default:
		if c.Inputs != nil && !c.Inputs.Shape().types.is(mapType) {
			d.r.Errorf(given, "inputs must be a mapping of names to values, not %s", c.Inputs.Shape().What())
		}
		return
	}
	for _, in := range inputs.All() {
		if !found[in.Name] && !in.HasDefault {
			hint := in.Description
			if hint == "" {
				hint = fmt.Sprintf("give it under inputs, or give it a default in %s", c.Job.File)
			}
			d.r.Errorf(given, "the job %s needs the input %s", c.Job.Name, in.Name).Hint = hint
		}
	}
}

// checkInput checks one input that is given, and names the one that is meant.
func (d *decoder) checkInput(e source.Entry, inputs *Inputs, scope *Scope) string {
	in := inputs.Find(e.Key)
	if in == nil {
		p := inputs.unknown(e.Key)
		d.r.Errorf(e.Name, "%s", p.Message).Hint = p.Hint
		return steps.Nearest(e.Key, inputs.Names())
	}
	t := CompileTemplate(e.Value, scope, &source.Report{}) // its mistakes are reported with the whole
	switch {
	case t == nil:
	case !t.Constant():
		if takes := in.takes(); !t.Shape().types.is(takes) {
			d.r.Errorf(e.Value, "%s: this is %s, and the input takes %s", in.Name, t.Shape().What(), typeWords(in.types()))
		}
	default:
		v, _ := t.Eval(nil)
		for _, p := range in.check(v) {
			d.r.Errorf(nodeBelow(e.Value, p.location), "%s", p.Message).Hint = p.Hint
		}
	}
	return in.Name
}

// takes are the types of the values that can fit the input. A time and a duration are given as text.
func (in *Input) takes() typeSet {
	if len(in.types()) == 0 {
		return anyType
	}
	var all typeSet
	for _, name := range in.types() {
		all |= map[string]typeSet{
			"string": textType | timeType | spanType | otherType, "integer": numberType, "number": numberType, "boolean": boolType,
			"array": listType, "object": mapType, "null": nullType,
		}[name]
	}
	return all
}
