package values

import (
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// model is a particle of a content model made ready for matching and for putting elements in order. Elements are numbered by their
// slots. Groups that are referred to several times share what lies below.
type model struct {
	min, max int
	slot     int           // of an element, else -1
	any      *xsd.Wildcard // of a wildcard, else nil
	kind     xsd.Compositor
	kids     []*model
	holds    slotSet // the slots of all elements in a group
	first    slotSet // the slots of those that a group can begin with
	wild     bool    // a wildcard is in it
	empty    bool    // nothing at all fits it
	members  bool    // the choice is that of a substitution group
}

// repeats says whether it may occur more than once.
func (n *model) repeats() bool { return n.max > 1 || n.max == xsd.Unbounded }

// full says whether a number of occurrences is all that may be.
func (n *model) full(count int) bool { return n.max != xsd.Unbounded && count >= n.max }

// holdsSlot says whether an element is the model, or lies below it.
func (n *model) holdsSlot(slot int) bool {
	if n.slot >= 0 {
		return n.slot == slot
	}
	return n.holds.has(slot)
}

// slotSet is a set of slots.
type slotSet []uint64

func (s slotSet) has(slot int) bool {
	return slot >= 0 && slot>>6 < len(s) && s[slot>>6]&(1<<(slot&63)) != 0
}

func (s *slotSet) add(slot int) {
	for len(*s) <= slot>>6 {
		*s = append(*s, 0)
	}
	(*s)[slot>>6] |= 1 << (slot & 63)
}

// join adds another set, and gives what was in both.
func (s *slotSet) join(other slotSet) (both slotSet) {
	for len(*s) < len(other) {
		*s = append(*s, 0)
	}
	for i, bits := range other {
		if common := (*s)[i] & bits; common != 0 {
			for len(both) <= i {
				both = append(both, 0)
			}
			both[i] = common
		}
		(*s)[i] |= bits
	}
	return both
}

// modeller makes a type's content model ready, and the slots of its elements.
type modeller struct {
	slots  []*slot
	byName map[xml.Name]int
	anys   []*xsd.Wildcard
	groups map[*xsd.Group]*model
	twice  slotSet // slots of which there may be more than one
	places []int   // of each slot, how many places of the model are it
}

func (m *modeller) particle(p *xsd.Particle) *model {
	if p == nil || p.Max == 0 {
		return nil
	}
	n := &model{min: p.Min, max: p.Max, slot: -1}
	switch {
	case p.Element != nil:
		m.element(n, p.Element)
	case p.Any != nil:
		n.any, n.wild = p.Any, true
		m.anys = append(m.anys, p.Any)
	case p.Group != nil:
		made := *m.group(p.Group)
		made.min, made.max = p.Min, p.Max
		n = &made
	default:
		return nil
	}
	n.empty = n.empty || p.Min == 0
	if n.repeats() {
		m.repeated(n)
	}
	return n
}

// repeated notes that all elements of a model may be there more than once.
func (m *modeller) repeated(n *model) {
	if n.slot >= 0 {
		m.twice.add(n.slot)
	}
	m.twice.join(n.holds)
}

// element makes the model of an element, or of the choice between it and those that may stand in its place.
func (m *modeller) element(n *model, e *xsd.Element) {
	if len(e.Members) == 0 {
		n.slot = m.slot(e)
		m.slots[n.slot].required = m.slots[n.slot].required || n.min > 0
		return
	}
	n.kind, n.members = xsd.Choice, true
	for _, member := range append([]*xsd.Element{e}, e.Members...) {
		kid := &model{min: 1, max: 1, slot: m.slot(member)}
		n.kids = append(n.kids, kid)
		n.holds.add(kid.slot)
		n.first.add(kid.slot)
	}
}

func (m *modeller) slot(e *xsd.Element) int {
	i, known := m.byName[e.Name]
	if !known {
		i = len(m.slots)
		m.byName[e.Name] = i
		m.slots = append(m.slots, &slot{element: e})
		m.places = append(m.places, 0)
	}
	m.places[i]++
	return i
}

func (m *modeller) group(g *xsd.Group) *model {
	if made := m.groups[g]; made != nil {
		for slot := range m.places {
			if made.holds.has(slot) {
				m.places[slot]++
			}
		}
		return made
	}
	n := &model{min: 1, max: 1, slot: -1, kind: g.Compositor, empty: g.Compositor != xsd.Choice || len(g.Particles) == 0}
	m.groups[g] = n
	open := true // the kids so far may all be left out
	for _, p := range g.Particles {
		kid := m.particle(p)
		if kid == nil {
			continue
		}
		n.kids = append(n.kids, kid)
		n.wild = n.wild || kid.wild
		both := m.below(&n.holds, kid)
		if g.Compositor != xsd.Choice {
			m.twice.join(both)
		}
		if open || g.Compositor != xsd.Sequence {
			m.begins(&n.first, kid)
		}
		open = open && kid.empty
		if g.Compositor == xsd.Choice {
			n.empty = n.empty || kid.empty
		} else {
			n.empty = n.empty && kid.empty
		}
	}
	return n
}

// below adds the slots of a kid, and gives those that were there before.
func (m *modeller) below(set *slotSet, kid *model) slotSet {
	if kid.slot < 0 {
		return set.join(kid.holds)
	}
	var one slotSet
	one.add(kid.slot)
	return set.join(one)
}

func (m *modeller) begins(set *slotSet, kid *model) {
	if kid.slot >= 0 {
		set.add(kid.slot)
	}
	set.join(kid.first)
}
