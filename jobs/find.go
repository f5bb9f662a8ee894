package jobs

import (
	"strconv"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// at finds the node that a path such as "backoff.max" or "query.tag[1]" names below n: the nearest one that exists.
func (d *decoder) at(n *source.Node, path string) *source.Node {
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next := d.child(n, part)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// child gives what stands under a key of a mapping as it has been read, which may be more than is written; or what child gives.
func (d *decoder) child(n *source.Node, part string) *source.Node {
	if entries, known := d.read[n]; known && n.Form() == source.Mapping {
		return mapping{entries: entries}.get(part)
	}
	return child(n, part)
}

// child gives what stands under a key of a mapping, or at the index of a list; nil where there is nothing.
func child(n *source.Node, part string) *source.Node {
	switch n.Form() {
	case source.Mapping:
		return mapping{node: n, entries: n.Entries(&source.Report{})}.get(part)
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
