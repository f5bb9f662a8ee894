package values

import (
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// arranger puts elements in the order of a content model, of which it knows how many there are of each. What does not fit it reports.
type arranger struct {
	sh      *shape
	left    []int      // of each slot, how many are not placed yet
	had     []int      // of each slot, how many there are
	unknown []bool     // of each slot: how many there are is known in a run only; nil for none
	rank    []int      // of each slot, where its key stands among the keys
	open    []xml.Name // elements that only a wildcard may hold
	placed  []bool     // those of them that are placed
	runs    []run
	issues  []issue
	loops   int  // how many groups around may repeat
	strict  bool // refuses an order that would be a guess
	rows    int  // in groups that repeat: how many times their elements stand side by side
	work    int  // what is left of it; see maxWork
}

// run is some elements of one slot, one after the other; or, where the slot is -1, an open one.
type run struct{ slot, n int }

// issue is what keeps elements from a model.
type issue struct {
	kind  issueKind
	slot  int    // -1 for none
	n     int    // how many are missing, or may be there
	model *model // of a choice
	other int    // of a conflict: the slot beside which slot may not be
}

type issueKind int

const (
	missing     issueKind = iota // n more of slot
	noneOf                       // none of the branches of model
	conflict                     // slot and other are in different branches
	tooMany                      // of slot; n may be there
	missingAny                   // n elements at a wildcard
	tooManyOpen                  // the open element n
	unclear                      // which of slot stand with which of other, of which there are more or fewer
	tooLarge                     // the model is beyond bounds
)

// reset makes ready for the elements of a shape, open of which only a wildcard may hold.
func (a *arranger) reset(sh *shape, open int) {
	*a = arranger{sh: sh, left: zeros(a.left, len(sh.slots)), had: a.had[:0], open: a.open[:0], placed: zeros(a.placed, open),
		runs: a.runs[:0], issues: a.issues[:0]}
}

// count is how many elements are placed.
func (a *arranger) count() int {
	n := 0
	for _, r := range a.runs {
		if r.slot < 0 {
			n++
			continue
		}
		n += r.n
	}
	return n
}

func (a *arranger) report(i issue) {
	if len(a.issues) <= maxIssues {
		a.issues = append(a.issues, i)
	}
}

// maxIssues bounds what is reported of one element.
const maxIssues = 100

// arrange goes over the whole model.
func (a *arranger) arrange() {
	a.work = maxWork
	for _, n := range a.left {
		a.work += 100 * (1 + n)
	}
	a.had = append(a.had[:0], a.left...)
	if a.sh.model != nil {
		a.particle(a.sh.model)
	}
	if a.work < 0 {
		a.issues = []issue{{kind: tooLarge, slot: -1}}
		return
	}
	for slot, n := range a.left {
		if n > 0 && !a.isUnknown(slot) {
			a.report(issue{kind: tooMany, slot: slot, n: a.had[slot] - n})
		}
	}
	for i, placed := range a.placed {
		if !placed {
			a.report(issue{kind: tooManyOpen, slot: -1, n: i})
		}
	}
}

func (a *arranger) isUnknown(slot int) bool { return a.unknown != nil && a.unknown[slot] }

func (a *arranger) particle(n *model) {
	if a.work--; a.work < 0 || len(a.issues) > maxIssues {
		return
	}
	switch {
	case n.slot >= 0:
		a.element(n, 0)
	case n.any != nil:
		a.wildcard(n)
	default:
		a.group(n)
	}
}

// element places as many as may stand there, but for those that are kept for later places.
func (a *arranger) element(n *model, kept int) {
	count := max(a.left[n.slot]-kept, min(a.left[n.slot], n.min))
	if n.max != xsd.Unbounded {
		count = min(count, n.max)
	}
	if a.loops > 0 && a.rows > 1 {
		count = min(count, max(n.min, 1)) // one for each row
	}
	if count < n.min && !a.isUnknown(n.slot) {
		a.report(issue{kind: missing, slot: n.slot, n: n.min - count})
	}
	if count > 0 {
		a.left[n.slot] -= count
		a.runs = append(a.runs, run{n.slot, count})
	}
}

func (a *arranger) wildcard(n *model) {
	count := 0
	for i, name := range a.open {
		if !n.full(count) && !a.placed[i] && n.any.Allows(name.Space) {
			a.placed[i] = true
			a.runs = append(a.runs, run{-1, i})
			count++
		}
	}
	if count < n.min {
		a.report(issue{kind: missingAny, slot: -1, n: n.min - count})
	}
}

func (a *arranger) group(n *model) {
	rounds := 0
	if n.repeats() {
		if a.loops == 0 && a.strict {
			if a.rows = 0; !a.clear(n) {
				return
			}
		}
		a.loops++
		for !n.full(rounds) && a.has(n) && a.work > 0 {
			before := len(a.runs)
			a.once(n)
			if rounds++; len(a.runs) == before {
				break
			}
		}
		a.loops--
	} else if n.min > 0 && !n.empty || a.has(n) {
		a.once(n)
		rounds++
	}
	if rounds < n.min && !n.empty {
		a.once(n) // reports what is missing
	}
}

// has says whether something is left that may stand in a model.
func (a *arranger) has(n *model) bool { return a.firstOf(n, true) >= 0 }

// firstOf gives the rank of the first key whose elements may stand in a model, -1 for none; those that may turn out to be nothing count
// where unknown is true.
func (a *arranger) firstOf(n *model, unknown bool) int {
	first := -1
	better := func(rank int) {
		if first < 0 || rank < first {
			first = rank
		}
	}
	if n.slot >= 0 {
		if a.left[n.slot] > 0 && (unknown || !a.isUnknown(n.slot)) {
			return a.rank[n.slot]
		}
		return -1
	}
	for slot, left := range a.left {
		if left > 0 && n.holds.has(slot) && (unknown || !a.isUnknown(slot)) {
			better(a.rank[slot])
		}
	}
	a.work -= len(a.left) / 16
	if n.wild {
		for i, name := range a.open {
			if !a.placed[i] && a.takes(n, name) {
				better(len(a.left) + len(a.open)) // open elements come after those that are declared
			}
		}
	}
	return first
}

// takes says whether a wildcard in a model may hold an element.
func (a *arranger) takes(n *model, name xml.Name) bool {
	if n.any != nil {
		return n.any.Allows(name.Space)
	}
	for _, kid := range n.kids {
		if a.work--; a.work < 0 {
			return false
		}
		if kid.wild && a.takes(kid, name) {
			return true
		}
	}
	return false
}

func (a *arranger) once(n *model) {
	if n.kind == xsd.Choice {
		a.choice(n)
		return
	}
	for i, kid := range n.kids {
		if kid.slot >= 0 && a.sh.places[kid.slot] > 1 {
			a.element(kid, a.needed(n.kids[i+1:], kid.slot))
			continue
		}
		a.particle(kid)
	}
}

// needed says how many of a slot the models must have.
func (a *arranger) needed(models []*model, slot int) int {
	sum := 0
	for _, n := range models {
		if a.work--; a.work < 0 || !n.holdsSlot(slot) || n.min == 0 {
			continue
		}
		switch {
		case n.slot >= 0:
			sum += n.min
		case n.kind != xsd.Choice:
			sum += n.min * a.needed(n.kids, slot)
		}
	}
	return sum
}

// choice takes the branch of which something is given. Where groups around it repeat, further ones are for the next rounds.
func (a *arranger) choice(n *model) {
	chosen := a.branch(n)
	if chosen == nil {
		if !n.empty {
			a.report(issue{kind: noneOf, slot: -1, model: n})
		}
		return
	}
	if a.loops == 0 {
		a.dropOthers(n, chosen)
	}
	a.particle(chosen)
}

// branch gives the branch that holds most of what is given, and of these the one whose key is the first; in a loop only the first key
// counts. It is nil where nothing is given.
func (a *arranger) branch(n *model) *model {
	var best *model
	bestHeld, bestRank := -1, 0
	for _, kid := range n.kids {
		if !a.has(kid) {
			continue
		}
		held, rank := 0, a.firstOf(kid, false)
		if rank < 0 {
			rank = len(a.left) + len(a.open) + 1 // what may turn out to be nothing yields
		} else if a.loops == 0 {
			held = a.held(kid)
		}
		if best == nil || held > bestHeld || held == bestHeld && rank < bestRank {
			best, bestHeld, bestRank = kid, held, rank
		}
	}
	return best
}

// held counts the keys that may stand in a model.
func (a *arranger) held(n *model) int {
	count := 0
	for slot, left := range a.left {
		if left > 0 && !a.isUnknown(slot) && n.holdsSlot(slot) {
			count++
		}
	}
	return count
}

// dropOthers reports what is given of the branches that were not chosen, as far as it can stand nowhere else.
func (a *arranger) dropOthers(n, chosen *model) {
	beside := -1
	for slot := range a.left {
		if a.left[slot] > 0 && !a.isUnknown(slot) && chosen.holdsSlot(slot) && (beside < 0 || a.rank[slot] < a.rank[beside]) {
			beside = slot
		}
	}
	for slot := range a.left {
		if a.left[slot] == 0 || a.isUnknown(slot) || chosen.holdsSlot(slot) || !n.holdsSlot(slot) || a.sh.places[slot] > 1 {
			continue
		}
		a.left[slot] = 0
		if beside < 0 {
			continue
		}
		a.report(issue{kind: conflict, slot: slot, other: beside})
	}
}

// clear says whether the order in a model that repeats is known: where elements of a sequence belong together, there are as many of one
// as of the other. What is not clear is reported, and counts as placed.
func (a *arranger) clear(n *model) bool {
	if a.work -= 1 + len(a.left); a.work < 0 || n.slot >= 0 || n.any != nil {
		return true
	}
	rows, by := 0, -1
	if n.kind != xsd.Choice {
		for slot, left := range a.left {
			if left > rows && !a.isUnknown(slot) && single(n, slot) {
				rows, by = left, slot
			}
		}
	}
	ok := true
	a.rows = max(a.rows, rows)
	for slot, left := range a.left {
		if rows > 1 && left > 0 && left != rows && n.holdsSlot(slot) && !a.isUnknown(slot) && !settled(n, slot) {
			a.report(issue{kind: unclear, slot: slot, other: by})
			ok = false
		}
	}
	for _, kid := range n.kids {
		ok = ok && a.clear(kid)
	}
	if !ok {
		for slot := range a.left {
			if n.holdsSlot(slot) {
				a.left[slot] = 0
			}
		}
	}
	return ok
}

// single says whether there is at most one of a slot each time that the model occurs.
func single(n *model, slot int) bool {
	if n.slot >= 0 {
		return n.slot == slot && n.max == 1
	}
	found := false
	for _, kid := range n.kids {
		if kid.holdsSlot(slot) {
			if found || kid.repeats() || !single(kid, slot) {
				return false
			}
			found = true
		}
	}
	return found
}

// settled says whether there is always the same number of a slot each time that the model occurs.
func settled(n *model, slot int) bool {
	if n.slot >= 0 {
		return n.slot == slot && n.min == n.max
	}
	for _, kid := range n.kids {
		if kid.holdsSlot(slot) {
			return n.kind != xsd.Choice && (kid.slot >= 0 || kid.min == 1 && kid.max == 1) && settled(kid, slot)
		}
	}
	return false
}
