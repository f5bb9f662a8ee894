package jobs

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"snrun/steps"
)

// path checks a name with fields and items below it. After a `?.` the whole rest of the path is null where there is
// nothing to have a field.
func (c *checker) path(n ast.Node) (ast.Node, *Shape) {
	c.itemPath(n)
	out, shape, chained := c.access(n)
	c.uses.Secret = c.uses.Secret || shape.Secret()
	c.reads(n)
	if chained {
		return c.function("end", n, []ast.Node{out}), shape.OrNull()
	}
	return out, shape
}

// access checks one part of a path.
func (c *checker) access(n ast.Node) (out ast.Node, shape *Shape, chained bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		out, shape = c.identifier(n)
		return out, shape, false
	case *ast.MemberNode:
		return c.member(n)
	case *ast.ChainNode:
		return c.access(n.Node)
	}
	out, shape = c.expr(n)
	return out, shape, false
}

func (c *checker) identifier(n *ast.IdentifierNode) (ast.Node, *Shape) {
	if n.Value == "null" {
		return &ast.NilNode{}, NullShape()
	}
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i].name == n.Value {
			return n, c.vars[i].shape
		}
	}
	shape, why := c.scope.lookup(n.Value)
	switch {
	case shape != nil:
		return n, shape
	case why != "":
		c.mistake(n, why, "")
	case functionTable().byName[n.Value] != nil:
		c.mistake(n, fmt.Sprintf("%s is a function, so parentheses must follow it", n.Value), "write "+functionTable().byName[n.Value].Signature)
	default:
		c.mistake(n, fmt.Sprintf("the name %q is not known here", n.Value), c.nameHint(n.Value))
	}
	return n, AnyShape()
}

func (c *checker) nameHint(name string) string {
	names := c.scope.Names()
	for _, v := range c.vars {
		names = append(names, v.name)
	}
	if near := steps.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return fmt.Sprintf("write %q for the text", name)
	}
	return fmt.Sprintf("write %q for the text; the names are %s", name, listed(names))
}

// reads notes what a path reads of a name of the scope. A variable reads nothing: what it stands for was read as a whole.
func (c *checker) reads(n ast.Node) {
	path, _ := fieldsBelow(n)
	if len(path) == 0 {
		return
	}
	shape, _ := c.scope.lookup(path[0])
	if shape == nil {
		return
	}
	c.uses.add(path)
	if shape.heard != nil && !c.listed[start(n)] {
		shape.heard(path[1:])
	}
}

// fieldsBelow gives the name that a path starts at and the constant fields below it, as far as they go: below a field that
// is computed nothing more is known. It gives nil where the path does not start at a name.
func fieldsBelow(n ast.Node) (path []string, open bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return append(make([]string, 0, 4), n.Value), n.Value != "null"
	case *ast.ChainNode:
		return fieldsBelow(n.Node)
	case *ast.MemberNode:
		base, open := fieldsBelow(n.Node)
		field, constant := n.Property.(*ast.StringNode)
		if !open || !constant {
			return base, false
		}
		return append(base, field.Value), true
	}
	return nil, false
}

func (c *checker) member(n *ast.MemberNode) (ast.Node, *Shape, bool) {
	base, shape, chained := c.access(n.Node)
	chained = chained || n.Optional
	suffix := ""
	if n.Optional {
		suffix = "?"
	}
	name, isField := n.Property.(*ast.StringNode)
	if !isField {
		out, result := c.item(n, "at"+suffix, base, shape)
		return out, result, chained
	}
	result := c.field(n, name.Value, shape)
	c.uses.Secret = c.uses.Secret || result.secret
	return c.function("field"+suffix, n.Property, []ast.Node{base, n.Property}, n.Node), result, chained
}

// field gives the shape of a field, and reports one that is surely not there.
func (c *checker) field(n *ast.MemberNode, name string, base *Shape) *Shape {
	if !base.types.is(mapType) {
		c.fault(n.Property, noField(base.types, name), n.Node)
		return AnyShape()
	}
	if base.types&^nullType != mapType {
		return base.content()
	}
	shape, why, hint := base.field(name)
	if shape != nil {
		return shape
	}
	if why == "" {
		why = fmt.Sprintf("%s has no %q", written(n.Node), name)
	}
	if hint == "" {
		hint = steps.Hint(name, base.fieldNames())
	}
	if base.answer {
		hint = beyond(hint, written(n.Node), name)
	}
	c.mistake(n.Property, why, hint)
	return AnyShape()
}

// item checks the index of a list, a map or a text.
func (c *checker) item(n *ast.MemberNode, function string, base ast.Node, shape *Shape) (ast.Node, *Shape) {
	index, at := c.expr(n.Property)
	result := AnyShape()
	switch shape.types &^ nullType {
	case listType:
		result = shape.content()
		c.indexType(n, at, intType)
	case mapType:
		result = shape.content().OrNull()
		c.indexType(n, at, textType)
	case textType:
		result = TextShape()
		c.indexType(n, at, intType)
	default:
		if !shape.types.is(listType | mapType | textType) {
			c.fault(n, &fault{text: "{1} is " + shape.What() + ", so it has no items"}, n.Node)
		}
	}
	if shape.Secret() {
		result, c.uses.Secret = result.WithSecret(), true
	}
	return c.function(function, n, []ast.Node{base, index}, n.Node, n.Property), result
}

func (c *checker) indexType(n *ast.MemberNode, index *Shape, want typeSet) {
	if !index.types.is(want) && !(want == intType && index.types.is(floatType)) {
		c.fault(n.Property, &fault{text: fmt.Sprintf("the index must be %s, but {1} is %s", want, index.types), hint: insteadOf("{1}", want, index.types)}, n.Property)
	}
}

func (c *checker) slice(n *ast.SliceNode) (ast.Node, *Shape) {
	value, shape := c.expr(n.Node)
	if !shape.types.is(listType | textType) {
		c.fault(n, &fault{text: "only a list or a text has parts, but {1} is " + shape.What()}, n.Node)
	}
	ends := []ast.Node{value, &ast.NilNode{}, &ast.NilNode{}}
	for i, end := range []ast.Node{n.From, n.To} {
		if end == nil {
			continue
		}
		node, at := c.expr(end)
		ends[i+1] = node
		if !at.types.is(intType | floatType | nullType) {
			c.fault(end, &fault{text: "the ends of a part must be whole numbers, but {1} is " + at.What()}, end)
		}
	}
	result := shape
	if shape.types&(listType|textType) != shape.types {
		result = &Shape{types: shape.types & (listType | textType), secret: shape.secret}
	}
	return c.function("slice", n, ends, n.Node), result
}

func (c *checker) pointer(n *ast.PointerNode) (ast.Node, *Shape) {
	switch n.Name {
	case "":
		return n, c.loops[len(c.loops)-1]
	case "index":
		return n, &Shape{types: intType}
	case "acc":
		return n, AnyShape()
	}
	c.mistake(n, fmt.Sprintf("#%s is not known", n.Name), "# is the item, #index its place, and #acc what reduce has so far")
	return n, AnyShape()
}
