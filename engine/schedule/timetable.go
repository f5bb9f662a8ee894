package schedule

import (
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// timetable is the schedules of a job that give the same inputs. A time that two of them name is one slot.
type timetable struct {
	job, file string
	inputs    map[string]any
	lines     []line
	next      time.Time // the first slot that is not decided upon; zero where there is none
	place     int       // among those that are due at the same time
}

// line is one schedule, and how far its slots are decided upon.
type line struct {
	jobs.Schedule
	text     string    // Schedule.Line
	decided  time.Time // up to here
	watched  time.Time // what is due later is looked out for by this process; what was due before passed while nobody was there
	from, to time.Time // what first found last: the first slot after from is to
}

// first gives the first slot after a moment. It is false when there is none.
func (l *line) first(after time.Time) (time.Time, bool) {
	if !after.Before(l.from) && after.Before(l.to) {
		return l.to, true
	}
	slot, ok := l.Next(after)
	if ok {
		l.from, l.to = after, slot.At
	}
	return slot.At, ok
}

// settle notes that all slots up to a moment are decided upon, and finds the next one.
func (t *timetable) settle(now time.Time) {
	for i := range t.lines {
		if l := &t.lines[i]; l.decided.Before(now) {
			l.decided = now
		}
	}
	t.findNext()
}

// findNext finds the first slot that is not decided upon.
func (t *timetable) findNext() {
	t.next = time.Time{}
	for i := range t.lines {
		slot, ok := t.lines[i].first(t.lines[i].decided)
		if ok && (t.next.IsZero() || slot.Before(t.next)) {
			t.next = slot
		}
	}
}

// rewind makes the slots after a moment come again: the clock was ahead.
func (t *timetable) rewind(now time.Time) {
	for i := range t.lines {
		l := &t.lines[i]
		l.decided, l.watched = earlier(l.decided, now), earlier(l.watched, now)
	}
	t.findNext()
}

// window gives how long after its time a run of these schedules may still be begun by another process; 0 is for ever.
func (t *timetable) window() time.Duration {
	var longest time.Duration
	for i := range t.lines {
		window := t.lines[i].CatchUp.Window
		if window == 0 {
			return 0
		}
		longest = max(longest, window)
	}
	return longest
}

// plans gives what the book is to know of the schedules.
func (t *timetable) plans() []engine.Plan {
	var list []engine.Plan
	for _, l := range t.lines {
		list = append(list, engine.Plan{Job: t.job, Line: l.text, Inputs: t.inputs})
	}
	return list
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
