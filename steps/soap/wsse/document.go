package wsse

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"snrun/steps/xml"
)

// node is an element of an envelope, as two readers have read it: the strict one, by which it is known, and the one that keeps what
// the canonical form needs.
type node struct {
	*xml.Element
	tree     *etree.Element
	children []*node
}

// document is an envelope.
type document struct {
	root     *node
	header   *node // nil for none
	body     *node
	prefixes map[string]bool // all that are declared anywhere
}

// read reads an envelope. What it gives is what the strict reader gives for the same bytes: a document that the two readers see
// differently is refused, so that nobody signs, or trusts, another one than the one that is decoded.
func read(envelope []byte) (*document, error) {
	strict, err := xml.Parse(envelope, xml.ReadOptions{Limits: xml.Limits{Bytes: max(len(envelope), 1)}})
	if err != nil {
		return nil, err
	}
	loose := etree.NewDocument()
	if err := loose.ReadFromBytes(envelope); err != nil {
		return nil, errors.New("the envelope must be UTF-8")
	}
	d := &document{prefixes: map[string]bool{}}
	if d.root, err = d.pair(strict, loose.Root()); err != nil {
		return nil, err
	}
	return d, d.find()
}

// pair joins what the two readers have read.
func (d *document) pair(strict *xml.Element, loose *etree.Element) (*node, error) {
	differs := fmt.Errorf("<%s> can be read in two ways", strict.Name.Local)
	if loose == nil || loose.Tag != strict.Name.Local || loose.Space != strict.Prefix || !d.sameAttrs(strict, loose) {
		return nil, differs
	}
	n := &node{Element: strict, tree: loose}
	var text strings.Builder
	for _, token := range loose.Child {
		switch token := token.(type) {
		case *etree.CharData:
			text.WriteString(token.Data)
		case *etree.Element:
			if len(n.children) == len(strict.Children) {
				return nil, differs
			}
			child, err := d.pair(strict.Children[len(n.children)], token)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
	}
	if text.String() != strict.Text || len(n.children) != len(strict.Children) {
		return nil, differs
	}
	return n, nil
}

// sameAttrs says whether the attributes are the same but for declarations of namespaces, which it notes: those are the same where they
// have no white space that the two could read in different ways. The values of the strict
// reader hold: the other one leaves line ends in attributes as they stand, which XML reads as spaces.
func (d *document) sameAttrs(strict *xml.Element, loose *etree.Element) bool {
	left := strict.Attrs
	for i, a := range loose.Attr {
		if prefix, ok := declares(a); ok {
			d.prefixes[prefix] = true
			if strings.ContainsAny(a.Value, "\t\n\r") {
				return false
			}
			continue
		}
		if len(left) == 0 || left[0].Name.Local != a.Key || left[0].Prefix != a.Space || !normalised(left[0].Value, a.Value) {
			return false
		}
		loose.Attr[i].Value = left[0].Value
		left = left[1:]
	}
	return len(left) == 0
}

// normalised says whether a value is what XML makes of another one: white space in it may have become spaces (XML 1.0, section 3.3.3).
func normalised(value, raw string) bool {
	if len(value) != len(raw) {
		return false
	}
	for i := range len(value) {
		if value[i] != raw[i] && (value[i] != ' ' || strings.IndexByte("\t\n\r", raw[i]) < 0) {
			return false
		}
	}
	return true
}

// declares says whether an attribute declares a namespace, and for which prefix.
func declares(a etree.Attr) (prefix string, ok bool) {
	if a.Space == "xmlns" {
		return a.Key, true
	}
	return "", a.Space == "" && a.Key == "xmlns"
}

// find finds the header and the body of the envelope: there is one body, and at most one header, before it.
func (d *document) find() error {
	space := d.root.Name.Space
	if d.root.Name.Local != "Envelope" || space != soap11Space && space != soap12Space {
		return errNoEnvelope
	}
	for _, child := range d.root.children {
		switch child.Name {
		case xml.Name{Space: space, Local: "Header"}:
			if d.header != nil || d.body != nil {
				return errNoEnvelope
			}
			d.header = child
		case xml.Name{Space: space, Local: "Body"}:
			if d.body != nil {
				return errNoEnvelope
			}
			d.body = child
		}
	}
	if d.body == nil {
		return errNoEnvelope
	}
	return nil
}

// security are the Security headers.
func (d *document) security() []*node {
	if d.header == nil {
		return nil
	}
	return d.header.named(secext("Security"))
}

// attached says whether the document has data that stands outside of it, in attachments.
func (d *document) attached() bool {
	found := false
	d.root.each(func(n *node) { found = found || n.Name == xml.Name{Space: xopSpace, Local: "Include"} })
	return found
}

// free gives a prefix that is declared nowhere in the document, and takes it.
func (d *document) free(wanted string) string {
	prefix := wanted
	for i := 1; d.prefixes[prefix]; i++ {
		prefix = fmt.Sprintf("%s%d", wanted, i)
	}
	d.prefixes[prefix] = true
	return prefix
}

// each calls visit for the node and all below it.
func (n *node) each(visit func(*node)) {
	visit(n)
	for _, child := range n.children {
		child.each(visit)
	}
}

// named are the children of a name.
func (n *node) named(name xml.Name) []*node {
	return slices.DeleteFunc(slices.Clone(n.children), func(c *node) bool { return c.Name != name })
}

// only is the one child of a name; nil where there is none, or more than one.
func (n *node) only(name xml.Name) *node {
	list := n.named(name)
	if len(list) != 1 {
		return nil
	}
	return list[0]
}
