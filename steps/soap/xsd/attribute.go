package xsd

import "snrun/steps/xml"

// attributeSet is what a type or an attribute group says of attributes.
type attributeSet struct {
	uses       []*Attribute
	prohibited []xml.Name
	wildcard   *Wildcard
}

func (c *compiler) globalAttribute(g *global) { c.attribute(g.node, g.attribute) }

// attribute fills in an attribute (XSD 1.0 part 1, section 3.2.2).
func (c *compiler) attribute(n node, a *Attribute) {
	a.Default, a.Fixed, a.Doc = n.text("default"), n.text("fixed"), n.documentation()
	a.Type = c.anySimple()
	inner, hasInner := n.child("simpleType")
	switch {
	case n.attr("type") != "":
		if s := c.findSimple(n, "type"); s != nil {
			a.Type = s
		}
	case hasInner:
		a.Type = c.anonymous(inner).Simple
	}
}

func (c *compiler) globalAttributes(g *global) {
	g.attributes = &attributeSet{}
	for child := range g.children() {
		if !c.attributeChild(child, g.attributes) {
			c.unknown(child, "attribute", "attributeGroup", "anyAttribute", "annotation")
		}
	}
}

// attributeChild adds what a child of a type says of attributes. It is false for a child that says something else.
func (c *compiler) attributeChild(n node, set *attributeSet) bool {
	switch n.Name.Local {
	case "annotation":
	case "attribute":
		c.attributeUse(n, set)
	case "attributeGroup":
		c.attributeRef(n, set)
	case "anyAttribute":
		set.wildcard = intersect(set.wildcard, c.wildcard(n))
	default:
		return false
	}
	return true
}

func (c *compiler) attributeRef(n node, set *attributeSet) {
	g := c.find(n, "ref", c.attributeGroups)
	if g == nil {
		return
	}
	if !c.ensure(g) {
		c.add(n, "", "attribute group %q contains itself", g.name.Local)
		return
	}
	if g.attributes == nil || !c.spend(n, len(g.attributes.uses)+len(g.attributes.prohibited)) {
		return
	}
	set.uses = append(set.uses, g.attributes.uses...)
	set.prohibited = append(set.prohibited, g.attributes.prohibited...)
	set.wildcard = intersect(set.wildcard, g.attributes.wildcard)
}

// attributeUse compiles an attribute in a type.
func (c *compiler) attributeUse(n node, set *attributeSet) {
	a := c.usedAttribute(n)
	if a == nil {
		return
	}
	switch use := n.attr("use"); use {
	case "required":
		a.Required = true
	case "prohibited":
		set.prohibited = append(set.prohibited, a.Name)
		return
	case "", "optional":
	default:
		c.add(n, "", "use=%q: this is required, optional or prohibited", use)
	}
	set.uses = append(set.uses, a)
}

// usedAttribute gives the attribute that is declared or named at a node. It may be changed.
func (c *compiler) usedAttribute(n node) *Attribute {
	if n.attr("ref") == "" {
		a := &Attribute{Name: xml.Name{Local: n.attr("name")}}
		if !isNCName(a.Name.Local) {
			c.add(n, "", "xs:attribute needs a name or a ref, and %q is no name", a.Name.Local)
			return nil
		}
		if c.qualified(n, n.doc.attributesQualified) {
			a.Name.Space = n.doc.space
		}
		c.attribute(n, a)
		return a
	}
	g := c.find(n, "ref", c.attributes)
	if g == nil {
		return nil
	}
	c.ensure(g)
	a := *g.attribute
	if value := n.text("default"); value != nil {
		a.Default = value
	}
	if value := n.text("fixed"); value != nil {
		a.Fixed, a.Default = value, nil
	}
	if doc := n.documentation(); doc != "" {
		a.Doc = doc
	}
	return &a
}

// inherit gives a type the attributes of its base with its own. What it restricts may take some away; its wildcard is only its own then.
func (c *compiler) inherit(n node, t *Type, own *attributeSet, restricts bool) {
	own.uses = c.distinct(n, own.uses)
	t.AnyAttribute = own.wildcard
	var base []*Attribute
	if t.Base != nil {
		base = t.Base.Attributes
		if !restricts {
			t.AnyAttribute = unite(own.wildcard, t.Base.AnyAttribute)
		}
	}
	if len(own.uses)+len(own.prohibited) == 0 {
		t.Attributes = base
		return
	}
	if len(base) == 0 {
		t.Attributes = own.uses
		return
	}
	if !c.spend(n, len(base)) {
		return
	}
	t.Attributes = override(base, own, restricts)
}

// override gives inherited attributes with own ones in their place, and further own ones behind them.
func override(base []*Attribute, own *attributeSet, restricts bool) []*Attribute {
	gone := make(map[xml.Name]bool, len(own.prohibited))
	for _, name := range own.prohibited {
		gone[name] = restricts
	}
	mine := make(map[xml.Name]*Attribute, len(own.uses))
	for _, a := range own.uses {
		mine[a.Name] = a
	}
	attributes := make([]*Attribute, 0, len(base)+len(own.uses))
	for _, a := range base {
		if replaced := mine[a.Name]; replaced != nil {
			a = replaced
			delete(mine, a.Name)
		} else if gone[a.Name] {
			continue
		}
		attributes = append(attributes, a)
	}
	for _, a := range own.uses {
		if mine[a.Name] != nil {
			attributes = append(attributes, a)
		}
	}
	return attributes
}

// distinct reports attributes that a type has twice, and leaves the first.
func (c *compiler) distinct(n node, uses []*Attribute) []*Attribute {
	if len(uses) < 2 {
		return uses
	}
	seen := make(map[xml.Name]bool, len(uses))
	kept := uses[:0:0]
	for _, a := range uses {
		if seen[a.Name] {
			c.add(n, "", "the attribute %q is declared twice", a.Name.Local)
			continue
		}
		seen[a.Name] = true
		kept = append(kept, a)
	}
	return kept
}
