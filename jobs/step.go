package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// stepFields are the keys that every step may have beside its kind.
func stepFields() []steps.Field {
	return []steps.Field{
		{Name: "id", Type: steps.Of(steps.Bind), Static: true, Example: "incidents", Doc: "The name by which later steps refer to this one, as `steps.ID`. Unique in the job: `[a-z][a-z0-9_]*`."},
		{Name: "name", Type: steps.Of(steps.Text), Static: true, Doc: "What people read in the run's history instead of the id."},
		{Name: "if", Type: steps.Of(steps.Condition), Example: "len(steps.incidents.output) > 0", Doc: "The step is skipped where this does not hold."},
		{Name: "timeout", Type: steps.Of(steps.Duration), Static: true, Example: "90s", Doc: "How long the step may take in all, its retries included."},
		{Name: "retry", Type: retryType(), Static: true, Example: "5", Doc: "When and how the step is tried again."},
		{Name: "output", Type: steps.Of(steps.Any), Example: "${response.body.result}", Doc: "What `steps.ID.output` is instead of the kind's default. In a request step `response` is in scope, with what later steps see of the request, and its `body`."},
	}
}

// steps reads a list of steps, which stands under the key named. The scope is what they see of the blocks around them.
func (d *decoder) steps(n *source.Node, key string, parent *block, scope *Scope) ([]*Step, *block) {
	b := newBlock(parent)
	if n.Form() != source.List {
		d.r.Errorf(n, "%s must be a list of steps, not %s", key, n.What()).Hint = "begin each step with a dash"
		return nil, b
	}
	if len(n.Items()) == 0 {
		d.r.Errorf(n, "%s must have at least one step", key)
	}
	inner := scope.With("steps", d.stepsShape(b))
	list := make([]*Step, 0, len(n.Items()))
	for i, item := range n.Items() {
		if s := d.step(item, b, inner, i+1); s != nil {
			list = append(list, s)
		}
	}
	return list, b
}

// step reads the step at a position of its block, from 1, and makes its result visible to the steps after it.
func (d *decoder) step(n *source.Node, b *block, scope *Scope, position int) *Step {
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "a step must be a mapping, not %s", n.What()).Hint = "write a kind and what it takes, as in log: hello"
		return nil
	}
	kind := d.stepKind(n)
	if kind == nil {
		d.withoutKind(n, b, scope)
		return nil
	}
	m, _ := d.mapping(n, d.stepTable(kind), "a step of kind "+kind.Name)
	s := &Step{Kind: kind, Pos: n.Pos(), Segment: kind.Name + ":" + strconv.Itoa(position), Uses: &Uses{}}
	scope = scope.gathering(s.Uses)
	d.common(s, m, scope)
	defer d.ids.enter(s.ID)()
	body, shape := d.body(s, m, b, scope)
	s.Body = body
	b.see(s, shape, d.resultShape(s, shape))
	if output := m.get("output"); output != nil {
		d.ownOutput(s, output, b, scope)
	}
	return s
}

// stepTable are the keys of a step of a kind.
func (d *decoder) stepTable(kind *steps.Kind) []steps.Field {
	table := d.tables[kind.Name]
	if table == nil {
		table = append([]steps.Field{{Name: kind.Name, Type: kind.Takes}}, append(stepFields(), kind.Beside...)...)
		d.tables[kind.Name] = table
	}
	return table
}

// ownOutput reads a step's own output, which sees the result that the step has without it.
func (d *decoder) ownOutput(s *Step, n *source.Node, b *block, scope *Scope) {
	if s.Kind.Run != nil {
		scope = scope.With("response", givenShape(s.Kind, b.last))
	}
	shape := d.any
	if s.Output = d.compile(n, scope); s.Output != nil {
		shape = s.Output.Shape()
	}
	b.see(s, shape, d.resultShape(s, shape))
}

// stepKind finds the one key of a step that names its kind.
func (d *decoder) stepKind(n *source.Node) *steps.Kind {
	var kind *steps.Kind
	for _, e := range d.entries(n) {
		k := d.kinds[e.Key]
		switch {
		case k == nil:
		case kind != nil:
			d.r.Errorf(e.Name, "a step has one kind, and this has two: %s and %s", kind.Name, k.Name).Hint = "make two steps of it"
			return nil
		default:
			kind = k
		}
	}
	if kind == nil {
		d.noKind(n)
	}
	return kind
}

// noKind reports a step without a kind, at the key that was most likely meant to be one.
func (d *decoder) noKind(n *source.Node) {
	var likely *source.Node
	for _, e := range d.entries(n) {
		near := steps.Nearest(e.Key, d.kinds.Names())
		switch {
		case fieldNamed(stepFields(), e.Key) != nil:
		case near != "":
			d.r.Errorf(e.Name, "unknown kind of step %q", e.Key).Hint = fmt.Sprintf("did you mean %q?", near)
			return
		case likely == nil:
			likely = e.Name
		}
	}
	kinds := "the kinds are " + strings.Join(d.kinds.Names(), ", ")
	if likely != nil {
		d.r.Errorf(likely, "unknown kind of step %q", likely.Text()).Hint = kinds
		return
	}
	d.r.Errorf(n, "this step has no kind, so it does nothing").Hint = kinds
}

// withoutKind reads what can be read of a step whose kind is not known, so that nothing else is reported for its sake.
func (d *decoder) withoutKind(n *source.Node, b *block, scope *Scope) {
	s := &Step{Kind: &steps.Kind{}}
	d.common(s, mapping{node: n, entries: d.entries(n)}, scope)
	if s.ID != "" {
		b.shapes[s.ID] = AnyShape()
	}
}

// common reads the keys that every step may have, but for output.
func (d *decoder) common(s *Step, m mapping, scope *Scope) {
	if id := m.get("id"); id != nil {
		if s.ID = d.identifier(id, "an id"); s.ID != "" {
			s.Segment = s.ID
		}
	}
	if name := m.get("name"); name != nil {
		s.Name, _ = d.staticValue(name, steps.Field{Name: "name", Type: steps.Of(steps.Text)}).(string)
	}
	if cond := m.get("if"); cond != nil {
		s.If = d.cond(cond, scope)
	}
	if timeout := m.get("timeout"); timeout != nil {
		s.Timeout = d.duration(timeout, "timeout")
	}
	if retry := m.get("retry"); retry != nil {
		inner := scope.With("error", errorShape())
		if s.Kind.Run != nil {
			inner = inner.With("response", responseShape(s.Kind).OrNull())
		}
		s.Retry = d.retry(retry, inner)
	}
}

// duration reads a duration that is known before a run and longer than zero.
func (d *decoder) duration(n *source.Node, name string) time.Duration {
	value, ok := d.staticValue(n, steps.Field{Name: name, Type: steps.Of(steps.Duration)}).(time.Duration)
	if ok && value <= 0 {
		d.r.Errorf(n, "%s must be longer than zero", name).Hint = "leave it out for no limit"
	}
	return value
}
