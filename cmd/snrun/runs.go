package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
)

// page is where a text for people is written: how wide it may get (0: as wide as it likes), with which style, when.
type page struct {
	style style
	width int
	now   time.Time
}

// runTable lists runs, one a line. On a page of limited width times are relative and the error is cut.
func runTable(p page, runs []engine.Run) string {
	rows := [][]string{{"RUN", "JOB", "STATUS", "STARTED", "TOOK", "TRIGGER", "ATTEMPT", "ERROR"}}
	if slices.ContainsFunc(runs, func(r engine.Run) bool { return r.Error == nil && r.Reason != "" }) {
		rows[0][7] = "WHY"
	}
	for i := range runs {
		rows = append(rows, runRow(p, &runs[i]))
	}
	narrow := p.width > 0 && p.width < 80
	again := slices.ContainsFunc(runs, func(r engine.Run) bool { return r.Attempt > 1 })
	for i, row := range rows {
		switch {
		case narrow: // the others give way to the error
			rows[i] = []string{row[0], row[1], row[2], row[3], row[7]}
		case !again:
			rows[i] = slices.Delete(row, 6, 7)
		}
	}
	return p.table(rows, func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 2:
			return p.statusColour(runs[row-1].Status, text)
		}
		return text
	})
}

func runRow(p page, r *engine.Run) []string {
	started, lasted := p.moment(r.Started), took(r.Started, r.Ended, p.now)
	if review.NeverBegan(r) {
		started, lasted = "due "+p.moment(r.Due), ""
	}
	return []string{r.ID, words.Clean(r.Job), statusWord(r.Status), started, lasted, r.Trigger, fmt.Sprint(max(r.Attempt, 1)), runError(r)}
}

// moment is a time as a column has it: on a page of limited width how long it is away.
func (p page) moment(t time.Time) string {
	if p.width > 0 {
		return words.Ago(t, p.now)
	}
	return t.Local().Format(time.DateTime)
}

// runError is why a run did not end well, or did not begin.
func runError(r *engine.Run) string {
	if r.Error == nil {
		return words.FirstLine(r.Reason)
	}
	if r.Error.Step == "" {
		return words.FirstLine(r.Error.Message)
	}
	return words.Clean(r.Error.Step) + ": " + words.FirstLine(r.Error.Message)
}

// took is how long something lasted, up to now while it goes on.
func took(started, ended, now time.Time) string {
	if ended.IsZero() {
		ended = now
	}
	return words.Span(ended.Sub(started))
}

func (p page) statusColour(s engine.Status, text string) string {
	switch s {
	case engine.OK:
		return p.style.green(text)
	case engine.Failed, engine.InDoubt:
		return p.style.red(text)
	case engine.Interrupted, engine.Cancelled, engine.Waiting:
		return p.style.yellow(text)
	}
	return text
}

// table aligns rows in columns and cuts each line to the page's width. Paint colours a cell once it has its width.
func (p page) table(rows [][]string, paint func(row, column int, text string) string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			text = strings.ReplaceAll(text, "\n", " ") // the name of a file could write lines of its own
			row[i] = text
			widths[i] = max(widths[i], cells(text))
		}
	}
	var b strings.Builder
	for r, row := range rows {
		left := p.width
		for c, text := range row {
			if c < len(row)-1 {
				text = pad(text, widths[c]) + "  "
			}
			if p.width > 0 {
				text = cut(text, left)
				left -= cells(text)
			}
			b.WriteString(paint(r, c, text))
		}
		b.WriteString("\n")
	}
	return trimLines(b.String())
}

// trimLines takes the spaces off the ends of lines.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}
