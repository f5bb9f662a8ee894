package xsd

import (
	"fmt"
	"slices"

	"snrun/steps/xml"
)

// The bounds on what compiling may cost. Schemas in use stay far below.
const (
	maxDerivation = 100       // types that are derived from each other, and groups in groups
	maxLeaves     = 20_000    // elements and wildcards of one type, when its groups are written out
	maxInherited  = 2_000_000 // attributes, derived types and substitutions that are noted in more than one place
)

// compiler makes components of documents. Each global component is allocated when it is declared, so that others can refer to it
// before it is compiled; what needs the inside of another one compiles that first.
type compiler struct {
	*problems
	schema *Schema

	types, elements, attributes, groups, attributeGroups *table
	order                                                []*global // in the order of the documents

	later     []func() // bodies of anonymous types: they may refer to what is being compiled
	depth     int      // of global components that are compiled for each other
	inherited int
	standards map[string]bool // the standard schemas that are declared
	used      map[string]bool // the namespaces of the documents given
	sizes     map[*Group]size
	patterns  patternCache
}

// global is a component that others refer to by name.
type global struct {
	node
	name  xml.Name
	in    *table
	state state
	body  func(*global) // compiles it

	typ        *Type
	element    *Element
	attribute  *Attribute
	particle   *Particle     // of a group
	attributes *attributeSet // of an attribute group
}

// table holds the global components of one kind. A name may stand in several tables.
type table struct {
	noun   string
	byName map[xml.Name]*global
}

func newTable(noun string) *table { return &table{noun, map[xml.Name]*global{}} }

// state is how far a component is.
type state int

const (
	declared state = iota
	compiling
	compiled
)

func newCompiler(p *problems) *compiler {
	c := &compiler{
		problems: p,
		schema:   &Schema{Elements: map[xml.Name]*Element{}, Types: builtins(), Attributes: map[xml.Name]*Attribute{}},
		types:    newTable("type"), elements: newTable("element"), attributes: newTable("attribute"),
		groups: newTable("group"), attributeGroups: newTable("attribute group"),
		standards: map[string]bool{}, used: map[string]bool{}, sizes: map[*Group]size{},
	}
	for name, t := range c.schema.Types {
		c.types.byName[name] = &global{name: name, typ: t, state: compiled}
	}
	c.declareEncodings()
	return c
}

func (c *compiler) compile(docs []*document) {
	for _, d := range docs {
		c.used[d.space] = true
	}
	for _, d := range docs {
		c.declare(d)
	}
	for _, d := range docs {
		c.follow(d)
	}
	// Both lists grow while they are walked: a standard schema is declared when something of it is used.
	for i := 0; i < len(c.order); i++ {
		c.ensure(c.order[i])
		for len(c.later) > 0 {
			body := c.later[0]
			c.later = c.later[1:]
			body()
		}
	}
	c.substitute()
	c.derive()
}

// declare notes the global components of a document.
func (c *compiler) declare(d *document) {
	for n := range (node{d.root, d}).children() {
		g := &global{node: n, name: xml.Name{Space: d.space, Local: n.attr("name")}}
		t := c.table(g)
		if t == nil {
			continue
		}
		if !isNCName(g.name.Local) {
			c.add(n, "", "xs:%s needs a name, and %q is none", n.Name.Local, g.name.Local)
			continue
		}
		if IsBuiltin(d.space) {
			continue // a copy of the schema of schemas, or of SOAP encoding: what we have ourselves is what counts
		}
		if before := t.byName[g.name]; before != nil {
			c.twice(before, g)
			continue
		}
		g.in, t.byName[g.name] = t, g
		c.order = append(c.order, g)
		c.publish(g)
	}
}

// follow declares what a document redefines, and the standard schemas that it imports.
func (c *compiler) follow(d *document) {
	for n := range (node{d.root, d}).children() {
		switch n.Name.Local {
		case "import":
			if space, _ := n.Attr("", "namespace"); !c.used[space] {
				c.declareStandard(space)
			}
		case "redefine":
			for changed := range n.children() {
				c.redefine(changed)
			}
		}
	}
}

// redefine puts a component into the place of one that was included (XSD 1.0 part 1, section 4.2.2). Within it, its name still means
// the original.
func (c *compiler) redefine(n node) {
	d := *n.doc
	g := &global{node: node{n.Element, &d}, name: xml.Name{Space: d.space, Local: n.attr("name")}}
	t := c.table(g)
	if t == nil {
		return
	}
	d.original = t.byName[g.name]
	if d.original == nil {
		c.missing(n, fmt.Sprintf("name=%q", g.name.Local), g.name, t)
		return
	}
	g.in, t.byName[g.name] = t, g
	c.order = append(c.order, g)
	c.publish(g)
}

// table gives the table in which a component stands, and says how it is compiled; nil where it is no component.
func (c *compiler) table(g *global) *table {
	switch g.Name.Local {
	case "element":
		g.element, g.body = &Element{Name: g.name}, c.globalElement
		return c.elements
	case "complexType":
		g.typ, g.body = &Type{Name: g.name, Complex: true}, c.globalComplex
		return c.types
	case "simpleType":
		g.typ, g.body = &Type{Name: g.name}, c.globalSimple
		return c.types
	case "attribute":
		g.attribute, g.body = &Attribute{Name: g.name}, c.globalAttribute
		return c.attributes
	case "group":
		g.body = c.globalGroup
		return c.groups
	case "attributeGroup":
		g.body = c.globalAttributes
		return c.attributeGroups
	case "annotation", "import", "include", "redefine", "override", "notation":
		return nil
	}
	c.unknown(g.node, "element", "complexType", "simpleType", "attribute", "group", "attributeGroup", "annotation", "import", "include")
	return nil
}

// unknown reports an element of XML Schema where it may not stand.
func (c *compiler) unknown(n node, known ...string) {
	c.add(n, c.hint(n.Name.Local, known), "xs:%s may not stand here", n.Name.Local)
}

func (c *compiler) publish(g *global) {
	switch {
	case g.typ != nil:
		c.schema.Types[g.name] = g.typ
	case g.element != nil:
		c.schema.Elements[g.name] = g.element
	case g.attribute != nil:
		c.schema.Attributes[g.name] = g.attribute
	}
}

// twice reports a component that is declared twice. The same text in two documents is no mistake: parts are often written into
// several of them.
func (c *compiler) twice(before, g *global) {
	if g.doc.standard || same(before.Element, g.Element) {
		return
	}
	c.add(g.node, "", "%s %q is declared twice in the namespace %q: at %s:%d:%d too",
		g.Name.Local, g.name.Local, g.name.Space, before.doc.location, before.Line, before.Column)
}

// same says whether two elements are written the same.
func same(a, b *xml.Element) bool {
	if a.Name != b.Name || len(a.Attrs) != len(b.Attrs) || len(a.Children) != len(b.Children) {
		return false
	}
	for i := range a.Attrs {
		if a.Attrs[i].Name != b.Attrs[i].Name || a.Attrs[i].Value != b.Attrs[i].Value {
			return false
		}
	}
	for i := range a.Children {
		if !same(a.Children[i], b.Children[i]) {
			return false
		}
	}
	return true
}

// ensure compiles a component unless that is done. It is false where the component is being compiled: it refers to itself.
func (c *compiler) ensure(g *global) bool {
	switch g.state {
	case compiling:
		return false
	case declared:
		g.state = compiling
		c.depth++
		if c.depth > maxDerivation {
			c.add(g.node, "", "%s %q is the end of more than %d components that build on each other", g.Name.Local, g.name.Local, maxDerivation)
		} else {
			g.body(g)
		}
		c.depth--
		g.state = compiled
	}
	return true
}

// find gives the component that an attribute of a node names. Where there is none it is reported, and nil.
func (c *compiler) find(n node, attr string, t *table) *global {
	written := n.attr(attr)
	name, ok := c.resolve(n, written)
	if !ok {
		c.add(n, "", "%s=%q: this is no name, or its prefix is not declared", attr, written)
		return nil
	}
	if g := c.lookup(name, t); g != nil {
		if original := n.doc.original; original != nil && original.name == name && original.in == t {
			return original
		}
		return g
	}
	c.missing(n, fmt.Sprintf("%s=%q", attr, written), name, t)
	return nil
}

// resolve gives the name that is meant. In a chameleon, names without a namespace are in the one that it took.
func (c *compiler) resolve(n node, written string) (xml.Name, bool) {
	name, ok := n.Resolve(written)
	if ok && name.Space == "" && n.doc.chameleon {
		name.Space = n.doc.space
	}
	return name, ok
}

func (c *compiler) lookup(name xml.Name, t *table) *global {
	if g := t.byName[name]; g != nil {
		return g
	}
	if c.declareStandard(name.Space) {
		return t.byName[name]
	}
	return nil
}

// missing reports a name that is declared nowhere. Written is how it stands in the document.
func (c *compiler) missing(n node, written string, name xml.Name, t *table) {
	if c.full() {
		c.more++
		return
	}
	hint := c.meant(name, t)
	if name.Space == "" {
		c.add(n, hint, "%s: there is no such %s without a namespace", written, t.noun)
		return
	}
	c.add(n, hint, "%s: there is no %s %q in the namespace %s", written, t.noun, name.Local, name.Space)
}

// meant advises what may help where a name is declared nowhere: a name like it, the same one in another namespace, an import.
func (c *compiler) meant(name xml.Name, t *table) string {
	var here, elsewhere []string
	for other := range t.byName {
		switch {
		case other.Space == name.Space:
			here = append(here, other.Local)
		case other.Local == name.Local && other.Space == xml.SchemaSpace:
			return "there is one in the namespace " + xml.SchemaSpace + "; is the prefix right?"
		case other.Local == name.Local && !isStandard(other.Space):
			elsewhere = append(elsewhere, other.Space)
		}
	}
	switch hint := c.hint(name.Local, here); {
	case len(elsewhere) > 0:
		return "there is one in the namespace " + slices.Min(elsewhere) + "; is the prefix right?"
	case hint != "" || c.used[name.Space] || isStandard(name.Space):
		return hint
	case name.Space == "":
		return "a name without a prefix is in the default namespace (xmlns=), and here there is none"
	}
	return "no document is about that namespace: an xs:import with a schemaLocation may be missing"
}
