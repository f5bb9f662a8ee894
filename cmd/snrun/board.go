package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// line is what is shown of one step, or of a loop with all that goes on inside it.
type line struct {
	key      string
	title    string // id, else name, else kind
	kind     string
	depth    int
	status   engine.Status
	started  time.Time
	elapsed  time.Duration // once it has ended
	before   bool          // it was done before the run was gone on with
	tries    int           // while it goes on: which one, from 1; 0 is the first, too
	pages    int
	counts   *engine.Counts
	message  string
	err      *steps.Error
	pace     pace
	retries  int       // of its pages, and of the items in it
	limited  int       // how many of its requests a limit held back
	failures int       // of steps in its items
	again    bool      // what waits is the next try of the step itself
	wakes    time.Time // when what waits goes on; zero when nothing does, or nobody knows
	waitsFor string    // why it waits; "" when nothing does
}

func newLine(key, id, name, kind string) *line {
	return &line{key: key, title: words.Clean(cmp.Or(id, name, kind)), kind: kind, status: engine.Running}
}

// kindShown is the kind, "" where the title says it already.
func (l *line) kindShown() string {
	if l.title == l.kind {
		return ""
	}
	return l.kind
}

// lineOf is the line of a step that history has kept.
func lineOf(s engine.StepRun) *line {
	l := newLine(s.Key, s.ID, s.Name, s.Kind)
	l.depth = strings.Count(s.Key, "/") - 1
	l.status, l.started, l.tries = s.Status, s.Started, s.Attempts
	l.message, l.err = s.Message, s.Error
	l.counted(s.Counts)
	if !s.Ended.IsZero() {
		l.elapsed = s.Ended.Sub(s.Started)
	}
	return l
}

func (l *line) ended() bool {
	switch l.status {
	case engine.Running, engine.Waiting, engine.Queued:
		return false
	}
	return true
}

// took is how long an ended step lasted, "" for one that was skipped, and "before" for one that lasted in an earlier attempt.
func (l *line) took() string {
	switch {
	case l.before:
		return "before"
	case l.status == engine.Skipped:
		return ""
	}
	return words.Span(l.elapsed)
}

// detail says in a few words what the step has done so far.
func (l *line) detail() string { return l.detailAt(l.pace.at, everything) }

// detailAt is detail at a time, with less of it where there is little room.
func (l *line) detailAt(now time.Time, much detailing) string {
	var parts []string
	if l.counts != nil {
		pages := l.pages
		if much > everything {
			pages = 0
		}
		parts = append(parts, countWords(*l.counts, pages, l.ended())...)
	}
	if !l.ended() && !l.waits(now) {
		parts = append(parts, l.pace.words(now, much < withoutSpeed)...)
	}
	if l.message != "" {
		parts = append(parts, words.FirstLine(l.message))
	}
	if much < withoutTrouble {
		parts = append(parts, troubleWords(l.retries, l.limited)...)
	}
	switch {
	case l.tries <= 1, l.pages > 0 && l.tries-1 <= l.retries: // of a walk: they are the retries of its pages
	case l.ended():
		parts = append(parts, words.Plural(l.tries, "try"))
	default:
		parts = append(parts, fmt.Sprintf("try %d", l.tries))
	}
	switch {
	case l.status == engine.Failed && l.err != nil:
		parts = append(parts, review.Brief(l.err))
	case l.ended() && l.status != engine.OK && (l.status != engine.Failed || l.failed() == 0):
		parts = append(parts, statusWord(l.status))
	}
	return strings.Join(parts, ", ")
}

// isMessage says whether of the step only the message is shown: it was a log.
func (l *line) isMessage() bool { return l.kind == "log" && l.status == engine.OK && !l.before }

// failed is how many items failed.
func (l *line) failed() int {
	if l.counts == nil {
		return 0
	}
	return l.counts.Failed
}

// statusWord writes a status for people.
func statusWord(s engine.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// board keeps what a run's events have told so far. The steps inside a loop's items are folded into the loop's line.
type board struct {
	run, job string
	started  time.Time
	lines    []*line // in the order they started
	byKey    map[string]*line
	end      *engine.Event // RunEnded
}

func newBoard() *board { return &board{byKey: map[string]*line{}} }

// apply takes one event in. It gives the line that the event is about, nil when it is about none.
func (b *board) apply(e engine.Event) *line {
	switch e.Type {
	case engine.RunStarted:
		b.run, b.job, b.started = e.Run, e.Job, e.Time
		return nil
	case engine.RunEnded:
		b.end = &e
		return nil
	case engine.StepStarted:
		return b.start(e)
	}
	l := b.byKey[review.LineKey(e.Key)]
	if l == nil && e.Type == engine.StepEnded && e.Before {
		l = b.start(e) // nothing began in this attempt
	}
	if l != nil {
		l.apply(e)
	}
	return l
}

func (b *board) start(e engine.Event) *line {
	if l := b.byKey[review.LineKey(e.Key)]; l != nil {
		l.goOn()
		return l
	}
	l := newLine(review.LineKey(e.Key), e.ID, e.Name, e.Kind)
	l.depth, l.started = e.Depth, e.Time
	b.lines = append(b.lines, l)
	b.byKey[l.key] = l
	return l
}

// failedItems counts the failed items of loops.
func (b *board) failedItems() int {
	n := 0
	for _, l := range b.lines {
		if l.kind == "foreach" {
			n += l.failed()
		}
	}
	return n
}

// parent is the line of the block that a line stands in, nil at the top.
func (b *board) parent(l *line) *line {
	for key := l.key; ; {
		i := strings.LastIndexByte(key, '/')
		if i <= 0 {
			return nil
		}
		key = key[:i]
		if p := b.byKey[review.LineKey(key)]; p != nil {
			return p
		}
	}
}

// counted takes over what a walk or a loop has done.
func (l *line) counted(c *engine.Counts) {
	if c == nil {
		return
	}
	l.counts, l.pages = c, max(l.pages, c.Pages)
	l.retries, l.limited = max(l.retries, c.Retries), max(l.limited, c.LimitWaits)
}

// goOn ends a wait.
func (l *line) goOn() { l.wakes, l.waitsFor, l.again = time.Time{}, "", false }

func (l *line) apply(e engine.Event) {
	inItem := isItem(e)
	switch e.Type {
	case engine.StepEnded:
		if inItem && e.Before {
			return // it counts in its loop
		}
		if inItem {
			l.goOn()
			if e.Status == engine.Failed {
				l.failures++
			}
			return
		}
		l.finish(e)
	case engine.PageRead:
		if !inItem {
			l.pages, l.tries = e.Page, 0
			l.advance(e)
		}
	case engine.ItemEnded:
		if !inItem {
			l.advance(e)
		}
	case engine.Logged:
		if !inItem {
			l.message = e.Message
		}
	case engine.RetryWaits:
		l.again = !inItem && !review.IsPage(e.Key)
		if l.again {
			l.tries = e.Attempt + 1
		} else {
			l.retries++
		}
		l.wakes, l.waitsFor = e.Time.Add(e.Wait), "it failed"
		if e.Error != nil {
			l.waitsFor = review.Brief(e.Error)
		}
	case engine.LimitWaits:
		l.limit(e, inItem)
	}
}

// advance takes in how far a walk or a loop is.
func (l *line) advance(e engine.Event) {
	l.goOn()
	l.counted(e.Counts)
	l.pace = pace{e.Time, e.PerSecond, e.Left}
}

// limit takes in that a limit holds a request back, or lets it go.
func (l *line) limit(e engine.Event, inItem bool) {
	switch {
	case e.Status != engine.Waiting:
		l.goOn()
	case e.Wait > 0:
		l.wakes, l.waitsFor, l.again = e.Time.Add(e.Wait), e.Message, false
	case !inItem: // of an item nobody tells when it goes on
		l.wakes, l.waitsFor, l.again = time.Time{}, e.Message, false
	}
}

func (l *line) finish(e engine.Event) {
	l.status, l.elapsed, l.tries, l.err, l.before = e.Status, e.Elapsed, e.Attempt, e.Error, e.Before
	l.goOn()
	l.counted(e.Counts)
	l.message = cmp.Or(l.message, e.Message)
}

// isItem says whether an event is about something inside a loop's item.
func isItem(e engine.Event) bool { return review.InItem(e.Key) }

// depthOf is how deep something stands that an event tells of; l is the line that the event is about.
func depthOf(e engine.Event, l *line) int {
	switch {
	case l == nil:
		return 0
	case isItem(e):
		return l.depth + 1
	}
	return l.depth
}
