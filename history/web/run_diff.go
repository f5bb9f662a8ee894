package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// A run page compares a run with so many steps at most by itself: with more a person asks for it. What it found is remembered for so many runs.
const (
	comparedSteps = 2000
	maxAnswers    = 500
)

// compared is what is different from the last good run, in a line.
type compared struct {
	Base string
	Says string // "" where a person has to ask
	Path string
}

// answers remember what comparing two runs that have ended came to.
type answers struct {
	mu   sync.Mutex
	kept map[string]string
}

// get gives what was kept under a key, and else what find gives.
func (a *answers) get(key string, find func() (string, error)) (string, error) {
	a.mu.Lock()
	says, known := a.kept[key]
	a.mu.Unlock()
	if known {
		return says, nil
	}
	says, err := find()
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil || len(a.kept) >= maxAnswers {
		a.kept = map[string]string{}
	}
	a.kept[key] = says
	return says, nil
}

// comparedOf compares a run that did not end well with the last good one. It is nil where there is none.
func (s *Site) comparedOf(body *runPage) (*compared, error) {
	run := body.Run
	if !body.Began || !body.Ended || run.Status == engine.OK {
		return nil, nil
	}
	base, err := s.Store.LastGoodBefore(run.Job, run.ID)
	if errors.Is(err, history.ErrUnknownRun) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := &compared{Base: base, Path: tabPath(run.ID, "diff")}
	steps := 0
	for _, n := range body.Counts {
		steps += n.Count
	}
	if steps > comparedSteps {
		return c, nil
	}
	key := fmt.Sprintf("%s %d %s %d", run.ID, run.Attempt, base, run.Ended.UnixMicro())
	c.Says, err = s.answers.get(key, func() (string, error) {
		d, err := review.Compare(s.Store, run.ID, base)
		if err != nil {
			return "", err
		}
		return d.Says, nil
	})
	return c, err
}

// diffTab is what is different in a run from another one.
type diffTab struct {
	With   string // what the other one was asked for as; "" for the last good one
	Others []engine.Run
	None   string // why there is nothing to compare with
	*review.Diff
	Steps   []stepDiff
	Inputs  []string
	Output  []string
	BaseRan time.Duration
	RunRan  time.Duration
}

// stepDiff is a step that is different, in words.
type stepDiff struct {
	Key, Path string
	Says      []string
	Changes   []change
}

// change is something that came, went or is another one.
type change struct{ Op, Text string }

// diffTab compares a run with the one that the address names.
func (s *Site) diffTab(body *runPage, q url.Values) (*diffTab, error) {
	run := body.Run
	t := &diffTab{With: strings.TrimSpace(q.Get("with"))}
	var err error
	if t.Others, err = s.Store.Runs(history.Filter{Job: run.Job, Before: run.ID, Limit: 20}); err != nil {
		return nil, err
	}
	base, err := review.FindBase(s.Store, run.ID, t.With)
	if errors.Is(err, history.ErrUnknownRun) || errors.Is(err, history.ErrAmbiguousRun) {
		t.None = err.Error()
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	if t.Diff, err = review.Compare(s.Store, run.ID, base); err != nil {
		return nil, err
	}
	t.BaseRan, t.RunRan = time.Duration(t.Base.Duration)*time.Millisecond, time.Duration(t.Diff.Run.Duration)*time.Millisecond
	for _, c := range t.Diff.Inputs {
		t.Inputs = append(t.Inputs, inputSays(c))
	}
	for _, c := range t.Diff.Output {
		t.Output = append(t.Output, shapeSays(c).Op+" "+shapeSays(c).Text)
	}
	for _, d := range t.Diff.Steps {
		if d.Differs {
			t.Steps = append(t.Steps, stepDiffOf(run, d))
		}
	}
	return t, nil
}

// stepDiffOf says what is different in a step.
func stepDiffOf(run *engine.Run, d review.StepDiff) stepDiff {
	v := stepDiff{Key: d.Key, Path: tabPath(run.ID, "steps", "step", d.Key)}
	for _, n := range []struct {
		name      string
		base, run int
	}{
		{"times", d.Base.Times, d.Run.Times}, {"ok", d.Base.OK, d.Run.OK}, {"failed", d.Base.Failed, d.Run.Failed},
		{"skipped", d.Base.Skipped, d.Run.Skipped}, {"items", d.Base.Items, d.Run.Items}, {"failed items", d.Base.ItemsFailed, d.Run.ItemsFailed},
		{"pages", d.Base.Pages, d.Run.Pages}, {"retries", d.Base.Retries, d.Run.Retries}, {"waits", d.Base.Waits, d.Run.Waits},
	} {
		if n.base != n.run {
			v.Says = append(v.Says, fmt.Sprintf("%s %s → %s", n.name, known(n.base), known(n.run)))
		}
	}
	for _, c := range d.Statuses {
		name := fmt.Sprintf("status %d", c.Status)
		if c.Status == 0 {
			name = "no answer"
		}
		if c.Run != c.Base {
			v.Says = append(v.Says, fmt.Sprintf("%s: %d → %d", name, c.Base, c.Run))
		}
	}
	for _, h := range d.Hosts {
		op := "+"
		if h.Change == "gone" {
			op = "-"
		}
		v.Changes = append(v.Changes, change{op, words.Clean(h.Origin)})
	}
	for _, c := range d.Shapes {
		v.Changes = append(v.Changes, shapeSays(c))
	}
	return v
}

// known writes a number, of which -1 is not known.
func known(n int) string {
	if n < 0 {
		return "?"
	}
	return words.Thousands(n)
}

// shapeSays says what is different at a place in bodies.
func shapeSays(c review.ShapeChange) change {
	place, was, is := words.InLine(c.Path), strings.Join(c.Base, " or "), strings.Join(c.Run, " or ")
	if place == "" {
		place = "the whole"
	}
	place = c.Side + " " + place
	switch c.Change {
	case "gone":
		return change{"-", place + ": " + was}
	case "new":
		return change{"+", place + ": " + is}
	case "missing":
		return change{"~", fmt.Sprintf("%s: missing in %d of %d", place, c.Of-c.Has, c.Of)}
	case "empty":
		return change{"~", place + ": empty"}
	}
	return change{"~", place + ": " + was + " → " + is}
}

// inputSays says what is different in an input.
func inputSays(c review.Change) string {
	value := func(v any) string {
		data, err := steps.EncodeJSON(v)
		if err != nil {
			return "?"
		}
		return short(words.InLine(string(data)))
	}
	switch c.Change {
	case "added":
		return "+ " + words.InLine(c.Path) + ": " + value(c.Run)
	case "removed":
		return "- " + words.InLine(c.Path) + ": " + value(c.Base)
	}
	return "~ " + words.InLine(c.Path) + ": " + value(c.Base) + " → " + value(c.Run)
}
