package main

import (
	"fmt"
	"strings"
	"time"

	"snrun/history/words"
)

// narrowSchedule is the width below which a page has no place for all times.
const narrowSchedule = 120

// scheduleTable lists jobs, one a line. Columns in which there is nothing are left out.
func scheduleTable(p page, list []jobRecord) string {
	rows := [][]string{{"JOB", "NOW", "NEXT", "HERE", "LAST", "WHEN", "RUN"}}
	for i := range list {
		rows = append(rows, list[i].row(p))
	}
	return p.table(withoutEmpty(rows), func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case list[row-1].Last != nil && strings.TrimSpace(text) == statusWord(list[row-1].Last.Status):
			return p.statusColour(list[row-1].Last.Status, text)
		case column == 1 && list[row-1].Problem != nil && strings.TrimSpace(text) == list[row-1].now():
			return p.style.yellow(text)
		}
		return text
	})
}

func (r *jobRecord) row(p page) []string {
	row := []string{words.Clean(r.Job), r.now(), "", "", "", "", ""}
	if r.Next != nil {
		row[2] = dueText(*r.Next, r.Next.Second() != 0)
		if local := r.Next.Local(); !sameClock(local, *r.Next) {
			row[3] = local.Format("2006-01-02 15:04")
		}
		if p.width > 0 && p.width < narrowSchedule {
			row[2], row[3] = words.Ago(*r.Next, p.now), ""
		}
	}
	if last := r.Last; last != nil {
		row[4], row[6] = statusWord(last.Status), last.Run
		for _, t := range []*time.Time{last.Ended, last.Started, last.Due} {
			if t != nil {
				row[5] = p.moment(*t)
				break
			}
		}
	}
	return row
}

// now is how a job stands at this moment, in a word or two.
func (r *jobRecord) now() string {
	var said []string
	switch {
	case r.stillGoes:
		said = append(said, "broken: runs as it was before")
	case r.job == nil:
		said = append(said, "broken")
	case r.Next == nil && r.Paused == nil && len(r.Schedules) > 0:
		said = append(said, "ended")
	}
	if r.Paused != nil {
		said = append(said, "paused")
	}
	if r.Late != nil {
		said = append(said, "late")
	}
	switch n := len(r.Running); {
	case n == 1:
		said = append(said, "running")
	case n > 1:
		said = append(said, fmt.Sprint(n, " running"))
	}
	if n := len(r.Queued); n > 0 {
		said = append(said, fmt.Sprint(n, " queued"))
	}
	return strings.Join(said, ", ")
}

// scheduleNotes say what keeps jobs from running, and what to do about it. What several have in common is said once, and that there is no
// daemon stands above the table.
func scheduleNotes(list []jobRecord) string {
	var notes remarks
	for _, r := range list {
		if r.Problem != nil && !strings.HasPrefix(*r.Problem, "no daemon") {
			notes.add(r.Job, *r.Problem, textOf(r.Help))
		}
	}
	return notes.String()
}
