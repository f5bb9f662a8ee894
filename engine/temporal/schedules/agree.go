package schedules

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/jobs"
)

const (
	cycle   = 28                  // years, after which dates have the same weekdays again, and clocks change on the same dates
	around  = 26 * time.Hour      // of a change of a clock that is looked at: no clock is further from UTC
	ahead   = 40 * 24 * time.Hour // that is looked at from now on
	atStart = 500                 // so many times of these
)

// Difference is a time at which snrun and a server would not both run a job.
type Difference struct {
	Ours   time.Time // the next one as snrun has it; zero: there is none
	Theirs time.Time // as the server would; zero: there is none
}

// Error gives both times.
func (d *Difference) Error() string {
	text := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.Format("2006-01-02 15:04:05 -07:00")
	}
	return fmt.Sprintf("snrun schedule next says %s, and a Temporal server would run it %s", text(d.Ours), text(d.Theirs))
}

// changes are those of the clock of a zone.
type changes struct {
	at      []time.Time
	offsets []time.Duration // from UTC, that it has
}

// changesOf gives those from now on that are of interest.
func changesOf(zone *time.Location, now time.Time) (c changes) {
	for t := now.In(zone); ; {
		_, seconds := t.Zone()
		if offset := time.Duration(seconds) * time.Second; !slices.Contains(c.offsets, offset) {
			c.offsets = append(c.offsets, offset)
		}
		_, end := jobs.ZoneBounds(t)
		if end.IsZero() || end.After(now.AddDate(cycle, 0, 0)) {
			return c
		}
		c.at = append(c.at, end)
		t = end
	}
}

// agree compares the times of a schedule with those that a server makes of what it is told, where they could differ: from now on, at each
// change of the clock, and at the schedule's ends. It looks no further than until, where that is not zero.
func agree(s *jobs.Schedule, spec client.ScheduleSpec, zone *time.Location, now, until time.Time) error {
	theirs := servedBy(&spec, zone)
	moments := changesOf(s.Zone, now).at
	for _, end := range []time.Time{s.Starts, s.Ends} {
		if end.After(now) {
			moments = append(moments, end)
		}
	}
	if err := same(s, theirs, now, earlier(now.Add(ahead), until), atStart); err != nil {
		return err
	}
	for _, at := range moments {
		from := at.Add(-around)
		if from.Before(now) {
			from = now
		}
		if err := same(s, theirs, from, earlier(at.Add(around), until), 0); err != nil {
			return err
		}
	}
	return nil
}

// earlier gives the earlier one of two times; a zero limit is none.
func earlier(t, limit time.Time) time.Time {
	if !limit.IsZero() && limit.Before(t) {
		return limit
	}
	return t
}

// same compares the times after one moment and before another, so many of them at most; 0: all.
func same(s *jobs.Schedule, theirs *served, from, to time.Time, most int) error {
	from = from.Truncate(time.Second)
	for n := 0; from.Before(to) && (most == 0 || n < most); n++ {
		slot, _ := s.Next(from)
		at := theirs.next(from)
		if !at.Equal(slot.At) && (before(slot.At, to) || before(at, to)) {
			return &Difference{Ours: slot.At, Theirs: inZone(at, s.Zone)}
		}
		if slot.At.IsZero() {
			return nil
		}
		from = slot.At
	}
	return nil
}

func before(t, limit time.Time) bool { return !t.IsZero() && t.Before(limit) }

func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}
