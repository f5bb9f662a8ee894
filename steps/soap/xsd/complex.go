package xsd

import (
	"slices"
)

func (c *compiler) globalComplex(g *global) { c.complexType(g.node, g.typ) }

// complexType fills in a complex type (XSD 1.0 part 1, section 3.4.2).
func (c *compiler) complexType(n node, t *Type) {
	t.Abstract, t.Mixed, t.Doc, t.Base = c.is(n, "abstract"), c.is(n, "mixed"), n.documentation(), c.anyType()
	if inner, ok := n.child("simpleContent", "complexContent"); ok {
		c.derived(inner, t)
		return
	}
	own := &attributeSet{}
	t.Content = c.content(n, own)
	c.inherit(n, t, own, true)
}

// content compiles the particle among the children of a type or of a derivation, and collects the attributes.
func (c *compiler) content(n node, own *attributeSet) *Particle {
	var content *Particle
	found := false
	for child := range n.children() {
		switch child.Name.Local {
		case "sequence", "choice", "all", "group":
			if found {
				c.add(child, "put them into one xs:sequence", "a type has one content model, and this is the second")
				continue
			}
			found, content = true, c.particle(child)
		case "assert":
		default:
			if !c.attributeChild(child, own) {
				c.unknown(child, "sequence", "choice", "all", "group", "attribute", "attributeGroup", "anyAttribute", "annotation",
					"complexContent", "simpleContent")
			}
		}
	}
	if content != nil {
		c.measure(n, content)
	}
	return content
}

// derived fills in a type with xs:simpleContent or xs:complexContent.
func (c *compiler) derived(n node, t *Type) {
	d, ok := n.child("extension", "restriction")
	if !ok {
		c.add(n, "", "xs:%s holds an xs:extension or an xs:restriction", n.Name.Local)
		return
	}
	base := c.base(d, t)
	if base == nil {
		return
	}
	t.Base = base
	if n.Name.Local == "simpleContent" {
		c.simpleContent(d, t)
		return
	}
	if base.Simple != nil {
		c.add(d, "xs:simpleContent extends it", "base=%q: this type has no elements, but only text", d.attr("base"))
		return
	}
	if n.attr("mixed") != "" {
		t.Mixed = c.is(n, "mixed")
	}
	c.complexContent(d, t)
}

// base gives the type that a derivation names, compiled. It is nil, and reported, where there is none.
func (c *compiler) base(n node, t *Type) *Type {
	g := c.find(n, "base", c.types)
	switch {
	case g == nil:
		return nil
	case !c.ensure(g):
		c.add(n, "", "base=%q: the type is derived from itself", n.attr("base"))
		return nil
	}
	if t.level = g.typ.level + 1; t.level > maxDerivation {
		c.add(n, "", "base=%q: more than %d types are derived from each other", n.attr("base"), maxDerivation)
		return nil
	}
	return g.typ
}

// complexContent compiles an extension, whose own content follows that of its base, or a restriction, which says all of it again.
func (c *compiler) complexContent(d node, t *Type) {
	own := &attributeSet{}
	content := c.content(d, own)
	base, restricts := t.Base, d.Name.Local == "restriction"
	switch {
	case restricts:
		t.Content = content
	case base.Content == nil || base == c.anyType():
		t.Content = content
		t.Mixed = t.Mixed || base.Mixed && base != c.anyType()
	case content == nil:
		t.Content, t.Mixed = base.Content, t.Mixed || base.Mixed
	default:
		t.Content = &Particle{Min: 1, Max: 1, Group: &Group{Particles: []*Particle{base.Content, content}}}
		t.Mixed = t.Mixed || base.Mixed
		c.measure(d, t.Content)
	}
	c.inherit(d, t, own, restricts)
	if base.Array != nil {
		c.array(d, t)
	}
}

// simpleContent compiles a type that is text with attributes.
func (c *compiler) simpleContent(d node, t *Type) {
	own := &attributeSet{}
	restricts := d.Name.Local == "restriction"
	for child := range d.children() {
		if !c.attributeChild(child, own) && !(restricts && (isFacet(child) || child.Name.Local == "simpleType")) {
			c.unknown(child, "attribute", "attributeGroup", "anyAttribute", "annotation")
		}
	}
	t.Simple = t.Base.Simple
	if inner, ok := d.child("simpleType"); ok && restricts {
		t.Simple = c.anonymous(inner).Simple
	}
	if t.Simple == nil {
		c.add(d, "xs:complexContent derives from a type with elements", "base=%q: this type has no text to derive from", d.attr("base"))
		return
	}
	if restricts {
		t.Simple = c.restrict(d, t.Simple)
	}
	c.inherit(d, t, own, restricts)
}

// derive notes with each type those that are derived from it.
func (c *compiler) derive() {
	types := make([]*Type, 0, len(c.schema.Types))
	for _, t := range c.schema.Types {
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b *Type) int { return CompareNames(a.Name, b.Name) })
	for _, t := range types {
		for base := t.Base; base != nil && base.Base != nil; base = base.Base {
			if g := c.types.byName[t.Name]; g != nil && g.Element != nil && !c.spend(g.node, 1) {
				return
			}
			base.Derived = append(base.Derived, t)
		}
	}
}
