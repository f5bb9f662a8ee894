package jobs

import (
	"strconv"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

func (d *decoder) foreach(n *source.Node, b *block, scope *Scope) (Body, *Shape) {
	m, ok := d.mapping(n, foreachFields(), "foreach")
	if !ok {
		return nil, AnyShape()
	}
	f := &Foreach{As: "item", Item: steps.Nothing(), concurrency: constant(1)}
	inner := d.loopNames(f, m, d.loopItem(f, m, scope), scope)
	if key := m.get("key"); key != nil {
		f.Key = d.text(key, "key", inner)
	}
	d.loopLimits(f, m, scope)
	shape := AnyShape()
	if list := m.given("steps"); list != nil {
		var inside *block
		f.Steps, inside = d.steps(list, "steps", b, inner)
		inner, shape = inner.With("steps", d.stepsShape(inside)), inside.last
	}
	if collect := m.get("collect"); collect != nil {
		if f.Collect = d.compile(collect, inner); f.Collect != nil {
			shape = f.Collect.Shape()
		}
	}
	return f, ListShape(shape.OrNull())
}

// loopItem reads what the loop goes over, and gives the shape of one item.
func (d *decoder) loopItem(f *Foreach, m mapping, scope *Scope) *Shape {
	in := m.get("in")
	if in == nil {
		return AnyShape()
	}
	if d.isSource(in) {
		f.Source = d.source(in, scope)
		return AnyShape()
	}
	scope, heard := itemsNamed(in, scope)
	if f.In = d.compile(in, scope); f.In == nil {
		return AnyShape()
	}
	item, ok := f.In.Shape().Item()
	if !ok {
		d.r.Errorf(in, "foreach goes over a list or a map, and this is %s", f.In.Shape().What()).Hint = "write an expression that gives a list, such as ${steps.incidents.output}"
		return AnyShape()
	}
	return item.HeardBy(heard)
}

// itemsNamed looks whether a loop goes over a list that a name stands for, such as the page that a loop around it hands over.
// What is read of its items is heard then, and to go over it reads no more.
func itemsNamed(in *source.Node, scope *Scope) (inner *Scope, heard func(fields []string)) {
	text, begins := strings.CutPrefix(in.Text(), "${")
	name, ends := strings.CutSuffix(text, "}")
	if in.Form() != source.Scalar || !begins || !ends {
		return scope, nil
	}
	name = strings.TrimSpace(name)
	shape, _ := scope.lookup(name)
	if shape == nil || shape.heardItem == nil {
		return scope, nil
	}
	return scope.With(name, shape.unheard()), shape.heardItem
}

// loopNames reads the names that the loop introduces, and gives the scope of its inside.
func (d *decoder) loopNames(f *Foreach, m mapping, item *Shape, scope *Scope) *Scope {
	if as := m.get("as"); as != nil {
		f.As = d.bind(as, "the name of an item", scope)
	}
	outer := item.heard
	heard := func(path []string) {
		if f.Item = readPath(f.Item, path); outer != nil {
			outer(path)
		}
	}
	if batch := m.get("batch"); batch != nil {
		d.batch(f, batch)
		item = ListShape(item).HeardInItems(heard)
	} else {
		item = item.HeardBy(heard)
	}
	inner := scope
	if f.As != "" {
		inner = inner.With(f.As, item)
	}
	if index := m.get("index"); index != nil {
		if f.Index = d.bind(index, "the name of an index", inner); f.Index != "" {
			inner = inner.With(f.Index, IntShape())
		}
	}
	return inner
}

// bind reads a name that a block introduces. It may not hide another.
func (d *decoder) bind(n *source.Node, what string, scope *Scope) string {
	name := d.identifier(n, what)
	for _, taken := range append(scope.Names(), "response", "error") {
		if name == taken {
			d.r.Errorf(n, "the name %q has a meaning here already", name).Hint = "choose another name"
			return ""
		}
	}
	return name
}

func (d *decoder) loopLimits(f *Foreach, m mapping, scope *Scope) {
	if n := m.given("concurrency"); n != nil {
		f.concurrency = d.countValue(n, "concurrency", scope)
	}
	if n := m.given("tolerate"); n != nil {
		f.Tolerate = d.tolerance(n)
	}
}

// tolerance reads `3`, `5%` or `all`.
func (d *decoder) tolerance(n *source.Node) Tolerance {
	if count, ok := n.Value().(int); ok && count >= 0 {
		return Tolerance{Count: count}
	}
	text := n.Text()
	if text == "all" {
		return Tolerance{All: true}
	}
	if share, isShare := strings.CutSuffix(text, "%"); isShare {
		if percent, err := strconv.ParseFloat(share, 64); err == nil && percent >= 0 && percent <= 100 {
			return Tolerance{Percent: percent}
		}
	}
	d.r.Errorf(n, "tolerate must be a number of items, a share such as 5%%, or `all`, not %s", n.What()).Hint = "it is read when the file is loaded"
	return Tolerance{}
}
