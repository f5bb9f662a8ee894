package main

import (
	"strings"

	"snrun/history/review"
	"snrun/history/words"
)

// narrowSchedule is the width below which a page has no place for all times.
const narrowSchedule = 120

// scheduleTable lists jobs, one a line. Columns in which there is nothing are left out.
func scheduleTable(p page, list []review.Job) string {
	rows := [][]string{{"JOB", "NOW", "NEXT", "HERE", "LAST", "WHEN", "RUN"}}
	for i := range list {
		rows = append(rows, scheduleRow(p, &list[i]))
	}
	return p.table(withoutEmpty(rows), func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case list[row-1].Last != nil && strings.TrimSpace(text) == statusWord(list[row-1].Last.Status):
			return p.statusColour(list[row-1].Last.Status, text)
		case column == 1 && list[row-1].Problem != nil && strings.TrimSpace(text) == list[row-1].Now():
			return p.style.yellow(text)
		}
		return text
	})
}

func scheduleRow(p page, r *review.Job) []string {
	row := []string{words.Clean(r.Job), r.Now(), "", "", "", "", ""}
	if r.Next != nil {
		row[2] = review.DueText(*r.Next, r.Next.Second() != 0)
		if local := r.Next.Local(); !sameClock(local, *r.Next) {
			row[3] = local.Format("2006-01-02 15:04")
		}
		if p.width > 0 && p.width < narrowSchedule {
			row[2], row[3] = words.Ago(*r.Next, p.now), ""
		}
	}
	if last := r.Last; last != nil {
		row[4], row[6] = statusWord(last.Status), last.Run
		if when := last.When(); !when.IsZero() {
			row[5] = p.moment(when)
		}
	}
	return row
}

// scheduleNotes say what keeps jobs from running, and what to do about it. What several have in common is said once, and that there is no
// daemon stands above the table.
func scheduleNotes(list []review.Job) string {
	var notes remarks
	for _, r := range list {
		if r.Problem != nil && !strings.HasPrefix(*r.Problem, "no daemon") {
			notes.add(r.Job, *r.Problem, textOf(r.Help))
		}
	}
	return notes.String()
}
