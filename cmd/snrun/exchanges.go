package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

// bodyLines are the lines of a body: JSON and XML are indented, what is no text only measured.
func bodyLines(m steps.Message) []string {
	switch {
	case len(m.Body) == 0 && m.Size > 0:
		return []string{fmt.Sprintf("(%s, not kept)", words.Size(m.Size))}
	case len(m.Body) == 0:
		return nil
	case !isText(m.Body):
		return []string{fmt.Sprintf("(%s of binary data)", words.Size(max(m.Size, int64(len(m.Body)))))}
	}
	lines := strings.Split(strings.TrimRight(words.Clean(indentBody(m)), "\n"), "\n")
	if rest := missing(m); rest != "" {
		lines = append(lines, rest)
	}
	return lines
}

// missing says that a body is not shown to its end, "" where it is. What was masked has another length than what was sent,
// so there the length alone does not tell.
func missing(m steps.Message) string {
	switch {
	case m.Size < 0 || m.Size == int64(len(m.Body)) || json.Valid(m.Body):
		return ""
	case bytes.Contains(m.Body, []byte("***")):
		return fmt.Sprintf("… %s in all, before masking", words.Size(m.Size))
	}
	return fmt.Sprintf("… cut here, %s in all", words.Size(m.Size))
}

// isText says whether a body, perhaps cut inside a character, is text.
func isText(body []byte) bool {
	for i := 0; i < utf8.UTFMax && len(body) > 0 && !utf8.Valid(body); i++ {
		body = body[:len(body)-1]
	}
	return utf8.Valid(body) && !bytes.ContainsRune(body, 0)
}

// indentBody sets in what JSON or XML a body is.
func indentBody(m steps.Message) string {
	if strings.Contains(m.Header.Get("Content-Type"), "xml") {
		return indentXML(string(m.Body))
	}
	return indentJSON(m.Body)
}

// indentJSON indents a body that is one whole JSON document; its numbers and the order of its keys stay.
func indentJSON(body []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err != nil {
		return string(body)
	}
	return b.String()
}
