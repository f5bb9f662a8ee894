package xsd

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"snrun/steps"
	"snrun/steps/xml"
)

// maxProblems is how many mistakes are told; the rest is counted.
const maxProblems = 100

// problems collects mistakes.
type problems struct {
	list []problem
	more int
}

// problem is a mistake in a document, by the order in which the documents were met.
type problem struct {
	index int
	err   *Error
}

// full says that no further mistake will be told, so that no hint need be found.
func (p *problems) full() bool { return len(p.list) >= maxProblems }

// add notes a mistake at a node. It gives nil where there are too many.
func (p *problems) add(n node, hint, format string, args ...any) *Error {
	if p.full() {
		p.more++
		return nil
	}
	err := &Error{Location: n.doc.location, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...), Hint: hint}
	p.list = append(p.list, problem{n.doc.index, err})
	return err
}

// join gives all mistakes in the order of the documents and lines, nil for none.
func (p *problems) join() error {
	slices.SortStableFunc(p.list, func(a, b problem) int {
		return cmp.Or(a.index-b.index, a.err.Line-b.err.Line, a.err.Column-b.err.Column)
	})
	var errs []error
	for i, found := range p.list {
		if i > 0 && found.err.Error() == p.list[i-1].err.Error() {
			continue
		}
		errs = append(errs, found.err)
	}
	if p.more > 0 {
		errs = append(errs, &Error{Location: p.list[0].err.Location, Message: fmt.Sprintf("and %d more mistakes", p.more)})
	}
	return errors.Join(errs...)
}

// node is an element of a schema document.
type node struct {
	*xml.Element
	doc *document
}

// children gives the children that are XML Schema's own.
func (n node) children() iter.Seq[node] {
	return func(yield func(node) bool) {
		for _, e := range n.Children {
			if e.Name.Space == xml.SchemaSpace && !yield(node{e, n.doc}) {
				return
			}
		}
	}
}

// child gives the first child of one of some names.
func (n node) child(names ...string) (node, bool) {
	for child := range n.children() {
		if slices.Contains(names, child.Name.Local) {
			return child, true
		}
	}
	return node{}, false
}

// named gives the children of an element that are XML Schema's and have a name.
func named(e *xml.Element, local string) iter.Seq[*xml.Element] {
	return func(yield func(*xml.Element) bool) {
		for _, child := range e.Children {
			if child.Name == (xml.Name{Space: xml.SchemaSpace, Local: local}) && !yield(child) {
				return
			}
		}
	}
}

// attr gives the value of an attribute without the white space around it, "" where there is none.
func (n node) attr(name string) string {
	value, _ := n.Attr("", name)
	return collapse(value)
}

// text gives the value of an attribute as it stands, nil where there is none.
func (n node) text(name string) *string {
	if value, ok := n.Attr("", name); ok {
		return &value
	}
	return nil
}

// is says whether a boolean attribute is true.
func (c *compiler) is(n node, name string) bool {
	switch value := n.attr(name); value {
	case "true", "1":
		return true
	case "", "false", "0":
	default:
		c.add(n, "", "%s=%q: this is true or false", name, value)
	}
	return false
}

// maxHintName is the longest name that is compared with others to find the one that was meant.
const maxHintName = 200

// hint advises which of some names was meant.
func (c *compiler) hint(name string, candidates []string) string {
	if c.full() || len(name) > maxHintName {
		return ""
	}
	candidates = slices.DeleteFunc(candidates, func(s string) bool { return len(s) > maxHintName })
	slices.Sort(candidates)
	return steps.Hint(name, slices.Compact(candidates))
}
