package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// How many bytes of a body are shown: where a request is opened, and where it stands beside an error.
const (
	wholeBody = 128 << 10
	firstBody = 1200
)

// messageView is the header and the body of a request or an answer, as text.
type messageView struct {
	Headers []headerLine
	Size    int64
	Body    string // "" where there is nothing to show
	Note    string // that it is no text, was cut, or was not kept
}

// headerLine is one line of a header.
type headerLine struct{ Name, Value string }

// messageOf gives a message as it is shown, with so many bytes of its body.
func messageOf(m steps.Message, atMost int) messageView {
	v := messageView{Size: m.Size, Headers: headerLines(m.Header)}
	v.Body, v.Note = review.Body(m)
	if len(v.Body) > atMost {
		v.Body, v.Note = cutText(v.Body, atMost), "this is the beginning of "+words.Size(max(m.Size, int64(len(m.Body))))
	}
	return v
}

// headerLines gives a header line by line, sorted.
func headerLines(h http.Header) []headerLine {
	var list []headerLine
	for name, values := range h {
		for _, value := range values {
			list = append(list, headerLine{name, words.Clean(value)})
		}
	}
	slices.SortStableFunc(list, func(a, b headerLine) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// cutText gives the beginning of a text, whole characters of it, at the end of a line where one is near.
func cutText(text string, atMost int) string {
	for atMost > 0 && !utf8.RuneStart(text[atMost]) {
		atMost--
	}
	text = text[:atMost]
	if i := strings.LastIndexByte(text, '\n'); i > atMost-200 && i > 0 {
		text = text[:i]
	}
	return text
}
