package jobs

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"snrun/steps"
)

func (c *checker) call(n *ast.CallNode) (ast.Node, *Shape) {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		return c.named(n, callee.Value, n.Arguments)
	case *ast.MemberNode:
		if name, ok := callee.Property.(*ast.StringNode); ok {
			return c.method(n, callee, name.Value)
		}
	}
	c.mistake(n, "only functions can be called", "")
	return n, AnyShape()
}

func (c *checker) builtin(n *ast.BuiltinNode) (ast.Node, *Shape) {
	f := functionTable().byName[n.Name]
	if f == nil || !f.loop {
		return c.named(n, n.Name, n.Arguments)
	}
	return c.loop(n, f)
}

// named checks the call of a function by its name.
func (c *checker) named(n ast.Node, name string, args []ast.Node) (ast.Node, *Shape) {
	f := functionTable().byName[name]
	switch {
	case f == nil:
		c.mistake(n, fmt.Sprintf("there is no function %q", name), steps.Hint(name, functionNames()))
		return n, AnyShape()
	case f.instead != "":
		c.mistake(n, fmt.Sprintf("there is no function %q here", name), f.instead)
		return n, AnyShape()
	}
	c.length(name, args)
	nodes, shapes := c.arguments(n, f, args)
	return c.function(f.Name, n, nodes, args...), c.resultOf(f, shapes)
}

// method checks a call like date(…).Year(). Only times and durations have methods.
func (c *checker) method(n *ast.CallNode, callee *ast.MemberNode, name string) (ast.Node, *Shape) {
	f := c.machine.methods["."+name]
	if f == nil {
		hint := fmt.Sprintf("a function stands in front: %s(%s, …)", strings.ToLower(name), written(callee.Node))
		if known := functionTable().byName[strings.ToLower(name)]; known == nil || known.instead != "" {
			hint = steps.Hint(name, functionNames())
		}
		c.mistake(callee.Property, fmt.Sprintf("%s has no function %q", written(callee.Node), name), hint)
		return n, AnyShape()
	}
	args := append([]ast.Node{callee.Node}, n.Arguments...)
	nodes, shapes := c.arguments(n, f, args)
	return c.function(f.Name, n, nodes, args...), c.resultOf(f, shapes)
}

// arguments checks the arguments of a call by the function's parameters.
func (c *checker) arguments(n ast.Node, f *Function, args []ast.Node) ([]ast.Node, []*Shape) {
	nodes, shapes := make([]ast.Node, len(args)), make([]*Shape, len(args))
	for i, arg := range args {
		nodes[i], shapes[i] = c.expr(arg)
		p, ok := f.param(i)
		if !ok {
			c.mistake(arg, fmt.Sprintf("%s takes %s", f.Name, countOf(f)), "write "+f.Signature)
			return nodes[:i], shapes[:i]
		}
		if !p.types.is(shapes[i].types) && !(p.types.is(intType) && shapes[i].types.is(floatType)) {
			c.fault(arg, wrongArgument(f, i, shapes[i].types), args...)
		}
	}
	if len(args) < f.least() {
		c.mistake(n, fmt.Sprintf("%s takes %s, but has %d", f.Name, countOf(f), len(args)), "write "+f.Signature)
	}
	return nodes, shapes
}

// countOf tells how many arguments a function takes.
func countOf(f *Function) string {
	least, most := f.least(), len(f.params)
	switch {
	case most > 0 && f.params[most-1].variadic:
		return fmt.Sprintf("at least %s", arguments(least))
	case least == most:
		return arguments(most)
	}
	return fmt.Sprintf("%d to %s", least, arguments(most))
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// resultOf gives the shape of a function's result: more than its signature says where the arguments say more.
func (c *checker) resultOf(f *Function, args []*Shape) *Shape {
	if f.result.is(timeType|spanType) && f.result != anyType {
		c.mixed = true
	}
	if len(args) > 0 && args[0].types == listType {
		switch f.Name {
		case "first", "last":
			return args[0].content().OrNull()
		case "take", "reverse", "sort", "uniq":
			return args[0]
		}
	}
	return &Shape{types: f.result}
}

// loop checks a function whose second argument is evaluated for each item of a list.
func (c *checker) loop(n *ast.BuiltinNode, f *Function) (ast.Node, *Shape) {
	c.eachItem(f.Name, n.Arguments)
	list, shape := c.expr(n.Arguments[0])
	if !shape.types.is(listType) {
		c.fault(n.Arguments[0], wrongArgument(f, 0, shape.types), n.Arguments[0])
	}
	list = c.function("list", n.Arguments[0], []ast.Node{list, &ast.StringNode{Value: f.Name}}, n.Arguments[0])
	if len(n.Arguments) == 1 {
		return c.bareLoop(n, f, list, shape)
	}
	c.loops = append(c.loops, itemOf(shape))
	body, value := c.body(n.Arguments[1], f)
	c.loops = c.loops[:len(c.loops)-1]
	args := []ast.Node{list, &ast.PredicateNode{Node: body}}
	switch f.Name {
	case "groupBy", "sortBy":
		return c.ordered(n, f, list, body, shape)
	case "sum":
		mapped := &ast.BuiltinNode{Name: "map", Arguments: args}
		return c.function("sum", n, []ast.Node{mapped}, n.Arguments[0]), &Shape{types: numberType}
	}
	if len(n.Arguments) == 3 {
		initial, _ := c.expr(n.Arguments[2])
		args = append(args, initial)
	}
	return &ast.BuiltinNode{Name: f.Name, Arguments: args}, loopResult(f, shape, value)
}

// itemOf gives the shape of the items of what may be a list.
func itemOf(list *Shape) *Shape {
	if list.types.is(mapType) {
		return AnyShape()
	}
	return list.content()
}

// body checks what is evaluated for each item.
func (c *checker) body(n ast.Node, f *Function) (ast.Node, *Shape) {
	predicate, ok := n.(*ast.PredicateNode)
	if !ok {
		return c.expr(n)
	}
	if f.params[1].types == boolType {
		return c.boolean(predicate.Node), BoolShape()
	}
	body, shape := c.expr(predicate.Node)
	if !f.params[1].types.is(shape.types) && !shape.types.is(bigType|nullType) {
		c.fault(predicate.Node, &fault{text: fmt.Sprintf("%s needs %s for each item, but {1} is %s", f.Name, f.params[1].types, shape.types)}, predicate.Node)
	}
	return body, shape
}

// bareLoop checks count and sum without a second argument.
func (c *checker) bareLoop(n *ast.BuiltinNode, f *Function, list ast.Node, shape *Shape) (ast.Node, *Shape) {
	if f.Name == "sum" {
		return c.function("sum", n, []ast.Node{list}, n.Arguments[0]), &Shape{types: numberType}
	}
	item := c.function("bool", n, []ast.Node{&ast.PointerNode{}}, &ast.PointerNode{})
	if !itemOf(shape).types.is(boolType) {
		c.mistake(n, "count without a test counts the items that are true, and none can be", "write len("+written(n.Arguments[0])+")")
	}
	return &ast.BuiltinNode{Name: f.Name, Arguments: []ast.Node{list, &ast.PredicateNode{Node: item}}}, &Shape{types: intType}
}

// ordered makes groupBy and sortBy: pairs of each item with its value go to a function, which does the rest. Expr's own
// would group under keys that are no text, and sort so that equal items change places.
func (c *checker) ordered(n *ast.BuiltinNode, f *Function, list, body ast.Node, shape *Shape) (ast.Node, *Shape) {
	pair := &ast.ArrayNode{Nodes: []ast.Node{&ast.PointerNode{}, body}}
	args := []ast.Node{&ast.BuiltinNode{Name: "map", Arguments: []ast.Node{list, &ast.PredicateNode{Node: pair}}}}
	if f.Name == "groupBy" {
		return c.function("groupPairs", n, args, n.Arguments[0]), OpenMap(ListShape(itemOf(shape)))
	}
	if len(n.Arguments) == 3 {
		order, at := c.expr(n.Arguments[2])
		if !at.types.is(textType) {
			c.fault(n.Arguments[2], wrongArgument(f, 2, at.types), n.Arguments...)
		}
		args = append(args, order)
	}
	return c.function("sortPairs", n, args, n.Arguments[0]), ListShape(itemOf(shape))
}

func loopResult(f *Function, list, value *Shape) *Shape {
	switch f.Name {
	case "filter":
		return ListShape(itemOf(list))
	case "map":
		return ListShape(value)
	case "find", "findLast":
		return itemOf(list).OrNull()
	}
	return &Shape{types: f.result}
}

// functionNames gives the names of the functions that can be called.
func functionNames() []string {
	var names []string
	for _, f := range Functions() {
		names = append(names, f.Name)
	}
	return names
}
