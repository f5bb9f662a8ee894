package xml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Write writes a tree of elements as a document in UTF-8. All namespaces are declared at the root: those of the options first, the
// others under the prefixes that elements and attributes name where these are free, else under ns1, ns2 and so on. No default
// namespace is declared, so that elements, and names in values, that are in no namespace have no prefix. An element's text is
// written before its children. Prefixes inside of Text and Value are text: a tree that was read keeps their meaning only where the
// options declare them. All mistakes are *ValueError; the first one is given.
func Write(root *Element, opts WriteOptions) ([]byte, error) {
	t := treeWriter{indent: opts.Indent, prefixes: map[string]string{XMLSpace: "xml"}, taken: map[string]bool{"xml": true, "xmlns": true}}
	if err := t.declare(opts); err != nil {
		return nil, err
	}
	if err := t.collect(root); err != nil {
		return nil, err
	}
	for _, d := range t.declared {
		t.size += len(d.prefix) + len(d.space) + len(` xmlns:=""`)
	}
	t.out = make([]byte, 0, len(xmlDeclared)+t.size)
	if !opts.Fragment {
		t.out = append(t.out, xmlDeclared...)
	}
	if err := t.element(root); err != nil {
		return nil, err
	}
	if !opts.Fragment {
		t.out = append(t.out, '\n')
	}
	return t.out, nil
}

// treeWriter writes a tree once it has seen all of its namespaces.
type treeWriter struct {
	out      []byte
	indent   bool
	prefixes map[string]string // by namespace
	taken    map[string]bool
	declared []declared
	path     []*Element // from the root to the element at hand
	size     int        // about how long the document becomes
	last     declared   // the namespace that was written last, which mostly is the next one too
}

// declared is a declaration of the root.
type declared struct{ prefix, space string }

// declare takes the namespaces of the options.
func (t *treeWriter) declare(opts WriteOptions) error {
	for _, p := range opts.Namespaces {
		space, isText := Text(p.Value)
		switch {
		case !isText || space == "":
			return &ValueError{Path: p.Key, Message: "a prefix stands for the name of a namespace, which is a text"}
		case !isName(p.Key) || len(p.Key) > maxName || t.taken[p.Key] || space == XMLSpace || space == xmlnsSpace:
			return &ValueError{Path: p.Key, Message: fmt.Sprintf("the prefix %q cannot be declared for the namespace %q", p.Key, space)}
		}
		if r, bad := illegal(space); bad {
			return &ValueError{Path: p.Key, Message: fmt.Sprintf(noChar, r)}
		}
		t.bind(p.Key, space)
	}
	return nil
}

func (t *treeWriter) bind(prefix, space string) {
	if _, known := t.prefixes[space]; !known {
		t.prefixes[space] = prefix
	}
	t.taken[prefix] = true
	t.declared = append(t.declared, declared{prefix, space})
}

// prefixOf gives the prefix of a namespace, if it has one by now.
func (t *treeWriter) prefixOf(space string) (prefix string, known bool) {
	if t.last.space == space && space != "" {
		return t.last.prefix, true
	}
	if prefix, known = t.prefixes[space]; known {
		t.last = declared{prefix, space}
	}
	return prefix, known
}

// collect looks at all names of a tree, and gives each namespace a prefix.
func (t *treeWriter) collect(e *Element) error {
	t.path = append(t.path, e)
	if len(t.path) > maxDepth {
		return t.errorf("", "elements would lie more than %d deep", maxDepth)
	}
	if err := t.names(e); err != nil {
		return err
	}
	t.size += len("<ns1:></ns1:>") + 2*len(e.Name.Local) + len(e.Text)
	for i := range e.Attrs {
		if err := t.attributeNames(e, i); err != nil {
			return err
		}
	}
	for _, child := range e.Children {
		if err := t.collect(child); err != nil {
			return err
		}
	}
	t.path = t.path[:len(t.path)-1]
	return nil
}

func (t *treeWriter) names(e *Element) error {
	if e.QName != nil && e.Text != "" {
		return t.errorf("", "the name %s and the text %q cannot both be its text", e.QName, short(e.Text))
	}
	if err := t.use("", e.Name, e.Prefix); err != nil {
		return err
	}
	if e.QName == nil {
		return nil
	}
	return t.use("", *e.QName, "")
}

func (t *treeWriter) attributeNames(e *Element, i int) error {
	a := &e.Attrs[i]
	if a.Name == (Name{Local: "xmlns"}) {
		return t.errorf(a.Name.Local, "namespaces are declared by themselves, not by attributes")
	}
	if slices.ContainsFunc(e.Attrs[:i], func(other Attr) bool { return other.Name == a.Name }) {
		return t.errorf(a.Name.Local, "the attribute %s stands twice in its element", a.Name)
	}
	if err := t.use(a.Name.Local, a.Name, a.Prefix); err != nil {
		return err
	}
	t.size += len(` ns1:=""`) + len(a.Name.Local) + len(a.Value)
	if a.QName == nil {
		return nil
	}
	return t.use(a.Name.Local, *a.QName, "")
}

// use checks a name, and gives its namespace a prefix.
func (t *treeWriter) use(key string, n Name, wanted string) error {
	longest := max(len(n.Local), len(wanted))
	switch _, known := t.prefixOf(n.Space); {
	case longest > maxName:
		return t.errorf(key, longName, longest, maxName)
	case !isName(n.Local):
		return t.errorf(key, "%q is no XML name; one has letters, digits, '-', '_' and '.', and begins with a letter or '_'", short(n.Local))
	case wanted != "" && !isName(wanted):
		return t.errorf(key, "%q is no prefix; one has letters, digits, '-', '_' and '.', and begins with a letter or '_'", short(wanted))
	case n.Space == xmlnsSpace:
		return t.errorf(key, "namespaces are declared by themselves, not by attributes")
	case known || n.Space == "":
		return nil
	}
	if r, bad := illegal(n.Space); bad {
		return t.errorf(key, noChar, r)
	}
	prefix := wanted
	switch n.Space { // the prefixes that everybody knows
	case InstanceSpace:
		prefix = "xsi"
	case SchemaSpace:
		prefix = "xsd"
	}
	for i := 1; prefix == "" || t.taken[prefix]; i++ {
		prefix = "ns" + strconv.Itoa(i)
	}
	t.bind(prefix, n.Space)
	return nil
}

// errorf gives a mistake of the element at hand, or of its attribute key.
func (t *treeWriter) errorf(key, format string, args ...any) error {
	keys := make([]string, 0, len(t.path)+1)
	for i, e := range t.path {
		name := short(e.Name.Local)
		if i > 0 {
			name += siblingIndex(t.path[i-1], e)
		}
		keys = append(keys, name)
	}
	if key != "" {
		keys = append(keys, short(key))
	}
	return &ValueError{Path: strings.Join(keys, "."), Message: fmt.Sprintf(format, args...)}
}

// siblingIndex gives the index of a child among those of its name, as [2]; nothing where it is the only one.
func siblingIndex(parent, child *Element) string {
	index, n := 0, 0
	for _, c := range parent.Children {
		if c == child {
			index = n
		}
		if c.Name == child.Name {
			n++
		}
	}
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("[%d]", index)
}

func (t *treeWriter) name(n Name) {
	if n.Space != "" {
		prefix, _ := t.prefixOf(n.Space)
		t.out = append(append(t.out, prefix...), ':')
	}
	t.out = append(t.out, n.Local...)
}

func (t *treeWriter) element(e *Element) error {
	t.path = append(t.path, e)
	if len(t.path) > 1 {
		t.newline(len(t.path) - 1)
	}
	t.out = append(t.out, '<')
	t.name(e.Name)
	if len(t.path) == 1 {
		for _, d := range t.declared {
			t.out = append(append(append(t.out, " xmlns:"...), d.prefix...), `="`...)
			t.out = append(appendEscaped(t.out, d.space, true), '"')
		}
	}
	for i := range e.Attrs {
		if err := t.attribute(&e.Attrs[i]); err != nil {
			return err
		}
	}
	if e.Text == "" && len(e.Children) == 0 && e.QName == nil {
		t.out = append(t.out, "/>"...)
	} else if err := t.content(e); err != nil {
		return err
	}
	t.path = t.path[:len(t.path)-1]
	return nil
}

func (t *treeWriter) attribute(a *Attr) error {
	t.out = append(t.out, ' ')
	t.name(a.Name)
	t.out = append(t.out, `="`...)
	if a.QName != nil {
		t.name(*a.QName)
	}
	if r, bad := illegal(a.Value); bad {
		return t.errorf(a.Name.Local, noChar, r)
	}
	t.out = append(appendEscaped(t.out, a.Value, true), '"')
	return nil
}

func (t *treeWriter) content(e *Element) error {
	t.out = append(t.out, '>')
	if e.QName != nil {
		t.name(*e.QName)
	}
	if r, bad := illegal(e.Text); bad {
		return t.errorf("", noChar, r)
	}
	t.out = appendEscaped(t.out, e.Text, false)
	indent := t.indent
	t.indent = indent && e.Text == "" && e.QName == nil // white space beside text would become part of it
	for _, child := range e.Children {
		if err := t.element(child); err != nil {
			return err
		}
	}
	if len(e.Children) > 0 {
		t.newline(len(t.path) - 1)
	}
	t.indent = indent
	t.out = append(t.out, "</"...)
	t.name(e.Name)
	t.out = append(t.out, '>')
	return nil
}

// newline begins the next tag on its own line.
func (t *treeWriter) newline(depth int) {
	if t.indent {
		t.out = append(append(t.out, '\n'), strings.Repeat("  ", depth)...)
	}
}
