package jobs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// scalarValue compiles a number, a duration or the like.
func (d *decoder) scalarValue(n *source.Node, t steps.Type, name string, scope *Scope) value {
	if n.Form() != source.Scalar {
		d.r.Errorf(n, "%s must be %s, not %s", name, wanted(t), n.What())
		return constant(nil)
	}
	template := d.compile(n, scope)
	if template == nil {
		return constant(nil)
	}
	if template.Constant() {
		return constant(d.constantScalar(n, template, t, name))
	}
	if can := typesOf(t.Form); can != 0 && !template.Shape().types.is(can|nullType) {
		d.r.Errorf(n, "%s must be %s, and this is %s", name, wanted(t), template.Shape().What())
	}
	eval := func(names map[string]any) (any, error) {
		v, err := template.Eval(names)
		if err != nil || v == nil {
			return nil, err
		}
		converted, err := scalarOf(v, t, name)
		return converted, at(n, err)
	}
	return value{eval: eval, derived: secretsOf(template), uses: []*Uses{template.Uses()}}
}

// typesOf gives the types of the values that a scalar form takes from an expression; 0 where that says nothing.
func typesOf(f steps.Form) typeSet {
	switch f {
	case steps.Int, steps.Float:
		return numberType
	case steps.Bool:
		return boolType
	case steps.Duration:
		return textType | spanType
	}
	return 0
}

// constantScalar gives the value of a scalar that is known before a run, nil for null and for one that does not fit.
func (d *decoder) constantScalar(n *source.Node, template *Template, t steps.Type, name string) any {
	v, err := template.Eval(nil)
	if err == nil && v == nil {
		return nil
	}
	if t.Form == steps.Enum && slices.Contains(t.Values, n.Text()) {
		v = n.Text() // a word that looks like a number: min_version: 1.2
	}
	if err == nil {
		v, err = scalarOf(v, t, name)
	}
	if err != nil {
		d.wrongScalar(n, t, name, err)
		return nil
	}
	return v
}

// wrongScalar reports a scalar that does not fit its type.
func (d *decoder) wrongScalar(n *source.Node, t steps.Type, name string, err error) {
	text, isText := n.Value().(string)
	switch {
	case t.Form == steps.Enum && isText:
		d.r.Errorf(n, "%s cannot be %q", name, text).Hint = steps.Hint(text, t.Values)
	case isText && (t.Form == steps.Duration || t.Form == steps.Size):
		d.r.Errorf(n, "%s", err)
	default:
		d.r.Errorf(n, "%s must be %s, not %s", name, wanted(t), n.What()).Hint = scalarHint(n, t.Form)
	}
}

// wanted names a type for a person, with examples where the form needs them.
func wanted(t steps.Type) string {
	switch t.Form {
	case steps.Duration:
		return "a duration such as 90s or 2h"
	case steps.Size:
		return "a size such as 64KB or 10MB"
	case steps.Enum:
		if len(t.Values) == 1 {
			return t.Values[0]
		}
		return "one of " + strings.Join(t.Values, ", ")
	}
	return t.Form.String()
}

// scalarHint advises how to write what was likely meant.
func scalarHint(n *source.Node, form steps.Form) string {
	text := n.Text()
	_, notNumber := strconv.ParseFloat(text, 64)
	switch {
	case form == steps.Duration && notNumber == nil:
		return fmt.Sprintf("say of what: %ss, %sm or %sh", text, text, text)
	case (form == steps.Int || form == steps.Float) && notNumber == nil && !n.Plain():
		return "write it without quotes: " + text
	case form == steps.Bool:
		return "write true or false, without quotes"
	}
	return ""
}

// wrongForm is the error of a value that does not have the form it should.
func wrongForm(name string, t steps.Type, got any) *steps.Error {
	return &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("%s must be %s, not %s", name, wanted(t), Describe(got))}
}

// scalarOf brings a plain value into a scalar form.
func scalarOf(v any, t steps.Type, name string) (any, error) {
	fits := false
	switch t.Form {
	case steps.Int:
		v, fits = wholeNumber(v)
	case steps.Float:
		v, fits = anyNumber(v)
	case steps.Bool:
		_, fits = v.(bool)
	case steps.Profile, steps.Bind:
		_, fits = v.(string)
	case steps.Duration:
		return durationOf(v, t, name)
	case steps.Size:
		return sizeOf(v, t, name)
	case steps.Enum:
		return wordOf(v, t, name)
	}
	if !fits {
		return nil, wrongForm(name, t, v)
	}
	return v, nil
}

// wholeNumber gives an int that a value stands for: 3.0 is one.
func wholeNumber(v any) (any, bool) {
	if n, isInt := v.(int); isInt {
		return n, true
	}
	if n, whole := wholeOf(v); whole {
		return n, true
	}
	return v, false
}

func anyNumber(v any) (any, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return v, false
}

func durationOf(v any, t steps.Type, name string) (any, error) {
	switch d := v.(type) {
	case time.Duration:
		return d, nil
	case string:
		parsed, err := ParseDuration(d)
		if err != nil {
			return nil, &steps.Error{Kind: steps.BadInput, Message: name + ": " + err.Error()}
		}
		return parsed, nil
	}
	return nil, wrongForm(name, t, v)
}

func sizeOf(v any, t steps.Type, name string) (any, error) {
	switch s := v.(type) {
	case int:
		if s >= 0 {
			return int64(s), nil
		}
	case string:
		size, err := ParseSize(s)
		if err != nil {
			return nil, &steps.Error{Kind: steps.BadInput, Message: name + ": " + err.Error()}
		}
		return size, nil
	}
	return nil, wrongForm(name, t, v)
}

func wordOf(v any, t steps.Type, name string) (any, error) {
	s, isText := v.(string)
	if isText && slices.Contains(t.Values, s) {
		return s, nil
	}
	err := wrongForm(name, t, v)
	if isText {
		err.Message = name + " is not one of the words that it can be"
		err.Hint = steps.Hint("", t.Values)
	}
	return nil, err
}
