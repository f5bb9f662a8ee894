package rest

import (
	"errors"
	"fmt"
	"slices"

	"snrun/steps"
)

// judge holds an answer against what is expected of it. bodyErr is why its body could not be taken, nil if it was. What
// it gives is complete: the answer's own names stand in the error for `retry.when`.
func (a *answer) judge(bodyErr error) error {
	err := a.verdict(bodyErr)
	var e *steps.Error
	if errors.As(err, &e) {
		e.Response = a.response("*")
	}
	return err
}

func (a *answer) verdict(bodyErr error) error {
	own := conditions(a.call.in["expect"])
	if len(own) == 0 && !a.accepted() {
		return a.statusError()
	}
	if bodyErr != nil && a.status() < 400 {
		return bodyErr
	}
	if bodyErr != nil && !a.takeAsText() {
		return bodyErr
	}
	for _, c := range append(conditions(a.call.in["profile_expect"]), own...) {
		if err := a.meet(c); err != nil {
			return err
		}
	}
	return nil
}

// accepted is what is expected where a step says nothing: 2xx, and the redirect itself where none is followed.
func (a *answer) accepted() bool {
	s := a.status()
	return s >= 200 && s < 300 || s >= 300 && s < 400 && a.redirects == 0
}

// takeAsText gives the body of an error answer as text where a step that expects it said nothing about its form: a 404
// that is welcome may well be a page.
func (a *answer) takeAsText() bool {
	if accept := a.call.in.Text("accept"); accept != "" && accept != "auto" || a.size != int64(len(a.received)) {
		return false
	}
	text, err := decodeText(a.received, a.resp.Header.Get("Content-Type"))
	a.body = text
	return err == nil
}

// conditions gives the conditions of a field that takes one or a list.
func conditions(field any) []*steps.Late {
	switch f := field.(type) {
	case *steps.Late:
		return []*steps.Late{f}
	case []any:
		list := make([]*steps.Late, 0, len(f))
		for _, c := range f {
			if late, ok := c.(*steps.Late); ok {
				list = append(list, late)
			}
		}
		return list
	}
	return nil
}

// meet asks for one condition. Where it fails on an error answer the status says more, and decides about a retry.
func (a *answer) meet(c *steps.Late) error {
	met, err := a.eval(c)
	if err != nil {
		return err
	}
	if met == true {
		return nil
	}
	if a.status() >= 400 {
		e := a.statusError()
		e.Message += fmt.Sprintf(" (expected: %s)", c.Source)
		return e
	}
	text := fmt.Sprintf("%d, not as expected: %s is false (%s)", a.status(), c.Source, c.Place)
	if slices.Contains(c.Uses, "body") || slices.Contains(c.Uses, "*") {
		text += "; the body: " + a.excerpt()
	}
	return a.errorf(steps.Expect, "%s", text)
}

// eval evaluates an expression over the answer.
func (a *answer) eval(l *steps.Late) (any, error) {
	v, err := l.Eval(map[string]any{"response": a.response(l.Uses...)})
	if err == nil {
		return v, nil
	}
	e := a.errorf(steps.Expression, "%w", err)
	var inner *steps.Error
	if errors.As(err, &inner) {
		e.Hint = inner.Hint
	}
	e.Response = a.response("*")
	return nil, e
}
