package jobs

import (
	"fmt"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// origin is where the fields of a call stand.
type origin struct {
	node    *source.Node // what stands under the kind's key
	kind    *steps.Kind
	profile *source.Node // nil where it names none
}

// find gives where a problem stands, and its path there: what came from the profile stands in that.
func (w origin) find(p steps.Problem, entries finder) (at *source.Node, path string) {
	n, path := w.node, p.Path
	top, _, _ := strings.Cut(path, ".")
	if f := fieldNamed(w.kind.Takes.Fields, top); f != nil && f.FromProfile && w.profile != nil {
		n, path = w.profile, strings.TrimPrefix(path, "profile_")
		if top == securityKey {
			path = "auth." + path
		}
	}
	there := entries.find(n, path)
	if p.Key && there.key != nil {
		return there.key, path
	}
	return there.value, path
}

// shownProblems is how many mistakes of one call a message names.
const shownProblems = 100

// Placed gives the failure of a call with the problems that the kind found in its values, each with its place in the file. They
// are the job's own, so the call was not made, and is not to be made again. A failure without problems stays as it is.
func (c *Call) Placed(failure *steps.Error) *steps.Error {
	if len(failure.Problems) == 0 {
		return failure
	}
	placed := *failure
	placed.Kind, placed.Repeat, placed.RetryAfter, placed.NoEffect = steps.BadInput, steps.Never, 0, true
	lines := make([]string, 0, len(failure.Problems))
	for i, p := range failure.Problems {
		if i == shownProblems {
			lines = append(lines, fmt.Sprintf("… and %d more", len(failure.Problems)-i))
			break
		}
		lines = append(lines, c.origin.line(p))
	}
	if len(lines) == 1 {
		placed.Message, placed.Hint = lines[0], failure.Problems[0].Hint
		return &placed
	}
	for i, p := range failure.Problems[:min(len(failure.Problems), shownProblems)] {
		if p.Hint != "" {
			lines[i] += "\n  " + strings.ReplaceAll(p.Hint, "\n", "\n  ")
		}
	}
	placed.Message = fmt.Sprintf("%d mistakes%s; nothing was sent:\n%s", len(failure.Problems), under(failure.Problems), strings.Join(lines, "\n"))
	return &placed
}

// line is a problem with its place, without its hint.
func (w origin) line(p steps.Problem) string {
	at, path := w.find(p, entriesWritten)
	return at.Pos().String() + ": " + w.sentence(path, p)
}

// sentence says what is wrong at a path; what is wrong with all of a call has none.
func (w origin) sentence(path string, p steps.Problem) string {
	if path == "" {
		return w.kind.Name + " " + p.Message
	}
	return path + ": " + p.Message
}

// under says which field all problems are in, "" where they are in several.
func under(problems []steps.Problem) string {
	field := func(p steps.Problem) string { return p.Path[:len(p.Path)-len(strings.TrimLeft(p.Path, letters))] }
	first := field(problems[0])
	for _, p := range problems {
		if field(p) != first {
			return ""
		}
	}
	if first == "" {
		return ""
	}
	return " in " + first
}

// letters are those of a field's name.
const letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
