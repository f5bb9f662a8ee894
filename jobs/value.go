package jobs

import (
	"fmt"

	"snrun/jobs/source"
	"snrun/steps"
)

// value compiles one value of a type. Its name is what messages call it.
func (d *decoder) value(n *source.Node, t steps.Type, name string, scope *Scope) value {
	switch t.Form {
	case steps.Object:
		return d.objectValue(n, t, name, scope)
	case steps.Map:
		return d.mapValue(n, t, name, scope)
	case steps.List:
		return d.listValue(n, t, name, scope)
	case steps.Either:
		return d.eitherValue(n, t, name, scope)
	case steps.Condition:
		return d.condition(n, scope)
	case steps.Any, steps.Tree, steps.Text:
		return d.dataValue(n, t.Form, name, scope)
	}
	return d.scalarValue(n, t, name, scope)
}

func (d *decoder) objectValue(n *source.Node, t steps.Type, name string, scope *Scope) value {
	f, ok := d.object(n, t.Fields, name, scope)
	if !ok {
		return constant(nil)
	}
	if len(f.list) == 0 {
		return constant(f.fixed)
	}
	return value{fixed: f.known(), eval: func(names map[string]any) (any, error) { return f.eval(names) }, derived: f.derived, uses: f.uses()}
}

// wordUnder gives the text under a key of a mapping, "" where there is none.
func (d *decoder) wordUnder(n *source.Node, key string) string {
	if n.Form() == source.Mapping {
		if word := (mapping{node: n, entries: d.entries(n)}).get(key); word != nil && word.Form() == source.Scalar {
			return word.Text()
		}
	}
	return ""
}

func (d *decoder) mapValue(n *source.Node, t steps.Type, name string, scope *Scope) value {
	if n.IsNull() {
		return constant(nil)
	}
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "%s must be a mapping, not %s", name, n.What()).Hint = "write its names and values as `name: value`"
		return constant(nil)
	}
	entries := d.entries(n)
	values := make([]value, len(entries))
	for i, e := range entries {
		values[i] = d.value(e.Value, *t.Elem, name+"."+e.Key, scope)
	}
	return together(values, func(list []any) any {
		pairs := make(steps.Pairs, len(list))
		for i, v := range list {
			pairs[i] = steps.Pair{Key: entries[i].Key, Value: v}
		}
		return pairs
	})
}

func (d *decoder) listValue(n *source.Node, t steps.Type, name string, scope *Scope) value {
	if n.IsNull() {
		return constant(nil)
	}
	if n.Form() != source.List {
		d.r.Errorf(n, "%s must be a list, not %s", name, n.What()).Hint = "put brackets around it: [ … ]"
		return constant(nil)
	}
	values := make([]value, len(n.Items()))
	for i, item := range n.Items() {
		values[i] = d.value(item, *t.Elem, fmt.Sprintf("%s[%d]", name, i), scope)
	}
	return together(values, func(list []any) any { return list })
}

// dataValue compiles data of any form, or a text.
func (d *decoder) dataValue(n *source.Node, form steps.Form, name string, scope *Scope) value {
	var template *Template
	if form == steps.Text {
		template = d.text(n, name, scope)
	} else {
		template = d.compile(n, scope)
	}
	if template == nil {
		return constant(nil)
	}
	if !template.Constant() {
		eval := func(names map[string]any) (any, error) { return evalAs(template, form, names) }
		v := value{eval: eval, derived: secretsOf(template), uses: []*Uses{template.Uses()}}
		if form == steps.Tree {
			v.fixed = template.Known()
		}
		return v
	}
	v, err := evalAs(template, form, nil)
	if err != nil {
		d.r.Errorf(n, "%s", err)
	}
	return constant(v)
}

func evalAs(t *Template, form steps.Form, names map[string]any) (any, error) {
	switch form {
	case steps.Tree:
		return t.Tree(names)
	case steps.Text:
		text, null, err := t.Text(names)
		if null || err != nil {
			return nil, err
		}
		return text, nil
	}
	return t.Eval(names)
}
