package web

import (
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/words"
)

const (
	calendarDays = 90
	dayCell      = 22 // how large a day is
	dayGap       = 3
	dayLeft      = 34 // where the weeks begin, beside the names of the days
	dayTop       = 20
)

// calendar is the last days of a job as a picture: a column a week, which begins on Monday.
type calendar struct {
	Width, Height int
	Months        []calendarText
	Weekdays      []calendarText
	Days          []calendarDay
}

// calendarText is a word in the picture.
type calendarText struct {
	X, Y int
	Text string
}

// calendarDay is a day, and how its runs stand.
type calendarDay struct {
	Date         string // 2026-03-29
	X, Y         int
	SignX, SignY int
	Kind, Sign   string
	Says         string // in words
	Link         string // to its runs; "" where there are none
}

// dayCounts is how many runs of one day stand in which way.
type dayCounts map[engine.Status]int

// midnights are when the last days began, the oldest first, and when the next one begins, by the clock of a zone.
func midnights(now time.Time, zone *time.Location) []time.Time {
	y, m, d := now.In(zone).Date()
	list := make([]time.Time, 0, calendarDays+1)
	for i := range calendarDays + 1 {
		list = append(list, time.Date(y, m, d-calendarDays+1+i, 0, 0, 0, 0, zone))
	}
	return list
}

// newCalendar draws days of a job, of which the first began at a time; each has its counts.
func newCalendar(job string, days []time.Time, counts []dayCounts) *calendar {
	c := &calendar{}
	first := weekday(days[0])
	for i, name := range []string{"Mon", "", "Wed", "", "Fri", "", "Sun"} {
		if name != "" {
			c.Weekdays = append(c.Weekdays, calendarText{0, dayTop + i*(dayCell+dayGap) + 15, name})
		}
	}
	month := time.Month(0)
	for i, n := range counts {
		column, row := (first+i)/7, (first+i)%7
		day := dayOf(job, days[i], days[i+1], n)
		day.X, day.Y = dayLeft+column*(dayCell+dayGap), dayTop+row*(dayCell+dayGap)
		day.SignX, day.SignY = day.X+dayCell/2, day.Y+15
		c.Days = append(c.Days, day)
		if m := days[i].Month(); m != month && (row == 0 || i == 0) {
			if month != 0 || days[i].Day() < 20 { // else the next one stands in its way
				c.Months = append(c.Months, calendarText{day.X, 12, m.String()[:3]})
			}
			month = m
		}
		c.Width = day.X + dayCell + dayGap
	}
	c.Height = dayTop + 7*(dayCell+dayGap)
	return c
}

// weekday counts from Monday.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// dayOf is one day.
func dayOf(job string, day, next time.Time, n dayCounts) calendarDay {
	d := calendarDay{Date: day.Format(time.DateOnly), Kind: "none"}
	bad := n[engine.Failed] + n[engine.Interrupted]
	switch ok := n[engine.OK]; {
	case ok > 0 && bad > 0:
		d.Kind, d.Sign = "mixed", "±"
	case bad > 0:
		d.Kind, d.Sign = "failed", mark(engine.Failed)
	case ok > 0:
		d.Kind, d.Sign = "ok", mark(engine.OK)
	case n[engine.Running]+n[engine.Queued] > 0:
		d.Kind, d.Sign = "running", mark(engine.Running)
	case n[engine.Cancelled] > 0:
		d.Kind, d.Sign = "cancelled", mark(engine.Cancelled)
	case n[engine.Skipped] > 0:
		d.Kind, d.Sign = "skipped", mark(engine.Skipped)
	}
	if d.Says = countsInWords(n); d.Says == "" {
		d.Says = "no runs"
		return d
	}
	d.Link = addressOf("/runs", "job", job, "since", day.Format(time.RFC3339), "until", next.Format(time.RFC3339))
	return d
}

// countsInWords says how many runs stand in which way: what is bad first.
func countsInWords(n map[engine.Status]int) string {
	var said []string
	for _, status := range []engine.Status{engine.Failed, engine.Interrupted, engine.Running, engine.Queued, engine.Cancelled, engine.Skipped, engine.OK} {
		if n[status] > 0 {
			said = append(said, fmt.Sprintf("%s %s", words.Thousands(n[status]), statusWord(status)))
		}
	}
	return strings.Join(said, ", ")
}
