package web

import (
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
)

const (
	drawn    = 80  // steps are in the picture of a run; those after them stand in the list below
	thinnest = 0.5 // percent of the picture: what took no time shows all the same
)

// timelineView is the picture of a run: a line for each step, with a bar.
type timelineView struct {
	Lines  []timeLine
	Ticks  []timeTick
	Queued time.Duration // from when it was due until it started; 0 where that was at once
	More   int           // steps that are not drawn
	Waited bool          // some of them waited
}

// timeTick is a mark on the scale.
type timeTick struct {
	X, Anchor string
	Text      string
}

// timeLine is a step in the picture.
type timeLine struct {
	review.Bar
	Depth  int
	Path   string
	Before bool // it was done before the run was gone on with
	Pieces []timePiece
	Says   []string // of the loop, its tries, its waits
}

// timePiece is a part of a bar, in percent of the picture.
type timePiece struct{ Class, X, Width, Title string }

// timelineOf draws a run.
func timelineOf(run *engine.Run, t *review.Timeline) *timelineView {
	v := &timelineView{}
	if t.Queued >= time.Second {
		v.Queued = t.Queued
	}
	whole, last := max(t.Length, time.Millisecond), ""
	for _, tick := range []struct {
		percent int
		anchor  string
	}{{0, "start"}, {25, "middle"}, {50, "middle"}, {75, "middle"}, {100, "end"}} {
		text := words.Span(whole * time.Duration(tick.percent) / 100)
		if text == last { // of a run that took next to no time
			text = ""
		} else {
			last = text
		}
		v.Ticks = append(v.Ticks, timeTick{fmt.Sprintf("%d%%", tick.percent), tick.anchor, text})
	}
	for i, bar := range t.Bars {
		if i == drawn {
			v.More = len(t.Bars) - drawn
			break
		}
		line := timeLine{Bar: bar, Depth: min(bar.Depth, 6), Path: tabPath(run.ID, "steps", "step", bar.Key)}
		line.Before = !bar.Step.Started.IsZero() && bar.Step.Started.Before(run.Started)
		if !line.Before && bar.Status != engine.Skipped {
			line.Pieces = piecesOf(bar, whole)
		}
		v.Waited = v.Waited || len(bar.Waits) > 0
		line.Says = barSays(bar)
		v.Lines = append(v.Lines, line)
	}
	return v
}

// piecesOf cuts a bar into its tries, with what it waited on top.
func piecesOf(bar review.Bar, whole time.Duration) []timePiece {
	piece := func(class string, start, length time.Duration, title string) timePiece {
		x := min(100*float64(start)/float64(whole), 100-thinnest)
		width := min(max(100*float64(length)/float64(whole), thinnest), 100-x)
		return timePiece{class, fmt.Sprintf("%.2f%%", x), fmt.Sprintf("%.2f%%", width), title}
	}
	whatItIs := words.Clean(bar.Title) + ", " + statusWord(bar.Status) + ", " + words.Span(bar.Length)
	if len(bar.Tries) < 2 {
		pieces := []timePiece{piece(string(bar.Status), bar.Start, bar.Length, whatItIs)}
		for _, w := range bar.Waits {
			pieces = append(pieces, piece("waits", w.Start, w.Length, waitSays(w)))
		}
		return pieces
	}
	pieces := []timePiece{piece("none", bar.Start, bar.Length, whatItIs)}
	for _, w := range bar.Waits {
		pieces = append(pieces, piece("waits", w.Start, w.Length, waitSays(w)))
	}
	for _, try := range bar.Tries {
		class, title := string(engine.OK), fmt.Sprintf("try %d, %s", try.Attempt, words.Span(try.Length))
		if try.Error != nil {
			class, title = string(engine.Failed), title+": "+short(review.Brief(try.Error))
		}
		pieces = append(pieces, piece(class, try.Start, try.Length, title))
	}
	return pieces
}

// waitSays says what was waited for.
func waitSays(w review.Wait) string {
	switch w.For {
	case review.WaitRetry:
		return "waited " + words.Span(w.Length) + " for the next try"
	case review.WaitHeld:
		return "waited " + words.Span(w.Length) + " for a limit, or for the sign-in"
	}
	return "waited " + words.Span(w.Length) + ", as the step says"
}

// barSays says of a step what its bar shows.
func barSays(bar review.Bar) []string {
	list := counted(bar.Counts)
	if len(bar.Tries) > 1 {
		list = append(list, words.Plural(len(bar.Tries), "try"))
	}
	var held, retry time.Duration
	for _, w := range bar.Waits {
		switch w.For {
		case review.WaitRetry:
			retry += w.Length
		case review.WaitHeld:
			held += w.Length
		}
	}
	if retry > 0 {
		list = append(list, "waited "+words.Span(retry)+" between tries")
	}
	if held > 0 {
		list = append(list, "waited "+words.Span(held)+" for a limit or the sign-in")
	}
	return list
}

// Text is what the line says, as one text.
func (l timeLine) Text() string { return strings.Join(l.Says, ", ") }
