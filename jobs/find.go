package jobs

import (
	"slices"
	"strconv"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// at finds the node that a path such as "backoff.max" or "query.tag[1]" names below n: the nearest one that exists.
func (d *decoder) at(n *source.Node, path string) *source.Node {
	return finder(d.entriesRead).find(n, path).value
}

// entriesRead gives the entries of a mapping as it has been read, which may be more than is written.
func (d *decoder) entriesRead(n *source.Node) []source.Entry {
	if entries, known := d.read[n]; known {
		return entries
	}
	return entriesWritten(n)
}

func entriesWritten(n *source.Node) []source.Entry { return n.Entries(&source.Report{}) }

// finder finds nodes by paths, in mappings that have the entries it gives.
type finder func(*source.Node) []source.Entry

// found is where a path led: to a value and, where all of the path was followed and a key stands at its end, to that key.
type found struct {
	key, value *source.Node
	rest       string // of the path, where nothing has that name
}

// find follows a path. Keys stand in it as they are: what is a dot or a bracket in a key and what is one behind it is told by
// the keys that there are, of two that fit by the longer one, unless the path cannot be followed with that.
func (f finder) find(n *source.Node, path string) found {
	nearest := found{value: n, rest: path}
	if path == "" {
		return nearest
	}
	for _, e := range f.next(n, path) {
		rest := strings.TrimPrefix(path[len(e.Key):], ".")
		at := f.find(e.Value, rest)
		if rest == "" {
			at.key = e.Name
		}
		if len(at.rest) < len(nearest.rest) {
			nearest = at
		}
		if at.rest == "" {
			break
		}
	}
	return nearest
}

// next gives the entries of a mapping, or the items of a list, with which a path can begin; their keys as they stand in it, the
// longest first.
func (f finder) next(n *source.Node, path string) []source.Entry {
	var fit []source.Entry
	switch n.Form() {
	case source.Mapping:
		for _, e := range f(n) {
			if rest, begins := strings.CutPrefix(path, e.Key); begins && e.Key != "" && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				fit = append(fit, e)
			}
		}
	case source.List:
		index, _, closed := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(index); err == nil && closed && path[0] == '[' && i >= 0 && i < len(n.Items()) {
			fit = append(fit, source.Entry{Key: "[" + index + "]", Value: n.Items()[i]})
		}
	}
	slices.SortStableFunc(fit, func(a, b source.Entry) int { return len(b.Key) - len(a.Key) })
	return fit
}

// child gives what stands under a key of a mapping as it has been read, which may be more than is written; or what child gives.
func (d *decoder) child(n *source.Node, part string) *source.Node {
	if n.Form() == source.Mapping {
		return mapping{entries: d.entriesRead(n)}.get(part)
	}
	return child(n, part)
}

// child gives what stands under a key of a mapping, or at the index of a list; nil where there is nothing.
func child(n *source.Node, part string) *source.Node {
	switch n.Form() {
	case source.Mapping:
		return mapping{node: n, entries: entriesWritten(n)}.get(part)
	case source.List:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.Items()) {
			return n.Items()[i]
		}
	}
	return nil
}

// childrenOf gives what stands below a node, in the order written.
func (d *decoder) childrenOf(n *source.Node) []*source.Node {
	if n.Form() == source.List {
		return n.Items()
	}
	var children []*source.Node
	for _, e := range d.entries(n) {
		children = append(children, e.Value)
	}
	return children
}

// findExpression gives the first scalar at or below n that holds an expression.
func (d *decoder) findExpression(n *source.Node) (*source.Node, bool) {
	if n.Form() == source.Scalar {
		return n, holdsExpression(n.Text())
	}
	for _, c := range d.childrenOf(n) {
		if at, has := d.findExpression(c); has {
			return at, true
		}
	}
	return nil, false
}

// holdsExpression says whether a text holds an expression that is not escaped.
func holdsExpression(text string) bool {
	if !hasExpression(text) {
		return false
	}
	pieces, broken := split(text)
	for _, p := range pieces {
		if !p.literal {
			return true
		}
	}
	return broken != nil
}

func fieldNamed(fields []steps.Field, name string) *steps.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// fieldNames names the fields that a person may write.
func fieldNames(fields []steps.Field) []string {
	var names []string
	for _, f := range fields {
		if !f.FromProfile {
			names = append(names, f.Name)
		}
	}
	return names
}

func groupNames(fields []steps.Field, group string) []string {
	var names []string
	for _, f := range fields {
		if f.Group == group {
			names = append(names, f.Name)
		}
	}
	return names
}

func keysHint(fields []steps.Field) string {
	names := fieldNames(fields)
	if len(names) == 1 {
		return "its only key is " + names[0]
	}
	return "its keys are " + strings.Join(names, ", ")
}

func firstLine(doc string) string {
	line, _, _ := strings.Cut(doc, "\n")
	return line
}
