package xsd

import "strings"

// nameStartClass and nameClass are the characters of names, as in a class of a regular expression (XML 1.0, fifth edition, section 2.3).
const (
	nameStartClass = `:A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}` +
		`\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}`
	nameClass = nameStartClass + `\-.0-9\x{B7}\x{300}-\x{36F}\x{203F}-\x{2040}`
)

// isNCName says whether text is a name without a colon.
func isNCName(text string) bool { return isName(text) && !strings.Contains(text, ":") }

// isName says whether text is a name. The first character may be fewer than the others.
func isName(text string) bool {
	for _, r := range text {
		return isNameStart(r) && isNameToken(text)
	}
	return false
}

// isNameToken says whether text has only characters that may stand in a name.
func isNameToken(text string) bool {
	for _, r := range text {
		if !isNameStart(r) && r != '-' && r != '.' && !('0' <= r && r <= '9') && r != 0xB7 &&
			!(0x300 <= r && r <= 0x36F) && r != 0x203F && r != 0x2040 {
			return false
		}
	}
	return text != ""
}

func isNameStart(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_' || r == ':'
	}
	switch {
	case r == 0xD7, r == 0xF7, r == 0x37E:
		return false
	case r < 0xC0, 0x300 <= r && r <= 0x36F, 0x2000 <= r && r <= 0x200B, 0x200E <= r && r <= 0x206F, 0x2190 <= r && r <= 0x2BFF,
		0x2FF0 <= r && r <= 0x3000, 0xD800 <= r && r <= 0xF8FF, 0xFDD0 <= r && r <= 0xFDEF, 0xFFFE <= r && r <= 0xFFFF, r > 0xEFFFF:
		return false
	}
	return true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
