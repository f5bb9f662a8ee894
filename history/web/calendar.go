package web

import (
	"time"

	"snrun/engine"
	"snrun/history/review"
)

const (
	dayCell = 22 // how large a day is
	dayGap  = 3
	dayLeft = 34 // where the weeks begin, beside the names of the days
	dayTop  = 20
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

// newCalendar draws the days of a job, the oldest first.
func newCalendar(job string, days []review.Day) *calendar {
	c := &calendar{}
	for i, name := range []string{"Mon", "", "Wed", "", "Fri", "", "Sun"} {
		if name != "" {
			c.Weekdays = append(c.Weekdays, calendarText{0, dayTop + i*(dayCell+dayGap) + 15, name})
		}
	}
	first, month := 0, time.Month(0)
	for i := range days {
		at := days[i].Began
		if i == 0 {
			first = weekday(at)
		}
		column, row := (first+i)/7, (first+i)%7
		day := dayOf(job, &days[i])
		day.X, day.Y = dayLeft+column*(dayCell+dayGap), dayTop+row*(dayCell+dayGap)
		day.SignX, day.SignY = day.X+dayCell/2, day.Y+15
		c.Days = append(c.Days, day)
		if m := at.Month(); m != month && (row == 0 || i == 0) {
			if month != 0 || at.Day() < 20 { // else the next one stands in its way
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
func dayOf(job string, of *review.Day) calendarDay {
	n := of.Counts
	d := calendarDay{Date: of.Day, Kind: "none", Says: n.Says()}
	switch bad := n.Failed + n.Interrupted; {
	case n.OK > 0 && bad > 0:
		d.Kind, d.Sign = "mixed", "±"
	case bad > 0:
		d.Kind, d.Sign = "failed", mark(engine.Failed)
	case n.OK > 0:
		d.Kind, d.Sign = "ok", mark(engine.OK)
	case n.Running+n.Queued > 0:
		d.Kind, d.Sign = "running", mark(engine.Running)
	case n.Cancelled > 0:
		d.Kind, d.Sign = "cancelled", mark(engine.Cancelled)
	case n.Skipped > 0:
		d.Kind, d.Sign = "skipped", mark(engine.Skipped)
	default:
		d.Says = "no runs"
		return d
	}
	d.Link = addressOf("/runs", "job", job, "since", of.Began.Format(time.RFC3339), "until", of.Ends.Format(time.RFC3339))
	return d
}
