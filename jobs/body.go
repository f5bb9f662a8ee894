package jobs

import (
	"fmt"

	"snrun/jobs/source"
	"snrun/steps"
)

// body reads what stands under the kind's key, and beside it. The shape is that of the output.
func (d *decoder) body(s *Step, m mapping, b *block, scope *Scope) (Body, *Shape) {
	n := m.get(s.Kind.Name)
	if s.Kind.Run != nil {
		return d.call(s.Kind, n, scope)
	}
	switch s.Kind.Name {
	case "set":
		return d.set(n, scope)
	case "save":
		return d.save(n, scope)
	case "log":
		return &Log{d.message(n, "log", scope)}, TextShape()
	case "fail":
		return &Fail{d.message(n, "fail", scope)}, NullShape()
	case "steps":
		list, inside := d.steps(n, "steps", b, scope)
		return &Block{list}, inside.last
	case "foreach":
		return d.foreach(n, b, scope)
	case "parallel":
		return d.parallel(n, b, scope)
	case "repeat":
		return d.repeat(n, b, scope)
	case "call":
		return d.runJob(n, scope)
	case "wait":
		return d.wait(n, scope), NullShape()
	case "switch":
		return &Switch{d.cases(n, "switch", b, scope)}, AnyShape()
	}
	return d.try(m, b, scope), AnyShape()
}

func (d *decoder) set(n *source.Node, scope *Scope) (Body, *Shape) {
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "set takes a mapping of names to values, not %s", n.What()).Hint = "write set: {name: value}"
		return nil, AnyShape()
	}
	t := d.compile(n, scope)
	if t == nil {
		return nil, AnyShape()
	}
	return &Set{t}, t.Shape()
}

func (d *decoder) save(n *source.Node, scope *Scope) (Body, *Shape) {
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "save takes a mapping of state names to values, not %s", n.What()).Hint = "write save: {name: value}"
		return nil, AnyShape()
	}
	for _, e := range d.entries(n) {
		if !d.state[e.Key] {
			d.r.Errorf(e.Name, "%q is not declared under state", e.Key).Hint = d.stateHint(e.Key)
		}
	}
	t := d.compile(n, scope)
	if t == nil {
		return nil, AnyShape()
	}
	if t.Uses().Secret {
		d.savesSecret(n, scope)
	}
	return &Save{t}, t.Shape()
}

// savesSecret reports the values that are computed from secrets.
func (d *decoder) savesSecret(n *source.Node, scope *Scope) {
	for _, e := range d.entries(n) {
		if CompileTemplate(e.Value, scope, &source.Report{}).Uses().Secret {
			d.r.Errorf(e.Value, "state.%s would hold a secret: state is kept in plain text", e.Key).Hint = "read the secret where it is used instead"
		}
	}
}

func (d *decoder) stateHint(name string) string {
	if hint := steps.Hint(name, sortedKeys(d.state)); hint != "" {
		return hint
	}
	return fmt.Sprintf("add `state: {%s: {initial: …}}` to the job", name)
}

// message reads the text of a log or fail step.
func (d *decoder) message(n *source.Node, kind string, scope *Scope) *Template {
	if n.Form() != source.Scalar || n.IsNull() {
		d.r.Errorf(n, "%s takes a message, not %s", kind, n.What()).Hint = fmt.Sprintf("write %s: a text, which may hold ${ }", kind)
		return nil
	}
	return d.text(n, kind, scope)
}

// cases reads branches of `when` and `steps`.
func (d *decoder) cases(n *source.Node, what string, b *block, scope *Scope) []Case {
	if n.Form() != source.List || len(n.Items()) == 0 {
		d.r.Errorf(n, "%s must be a list of branches, not %s", what, emptyOr(n)).Hint = "write each branch as - {when: …, steps: […]}"
		return nil
	}
	items := n.Items()
	cases := make([]Case, 0, len(items))
	for i, item := range items {
		if d.isStep(item) {
			d.r.Errorf(item, "a branch of %s has its steps under `steps`; this is a step itself", what).Hint = "write - steps: and the step below it"
			continue
		}
		if c, ok := d.oneCase(item, what, b, scope); ok {
			cases = append(cases, c)
			if c.When == nil && child(item, "when") == nil && i < len(items)-1 {
				d.r.Errorf(item, "this branch has no `when`, so the branches after it are never taken").Hint = "put it last, or give it a condition"
			}
		}
	}
	return cases
}

func emptyOr(n *source.Node) string {
	if n.Form() == source.List {
		return "an empty list"
	}
	return n.What()
}

// isStep says whether a node has a kind of step where a branch should be.
func (d *decoder) isStep(n *source.Node) bool {
	for _, e := range d.entries(n) {
		if e.Key != "steps" && d.kinds[e.Key] != nil {
			return true
		}
	}
	return false
}

func (d *decoder) oneCase(n *source.Node, what string, b *block, scope *Scope) (Case, bool) {
	m, ok := d.mapping(n, caseType().Elem.Fields, "a branch of "+what)
	if !ok {
		return Case{}, false
	}
	var c Case
	if when := m.get("when"); when != nil {
		c.When = d.cond(when, scope)
	}
	if list := m.given("steps"); list != nil {
		c.Steps, _ = d.steps(list, "steps", b, scope)
	}
	return c, true
}

func (d *decoder) try(m mapping, b *block, scope *Scope) Body {
	t := &Try{}
	t.Steps, _ = d.steps(m.get("try"), "try", b, scope)
	catch, finally := m.get("catch"), m.get("finally")
	if catch != nil {
		t.Catch = d.cases(catch, "catch", b, scope.With("error", errorShape()))
	}
	if finally != nil {
		t.Finally, _ = d.steps(finally, "finally", b, scope)
	}
	if catch == nil && finally == nil {
		d.r.Errorf(m.entry("try").Name, "try needs a `catch` or a `finally` beside it").Hint = "write `steps` for a plain block"
	}
	return t
}
