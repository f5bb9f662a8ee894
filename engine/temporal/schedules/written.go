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

// writtenOut says the times of a schedule themselves, in UTC, for three calendar years from that of now: whatever a zone's clock does in
// these is in them. Until is the first moment that is not.
func writtenOut(s *jobs.Schedule, now time.Time) (spec client.ScheduleSpec, until time.Time, err error) {
	year := now.UTC().Year()
	from, until := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+3, 1, 1, 0, 0, 0, 0, time.UTC)
	days := map[time.Time]*[24]uint64{} // the minutes of each hour
	for slot, ok := s.Next(from.Add(-1)); ok && !slot.At.IsZero() && slot.At.Before(until); slot, ok = s.Next(slot.At) {
		at := slot.At.UTC()
		if at.Second() != 0 {
			return spec, until, fmt.Errorf("%s is no whole minute", at.Format(time.RFC3339))
		}
		day := at.Truncate(24 * time.Hour)
		if days[day] == nil {
			days[day] = &[24]uint64{}
		}
		days[day][at.Hour()] |= 1 << at.Minute()
	}
	spec = client.ScheduleSpec{Calendars: calendarsFor(days), TimeZoneName: "UTC"}
	if n := len(spec.Calendars); n > mostCalendars {
		return spec, until, fmt.Errorf("its times until %s would be %d calendars, and a server takes %d", until.Format(time.DateOnly), n, mostCalendars)
	}
	return spec, until, nil
}

// pattern is hours of a day, each with the same minutes.
type pattern struct{ hours, minutes uint64 }

// calendarsFor gives calendars that name the times of days and no others.
func calendarsFor(days map[time.Time]*[24]uint64) (list []client.ScheduleCalendarSpec) {
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
