package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// exchangePage is a request with its answer as they went over the wire, secrets masked. What was sent stands behind ">",
// what came back behind "<". Title says which call of which step it was.
func exchangePage(p page, title string, x steps.Exchange) string {
	var b strings.Builder
	if x.Page > 0 {
		title += fmt.Sprintf(", page %d", x.Page)
	}
	b.WriteString(p.style.faint(words.Clean(title)+" at "+localTime(x.Started)) + "\n")
	b.WriteString(p.style.bold(x.Method+" "+words.Clean(x.URL)) + "\n")
	b.WriteString(p.message(">", x.Request))
	b.WriteString(answerLine(p, x) + "\n")
	if x.Status != 0 {
		b.WriteString(p.message("<", x.Response))
	}
	return b.String()
}

func answerLine(p page, x steps.Exchange) string {
	if x.Status == 0 {
		return p.style.red("no answer") + ": " + words.FirstLine(x.Error) + " " + p.style.faint("after "+words.Span(x.Duration))
	}
	text := fmt.Sprintf("%d %s", x.Status, http.StatusText(x.Status))
	if x.Status >= 400 {
		text = p.style.red(text)
	} else {
		text = p.style.green(text)
	}
	return text + " " + p.style.faint("in "+timings(x))
}

func timings(x steps.Exchange) string {
	var parts []string
	for _, t := range []struct {
		name string
		d    time.Duration
	}{{"connect", x.Connect}, {"first byte", x.FirstByte}} {
		if t.d > 0 {
			parts = append(parts, t.name+" "+words.Span(t.d))
		}
	}
	if len(parts) == 0 {
		return words.Span(x.Duration)
	}
	return words.Span(x.Duration) + " (" + strings.Join(parts, ", ") + ")"
}

// message is a header and a body, each line behind a sign.
func (p page) message(sign string, m steps.Message) string {
	var lines []string
	for _, name := range sortedNames(m.Header) {
		for _, value := range m.Header[name] {
			lines = append(lines, p.style.faint(name+": ")+words.Clean(value))
		}
	}
	if body := bodyLines(m); len(body) > 0 {
		lines = append(append(lines, ""), body...)
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight("  "+p.style.faint(sign)+" "+l, " ") + "\n")
	}
	return b.String()
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// bodyLines are the lines of a body, with what is missing of it.
func bodyLines(m steps.Message) []string {
	text, note := review.Body(m)
	switch {
	case text == "" && note == "":
		return nil
	case text == "":
		return []string{"(" + note + ")"}
	}
	lines := strings.Split(text, "\n")
	if note != "" {
		lines = append(lines, "… "+note)
	}
	return lines
}
