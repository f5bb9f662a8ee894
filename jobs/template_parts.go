package jobs

import (
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// templateBuilder compiles the nodes of a template.
type templateBuilder struct {
	scope    *Scope
	r        *source.Report
	uses     *Uses
	constant bool
	wrong    bool
}

func (b *templateBuilder) node(n *source.Node) part {
	switch n.Form() {
	case source.List:
		var list listPart
		for _, item := range n.Items() {
			list = append(list, b.node(item))
		}
		return list
	case source.Mapping:
		return b.mapping(n)
	}
	return b.scalar(n)
}

func (b *templateBuilder) mapping(n *source.Node) part {
	var m mapPart
	for _, e := range n.Entries(b.r) {
		key := b.key(e)
		m = append(m, mapEntry{key, b.node(e.Value)})
	}
	return m
}

func (b *templateBuilder) key(e source.Entry) string {
	pieces, _ := split(e.Key)
	if len(pieces) == 1 && pieces[0].literal {
		return pieces[0].text
	}
	if len(pieces) > 0 {
		b.r.Errorf(e.Name, "a key cannot hold an expression").Hint = `compute the whole map: ${ fromPairs([[key, value]]) }; write $${ for ${ itself`
		b.wrong = true
	}
	return e.Key
}

func (b *templateBuilder) scalar(n *source.Node) part {
	text := n.Text()
	if n.Plain() && !hasExpression(text) {
		return newConstant(n)
	}
	pieces, broken := split(text)
	if broken != nil {
		b.unclosed(n, broken)
		return constantPart{}
	}
	if whole, ok := onlyExpression(n, pieces); ok {
		return b.expression(n, whole)
	}
	t := textPart{node: n}
	for _, p := range pieces {
		if p.literal {
			t.pieces = append(t.pieces, textPiece{text: p.text})
			continue
		}
		e := b.expression(n, p).Expr
		if e != nil {
			b.checkText(e)
		}
		t.pieces = append(t.pieces, textPiece{expr: e})
	}
	switch {
	case len(t.pieces) == 0:
		return constantPart{"", ""}
	case len(t.pieces) == 1 && t.pieces[0].expr == nil:
		return constantPart{t.pieces[0].text, t.pieces[0].text}
	}
	return t
}

// unclosed reports an expression that has no end. Where a comment cuts it off, that was explained when the file was read.
func (b *templateBuilder) unclosed(n *source.Node, broken *scanError) {
	b.wrong = true
	if _, cut := n.CutOff(); !cut {
		b.r.ErrorAt(n, broken.offset, broken.width, "%s", broken.message).Hint = broken.hint
	}
}

// onlyExpression says whether a scalar is one whole expression. The line break that ends a block scalar does not count.
func onlyExpression(n *source.Node, pieces []piece) (piece, bool) {
	switch {
	case len(pieces) == 1 && !pieces[0].literal:
		return pieces[0], true
	case len(pieces) == 2 && !pieces[0].literal && pieces[1].text == "\n" && n.PosAt(0).Line > n.Pos().Line:
		return pieces[0], true
	}
	return piece{}, false
}

func (b *templateBuilder) expression(n *source.Node, p piece) exprPart {
	e := CompileExpr(n, p.offset, p.text, b.scope, b.r)
	if e == nil {
		b.wrong = true
		return exprPart{}
	}
	b.uses.merge(e.uses)
	b.constant = b.constant && len(e.uses.reads) == 0
	return exprPart{e}
}

// checkText reports an expression inside a text whose value can never be text.
func (b *templateBuilder) checkText(e *Expr) {
	t := e.shape.types
	if e.fixed {
		t = typeOf(e.value)
	}
	if !t.is(anyType &^ (nullType | listType | mapType)) {
		f, operand := noText(t), []string{quoted(e.text)}
		b.r.ErrorAt(e.node, e.offset+e.begin(), len(strings.TrimSpace(e.text)), "%s", fill(f.text, operand)).Hint = fill(f.hint, operand)
		b.wrong = true
	}
}

// constantPart is a scalar without expressions.
type constantPart struct{ value, written any }

func newConstant(n *source.Node) constantPart {
	v := n.Value()
	if _, isText := v.(string); isText || v == nil {
		return constantPart{v, v}
	}
	return constantPart{v, steps.Scalar{Value: v, Text: n.Text()}}
}

func (p constantPart) eval(map[string]any) (any, error) { return p.value, nil }
func (p constantPart) tree(map[string]any) (any, error) { return p.written, nil }
func (p constantPart) known() any                       { return p.written }
func (p constantPart) shape() *Shape                    { return &Shape{types: typeOf(p.value)} }

// exprPart is a scalar that is one expression.
type exprPart struct{ *Expr }

func (p exprPart) eval(names map[string]any) (any, error) { return p.Eval(names) }
func (p exprPart) tree(names map[string]any) (any, error) { return p.Eval(names) }
func (p exprPart) shape() *Shape                          { return p.Shape() }

func (p exprPart) known() any {
	if p.fixed {
		if v, err := p.Eval(nil); err == nil {
			return v
		}
	}
	return steps.Unknown{}
}

// textPart is a scalar that holds expressions between other text.
type textPart struct {
	node   *source.Node
	pieces []textPiece
}

type textPiece struct {
	text string
	expr *Expr
}

func (p textPart) eval(names map[string]any) (any, error) {
	var few [8]string
	texts, size := few[:0], 0
	for i := range p.pieces {
		piece := &p.pieces[i]
		if piece.expr == nil {
			texts, size = append(texts, piece.text), size+len(piece.text)
			continue
		}
		v, err := piece.expr.Eval(names)
		if err != nil {
			return nil, err
		}
		text, err := TextOf(v)
		if err != nil {
			return nil, piece.expr.unfit(noText(typeOf(v)))
		}
		if texts, size = append(texts, text), size+len(text); size > maxText {
			return nil, piece.expr.unfit(tooBig("a text of more than 64 MB"))
		}
	}
	return strings.Join(texts, ""), nil
}

func (p textPart) tree(names map[string]any) (any, error) { return p.eval(names) }
func (p textPart) known() any                             { return steps.Unknown{} }
func (p textPart) shape() *Shape                          { return TextShape() }

// listPart is a list.
type listPart []part

func (p listPart) eval(names map[string]any) (any, error) {
	return p.each(func(item part) (any, error) { return item.eval(names) })
}

func (p listPart) tree(names map[string]any) (any, error) {
	return p.each(func(item part) (any, error) { return item.tree(names) })
}

func (p listPart) each(value func(part) (any, error)) (any, error) {
	out := make([]any, len(p))
	for i, item := range p {
		var err error
		if out[i], err = value(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p listPart) known() any {
	out := make([]any, len(p))
	for i, item := range p {
		out[i] = item.known()
	}
	return out
}

func (p listPart) shape() *Shape {
	var elem *Shape
	for i, item := range p {
		if i == 0 {
			elem = item.shape()
		} else {
			elem = either(elem, item.shape())
		}
	}
	return ListShape(elem)
}

// mapPart is a mapping in the order written.
type mapPart []mapEntry

type mapEntry struct {
	key   string
	value part
}

func (p mapPart) eval(names map[string]any) (any, error) {
	out := make(map[string]any, len(p))
	for _, e := range p {
		v, err := e.value.eval(names)
		if err != nil {
			return nil, err
		}
		out[e.key] = v
	}
	return out, nil
}

func (p mapPart) tree(names map[string]any) (any, error) {
	out := make(steps.Pairs, len(p))
	for i, e := range p {
		v, err := e.value.tree(names)
		if err != nil {
			return nil, err
		}
		out[i] = steps.Pair{Key: e.key, Value: v}
	}
	return out, nil
}

func (p mapPart) known() any {
	out := make(steps.Pairs, len(p))
	for i, e := range p {
		out[i] = steps.Pair{Key: e.key, Value: e.value.known()}
	}
	return out
}

func (p mapPart) shape() *Shape {
	fields := make(map[string]*Shape, len(p))
	for _, e := range p {
		fields[e.key] = e.value.shape()
	}
	return MapShape(fields)
}
