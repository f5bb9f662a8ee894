package values

import (
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// matcher goes over the elements of a type in the order in which they stand. Content models are deterministic (XSD 1.0 part 1,
// section 3.8.6), so no way is ever tried twice.
type matcher struct {
	slots   []int          // of each element, -1 for one that only a wildcard may hold
	nodes   []*xml.Element // nil where there are no wildcards
	work    int            // what is left of it; see maxWork
	reached int            // the first element that fitted nowhere
}

// maxWork bounds the walk over a content model, beyond what the elements themselves ask for: groups may hold each other so that a
// small schema stands for a huge one.
const maxWork = 200_000

// match says whether the elements stand as the model asks.
func (m *matcher) match(n *model) bool {
	if n == nil {
		return len(m.slots) == 0
	}
	next, ok := m.particle(n, 0)
	m.reached = next
	return ok && next == len(m.slots)
}

// particle goes past as many occurrences as there are.
func (m *matcher) particle(n *model, at int) (next int, ok bool) {
	count := 0
	for !n.full(count) && at < len(m.slots) && m.begins(n, at) {
		next, ok := m.once(n, at)
		if !ok || next == at {
			return next, false
		}
		at = next
		count++
	}
	return at, count >= n.min || n.empty
}

// begins says whether the element at a place may be the first of the particle.
func (m *matcher) begins(n *model, at int) bool {
	switch {
	case n.slot >= 0:
		return m.slots[at] == n.slot
	case n.any != nil:
		return m.slots[at] < 0 && n.any.Allows(m.nodes[at].Name.Space)
	case n.first.has(m.slots[at]):
		return true
	case !n.wild || m.slots[at] >= 0:
		return false
	}
	for _, kid := range n.kids {
		if m.work--; m.work < 0 {
			return false
		}
		if m.begins(kid, at) {
			return true
		}
		if n.kind == xsd.Sequence && !kid.empty {
			break
		}
	}
	return false
}

func (m *matcher) once(n *model, at int) (next int, ok bool) {
	if n.slot >= 0 || n.any != nil {
		return at + 1, true
	}
	switch n.kind {
	case xsd.Choice:
		for _, kid := range n.kids {
			if m.begins(kid, at) {
				return m.particle(kid, at)
			}
		}
		return at, n.empty
	case xsd.All:
		return m.all(n, at)
	}
	for _, kid := range n.kids {
		if at, ok = m.particle(kid, at); !ok {
			return at, false
		}
		if m.work--; m.work < 0 {
			return at, false
		}
	}
	return at, true
}

// all goes past particles in any order, each of which may be there once.
func (m *matcher) all(n *model, at int) (next int, ok bool) {
	var few [32]bool
	seen := few[:]
	if len(n.kids) > len(few) {
		seen = make([]bool, len(n.kids))
	}
	from := 0 // they mostly stand in the order of the schema
	for at < len(m.slots) {
		found := -1
		for i := range n.kids {
			k := (from + i) % len(n.kids)
			if !seen[k] && m.begins(n.kids[k], at) {
				found = k
				break
			}
		}
		if found < 0 {
			break
		}
		seen[found], from = true, found
		if at, ok = m.particle(n.kids[found], at); !ok {
			return at, false
		}
	}
	for i, kid := range n.kids {
		if !seen[i] && !kid.empty {
			return at, false
		}
	}
	return at, true
}
