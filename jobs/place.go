package jobs

import (
	"strconv"
	"strings"

	"snrun/jobs/source"
)

// Text is the text of a job's file.
type Text struct{ File, Data string }

// StepPlace finds where the step with a key stands, as /alerts[inc-17]/alert, in the text of its run's job, the first one, or of a
// job that is called there. It is false where the texts cannot tell.
func StepPlace(texts []Text, key string) (source.Pos, bool) {
	if step := stepAt(texts, key); step != nil {
		return step.Pos(), true
	}
	return source.Pos{}, false
}

// StepProfile gives the profile that the requests of the step with a key sign in as, as it is written there; "" where they do not, or
// the texts cannot tell.
func StepProfile(texts []Text, key string) string {
	step := stepAt(texts, key)
	if loop := entryOf(step, "foreach"); loop != nil {
		step = entryOf(loop, "in") // the source of its items
	}
	for _, kind := range []string{"rest", "soap"} {
		request := entryOf(step, kind)
		auth, profile := entryOf(request, "auth"), entryOf(request, "profile")
		if profile != nil && (auth == nil || auth.Text() != "none") {
			return profile.Text()
		}
	}
	return ""
}

// stepAt finds the step with a key, nil where the texts have none.
func stepAt(texts []Text, key string) *source.Node {
	if len(texts) == 0 {
		return nil
	}
	w := placeWalk{texts: texts, path: segmentsOf(key)}
	return w.inJob(texts[0])
}

// placeWalk follows the segments of a key through texts.
type placeWalk struct {
	texts []Text
	path  []string // what is still to be followed
}

// segmentsOf splits a key into names of steps and of their branches: without items, pages and tries.
func segmentsOf(key string) []string {
	var list []string
	for _, part := range strings.Split(withoutItems(key), "/") {
		part, _, _ = strings.Cut(part, "#")
		if _, err := strconv.Atoi(strings.TrimPrefix(part, "page:")); part != "" && (err != nil || !strings.HasPrefix(part, "page:")) {
			list = append(list, part)
		}
	}
	return list
}

// withoutItems takes out of a key what stands in brackets, where no bracket is written as itself.
func withoutItems(key string) string {
	var b strings.Builder
	for before, rest := key, ""; before != ""; before = rest {
		var inItem bool
		if before, rest, inItem = strings.Cut(before, "["); inItem {
			_, rest, _ = strings.Cut(rest, "]")
		}
		b.WriteString(before)
	}
	return b.String()
}

// inJob follows the path from the top of a job.
func (w *placeWalk) inJob(t Text) *source.Node {
	root := source.Parse(t.File, []byte(t.Data), &source.Report{})
	if root == nil || len(w.path) == 0 {
		return nil
	}
	name := strings.TrimSuffix(w.path[0], ":job")
	if name == "on_failure" || name == "on_success" || name == "finally" {
		if list := entryOf(root, name); list != nil && stepIn(entryOf(root, "steps"), w.path[0]) == nil {
			w.path = w.path[1:]
			return w.inSteps(list)
		}
	}
	return w.inSteps(entryOf(root, "steps"))
}

// inSteps follows the path from a list of steps.
func (w *placeWalk) inSteps(list *source.Node) *source.Node {
	if list == nil || len(w.path) == 0 {
		return nil
	}
	step := stepIn(list, w.path[0])
	if step == nil {
		return nil
	}
	if w.path = w.path[1:]; len(w.path) == 0 {
		return step
	}
	if call := entryOf(step, "call"); call != nil {
		return w.inCalled(call)
	}
	return w.inSteps(w.branch(step))
}

// inCalled follows the path in the text of a job that is called.
func (w *placeWalk) inCalled(call *source.Node) *source.Node {
	job := entryOf(call, "job")
	if job == nil {
		return nil
	}
	for _, t := range w.texts[1:] {
		if nameIn([]byte(t.Data), t.File) == job.Text() {
			return w.inJob(t)
		}
	}
	return nil
}

// branch gives the list of steps in a step that the path goes on in, and takes the branch's name off the path.
func (w *placeWalk) branch(step *source.Node) *source.Node {
	name, number, _ := strings.Cut(w.path[0], ":")
	n, _ := strconv.Atoi(number)
	for _, in := range []struct {
		kind, branch string
		steps        func(*source.Node) *source.Node
	}{
		{"parallel", "branch", func(body *source.Node) *source.Node { return entryOf(body, number) }},
		{"switch", "case", func(body *source.Node) *source.Node { return entryOf(nthOf(body, n), "steps") }},
		{"try", "try", func(body *source.Node) *source.Node { return body }},
		{"try", "catch", func(*source.Node) *source.Node { return entryOf(nthOf(entryOf(step, "catch"), n), "steps") }},
		{"try", "finally", func(*source.Node) *source.Node { return entryOf(step, "finally") }},
	} {
		if body := entryOf(step, in.kind); body != nil && in.branch == name {
			w.path = w.path[1:]
			return in.steps(body)
		}
	}
	for _, kind := range []string{"foreach", "repeat"} {
		if body := entryOf(step, kind); body != nil {
			return entryOf(body, "steps")
		}
	}
	return entryOf(step, "steps")
}

// stepIn finds a step in a list by its id or, where it has none, by its kind and position: fail:2.
func stepIn(list *source.Node, segment string) *source.Node {
	if list == nil {
		return nil
	}
	for _, step := range list.Items() {
		if id := entryOf(step, "id"); id != nil && id.Text() == segment {
			return step
		}
	}
	kind, number, _ := strings.Cut(segment, ":")
	n, _ := strconv.Atoi(number)
	if step := nthOf(list, n); step != nil && entryOf(step, kind) != nil {
		return step
	}
	return nil
}

// nthOf gives the item of a list at a position from 1, nil where there is none.
func nthOf(list *source.Node, position int) *source.Node {
	if list == nil || position < 1 || position > len(list.Items()) {
		return nil
	}
	return list.Items()[position-1]
}

// entryOf gives the value of a key, nil where there is none.
func entryOf(n *source.Node, key string) *source.Node {
	if n == nil {
		return nil
	}
	for _, e := range entriesWritten(n) {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}
