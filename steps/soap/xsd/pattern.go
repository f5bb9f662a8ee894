package xsd

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// Pattern is a pattern facet: several of one type are written as one, with | between them.
type Pattern struct {
	Text   string         // as the schema has it
	Regexp *regexp.Regexp // nil where it cannot be expressed, and is not checked
}

// The bounds on what patterns may cost, in states of their machines: of one, and of all in a schema. What is beyond is not checked.
const (
	maxPatternCost  = 10_000
	maxPatternsCost = 1_000_000
)

// maxMatched is the longest text that is held against a pattern, in bytes: a machine's time is that of its states times the text.
const maxMatched = 64 << 10

// fits says whether text matches, as far as that can be told.
func (p Pattern) fits(text string) bool {
	return p.Regexp == nil || len(text) > maxMatched || p.Regexp.MatchString(text)
}

// patternCache compiles patterns, each once.
type patternCache struct {
	known map[string]Pattern
	cost  int
}

func (p *patternCache) compile(text string) Pattern {
	if known, ok := p.known[text]; ok {
		return known
	}
	compiled := Pattern{Text: text}
	if translated, ok := translate(text); ok && p.afford(translated) {
		compiled.Regexp, _ = regexp.Compile(translated)
	}
	if p.known == nil {
		p.known = map[string]Pattern{}
	}
	p.known[text] = compiled
	return compiled
}

// afford counts what a regular expression costs, before it is compiled. It is false where that is too much, or it is none.
func (p *patternCache) afford(expression string) bool {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return false
	}
	cost := states(parsed) + weight(parsed)
	if cost > maxPatternCost || p.cost+cost > maxPatternsCost {
		return false
	}
	p.cost += cost
	return true
}

// states counts the states of the machine for an expression: repeats are written out.
func states(re *syntax.Regexp) int {
	count := 1
	for _, sub := range re.Sub {
		count = min(count+states(sub), maxPatternCost+1)
	}
	if re.Op == syntax.OpRepeat {
		count = min(count*max(re.Min, re.Max, 1), maxPatternCost+1)
	}
	return count
}

// weight counts what the classes of an expression hold. Repeats share them.
func weight(re *syntax.Regexp) int {
	total := len(re.Rune) / 8
	for _, sub := range re.Sub {
		total += weight(sub)
	}
	return total
}

// translate gives a pattern as a regular expression of Go (XSD 1.0 part 2, appendix F): it holds for the whole text, ^ and $ are
// characters like others, and there are classes of its own. It is false where Go has no words for it.
func translate(text string) (string, bool) {
	t := translator{rest: []rune(text)}
	t.out.WriteString(`\A(?:`)
	for len(t.rest) > 0 {
		if !t.atom() {
			return "", false
		}
	}
	t.out.WriteString(`)\z`)
	return t.out.String(), t.open == 0
}

// translator writes one pattern.
type translator struct {
	rest  []rune
	out   strings.Builder
	open  int  // parentheses that are open
	begun bool // something stands before in the branch
}

// next takes a character.
func (t *translator) next() rune {
	r := t.rest[0]
	t.rest = t.rest[1:]
	return r
}

// atom writes what comes next.
func (t *translator) atom() bool {
	start := !t.begun
	t.begun = true
	switch r := t.next(); r {
	case '(':
		t.open++
		t.begun = false
		t.out.WriteString("(?:")
	case ')':
		t.open--
		t.out.WriteByte(')')
		return t.open >= 0
	case '|':
		t.begun = false
		t.out.WriteByte('|')
	case '?', '*', '+':
		t.out.WriteRune(r)
	case '{':
		return t.quantifier()
	case '.':
		t.out.WriteString(`[^\n\r]`)
	case '[':
		class, ok := t.class(0)
		t.out.WriteString(class)
		return ok
	case '\\':
		class, ok := t.escape()
		t.out.WriteString("[" + class + "]")
		return ok
	case '^', '$':
		t.anchor(r, start)
	case ']', '}':
		return false
	default:
		t.out.WriteString(literal(r))
	}
	return true
}

// anchor writes ^ or $. By the specification these are characters; where they stand first or last, whoever wrote the pattern thought
// of other languages, where they say what holds here anyhow. So both are let pass.
func (t *translator) anchor(r rune, start bool) {
	t.out.WriteString(literal(r))
	last := len(t.rest) == 0 || t.rest[0] == '|' || t.rest[0] == ')'
	if r == '^' && start || r == '$' && last {
		t.out.WriteByte('?')
	}
}

// quantifier copies {n}, {n,} or {n,m}.
func (t *translator) quantifier() bool {
	end := 0
	for end < len(t.rest) && t.rest[end] != '}' {
		end++
	}
	if end == len(t.rest) {
		return false
	}
	inside := string(t.rest[:end])
	least, most, _ := strings.Cut(inside, ",")
	if !isDigits(least) || most != "" && !isDigits(most) {
		return false
	}
	t.out.WriteString("{" + inside + "}")
	t.rest = t.rest[end+1:]
	return true
}

// literal writes a character so that it means nothing else, also in a class.
func literal(r rune) string {
	if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == ' ' || r > 0x7F {
		return string(r)
	}
	return `\` + string(r)
}
