package xsd

import (
	"slices"
	"strings"
)

// Allows says whether what is in a namespace may stand there. ##other allows no names without a namespace either (XSD 1.0 part 1,
// section 3.10.4).
func (w *Wildcard) Allows(space string) bool {
	switch {
	case w.Not != nil:
		return space != *w.Not && space != ""
	case w.Namespaces != nil:
		return slices.Contains(w.Namespaces, space)
	}
	return true
}

func (w *Wildcard) open() bool { return w.Not == nil && w.Namespaces == nil }

// wildcard compiles xs:any or xs:anyAttribute.
func (c *compiler) wildcard(n node) *Wildcard {
	w := &Wildcard{Process: "strict"}
	switch process := n.attr("processContents"); process {
	case "strict", "lax", "skip":
		w.Process = process
	case "":
	default:
		c.add(n, "", "processContents=%q: this is strict, lax or skip", process)
	}
	switch written := n.attr("namespace"); written {
	case "", "##any":
	case "##other":
		target := n.doc.space
		w.Not = &target
	default:
		w.Namespaces = []string{}
		for space := range strings.FieldsSeq(written) {
			switch space {
			case "##targetNamespace":
				space = n.doc.space
			case "##local":
				space = ""
			}
			w.Namespaces = append(w.Namespaces, space)
		}
	}
	return w
}

// intersect gives the wildcard of what both allow. One that is nil is not there.
func intersect(a, b *Wildcard) *Wildcard {
	switch {
	case a == nil || b != nil && a.open():
		return b
	case b == nil || b.open():
		return a
	case a.Namespaces == nil && b.Namespaces != nil:
		a, b = b, a
	}
	if a.Namespaces == nil {
		return a // two times ##other: of different namespaces there is no name for what both allow
	}
	both := &Wildcard{Process: a.Process, Namespaces: []string{}}
	for _, space := range a.Namespaces {
		if b.Allows(space) {
			both.Namespaces = append(both.Namespaces, space)
		}
	}
	return both
}

// unite gives the wildcard of what one of them allows. One that is nil is not there.
func unite(own, base *Wildcard) *Wildcard {
	switch {
	case own == nil:
		return base
	case base == nil || own.open():
		return own
	case base.open():
		return &Wildcard{Process: own.Process}
	case own.Namespaces != nil && base.Namespaces != nil:
		return &Wildcard{Process: own.Process, Namespaces: slices.Concat(own.Namespaces, base.Namespaces)}
	case own.Not != nil && base.Not != nil && *own.Not != *base.Not:
		return &Wildcard{Process: own.Process}
	}
	set, other := own, base
	if set.Namespaces == nil {
		set, other = base, own
	}
	for _, space := range set.Namespaces {
		if !other.Allows(space) {
			return &Wildcard{Process: own.Process}
		}
	}
	return &Wildcard{Process: own.Process, Not: other.Not}
}
