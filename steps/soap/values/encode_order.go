package values

import (
	"snrun/steps"
	"snrun/steps/xml"
)

// sequence gathers elements in the order in which they are given.
type sequence struct {
	children []*xml.Element
	slots    []int
	items    []int // of each element, the item of the list in which it stands
	unknown  bool  // some of it is known in a run only
}

// ordered writes elements in the order in which they are given: `_order` is a list of mappings, whose elements follow each other. It is
// for types whose order the schema leaves open, such as a choice that may repeat.
func (k *content) ordered(value any) {
	list, isList := value.([]any)
	if !isList && !isUnknown(value) {
		k.wrong("write it like _order: [{a: 1}, {b: 2}, {a: 3}]", "%s stands where a list of mappings is expected", formOfValue(value))
	}
	s := &sequence{children: []*xml.Element{}, unknown: !isList}
	for i, item := range list {
		k.at.item(i)
		entries, isMapping := steps.Entries(item)
		if !isMapping && !isUnknown(item) {
			k.wrong("", "%s stands where a mapping of elements is expected", formOfValue(item))
		}
		s.unknown = s.unknown || !isMapping
		for _, entry := range entries {
			k.at.push(entry.Key)
			k.next(s, entry, i)
			k.at.pop()
		}
		k.at.pop()
	}
	k.node.Children = s.children
	if !s.unknown {
		k.inOrder(s)
	}
}

// next adds the elements of an entry.
func (k *content) next(s *sequence, entry steps.Pair, item int) {
	one := k.content(k.sh, k.node)
	defer k.done(one)
	before := len(k.problems) + k.more
	one.entry(entry, 0)
	add := func(slot int, nodes []*xml.Element) {
		for _, node := range nodes {
			s.children, s.slots, s.items = append(s.children, node), append(s.slots, slot), append(s.items, item)
		}
	}
	had := len(s.children)
	for slot, nodes := range one.items {
		s.unknown = s.unknown || one.unknown[slot]
		add(slot, nodes)
	}
	add(-1, one.open)
	if len(k.problems)+k.more > before {
		s.unknown = true
		return
	}
	if list, isList := entry.Value.([]any); len(s.children) == had && (!isList || len(list) > 0) {
		k.wrong("", "only elements may stand here")
	}
}

// inOrder reports an order that the schema does not allow.
func (k *content) inOrder(s *sequence) {
	m := matcher{slots: s.slots, nodes: s.children, work: maxWork + 100*len(s.slots)}
	if m.match(k.sh.model) {
		return
	}
	if m.reached < len(s.items) {
		k.at.item(s.items[m.reached])
		defer k.at.pop()
		k.wrong("", "%s cannot stand here in the order", s.children[m.reached].Name.Local)
		return
	}
	k.wrong("", "elements are missing at the end")
}
