package history

import (
	"slices"

	"snrun/engine"
)

// InFlowOrder sorts the steps of a run as the flow went: a step before those inside it, the items of a loop one after the
// other, and what stands side by side by when it started.
func InFlowOrder(steps []engine.StepRun) {
	root := &node{}
	for i := range steps {
		root.add(segments(steps[i].Key), &steps[i])
	}
	ordered := make([]engine.StepRun, 0, len(steps))
	root.walk(func(step *engine.StepRun) { ordered = append(ordered, *step) })
	copy(steps, ordered)
}

// node is a place in the flow: a step, or the item of a loop.
type node struct {
	name     string
	steps    []*engine.StepRun // noted for just this place
	first    *engine.StepRun   // the one here or inside that started first
	inside   []*node
	position map[string]int // in inside, by name
}

// add puts a step at the place below n that the path names.
func (n *node) add(path []string, step *engine.StepRun) {
	if n.first == nil || step.Started.Before(n.first.Started) {
		n.first = step
	}
	if len(path) == 0 {
		n.steps = append(n.steps, step)
		return
	}
	i, ok := n.position[path[0]]
	if !ok {
		if n.position == nil {
			n.position = map[string]int{}
		}
		i = len(n.inside)
		n.position[path[0]] = i
		n.inside = append(n.inside, &node{name: path[0]})
	}
	n.inside[i].add(path[1:], step)
}

// walk visits the steps at n and inside.
func (n *node) walk(visit func(*engine.StepRun)) {
	for _, step := range n.steps {
		visit(step)
	}
	slices.SortStableFunc(n.inside, func(a, b *node) int {
		return a.first.Started.Compare(b.first.Started)
	})
	for _, child := range n.inside {
		child.walk(visit)
	}
}

// segments splits a key into the names of the steps and items around it, outermost first: /a[x]/b is /a, [x], /b.
// What stands in brackets is an item's own key and may hold anything.
func segments(key string) []string {
	var parts []string
	start, depth := 0, 0
	for i := range len(key) {
		switch c := key[i]; {
		case c == '[':
			if depth == 0 && i > start {
				parts, start = append(parts, key[start:i]), i
			}
			depth++
		case c == ']' && depth > 0:
			depth--
		case c == '/' && depth == 0 && i > start:
			parts, start = append(parts, key[start:i]), i
		}
	}
	if start < len(key) {
		parts = append(parts, key[start:])
	}
	return parts
}
