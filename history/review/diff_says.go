package review

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/words"
	"snrun/steps"
)

// How likely a difference explains how the run ended, by its kind. What the failing step itself met counts more, what came after
// it is a consequence.
const (
	weighsInput, weighsText, weighsHost   = 45, 44, 46
	weighsErrorStatus, weighsStatus       = 42, 12
	weighsShape, weighsEmpty, weighsNew   = 40, 30, 8
	weighsFailedItems, weighsSkipped      = 22, 25
	weighsItems, weighsStep, weighsOutput = 18, 14, 9
	weighsRetries, weighsTime, weighsPort = 10, 6, 4
	weighsSignIn, weighsError             = 90, 13
	morePlace, moreKind, lessAfter        = 50, 20, 30
	telling, enough                       = 10, 3
	longer                                = 2 // times as long is worth telling
	longerBy                              = time.Second
)

// conclude tells the differences in words, and what they come to. Failed is the place of the step that failed first.
func (d *Diff) conclude(failed string) {
	w := weigher{diff: d, failed: failed}
	w.failure()
	w.inputs()
	w.texts()
	reached := true
	for i := range d.Steps {
		w.step(&d.Steps[i], !reached)
		reached = reached && (failed == "" || d.Steps[i].Key != failed)
	}
	for _, like := range alike(d.Output) {
		w.add("output", "", weighsOutput, shapeText(like, "the output"))
	}
	slices.SortStableFunc(d.Findings, func(a, b Finding) int { return cmp.Compare(b.weight, a.weight) })
	d.Same = len(d.Inputs)+len(d.Texts)+len(d.Output) == 0 && d.Run.Status == d.Base.Status && d.Run.Job == d.Base.Job &&
		!slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Kind == "error" }) &&
		!slices.ContainsFunc(d.Steps, func(s StepDiff) bool { return s.Differs })
	d.Says = d.sentence()
}

// sentence is what the findings come to: the first, and those that weigh about as much.
func (d *Diff) sentence() string {
	var parts []string
	for _, f := range d.Findings {
		if len(parts) == enough || len(parts) > 0 && (f.weight < telling || f.weight*2 < d.Findings[0].weight) || d.Same && f.weight == weighsPort {
			break
		}
		parts = append(parts, f.Text)
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	case d.Same:
		return "nothing is different but when they ran"
	}
	return "only numbers are different, as they are from run to run"
}

// weigher finds words for differences, and weighs them.
type weigher struct {
	diff   *Diff
	failed string
}

// add adds a finding that weighs anything. What the failing step met weighs more, but for what became of its own numbers.
func (w *weigher) add(kind, step string, weight int, text string) {
	if step != "" && step == w.failed && kind != "count" {
		weight += morePlace
	}
	if weight <= 0 {
		return
	}
	if e := w.diff.Run.Error; e != nil && explains(kind, e.Kind) {
		weight += moreKind
	}
	w.diff.Findings = append(w.diff.Findings, Finding{Kind: kind, Step: step, Text: text, weight: weight})
}

// explains says whether differences of a kind are what errors of a kind come from.
func explains(finding, of string) bool {
	switch of {
	case steps.Status, steps.Fault:
		return finding == "status" || finding == "host"
	case steps.Network, steps.TLS:
		return finding == "host"
	case steps.Timeout, steps.Limit:
		return finding == "time" || finding == "count"
	case steps.Expression, steps.Content, steps.Expect, steps.BadInput:
		return finding == "shape"
	}
	return false
}

// failure tells of the error that the base had not.
func (w *weigher) failure() {
	e, was := w.diff.Run.Error, w.diff.Base.Error
	switch {
	case e == nil && was != nil:
		w.add("error", "", weighsError, "it does not fail any more at "+cmp.Or(was.Step, "the end")+": "+words.FirstLine(was.Message))
	case e == nil || was != nil && was.Kind == e.Kind && was.Step == e.Step && was.Message == e.Message:
	case e.Kind == steps.Auth:
		w.add("error", "", weighsSignIn, "the sign-in fails: "+words.FirstLine(e.Message))
	default:
		at := "it fails"
		if e.Step != "" {
			at = words.Clean(strings.TrimPrefix(e.Step, "/")) + " fails"
		}
		w.add("error", "", weighsError, at+": "+words.FirstLine(e.Message))
	}
}

func (w *weigher) inputs() {
	for _, c := range w.diff.Inputs {
		text := "the input " + c.Path
		switch c.Change {
		case "added":
			text += " is given, which it was not"
		case "removed":
			text += " is not given any more"
		default:
			text += fmt.Sprintf(" is %s, it was %s", short(c.Run), short(c.Base))
		}
		w.add("input", "", weighsInput, text)
	}
}

// short is a value as it stands in a sentence.
func short(v any) string {
	const enough = 60
	text, err := steps.EncodeJSON(v)
	if err != nil {
		return "another value"
	}
	if line := []rune(words.InLine(string(text))); len(line) > enough {
		return string(line[:enough-1]) + "…"
	}
	return words.InLine(string(text))
}

func (w *weigher) texts() {
	for _, t := range w.diff.Texts {
		what := "the job's text"
		if t.Called {
			what = "the text of the called " + t.File
		}
		switch t.Change {
		case "new":
			w.add("text", "", weighsText, "it calls "+t.File+", which it did not")
		case "gone":
			w.add("text", "", weighsText, "it does not call "+t.File+" any more")
		default:
			w.add("text", "", weighsText, fmt.Sprintf("%s was changed: +%d -%d lines", what, t.Added, t.Gone))
		}
	}
}

// step tells what is different in a step. One after the step that failed met what it did because of that.
func (w *weigher) step(s *StepDiff, after bool) {
	less := 0
	if after {
		less = lessAfter
	}
	name := words.Clean(cmp.Or(s.ID, strings.TrimPrefix(s.Key, "/")))
	for _, c := range s.Statuses {
		w.status(s, c, name, less)
	}
	for _, like := range alike(s.Shapes) {
		w.add("shape", s.Key, weightOf(like[0])-less, shapeText(like, "the "+like[0].Side+" of "+name))
	}
	w.hosts(s, name, less)
	w.counts(s, name, after)
	if d, was := time.Duration(s.Run.Time)*time.Millisecond, time.Duration(s.Base.Time)*time.Millisecond; was > 0 && d >= longer*was && d-was >= longerBy {
		w.add("time", s.Key, weighsTime-less, fmt.Sprintf("%s took %s, before %s", name, words.Span(d), words.Span(was)))
	}
}

func (w *weigher) status(s *StepDiff, c StatusChange, name string, less int) {
	bad := c.Status == 0 || c.Status >= 400
	if c.Run <= c.Base || !bad && c.Base > 0 {
		return
	}
	what, weight := fmt.Sprintf("%s: %d × %d", name, c.Run, c.Status), weighsStatus
	if c.Status == 0 {
		what = fmt.Sprintf("%s: %d × no answer", name, c.Run)
	}
	if bad {
		weight = weighsErrorStatus
	}
	if c.Base == 0 {
		what += " where there were none"
	} else {
		what += fmt.Sprintf(", before %d", c.Base)
	}
	w.add("status", s.Key, weight-less, what)
}

func (w *weigher) hosts(s *StepDiff, name string, less int) {
	if len(s.Hosts) == 0 {
		return
	}
	var now, was []string
	weight := weighsHost
	if onlyPorts(s.Hosts) {
		weight = weighsPort
	}
	for _, h := range s.Hosts {
		if h.Change == "new" {
			now = append(now, h.Origin)
		} else {
			was = append(was, h.Origin)
		}
	}
	text := name + " goes to " + strings.Join(now, ", ")
	switch {
	case len(now) == 0:
		text = name + " does not go to " + strings.Join(was, ", ") + " any more"
	case len(was) > 0:
		text += ", it went to " + strings.Join(was, ", ")
	}
	if weight == weighsPort { // it explains nothing, wherever it is
		w.diff.Findings = append(w.diff.Findings, Finding{Kind: "host", Step: s.Key, Text: text, weight: weight})
		return
	}
	w.add("host", s.Key, weight-less, text)
}

// onlyPorts says whether nothing but ports on this machine is different, which often are others each time.
func onlyPorts(changes []HostChange) bool {
	return !slices.ContainsFunc(changes, func(h HostChange) bool { return !isLoopback(h.Origin) })
}

// isLoopback says whether an origin is on this machine.
func isLoopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && a.IsLoopback()
}

// counts tells of other numbers: those that matter beyond what differs from run to run.
func (w *weigher) counts(s *StepDiff, name string, after bool) {
	a, b := s.Base, s.Run
	switch {
	case after:
		return // it was not reached, or not with all
	case b.Times == 0 && a.Times > 0:
		w.add("step", s.Key, weighsStep, name+" was not carried out")
		return
	case a.Times == 0 && b.Times > 0:
		w.add("step", s.Key, weighsStep, name+" was carried out, which it was not before")
		return
	case b.Skipped > 0 && b.Skipped == b.Times && a.Skipped < a.Times:
		w.add("step", s.Key, weighsSkipped, name+" was skipped")
	case a.Skipped > 0 && a.Skipped == a.Times && b.Skipped < b.Times:
		w.add("step", s.Key, weighsSkipped, name+" was not skipped, as it was before")
	}
	if b.ItemsFailed > a.ItemsFailed {
		w.add("count", s.Key, weighsFailedItems, fmt.Sprintf("%s of %s failed, before %d", words.Plural(b.ItemsFailed, "item"), name, a.ItemsFailed))
	}
	if within := w.failed != "" && engine.Below(w.failed, s.Key); within {
		return // it had no time for all
	}
	if (b.Items == 0) != (a.Items == 0) || b.Items > 0 && (b.Items >= 2*a.Items || a.Items >= 2*b.Items) {
		w.add("count", s.Key, weighsItems, fmt.Sprintf("%s has %s, before %d", name, words.Plural(b.Items, "item"), a.Items))
	}
	if b.Retries > a.Retries {
		w.add("count", s.Key, weighsRetries, fmt.Sprintf("%s was tried again %d times, before %d", name, b.Retries, a.Retries))
	}
	if b.Waits > a.Waits {
		w.add("count", s.Key, weighsRetries, fmt.Sprintf("%s waited for its limit %d times, before %d", name, b.Waits, a.Waits))
	}
}

func weightOf(c ShapeChange) int {
	switch c.Change {
	case shapeNew:
		return weighsNew
	case shapeEmpty:
		return weighsEmpty
	}
	return weighsShape
}

// alike gives changes that are told in one sentence: those of one side, of one kind, to and from the same types.
func alike(changes []ShapeChange) [][]ShapeChange {
	var groups [][]ShapeChange
	at := map[string]int{}
	for _, c := range changes {
		key := c.Side + " " + c.Change
		switch c.Change {
		case shapeType:
			key = fmt.Sprint(key, c.Base, c.Run)
		case shapeMissing:
			key = fmt.Sprint(key, c.Has, c.Of)
		}
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// named is how many paths a sentence names.
const named = 3

// shapeText says what is different at places of what.
func shapeText(like []ShapeChange, what string) string {
	c := like[0]
	if c.Path == "" {
		return what + " is " + strings.Join(c.Run, " or ") + ", it was " + strings.Join(c.Base, " or ")
	}
	var paths []string
	for _, l := range like[:min(len(like), named)] {
		paths = append(paths, words.Clean(l.Path))
	}
	path := strings.Join(paths, ", ")
	if more := len(like) - len(paths); more > 0 {
		path += fmt.Sprintf(" and %d more", more)
	}
	are := "is"
	if len(like) > 1 {
		are = "are"
	}
	switch c.Change {
	case shapeGone:
		return what + " has no " + path + " any more"
	case shapeNew:
		return what + " has " + path + ", which it had not"
	case shapeNull:
		return path + " in " + what + " " + are + " null, never before"
	case shapeMissing:
		return fmt.Sprintf("%s in %s %s missing in %d of %d, never before", path, what, are, c.Of-c.Has, c.Of)
	case shapeEmpty:
		return path + " in " + what + " " + are + " empty"
	}
	return fmt.Sprintf("%s in %s %s %s, before %s", path, what, are, strings.Join(c.Run, " or "), strings.Join(c.Base, " or "))
}
