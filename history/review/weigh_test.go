package review

import (
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// told concludes what is different, and gives the findings line by line.
func told(d Diff, failed string) string {
	d.conclude(failed)
	var lines []string
	for _, f := range d.Findings {
		lines = append(lines, f.Text)
	}
	return strings.Join(lines, "\n")
}

// TestWeighing holds what is told of a difference at all, and before which other one.
func TestWeighing(t *testing.T) {
	t.Parallel()
	failed := &steps.Error{Kind: steps.Status, Step: "b", Message: "no"}
	once := Tally{Times: 1, OK: 1}
	with := func(change func(*Tally)) Tally {
		tally := once
		change(&tally)
		return tally
	}
	status := func(key string, code, run, base int) StepDiff {
		return StepDiff{Key: key, Run: once, Base: once, Differs: true, Statuses: []StatusChange{{Status: code, Run: run, Base: base}}}
	}
	for name, test := range map[string]struct {
		diff   Diff
		failed string
		want   string
	}{
		"more good answers are nothing": {Diff{Steps: []StepDiff{status("/a", 200, 9, 3)}}, "", ""},
		"good answers of a new kind":    {Diff{Steps: []StepDiff{status("/a", 204, 1, 0)}}, "", "a: 1 × 204 where there were none"},
		"what came after the failure weighs less than what was before it": {
			Diff{Run: Compared{Error: failed}, Base: Compared{Error: failed}, Steps: []StepDiff{{Key: "/b", Run: once, Base: once}, status("/c", 500, 2, 0), {Key: "/a", Run: once, Base: once, Shapes: []ShapeChange{{Side: "answer", Path: "x", Change: shapeGone}}}, status("/d", 204, 1, 0)}},
			"/b", "c: 2 × 500 where there were none\nthe answer of a has no x any more",
		},
		"what was not reached is not told": {
			Diff{Run: Compared{Error: failed}, Base: Compared{Error: failed}, Steps: []StepDiff{{Key: "/b", Run: once, Base: once}, {Key: "/c", Base: once}}}, "/b", "",
		},
		"nor the items for which a loop had no time": {
			Diff{Run: Compared{Error: failed}, Base: Compared{Error: failed}, Steps: []StepDiff{{Key: "/b", Run: with(func(y *Tally) { y.Items = 1 }), Base: with(func(y *Tally) { y.Items = 9 })}, {Key: "/b/x", Run: once, Base: once}}}, "/b/x", "",
		},
		"numbers of the failing step are not its cause": {
			Diff{
				Run: Compared{Error: failed}, Base: Compared{Error: failed}, Inputs: []Change{{Path: "p", Change: "added"}},
				Steps: []StepDiff{{Key: "/b", Run: with(func(y *Tally) { y.ItemsFailed = 2 }), Base: once}},
			}, "/b", "the input p is given, which it was not\n2 items of b failed, before 0",
		},
		"twice as long is nothing where it is short": {
			Diff{Steps: []StepDiff{{Key: "/a", Run: with(func(y *Tally) { y.Time = 900 }), Base: with(func(y *Tally) { y.Time = 10 })}}}, "", "",
		},
		"half as many items": {
			Diff{Steps: []StepDiff{{Key: "/a", Run: with(func(y *Tally) { y.Items = 4 }), Base: with(func(y *Tally) { y.Items = 8 })}}}, "", "a has 4 items, before 8",
		},
		"a few items less are nothing": {
			Diff{Steps: []StepDiff{{Key: "/a", Run: with(func(y *Tally) { y.Items = 5 }), Base: with(func(y *Tally) { y.Items = 8 })}}}, "", "",
		},
		"another port after the failure is told all the same": {
			Diff{Run: Compared{Error: failed}, Base: Compared{Error: failed}, Steps: []StepDiff{{Key: "/b", Run: once, Base: once}, {Key: "/c", Run: once, Base: once, Hosts: []HostChange{{"new", "http://127.0.0.1:2"}}}}},
			"/b", "c goes to http://127.0.0.1:2",
		},
	} {
		if got := told(test.diff, test.failed); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

// TestSentence holds that a sentence says the first finding and those that weigh about as much, and nothing of ports where all is the same.
func TestSentence(t *testing.T) {
	t.Parallel()
	one := Finding{Text: "one", weight: 60}
	for want, d := range map[string]Diff{
		"one; two":                               {Findings: []Finding{one, {Text: "two", weight: 30}, {Text: "three", weight: 29}}},
		"one":                                    {Findings: []Finding{one, {Text: "two", weight: 29}}},
		"nothing is different but when they ran": {Same: true, Findings: []Finding{{Text: "port", weight: weighsPort}}},
		"port":                                   {Findings: []Finding{{Text: "port", weight: weighsPort}}},
	} {
		if got := d.sentence(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestTallies holds what a step did, as a diff counts it.
func TestTallies(t *testing.T) {
	t.Parallel()
	s := &side{places: map[string]*placed{}}
	for range engine.Sampled {
		s.count(&engine.StepRun{Key: "/loop[1]/in", Status: engine.OK, Attempts: 3})
		s.count(&engine.StepRun{Key: "/out", Status: engine.OK, Attempts: 1})
	}
	s.count(&engine.StepRun{Key: "/loop", Status: engine.Failed, Counts: &engine.Counts{Total: -1, Succeeded: 4, Failed: 2}})
	if in := s.places["/loop/in"].tally; !in.Sampled || in.Retries != 2*engine.Sampled || in.Times != engine.Sampled {
		t.Errorf("in items: %+v", in)
	}
	if out := s.places["/out"].tally; out.Sampled || out.Retries != 0 {
		t.Errorf("outside of loops: %+v, want all of it on record", out)
	}
	if loop := s.places["/loop"].tally; loop.Items != 6 || loop.ItemsFailed != 2 {
		t.Errorf("a loop that does not know how many items there are: %+v", loop)
	}
	if got := strings.Join(joined([]string{"x", "a", "y", "z"}, []string{"a", "b"}), " "); got != "x a y z b" {
		t.Errorf("together they are %s", got)
	}
}

// TestCalledTextsMove holds that texts of called jobs are set beside those of the same place in a project that was moved.
func TestCalledTextsMove(t *testing.T) {
	t.Parallel()
	base := &engine.Run{File: "/old/jobs/a.yaml", Text: "a\n", Called: []engine.Text{{File: "/old/jobs/b.yaml", Text: "b\n"}}}
	run := &engine.Run{File: "/new/jobs/a.yaml", Text: "a\n", Called: []engine.Text{{File: "/new/jobs/b.yaml", Text: "b\n"}}}
	if got := textDiffs(base, run); len(got) != 0 {
		t.Errorf("got %+v, want nothing", got)
	}
}

// TestMaskedValues holds that of two inputs with a secret nothing is said, and of one that holds it no more something is.
func TestMaskedValues(t *testing.T) {
	t.Parallel()
	if got := valueChanges(map[string]any{"a": "x ***"}, map[string]any{"a": "y ***"}); len(got) != 0 {
		t.Errorf("got %+v, want nothing", got)
	}
	if got := valueChanges(map[string]any{"a": "***"}, map[string]any{"a": "plain"}); len(got) != 1 || got[0].Change != "changed" {
		t.Errorf("got %+v, want a change", got)
	}
}

// TestTriesOfNow holds that tries from before a step was gone on with belong to no bar, and that a try is taken for held back only by itself.
func TestTriesOfNow(t *testing.T) {
	t.Parallel()
	run := &engine.Run{Due: after(0), Started: after(0), Ended: after(9000), Steps: []engine.StepRun{
		{Key: "/a", ID: "a", Kind: "rest", Status: engine.OK, Started: after(5000), Ended: after(9000)},
		{Key: "/w", ID: "w", Kind: "wait", Status: engine.Skipped, Started: after(9000), Ended: after(9000)},
	}}
	line := newTimeline(run, after(9000))
	line.tried([]history.Attempt{
		{StepKey: "/a", Key: "/a", Attempt: 1, Started: after(100), Ended: after(200), Error: bad()},
		{StepKey: "/a", Key: "/a", Attempt: 1, Started: after(5000), Ended: after(5100), Error: bad()},
		{StepKey: "/a", Key: "/a#2", Attempt: 2, Started: after(6000), Ended: after(9000)},
		{StepKey: "/a", Key: "/a/page:2#2", Attempt: 2, Started: after(8000), Ended: after(8100)},
	})
	line.held([]history.Sent{{StepKey: "/a", Attempt: 2, At: after(6500)}, {StepKey: "/a", Attempt: 3, At: after(7000)}, {StepKey: "/w", Attempt: 1, At: after(9900)}})
	a, w := line.Bars[0], line.Bars[1]
	if len(a.Tries) != 3 || a.Tries[2].Page != "page:2" {
		t.Errorf("tries: %+v, want the three of now", a.Tries)
	}
	want := []Wait{
		{For: WaitRetry, Try: 1, Start: 5100 * time.Millisecond, Length: 900 * time.Millisecond, Error: a.Tries[0].Error},
		{For: WaitHeld, Start: 6 * time.Second, Length: 500 * time.Millisecond},
	}
	if asJSON(t, a.Waits) != asJSON(t, want) {
		t.Errorf("waits: %s, want %s", asJSON(t, a.Waits), asJSON(t, want))
	}
	if len(w.Waits) != 0 {
		t.Errorf("what was skipped waits: %+v", w.Waits)
	}
	never := newTimeline(&engine.Run{Due: after(0), Status: engine.Queued}, after(9000))
	if never.Queued != 0 {
		t.Errorf("a run that did not begin waited %v for its start", never.Queued)
	}
}
