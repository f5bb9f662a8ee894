package jobs

import (
	"fmt"
	"slices"

	"snrun/jobs/source"
	"snrun/steps"
)

// object compiles the mapping n by its table of fields; defaults are filled in.
func (d *decoder) object(n *source.Node, table []steps.Field, what string, scope *Scope) (*fields, bool) {
	m, ok := d.mapping(n, table, what)
	if !ok {
		return nil, false
	}
	out := &fields{fixed: steps.Input{}}
	for _, f := range table {
		n := m.get(f.Name)
		switch {
		case n != nil && (f.FromProfile || ownForm(f.Type.Form)):
		case n != nil:
			out.add(f.Name, d.field(n, f, scope))
			d.lasting(n, f, scope)
		case f.Default != "":
			out.fixed[f.Name] = d.defaultOf(f)
		}
	}
	return out, true
}

// lasting refuses a value that would be another one when the run goes on, where it has to stay the same.
func (d *decoder) lasting(n *source.Node, f steps.Field, scope *Scope) {
	if !f.Lasting || n.Form() != source.Scalar {
		return
	}
	t := CompileTemplate(n, scope, &source.Report{})
	isAttempt := func(field string) bool { return field == "attempt" || field == "*" }
	if t != nil && slices.ContainsFunc(t.Uses().Fields("run"), isAttempt) {
		d.r.Errorf(n, "%s is another one each time the run goes on: it reads run.attempt", f.Name).Hint = "use run.id, which stays the same, or what the request is about"
	}
}

// static reads a mapping whose values are all known before a run. Conditions in it are compiled, as *Expr. What is wrong
// or null is not in the Input.
func (d *decoder) static(n *source.Node, table []steps.Field, what string, scope *Scope) (steps.Input, bool) {
	m, ok := d.mapping(n, table, what)
	if !ok {
		return nil, false
	}
	in := steps.Input{}
	for _, f := range table {
		n := m.get(f.Name)
		switch {
		case n == nil && f.Default != "":
			in[f.Name] = d.defaultOf(f)
		case n == nil || ownForm(f.Type.Form):
		case f.Type.Form == steps.Condition:
			in[f.Name] = d.cond(n, scope)
		case f.Type.Form == steps.Object:
			in[f.Name], _ = d.static(n, f.Type.Fields, f.Name, scope)
		default:
			if v := d.staticValue(n, f); v != nil {
				in[f.Name] = v
			}
		}
	}
	return in, true
}

// staticValue reads one value that may not hold an expression, nil where it is null or wrong.
func (d *decoder) staticValue(n *source.Node, f steps.Field) any {
	return d.field(n, f, nil).fixed
}

// ownForm says that a field of this form is read by the kind's own decoding, not by its table alone.
func ownForm(f steps.Form) bool { return f == steps.Block || f == steps.Branches || f == steps.Bind }

// field compiles the value of one field. Without a scope it is static.
func (d *decoder) field(n *source.Node, f steps.Field, scope *Scope) value {
	if f.Late && f.Type.Form != steps.Condition {
		return d.late(n, scope)
	}
	if f.Static || scope == nil {
		if at, has := d.findExpression(n); has {
			d.r.Errorf(at, "%s is read when the file is loaded, so it cannot hold an expression", f.Name).Hint = "write the value itself"
			return constant(nil)
		}
		scope = NewScope()
	}
	return d.value(n, f.Type, f.Name, scope)
}

// defaultOf gives a field's default in the form of its type. A default that does not fit is a mistake in the table.
func (d *decoder) defaultOf(f steps.Field) any {
	return d.known.defaultOf(defaultKey{f.Name, f.Default, f.Type.Form}, func() any { return readDefault(f) })
}

func readDefault(f steps.Field) any {
	d := newDecoder(nil, nil)
	v := constant(nil)
	if n := d.root("default of "+f.Name, []byte(f.Default)); n != nil {
		v = d.field(n, f, NewScope().With("response", AnyShape()))
	}
	if err := d.r.Err(); err != nil {
		panic(fmt.Sprintf("the default of %s does not fit it: %v", f.Name, err))
	}
	if v.eval != nil {
		v.fixed, _ = v.eval(nil)
	}
	return v.fixed
}
