package schedule

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"snrun/engine"
)

// onTime is how late a slot may be looked at and still count as on time, where this process looked out for it: a busy machine
// is no downtime.
const onTime = time.Minute

// outlook is what slots that passed are judged by.
type outlook struct {
	now    time.Time
	paused time.Time // since when a person has the job paused; zero: it is not
	most   int       // how many runs of a job may be caught up with at once
	halted bool      // it is paused now, also where these slots are of before that
	cause  string    // why slots were not looked at in time though a process was there, for people
}

// moment is a slot that is to be run.
type moment struct {
	due     time.Time
	line    *line
	trigger string
}

// claims gives what is to be decided upon a timetable's slots up to now, in their order: one claim for each slot that is to be
// run, and one for all between two of these that are not. What it costs does not grow with how many these are.
func (t *timetable) claims(o outlook) []engine.Claim {
	var list []engine.Claim
	var from time.Time
	for _, m := range t.toRun(o) {
		list = t.skipped(list, from, m.due.Add(-1), o)
		list = append(list, t.run(m))
		from = m.due
	}
	return t.skipped(list, from, o.now, o)
}

// toRun gives the slots that are to be run, in their order.
func (t *timetable) toRun(o outlook) []moment {
	var list []moment
	for i := range t.lines {
		for _, m := range t.lines[i].toRun(o) {
			if o.paused.IsZero() || m.trigger == engine.TriggerSchedule && m.due.Before(o.paused) {
				list = append(list, m)
			}
		}
	}
	if len(t.lines) > 1 {
		slices.SortStableFunc(list, func(a, b moment) int { return a.due.Compare(b.due) })
		list = slices.CompactFunc(list, func(a, b moment) bool { return a.due.Equal(b.due) })
	}
	return list
}

// toRun gives a schedule's slots that are to be run: those on time, and of those that passed unseen what is caught up with.
func (l *line) toRun(o outlook) []moment {
	unseen := l.unseen(o)
	var list []moment
	for due, ok := l.first(later(l.decided, unseen)); ok && !due.After(o.now); due, ok = l.first(due) {
		list = append(list, moment{due, l, engine.TriggerSchedule})
	}
	from := l.decided
	if l.CatchUp.Window > 0 {
		from = later(from, o.now.Add(-l.CatchUp.Window-1))
	}
	switch l.CatchUp.Mode {
	case "latest":
		if len(list) > 0 {
			break // which is later still
		}
		if last, ok := l.Last(from, unseen); ok {
			list = []moment{{last, l, engine.TriggerCatchUp}}
		}
	case "all":
		list = append(l.all(from, unseen, o.most), list...)
	}
	return list
}

// unseen gives the moment up to which slots passed without being looked at in time.
func (l *line) unseen(o outlook) time.Time { return later(l.watched, o.now.Add(-onTime)) }

// all gives the slots after a moment, up to another, to be caught up with: the last ones, where there are more than so many.
func (l *line) all(from, upTo time.Time, most int) []moment {
	if l.Count(from, upTo) > most {
		seconds := sort.Search(int(upTo.Unix()-from.Unix()), func(i int) bool {
			return l.Count(from.Add(time.Duration(i)*time.Second), upTo) <= most
		})
		from = from.Add(time.Duration(seconds) * time.Second)
	}
	var list []moment
	for due, ok := l.first(from); ok && !due.After(upTo); due, ok = l.first(due) {
		list = append(list, moment{due, l, engine.TriggerCatchUp})
	}
	return list
}

// run claims a slot that is to be run.
func (t *timetable) run(m moment) engine.Claim {
	c := engine.Claim{Job: t.job, File: t.file, Inputs: t.inputs, Trigger: m.trigger, Due: m.due, Overlap: m.line.Overlap}
	switch {
	case m.trigger == engine.TriggerSchedule && m.line.Jitter > 0:
		c.Start = m.due.Add(jitter(t.job, m.due, m.line.Jitter))
	case m.trigger == engine.TriggerCatchUp && m.line.CatchUp.Mode == "all" && c.Overlap != "allow":
		c.Overlap = "queue" // else each would give way to the one before, or end it
	}
	return c
}

// skipped adds claims for the slots after a moment, up to another, that are not run.
func (t *timetable) skipped(list []engine.Claim, from, upTo time.Time, o outlook) []engine.Claim {
	if t.next.After(upTo) {
		return list
	}
	if o.paused.IsZero() || o.paused.After(upTo) {
		return t.span(list, from, upTo, o)
	}
	if from.Before(o.paused) {
		before := o
		before.paused, before.halted = time.Time{}, true
		list = t.span(list, from, o.paused.Add(-1), before)
		from = o.paused.Add(-1)
	}
	return t.span(list, from, upTo, o)
}

// span adds a claim for the slots after a moment, up to another, that are not run for one reason, where there are any.
func (t *timetable) span(list []engine.Claim, from, upTo time.Time, o outlook) []engine.Claim {
	c := engine.Claim{Job: t.job, File: t.file, Inputs: t.inputs, Trigger: engine.TriggerSchedule}
	var first *line
	for i := range t.lines {
		l := &t.lines[i]
		after := later(l.decided, from)
		due, ok := l.first(after)
		if !ok || due.After(upTo) {
			continue
		}
		if first == nil || due.Before(c.Due) {
			first, c.Due = l, due
		}
		last, _ := l.Last(after, upTo)
		c.Until = later(c.Until, last)
		c.Count += l.Count(after, upTo)
	}
	if first == nil {
		return list
	}
	if len(t.lines) > 1 {
		c.Count = t.distinct(from, upTo, c.Count)
	}
	c.Reason, c.Detail = engine.ReasonPaused, "the job is paused"
	if o.paused.IsZero() {
		c.Reason, c.Detail = engine.ReasonMissed, first.missed(c.Until, o)
	}
	return append(list, c)
}

// manySlots is up to where slots that two schedules name are told apart from others.
const manySlots = 10_000

// distinct counts slots that several schedules name once. Of very many it gives what the schedules have in sum.
func (t *timetable) distinct(from, upTo time.Time, sum int) int {
	if sum > manySlots {
		return sum
	}
	due := make(map[int64]bool, sum)
	for i := range t.lines {
		l := &t.lines[i]
		for at, ok := l.first(later(l.decided, from)); ok && !at.After(upTo); at, ok = l.first(at) {
			due[at.Unix()] = true
		}
	}
	return len(due)
}

// missed says why slots up to a moment are not run, for people.
func (l *line) missed(last time.Time, o outlook) string {
	why := fmt.Sprintf("no daemon was there to run it until %s", l.watched.In(o.now.Location()).Format(written))
	if last.After(l.watched) {
		why = o.cause
	}
	old := l.CatchUp.Window > 0 && o.now.Sub(last) > l.CatchUp.Window
	switch {
	case old:
		return why + "; that is longer ago than catch_up.window"
	case o.halted && l.CatchUp.Mode != "none":
		return why + "; the job was paused before it could be caught up with"
	case l.CatchUp.Mode == "latest":
		return why + "; catch_up runs only the latest"
	case l.CatchUp.Mode == "all":
		return fmt.Sprintf("%s; catch_up runs no more than %d of them (max_queue)", why, o.most)
	}
	return why + "; catch_up is none"
}
