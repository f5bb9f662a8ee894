package xml

import (
	"fmt"
	"strings"
)

// Write writes a tree of elements as a document in UTF-8. All namespaces are declared at the root, under the prefixes that elements
// and attributes name where these are free, else under ns1, ns2 and so on. Elements without a namespace have no prefix. Errors are
// *ValueError.
func Write(root *Element, opts WriteOptions) ([]byte, error) {
	t := treeWriter{indent: opts.Indent, prefixes: map[string]string{xmlSpace: "xml"}, taken: map[string]bool{"xml": true, "xmlns": true}}
	t.collect(root)
	t.out = append(t.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
	if err := t.element(root, 0); err != nil {
		return nil, err
	}
	return append(t.out, '\n'), nil
}

// treeWriter writes a tree once it has seen all of its namespaces.
type treeWriter struct {
	writer
	out      []byte
	indent   bool
	prefixes map[string]string // by namespace
	taken    map[string]bool
	declared []Name // namespaces with their prefixes as local names, in the order met
}

// collect gives each namespace of a tree a prefix.
func (t *treeWriter) collect(e *Element) {
	t.prefixFor(e.Name.Space, e.Prefix)
	t.prefixFor(e.QName.Space, "")
	for _, a := range e.Attrs {
		t.prefixFor(a.Name.Space, a.Prefix)
		t.prefixFor(a.QName.Space, "")
	}
	for _, child := range e.Children {
		t.collect(child)
	}
}

func (t *treeWriter) prefixFor(space, wanted string) {
	if _, known := t.prefixes[space]; known || space == "" {
		return
	}
	if space == instanceSpace {
		wanted = "xsi"
	}
	prefix := wanted
	for i := 1; prefix == "" || t.taken[prefix]; i++ {
		prefix = fmt.Sprintf("ns%d", i)
	}
	t.prefixes[space], t.taken[prefix] = prefix, true
	t.declared = append(t.declared, Name{space, prefix})
}

func (t *treeWriter) name(n Name) string {
	if n.Space == "" {
		return n.Local
	}
	return t.prefixes[n.Space] + ":" + n.Local
}

func (t *treeWriter) element(e *Element, depth int) error {
	name := t.name(e.Name)
	if depth > 0 && t.indent {
		t.out = append(append(t.out, '\n'), strings.Repeat("  ", depth)...)
	}
	t.out = append(append(t.out, '<'), name...)
	if depth == 0 {
		for _, d := range t.declared {
			if err := t.attribute("xmlns:"+d.Local, d.Space); err != nil {
				return err
			}
		}
	}
	for _, a := range e.Attrs {
		value := a.Value
		if a.QName.Local != "" {
			value = t.name(a.QName)
		}
		if err := t.attribute(t.name(a.Name), value); err != nil {
			return err
		}
	}
	text := e.Text
	if e.QName.Local != "" {
		text = t.name(e.QName)
	}
	if text == "" && len(e.Children) == 0 {
		t.out = append(t.out, "/>"...)
		return nil
	}
	return t.content(e, name, text, depth)
}

func (t *treeWriter) content(e *Element, name, text string, depth int) error {
	t.out = append(t.out, '>')
	if err := t.text(text, false); err != nil {
		return err
	}
	indent := t.indent
	t.indent = indent && text == "" // white space beside text would become part of it
	for _, child := range e.Children {
		if err := t.element(child, depth+1); err != nil {
			return err
		}
	}
	if t.indent && len(e.Children) > 0 {
		t.out = append(append(t.out, '\n'), strings.Repeat("  ", depth)...)
	}
	t.indent = indent
	t.out = append(append(append(t.out, "</"...), name...), '>')
	return nil
}

func (t *treeWriter) attribute(name, value string) error {
	t.out = append(append(append(t.out, ' '), name...), `="`...)
	err := t.text(value, true)
	t.out = append(t.out, '"')
	return err
}

func (t *treeWriter) text(s string, inAttribute bool) error {
	t.writer.out = t.writer.out[:0]
	err := t.escape(s, inAttribute)
	t.out = append(t.out, t.writer.out...)
	return err
}
