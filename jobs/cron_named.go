package jobs

import "time"

// CronFields is what a cron line names, for calendars that are not ours.
type CronFields struct {
	Every    time.Duration // of @every; the rest is empty then
	Minutes  []int         // sorted, as all of these
	Hours    []int
	Days     []int // of the month, without those that L stands for
	Months   []int // 1 is January
	Weekdays []int // 0 is Sunday
	LastDay  bool  // the last day of a month fits as well
	Either   bool  // a day fits by its day of the month or by its weekday; else both must fit
}

// Fields gives what the line names.
func (c *Cron) Fields() CronFields {
	if c.every > 0 {
		return CronFields{Every: c.every}
	}
	return CronFields{
		Minutes: numbersIn(c.spec.Minute), Hours: numbersIn(c.spec.Hour), Days: numbersIn(c.days), Months: numbersIn(c.spec.Month),
		Weekdays: numbersIn(c.spec.Dow), LastDay: c.lastDay, Either: (c.spec.Dom|c.spec.Dow)&starBit == 0,
	}
}

// Fits says whether the line names the day of a time, by the clock of that time's location. @every names none.
func (c *Cron) Fits(day time.Time) bool { return c.every == 0 && c.dayFits(wallOf(day)) }

func numbersIn(bits uint64) []int {
	var list []int
	for i := range 60 {
		if bits&(1<<i) != 0 {
			list = append(list, i)
		}
	}
	return list
}
