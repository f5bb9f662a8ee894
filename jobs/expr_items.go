package jobs

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// A name that stands for a list of items, as a batch of a loop does, is often read in a few fields of its items only: by
// last(page).id, page[0].id, map(page, .id), len(page). This file finds such readers; any other one reads all.

// HeardInItems is the same shape for a name of a list whose readers are to be known: heard is told of each path of fields that
// an expression reads of its items, an empty one for all of them.
func (s *Shape) HeardInItems(heard func(fields []string)) *Shape {
	c := *s
	c.heard, c.heardItem = heard, heard // what reads the list reads all of its items
	return &c
}

// unheard is the same shape for readers who are known already.
func (s *Shape) unheard() *Shape {
	c := *s
	c.heard, c.heardItem = nil, nil
	return &c
}

// listName gives the shape of the name that a node is, where the readers of its items are to be known.
func (c *checker) listName(n ast.Node) *Shape {
	name, isName := n.(*ast.IdentifierNode)
	if !isName {
		return nil
	}
	if shape, _ := c.scope.lookup(name.Value); shape != nil && shape.heardItem != nil {
		return shape
	}
	return nil
}

// known notes what is read of the items of a list that a node names: the node by itself then reads no more.
func (c *checker) known(n ast.Node, paths ...[]string) {
	shape := c.listName(n)
	if shape == nil {
		return
	}
	for _, path := range paths {
		shape.heardItem(path)
	}
	if c.listed == nil {
		c.listed = map[ast.Node]bool{}
	}
	c.listed[n] = true
}

// itemPath notes a path that begins at one item of a list: last(page).id, page[0].id.
func (c *checker) itemPath(n ast.Node) {
	var fields []string
	for {
		switch at := n.(type) {
		case *ast.ChainNode:
			n = at.Node
			continue
		case *ast.MemberNode:
			if field, constant := at.Property.(*ast.StringNode); constant {
				fields = append([]string{field.Value}, fields...)
			} else {
				c.known(at.Node, fields)
				fields = nil
			}
			n = at.Node
			continue
		case *ast.BuiltinNode:
			c.oneOf(at.Name, at.Arguments, fields)
		case *ast.CallNode:
			if callee, named := at.Callee.(*ast.IdentifierNode); named {
				c.oneOf(callee.Value, at.Arguments, fields)
			}
		}
		return
	}
}

// oneOf notes what is read of the item that a function gives of a list.
func (c *checker) oneOf(function string, args []ast.Node, fields []string) {
	if (function == "first" || function == "last") && len(args) == 1 {
		c.known(args[0], fields)
	}
}

// length notes a function that reads nothing of the items of its list.
func (c *checker) length(function string, args []ast.Node) {
	if function == "len" && len(args) == 1 {
		c.known(args[0])
	}
}

// eachItem notes what a function with a body for each item reads of them, where it gives none of them away.
func (c *checker) eachItem(function string, args []ast.Node) {
	switch function {
	case "map", "all", "any", "none", "one", "count", "sum", "findIndex", "findLastIndex":
	default:
		return
	}
	if len(args) != 2 || c.listName(args[0]) == nil {
		return
	}
	if body, isBody := args[1].(*ast.PredicateNode); isBody {
		if paths, known := itemReads(body.Node); known {
			c.known(args[0], paths...)
		}
	}
}

// itemReads gives the paths of fields of # that a body reads. It is false where it reads # as a whole, or may do so.
func itemReads(body ast.Node) (paths [][]string, known bool) {
	r := itemReader{below: map[ast.Node]int{}}
	ast.Walk(&body, &r)
	whole := slices.ContainsFunc(r.paths, func(path []string) bool { return len(path) == 0 })
	return r.paths, !whole && !r.nested
}

// itemReader collects what is read of #, from the inside out.
type itemReader struct {
	paths  [][]string
	below  map[ast.Node]int // which of the paths a node is the end of
	nested bool             // # means something else in a part of the body
}

// Visit takes a node whose parts were visited.
func (r *itemReader) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		r.nested = true
	case *ast.PointerNode:
		if n.Name == "" {
			r.below[n] = len(r.paths)
			r.paths = append(r.paths, nil)
		}
	case *ast.ChainNode:
		r.goOn(n, n.Node)
	case *ast.MemberNode:
		field, constant := n.Property.(*ast.StringNode)
		if i, follows := r.below[n.Node]; follows && constant {
			r.paths[i] = append(r.paths[i], field.Value)
			r.goOn(n, n.Node)
		}
	}
}

func (r *itemReader) goOn(n, inner ast.Node) {
	if i, follows := r.below[inner]; follows {
		r.below[n] = i
	}
}

// start gives the node that a path starts at.
func start(n ast.Node) ast.Node {
	for {
		switch at := n.(type) {
		case *ast.ChainNode:
			n = at.Node
		case *ast.MemberNode:
			n = at.Node
		default:
			return n
		}
	}
}
