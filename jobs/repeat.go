package jobs

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// maxRounds is how many rounds a Repeat has at most where it does not say.
const maxRounds = 1000

// Repeat runs steps in rounds.
type Repeat struct {
	Until    *Expr // ends it after the round in which it holds; nil: it has exactly as many rounds as it may
	Index    string
	Carry    []Carried
	Steps    []*Step
	attempts value
	every    value
}

// Carried is a value that goes from round to round.
type Carried struct {
	Name    string
	Initial *Template // in the first round
	Next    *Template // in the next one; it sees the steps of this one
}

func (*Repeat) body() {}

// Uses is what the expressions read that say how many rounds there are, and what is between them.
func (r *Repeat) Uses() []*Uses { return append(slices.Clone(r.attempts.uses), r.every.uses...) }

// Rounds is how many rounds there may be.
func (r *Repeat) Rounds(names map[string]any) (int, error) {
	return atLeastOne(r.attempts, "attempts", names)
}

// Pause is the wait between two rounds.
func (r *Repeat) Pause(names map[string]any) (time.Duration, error) {
	v, err := r.every.at(names)
	pause, _ := v.(time.Duration)
	return pause, err
}

// atLeastOne evaluates a number of things, of which there is one at least.
func atLeastOne(v value, name string, names map[string]any) (int, error) {
	got, err := v.at(names)
	if err != nil {
		return 0, err
	}
	n, isInt := got.(int)
	switch {
	case !isInt:
		return 0, &steps.Error{Kind: steps.BadInput, Message: name + " must be a whole number, not " + Describe(got)}
	case n < 1:
		return 0, &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("%s must be at least 1, not %d", name, n)}
	}
	return n, nil
}

func carryFields() []steps.Field {
	return []steps.Field{
		{Name: "initial", Required: true, Type: steps.Of(steps.Any), Example: "null", Doc: "The value in the first round."},
		{Name: "next", Required: true, Type: steps.Of(steps.Any), Example: "${steps.page.output.next}", Doc: "The value in the next round. It sees the steps of the round, and what this round carries."},
	}
}

func repeatFields() []steps.Field {
	return []steps.Field{
		{Name: "until", Type: steps.Of(steps.Condition), Example: "steps.status.output.state == \"done\"", Doc: "Ends the step after the round in which it holds. It sees the steps of the round."},
		{Name: "every", Type: steps.Of(steps.Duration), Example: "10s", Doc: "The wait between two rounds: not before the first, nor after the last."},
		{Name: "attempts", Type: steps.Of(steps.Int), Default: strconv.Itoa(maxRounds),
			Doc: "How many rounds there are at most: where `until` does not hold after so many, the step fails with an error of kind `limit`. Without `until` there are exactly so many, and it must be given."},
		{Name: "carry", Static: true, Type: steps.MapOf(steps.ObjectOf(carryFields()...)), Example: "{cursor: {initial: null, next: \"${steps.page.output.next}\"}}",
			Doc: "Names for values that go from round to round."},
		{Name: "index", Type: steps.Of(steps.Bind), Static: true, Example: "i", Doc: "The name of the round's number inside it, from 0."},
		{Name: "steps", Required: true, Type: steps.Of(steps.Block), Doc: "What is done in each round."},
	}
}

// repeat reads rounds. What they carry is computed from secrets where its values are, which may show in the last of them
// only: then they are read once more with that known.
func (d *decoder) repeat(n *source.Node, b *block, scope *Scope) (Body, *Shape) {
	m, ok := d.mapping(n, repeatFields(), "repeat")
	if !ok {
		return nil, AnyShape()
	}
	if m.get("until") == nil && m.get("attempts") == nil && !slices.Contains(m.meant, "until") && !slices.Contains(m.meant, "attempts") {
		d.r.Errorf(n, "repeat needs `until` or `attempts`").Hint = "until ends it when a condition holds, attempts after so many rounds"
	}
	secret := d.carries[n] // by a reading before, for the sake of a repeat around this one
	if secret == nil {
		secret = map[string]bool{}
		d.carries[n] = secret
	}
	for {
		r, shape := d.rounds(m, b, scope, secret)
		known := len(secret)
		for _, c := range r.Carry {
			if c.Initial.readsSecret() || c.Next.readsSecret() {
				secret[c.Name] = true
			}
		}
		if len(secret) == known {
			return r, shape
		}
	}
}

func (t *Template) readsSecret() bool { return t != nil && t.uses.Secret }

// rounds reads the keys of a repeat; secret are the names that are known to carry something computed from a secret.
func (d *decoder) rounds(m mapping, b *block, scope *Scope, secret map[string]bool) (*Repeat, *Shape) {
	r := &Repeat{attempts: constant(maxRounds)}
	if n := m.given("attempts"); n != nil {
		r.attempts = d.countValue(n, "attempts", scope)
	}
	if n := m.given("every"); n != nil {
		r.every = d.value(n, steps.Of(steps.Duration), "every", scope)
	}
	inner, nexts := d.carried(r, m, scope, secret)
	if index := m.get("index"); index != nil {
		if r.Index = d.bind(index, "the name of an index", inner); r.Index != "" {
			inner = inner.With(r.Index, IntShape())
		}
	}
	shape := AnyShape()
	if list := m.given("steps"); list != nil {
		var inside *block
		r.Steps, inside = d.steps(list, "steps", b, inner)
		inner, shape = inner.With("steps", d.stepsShape(inside)), inside.last
	}
	if until := m.get("until"); until != nil {
		r.Until = d.cond(until, inner)
	}
	for i, next := range nexts {
		if next != nil {
			r.Carry[i].Next = d.compile(next, inner)
		}
	}
	return r, shape
}

// carried reads the names that go from round to round and their first values. It gives the scope of the rounds, and of
// each name what the next value is read from.
func (d *decoder) carried(r *Repeat, m mapping, scope *Scope, secret map[string]bool) (*Scope, []*source.Node) {
	n := m.given("carry")
	if n == nil {
		return scope, nil
	}
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "carry must be a mapping of names, not %s", n.What()).Hint = "write carry: {name: {initial: …, next: …}}"
		return scope, nil
	}
	inner := scope
	var nexts []*source.Node
	for _, e := range d.entries(n) {
		c := Carried{Name: d.bind(e.Name, "a name to carry", inner)}
		if c.Name != "" {
			shape := AnyShape()
			if secret[c.Name] {
				shape = shape.WithSecret()
			}
			inner = inner.With(c.Name, shape)
		}
		values, _ := d.mapping(e.Value, carryFields(), "carry."+e.Key)
		if initial := values.get("initial"); initial != nil {
			c.Initial = d.compile(initial, scope)
		}
		r.Carry, nexts = append(r.Carry, c), append(nexts, values.get("next"))
	}
	return inner, nexts
}

// countValue reads a number of things, of which there is one at least.
func (d *decoder) countValue(n *source.Node, name string, scope *Scope) value {
	v := d.value(n, steps.Of(steps.Int), name, scope)
	if count, ok := v.fixed.(int); ok && count < 1 {
		d.r.Errorf(n, "%s must be at least 1", name)
	}
	return v
}
