package jobs

import (
	"fmt"
	"time"
)

// A wall time is what a clock shows, kept as the UTC time that looks the same.

// wallOf gives what a clock in the time's location shows.
func wallOf(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// next gives the first slot after the given time, by the clock of its location.
func (c *Cron) next(after time.Time, dst Dst) Slot {
	if c.every > 0 {
		return Slot{At: c.everyNext(after, time.Unix(0, 0))}
	}
	if !c.named {
		return Slot{At: c.realNext(after)}
	}
	return c.namedNext(after, dst)
}

// everyNext gives the first time after the given one that lies a whole number of intervals from an anchor.
func (c *Cron) everyNext(after, anchor time.Time) time.Time {
	every := int64(c.every / time.Second)
	return time.Unix(anchor.Unix()+int64(c.rounds(after, anchor)+1)*every, 0).In(after.Location())
}

// rounds tells how many whole intervals have passed since an anchor; below zero before it.
func (c *Cron) rounds(t, anchor time.Time) int {
	every := int64(c.every / time.Second)
	passed := t.Unix() - anchor.Unix()
	n := passed / every
	if passed%every < 0 {
		n--
	}
	return int(n)
}

// wall gives the first wall time after the given one that fits the fields. It is false when there is none within 40 years,
// after which the calendar has no new combination of date and weekday to offer.
func (c *Cron) wall(after time.Time) (time.Time, bool) {
	for limit := after.Year() + 40; after.Year() <= limit; {
		w := c.spec.Next(after)
		switch {
		case w.IsZero(): // it looks five years ahead; 29 February may be eight away
			after = time.Date(after.Year()+5, 12, 31, 23, 59, 59, 0, time.UTC)
		case c.lastDay && !c.fitsDay(w):
			after = time.Date(w.Year(), w.Month(), w.Day(), 23, 59, 59, 0, time.UTC)
		default:
			return w, true
		}
	}
	return time.Time{}, false
}

// fitsDay says whether a day that may be one of those before the last fits a line with an L.
func (c *Cron) fitsDay(w time.Time) bool {
	isLast := w.AddDate(0, 0, 1).Day() == 1
	if isLast || c.days&(1<<w.Day()) != 0 {
		return true
	}
	return c.spec.Dow&starBit == 0 && c.spec.Dow&(1<<int(w.Weekday())) != 0
}

// realNext follows real time: it goes through the times between two changes of the clock, one such span after the other.
func (c *Cron) realNext(after time.Time) time.Time {
	from := wallOf(after)
	for t := after; ; {
		w, possible := c.wall(from)
		if !possible {
			return time.Time{}
		}
		_, end := ZoneBounds(t)
		at := t.Add(w.Sub(wallOf(t)))
		if end.IsZero() || at.Before(end) {
			return at
		}
		t, from = end, wallOf(end).Add(-1)
	}
}

// namedNext finds when the wall times that the line names come, and picks the first after the time given.
func (c *Cron) namedNext(after time.Time, dst Dst) Slot {
	from := wallOf(after)
	if dst.Fold == "twice" && nearChange(after) {
		from = from.Add(-longestChange) // what came before the clock was set back may come again
	}
	var best Slot
	skipped := ""
	for {
		w, possible := c.wall(from)
		if !possible {
			return best
		}
		found := momentsOf(w, after.Location())
		if !best.At.IsZero() && !found.first().Before(best.At) {
			return best
		}
		for _, slot := range found.slots(dst) {
			if slot.At.After(after) && (best.At.IsZero() || slot.At.Before(best.At)) {
				best = slot
				best.Note = orElse(best.Note, skipped)
			}
		}
		if found.times == nil && dst.Gap == "skip" && skipped == "" && found.gapEnd.After(after) {
			skipped = "before it, " + found.describe("does not exist") + " and is skipped"
		}
		from = w
	}
}

// longestChange is more than any clock was ever set back by at once.
const longestChange = 25 * time.Hour

// nearChange says whether the clock changes shortly before or after a time.
func nearChange(t time.Time) bool {
	start, end := ZoneBounds(t)
	return !start.IsZero() && t.Sub(start) < longestChange || !end.IsZero() && end.Sub(t) < longestChange
}

// moments are the times at which clocks in a location show a wall time: one mostly, two where the clock is set back, none
// where it is set forward.
type moments struct {
	wall   time.Time
	times  []time.Time
	gapEnd time.Time // where there is none: the first moment after the gap
	zone   *time.Location
}

// momentsOf looks through the spans between changes of the clock that could show a wall time.
func momentsOf(wall time.Time, zone *time.Location) moments {
	const farthest = 26 * time.Hour // no clock is further from UTC
	m := moments{wall: wall, zone: zone}
	for t := wall.Add(-farthest).In(zone); !t.After(wall.Add(farthest)); {
		start, end := ZoneBounds(t)
		at := t.Add(wall.Sub(wallOf(t)))
		switch {
		case !start.IsZero() && at.Before(start):
			if m.times == nil && m.gapEnd.IsZero() {
				m.gapEnd = start
			}
		case end.IsZero() || at.Before(end):
			m.times = append(m.times, at)
		}
		if end.IsZero() {
			break
		}
		t = end
	}
	return m
}

func (m moments) first() time.Time {
	if m.times == nil {
		return m.gapEnd
	}
	return m.times[0]
}

// slots gives the times that count, with what there is to say about them.
func (m moments) slots(dst Dst) []Slot {
	switch {
	case m.times == nil && dst.Gap == "skip":
		return nil
	case m.times == nil:
		end := m.gapEnd.Format("15:04")
		if m.gapEnd.Day() != m.wall.Day() {
			end += m.gapEnd.Format(" on 2006-01-02")
		}
		return []Slot{{m.gapEnd, fmt.Sprintf("%s; runs at %s", m.describe("does not exist"), end)}}
	case len(m.times) == 1:
		return []Slot{{At: m.times[0]}}
	case dst.Fold == "twice":
		return []Slot{
			{m.times[0], m.describe("comes twice") + "; this is the first time"},
			{m.times[1], m.describe("comes twice") + "; this is the second time"},
		}
	}
	return []Slot{{m.times[0], m.describe("comes twice") + "; runs the first time only"}}
}

// describe says what happens to the wall time: "02:30 does not exist on 2026-03-29 in Europe/Berlin".
func (m moments) describe(what string) string {
	zone := m.zone.String()
	if m.zone == time.Local {
		zone = "the machine's time zone"
	}
	return fmt.Sprintf("%s %s on %s in %s", m.wall.Format("15:04"), what, m.wall.Format("2006-01-02"), zone)
}
