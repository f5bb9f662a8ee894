package xsd

import "regexp"

// Pattern is a pattern facet: several of one type are written as one, with | between them.
type Pattern struct {
	Text   string         // as the schema has it
	Regexp *regexp.Regexp // nil where it cannot be expressed, and is not checked
}

// patternCache compiles patterns, each once.
type patternCache struct{ known map[string]Pattern }

func (p *patternCache) compile(text string) Pattern { return Pattern{Text: text} }
