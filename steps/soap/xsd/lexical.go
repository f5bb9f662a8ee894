package xsd

import "strings"

// lexical says what text should be to be a value of a built-in type, and is not; "" where it is one (XSD 1.0 part 2, section 3). White
// space is normalised already. The bounds of a type are not looked at.
func lexical(builtin, text string) string {
	switch builtin {
	case "boolean":
		return unless(text == "true" || text == "false" || text == "1" || text == "0", "true or false")
	case "decimal":
		return unless(IsDecimal(text, true), "a decimal number such as 1.50")
	case "float", "double":
		return unless(isFloat(text), "a number such as 1.5 or 1.5E3, or INF, -INF or NaN")
	case "duration":
		_, ok := parseDuration(text)
		return unless(ok, "a duration such as P1DT2H30M")
	case "hexBinary":
		return unless(len(text)%2 == 0 && isHex(text), "made of hexadecimal digits in pairs")
	case "base64Binary":
		_, ok := base64Octets(text)
		return unless(ok, "base64")
	case "language":
		return unless(isLanguage(text), "a language such as en or en-US")
	case "NMTOKEN":
		return unless(isNameToken(text), "a name token: letters, digits, and - . _ :")
	case "Name":
		return unless(isName(text), "a name")
	case "NCName", "ID", "IDREF", "ENTITY":
		return unless(isNCName(text), "a name without a colon")
	case "QName", "NOTATION":
		return unless(isQName(text), "a name such as local, prefix:local or {namespace}local")
	}
	if layout := momentLayout(builtin); layout != "" {
		_, ok := parseMoment(layout, text)
		return unless(ok, momentExample(builtin))
	}
	if isInteger(builtin) {
		return unless(IsDecimal(text, false), "a whole number")
	}
	return ""
}

func unless(fits bool, wanted string) string {
	if fits {
		return ""
	}
	return wanted
}

// isInteger says whether a built-in type is integer or derived from it.
func isInteger(builtin string) bool {
	switch builtin {
	case "integer", "nonPositiveInteger", "negativeInteger", "long", "int", "short", "byte", "nonNegativeInteger", "unsignedLong",
		"unsignedInt", "unsignedShort", "unsignedByte", "positiveInteger":
		return true
	}
	return false
}

func withoutSign(text string) string {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		return text[1:]
	}
	return text
}

// IsDecimal says whether text is digits with a sign before them and, with a fraction, a point somewhere.
func IsDecimal(text string, fraction bool) bool {
	whole, rest, point := strings.Cut(withoutSign(text), ".")
	if !point {
		return isDigits(whole)
	}
	return fraction && (whole == "" || isDigits(whole)) && (rest == "" || isDigits(rest)) && whole+rest != ""
}

func isFloat(text string) bool {
	if text == "INF" || text == "-INF" || text == "NaN" {
		return true
	}
	mantissa, exponent, ok := text, "", false
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent, ok = text[:i], text[i+1:], true
	}
	return IsDecimal(mantissa, true) && (!ok || IsDecimal(exponent, false))
}

func isHex(text string) bool {
	for i := range len(text) {
		c := text[i] | 0x20
		if !('0' <= text[i] && text[i] <= '9') && !('a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// base64Octets counts the octets of base64 text, in which white space may stand. It is not ok where the text is none.
func base64Octets(text string) (count int, ok bool) {
	letters, padding := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		case c == '=':
			padding++
		case padding > 0, !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'):
			return 0, false
		default:
			letters++
		}
	}
	return letters * 3 / 4, (letters+padding)%4 == 0 && padding <= 2 && letters%4 != 1
}

func isLanguage(text string) bool {
	for i, part := range strings.Split(text, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for j := range len(part) {
			c := part[j] | 0x20
			if !('a' <= c && c <= 'z') && (i == 0 || part[j] < '0' || part[j] > '9') {
				return false
			}
		}
	}
	return true
}

func isQName(text string) bool {
	if space, local, ok := strings.Cut(text, "}"); ok && strings.HasPrefix(space, "{") {
		return isNCName(local)
	}
	prefix, local, ok := strings.Cut(text, ":")
	if !ok {
		return isNCName(text)
	}
	return isNCName(prefix) && isNCName(local)
}
