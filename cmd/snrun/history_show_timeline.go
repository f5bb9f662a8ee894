package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
)

const (
	// shownBars is how many steps `history show` sets out in time.
	shownBars = 100
	// shownWaits is how many waits of one step it names.
	shownWaits = 3
	// pictureFrom is how wide a terminal is at least on which it draws, beside a text of textBeside columns.
	pictureFrom = 110
	textBeside  = 80
	widestBars  = 60
)

// timeline is one line a step with what it waited for, beside a picture where there is room. Steps inside a loop's items are counted
// in the loop; its first failures stand below it.
func (p page) timeline(t *review.Timeline) string {
	var b strings.Builder
	for i := range t.Bars {
		bar := &t.Bars[i]
		b.WriteString(p.bar(t, bar) + p.waits(bar) + p.failures(bar))
	}
	return b.String()
}

// bar is the line of a step.
func (p page) bar(t *review.Timeline, bar *review.Bar) string {
	l := lineOf(bar.Step)
	l.depth = bar.Depth
	if len(bar.Failed) > 0 {
		l.err = nil // it is one of those that stand below
	}
	switch {
	case p.width == 0:
		from := "+" + words.Span(bar.Start)
		return strings.TrimSuffix(stepLine(p.style, l, mark(l.status), padLeft(l.took(), spanWidth)+padLeft(from, spanWidth+2)), "\n") + "\n"
	case p.width < pictureFrom || t.Length <= 0:
		return liveLine(p.style, l, p.width, p.now) + "\n"
	}
	text := liveLine(style{}, l, textBeside, p.now)
	text = strings.Replace(pad(text, textBeside), mark(l.status), colourMark(p.style, mark(l.status)), 1)
	return strings.TrimRight(text+p.picture(t, bar, min(p.width-textBeside-1, widestBars)), " ") + "\n"
}

// picture draws when a step was at work, and when it waited.
func (p page) picture(t *review.Timeline, bar *review.Bar, width int) string {
	if bar.Status == engine.Skipped {
		return ""
	}
	cellsOf := func(start, length time.Duration) (from, to int) {
		scale := float64(width) / float64(t.Length)
		from = min(int(float64(start)*scale), width-1)
		to = min(int(math.Ceil(float64(start+length)*scale)), width)
		return from, max(to, from+1)
	}
	line := []rune(strings.Repeat(" ", width))
	fill := func(start, length time.Duration, with rune) {
		for i, to := cellsOf(start, length); i < to; i++ {
			line[i] = with
		}
	}
	fill(bar.Start, bar.Length, '█')
	for _, w := range bar.Waits {
		if from, to := cellsOf(w.Start, w.Length); to-from > 1 || w.Length == bar.Length {
			fill(w.Start, w.Length, '░')
		}
	}
	text := strings.TrimRight(string(line), " ")
	if bar.Status == engine.Failed || bar.Status == engine.InDoubt {
		return p.style.red(text)
	}
	return p.style.green(text)
}

// waits are what a step waited for, line by line: a wait step says so itself.
func (p page) waits(bar *review.Bar) string {
	var b strings.Builder
	var rest time.Duration
	shown := 0
	for _, w := range bar.Waits {
		switch {
		case w.For == review.WaitStep:
		case shown == shownWaits:
			rest += w.Length
		default:
			shown++
			p.below(&b, bar, p.style.yellow("↻"), waitWords(bar, w))
		}
	}
	if rest > 0 {
		p.below(&b, bar, p.style.yellow("↻"), "further waits of "+words.Span(rest)+" in all")
	}
	return b.String()
}

// waitWords says how long a step waited, and for what.
func waitWords(bar *review.Bar, w review.Wait) string {
	page := ""
	if w.Page != "" {
		page = w.Page + ": "
	}
	switch {
	case w.For == review.WaitHeld && bar.Counts != nil && bar.Counts.LimitWaits > 0:
		return page + "held back for " + words.Span(w.Length) + " by a limit of its profile"
	case w.For == review.WaitHeld:
		return page + "held back for " + words.Span(w.Length) + " before the request: a limit of its profile, or signing in"
	case w.Error == nil:
		return page + "waited " + words.Span(w.Length)
	}
	return fmt.Sprintf("%swaited %s after try %d: %s", page, words.Span(w.Length), w.Try, review.Brief(w.Error))
}

// below writes a line below that of a step.
func (p page) below(b *strings.Builder, bar *review.Bar, sign, text string) {
	left := indent(bar.Depth + 1)
	if p.width > 0 {
		text = cut(text, p.width-len(left)-3)
	}
	b.WriteString(left + sign + " " + text + "\n")
}

// failures are the first of the steps that failed in a loop's items.
func (p page) failures(bar *review.Bar) string {
	var b strings.Builder
	for _, s := range bar.Failed {
		text := words.Clean(strings.TrimPrefix(s.Key, "/"))
		if s.Error != nil {
			text += ": " + review.Brief(s.Error)
		}
		p.below(&b, bar, p.style.red("✗"), text)
	}
	if bar.More > 0 {
		name := cmp.Or(bar.ID, strings.TrimPrefix(bar.Key, "/"))
		b.WriteString(indent(bar.Depth+1) + p.style.faint(fmt.Sprintf("… and %s more: --step %s", words.Thousands(bar.More), words.Argument(name))) + "\n")
	}
	return b.String()
}
