package jobs

import (
	"snrun/jobs/source"
)

// Parallel runs branches of steps at once.
type Parallel struct{ Branches []Branch }

// Branch is a list of steps that runs beside others.
type Branch struct {
	Name  string
	Steps []*Step
}

func (*Parallel) body() {}

// parallel reads the branches of a step, none of which sees the others.
func (d *decoder) parallel(n *source.Node, b *block, scope *Scope) (Body, *Shape) {
	if n.Form() != source.Mapping || len(d.entries(n)) == 0 {
		d.r.Errorf(n, "parallel takes a mapping of branch names to steps, not %s", emptyMapOr(n)).Hint = "write parallel: {left: […], right: […]}"
		return nil, AnyShape()
	}
	p := &Parallel{}
	shapes := map[string]*Shape{}
	for _, e := range d.entries(n) {
		name := d.identifier(e.Name, "the name of a branch")
		list, inside := d.steps(e.Value, "the branch "+e.Key, b, scope)
		p.Branches = append(p.Branches, Branch{name, list})
		shapes[e.Key] = inside.last
	}
	return p, MapShape(shapes)
}

func emptyMapOr(n *source.Node) string {
	if n.Form() == source.Mapping {
		return "an empty mapping"
	}
	return n.What()
}
