package main

import (
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/words"
)

// page is where a text for people is written: how wide it may get (0: as wide as it likes), with which style, when.
type page struct {
	style style
	width int
	now   time.Time
}

// moment is a time as a column has it: on a page of limited width how long it is away.
func (p page) moment(t time.Time) string {
	if p.width > 0 {
		return words.Ago(t, p.now)
	}
	return t.Local().Format(time.DateTime)
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
