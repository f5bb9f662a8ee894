package schedules

import (
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/jobs"
)

// everyInterval says @every: a server counts from the beginning of 1970, too.
func everyInterval(s *jobs.Schedule, every time.Duration) client.ScheduleSpec {
	offset := time.Duration(0)
	if !s.Starts.IsZero() {
		seconds := int64(every / time.Second)
		offset = time.Duration((s.Starts.Unix()%seconds+seconds)%seconds) * time.Second
	}
	return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every, Offset: offset}}}
}

// steadyRule says a line that is due each hour of each day in the time of no zone at all, so that no change of a clock matters. It is
// false where the minutes are others after a change, or days or hours are named.
func steadyRule(f jobs.CronFields, offsets []time.Duration) (client.ScheduleSpec, bool) {
	if len(f.Hours) < 24 || len(f.Months) < 12 || len(f.Weekdays) < 7 || len(f.Days) < 31 {
		return client.ScheduleSpec{}, false
	}
	var minutes []int
	for i, offset := range offsets {
		if offset%time.Minute != 0 {
			return client.ScheduleSpec{}, false
		}
		var here []int
		for _, minute := range f.Minutes {
			here = append(here, ((minute-int(offset/time.Minute))%60+60)%60)
		}
		slices.Sort(here)
		if i > 0 && !slices.Equal(here, minutes) {
			return client.ScheduleSpec{}, false
		}
		minutes = here
	}
	f.Minutes = minutes
	return client.ScheduleSpec{Calendars: calendarsOf(f), TimeZoneName: "UTC"}, true
}

// zoneRule says a line by the clock of a zone.
func zoneRule(f jobs.CronFields, zone *time.Location) client.ScheduleSpec {
	return client.ScheduleSpec{Calendars: calendarsOf(f), TimeZoneName: zone.String()}
}

// calendarsOf gives the calendars that together name what the fields do.
func calendarsOf(f jobs.CronFields) []client.ScheduleCalendarSpec {
	one := client.ScheduleCalendarSpec{
		Second: ranges(0), Minute: ranges(f.Minutes...), Hour: ranges(f.Hours...), Month: ranges(f.Months...), Comment: "",
	}
	all := allDays(one)
	if !f.Either {
		one.DayOfWeek = ranges(f.Weekdays...)
		return byDays(one, f)
	}
	one.DayOfWeek, all.DayOfWeek = all.DayOfWeek, ranges(f.Weekdays...)
	return append(byDays(one, f), all)
}

func allDays(c client.ScheduleCalendarSpec) client.ScheduleCalendarSpec {
	c.DayOfMonth, c.DayOfWeek = span(1, 31), span(0, 6)
	return c
}

// byDays gives the calendar with the days of the month that the fields name: one for months of each length, where the last day is among
// them.
func byDays(c client.ScheduleCalendarSpec, f jobs.CronFields) (list []client.ScheduleCalendarSpec) {
	if !f.LastDay {
		c.DayOfMonth = ranges(f.Days...)
		return []client.ScheduleCalendarSpec{c}
	}
	for _, length := range []struct {
		days   int
		months []int
		years  []client.ScheduleRange
	}{
		{31, []int{1, 3, 5, 7, 8, 10, 12}, nil},
		{30, []int{4, 6, 9, 11}, nil},
		{29, []int{2}, []client.ScheduleRange{{Start: 2000, End: lastYear - 4, Step: 4}}},
		{28, []int{2}, []client.ScheduleRange{
			{Start: 2001, End: lastYear, Step: 4}, {Start: 2002, End: lastYear, Step: 4}, {Start: 2003, End: lastYear, Step: 4}, {Start: lastYear},
		}},
	} {
		months := slices.DeleteFunc(length.months, func(m int) bool { return !slices.Contains(f.Months, m) })
		if len(months) == 0 {
			continue
		}
		days := slices.DeleteFunc(slices.Clone(f.Days), func(day int) bool { return day >= length.days })
		one := c
		one.Month, one.Year, one.DayOfMonth = ranges(months...), length.years, ranges(append(days, length.days)...)
		list = append(list, one)
	}
	return list
}

// ranges gives sorted numbers as few ranges: in steps where three or more lie evenly.
func ranges(numbers ...int) (list []client.ScheduleRange) {
	for i := 0; i < len(numbers); {
		last := i
		step := 0
		if i+1 < len(numbers) {
			step = numbers[i+1] - numbers[i]
		}
		for last+1 < len(numbers) && numbers[last+1]-numbers[last] == step {
			last++
		}
		if last-i < 2 && step != 1 {
			last = i
		}
		r := client.ScheduleRange{Start: numbers[i], End: numbers[last], Step: 1}
		if last > i {
			r.Step = step
		}
		list = append(list, r)
		i = last + 1
	}
	return list
}

func span(from, to int) []client.ScheduleRange {
	return []client.ScheduleRange{{Start: from, End: to, Step: 1}}
}
