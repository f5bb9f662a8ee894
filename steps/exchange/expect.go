package exchange

import (
	"errors"
	"fmt"
	"slices"

	"snrun/steps"
)

// Judge holds an answer against what is expected of it. Accepted says whether its status is fine for a step without conditions of
// its own, bodyErr why its body could not be taken, nil if it was. What it gives is complete: the answer's own names stand in the
// error for `retry.when`.
func (a *Answer) Judge(accepted bool, bodyErr error) error {
	return a.Complete(a.verdict(accepted, bodyErr))
}

// Complete puts the answer's names into an error, for `retry.when`.
func (a *Answer) Complete(err error) error {
	var e *steps.Error
	if errors.As(err, &e) {
		e.Response = a.Response("*")
	}
	return err
}

func (a *Answer) verdict(accepted bool, bodyErr error) error {
	if !a.Call.Expects() && !accepted {
		return a.StatusError()
	}
	if bodyErr != nil {
		return bodyErr
	}
	for _, c := range a.Call.Conditions() {
		if err := a.meet(c); err != nil {
			return err
		}
	}
	return nil
}

// Accepted is what is usually expected where a step says nothing: 2xx, and the redirect itself where none is followed.
func (a *Answer) Accepted() bool {
	s := a.Status()
	return s >= 200 && s < 300 || s >= 300 && s < 400 && a.Call.redirects() == 0
}

// meet asks for one condition. Where it fails on an error answer the status says more, and decides about a retry.
func (a *Answer) meet(c *steps.Late) error {
	met, err := a.Eval(c)
	if err != nil {
		return err
	}
	if met == true {
		return nil
	}
	if a.Status() >= 400 {
		e := a.StatusError()
		e.Message += fmt.Sprintf(" (expected: %s)", c.Source)
		return e
	}
	text := fmt.Sprintf("%d, not as expected: %s is false (%s)", a.Status(), c.Source, c.Place)
	if slices.Contains(c.Uses, "body") || slices.Contains(c.Uses, "*") {
		text += "; the body: " + a.excerpt()
	}
	return a.Errorf(steps.Expect, "%s", text)
}

// Eval evaluates an expression over the answer.
func (a *Answer) Eval(l *steps.Late) (any, error) {
	v, err := l.Eval(map[string]any{"response": a.Response(l.Uses...)})
	if err == nil {
		return v, nil
	}
	e := a.Errorf(steps.Expression, "%w", err)
	var inner *steps.Error
	if errors.As(err, &inner) {
		e.Hint = inner.Hint
	}
	e.Response = a.Response("*")
	return nil, e
}
