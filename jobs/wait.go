package jobs

import (
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Wait lets time pass.
type Wait struct {
	length value
	until  *Template // nil: for a length of time
}

func (*Wait) body() {}

// Over gives how long to wait, or until when where the step names a time.
func (w *Wait) Over(names map[string]any) (length time.Duration, until time.Time, err error) {
	if w.until == nil {
		v, err := w.length.at(names)
		if err != nil {
			return 0, until, err
		}
		length, ok := v.(time.Duration)
		if !ok {
			return 0, until, &steps.Error{Kind: steps.BadInput, Message: "wait must be " + wanted(steps.Of(steps.Duration)) + ", not " + Describe(v)}
		}
		return length, until, nil
	}
	v, err := w.until.Eval(names)
	if err != nil {
		return 0, until, err
	}
	until, ok := moment(v)
	if !ok {
		return 0, until, &steps.Error{Kind: steps.BadInput, Message: w.until.node.Pos().String() + ": wait.until must be a time, not " + notMoment(v), Hint: momentHint}
	}
	return 0, until, nil
}

// Uses is what its expression reads.
func (w *Wait) Uses() []*Uses {
	if w.until != nil {
		return []*Uses{w.until.Uses()}
	}
	return w.length.uses
}

const momentHint = "write it as in 2026-01-01T00:00:00Z; date(…, layout) reads what is written in another way"

// moment gives the time that a value stands for.
func moment(v any) (time.Time, bool) {
	if typeOf(v) != textType {
		return time.Time{}, false
	}
	t, err := timeOf(v)
	return t, err == nil
}

func notMoment(v any) string {
	if typeOf(v) == textType {
		return "text that names none"
	}
	return Describe(v)
}

func waitFields() []steps.Field {
	return []steps.Field{
		{Name: "until", Required: true, Type: steps.Of(steps.Text), Example: "2026-01-01T06:00:00+01:00", Doc: "When the wait is over: RFC 3339, or what else `date` reads. A time in the past is no wait."},
	}
}

// wait reads a duration or a time.
func (d *decoder) wait(n *source.Node, scope *Scope) Body {
	switch {
	case n.Form() == source.Mapping:
		return d.waitUntil(n, scope)
	case n.Form() == source.List || n.IsNull():
		d.r.Errorf(n, "wait takes a duration or {until: time}, not %s", n.What()).Hint = "write wait: 90s"
		return nil
	}
	return &Wait{length: d.value(n, steps.Of(steps.Duration), "wait", scope)}
}

func (d *decoder) waitUntil(n *source.Node, scope *Scope) Body {
	m, ok := d.mapping(n, waitFields(), "wait")
	at := m.given("until")
	if !ok || at == nil {
		return nil
	}
	t := d.compile(at, scope)
	if t == nil {
		return nil
	}
	if !t.Constant() {
		if !t.Shape().types.is(textType | timeType) {
			d.r.Errorf(at, "wait.until must be a time, and this is %s", t.Shape().What()).Hint = momentHint
		}
		return &Wait{until: t}
	}
	v, _ := t.Eval(nil)
	if _, ok := moment(v); !ok {
		d.r.Errorf(at, "wait.until must be a time, not %s", at.What()).Hint = momentHint
	}
	return &Wait{until: t}
}
