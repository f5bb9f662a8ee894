package schedules

import (
	"time"

	"go.temporal.io/sdk/client"
)

// lastYear is the last one that a server looks at.
const lastYear = 2100

// served is what a Temporal server makes of a schedule: its times, as the server's releases up to 1.32 find them. In hours that come
// twice, or never, these are not what a person would expect, which is why they are looked at before anything is applied.
type served struct {
	faces      []face
	intervals  []client.ScheduleIntervalSpec
	start, end time.Time // both are times at which it may be due; zero: any
}

// face is one calendar: what a clock in a zone must show.
type face struct {
	zone                                            *time.Location
	years                                           map[int]bool // nil: all
	months, days, weekdays, hours, minutes, seconds uint64
}

// servedBy gives what a server makes of a specification, by the rules of a zone.
func servedBy(spec *client.ScheduleSpec, zone *time.Location) *served {
	s := &served{intervals: spec.Intervals, start: spec.StartAt, end: spec.EndAt}
	for _, c := range spec.Calendars {
		f := face{
			zone: zone, months: bitsOf(c.Month), days: bitsOf(c.DayOfMonth), weekdays: bitsOf(c.DayOfWeek),
			hours: bitsOf(c.Hour), minutes: bitsOf(c.Minute), seconds: 1,
		}
		each(c.Year, func(year int) {
			if f.years == nil {
				f.years = map[int]bool{}
			}
			f.years[year] = true
		})
		s.faces = append(s.faces, f)
	}
	return s
}

func bitsOf(ranges []client.ScheduleRange) (bits uint64) {
	each(ranges, func(n int) { bits |= 1 << n })
	return bits
}

func each(ranges []client.ScheduleRange, visit func(int)) {
	for _, r := range ranges {
		for n := r.Start; n <= max(r.Start, r.End); n += max(r.Step, 1) {
			visit(n)
		}
	}
}

// next gives the first time after a whole second at which the server starts a run; zero where there is none.
func (s *served) next(after time.Time) (first time.Time) {
	if before := s.start.Add(-time.Second); !s.start.IsZero() && after.Before(before) {
		after = before
	}
	sooner := func(at time.Time) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for i := range s.faces {
		sooner(s.faces[i].next(after))
	}
	for _, v := range s.intervals {
		every, offset := int64(v.Every/time.Second), int64(v.Offset/time.Second)
		sooner(time.Unix(((after.Unix()-offset)/every+1)*every+offset, 0))
	}
	if !s.end.IsZero() && first.After(s.end) {
		return time.Time{}
	}
	return first
}

// reading is what a clock shows while the server moves its hands on by themselves. Again says that the hour is one that has been before.
type reading struct {
	year                      int
	month                     time.Month
	day, hour, minute, second int
	again                     bool
}

// next gives the first time after a whole second that fits.
func (f *face) next(after time.Time) time.Time {
	t := after.In(f.zone)
	r := reading{second: t.Second() + 1, minute: t.Minute(), hour: t.Hour(), again: t.Add(-time.Hour).Hour() == t.Hour()}
	r.year, r.month, r.day = t.Date()
	for {
		f.carry(&r)
		if r.year > lastYear {
			return time.Time{}
		}
		if !f.fitsDate(&r) || !f.fitsTime(&r) {
			continue
		}
		at := r.at(f.zone)
		if at.Hour() != r.hour { // there is no such hour on that day
			r.hour, r.minute, r.second = r.hour+1, 0, 0
			continue
		}
		if r.again {
			at = at.Add(time.Hour)
		}
		return at
	}
}

func (r *reading) at(zone *time.Location) time.Time {
	return time.Date(r.year, r.month, r.day, r.hour, r.minute, r.second, 0, zone)
}

// carry has hands that have gone round move the next ones.
func (f *face) carry(r *reading) {
	if r.second >= 60 {
		r.minute, r.second = r.minute+1, 0
	}
	if r.minute >= 60 {
		r.minute = 0
		hour := time.Date(r.year, r.month, r.day, r.hour, 0, 0, 0, f.zone)
		following := time.Date(r.year, r.month, r.day, r.hour+1, 0, 0, 0, f.zone)
		if r.again = !r.again && following.Sub(hour) > time.Hour; !r.again {
			r.hour++
		}
	}
	if r.hour >= 24 {
		r.day, r.hour = r.day+1, 0
	}
	if r.day > daysIn(r.year, r.month) {
		r.month, r.day = r.month+1, 1
	}
	if r.month > time.December {
		r.year, r.month = r.year+1, time.January
	}
}

// fitsDate moves a reading on to the first day that fits. It is false where that needs a carry.
func (f *face) fitsDate(r *reading) bool {
	if f.years != nil && !f.years[r.year] {
		*r = reading{year: r.year + 1, month: time.January, day: 1}
		return false
	}
	for f.months&(1<<r.month) == 0 {
		*r = reading{year: r.year, month: r.month + 1, day: 1}
		if r.month > time.December {
			return false
		}
	}
	for f.days&(1<<r.day) == 0 || f.weekdays&(1<<r.at(f.zone).Weekday()) == 0 {
		*r = reading{year: r.year, month: r.month, day: r.day + 1}
		if r.day > daysIn(r.year, r.month) {
			return false
		}
	}
	return true
}

// fitsTime moves a reading on to the first time of its day that fits. It is false where that needs a carry.
func (f *face) fitsTime(r *reading) bool {
	for f.hours&(1<<r.hour) == 0 {
		r.hour, r.minute, r.second, r.again = r.hour+1, 0, 0, false
		if r.hour >= 24 {
			return false
		}
	}
	for f.minutes&(1<<r.minute) == 0 {
		r.minute, r.second = r.minute+1, 0
		if r.minute >= 60 {
			return false
		}
	}
	for f.seconds&(1<<r.second) == 0 {
		if r.second++; r.second >= 60 {
			return false
		}
	}
	return true
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
