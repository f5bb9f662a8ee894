package jobs

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"snrun/jobs/source"
)

// checker reads the tree that expr parsed: it resolves names, finds out shapes, reports mistakes, and builds the tree that
// is compiled, in which operators and functions are calls of ours. The tree it reads stays as it was, for messages.
//
// expr's own checker is not used: it knows Go's types, not a job's.
type checker struct {
	node    *source.Node
	offset  int
	text    string
	scope   *Scope
	r       *source.Report
	machine *machine
	uses    *Uses
	sites   []site
	vars    []variable        // of `let`, the innermost last
	loops   []*Shape          // the items of the loops around, the innermost last
	listed  map[ast.Node]bool // names of lists of whose items is known what is read
	mixed   bool
	wrong   bool
}

type variable struct {
	name  string
	shape *Shape
}

// expr checks one node and gives the node to compile with the shape of its value.
func (c *checker) expr(n ast.Node) (ast.Node, *Shape) {
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		return c.path(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.VariableDeclaratorNode:
		return c.let(n)
	case *ast.SequenceNode:
		return c.sequence(n)
	case *ast.ArrayNode:
		return c.list(n)
	case *ast.MapNode:
		return c.mapping(n)
	}
	return c.literal(n)
}

func (c *checker) literal(n ast.Node) (ast.Node, *Shape) {
	switch n.(type) {
	case *ast.NilNode:
		return n, NullShape()
	case *ast.IntegerNode:
		return n, &Shape{types: intType}
	case *ast.FloatNode:
		return n, &Shape{types: floatType}
	case *ast.BoolNode:
		return n, BoolShape()
	case *ast.StringNode:
		return n, TextShape()
	}
	c.mistake(n, "this is not part of the language", `write a text in plain quotes: "…"`)
	return n, AnyShape()
}

func (c *checker) unary(n *ast.UnaryNode) (ast.Node, *Shape) {
	if n.Operator == "!" || n.Operator == "not" {
		return &ast.UnaryNode{Operator: "not", Node: c.boolean(n.Node)}, BoolShape()
	}
	switch literal := n.Node.(type) {
	case *ast.IntegerNode:
		return &ast.IntegerNode{Value: signed(n.Operator, literal.Value)}, &Shape{types: intType}
	case *ast.FloatNode:
		return &ast.FloatNode{Value: signed(n.Operator, literal.Value)}, &Shape{types: floatType}
	}
	operand, shape := c.expr(n.Node)
	if !shape.types.is(intType | floatType) {
		c.fault(n, &fault{text: n.Operator + " takes a number, but {1} is " + shape.What(), hint: insteadOf("{1}", intType|floatType, shape.types)}, n.Node)
	}
	if n.Operator == "+" {
		return operand, shape
	}
	return c.function("negate", n, []ast.Node{operand}, n.Node), &Shape{types: shape.types & (intType | floatType)}
}

func signed[N int | float64](sign string, v N) N {
	if sign == "-" {
		return -v
	}
	return v
}

func (c *checker) binary(n *ast.BinaryNode) (ast.Node, *Shape) {
	switch n.Operator {
	case "&&", "and", "||", "or":
		return &ast.BinaryNode{Operator: n.Operator, Left: c.boolean(n.Left), Right: c.boolean(n.Right)}, BoolShape()
	case "??":
		left, a := c.expr(n.Left)
		right, b := c.expr(n.Right)
		return &ast.BinaryNode{Operator: "??", Left: left, Right: right}, either(a.notNull(), b)
	}
	o := c.machine.operators[n.Operator]
	if o == nil {
		c.mistake(n, fmt.Sprintf("the operator %s is not known", n.Operator), "")
		return n, AnyShape()
	}
	left, a := c.expr(n.Left)
	right, b := c.expr(n.Right)
	result := c.operands(o, n, a, b)
	if pattern := c.pattern(n); pattern != nil {
		right = pattern
	}
	return c.function("operator "+o.symbol, n, []ast.Node{left, right}, n.Left, n.Right), &Shape{types: result}
}

// operands reports operands that can never fit the operator, and gives the types of its result.
func (c *checker) operands(o *operator, n *ast.BinaryNode, a, b *Shape) typeSet {
	result := o.result(a.types, b.types)
	if result == 0 {
		c.fault(n, o.mismatch(a.types, b.types), n.Left, n.Right)
		return anyType
	}
	if (o.symbol == "==" || o.symbol == "!=") && neverEqual(a.types, b.types) {
		c.fault(n, &fault{
			text: fmt.Sprintf("{1} is %s and {2} is %s, so they are never equal", a.types, b.types),
			hint: o.mismatch(a.types, b.types).hint,
		}, n.Left, n.Right)
	}
	c.mixed = c.mixed || result.is(timeType|spanType) && result != anyType
	return result
}

// neverEqual says whether values of two types cannot be equal. To compare with null is always allowed.
func neverEqual(a, b typeSet) bool {
	if a.is(numberType) {
		a |= numberType
	}
	return !a.is(b) && a != nullType && b != nullType
}

// pattern compiles the constant pattern of `matches` once, as a constant of the program.
func (c *checker) pattern(n *ast.BinaryNode) ast.Node {
	text, ok := n.Right.(*ast.StringNode)
	if n.Operator != "matches" || !ok {
		return nil
	}
	re, err := regexp.Compile(text.Value)
	if err != nil {
		c.fault(text, badPattern(err))
		return nil
	}
	return &ast.ConstantNode{Value: re}
}

func (c *checker) conditional(n *ast.ConditionalNode) (ast.Node, *Shape) {
	cond := c.boolean(n.Cond)
	yes, a := c.expr(n.Exp1)
	no, b := c.expr(n.Exp2)
	return &ast.ConditionalNode{Cond: cond, Exp1: yes, Exp2: no}, either(a, b)
}

func (c *checker) let(n *ast.VariableDeclaratorNode) (ast.Node, *Shape) {
	shape, _ := c.scope.lookup(n.Name)
	taken := slices.ContainsFunc(c.vars, func(v variable) bool { return v.name == n.Name })
	if shape != nil || taken || n.Name == "null" {
		c.mistake(n, fmt.Sprintf("the name %q has a meaning here already", n.Name), "give the variable another name")
	}
	value, shape := c.expr(n.Value)
	c.vars = append(c.vars, variable{n.Name, shape})
	body, result := c.expr(n.Expr)
	c.vars = c.vars[:len(c.vars)-1]
	return &ast.VariableDeclaratorNode{Name: n.Name, Value: value, Expr: body}, result
}

func (c *checker) sequence(n *ast.SequenceNode) (ast.Node, *Shape) {
	out, last := &ast.SequenceNode{}, NullShape()
	for _, part := range n.Nodes {
		node, shape := c.expr(part)
		out.Nodes, last = append(out.Nodes, node), shape
	}
	return out, last
}

func (c *checker) list(n *ast.ArrayNode) (ast.Node, *Shape) {
	out, elem := &ast.ArrayNode{}, (*Shape)(nil)
	for i, item := range n.Nodes {
		node, shape := c.expr(item)
		out.Nodes = append(out.Nodes, node)
		if i == 0 {
			elem = shape
		} else {
			elem = either(elem, shape)
		}
	}
	return out, ListShape(elem)
}

func (c *checker) mapping(n *ast.MapNode) (ast.Node, *Shape) {
	out, fields, open := &ast.MapNode{}, map[string]*Shape{}, false
	for _, p := range n.Pairs {
		pair := p.(*ast.PairNode)
		key := pair.Key
		value, shape := c.expr(pair.Value)
		if name, ok := key.(*ast.StringNode); ok {
			fields[name.Value] = shape
		} else {
			computed, _ := c.expr(key)
			key, open = c.function("key", key, []ast.Node{computed}, pair.Key), true
		}
		out.Pairs = append(out.Pairs, &ast.PairNode{Key: key, Value: value})
	}
	if open {
		return out, OpenMap(nil)
	}
	return out, MapShape(fields)
}

// boolean checks a node whose value must be true or false.
func (c *checker) boolean(n ast.Node) ast.Node {
	out, shape := c.expr(n)
	if !shape.types.is(boolType) {
		c.fault(n, notBool(shape.types), n)
	}
	switch out.(type) {
	case *ast.UnaryNode, *ast.BoolNode:
		return out
	case *ast.CallNode:
		if shape.types == boolType {
			return out
		}
	case *ast.BinaryNode:
		if b := out.(*ast.BinaryNode); b.Operator != "??" {
			return out
		}
	}
	return c.function("bool", n, []ast.Node{out}, n)
}

// function makes a call of a function of the machine, whose faults are told at a node.
func (c *checker) function(name string, at ast.Node, args []ast.Node, operands ...ast.Node) ast.Node {
	c.sites = append(c.sites, site{at.Location(), operands})
	call := &ast.CallNode{Callee: c.machine.callees[name], Arguments: args}
	call.SetLocation(file.Location{From: -len(c.sites)})
	if len(c.loops) > 0 && c.machine.makesList[name] {
		return counted(call)
	}
	return call
}

// counted has the machine take a list into account that a function of ours makes for each item of a loop: each list is
// bounded by itself, all of them together by the machine's budget. Concat is expr's own and tells its size.
func counted(list ast.Node) ast.Node {
	return &ast.BuiltinNode{Name: "concat", Arguments: []ast.Node{list}}
}

// mistake reports what is wrong at a node.
func (c *checker) mistake(n ast.Node, message, hint string) {
	c.report(n.Location(), message, hint)
}

// fault reports an operation that must fail, at a node.
func (c *checker) fault(n ast.Node, f *fault, operands ...ast.Node) {
	texts := writtenAll(operands)
	c.report(n.Location(), fill(f.text, texts), fill(f.hint, texts))
}

func (c *checker) report(at file.Location, message, hint string) {
	c.wrong = true
	start, width := byteRange(c.text, at)
	if start >= len(c.text) && start > 0 {
		start = len(c.text) - 1
	}
	c.r.ErrorAt(c.node, c.offset+start, width, "%s", message).Hint = hint
}
