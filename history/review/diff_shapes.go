package review

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
	"snrun/steps"
)

// ShapeChange is a place in bodies at which other values stand than in those of the base.
type ShapeChange struct {
	Side   string `json:"side"` // answer, request or output
	Path   string `json:"path"` // result[].sys_id, or of XML getRecordsResponse/sys_id; "" for the body as a whole
	Change string `json:"change"`
	// What stood there: the types of JSON; text and element of XML; of a whole body its format. Sorted.
	Base []string `json:"base"`
	Run  []string `json:"run"`
	// Of how many objects how many have it, where Change is missing.
	Has int `json:"has,omitempty"`
	Of  int `json:"of,omitempty"`
}

// What Change says of a path.
const (
	shapeGone    = "gone"    // it is not there any more
	shapeNew     = "new"     // it was not there
	shapeType    = "type"    // values have another type
	shapeNull    = "null"    // it is null at times, which it never was
	shapeMissing = "missing" // it is not always there any more
	shapeEmpty   = "empty"   // lists that had items have none
)

// Of how many bodies of a step, at each end of them, and of how much of a run's bodies the shape is looked at.
const (
	shapedBodies = engine.Sampled / 2
	shapedBytes  = 8 << 20
)

// readShapes reads the shapes of the bodies of a run.
func (s *side) readShapes(store *history.Store) error {
	left := int64(shapedBytes)
	for _, place := range s.order {
		p := s.places[place]
		good := slices.DeleteFunc(p.sent, func(r history.Request) bool { return r.Status < 200 || r.Status >= 400 })
		some := good
		if len(good) > 2*shapedBodies {
			some = slices.Concat(good[:shapedBodies], good[len(good)-shapedBodies:])
		}
		p.answers.left = len(good) - len(some)
		for _, r := range some {
			if left <= 0 {
				p.answers.left++
				continue
			}
			x, err := store.ExchangeAt(s.run.ID, r.ID)
			if err != nil {
				return err
			}
			if x != nil {
				left -= int64(len(x.Request.Body) + len(x.Response.Body))
				p.shaped(x)
			}
		}
		p.sent = nil
		s.notes = append(s.notes, p.notShaped(place, s.run.ID)...)
	}
	return nil
}

// shaped takes the bodies of an exchange in.
func (p *placed) shaped(x *history.Exchange) {
	if len(x.Request.Body) > 0 {
		p.requests.add(x.Request.Body)
	}
	if len(x.Response.Body) > 0 {
		p.answers.add(x.Response.Body)
	} else if x.Response.Size > 0 {
		p.answers.left++ // not kept
	}
}

// notShaped says what of the bodies was not looked at.
func (p *placed) notShaped(place, run string) []string {
	var notes []string
	of := strings.TrimPrefix(place, "/") + " in run " + run
	if p.answers.cut > 0 {
		notes = append(notes, fmt.Sprintf("%s of %s: cut, or not well-formed, and looked at as far as it goes", words.Plural(p.answers.cut, "answer"), of))
	}
	if p.answers.left > 0 {
		notes = append(notes, fmt.Sprintf("the shape of the answers of %s is that of %d of %d", of, p.answers.bodies, p.answers.bodies+p.answers.left))
	}
	if p.answers.full {
		notes = append(notes, "the answers of "+of+" have so many different keys that not all were looked at")
	}
	return notes
}

// shapeChanges tells what is different in the bodies of the run.
func shapeChanges(side string, base, run *shape) []ShapeChange {
	if base.bodies == 0 || run.bodies == 0 {
		return nil
	}
	was, is := slices.Sorted(maps.Keys(base.formats)), slices.Sorted(maps.Keys(run.formats))
	if !slices.Equal(was, is) {
		return []ShapeChange{{Side: side, Change: shapeType, Base: was, Run: is}}
	}
	var changes []ShapeChange
	paths := append(base.paths(), run.paths()...)
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if c, changed := changeAt(path, base, run); changed {
			c.Side, c.Path, c.Base, c.Run = side, path, typesAt(base, path), typesAt(run, path)
			changes = append(changes, c)
		}
	}
	return changes[:min(len(changes), most)]
}

func typesAt(s *shape, path string) []string {
	if n := s.nodes[path]; n != nil {
		return list(n.types)
	}
	return []string{}
}

// changeAt says what is different at a path. Where a body was cut nothing is said of what would have followed.
func changeAt(path string, base, run *shape) (ShapeChange, bool) {
	a, b := base.nodes[path], run.nodes[path]
	switch {
	case b == nil && run.full, a == nil && base.full:
		return ShapeChange{}, false
	case b == nil:
		return ShapeChange{Change: shapeGone}, noChance(a.present, base.whole(a.parent), run.whole(a.parent))
	case a == nil:
		return ShapeChange{Change: shapeNew}, noChance(b.present, run.whole(b.parent), base.whole(b.parent))
	case b.filled == 0 && noChance(a.filled, a.arrays, b.arrays):
		return ShapeChange{Change: shapeEmpty}, true
	case retyped(a.types, b.types):
		return ShapeChange{Change: shapeType}, true
	case slices.Contains(b.types, "null") && !slices.Contains(a.types, "null"):
		return ShapeChange{Change: shapeNull}, true
	}
	of, was := run.whole(b.parent), base.whole(a.parent)
	return ShapeChange{Change: shapeMissing, Has: b.present, Of: of}, was > 0 && a.present == was && b.present > 0 && b.present < of
}

// noChance says whether it is unlikely that none of n have by chance what has of all have elsewhere: what stands now and then in
// what was seen of one run need not stand in what was seen of the other.
func noChance(has, all, n int) bool {
	const unlikely = 0.05
	return has > 0 && n > 0 && math.Pow(1-float64(min(has, all))/float64(all), float64(n)) < unlikely
}

// whole gives how many objects at a path were seen to their end.
func (s *shape) whole(path string) int {
	if n := s.nodes[path]; n != nil {
		return n.whole
	}
	return 0
}

// retyped says whether there are values of a type that there were none of, but null. What is masked may be of any.
func retyped(base, run []string) bool {
	if slices.Contains(base, "masked") || slices.Contains(run, "masked") {
		return false
	}
	plain := func(types []string) []string {
		return slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "null" })
	}
	was, is := plain(base), plain(run)
	return len(was) > 0 && slices.ContainsFunc(is, func(t string) bool { return !slices.Contains(was, t) })
}

// outputChanges tells what is different in the outputs of runs: their shape, since values differ from run to run.
func outputChanges(base, run any) []ShapeChange {
	a, b := shapeOf(base), shapeOf(run)
	return shapeChanges("output", &a, &b)
}

// shapeOf gives the shape of a value.
func shapeOf(v any) (s shape) {
	if text, err := steps.EncodeJSON(v); err == nil {
		s.add(text)
	}
	return s
}
