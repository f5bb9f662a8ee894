package web

import (
	"slices"
	"time"

	"snrun/engine"
	"snrun/history/words"
)

const (
	trendRuns   = 100 // how many runs the picture has
	trendWidth  = 720
	trendHeight = 170
	trendLeft   = 58 // where the runs begin, beside the durations
	trendTop    = 22
	trendBottom = 150
	trendText   = 14 // how high a line of text is
)

// trend is how long the last runs of a job lasted, as a picture: the oldest at the left.
type trend struct {
	Width, Height int
	Left, Right   int
	Dots          []trendDot
	Lines         []trendLine
	OK, Bad       int // how many runs went well, and how many did not
}

// trendDot is a run.
type trendDot struct {
	X, Y  int
	Kind  string // its status
	Sign  string // of one that did not end well
	Title string
	Link  string
}

// trendLine is a line at a duration.
type trendLine struct {
	Y, TextY int
	Text     string
	Name     string // p50 or p95; "" for the scale
	Class    string
}

// newTrend draws runs that have ended, the newest first; nil where there are fewer than two.
func newTrend(runs []engine.Run, now time.Time) *trend {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r engine.Run) bool { return r.Started.IsZero() || r.Ended.IsZero() || r.Status == engine.Skipped })
	if len(runs) < 2 {
		return nil
	}
	slices.Reverse(runs)
	t := &trend{Width: trendWidth, Height: trendHeight, Left: trendLeft, Right: trendWidth - 10}
	var well []time.Duration
	longest := time.Millisecond
	for i := range runs {
		longest = max(longest, tookOf(&runs[i]))
		if runs[i].Status == engine.OK {
			well = append(well, tookOf(&runs[i]))
		}
	}
	t.OK, t.Bad = len(well), len(runs)-len(well)
	t.scale(longest, well)
	step := float64(t.Right-trendLeft) / float64(max(len(runs)-1, 1))
	for i := range runs {
		t.Dots = append(t.Dots, dotOf(&runs[i], trendLeft+int(float64(i)*step), yOf(tookOf(&runs[i]), longest), now))
	}
	return t
}

// tookOf is how long a run lasted.
func tookOf(r *engine.Run) time.Duration { return max(0, r.Ended.Sub(r.Started)) }

// yOf is how high a duration stands.
func yOf(d, longest time.Duration) int {
	return trendBottom - int(float64(d)/float64(longest)*(trendBottom-trendTop))
}

// scale draws the lines: none and the longest, and what half and nearly all of the runs take that go well.
func (t *trend) scale(longest time.Duration, well []time.Duration) {
	t.Lines = append(t.Lines, lineAt(0, longest, "", "axis"), lineAt(longest, longest, "", "axis"))
	slices.Sort(well)
	if len(well) == 0 {
		return
	}
	half := lineAt(quantile(well, 50), longest, "p50", "p50")
	t.Lines = append(t.Lines, half)
	if len(well) >= 20 { // of fewer it is the longest one
		if most := lineAt(quantile(well, 95), longest, "p95", "p95"); half.Y-most.Y > trendText { // else one hides the other
			t.Lines = append(t.Lines, most)
		}
	}
}

func lineAt(d, longest time.Duration, name, class string) trendLine {
	y := yOf(d, longest)
	return trendLine{Y: y, TextY: y + 4, Text: words.Span(d), Name: name, Class: class}
}

// quantile gives the duration that so many percent of them do not exceed (the nearest rank); they are sorted.
func quantile(sorted []time.Duration, percent int) time.Duration {
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

func dotOf(r *engine.Run, x, y int, now time.Time) trendDot {
	d := trendDot{X: x, Y: y, Kind: string(r.Status), Link: path("runs", r.ID)}
	if r.Status != engine.OK {
		d.Sign = mark(r.Status)
	}
	d.Title = statusWord(r.Status) + " in " + words.Span(tookOf(r)) + ", " + words.Ago(r.Started, now) + " (" + r.Started.Local().Format(time.DateTime) + ")"
	return d
}
