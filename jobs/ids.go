package jobs

import (
	"fmt"

	"snrun/jobs/source"
	"snrun/steps"
)

// idIndex knows every id of a job, so that a reference that cannot be followed can be explained.
type idIndex struct {
	all  map[string]idPlace
	open map[string]bool // of the steps that are just being read: the ones around a place
}

// enter notes that a step is being read, until the function that it gives is called.
func (x *idIndex) enter(id string) (leave func()) {
	x.open[id] = true
	return func() { delete(x.open, id) }
}

// idPlace is where an id is declared: on which line, and in which block that has an id itself.
type idPlace struct {
	node   *source.Node
	inside string // `foreach "alerts"`, "" at the top
	block  string // the id of that block
}

// block is a list of steps while it is read: what the steps after each step can see.
type block struct {
	parent *block
	shapes map[string]*Shape
	last   *Shape // of the last step's output
}

func newBlock(parent *block) *block {
	return &block{parent: parent, shapes: map[string]*Shape{}, last: AnyShape()}
}

// lookup finds a step that is visible from the block.
func (b *block) lookup(id string) *Shape {
	for ; b != nil; b = b.parent {
		if s := b.shapes[id]; s != nil {
			return s
		}
	}
	return nil
}

// visible names the steps that can be seen from the block, the nearest first.
func (b *block) visible() []string {
	var ids []string
	for ; b != nil; b = b.parent {
		ids = append(ids, sortedKeys(b.shapes)...)
	}
	return ids
}

// stepsShape is the shape of `steps` inside a block. What is read below it is heard of.
func (d *decoder) stepsShape(b *block) *Shape {
	return LazyMap(func(id string) (*Shape, string, string) {
		if s := b.lookup(id); s != nil {
			return s, "", ""
		}
		why, hint := d.explainID(id, b)
		return nil, why, hint
	}, b.visible).HeardBy(func(path []string) { d.results = readPath(d.results, path) })
}

// explainID says why a step cannot be referred to, and what to do.
func (d *decoder) explainID(id string, b *block) (why, hint string) {
	place, declared := d.ids.all[id]
	switch {
	case !declared:
		return fmt.Sprintf("no step has the id %q", id), steps.Hint(id, b.visible())
	case d.ids.open[id]:
		return fmt.Sprintf("step %q has no result yet: this is a part of it", id), "a step sees only the steps before it"
	case place.block != "" && b.lookup(place.block) != nil:
		return fmt.Sprintf("step %q is inside %s (line %d), so it is not seen from here", id, place.inside, place.node.Pos().Line),
			fmt.Sprintf("what the block gives is in steps.%s.output", place.block)
	case place.inside != "":
		return fmt.Sprintf("step %q is inside %s (line %d), so it is not seen from here", id, place.inside, place.node.Pos().Line),
			"a step sees the steps before it in its own block and in the blocks around it"
	}
	return fmt.Sprintf("step %q comes later (line %d)", id, place.node.Pos().Line), "a step sees only the steps before it"
}

// indexIDs finds the ids of a job before its steps are read. Repeated ones are reported.
func (d *decoder) indexIDs(job mapping) {
	d.ids = &idIndex{all: map[string]idPlace{}, open: map[string]bool{}}
	for _, f := range jobFields() {
		if n := job.get(f.Name); n != nil {
			d.indexBelow(n, f.Type, "", "")
		}
	}
}

// indexBelow finds the steps in a value of a type.
func (d *decoder) indexBelow(n *source.Node, t steps.Type, inside, block string) {
	switch {
	case n.Form() == source.List && t.Form == steps.Block:
		for _, item := range n.Items() {
			d.indexStep(item, inside, block)
		}
	case n.Form() == source.List && t.Form == steps.List:
		for _, item := range n.Items() {
			d.indexBelow(item, *t.Elem, inside, block)
		}
	case n.Form() == source.Mapping && t.Form == steps.Branches:
		for _, e := range d.entries(n) {
			d.indexBelow(e.Value, steps.Of(steps.Block), inside, block)
		}
	case n.Form() == source.Mapping && t.Form == steps.Object:
		for _, e := range d.entries(n) {
			if f := fieldNamed(t.Fields, e.Key); f != nil {
				d.indexBelow(e.Value, f.Type, inside, block)
			}
		}
	}
}

func (d *decoder) indexStep(n *source.Node, inside, block string) {
	if n.Form() != source.Mapping {
		return
	}
	entries := d.entries(n)
	var kind *steps.Kind
	var id string
	for _, e := range entries {
		if k := d.kinds[e.Key]; k != nil {
			kind = k
		}
		if e.Key == "id" && identifier.MatchString(e.Value.Text()) {
			id = e.Value.Text()
			d.indexID(e.Value, inside, block)
		}
	}
	if kind == nil {
		return
	}
	inside = blockName(kind.Name, id)
	below := append([]steps.Field{{Name: kind.Name, Type: kind.Takes}}, kind.Beside...)
	for _, e := range entries {
		if f := fieldNamed(below, e.Key); f != nil {
			d.indexBelow(e.Value, f.Type, inside, id)
		}
	}
}

func (d *decoder) indexID(id *source.Node, inside, block string) {
	name := id.Text()
	first, taken := d.ids.all[name]
	switch {
	case taken && first.node == id:
		d.r.Errorf(id, "the step %q stands in the job twice, through an alias", name).Hint = "leave its id out, or write the second step out"
		return
	case taken:
		d.r.Errorf(id, "the id %q is taken by the step on line %d", name, first.node.Pos().Line).Hint = "ids are unique in a job"
		return
	}
	d.ids.all[name] = idPlace{id, inside, block}
}

// blockName names a step with steps inside for a message: `the foreach "alerts"`.
func blockName(kind, id string) string {
	switch {
	case id != "" && kind == "steps":
		return fmt.Sprintf("the block %q", id)
	case id != "":
		return fmt.Sprintf("the %s %q", kind, id)
	case kind == "steps":
		return "a block of steps"
	}
	return "a " + kind
}
