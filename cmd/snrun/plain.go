package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
)

// How wide the columns of a step's line are before what is too long pushes the rest aside.
const (
	titleWidth  = 12
	kindWidth   = 8
	detailWidth = 34
	spanWidth   = 7
)

// shownFailures is how many failed items of one loop are named; the history has them all.
const shownFailures = 5

// plainView writes a run as lines that stay: for logs, pipes and CI. It is driven by the events' own times.
type plainView struct {
	w     io.Writer
	style style
	next  review.Commands

	mu       sync.Mutex
	board    *board
	printed  map[string]time.Time // when a line's progress was last written
	announce map[string]bool      // blocks whose beginning was written
	limited  map[string]time.Time // until when a line's waits for limits need no further word
}

func newPlainView(w io.Writer, s style, next review.Commands) *plainView {
	return &plainView{w: w, style: s, next: next, board: newBoard(),
		printed: map[string]time.Time{}, announce: map[string]bool{}, limited: map[string]time.Time{}}
}

func (v *plainView) event(e engine.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.board.apply(e)
	if text := v.text(e, l); text != "" {
		io.WriteString(v.w, text)
	}
}

func (v *plainView) close() {}

// text is what an event adds to the output.
func (v *plainView) text(e engine.Event, l *line) string {
	switch e.Type {
	case engine.RunStarted:
		return heading(v.style, e) + "\n"
	case engine.RunEnded:
		return summary(v.style, v.next, e, v.board.failedItems())
	case engine.TokenFetched:
		return "  " + signedIn(v.style, e) + "\n"
	case engine.Logged:
		return logLines(v.style, depthOf(e, l), e.Message, 0)
	}
	if l == nil {
		return ""
	}
	switch e.Type {
	case engine.StepStarted:
		return v.opened(l)
	case engine.StepEnded:
		return v.stepEnded(e, l)
	case engine.RetryWaits:
		if !isItem(e) {
			return v.retry(e, l)
		}
	case engine.LimitWaits:
		return v.limit(e, l)
	case engine.PageRead, engine.ItemEnded:
		return v.progress(e, l)
	}
	return ""
}

// opened writes the beginnings of the blocks around a line, once: a block without visible steps shows its end only.
func (v *plainView) opened(l *line) string {
	p := v.board.parent(l)
	if p == nil || v.announce[p.key] || l.key == p.key {
		return ""
	}
	v.announce[p.key] = true
	return v.opened(p) + stepLine(v.style, p, "▸", "")
}

func (v *plainView) stepEnded(e engine.Event, l *line) string {
	switch {
	case isItem(e):
		return itemFailed(v.style, e, l, 0)
	case e.Before:
		return v.opened(l) + stepLine(v.style, l, mark(l.status), l.took())
	case e.Kind == "log" && e.Status == engine.OK:
		return "" // its message stands there already
	}
	return stepLine(v.style, l, mark(l.status), l.took())
}

// itemFailed tells of a step that failed in an item of the loop l, of the first few; "" for all else that ends. A width
// above 0 is how wide it gets.
func itemFailed(s style, e engine.Event, l *line, width int) string {
	if l == nil || !isItem(e) || e.Status != engine.Failed || e.Error == nil || e.Before || l.failures > shownFailures {
		return ""
	}
	left := indent(l.depth + 1)
	what := words.Clean(strings.TrimPrefix(e.Key, "/")) + ": " + review.Brief(e.Error)
	further := "  further failures are in the history"
	if width > 0 {
		what, further = cut(what, width-len(left)-2), cut(further, width-len(left))
	}
	text := left + s.red("✗") + " " + what + "\n"
	if l.failures == shownFailures {
		text += left + s.faint(further) + "\n"
	}
	return text
}

func (v *plainView) retry(e engine.Event, l *line) string {
	return fmt.Sprintf("%s%s %s  try %d failed, the next in %s: %s\n", indent(l.depth), v.style.yellow("↻"),
		pad(l.title, titleWidth-2*l.depth), e.Attempt, words.Span(e.Wait), l.waitsFor)
}

// limit tells that a step waits for a limit for a while, of each step once a minute at most.
func (v *plainView) limit(e engine.Event, l *line) string {
	if e.Status != engine.Waiting || e.Wait < time.Second || e.Time.Before(v.limited[l.key]) {
		return ""
	}
	v.limited[l.key] = e.Time.Add(max(e.Wait, time.Minute))
	return fmt.Sprintf("%s%s %s  waits %s: %s\n", indent(l.depth), v.style.yellow("↻"), pad(l.title, titleWidth-2*l.depth),
		words.Span(e.Wait), words.Clean(e.Message))
}

// progress writes how far a long walk or loop is: every second at first, then less and less often, at last once a minute.
func (v *plainView) progress(e engine.Event, l *line) string {
	last, ok := v.printed[l.key]
	if !ok {
		last = l.started
	}
	elapsed := e.Time.Sub(l.started)
	if e.Time.Sub(last) < min(max(elapsed/4, time.Second), time.Minute) {
		return ""
	}
	v.printed[l.key] = e.Time
	return stepLine(v.style, l, "…", words.Span(elapsed))
}

func indent(depth int) string { return strings.Repeat("  ", depth+1) }

// stepLine is the line of a step, with the line's end. Columns stay in line at every depth.
func stepLine(s style, l *line, mark, elapsed string) string {
	if l.before && s.on {
		return s.faint(strings.TrimSuffix(stepLine(style{}, l, mark, elapsed), "\n")) + "\n"
	}
	text := indent(l.depth) + colourMark(s, mark) + " " + pad(l.title, titleWidth-2*l.depth) + "  "
	detail := l.detail()
	if mark == "▸" {
		detail = ""
	}
	switch {
	case detail == "" && elapsed == "":
		return strings.TrimRight(text+s.faint(l.kindShown()), " ") + "\n"
	case elapsed == "":
		return text + s.faint(pad(l.kindShown(), kindWidth)) + " " + detail + "\n"
	}
	return text + s.faint(pad(l.kindShown(), kindWidth)) + " " + pad(detail, detailWidth) + " " +
		s.faint(padLeft(elapsed, spanWidth)) + "\n"
}

func mark(status engine.Status) string {
	switch status {
	case engine.OK:
		return "✓"
	case engine.Failed, engine.InDoubt:
		return "✗"
	case engine.Skipped:
		return "-"
	case engine.Cancelled, engine.Interrupted:
		return "!"
	}
	return "…"
}

func colourMark(s style, mark string) string {
	switch mark {
	case "✓":
		return s.green(mark)
	case "✗":
		return s.red(mark)
	case "!", "↻":
		return s.yellow(mark)
	}
	return s.faint(mark)
}

func heading(s style, e engine.Event) string {
	text := s.bold("run "+e.Run) + "  " + words.Clean(e.Job)
	if e.Attempt > 1 {
		text += s.faint(fmt.Sprintf("  attempt %d", e.Attempt))
	}
	return text
}

func signedIn(s style, e engine.Event) string {
	return s.faint(fmt.Sprintf("signed in as %s (%s)", e.Profile, words.FirstLine(e.Message)))
}

// logLines is a message of a job, each line behind a bar. A width above 0 is how wide it gets.
func logLines(s style, depth int, message string, width int) string {
	left := indent(depth)
	if width > 0 {
		width = max(width-len(left)-2, 10)
	}
	var b strings.Builder
	for _, l := range wrap(strings.TrimRight(words.Clean(message), "\n"), width) {
		b.WriteString(strings.TrimRight(left+s.faint("│")+" "+l, " ") + "\n")
	}
	return b.String()
}
