package xsd

func indexEnum(enum []string) map[string]bool {
	if len(enum) < 16 {
		return nil
	}
	index := make(map[string]bool, len(enum))
	for _, value := range enum {
		index[value] = true
	}
	return index
}

func lexical(builtin, text string) string { return "" }

// Misfit says why text is no value of a simple type.
type Misfit struct {
	Message string // begins with the text in quotes: `"x" is no whole number`
	Hint    string
}

// Check says why text is no value of the type, nil where it is one. White space is normalised first. Names (QName) are checked as
// {namespace}local, as local, or as they are written.
func (s *Simple) Check(text string) *Misfit { return nil }
