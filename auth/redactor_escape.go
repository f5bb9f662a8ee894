package auth

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// isLead says whether a byte can begin an escape. A plus is a space in a form.
func isLead(b byte) bool { return b == '%' || b == '\\' || b == '&' || b == '+' }

// char is one character that was escaped, as UTF-8, or one byte.
type char struct {
	bytes [utf8.UTFMax]byte
	size  int
}

func byteChar(b byte) char { return char{[utf8.UTFMax]byte{b}, 1} }

func runeChar(r rune) char {
	var c char
	c.size = utf8.EncodeRune(c.bytes[:], r)
	return c
}

// entities are the named characters of XML.
var entities = [...]struct {
	name string
	char byte
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}

// unescape reads the escape that s begins with and says how long it is: 0 when there is none, -1 when s ends within it.
func unescape[T text](s T) (char, int) {
	switch s[0] {
	case '+':
		return byteChar(' '), 1
	case '%':
		code, n := hex(s, 1, 2)
		return byteChar(byte(code)), n
	case '\\':
		return unescapeBackslash(s)
	case '&':
		return unescapeEntity(s)
	}
	return char{}, 0
}

// unescapeBackslash reads the escapes of JSON, of JavaScript and of Go's %q.
func unescapeBackslash[T text](s T) (char, int) {
	if len(s) == 1 {
		return char{}, -1
	}
	switch s[1] {
	case 'x':
		code, n := hex(s, 2, 2)
		return byteChar(byte(code)), n
	case 'U':
		code, n := hex(s, 2, 8)
		return runeChar(code), n
	case 'u':
		return unescapeUnit(s)
	}
	if b, ok := shortEscape(s[1]); ok {
		return byteChar(b), 2
	}
	return char{}, 0
}

// unescapeUnit reads \uXXXX: a UTF-16 unit, or two of them for one character.
func unescapeUnit[T text](s T) (char, int) {
	code, n := hex(s, 2, 4)
	if n <= 0 || !utf16.IsSurrogate(code) {
		return runeChar(code), n
	}
	for i, want := range []byte(`\u`) {
		if n+i == len(s) {
			return char{}, -1
		}
		if s[n+i] != want {
			return char{}, 0
		}
	}
	low, n := hex(s, n+2, 4)
	return runeChar(utf16.DecodeRune(code, low)), n
}

// shortEscape gives the character that stands behind a backslash and this letter.
func shortEscape(letter byte) (byte, bool) {
	if i := strings.IndexByte(`"'\/abfnrtv`, letter); i >= 0 {
		return "\"'\\/\a\b\f\n\r\t\v"[i], true
	}
	return 0, false
}

// unescapeEntity reads &name; &#decimal; and &#xhexadecimal;.
func unescapeEntity[T text](s T) (char, int) {
	const longest = len("&#x0010FFFF;")
	part := string(s[:min(len(s), longest)])
	end := strings.IndexByte(part, ';')
	if end < 0 && len(part) < longest {
		return char{}, -1
	}
	if end < 0 {
		return char{}, 0
	}
	for _, e := range entities {
		if part[:end+1] == e.name {
			return byteChar(e.char), end + 1
		}
	}
	if code, ok := charCode(part[1:end]); ok {
		return runeChar(code), end + 1
	}
	return char{}, 0
}

// charCode reads the number of a character reference of XML: #65 or #x41.
func charCode(ref string) (rune, bool) {
	base := 10
	digits, ok := strings.CutPrefix(ref, "#")
	if rest, isHex := strings.CutPrefix(strings.ToLower(digits), "x"); isHex {
		digits, base = rest, 16
	}
	code, err := strconv.ParseUint(digits, base, 21)
	return rune(code), ok && err == nil
}

// hex reads exactly so many hexadecimal digits from a place on. The length it gives counts from the beginning of s, and is
// 0 when they are no digits, -1 when s ends within them.
func hex[T text](s T, from, digits int) (code rune, length int) {
	for i := from; i < from+digits; i++ {
		if i >= len(s) {
			return 0, -1
		}
		digit := strings.IndexByte("0123456789abcdef", s[i]|0x20)
		if digit < 0 {
			return 0, 0
		}
		code = code<<4 | rune(digit)
	}
	return code, from + digits
}
