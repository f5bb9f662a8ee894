package jobs

import (
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"snrun/jobs/source"
)

// Most expressions are plain paths: steps.alert.output.id. They are read, checked and evaluated here, without expr. Where one
// is wrong, or something is in its way, expr has the last word, so that there is one place for messages.

// readPlain compiles a path that can be seen to be right; nil leaves it to expr's parser.
func readPlain(n *source.Node, offset int, text string, s *Scope) *Expr {
	path := dotted(text)
	if path == nil {
		return nil
	}
	first, _ := s.lookup(path[0])
	if first == nil {
		return nil
	}
	shape := first
	for _, name := range path[1:] {
		if shape = shape.below(name); shape == nil {
			return nil
		}
	}
	if first.heard != nil {
		first.heard(path[1:])
	}
	return newPath(Expr{node: n, offset: offset, text: text, path: path}, shape, &Uses{Secret: shape.Secret(), reads: [][]string{path}})
}

// newPath completes the expression of a plain path. It is walked: it needs its program only to say what was in its way.
func newPath(e Expr, shape *Shape, uses *Uses) *Expr {
	if uses.Secret {
		shape = shape.WithSecret()
	}
	e.uses, e.shape, e.late = uses, shape, &latePath{}
	return &e
}

// below gives the shape of a field that may well be there, nil of one that cannot be or that needs a closer look.
func (s *Shape) below(name string) *Shape {
	switch {
	case !s.types.is(mapType):
		return nil
	case s.types&^nullType != mapType:
		return s.content()
	}
	field, _, _ := s.field(name)
	return field
}

// dotted gives the names of a text like a.b.c, nil of any other. A word of the language may be a field, and is no name of a scope.
func dotted(text string) []string {
	text = strings.Trim(text, " ")
	for i := range len(text) {
		if c := text[i]; c != '.' && !isNameByte(c) {
			return nil
		}
	}
	path := make([]string, 0, strings.Count(text, ".")+1)
	for name := range strings.SplitSeq(text, ".") {
		if name == "" || '0' <= name[0] && name[0] <= '9' {
			return nil
		}
		path = append(path, name)
	}
	return path
}

func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// latePath is the program of a plain path, made when it is first needed.
type latePath struct {
	once    sync.Once
	program *vm.Program
	sites   []site
	err     error
}

// compile makes the program of a path.
func (l *latePath) compile(text string) {
	l.once.Do(func() {
		var tree *parser.Tree
		if tree, l.err = parser.Parse(text); l.err != nil {
			return
		}
		c := &checker{machine: theMachine()}
		root := c.plain(tree.Node)
		l.sites = c.sites
		l.program, l.err = c.machine.compile(root)
	})
}

// plain gives the node to compile for a plain path that was checked before.
func (c *checker) plain(n ast.Node) ast.Node {
	member, below := n.(*ast.MemberNode)
	if !below {
		return n
	}
	return c.function("field", member.Property, []ast.Node{c.plain(member.Node), member.Property}, member.Node)
}

// compile makes a program.
func (m *machine) compile(root ast.Node) (*vm.Program, error) {
	config := *m.config // compiling changes it
	return compiler.Compile(&parser.Tree{Node: root}, &config)
}
