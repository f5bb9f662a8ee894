package source

import (
	"fmt"
	"strings"
)

// Entry is one key of a mapping with its value.
type Entry struct {
	Key   string
	Name  *Node // the key's node
	Value *Node
}

const mergeTag = "!!merge"

// Entries gives the entries of a mapping in the order written, nil for any other node. A merge key `<<` stands for the
// entries of what it names; a key of the mapping's own wins over a merged one, and of two merged ones the first wins.
// Repeated keys and keys that are no text are added to the report, and left out.
func (n *Node) Entries(r *Report) []Entry {
	if n.Form() != Mapping {
		return nil
	}
	written, taken := n.written(r)
	entries := make([]Entry, 0, len(written))
	for _, e := range written {
		if e.Name.yaml.Tag != mergeTag {
			entries = append(entries, e)
			continue
		}
		for _, m := range e.Value.merged(r) {
			if taken[m.Key] == nil {
				taken[m.Key] = m.Name
				entries = append(entries, m)
			}
		}
	}
	return entries
}

// written gives the entries as they stand in the file, merge keys not resolved, and the key nodes by name.
func (n *Node) written(r *Report) ([]Entry, map[string]*Node) {
	entries := make([]Entry, 0, len(n.children)/2)
	taken := make(map[string]*Node, len(n.children)/2)
	for i := 0; i+1 < len(n.children); i += 2 {
		e := Entry{n.children[i].Text(), n.children[i], n.children[i+1]}
		if !e.Name.checkKey(r) {
			continue
		}
		if first := taken[e.Key]; first != nil {
			p := first.Pos()
			r.Errorf(e.Name, "repeated key %q", e.Key).Hint =
				fmt.Sprintf("it stands at line %d, column %d already; keep one of the two", p.Line, p.Column)
			continue
		}
		taken[e.Key] = e.Name
		entries = append(entries, e)
	}
	return entries, taken
}

// merged gives the entries that a merge key with this value stands for.
func (n *Node) merged(r *Report) []Entry {
	switch n.Form() {
	case Mapping:
		return n.Entries(r)
	case List:
		var all []Entry
		for _, item := range n.Items() {
			if item.Form() != Mapping {
				r.Errorf(item, "<< takes mappings, not %s", item.What())
				continue
			}
			all = append(all, item.Entries(r)...)
		}
		return all
	}
	r.Errorf(n, "<< takes a mapping or a list of mappings, not %s", n.What())
	return nil
}

// checkKey reports a key that is no text.
func (n *Node) checkKey(r *Report) bool {
	switch n.yaml.Tag {
	case "!!int", "!!float", "!!bool", "!!null":
		e := r.Errorf(n, "a key must be text, not %s", n.What())
		e.Hint = "write " + quote(n.Text())
		return false
	}
	if n.Form() == Scalar {
		return true
	}
	e := r.Errorf(n, "a key must be text, not %s", n.What())
	if inner, ok := n.braces(); ok {
		e.Message = "{{ }} is a mapping in a mapping to YAML, not an expression"
		e.Hint = "write " + quote("${ "+inner+" }")
	}
	return false
}

// braces gives what stands between the inner braces of {{ … }}, when the node is the inner mapping of that.
func (n *Node) braces() (inner string, ok bool) {
	text := n.file.Data
	if n.Form() != Mapping || !n.flow() || n.start == 0 || text[n.start-1] != '{' {
		return "", false
	}
	line := string(text[n.start+1 : n.file.lineEnd(n.Pos().Line)])
	inner, _, ok = strings.Cut(line, "}}")
	return strings.TrimSpace(inner), ok
}
