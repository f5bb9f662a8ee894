package phrases

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// formsOf gives the forms in which a text is looked through: as it is, and where it has escapes of JSON or of URLs, without these. What
// a person looks for is INC17, not 3DINC17 or nINC17.
func formsOf(text string) []string {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '\\') < 0 {
		return []string{text}
	}
	if plain := unescaped(text); plain != text {
		return []string{text, plain}
	}
	return []string{text}
}

// unescaped gives a text without the escapes of JSON and of URLs. What is none stays as it is.
func unescaped(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		plain, taken := "", 0
		switch text[0] {
		case '%':
			plain, taken = percent(text)
		case '\\':
			plain, taken = backslash(text)
		}
		if taken == 0 {
			plain, taken = text[:1], 1
		}
		b.WriteString(plain)
		text = text[taken:]
	}
	return b.String()
}

// percent gives what the escape that a text begins with stands for, and its length: 0 where it is none.
func percent(text string) (plain string, taken int) {
	if len(text) < 3 {
		return "", 0
	}
	c, err := strconv.ParseUint(text[1:3], 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(c)}), 3
}

// backslash does so for an escape of JSON.
func backslash(text string) (plain string, taken int) {
	if len(text) < 2 {
		return "", 0
	}
	switch text[1] {
	case '"', '\\', '/':
		return text[1:2], 2
	case 'n', 't', 'r', 'b', 'f':
		return " ", 2
	case 'u':
		return codeUnit(text)
	}
	return "", 0
}

// codeUnit does so for one of \u, or two that make a rune.
func codeUnit(text string) (plain string, taken int) {
	first, ok := hex4(text)
	if !ok {
		return "", 0
	}
	if second, ok := hex4(text[6:]); ok && first>>10 == 0xd800>>10 && second>>10 == 0xdc00>>10 {
		return string(0x10000 + (first-0xd800)<<10 + (second - 0xdc00)), 12
	}
	return string(first), 6
}

// hex4 reads \uXXXX.
func hex4(text string) (r rune, ok bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return utf8.RuneError, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}
