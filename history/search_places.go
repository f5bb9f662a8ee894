package history

import (
	"strings"
	"unicode/utf8"

	"snrun/history/words"
)

// placesOf are the places found in one run.
type placesOf struct {
	list []Place
	more bool
	said map[string]bool // the errors and items among them: a step's error is told by its run and its tries, too
}

// judge keeps a text as a place of a run where it holds what is wanted.
func (l *looking) judge(run int64, p passage) {
	found := l.places[run]
	if found != nil && found.more {
		return
	}
	form, from, to, ok := l.wanted.In(p.text)
	if !ok {
		return
	}
	if found == nil {
		found = &placesOf{said: map[string]bool{}}
		l.places[run] = found
	}
	switch {
	case found.knows(p):
	case len(found.list) == l.search.Places:
		found.more = true
	default:
		found.list = append(found.list, Place{
			Where: p.where, Step: p.step, Attempt: p.attempt, Snippet: snippet(form, from, to), Match: words.InLine(form[from:to]),
		})
	}
}

// knows says whether an error was told already, or an item; from here on it was.
func (f *placesOf) knows(p passage) bool {
	var name string
	switch p.where {
	case InError:
		name = p.text
	case InItem:
		name = "item " + p.step
	default:
		return false
	}
	known := f.said[name]
	f.said[name] = true
	return known
}

// How much of a text a snippet has before what was looked for, and in all, in bytes or a little less.
const (
	snippetBefore = 60
	snippetAll    = 200
)

// snippet cuts out of a text what stands around a place, cleaned and in one line.
func snippet(text string, from, to int) string {
	start, end := max(0, from-snippetBefore), len(text)
	for start > 0 && start < from && !utf8.RuneStart(text[start]) {
		start++
	}
	if end > start+snippetAll {
		end = max(to, start+snippetAll)
		for end > to && end < len(text) && !utf8.RuneStart(text[end]) {
			end--
		}
	}
	piece := words.InLine(strings.ToValidUTF8(text[start:end], "\uFFFD"))
	if start > 0 {
		piece = "…" + piece
	}
	if end < len(text) {
		piece += "…"
	}
	return piece
}
