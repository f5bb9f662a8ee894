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

// How often the live view is painted, and how wide it gets at most.
const (
	framePause = 100 * time.Millisecond
	widestView = 100
)

// ttyView shows a run live on a terminal: what has ended stands above as lines that stay, below them the steps that
// go on are painted anew ten times a second. The cursor is never hidden, so that nothing has to be put right
// afterwards, not even after a SIGKILL.
type ttyView struct {
	w     io.Writer
	style style
	next  review.Commands
	size  func() (width, height int) // of the terminal, asked for every frame

	mu      sync.Mutex
	board   *board
	above   strings.Builder // lines that are to stay, not yet written
	settled int             // how many of the board's lines stay already
	frame   []string        // as it stands on the terminal

	stop chan struct{}
	done chan struct{}
}

// newTTYView starts a live view; its close must be called.
func newTTYView(w io.Writer, s style, next review.Commands, size func() (width, height int)) *ttyView {
	v := &ttyView{w: w, style: s, next: next, size: size, board: newBoard(),
		stop: make(chan struct{}), done: make(chan struct{})}
	go v.paintOften()
	return v
}

func (v *ttyView) event(e engine.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.board.apply(e)
	width, _ := v.size()
	text := ""
	switch e.Type {
	case engine.RunStarted:
		text = heading(v.style, e) + "\n"
	case engine.TokenFetched:
		text = "  " + signedIn(v.style, e) + "\n"
	case engine.Logged:
		if l != nil && !isItem(e) {
			return // it stands where its step does
		}
		text = logLines(v.style, depthOf(e, l), e.Message, width-1)
	case engine.StepEnded:
		text = itemFailed(v.style, e, l, width-1)
	}
	if text != "" {
		v.settle(width, time.Time{})
		v.above.WriteString(text)
	}
}

// close paints the last frame, which stays, and waits for the painter.
func (v *ttyView) close() {
	close(v.stop)
	<-v.done
}

func (v *ttyView) paintOften() {
	defer close(v.done)
	ticks := time.NewTicker(framePause)
	defer ticks.Stop()
	for {
		select {
		case now := <-ticks.C:
			v.paint(now, false)
		case <-v.stop:
			v.paint(time.Now(), true)
			return
		}
	}
}

// paint replaces the frame on the terminal, in one write.
func (v *ttyView) paint(now time.Time, last bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	width, height := v.size()
	start := rewind(v.frame, width)
	if last {
		v.settle(width, now)
	} else {
		v.settle(width, time.Time{})
	}
	text := v.above.String()
	v.above.Reset()
	v.frame = nil
	if !last {
		v.frame = v.rows(width, height-1, now)
	} else if v.board.end != nil {
		text += summary(v.style, v.next, *v.board.end, v.board.failedItems())
	}
	for _, row := range v.frame {
		text += row + "\n"
	}
	if start+text != "" {
		io.WriteString(v.w, start+overwrite(text, width))
	}
}

// settle lets lines stay: those that have ended and have no open one before them, and with the end of the view all.
func (v *ttyView) settle(width int, end time.Time) {
	for ; v.settled < len(v.board.lines); v.settled++ {
		l := v.board.lines[v.settled]
		if !l.ended() {
			if end.IsZero() {
				return
			}
			l.status, l.elapsed = engine.Interrupted, end.Sub(l.started)
		}
		if l.isMessage() {
			v.above.WriteString(logLines(v.style, l.depth, l.message, width-1))
		} else {
			v.above.WriteString(liveLine(v.style, l, width, l.started) + "\n")
		}
	}
}

// rows are the lines that go on, at most height of them: what has ended is left out first, then what is oldest.
func (v *ttyView) rows(width, height int, now time.Time) []string {
	open := v.board.lines[v.settled:]
	surplus := len(open) - height
	if surplus > 0 {
		surplus++ // for the line that tells of them
	}
	hidden := 0
	var rows []string
	for _, l := range open {
		if l.ended() && hidden < surplus {
			hidden++
			continue
		}
		rows = append(rows, liveLine(v.style, l, width, now))
	}
	if hidden > 0 {
		rows = append(rows, v.style.faint(cut(fmt.Sprintf("  … and %s that ended", words.Plural(hidden, "step")), width-1)))
	}
	return rows[max(0, len(rows)-max(height, 1)):]
}

// liveLine is the line of a step as wide as the terminal allows, never wider.
func liveLine(s style, l *line, width int, now time.Time) string {
	width = min(width, widestView) - 1
	if l.before && s.on {
		return s.faint(liveLine(style{}, l, width+1, now)) // all of it
	}
	if l.isMessage() {
		return strings.TrimSuffix(logLines(s, l.depth, cut(words.FirstLine(l.message), width-len(indent(l.depth))-2), 0), "\n")
	}
	sign, elapsed := mark(l.status), l.took()
	if !l.ended() {
		sign, elapsed = spinner(now), soFar(now.Sub(l.started))
	}
	titleCells, kindCells := titleWidth-2*l.depth, kindWidth+1
	if width < 50 {
		titleCells, kindCells = 0, 0
	}
	title := indent(l.depth) + sign + " " + pad(l.title, titleCells)
	room := width - cells(title) - 2 - kindCells - 1 - max(spanWidth, cells(elapsed))
	if room < 4 {
		return colourLine(s, cut(title, width), sign)
	}
	return colourLine(s, title, sign) + "  " + s.faint(cut(pad(l.kindShown(), kindCells), kindCells)) +
		pad(cut(l.fitting(now, room), room), min(room, detailWidth+12)) + " " + s.faint(padLeft(elapsed, spanWidth))
}

// fitting is live with as much detail as there is room for.
func (l *line) fitting(now time.Time, room int) string {
	for much := everything; much < withoutSpeed; much++ {
		if text := l.live(now, much); cells(text) <= room {
			return text
		}
	}
	return l.live(now, withoutSpeed)
}

// waits says whether something in the step waits, as far as anybody knows.
func (l *line) waits(now time.Time) bool {
	return !l.ended() && l.waitsFor != "" && (l.wakes.IsZero() || l.wakes.After(now))
}

// live is detailAt with what the step waits for.
func (l *line) live(now time.Time, much detailing) string {
	left, detail := l.wakes.Sub(now), l.detailAt(now, much)
	if !l.waits(now) {
		return detail
	}
	if l.again {
		return fmt.Sprintf("%s in %s: %s", detail, countdown(left), l.waitsFor) // detail ends with the try
	}
	waits := "waits"
	if !l.wakes.IsZero() {
		waits += " " + countdown(left)
	}
	if detail != "" {
		waits = detail + ", " + waits
	}
	return waits + ": " + l.waitsFor
}

// soFar is how long something that goes on has lasted: with so few digits that they can be read.
func soFar(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1fs", max(d, 0).Truncate(framePause).Seconds())
	}
	return words.Span(d)
}

// countdown is how long something takes yet, in whole seconds.
func countdown(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", (d+time.Second-1)/time.Second)
	}
	return words.Span(d)
}

func colourLine(s style, text, sign string) string {
	return strings.Replace(text, sign, colourMark(s, sign), 1)
}

func spinner(now time.Time) string {
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[now.UnixMilli()/framePause.Milliseconds()%int64(len(frames))])
}
