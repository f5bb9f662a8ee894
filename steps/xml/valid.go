package xml

// ValidName says whether a text can be the local name of an element or an attribute (NCName of Namespaces in XML 1.0).
func ValidName(s string) bool { return isName(s) }

// InvalidChar gives the first character of a text that no document can hold (Char of XML 1.0); false where there is none.
func InvalidChar(s string) (rune, bool) { return illegal(s) }
