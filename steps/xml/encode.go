package xml

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"snrun/steps"
)

// WriteOptions say how a document is written.
type WriteOptions struct {
	// Indent puts each element on a line of its own, two spaces deeper than the one around it.
	Indent bool
	// Namespaces are the prefixes that names may use and their namespaces. The root element declares them.
	Namespaces steps.Pairs
	// Fragment leaves out the XML declaration and the end of the last line, so that the element can stand inside of a document.
	Fragment bool
}

const xmlDeclared = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

// Encode writes a tree as a document in UTF-8: a mapping (steps.Pairs in their order, map[string]any sorted) with the
// root element as its only entry. An entry is an element, an entry whose value is a list one element for each item:
//
//   - `name` is in no namespace, `prefix:name` in the one declared for the prefix.
//   - `_name` with a scalar is an attribute; without a schema, nothing else tells it from an element. Null leaves it out.
//     `_xmlns:p` declares a prefix. A list of one (`_name: [x]`) is an element of that very name.
//   - `__name` is an element of that very name.
//   - `_` is the element's own text.
//   - Null is an element with xsi:nil="true"; an empty list is nothing, an empty mapping an empty element.
//
// A steps.Scalar is written as its text says. All mistakes are found, at most 100: several are joined errors, each a *ValueError.
func Encode(tree any, opts WriteOptions) ([]byte, error) {
	key, value, err := rootOf(tree)
	if err != nil {
		return nil, err
	}
	w := writer{indent: opts.Indent, bound: map[string][]string{"xml": {XMLSpace}}}
	if !opts.Fragment {
		w.out = append(w.out, xmlDeclared...)
	}
	if err := w.namespaces(opts.Namespaces); err != nil {
		return nil, err
	}
	w.element(place{key, -1}, value)
	if len(w.mistakes) == 1 {
		return nil, w.mistakes[0]
	}
	if len(w.mistakes) > 1 {
		return nil, errors.Join(w.mistakes...)
	}
	if w.instanceAt > 0 {
		w.out = slices.Insert(w.out, w.instanceAt, []byte(` xmlns:xsi="`+InstanceSpace+`"`)...)
	}
	if !opts.Fragment {
		w.out = append(w.out, '\n')
	}
	return w.out, nil
}

func rootOf(tree any) (string, any, error) {
	entries, isMapping := steps.Entries(tree)
	if !isMapping || len(entries) != 1 || isAttribute(entries[0]) || entries[0].Key == "_" {
		return "", nil, &ValueError{Message: "a document is a mapping with exactly one key, the name of its root element"}
	}
	root := entries[0]
	if list, isList := root.Value.([]any); isList {
		if len(list) != 1 {
			return "", nil, &ValueError{Path: root.Key, Message: fmt.Sprintf("a document has one root element, not %d", len(list))}
		}
		root.Value = list[0]
	}
	return root.Key, root.Value, nil
}

// writer appends elements to out.
type writer struct {
	out        []byte
	indent     bool
	path       []place
	bound      map[string][]string // what each prefix means, innermost last
	declare    []steps.Pair        // what the root element has to declare
	rootEnd    int                 // where further declarations of the root go
	instanceAt int                 // where that of xsi goes, 0 when nothing needs it
	mistakes   []error
}

// maxMistakes bounds what is told of one tree.
const maxMistakes = 100

// note keeps a mistake; the walk goes on, so that all of them are told.
func (w *writer) note(err error) {
	if err != nil && len(w.mistakes) < maxMistakes {
		w.mistakes = append(w.mistakes, err)
	}
}

// place is a step of a path: a key, and an index where its value is a list, else -1.
type place struct {
	key   string
	index int
}

// keyf gives a mistake of the key that the place at hand ends in.
func (w *writer) keyf(format string, args ...any) error {
	return &ValueError{Path: w.here(), Message: fmt.Sprintf(format, args...), Key: true}
}

func (w *writer) errorf(format string, args ...any) error {
	return &ValueError{Path: w.here(), Message: fmt.Sprintf(format, args...)}
}

// here is the path of the place at hand.
func (w *writer) here() string {
	var path strings.Builder
	for i, step := range w.path {
		if i > 0 {
			path.WriteByte('.')
		}
		path.WriteString(step.key)
		if step.index >= 0 {
			fmt.Fprintf(&path, "[%d]", step.index)
		}
	}
	return path.String()
}

func (w *writer) push(at place) { w.path = append(w.path, at) }
func (w *writer) pop()          { w.path = w.path[:len(w.path)-1] }

func (w *writer) namespaces(declared steps.Pairs) error {
	for _, p := range declared {
		space, isText := Text(p.Value)
		if !isText || space == "" {
			return &ValueError{Path: p.Key, Message: "a prefix stands for the name of a namespace, which is a text"}
		}
		name := "_xmlns"
		if p.Key != "" {
			name += ":" + p.Key
		}
		w.declare = append(w.declare, steps.Pair{Key: name, Value: space})
	}
	return nil
}

// element writes one element with all that is in it.
func (w *writer) element(at place, value any) {
	w.push(at)
	defer w.pop()
	if len(w.path) > maxDepth {
		w.note(w.errorf("elements would lie more than %d deep", maxDepth))
		return
	}
	entries, isMapping := steps.Entries(value)
	if !isMapping {
		entries = []steps.Pair{{Key: "_", Value: value}}
	}
	if w.rootEnd == 0 {
		entries = slices.Concat(w.declare, entries)
	}
	bound := w.bind(entries)
	if at.index <= 0 { // the items of a list share their key
		w.note(w.name(at.key))
	}
	w.startTag(at.key, entries)
	w.content(at.key, entries)
	for _, prefix := range bound {
		w.bound[prefix] = w.bound[prefix][:len(w.bound[prefix])-1]
	}
}

// bind notes the namespaces that an element declares, and gives their prefixes.
func (w *writer) bind(entries []steps.Pair) []string {
	var bound []string
	for _, e := range entries {
		prefix, isPrefix := strings.CutPrefix(e.Key, "_xmlns:")
		space, _ := Text(e.Value)
		switch {
		case !isAttribute(e):
			continue
		case e.Key == "_xmlns" && (space == XMLSpace || space == xmlnsSpace):
			w.note(w.errorf("the default namespace cannot be %q", space))
			continue
		case !isPrefix:
			continue
		case !isName(prefix), len(prefix) > maxName, prefix == "xml", prefix == "xmlns", space == "", space == XMLSpace, space == xmlnsSpace:
			w.note(w.errorf("the prefix %q cannot be declared for the namespace %q", prefix, space))
			continue
		}
		w.bound[prefix] = append(w.bound[prefix], space)
		bound = append(bound, prefix)
	}
	return bound
}

// startTag writes a start tag up to its closing bracket.
func (w *writer) startTag(key string, entries []steps.Pair) {
	w.newline()
	w.out = append(append(w.out, '<'), key...)
	if w.rootEnd == 0 {
		w.rootEnd = len(w.out)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		var name string
		value := e.Value
		switch {
		case isAttribute(e) && !isNull(value):
			name = e.Key[1:]
		case e.Key == "_" && isNull(value):
			name, value = "xsi:nil", "true"
		default:
			continue
		}
		w.push(place{e.Key, -1})
		w.note(w.attribute(name, value, seen))
		w.pop()
	}
}

func (w *writer) attribute(name string, value any, seen map[string]bool) error {
	id := w.expanded(name)
	if seen[id] {
		return w.keyf("the attribute %s stands twice in its element", name)
	}
	seen[id] = true
	if err := w.attributeName(name); err != nil {
		return err
	}
	written, isText := Text(value)
	if !isText {
		return w.errorf("%s", noText(value))
	}
	w.out = append(append(append(w.out, ' '), name...), `="`...)
	if err := w.escape(written, true); err != nil {
		return err
	}
	w.out = append(w.out, '"')
	return nil
}

// content writes the end of a start tag, what an element holds, and its end tag.
func (w *writer) content(key string, entries []steps.Pair) {
	indent, head := w.indent, len(w.out)
	w.out = append(w.out, '>')
	hasText := slices.ContainsFunc(entries, func(e steps.Pair) bool { return e.Key == "_" && !isNull(e.Value) })
	w.indent = indent && !hasText // white space beside text would become part of it
	for _, e := range entries {
		w.entry(e)
	}
	if len(w.out) == head+1 {
		w.out = append(w.out[:head], "/>"...)
	} else {
		w.newline()
		w.out = append(append(append(w.out, "</"...), key...), '>')
	}
	w.indent = indent
}

// entry writes an element's text, a child or a list of children; attributes are written by now.
func (w *writer) entry(e steps.Pair) {
	if isAttribute(e) || e.Key == "_" && isNull(e.Value) {
		return
	}
	if e.Key == "_" {
		w.note(w.text(e.Value))
		return
	}
	list, isList := e.Value.([]any)
	if !isList {
		w.element(place{e.Key, -1}, e.Value)
		return
	}
	for i, item := range list {
		w.element(place{e.Key, i}, item)
	}
}

func (w *writer) text(value any) error {
	written, isText := Text(value)
	if !isText {
		return w.errorf("%s", noText(value))
	}
	return w.escape(written, false)
}

// newline begins the next tag on its own line.
func (w *writer) newline() {
	if w.indent && w.rootEnd > 0 {
		w.out = append(w.out, '\n')
		w.out = append(w.out, strings.Repeat("  ", len(w.path)-1)...)
	}
}
