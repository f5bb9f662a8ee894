package jobs

import (
	"fmt"
	"slices"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// mapping is a YAML mapping whose keys have been checked.
type mapping struct {
	node    *source.Node
	entries []source.Entry
	meant   []string // the keys that unknown ones were most likely meant to be
}

// get gives the value of a key, nil when it is absent.
func (m mapping) get(name string) *source.Node { return m.entry(name).Value }

// given gives the value of a key, nil when it is absent or null.
func (m mapping) given(name string) *source.Node {
	if n := m.get(name); n != nil && !n.IsNull() {
		return n
	}
	return nil
}

func (m mapping) entry(name string) source.Entry {
	for _, e := range m.entries {
		if e.Key == name {
			return e
		}
	}
	return source.Entry{}
}

// has says whether there is a value for a key, or was meant to be: null is one only where any data may stand.
func (m mapping) has(f steps.Field) bool {
	n := m.get(f.Name)
	return slices.Contains(m.meant, f.Name) || n != nil && (!n.IsNull() || f.Type.Form == steps.Any || f.Type.Form == steps.Tree)
}

// mapping reads a mapping that may have the keys of fields. What names it in messages: "a step", "retry".
func (d *decoder) mapping(n *source.Node, fields []steps.Field, what string) (mapping, bool) {
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "%s must be a mapping, not %s", what, n.What()).Hint = keysHint(fields)
		return mapping{}, false
	}
	m := mapping{node: n, entries: d.entries(n)}
	for _, e := range m.entries {
		if f := fieldNamed(fields, e.Key); f != nil && !f.FromProfile {
			continue
		}
		if meant := d.unknownKey(e, fields, what); meant != "" {
			m.meant = append(m.meant, meant)
		}
	}
	d.exclusive(m, fields, what)
	d.missing(m, fields, what)
	return m, true
}

// unknownKey reports a key, and gives the one that was most likely meant, "" where none is close.
func (d *decoder) unknownKey(e source.Entry, fields []steps.Field, what string) (meant string) {
	reported := d.r.Errorf(e.Name, "unknown key %q in %s", e.Key, what)
	if d.kinds[what] != nil && fieldNamed(stepFields(), e.Key) != nil {
		reported.Hint = fmt.Sprintf("%s is a key of the step: write it beside %s, not in it", e.Key, what)
		return ""
	}
	if meant = steps.Nearest(e.Key, fieldNames(fields)); meant == "" {
		reported.Hint = keysHint(fields)
		return ""
	}
	reported.Hint = fmt.Sprintf("did you mean %q?", meant)
	return meant
}

// exclusive reports groups of which more than one key is there.
func (d *decoder) exclusive(m mapping, fields []steps.Field, what string) {
	for i, f := range fields {
		if f.Group == "" || m.get(f.Name) == nil {
			continue
		}
		for _, other := range fields[:i] {
			if other.Group == f.Group && m.get(other.Name) != nil {
				d.r.Errorf(m.entry(f.Name).Name, "%s and %s exclude each other in %s", other.Name, f.Name, what).Hint = "give one of them"
				break
			}
		}
	}
}

// missing reports required keys that are absent: those that stand alone, and the groups.
func (d *decoder) missing(m mapping, fields []steps.Field, what string) {
	var absent []steps.Field
	for _, f := range fields {
		switch {
		case !f.Required:
		case f.Group == "" && !m.has(f):
			absent = append(absent, f)
		case f.Group != "" && !m.hasGroup(fields, f.Group):
			d.r.Errorf(m.node, "%s needs one of the keys %s", what, strings.Join(groupNames(fields, f.Group), ", ")).Hint = "add one of them"
		}
	}
	switch len(absent) {
	case 0:
	case 1:
		d.needsKey(m, absent[0], what)
	default:
		d.r.Errorf(m.node, "%s needs the keys %s", what, strings.Join(fieldNames(absent), " and "))
	}
}

func (d *decoder) needsKey(m mapping, f steps.Field, what string) {
	if n := m.get(f.Name); n != nil {
		d.r.Errorf(n, "%s needs a value for %s", what, f.Name).Hint = missingHint(f)
		return
	}
	d.r.Errorf(m.node, "%s needs the key %q", what, f.Name).Hint = missingHint(f)
}

func missingHint(f steps.Field) string {
	if f.Example != "" {
		return fmt.Sprintf("add it, as in %s: %s", f.Name, f.Example)
	}
	return firstLine(f.Doc)
}

func (m mapping) hasGroup(fields []steps.Field, group string) bool {
	for _, f := range fields {
		if f.Group == group && m.has(f) {
			return true
		}
	}
	return false
}
