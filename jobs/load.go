package jobs

import (
	"path/filepath"
	"strings"
	"unicode"

	"snrun/jobs/source"
	"snrun/steps"
)

// jobFields are the keys of a job file.
func jobFields() []steps.Field {
	block := steps.Of(steps.Block)
	return []steps.Field{
		{Name: "version", Required: true, Static: true, Type: steps.Of(steps.Int), Example: "1", Doc: "The version of the job language: 1."},
		{Name: "name", Static: true, Type: steps.Of(steps.Text), Example: "incident_sync", Doc: "The job's name: letters, digits, `_` and `-`. Default: the file's base name."},
		{Name: "description", Static: true, Type: steps.Of(steps.Text), Doc: "What the job is for."},
		{Name: "inputs", Static: true, Type: steps.MapOf(steps.Of(steps.Any)), Example: "{priority: {type: integer, default: 1}}", Doc: "What a run is given: a JSON Schema per input, checked before the run starts. An input without `default` must be given."},
		{Name: "state", Static: true, Type: steps.MapOf(steps.ObjectOf(stateFields()...)), Example: "{since: {initial: \"2026-01-01 00:00:00\"}}", Doc: "The values that are remembered between runs of this job; `save` sets them."},
		{Name: "schedule", Static: true, Type: steps.EitherOf(steps.ListOf(steps.ObjectOf(scheduleFields()...)), steps.ObjectOf(scheduleFields()...)), Doc: "When the job runs by itself: none, one or several."},
		{Name: "timeout", Static: true, Type: steps.Of(steps.Duration), Example: "10m", Doc: "How long a run may take in all."},
		{Name: "on_interrupt", Static: true, Type: steps.OneOf("resume", "fail"), Default: "resume", Example: "fail", Doc: "What the daemon does with a run that a crash or its own end interrupted: it goes on with it, where no call is in doubt (`resume`), or puts it down as failed (`fail`), which is told like any failure, but carries out neither `on_failure` nor `finally`."},
		{Name: "steps", Required: true, Type: block, Doc: "What the job does, in order."},
		{Name: "output", Type: steps.Of(steps.Any), Example: "{alerts: \"${steps.alerts.succeeded}\"}", Doc: "What a run gives: printed by `snrun run` as one JSON document."},
		{Name: "on_failure", Type: block, Doc: "Steps for when the run failed or its time was up, but not for one that was cancelled; `error` is in scope."},
		{Name: "on_success", Type: block, Doc: "Steps for when the run succeeded."},
		{Name: "finally", Type: block, Doc: "Steps for the end of every run, also a cancelled one."},
	}
}

func stateFields() []steps.Field {
	return []steps.Field{{Name: "initial", Required: true, Static: true, Type: steps.Of(steps.Any), Doc: "The value before the first `save`; null is a value too."}}
}

// job reads a job file.
func (d *decoder) job(file string, data []byte) *Job {
	root := d.root(file, data)
	if root == nil {
		return nil
	}
	m, ok := d.mapping(root, jobFields(), "a job")
	if !ok {
		return nil
	}
	d.version(m)
	j := &Job{File: fullPath(file), Text: string(data), Name: d.jobName(file, m)}
	if n := m.get("description"); n != nil {
		j.Description, _ = d.staticValue(n, steps.Field{Name: "description", Type: steps.Of(steps.Text)}).(string)
	}
	j.Inputs = d.inputs(m.get("inputs"))
	j.State = d.stateValues(m.given("state"))
	j.Schedules = d.schedules(m.given("schedule"), j.Inputs)
	if n := m.get("timeout"); n != nil {
		j.Timeout = d.duration(n, "timeout")
	}
	j.OnInterrupt = "resume"
	if n := m.get("on_interrupt"); n != nil {
		if text, _ := d.staticValue(n, *fieldNamed(jobFields(), "on_interrupt")).(string); text != "" {
			j.OnInterrupt = text
		}
	}
	if d.file = file; d.chain == nil {
		d.chain = []link{{name: j.Name}}
	}
	d.indexIDs(m)
	d.flow(j, m)
	j.calls = d.calls
	j.Profiles = sortedKeys(d.used.profiles)
	j.Env = d.used.variables()
	return j
}

// flow reads the steps of a job, and what follows them.
func (d *decoder) flow(j *Job, m mapping) {
	scope := d.jobScope(j.Inputs)
	d.results = steps.Nothing()
	top := newBlock(nil)
	if n := m.given("steps"); n != nil {
		j.Steps, top = d.steps(n, "steps", nil, scope)
	}
	after := scope.With("steps", d.stepsShape(top))
	if n := m.get("output"); n != nil {
		j.Output = d.compile(n, after)
	}
	failed := after.With("error", errorShape())
	j.OnFailure = d.afterwards(m, "on_failure", top, failed)
	j.OnSuccess = d.afterwards(m, "on_success", top, after)
	j.Finally = d.afterwards(m, "finally", top, after)
	tracer{d.results}.branches(j.branches())
}

// afterwards reads the steps that follow those of the job.
func (d *decoder) afterwards(m mapping, key string, top *block, scope *Scope) []*Step {
	n := m.given(key)
	if n == nil {
		return nil
	}
	list, _ := d.steps(n, key, top, scope)
	return list
}

func (d *decoder) version(m mapping) {
	n := m.given("version")
	if n == nil {
		return
	}
	if version, ok := n.Value().(int); !ok || version != 1 {
		d.r.Errorf(n, "this snrun reads version 1 of the language, not %s", n.What()).Hint = "write version: 1"
	}
}

// jobName is the name given, else the file's.
func (d *decoder) jobName(file string, m mapping) string {
	if n := m.get("name"); n != nil {
		return d.title(n, "the name of a job")
	}
	name := baseName(file)
	if i := strings.IndexFunc(name, isHidden); i >= 0 {
		d.r.Errorf(m.node, "the file's name %q cannot be that of a job: it holds a character that does not print", name).Hint = "give the file another name, or the job one with `name:`"
	}
	return name
}

// baseName is the name of a file without its folder and its ending.
func baseName(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// isHidden says whether a character would end a line, act on a terminal or hide there.
func isHidden(r rune) bool { return !unicode.IsPrint(r) }

// inputs reads the schemas of the inputs, in which nothing is evaluated.
func (d *decoder) inputs(n *source.Node) *Inputs {
	if n != nil {
		if at, has := d.findExpression(n); has {
			d.r.Errorf(at, "inputs are read when the file is loaded, so they cannot hold an expression").Hint = "write the value itself"
		}
	}
	return CompileInputs(n, d.r)
}

func (d *decoder) stateValues(n *source.Node) []StateValue {
	d.state = map[string]bool{}
	if n == nil {
		return nil
	}
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "state must be a mapping of names, not %s", n.What()).Hint = "write `state: {since: {initial: …}}`"
		return nil
	}
	var values []StateValue
	for _, e := range d.entries(n) {
		d.state[e.Key] = true
		d.identifier(e.Name, "a name under state")
		if in, ok := d.static(e.Value, stateFields(), "state."+e.Key, nil); ok {
			values = append(values, StateValue{e.Key, in["initial"]})
		}
	}
	return values
}
