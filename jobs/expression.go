package jobs

import (
	"fmt"
	"maps"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// compile compiles a template and keeps account of the secrets it reads.
func (d *decoder) compile(n *source.Node, scope *Scope) *Template {
	t := CompileTemplate(n, scope, d.r)
	if t != nil {
		d.note(n, t.Uses())
	}
	return t
}

// text compiles a template whose value is written as text, or null.
func (d *decoder) text(n *source.Node, name string, scope *Scope) *Template {
	if n.Form() != source.Scalar {
		d.r.Errorf(n, "%s must be text, not %s", name, n.What())
		return nil
	}
	t := d.compile(n, scope)
	if t == nil {
		return nil
	}
	if e := t.Whole(); e != nil && !e.Shape().types.is(anyType&^(listType|mapType)) {
		f, operand := noText(e.Shape().types), []string{quoted(e.text)}
		d.r.ErrorAt(n, e.offset+e.begin(), len(strings.TrimSpace(e.text)), "%s", fill(f.text, operand)).Hint = fill(f.hint, operand)
		return nil
	}
	return t
}

// secretsOf gives what a template computes from secrets, nil where it reads none.
func secretsOf(t *Template) func(names map[string]any) ([]string, error) {
	if !t.Uses().Secret {
		return nil
	}
	return t.Derived
}

// cond compiles a condition and keeps account of the secrets it reads.
func (d *decoder) cond(n *source.Node, scope *Scope) *Expr {
	e := CompileCondition(n, scope, d.r)
	if e != nil {
		d.note(n, e.Uses())
	}
	return e
}

// condition compiles a condition that the kind evaluates itself.
func (d *decoder) condition(n *source.Node, scope *Scope) value {
	if status, isInt := n.Value().(int); isInt {
		d.r.Errorf(n, "a condition must be true or false, not a number").Hint = fmt.Sprintf("for a status write response.status == %d", status)
		return constant(nil)
	}
	e := d.cond(n, d.withResponse(scope))
	if e == nil {
		return constant(nil)
	}
	path, _ := e.PlainPath("response")
	late := steps.Late{Source: e.Source(), Place: e.Place(), Path: path, Uses: e.Uses().Fields("response"), Reads: e.Uses().Reads("response")}
	return lateValue(late, e.Uses(), func(names map[string]any) (any, error) { return e.Bool(names) })
}

// late compiles data that the kind evaluates itself.
func (d *decoder) late(n *source.Node, scope *Scope) value {
	t := d.compile(n, d.withResponse(scope))
	if t == nil {
		return constant(nil)
	}
	late := steps.Late{Source: n.Text(), Place: n.Pos().String(), Uses: t.Uses().Fields("response"), Reads: t.Uses().Reads("response")}
	if e := t.Whole(); e != nil {
		late.Path, _ = e.PlainPath("response")
	}
	return lateValue(late, t.Uses(), t.Eval)
}

// lateValue is constant where the expression reads nothing but the names that the kind adds.
func lateValue(late steps.Late, uses *Uses, eval func(map[string]any) (any, error)) value {
	if uses.Only("response") {
		late.Eval = eval
		return constant(&late)
	}
	return value{eval: func(names map[string]any) (any, error) {
		bound := late
		bound.Eval = func(added map[string]any) (any, error) {
			all := make(map[string]any, len(names)+len(added))
			maps.Copy(all, names)
			maps.Copy(all, added)
			return eval(all)
		}
		return &bound, nil
	}}
}

func (d *decoder) withResponse(scope *Scope) *Scope {
	return scope.With("response", responseShape(d.calling))
}

// at adds the place of a node to an error that has none.
func at(n *source.Node, err error) error {
	e, ok := err.(*steps.Error)
	if !ok {
		return err
	}
	placed := *e
	placed.Message = n.Pos().String() + ": " + e.Message
	return &placed
}
