package values

import (
	"fmt"
	"strings"

	"snrun/steps/soap/xsd"
)

// model writes the elements of a content model. In a loop each of them is a list.
func (x *exampler) model(sh *shape, n *model, optional bool) []exampleLine {
	if x.full() {
		x.cut = true
		return nil
	}
	switch {
	case n.slot >= 0:
		return x.slot(sh, n, optional)
	case n.any != nil:
		return []exampleLine{{note: x.anyNote(n)}}
	}
	optional = optional || n.min == 0
	if n.kind == xsd.Choice {
		return x.choice(sh, n, optional)
	}
	var lines []exampleLine
	if rows := x.rows(n); rows != "" {
		lines = append(lines, exampleLine{note: rows})
	}
	for _, kid := range n.kids {
		lines = append(lines, x.model(sh, kid, optional)...)
	}
	return lines
}

// rows says how a group that repeats is written.
func (x *exampler) rows(n *model) string {
	if !n.repeats() || len(n.kids) < 2 {
		return ""
	}
	return "the next ones go side by side: the first item of each list, the second of each …; or else as _order: [{key: value}, …]"
}

func (x *exampler) anyNote(n *model) string {
	what := "elements"
	if n.max == 1 {
		what = "one element"
	}
	if n.any.Not != nil || n.any.Namespaces != nil {
		what += " of other namespaces"
	}
	if n.min == 0 {
		what = "any " + what
	} else {
		what = "there must be " + what
	}
	return what + ", as prefix:name or {namespace}name"
}

func (x *exampler) slot(sh *shape, n *model, optional bool) []exampleLine {
	sl := sh.slots[n.slot]
	e := sl.element
	if e.Abstract {
		return nil
	}
	notes := entryNotes{list: sl.list, min: max(n.min, 1), max: n.max, optional: optional || n.min == 0}
	if notes.optional {
		notes.min = n.min
	}
	if sl.list && n.max == 1 {
		notes.max = xsd.Unbounded // it repeats with the group around
	}
	if notes.optional && x.options >= x.depth {
		return commented([]exampleLine{{text: yamlKey(sl.key) + ": …", note: x.note(e, notes, exampleValue{})}})
	}
	lines := x.entry(sl.key, e, notes)
	if notes.optional || e.Fixed != nil && sh.mandatory(n.slot) {
		return commented(lines)
	}
	return lines
}

// choice writes the branches of a choice. Where one must be there the first is, that does not go on for ever; the others are comments.
func (x *exampler) choice(sh *shape, n *model, optional bool) []exampleLine {
	head := "one of these:"
	switch {
	case n.repeats():
		head = "any of these; they go in the order of their keys here, or in that of _order: [{key: value}, …]"
	case optional || n.empty:
		head = "one of these, or none:"
	}
	chosen := -1
	if !optional && !n.empty {
		chosen = x.finite(sh, n)
	}
	lines := []exampleLine{{note: head}}
	if len(n.kids) == 1 {
		lines = nil
	}
	for i, kid := range n.kids {
		if i == chosen {
			lines = append(lines, x.model(sh, kid, false)...)
			continue
		}
		branch := x.model(sh, kid, true)
		if kid.kind == xsd.Sequence && kid.slot < 0 && kid.any == nil && len(n.kids) > 1 && len(branch) > 1 {
			branch = append([]exampleLine{{note: fmt.Sprintf("these together: %s", strings.Join(keysIn(sh, kid), ", "))}}, branch...)
		}
		lines = append(lines, branch...)
	}
	return lines
}

func keysIn(sh *shape, n *model) []string {
	var keys []string
	for slot, sl := range sh.slots {
		if n.holdsSlot(slot) {
			keys = append(keys, sl.key)
		}
	}
	return keys[:min(len(keys), manyWords)]
}

// finite gives the first branch that can be written without holding itself for ever, else the first.
func (x *exampler) finite(sh *shape, n *model) int {
	first := -1
	for i, kid := range n.kids {
		if kid.any != nil || kid.slot >= 0 && sh.slots[kid.slot].element.Abstract {
			continue
		}
		if first < 0 {
			first = i
		}
		trial := exampler{schema: x.schema, depth: x.depth, types: x.types, written: x.written}
		trial.model(sh, kid, false)
		x.written = trial.written // so that trials within trials end
		if !trial.endless {
			return i
		}
	}
	return first
}
