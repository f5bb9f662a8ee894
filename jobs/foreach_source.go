package jobs

import (
	"fmt"

	"snrun/jobs/source"
	"snrun/steps"
)

// isSource says whether what a loop goes over is a request in place of a list: a mapping whose one key is a kind that makes
// calls. What can only stand beside a kind is taken for the attempt at one.
func (d *decoder) isSource(in *source.Node) bool {
	makesCalls := false
	entries := d.entries(in)
	for _, e := range entries {
		kind := d.kinds[e.Key]
		if kind != nil && kind.Run != nil {
			makesCalls = len(entries) == 1 || e.Value.Form() == source.Mapping
		} else if fieldNamed(stepFields(), e.Key) == nil {
			return false // a map of such names, to be gone over
		}
	}
	return makesCalls
}

// source reads a request in place of a list, nil where it cannot be one.
func (d *decoder) source(in *source.Node, scope *Scope) *Step {
	var kind *steps.Kind
	var request source.Entry
	for _, e := range d.entries(in) {
		switch beside := fieldNamed(stepFields(), e.Key) != nil; {
		case beside:
			d.r.Errorf(e.Name, "a request in place of a list is all that stands under `in`, without %s", e.Key).Hint = "what a step may have stands beside `foreach`; a request that needs its own is a step before the loop"
		case kind != nil:
			d.r.Errorf(e.Name, "a loop goes over one request, and this has two: %s and %s", kind.Name, e.Key).Hint = "make two loops of it"
			return nil
		default:
			kind, request = d.kinds[e.Key], e
		}
	}
	s := &Step{Kind: kind, Pos: request.Name.Pos(), Segment: "in", Reads: steps.Reads{"output": nil}}
	if clean := d.clean(func() { s.Body, _ = d.call(kind, request.Value, scope) }); clean && !s.walks() {
		d.r.Errorf(request.Name, "a loop over a request reads it page by page, and this one has no pages").Hint = d.pagesHint(kind)
	}
	return s
}

func (d *decoder) pagesHint(kind *steps.Kind) string {
	if fieldNamed(kind.Takes.Fields, "paginate") == nil {
		return fmt.Sprintf("make the %s a step before the loop, and go over its output; where the server gives parts of a list only, ask for one after the other in a `repeat` with `carry`", kind.Name)
	}
	return "give it `paginate`, or make it a step before the loop and go over its output"
}

// batch reads how many items are handed over at once.
func (d *decoder) batch(f *Foreach, n *source.Node) {
	switch size := d.staticValue(n, *fieldNamed(foreachFields(), "batch")).(type) {
	case int:
		if f.Batch = size; size < 1 {
			d.r.Errorf(n, "batch must be at least 1")
		}
	case string:
		if f.ByPage = true; f.In != nil {
			d.r.Errorf(n, "batch: page hands over the pages of a request, and this loop goes over a list").Hint = "write `in: {rest: …}` with the request and its `paginate`, or a number such as batch: 200"
		}
	}
}
