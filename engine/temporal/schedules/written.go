package schedules

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/jobs"
)

// mostCalendars bounds how many calendars a schedule may have whose times are written out: a server goes through all of them each time.
const mostCalendars = 1000

// yearsWritten is for how many years times are written out.
const yearsWritten = 3

// writtenOut says the times of a schedule themselves, in UTC, for three calendar years from that of now: whatever a zone's clock does in
// these is in them. Until is the first moment that is not.
func writtenOut(s *jobs.Schedule, now time.Time) (spec client.ScheduleSpec, until time.Time, err error) {
	year := now.UTC().Year()
	from, until := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+yearsWritten, 1, 1, 0, 0, 0, 0, time.UTC)
	days, err := minutesOf(s, from, until)
	if err != nil {
		return spec, until, err
	}
	spec = client.ScheduleSpec{Calendars: calendarsFor(days), TimeZoneName: "UTC"}
	if n := len(spec.Calendars); n > mostCalendars {
		return spec, until, fmt.Errorf("its times until %s would be %d calendars, and a server takes %d", until.Format(time.DateOnly), n, mostCalendars)
	}
	return spec, until, nil
}

// minutes are those of days in UTC, hour by hour.
type minutes map[time.Time]*[24]uint64

// minutesOf gives those in which a schedule is due between two moments. It goes from time to time where a clock is changed, and else by
// what the line names, which is the same for each day: some lines have half a million times a year.
func minutesOf(s *jobs.Schedule, from, until time.Time) (minutes, error) {
	f := s.Cron.Fields()
	all := minutes{}
	for from.Before(until) {
		here := from.In(s.Zone)
		hour, minute, second := here.Clock()
		to := from.Add(24*time.Hour - time.Duration(hour*3600+minute*60+second)*time.Second) // midnight, if no clock is changed before
		if here.Equal(to.Add(-24*time.Hour)) && calm(s, here) && to.Before(until) {
			if s.Cron.Fits(here) {
				all.addDay(from, f)
			}
		} else if err := all.addTimes(s, from, earlier(to, until)); err != nil {
			return nil, err
		}
		from = to
	}
	return all, nil
}

// calm says whether no clock is changed around a day, which is within the schedule's ends and begins with a minute of UTC.
func calm(s *jobs.Schedule, day time.Time) bool {
	start, end := jobs.ZoneBounds(day)
	before, after := day.Add(-around), day.Add(24*time.Hour+around)
	return !start.After(before) && (end.IsZero() || end.After(after)) &&
		!s.Starts.After(before) && (s.Ends.IsZero() || s.Ends.After(after)) && day.UTC().Second() == 0
}

// addDay adds the times that a line names, of a day that begins at some moment.
func (m minutes) addDay(begins time.Time, f jobs.CronFields) {
	first := begins.UTC().Truncate(24 * time.Hour)
	offset := int(begins.Sub(first) / time.Minute)
	for _, hour := range f.Hours {
		for _, minute := range f.Minutes {
			at := offset + hour*60 + minute
			hours := m.of(first, at/(24*60))
			hours[at/60%24] |= 1 << (at % 60)
		}
	}
}

// addTimes adds the times from one moment on and before another, one by one.
func (m minutes) addTimes(s *jobs.Schedule, from, to time.Time) error {
	for slot, ok := s.Next(from.Add(-1)); ok && !slot.At.IsZero() && slot.At.Before(to); slot, ok = s.Next(slot.At) {
		at := slot.At.UTC()
		if at.Second() != 0 {
			return fmt.Errorf("%s is no whole minute", at.Format(time.RFC3339))
		}
		m.of(at.Truncate(24*time.Hour), 0)[at.Hour()] |= 1 << at.Minute()
	}
	return nil
}

// of gives the hours of the day that is so many after another.
func (m minutes) of(day time.Time, after int) *[24]uint64 {
	if after > 0 {
		day = day.AddDate(0, 0, after)
	}
	if m[day] == nil {
		m[day] = &[24]uint64{}
	}
	return m[day]
}

// pattern is hours of a day, each with the same minutes.
type pattern struct{ hours, minutes uint64 }

// calendarsFor gives calendars that name the times of days and no others.
func calendarsFor(days minutes) (list []client.ScheduleCalendarSpec) {
	daysOf := map[pattern][]time.Time{}
	for day, hours := range days {
		same := map[uint64]uint64{} // minutes, and the hours that have them
		for hour, minutes := range hours {
			if minutes != 0 {
				same[minutes] |= 1 << hour
			}
		}
		for minutes, hours := range same {
			p := pattern{hours, minutes}
			daysOf[p] = append(daysOf[p], day)
		}
	}
	for _, p := range sortedPatterns(daysOf) {
		one := client.ScheduleCalendarSpec{Second: ranges(0), Minute: ranges(numbers(p.minutes)...), Hour: ranges(numbers(p.hours)...)}
		list = append(list, datesOf(one, daysOf[p])...)
	}
	return list
}

func sortedPatterns(daysOf map[pattern][]time.Time) []pattern {
	var list []pattern
	for p, days := range daysOf {
		slices.SortFunc(days, time.Time.Compare)
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(a.hours, b.hours), cmp.Compare(a.minutes, b.minutes))
	})
	return list
}

// ofMonth is days of a month, by their numbers; all of them that are one of the weekdays is whole.
type ofMonth struct {
	days, weekdays uint64
}

// datesOf gives a calendar of dates as few ones: months that have the same days are one, and so are years that have the same months.
func datesOf(c client.ScheduleCalendarSpec, dates []time.Time) (list []client.ScheduleCalendarSpec) {
	var weekdays uint64
	type month struct{ year, month int }
	found := map[month]uint64{}
	for _, d := range dates {
		weekdays |= 1 << d.Weekday()
		found[month{d.Year(), int(d.Month())}] |= 1 << d.Day()
	}
	months := map[ofMonth]map[int]uint64{} // those of each year
	for m, days := range found {
		key := ofMonth{days, 1<<7 - 1}
		if days == wholeMonth(m.year, time.Month(m.month), weekdays) {
			key = ofMonth{1<<32 - 2, weekdays}
		}
		if months[key] == nil {
			months[key] = map[int]uint64{}
		}
		months[key][m.year] |= 1 << m.month
	}
	for key, years := range months {
		same := map[uint64][]int{}
		for year, months := range years {
			same[months] = append(same[months], year)
		}
		for months, years := range same {
			slices.Sort(years)
			one := c
			one.DayOfMonth, one.DayOfWeek = ranges(numbers(key.days)...), ranges(numbers(key.weekdays)...)
			one.Month, one.Year = ranges(numbers(months)...), ranges(years...)
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b client.ScheduleCalendarSpec) int {
		return cmp.Or(compareRanges(a.Year, b.Year), compareRanges(a.Month, b.Month), compareRanges(a.DayOfMonth, b.DayOfMonth))
	})
	return list
}

func compareRanges(a, b []client.ScheduleRange) int {
	return slices.CompareFunc(a, b, func(a, b client.ScheduleRange) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Step, b.Step))
	})
}

// wholeMonth gives the days of a month that are one of the weekdays.
func wholeMonth(year int, month time.Month, weekdays uint64) (days uint64) {
	for day := 1; day <= daysIn(year, month); day++ {
		if weekdays&(1<<time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday()) != 0 {
			days |= 1 << day
		}
	}
	return days
}

func numbers(set uint64) []int {
	list := make([]int, 0, bits.OnesCount64(set))
	for n := range 64 {
		if set&(1<<n) != 0 {
			list = append(list, n)
		}
	}
	return list
}

// endOf gives the first moment that a schedule on a server does not know, whose times are written out; zero where it holds for good.
func endOf(found *client.ScheduleDescription) time.Time {
	if found == nil || found.Schedule.Spec == nil || len(found.Schedule.Spec.Calendars) == 0 {
		return time.Time{}
	}
	last := 0
	for _, c := range found.Schedule.Spec.Calendars {
		if len(c.Year) == 0 {
			return time.Time{}
		}
		each(c.Year, func(year int) { last = max(last, year) })
	}
	if last > lastYear-8 { // a rule, of the last days of February
		return time.Time{}
	}
	return time.Date(last+1, 1, 1, 0, 0, 0, 0, time.UTC)
}
