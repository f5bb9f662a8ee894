package steps

import (
	"fmt"
	"strings"
)

// Nearest gives the candidate that name was most likely meant to be, "" when none is close. Upper and lower case, "-" and
// "_", one and many do not count; beyond that a third of the letters may be wrong, missing, added or swapped with the next.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", 0
	for _, c := range candidates {
		d, ok := distance(name, c)
		if ok && (best == "" || d < bestDistance || d == bestDistance && c < best) {
			best, bestDistance = c, d
		}
	}
	return best
}

// Hint advises which candidate to write instead of name: the nearest one, else all of them where they are few, else "".
func Hint(name string, candidates []string) string {
	const few = 12
	if near := Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	switch n := len(candidates); {
	case n == 0 || n > few:
		return ""
	case n == 1:
		return "it can only be " + candidates[0]
	}
	return "it is one of " + strings.Join(candidates, ", ")
}

// distance counts the edits from name to candidate, doubled, plus one where the names differ in what does not count.
// It is not ok when there are too many.
func distance(name, candidate string) (doubled int, ok bool) {
	a, b := []rune(essence(name)), []rune(essence(candidate))
	limit := max(1, max(len(a), len(b))/3)
	if max(len(a)-len(b), len(b)-len(a)) > limit {
		return 0, false
	}
	edits := damerau(a, b)
	if edits > limit || edits >= max(len(a), 1) {
		return 0, false
	}
	doubled = 2 * edits
	if name != candidate {
		doubled++
	}
	return doubled, true
}

// essence takes out of a name what does not count.
func essence(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if len(name) > 2 {
		name = strings.TrimSuffix(name, "s")
	}
	return name
}

// damerau is the optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
func damerau(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
