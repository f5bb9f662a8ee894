package xsd

import (
	"fmt"
	"strings"
)

// array notes what a type that is derived from SOAP encoding's Array holds: what wsdl:arrayType says (WSDL 1.1 section 2.2), else
// what its one element is, else what its base holds.
func (c *compiler) array(d node, t *Type) {
	t.Array = t.Base.Array
	t.Attributes, t.AnyAttribute = nil, nil // what SOAP encoding says beside the items
	for n := range d.children() {
		if n.Name.Local != "attribute" {
			continue
		}
		if written, ok := n.Attr(wsdlSpace, "arrayType"); ok {
			c.arrayType(n, written, t)
			return
		}
	}
	if t.Content == nil || t.Content.Group == nil || len(t.Content.Group.Particles) != 1 {
		return
	}
	if only := t.Content.Group.Particles[0]; only.Element != nil {
		t.Array = &Array{Item: only.Element.Type, Rank: 1}
	}
}

// arrayType reads xsd:int[] or xsd:int[,] or xsd:int[][,]: the last brackets are those of the array, the others of its items
// (SOAP 1.1 section 5.4.2).
func (c *compiler) arrayType(n node, written string, t *Type) {
	name, brackets, ok := strings.Cut(collapse(written), "[")
	if !ok || !strings.HasSuffix(brackets, "]") {
		c.add(n, "", "arrayType=%q: this is a type with brackets, as in xsd:string[]", written)
		return
	}
	resolved, ok := c.resolve(n, name)
	if !ok {
		c.add(n, "", "arrayType=%q: this is no name, or its prefix is not declared", written)
		return
	}
	g := c.lookup(resolved, c.types)
	if g == nil {
		c.missing(n, fmt.Sprintf("arrayType=%q", written), resolved, c.types)
		return
	}
	item := g.typ
	dimensions := strings.Split(strings.TrimSuffix(brackets, "]"), "][")
	for i, inner := range dimensions {
		array := &Array{Item: item, Rank: 1 + strings.Count(inner, ",")}
		if i == len(dimensions)-1 {
			t.Array = array
			return
		}
		item = &Type{Base: t.Base, Complex: true, Content: t.Content, Array: array, level: t.level}
	}
}
