package jobs

import (
	"fmt"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// eitherValue takes the alternative that fits the way the value is written. An expression is known only when it is
// evaluated: the first alternative that takes its value is the right one then.
func (d *decoder) eitherValue(n *source.Node, t steps.Type, name string, scope *Scope) value {
	if n.IsNull() && !hasForm(t, steps.Condition) {
		return constant(nil)
	}
	if n.Form() == source.Scalar && hasExpression(n.Text()) && !hasForm(t, steps.Condition) {
		return d.eitherExpression(n, t, name, scope)
	}
	alike := alternativesLike(n, t)
	for _, alt := range alike {
		if len(alike) == 1 || fitsForm(n, alt) { // the only one that is written like this says best what is wrong
			return d.value(n, alt, name, scope)
		}
	}
	d.r.Errorf(n, "%s must be %s, not %s", name, altNames(t), n.What())
	return constant(nil)
}

func (d *decoder) eitherExpression(n *source.Node, t steps.Type, name string, scope *Scope) value {
	template := d.compile(n, scope)
	if template == nil {
		return constant(nil)
	}
	return value{derived: secretsOf(template), uses: []*Uses{template.Uses()}, eval: func(names map[string]any) (any, error) {
		v, err := template.Eval(names)
		if err != nil || v == nil {
			return nil, err
		}
		for _, alt := range t.Alts {
			if converted, ok := convert(v, alt, name); ok {
				return converted, nil
			}
		}
		return nil, at(n, &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("%s must be %s, not %s", name, altNames(t), Describe(v))})
	}}
}

// convert brings an evaluated value into a type, where it fits.
func convert(v any, t steps.Type, name string) (any, bool) {
	switch t.Form {
	case steps.Any, steps.Tree:
		return v, true
	case steps.Text:
		text, err := TextOf(v)
		return text, err == nil
	case steps.List:
		return convertList(v, *t.Elem, name)
	case steps.Object, steps.Map, steps.Condition:
		return nil, false
	}
	converted, err := scalarOf(v, t, name)
	return converted, err == nil
}

func convertList(v any, elem steps.Type, name string) (any, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]any, len(list))
	for i, item := range list {
		if out[i], ok = convert(item, elem, name); !ok {
			return nil, false
		}
	}
	return out, true
}

func hasForm(t steps.Type, form steps.Form) bool {
	for _, alt := range t.Alts {
		if alt.Form == form {
			return true
		}
	}
	return false
}

// alternativesLike gives the alternatives that are written as a node is: as a mapping, a list or a scalar.
func alternativesLike(n *source.Node, t steps.Type) []steps.Type {
	var alike []steps.Type
	for _, alt := range t.Alts {
		if writtenAs(alt) == n.Form() || alt.Form == steps.Any || alt.Form == steps.Tree {
			alike = append(alike, alt)
		}
	}
	return alike
}

func writtenAs(t steps.Type) source.Form {
	switch t.Form {
	case steps.Object, steps.Map:
		return source.Mapping
	case steps.List:
		return source.List
	}
	return source.Scalar
}

// fitsForm says whether a value that is written like a type fits it.
func fitsForm(n *source.Node, t steps.Type) bool {
	switch t.Form {
	case steps.Object, steps.Map, steps.List, steps.Any, steps.Tree, steps.Text, steps.Condition:
		return true
	}
	_, err := scalarOf(n.Value(), t, "")
	return err == nil
}

func altNames(t steps.Type) string {
	names := make([]string, len(t.Alts))
	for i, alt := range t.Alts {
		names[i] = wanted(alt)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
