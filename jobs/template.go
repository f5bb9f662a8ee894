package jobs

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Template is data that may hold ${ expression }, compiled. It is immutable and may be evaluated by many goroutines at
// once. What it gives must not be changed, as a constant part is given again and again.
type Template struct {
	node     *source.Node
	part     part
	uses     *Uses
	constant bool
	value    any // of a constant
	tree     any // of a constant, as Tree gives it
}

// part is a piece of a template: a constant, an expression, a text with expressions, a list or a mapping.
type part interface {
	// eval gives the value as plain data.
	eval(names map[string]any) (any, error)
	// tree gives the value with its order and the text of its scalars.
	tree(names map[string]any) (any, error)
	// known gives the tree as far as it is known before a run.
	known() any
	shape() *Shape
}

// CompileTemplate compiles a node with all that is below it. Its mistakes are reported, and nil is returned then.
func CompileTemplate(n *source.Node, s *Scope, r *source.Report) *Template {
	b := &templateBuilder{scope: s, r: r, uses: &Uses{}, constant: true}
	t := &Template{node: n, part: b.node(n), uses: b.uses}
	if b.wrong {
		return nil
	}
	if b.constant {
		return t.fixed(r)
	}
	return t
}

// fixed evaluates a template that reads nothing.
func (t *Template) fixed(r *source.Report) *Template {
	var err error
	if t.value, err = t.part.eval(nil); err == nil {
		t.tree, err = t.part.tree(nil)
	}
	if err != nil {
		r.Errorf(t.node, "%s", err)
		return nil
	}
	t.constant = true
	return t
}

// Node gives the node that the template was made from.
func (t *Template) Node() *source.Node { return t.node }

// Constant says whether the value is known before a run.
func (t *Template) Constant() bool { return t.constant }

// Uses gives what the expressions in the template read.
func (t *Template) Uses() *Uses { return t.uses }

// Shape gives what is known of the value.
func (t *Template) Shape() *Shape {
	shape := t.part.shape()
	if t.uses.Secret {
		return shape.WithSecret()
	}
	return shape
}

// Whole gives the expression where the template is one whole ${ expression }, else nil.
func (t *Template) Whole() *Expr {
	if e, ok := t.part.(exprPart); ok {
		return e.Expr
	}
	return nil
}

// Eval gives the value as plain data: nil, bool, int, float64, json.Number, string, []any, map[string]any.
// The error is a *steps.Error of kind "expression".
func (t *Template) Eval(names map[string]any) (any, error) {
	if t.constant {
		return t.value, nil
	}
	return t.part.eval(names)
}

// Tree gives the value in the order written: steps.Pairs, []any, a steps.Scalar for a plain scalar that is no text, a
// string for one that is, nil; and what expressions give, as plain data.
func (t *Template) Tree(names map[string]any) (any, error) {
	if t.constant {
		return t.tree, nil
	}
	return t.part.tree(names)
}

// Known gives what is known of the value before a run, as Tree has it: steps.Unknown stands for what expressions give.
func (t *Template) Known() any { return t.part.known() }

// Text gives the value as text: a scalar as it was written, so that 007 is "007", and what an expression gives as TextOf
// has it. Null says that the value is null. A list or a map is an error.
func (t *Template) Text(names map[string]any) (text string, null bool, err error) {
	v, err := t.Tree(names)
	if err != nil || v == nil {
		return "", v == nil && err == nil, err
	}
	if s, ok := v.(steps.Scalar); ok {
		return s.Text, false, nil
	}
	text, err = TextOf(v)
	if err != nil {
		return "", false, t.noText(typeOf(v))
	}
	return text, false, nil
}

// noText is the error of a list or a map where text is needed.
func (t *Template) noText(got typeSet) *steps.Error {
	if e := t.Whole(); e != nil {
		return e.unfit(noText(got))
	}
	return &steps.Error{Kind: steps.Expression, Message: t.node.Pos().String() + ": text is needed here, not " + t.node.What()}
}

// TextOf gives a value as text: integers with all their digits, floats in the shortest form without an exponent below
// 1e21, a time in RFC 3339, a duration in Go's form. Null, a list or a map is an error that says what to write instead.
func TextOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		if a := math.Abs(v); a != 0 && (a >= 1e21 || a < 1e-6) {
			return strconv.FormatFloat(v, 'e', -1, 64), nil
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case json.Number:
		return string(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case time.Duration:
		return v.String(), nil
	case steps.Scalar:
		return v.Text, nil
	}
	if plain := data(v); typeOf(v) == otherType && plain != nil {
		return TextOf(plain)
	}
	f := noText(typeOf(v))
	return "", &steps.Error{Kind: steps.Expression, Message: fill(f.text, []string{"the value"}), Hint: fill(f.hint, []string{"…"})}
}

// noText is the fault of a value that cannot stand in a text.
func noText(t typeSet) *fault {
	f := &fault{text: "{1} is " + t.String() + ", which is no text"}
	switch t {
	case nullType:
		f.hint = `write {1} ?? "" or what stands for null`
	case listType:
		f.hint = `write join({1}, ", ") or toJSON({1})`
	default:
		f.hint = "write toJSON({1}), or one of its fields"
	}
	return f
}
