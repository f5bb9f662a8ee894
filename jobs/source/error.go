package source

import (
	"fmt"
	"strings"
	"unicode"
)

// Error is a mistake at a place in a file.
type Error struct {
	Pos
	Width   int // how many characters the caret underlines, at least 1
	Message string
	Hint    string // what to do, "" when nothing is to be said
	Warning bool   // the file can be used all the same
	line    string // of the file, without its break
}

// HideLine has the error not show the line: a secret stands there.
func (e *Error) HideLine() { e.line = "" }

// Error gives the place and the message, the line with carets under the place, and the hint:
//
//	jobs/sync.yaml:12:5: unknown key "metod" in rest
//	  12 |     metod: POST
//	     |     ^^^^^
//	     = did you mean "method"?
//
// A mistake that stands in no line of a file has no carets.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Pos.String() + ": ")
	if e.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(e.Message)
	number := fmt.Sprint(e.Line)
	margin := strings.Repeat(" ", len(number))
	if strings.TrimSpace(e.line) != "" {
		shown, carets := e.underline()
		fmt.Fprintf(&b, "\n  %s | %s\n  %s | %s", number, shown, margin, carets)
	}
	if e.Hint != "" {
		hint := strings.ReplaceAll(e.Hint, "\n", "\n  "+margin+"   ")
		fmt.Fprintf(&b, "\n  %s = %s", margin, hint)
	}
	return b.String()
}

// Of a line longer than lineWidth, as many characters are shown, leadWidth of them before the carets.
const (
	lineWidth = 100
	leadWidth = 40
)

// underline gives the line, cut where it is long, and the carets that belong under it.
func (e *Error) underline() (shown, carets string) {
	runes := []rune(strings.TrimRightFunc(e.line, unicode.IsSpace))
	at := min(max(e.Column-1, 0), len(runes))
	from, to := 0, len(runes)
	if to > lineWidth {
		from = max(0, min(at-leadWidth, to-lineWidth))
		to = min(to, from+lineWidth)
	}
	end := min(at+max(e.Width, 1), to)
	lead, marked, rest := display(runes[from:at]), display(runes[at:max(at, end)]), display(runes[max(at, end):to])
	if from > 0 {
		lead = "…" + lead
	}
	if to < len(runes) {
		rest += "…"
	}
	carets = strings.Repeat(" ", cells(lead)) + strings.Repeat("^", max(cells(marked), 1))
	return lead + marked + rest, carets
}

// display makes characters safe to print, one for one but for tabs, which become four spaces.
func display(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default: // a control character would act on the terminal, an invisible one would hide
			b.WriteRune(unicode.ReplacementChar)
		}
	}
	return b.String()
}

// cells is how many columns of a terminal the text takes, close enough to set a caret.
func cells(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
			r >= 0x3000 && r <= 0x303E, r >= 0xFF01 && r <= 0xFF60, r >= 0x1F300 && r <= 0x1FAFF:
			n += 2
		default:
			n++
		}
	}
	return n
}
