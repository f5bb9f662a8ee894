package xsd

import (
	"cmp"
	"slices"

	"snrun/steps/xml"
)

func (c *compiler) globalElement(g *global) { c.element(g.node, g.element) }

// localElement compiles an element that is declared where it stands.
func (c *compiler) localElement(n node) *Element {
	e := &Element{Name: xml.Name{Local: n.attr("name")}}
	if !isNCName(e.Name.Local) {
		c.add(n, "", "xs:element needs a name or a ref, and %q is no name", e.Name.Local)
		return nil
	}
	if c.qualified(n, n.doc.elementsQualified) {
		e.Name.Space = n.doc.space
	}
	c.element(n, e)
	return e
}

// qualified says whether a local element or attribute is in the target namespace.
func (c *compiler) qualified(n node, initial bool) bool {
	switch form := n.attr("form"); form {
	case "qualified":
		return true
	case "unqualified":
		return false
	case "":
	default:
		c.add(n, "", "form=%q: this is qualified or unqualified", form)
	}
	return initial
}

// element fills in an element (XSD 1.0 part 1, section 3.3.2).
func (c *compiler) element(n node, e *Element) {
	e.Nillable, e.Abstract = c.is(n, "nillable"), c.is(n, "abstract")
	e.Default, e.Fixed, e.Doc = n.text("default"), n.text("fixed"), n.documentation()
	e.Type = c.elementType(n)
	for child := range n.children() {
		switch child.Name.Local {
		case "annotation", "simpleType", "complexType", "key", "keyref", "unique":
		default:
			c.unknown(child, "annotation", "simpleType", "complexType", "key", "keyref", "unique")
		}
	}
}

// elementType gives the type of an element: the one that it names, the one in it, that of the head of its substitution group, or any.
func (c *compiler) elementType(n node) *Type {
	if n.attr("type") != "" {
		if g := c.find(n, "type", c.types); g != nil {
			return g.typ
		}
		return c.anyType()
	}
	if inner, ok := n.child("simpleType", "complexType"); ok {
		return c.anonymous(inner)
	}
	if n.attr("substitutionGroup") == "" {
		return c.anyType()
	}
	head := c.find(n, "substitutionGroup", c.elements)
	switch {
	case head == nil:
	case !c.ensure(head):
		c.add(n, "", "substitutionGroup=%q: the element is the head of itself", n.attr("substitutionGroup"))
	case head.element.Type != nil:
		return head.element.Type
	}
	return c.anyType()
}

func (c *compiler) anyType() *Type { return c.schema.Types[BuiltinName("anyType")] }

// anonymous gives the type that is written in an element. A complex one is compiled later: it may be within what it refers to.
func (c *compiler) anonymous(n node) *Type {
	t := &Type{}
	if n.Name.Local == "simpleType" {
		c.simpleType(n, t)
		return t
	}
	t.Complex = true
	c.later = append(c.later, func() { c.complexType(n, t) })
	return t
}

// substitute notes for each head of a substitution group what may stand in its place (XSD 1.0 part 1, section 3.3.6).
func (c *compiler) substitute() {
	direct := map[*Element][]*Element{}
	for _, g := range c.order {
		if g.element == nil || g.attr("substitutionGroup") == "" {
			continue
		}
		name, _ := c.resolve(g.node, g.attr("substitutionGroup"))
		head := c.elements.byName[name]
		if head == nil {
			c.find(g.node, "substitutionGroup", c.elements) // reports it
			continue
		}
		direct[head.element] = append(direct[head.element], g.element)
	}
	for _, g := range c.order {
		if g.element == nil || direct[g.element] == nil {
			continue
		}
		seen := map[*Element]bool{g.element: true}
		reach := slices.Clone(direct[g.element])
		for i := 0; i < len(reach); i++ {
			member := reach[i]
			if seen[member] {
				continue
			}
			seen[member] = true
			g.element.Members = append(g.element.Members, member)
			reach = append(reach, direct[member]...)
			if !c.spend(g.node, 1) {
				return
			}
		}
		slices.SortFunc(g.element.Members, func(a, b *Element) int { return CompareNames(a.Name, b.Name) })
	}
}

// CompareNames orders names by their local part.
func CompareNames(a, b xml.Name) int {
	return cmp.Or(cmp.Compare(a.Local, b.Local), cmp.Compare(a.Space, b.Space))
}

// spend counts what is noted in more than one place. It is false, and a mistake, where that has become too much.
func (c *compiler) spend(n node, count int) bool {
	if c.inherited > maxInherited {
		return false
	}
	if c.inherited += count; c.inherited > maxInherited {
		c.add(n, "", "the types inherit more than %d attributes, types and substitutions from each other", maxInherited)
		return false
	}
	return true
}
