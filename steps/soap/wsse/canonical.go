package wsse

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"snrun/steps/xml"
)

// canonical gives an element in exclusive canonical form, without comments (W3C Exclusive XML Canonicalization 1.0). The prefixes
// of inclusive are declared as inclusive canonical XML would; "" is the default namespace.
//
// It is done here because goxmldsig 1.6.1 orders attributes of different namespaces by their local names, knows no #default, and
// declares an empty default namespace where there is none to undo: answers of servers that do as the specification says would be
// refused.
func canonical(e *etree.Element, inclusive []string) ([]byte, error) {
	c := &canonicalizer{inclusive: inclusive, scope: stack{"xml": {xml.XMLSpace}}, rendered: stack{"xml": {xml.XMLSpace}}}
	var above []*etree.Element
	for p := e.Parent(); p != nil; p = p.Parent() {
		above = append(above, p)
	}
	for _, p := range slices.Backward(above) {
		c.declare(p)
	}
	err := c.element(e)
	return c.out.Bytes(), err
}

// stack is what prefixes mean, innermost last.
type stack map[string][]string

func (s stack) top(prefix string) (string, bool) {
	list := s[prefix]
	if len(list) == 0 {
		return "", prefix == ""
	}
	return list[len(list)-1], true
}

func (s stack) push(prefix, space string) { s[prefix] = append(s[prefix], space) }

func (s stack) pop(prefixes []string) {
	for _, p := range prefixes {
		s[p] = s[p][:len(s[p])-1]
	}
}

type canonicalizer struct {
	out       bytes.Buffer
	inclusive []string
	scope     stack // what prefixes mean in the document
	rendered  stack // what they mean in what is written
}

// declare notes the namespaces that an element declares, and gives their prefixes.
func (c *canonicalizer) declare(e *etree.Element) []string {
	var prefixes []string
	for _, a := range e.Attr {
		if prefix, ok := declares(a); ok {
			c.scope.push(prefix, a.Value)
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes
}

func (c *canonicalizer) element(e *etree.Element) error {
	declared := c.declare(e)
	spaces, err := c.render(e)
	if err != nil {
		return err
	}
	c.out.WriteString("<" + e.FullTag())
	for _, prefix := range spaces {
		space, _ := c.rendered.top(prefix)
		c.attribute(strings.TrimSuffix("xmlns:"+prefix, ":"), space)
	}
	for _, a := range c.attributes(e) {
		c.attribute(a.FullKey(), a.Value)
	}
	c.out.WriteByte('>')
	if err := c.content(e); err != nil {
		return err
	}
	c.out.WriteString("</" + e.FullTag() + ">")
	c.rendered.pop(spaces)
	c.scope.pop(declared)
	return nil
}

// render notes the namespaces that an element is written with, and gives their prefixes in order: those that it uses visibly or that
// are inclusive, as far as what is around it does not declare the same.
func (c *canonicalizer) render(e *etree.Element) ([]string, error) {
	used := []string{e.Space}
	for _, a := range e.Attr {
		if _, ok := declares(a); !ok && a.Space != "" {
			used = append(used, a.Space)
		}
	}
	for _, prefix := range used {
		if _, known := c.scope.top(prefix); !known {
			return nil, fmt.Errorf("the prefix %q of <%s> is not declared", prefix, e.FullTag())
		}
	}
	var spaces []string
	for _, prefix := range slices.Concat(used, c.inclusive) {
		space, known := c.scope.top(prefix)
		if before, same := c.rendered.top(prefix); known && (!same || before != space) {
			spaces = append(spaces, prefix)
			c.rendered.push(prefix, space)
		}
	}
	slices.Sort(spaces)
	return spaces, nil
}

// attributes are those of an element without declarations, by namespace, then by name.
func (c *canonicalizer) attributes(e *etree.Element) []etree.Attr {
	list := slices.DeleteFunc(slices.Clone(e.Attr), func(a etree.Attr) bool { _, ok := declares(a); return ok })
	space := func(a etree.Attr) string {
		if a.Space == "" {
			return ""
		}
		space, _ := c.scope.top(a.Space)
		return space
	}
	slices.SortFunc(list, func(a, b etree.Attr) int {
		return cmp.Or(strings.Compare(space(a), space(b)), strings.Compare(a.Key, b.Key))
	})
	return list
}

func (c *canonicalizer) attribute(name, value string) {
	c.out.WriteString(" " + name + `="`)
	c.escape(value, `&<"`+"\t\n\r")
	c.out.WriteByte('"')
}

func (c *canonicalizer) content(e *etree.Element) error {
	for _, token := range e.Child {
		switch token := token.(type) {
		case *etree.Element:
			if err := c.element(token); err != nil {
				return err
			}
		case *etree.CharData:
			c.escape(token.Data, "&<>\r")
		case *etree.ProcInst:
			c.out.WriteString("<?" + token.Target)
			if token.Inst != "" {
				c.out.WriteString(" " + token.Inst)
			}
			c.out.WriteString("?>")
		}
	}
	return nil
}

// escape writes a text, with those characters as references (Canonical XML 1.0, section 2.3).
func (c *canonicalizer) escape(text, characters string) {
	for text != "" {
		at := strings.IndexAny(text, characters)
		if at < 0 {
			c.out.WriteString(text)
			return
		}
		c.out.WriteString(text[:at])
		switch text[at] {
		case '&':
			c.out.WriteString("&amp;")
		case '<':
			c.out.WriteString("&lt;")
		case '>':
			c.out.WriteString("&gt;")
		case '"':
			c.out.WriteString("&quot;")
		default:
			fmt.Fprintf(&c.out, "&#x%X;", text[at])
		}
		text = text[at+1:]
	}
}
