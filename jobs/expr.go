package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"snrun/jobs/source"
	"snrun/steps"
)

// maxExpression bounds the text of one expression, in bytes: the parser goes as deep as its brackets.
const maxExpression = 64 << 10

// Expr is one compiled expression. It is immutable and may be evaluated by many goroutines at once.
type Expr struct {
	node    *source.Node
	offset  int // of text in the node's value
	text    string
	program *vm.Program
	sites   []site
	path    []string  // of a plain path: the name and the fields below it
	late    *latePath // of a plain path, in place of program and sites
	uses    *Uses
	shape   *Shape
	mixed   bool // times and durations may be in the result
	fixed   bool // nothing is read: value was found when the expression was compiled
	value   any
}

// site is an operation that may fail at run time.
type site struct {
	at       file.Location
	operands []ast.Node // as they were written
}

// CompileExpr compiles an expression whose text starts at a byte of the scalar n's value. Its mistakes are reported, and
// nil is returned then.
func CompileExpr(n *source.Node, offset int, text string, s *Scope, r *source.Report) *Expr {
	e := readPlain(n, offset, text, s)
	if e == nil {
		e = compileExpr(n, offset, text, s, r)
	}
	if e != nil {
		s.gather(e.uses)
	}
	return e
}

func compileExpr(n *source.Node, offset int, text string, s *Scope, r *source.Report) *Expr {
	c := &checker{node: n, offset: offset, text: text, scope: s, r: r, machine: theMachine(), uses: &Uses{}}
	tree := c.parse()
	if tree == nil {
		return nil
	}
	path := plainPath(tree)
	root, shape := c.expr(tree)
	if c.wrong {
		return nil
	}
	if path != nil {
		return newPath(Expr{node: n, offset: offset, text: text, path: path}, shape, c.uses)
	}
	e := &Expr{node: n, offset: offset, text: text, sites: c.sites, uses: c.uses, shape: shape, mixed: c.mixed}
	if c.uses.Secret {
		e.shape = shape.WithSecret()
	}
	var err error
	if e.program, err = c.machine.compile(root); err != nil {
		c.report(file.Location{}, "the expression cannot be compiled", "write it in a simpler way")
		return nil
	}
	if len(e.uses.reads) == 0 {
		return e.fix(r)
	}
	return e
}

// fix evaluates an expression that reads nothing. What fails then would always fail: it is a mistake.
func (e *Expr) fix(r *source.Report) *Expr {
	v, failed := e.run(nil)
	if failed != nil {
		r.ErrorAt(e.node, e.offset+failed.start, failed.width, "%s", failed.text).Hint = failed.hint
		return nil
	}
	e.fixed, e.value = true, v
	return e
}

// CompileCondition compiles the bare expression of a condition. Its mistakes are reported, and nil is returned then.
func CompileCondition(n *source.Node, s *Scope, r *source.Report) *Expr {
	if n.Form() != source.Scalar || n.IsNull() {
		r.Errorf(n, "a condition must be an expression, not %s", n.What()).Hint = "write it as text, such as response.status == 200"
		return nil
	}
	text := n.Text()
	if at := strings.Index(text, "${"); at >= 0 {
		r.ErrorAt(n, at, 2, "a condition is an expression already, without ${ }").Hint = bareHint(text)
		return nil
	}
	tries := &source.Report{}
	e := CompileExpr(n, 0, text, s, tries)
	if _, cut := n.CutOff(); cut && e == nil {
		return nil // reported with the whole line when the file was read
	}
	for _, mistake := range tries.All() {
		r.Add(mistake)
	}
	if e == nil {
		return nil
	}
	if !e.shape.types.is(boolType) {
		f := notBool(e.shape.types)
		operand := []string{quoted(text)}
		r.ErrorAt(n, 0, len(text), "a condition must be true or false: %s", fill(f.text, operand)).Hint = fill(f.hint, operand)
		return nil
	}
	return e
}

// Source gives the expression as it was written.
func (e *Expr) Source() string { return e.text }

// Place gives where the expression starts, as file:line:column.
func (e *Expr) Place() string { return e.node.PosAt(e.offset + e.begin()).String() }

// Uses gives what the expression reads.
func (e *Expr) Uses() *Uses { return e.uses }

// Shape gives what is known of the expression's value.
func (e *Expr) Shape() *Shape { return e.shape }

// PlainPath gives the fields of a plain path below a name: {"body", "result"} for response.body.result below response.
// It is false where the expression is anything else.
func (e *Expr) PlainPath(root string) ([]string, bool) {
	if len(e.path) == 0 || e.path[0] != root {
		return nil, false
	}
	return slices.Clone(e.path[1:]), true
}

// Eval evaluates the expression to plain data. The error is a *steps.Error of kind "expression" that names the place.
// What it gives must not be changed: it may be a part of names, or the same at each call.
func (e *Expr) Eval(names map[string]any) (any, error) {
	if e.fixed {
		return e.value, nil
	}
	if v, ok := e.walk(names); ok {
		return v, nil
	}
	v, failed := e.run(names)
	if failed != nil {
		return nil, e.error(failed)
	}
	return v, nil
}

// run evaluates the expression in a machine of expr's.
func (e *Expr) run(names map[string]any) (any, *failure) {
	program, sites := e.program, e.sites
	if e.late != nil {
		e.late.compile(e.text)
		if e.late.err != nil {
			return nil, e.failure(e.late.err, nil)
		}
		program, sites = e.late.program, e.late.sites
	}
	pool := &theMachine().pool
	m := pool.Get().(*vm.VM)
	v, err := m.Run(program, names)
	pool.Put(m)
	if err != nil {
		return nil, e.failure(err, sites)
	}
	if e.mixed || timeValues.is(typeOf(v)) {
		return data(v), nil
	}
	return v, nil
}

// Bool evaluates a condition. A value that is not true or false is an error, like those of Eval.
func (e *Expr) Bool(names map[string]any) (bool, error) {
	v, err := e.Eval(names)
	if err != nil {
		return false, err
	}
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, e.unfit(notBool(typeOf(v)))
}

// walk evaluates a plain path without the machine, as long as it leads through maps; the machine tells what is wrong.
func (e *Expr) walk(names map[string]any) (any, bool) {
	if e.path == nil {
		return nil, false
	}
	v := names[e.path[0]]
	for _, name := range e.path[1:] {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		v = m[name]
	}
	return v, !timeValues.is(typeOf(v))
}

// failure is what went wrong in an evaluation, and where in the expression's text, in bytes.
type failure struct {
	start, width int
	text, hint   string
}

// failure tells for a person what the machine gave as an error.
func (e *Expr) failure(err error, sites []site) *failure {
	f := &fault{text: "the expression cannot be evaluated", hint: "check the values that it reads"}
	var at file.Location
	var operands []string
	var located *file.Error
	if errors.As(err, &located) && located.From < 0 {
		s := sites[-located.From-1]
		at, operands = s.at, writtenAll(s.operands)
	}
	switch {
	case errors.As(err, &f):
	case located == nil:
	case strings.HasPrefix(located.Message, "memory budget exceeded"):
		f = tooBig("lists of more than 10 million items in all")
	case strings.HasPrefix(located.Message, "reduce of empty"):
		f = &fault{text: "reduce has nothing to start with, as the list is empty", hint: "give it a third argument, the initial value"}
	}
	start, width := byteRange(e.text, at)
	return &failure{start, width, fill(f.text, operands), fill(f.hint, operands)}
}

func (e *Expr) error(f *failure) *steps.Error {
	return &steps.Error{
		Kind:    steps.Expression,
		Message: fmt.Sprintf("%s: %s", e.node.PosAt(e.offset+f.start), f.text),
		Hint:    f.hint,
	}
}

// unfit is the error of an expression whose value as a whole does not fit.
func (e *Expr) unfit(f *fault) *steps.Error {
	operand := []string{quoted(e.text)}
	return e.error(&failure{start: e.begin(), text: fill(f.text, operand), hint: fill(f.hint, operand)})
}

// begin is where the expression begins in its text, after white space.
func (e *Expr) begin() int { return len(e.text) - len(strings.TrimLeft(e.text, " \t\r\n")) }

// plainPath gives the name and the fields of an expression like a.b["c"], nil of any other.
func plainPath(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if n.Value != "null" {
			return []string{n.Value}
		}
	case *ast.MemberNode:
		field, ok := n.Property.(*ast.StringNode)
		if base := plainPath(n.Node); base != nil && ok && !n.Optional && !n.Method {
			return append(base, field.Value)
		}
	}
	return nil
}

// byteRange gives the bytes of text that a location in characters names.
func byteRange(text string, at file.Location) (start, width int) {
	start, end, chars := len(text), len(text), 0
	for i := range text {
		if chars == at.From {
			start = i
		}
		if chars == at.To {
			end = i
			break
		}
		chars++
	}
	return start, max(end-start, 1)
}
