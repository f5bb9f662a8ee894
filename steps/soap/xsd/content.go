package xsd

import (
	"errors"
	"math"
	"strconv"
)

// particle compiles a part of a content model (XSD 1.0 part 1, section 3.9). It is nil where nothing may stand there.
func (c *compiler) particle(n node) *Particle {
	p := c.occurs(n)
	switch n.Name.Local {
	case "element":
		c.elementParticle(n, p)
	case "any":
		p.Any = c.wildcard(n)
	case "group":
		if g := c.find(n, "ref", c.groups); g == nil {
			return nil
		} else if !c.ensure(g) {
			c.add(n, "", "group %q contains itself", g.name.Local)
		} else if g.particle != nil {
			p.Group = g.particle.Group
		}
	case "sequence", "choice", "all":
		p.Group = c.modelGroup(n)
	}
	if p.Max == 0 || p.Element == nil && p.Any == nil && p.Group == nil {
		return nil
	}
	return p
}

func (c *compiler) elementParticle(n node, p *Particle) {
	if n.attr("ref") == "" {
		p.Element = c.localElement(n)
		return
	}
	if g := c.find(n, "ref", c.elements); g != nil {
		p.Element = g.element
	}
}

// modelGroup compiles a sequence, a choice or an all. It is nil where it is empty.
func (c *compiler) modelGroup(n node) *Group {
	g := &Group{}
	switch n.Name.Local {
	case "choice":
		g.Compositor = Choice
	case "all":
		g.Compositor = All
	}
	for child := range n.children() {
		switch child.Name.Local {
		case "annotation":
		case "element", "any", "group", "sequence", "choice", "all":
			if p := c.particle(child); p != nil {
				g.Particles = append(g.Particles, p)
			}
		default:
			c.unknown(child, "element", "any", "group", "sequence", "choice", "all", "annotation")
		}
	}
	if len(g.Particles) == 0 {
		return nil
	}
	return g
}

func (c *compiler) globalGroup(g *global) {
	for child := range g.children() {
		switch child.Name.Local {
		case "annotation":
		case "sequence", "choice", "all":
			g.particle = c.particle(child)
		default:
			c.unknown(child, "sequence", "choice", "all", "annotation")
		}
	}
	if g.particle != nil {
		c.measure(g.node, g.particle)
	}
}

// occurs reads minOccurs and maxOccurs.
func (c *compiler) occurs(n node) *Particle {
	p := &Particle{Min: c.count(n, "minOccurs", 1), Max: 1}
	if n.attr("maxOccurs") == "unbounded" {
		p.Max = Unbounded
		return p
	}
	p.Max = c.count(n, "maxOccurs", 1)
	if p.Min > p.Max {
		if n.attr("maxOccurs") != "" || n.attr("minOccurs") == "" {
			c.add(n, "", "minOccurs is %d, which is more than maxOccurs, %d", p.Min, p.Max)
		} else {
			c.add(n, "", "minOccurs is %d, which is more than maxOccurs: that is 1 where it is not given", p.Min)
		}
		p.Max = p.Min
	}
	return p
}

// count reads a number from 0 in an attribute. What an int32 cannot hold is as good as the most it can.
func (c *compiler) count(n node, name string, initial int) int {
	text := n.attr(name)
	if text == "" {
		return initial
	}
	count, err := strconv.ParseUint(text, 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxInt32
	}
	if err != nil {
		c.add(n, "", "%s=%q: this is a whole number from 0", name, text)
		return initial
	}
	return int(count)
}

// size is how large a content model is with its groups written out.
type size struct{ leaves, depth int }

// measure says how large a particle is, and reports it where that is too much: groups that refer to each other grow without bound.
func (c *compiler) measure(n node, p *Particle) {
	if s := c.sizeOf(p); s.leaves > maxLeaves || s.depth > maxDerivation*2 {
		c.add(n, "", "the content has more than %d elements, or groups more than %d deep, when its groups are written out",
			maxLeaves, maxDerivation*2)
		p.Group = &Group{} // so that what builds on it is not told too
	}
}

func (c *compiler) sizeOf(p *Particle) size {
	if p.Group == nil {
		return size{1, 1}
	}
	if known, ok := c.sizes[p.Group]; ok {
		return known
	}
	var total size
	for _, inner := range p.Group.Particles {
		s := c.sizeOf(inner)
		total.leaves = min(total.leaves+s.leaves, maxLeaves+1)
		total.depth = max(total.depth, s.depth)
	}
	total.depth++
	c.sizes[p.Group] = total
	return total
}
