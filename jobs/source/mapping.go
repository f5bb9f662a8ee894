package source

import (
	"fmt"
	"slices"
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
	written := n.written(r)
	if !slices.ContainsFunc(written.entries, Entry.merges) {
		return written.entries
	}
	entries := make([]Entry, 0, len(written.entries))
	for _, e := range written.entries {
		if !e.merges() {
			entries = append(entries, e)
			continue
		}
		for _, m := range e.Value.merged(r) {
			if written.name(m.Key) == nil {
				written.add(m)
				entries = append(entries, m)
			}
		}
	}
	return entries
}

func (e Entry) merges() bool { return e.Name.yaml.Tag == mergeTag }

// keyed are entries, found by their keys.
type keyed struct {
	entries []Entry
	names   map[string]*Node // the keys' nodes, once there are many
}

// fewKeys is how many entries are looked through one by one.
const fewKeys = 16

// name gives the node of a key, nil where there is no entry for it.
func (k *keyed) name(key string) *Node {
	if k.names != nil {
		return k.names[key]
	}
	for i := range k.entries {
		if k.entries[i].Key == key {
			return k.entries[i].Name
		}
	}
	return nil
}

func (k *keyed) add(e Entry) {
	k.entries = append(k.entries, e)
	switch {
	case k.names != nil:
		k.names[e.Key] = e.Name
	case len(k.entries) > fewKeys:
		k.names = make(map[string]*Node, cap(k.entries))
		for _, e := range k.entries {
			k.names[e.Key] = e.Name
		}
	}
}

// written gives the entries as they stand in the file, merge keys not resolved.
func (n *Node) written(r *Report) *keyed {
	k := &keyed{entries: make([]Entry, 0, len(n.children)/2)}
	for i := 0; i+1 < len(n.children); i += 2 {
		e := Entry{n.children[i].Text(), n.children[i], n.children[i+1]}
		if !e.Name.checkKey(r) {
			continue
		}
		if first := k.name(e.Key); first != nil {
			p := first.Pos()
			r.Errorf(e.Name, "repeated key %q", e.Key).Hint =
				fmt.Sprintf("it stands at line %d, column %d already; keep one of the two", p.Line, p.Column)
			continue
		}
		k.add(e)
	}
	return k
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
