package history

import (
	"strings"
	"unicode/utf8"
)

// PostgreSQL keeps texts in UTF-8, without a zero in them; keys and messages may hold anything. What is none is written as outside, a
// character that means nothing, and two digits.
const (
	outside = "\U0010fffd"
	noByte  = outside + "00"
)

// textFor gives a text as PostgreSQL keeps it.
func textFor(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 && !strings.Contains(text, outside) {
		return text
	}
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		piece := text[i : i+size]
		i += size
		switch {
		case r == 0 || r == utf8.RuneError && size == 1:
			b.WriteString(outside + string(digits[piece[0]>>4]) + string(digits[piece[0]&15]))
		case piece == outside:
			b.WriteString(outside + "--")
		default:
			b.WriteString(piece)
		}
	}
	return b.String()
}

// textOfPostgres gives what textFor was given.
func textOfPostgres(text string) string {
	before, rest, found := strings.Cut(text, outside)
	if !found {
		return text
	}
	var b strings.Builder
	b.WriteString(before)
	for found {
		b.WriteString(meantBy(rest))
		before, rest, found = strings.Cut(rest[min(2, len(rest)):], outside)
		b.WriteString(before)
	}
	return b.String()
}

// meantBy gives what the two digits after outside stand for.
func meantBy(rest string) string {
	const digits = "0123456789abcdef"
	if len(rest) >= 2 {
		hi, lo := strings.IndexByte(digits, rest[0]), strings.IndexByte(digits, rest[1])
		if hi >= 0 && lo >= 0 {
			return string([]byte{byte(hi<<4 | lo)})
		}
	}
	return outside
}
