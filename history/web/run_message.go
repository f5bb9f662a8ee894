package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

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
	Type    string // of the body
	Size    int64
	Body    string // "" where there is nothing to show
	Note    string // that it is no text, was cut, or was not kept
	Cut     bool   // there is more of it on record
}

// headerLine is one line of a header.
type headerLine struct{ Name, Value string }

// messageOf gives a message as it is shown, with so many bytes of its body.
func messageOf(m steps.Message, atMost int) messageView {
	v := messageView{Type: m.Header.Get("Content-Type"), Size: m.Size, Headers: headerLines(m.Header)}
	switch {
	case len(m.Body) == 0 && m.Size > 0:
		v.Note = words.Size(m.Size) + ", which were not kept"
		return v
	case len(m.Body) == 0:
		return v
	case !isText(m.Body):
		v.Note = words.Size(max(m.Size, int64(len(m.Body)))) + " that are no text"
		return v
	}
	text := strings.ToValidUTF8(words.Clean(setIn(m)), "")
	if len(text) > atMost {
		text, v.Cut = cutText(text, atMost), true
		v.Note = "this is the beginning of " + words.Size(max(m.Size, int64(len(m.Body))))
	} else {
		v.Note = missing(m)
	}
	v.Body = text
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

// missing says that a body is not kept to its end, "" where it is. What was masked has another length than what was sent, so there the
// length alone does not tell.
func missing(m steps.Message) string {
	switch {
	case m.Size < 0 || m.Size == int64(len(m.Body)) || json.Valid(m.Body):
		return ""
	case bytes.Contains(m.Body, []byte("***")):
		return words.Size(m.Size) + " in all, before masking"
	}
	return "cut here when it was kept: " + words.Size(m.Size) + " in all"
}

// isText says whether a body, perhaps cut inside a character, is text.
func isText(body []byte) bool {
	for i := 0; i < utf8.UTFMax && len(body) > 0 && !utf8.Valid(body); i++ {
		body = body[:len(body)-1]
	}
	return utf8.Valid(body) && !bytes.ContainsRune(body, 0)
}

// setIn sets JSON in, whole as it is: numbers and the order of keys stay.
func setIn(m steps.Message) string {
	var b bytes.Buffer
	if err := json.Indent(&b, m.Body, "", "  "); err != nil {
		return string(m.Body)
	}
	return b.String()
}
