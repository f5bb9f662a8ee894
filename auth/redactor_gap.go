package auth

import "strings"

// The bounds of what stands within a secret and is no part of it.
const (
	maxGaps    = 1000 // in one secret
	maxComment = 200  // bytes of a comment
)

// isGap says whether a byte can begin a gap early in a form: the first bytes of a text are looked at for that, so that a space, which
// stands in every text, is none here.
func isGap(b byte) bool { return b == '<' || b == ']' || b == '\n' || b == '\r' }

// mayGap says whether a byte can begin a gap in this form.
func (f form) mayGap(b byte) bool { return isGap(b) && (f.wraps || b == '<' || b == ']') }

// from is the rest of the form from a byte on.
func (f form) from(i int) form { return form{f.text[i:], f.wraps} }

// gap gives the length of what a text begins with that says nothing, within a secret: in XML the edges of CDATA and comments, and in
// base64 white space; 0 for none, -1 when the text ends within it.
func gap[T text](s T, wraps bool) int {
	switch s[0] {
	case '<':
		if n := marker(s, "<![CDATA["); n != 0 {
			return n
		}
		return comment(s)
	case ']':
		return marker(s, "]]>")
	case ' ', '\t', '\r', '\n':
		if wraps {
			return 1
		}
	}
	return 0
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// marker gives the length of a text that s begins with, 0 where it does not, -1 when s ends within it.
func marker[T text](s T, want string) int {
	for i := range len(want) {
		if i == len(s) {
			return -1
		}
		if s[i] != want[i] {
			return 0
		}
	}
	return len(want)
}

// comment gives the length of the comment that s begins with.
func comment[T text](s T) int {
	const begin, end = "<!--", "-->"
	if n := marker(s, begin); n <= 0 {
		return n
	}
	inside := string(s[len(begin):min(len(s), len(begin)+maxComment)])
	if at := strings.Index(inside, end); at >= 0 {
		return len(begin) + at + len(end)
	}
	if len(inside) < maxComment {
		return -1
	}
	return 0
}
