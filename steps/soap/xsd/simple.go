package xsd

import (
	"strconv"
	"strings"

	"snrun/steps/xml"
)

func (c *compiler) globalSimple(g *global) { c.simpleType(g.node, g.typ) }

func (c *compiler) anySimple() *Simple { return c.schema.Types[BuiltinName("anySimpleType")].Simple }

// simpleType fills in a simple type (XSD 1.0 part 1, section 3.14.2). Whatever is wrong, it is something in the end.
func (c *compiler) simpleType(n node, t *Type) {
	t.Doc, t.Base = n.documentation(), c.schema.Types[BuiltinName("anySimpleType")]
	simple := &Simple{}
	d, ok := n.child("restriction", "list", "union")
	switch {
	case !ok:
		c.add(n, "", "xs:simpleType holds an xs:restriction, an xs:list or an xs:union")
		*simple = *c.anySimple()
	case d.Name.Local == "restriction":
		simple = c.restriction(d, t)
	case d.Name.Local == "list":
		simple.Variety, simple.Item = List, c.item(d)
		simple.Facets.WhiteSpace = "collapse"
	default:
		simple.Variety, simple.Members = Union, c.members(d)
		simple.Facets.WhiteSpace = "collapse"
	}
	simple.Name = t.Name
	t.Simple = simple
}

// restriction compiles a restriction of the type that it names, or that is in it.
func (c *compiler) restriction(d node, t *Type) *Simple {
	base := c.anySimple()
	inner, hasInner := d.child("simpleType")
	switch {
	case d.attr("base") != "":
		if b := c.base(d, t); b != nil && c.isSimple(d, "base", b) {
			t.Base, base = b, b.Simple
		}
	case hasInner:
		t.Base = c.anonymous(inner)
		base = t.Base.Simple
	default:
		c.add(d, "", "xs:restriction needs a base")
	}
	for child := range d.children() {
		if !isFacet(child) && child.Name.Local != "simpleType" && child.Name.Local != "annotation" {
			c.unknown(child, append(facetNames(), "simpleType", "annotation")...)
		}
	}
	return c.restrict(d, base)
}

func (c *compiler) isSimple(n node, attr string, t *Type) bool {
	if t.Simple != nil && !t.Complex {
		return true
	}
	c.add(n, "", "%s=%q: a simple type is needed here, and this is a complex one", attr, n.attr(attr))
	return false
}

// findSimple gives the simple type that an attribute names, compiled. It is nil, and reported, where there is none.
func (c *compiler) findSimple(n node, attr string) *Simple {
	g := c.find(n, attr, c.types)
	switch {
	case g == nil:
		return nil
	case !c.ensure(g):
		c.add(n, "", "%s=%q: the type is made of itself", attr, n.attr(attr))
		return nil
	case !c.isSimple(n, attr, g.typ):
		return nil
	}
	return g.typ.Simple
}

func (c *compiler) item(d node) *Simple {
	if d.attr("itemType") != "" {
		if s := c.findSimple(d, "itemType"); s != nil {
			return s
		}
		return c.anySimple()
	}
	if inner, ok := d.child("simpleType"); ok {
		return c.anonymous(inner).Simple
	}
	c.add(d, "", "xs:list needs an itemType")
	return c.anySimple()
}

func (c *compiler) members(d node) []*Simple {
	var members []*Simple
	for name := range strings.FieldsSeq(d.attr("memberTypes")) {
		// Each name is looked for as if it were alone in its attribute.
		one := node{&xml.Element{}, d.doc}
		*one.Element = *d.Element
		one.Attrs = []xml.Attr{{Name: xml.Name{Local: "memberTypes"}, Value: name}}
		if s := c.findSimple(one, "memberTypes"); s != nil {
			members = append(members, s)
		}
	}
	for child := range d.children() {
		if child.Name.Local == "simpleType" {
			members = append(members, c.anonymous(child).Simple)
		}
	}
	if len(members) == 0 {
		members = []*Simple{c.anySimple()}
	}
	return members
}

func isFacet(n node) bool {
	switch n.Name.Local {
	case "enumeration", "pattern", "length", "minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive",
		"totalDigits", "fractionDigits", "whiteSpace", "assertion":
		return true
	}
	return false
}

func facetNames() []string {
	return []string{"enumeration", "pattern", "length", "minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive",
		"maxExclusive", "totalDigits", "fractionDigits", "whiteSpace"}
}

// restrict gives a simple type with further facets (XSD 1.0 part 2, section 4.3). Patterns of one step are alternatives; those of
// different steps hold together.
func (c *compiler) restrict(d node, base *Simple) *Simple {
	s := *base
	s.Name, s.enums = xml.Name{}, nil
	var enum, patterns []string
	for n := range d.children() {
		switch {
		case n.Name.Local == "enumeration":
			enum = append(enum, c.enumerated(n, base))
		case n.Name.Local == "pattern":
			value, _ := n.Attr("", "value")
			patterns = append(patterns, value)
		case isFacet(n):
			c.facet(n, &s, base)
		}
	}
	if enum != nil {
		s.Enum = enum
		s.enums = indexEnum(s.Builtin, enum)
	}
	if patterns != nil {
		s.Facets.Patterns = append(s.Facets.Patterns[:len(s.Facets.Patterns):len(s.Facets.Patterns)],
			c.patterns.compile(strings.Join(patterns, "|")))
	}
	return &s
}

// enumerated gives a value of an enumeration as it is compared: a name with its namespace.
func (c *compiler) enumerated(n node, base *Simple) string {
	value, ok := n.Attr("", "value")
	if !ok {
		c.add(n, "", "xs:enumeration needs a value")
	}
	value = base.Normal(value)
	if base.Variety != Atomic || base.Builtin != "QName" && base.Builtin != "NOTATION" {
		return value
	}
	name, ok := c.resolve(n, value)
	if !ok {
		c.add(n, "", "value=%q: this is no name, or its prefix is not declared", value)
	}
	if name.Space == "" {
		return name.Local
	}
	return "{" + name.Space + "}" + name.Local
}

// facet sets a facet that has one value.
func (c *compiler) facet(n node, s *Simple, base *Simple) {
	value := n.attr("value")
	f := &s.Facets
	switch n.Name.Local {
	case "length":
		f.Length = c.amount(n, value)
	case "minLength":
		f.MinLength = c.amount(n, value)
	case "maxLength":
		f.MaxLength = c.amount(n, value)
	case "totalDigits":
		f.TotalDigits = c.amount(n, value)
	case "fractionDigits":
		f.FractionDigits = c.amount(n, value)
	case "minInclusive":
		f.MinInclusive, f.MinExclusive = c.bound(n, value, base), nil
	case "minExclusive":
		f.MinExclusive, f.MinInclusive = c.bound(n, value, base), nil
	case "maxInclusive":
		f.MaxInclusive, f.MaxExclusive = c.bound(n, value, base), nil
	case "maxExclusive":
		f.MaxExclusive, f.MaxInclusive = c.bound(n, value, base), nil
	case "whiteSpace":
		if value != "preserve" && value != "replace" && value != "collapse" {
			c.add(n, "", "value=%q: white space is preserve, replace or collapse", value)
			return
		}
		f.WhiteSpace = value
	}
}

// amount reads a number from 0. One that is larger than any text can be long is as good as the largest.
func (c *compiler) amount(n node, value string) *int {
	number, err := strconv.ParseUint(value, 10, 31)
	if err != nil && !isDigits(value) {
		c.add(n, "", "value=%q: xs:%s is a whole number from 0", value, n.Name.Local)
		return nil
	}
	amount := int(number)
	return &amount
}

// bound reads a bound, which must be a value of the type that it bounds.
func (c *compiler) bound(n node, value string, base *Simple) *string {
	if base.Variety != Atomic {
		c.add(n, "", "xs:%s is for numbers and times", n.Name.Local)
		return nil
	}
	if wanted := lexical(base.Builtin, value); wanted != "" {
		c.add(n, "", "value=%q: this is not %s", value, wanted)
		return nil
	}
	return &value
}
