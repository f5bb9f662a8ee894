package xsd

import "strings"

// Normal gives text with its white space as the type wants it (XSD 1.0 part 2, section 4.3.6).
func (s *Simple) Normal(text string) string {
	switch s.Facets.WhiteSpace {
	case "replace":
		return replaceSpace(text)
	case "collapse":
		return collapse(text)
	}
	return text
}

func replaceSpace(text string) string {
	if !strings.ContainsAny(text, "\t\n\r") {
		return text
	}
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(text)
}

// collapse gives text with single spaces between its words. Most text has nothing to collapse.
func collapse(text string) string {
	if !spaced(text) {
		return text
	}
	text = strings.Trim(text, " \t\n\r")
	if !strings.ContainsAny(text, "\t\n\r") && !strings.Contains(text, "  ") {
		return text
	}
	return strings.Join(Fields(text), " ")
}

// spaced says whether there is white space in a text.
func spaced(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			return true
		}
	}
	return false
}

// Fields gives the words between XML's white space, which is less than Unicode's.
func Fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' })
}
