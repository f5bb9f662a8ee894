package jobs

import (
	"math/bits"
	"sort"
	"time"
)

// Last gives the last time at which the schedule was due, of those after one moment and up to another, in the schedule's
// zone. It is false when there is none. It does not walk through all of them.
func (s *Schedule) Last(after, upTo time.Time) (time.Time, bool) {
	first, ok := s.Next(after)
	if !ok || first.At.After(upTo) {
		return time.Time{}, false
	}
	seconds := sort.Search(int(upTo.Unix()-first.At.Unix()), func(i int) bool {
		next, ok := s.Next(first.At.Add(time.Duration(i) * time.Second))
		return !ok || next.At.After(upTo)
	})
	return first.At.Add(time.Duration(seconds) * time.Second), true
}

// Count tells how many times the schedule was due after one moment and up to another. It counts days where it can, not slots.
func (s *Schedule) Count(after, upTo time.Time) int {
	if s.Zone != nil {
		after = after.In(s.Zone)
	}
	upTo = upTo.In(after.Location())
	if after.Before(s.Starts) {
		after = s.Starts.In(after.Location()).Add(-1)
	}
	if !s.Ends.IsZero() && !upTo.Before(s.Ends) {
		upTo = s.Ends.In(after.Location()).Add(-1)
	}
	if !after.Before(upTo) {
		return 0
	}
	if s.Cron.every > 0 {
		return s.Cron.rounds(upTo, s.anchor()) - s.Cron.rounds(after, s.anchor())
	}
	return s.Cron.count(after, upTo, s.Dst)
}

// count goes by the fields while the clock is not changed, and from slot to slot where it is.
func (c *Cron) count(after, upTo time.Time, dst Dst) int {
	n := 0
	for after.Before(upTo) {
		if calm := c.calm(after); calm.After(after) {
			if calm.After(upTo) {
				calm = upTo
			}
			n += c.countWall(wallOf(after), wallOf(calm))
			after = calm
			continue
		}
		after = c.next(after, dst).At
		if !after.IsZero() && !after.After(upTo) {
			n++
		}
		if after.IsZero() {
			break
		}
	}
	return n
}

// calm gives the moment up to which each time that the fields name comes once. It is not after the given one where the
// clock was just changed, or is about to be.
func (c *Cron) calm(t time.Time) time.Time {
	start, end := ZoneBounds(t)
	if !start.IsZero() && c.named {
		_, before := start.Add(-1).Zone()
		_, since := start.Zone()
		if t.Before(start.Add(time.Duration(max(before-since, since-before)) * time.Second)) {
			return t
		}
	}
	if end.IsZero() {
		return t.AddDate(1, 0, 0)
	}
	return end.Add(-time.Second)
}

// countWall tells how many wall times after one, up to another, fit the fields.
func (c *Cron) countWall(after, upTo time.Time) int {
	minutes, hours := c.spec.Minute&^starBit, c.spec.Hour&^starBit
	// ofDay counts those of a day up to a time of it.
	ofDay := func(hour, minute int) int {
		n := bits.OnesCount64(hours&(1<<hour-1)) * bits.OnesCount64(minutes)
		if hours&(1<<hour) != 0 {
			n += bits.OnesCount64(minutes & (1<<(minute+1) - 1))
		}
		return n
	}
	n := 0
	if c.dayFits(after) {
		n -= ofDay(after.Hour(), after.Minute())
	}
	if c.dayFits(upTo) {
		n += ofDay(upTo.Hour(), upTo.Minute())
	}
	last := upTo.Truncate(24 * time.Hour)
	for day := after.Truncate(24 * time.Hour); day.Before(last); day = day.Add(24 * time.Hour) {
		if c.dayFits(day) {
			n += ofDay(23, 59)
		}
	}
	return n
}

// dayFits says whether the fields of days and months fit a wall time.
func (c *Cron) dayFits(w time.Time) bool {
	if c.spec.Month&(1<<int(w.Month())) == 0 {
		return false
	}
	day, weekday := c.spec.Dom&(1<<w.Day()) != 0, c.spec.Dow&(1<<int(w.Weekday())) != 0
	fits := day || weekday
	if (c.spec.Dom|c.spec.Dow)&starBit != 0 {
		fits = day && weekday
	}
	return fits && (!c.lastDay || c.fitsDay(w))
}
