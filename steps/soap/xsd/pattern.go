package xsd

import "regexp"

// Pattern is a pattern facet.
type Pattern struct {
	Text   string // as the schema has it
	Regexp *regexp.Regexp
}
