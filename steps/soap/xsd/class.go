package xsd

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubtractions is how many classes may be taken out of each other.
const maxSubtractions = 8

// class writes a class whose [ is taken: [a-z], [^a-z], and [a-z-[aeiou]], which takes characters away.
func (t *translator) class(depth int) (string, bool) {
	negated := len(t.rest) > 0 && t.rest[0] == '^'
	if negated {
		t.next()
	}
	var inside strings.Builder
	for len(t.rest) > 0 {
		switch {
		case t.rest[0] == ']':
			t.next()
			return written(inside.String(), negated)
		case t.rest[0] == '-' && len(t.rest) > 1 && t.rest[1] == '[':
			t.rest = t.rest[2:]
			return t.subtract(inside.String(), negated, depth)
		case t.rest[0] == '[':
			return "", false
		}
		item, ok := t.item()
		if !ok {
			return "", false
		}
		inside.WriteString(item)
	}
	return "", false
}

func written(inside string, negated bool) (string, bool) {
	if negated {
		return "[^" + inside + "]", inside != ""
	}
	return "[" + inside + "]", inside != ""
}

// item writes a character, a range or an escape in a class.
func (t *translator) item() (string, bool) {
	r := t.next()
	if r == '\\' {
		class, ok := t.escape()
		// A hyphen behind \w or the like can only be itself.
		single := utf8.RuneCountInString(class) <= 2
		if !ok || !single || !t.isRange() {
			return class, ok
		}
		return t.rangeFrom(class)
	}
	if r == '-' || !t.isRange() {
		return literal(r), true
	}
	return t.rangeFrom(literal(r))
}

// isRange says whether a range goes on: a hyphen, and neither the end nor a subtraction behind it.
func (t *translator) isRange() bool {
	return len(t.rest) > 1 && t.rest[0] == '-' && t.rest[1] != ']' && t.rest[1] != '['
}

func (t *translator) rangeFrom(from string) (string, bool) {
	t.next()
	r := t.next()
	if r != '\\' {
		return from + "-" + literal(r), true
	}
	to, ok := t.escape()
	return from + "-" + to, ok
}

// subtract reads the class that is taken away, and the end of the class around it.
func (t *translator) subtract(inside string, negated bool, depth int) (string, bool) {
	if depth == maxSubtractions {
		return "", false
	}
	from, ok := written(inside, negated)
	if !ok {
		return "", false
	}
	away, ok := t.class(depth + 1)
	if !ok || len(t.rest) == 0 || t.next() != ']' {
		return "", false
	}
	kept, okKept := runesOf(from)
	gone, okGone := runesOf(away)
	if !okKept || !okGone {
		return "", false
	}
	class := ranges(without(kept, gone))
	return "[" + class + "]", class != ""
}

// runesOf gives the characters of a class as ranges, each two numbers.
func runesOf(class string) ([]rune, bool) {
	parsed, err := syntax.Parse(class, syntax.Perl)
	if err != nil {
		return nil, false
	}
	switch parsed.Op {
	case syntax.OpCharClass:
		return parsed.Rune, true
	case syntax.OpLiteral:
		return []rune{parsed.Rune[0], parsed.Rune[0]}, true
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}, true
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}, true
	}
	return nil, false
}

// without gives the ranges of a that are not in b. Both are in order.
func without(a, b []rune) []rune {
	var left []rune
	for i := 0; i < len(a); i += 2 {
		from, to := a[i], a[i+1]
		for j := 0; j < len(b) && from <= to; j += 2 {
			if b[j+1] < from || b[j] > to {
				continue
			}
			if b[j] > from {
				left = append(left, from, b[j]-1)
			}
			from = b[j+1] + 1
		}
		if from <= to {
			left = append(left, from, to)
		}
	}
	return left
}

func ranges(runes []rune) string {
	var b strings.Builder
	for i := 0; i < len(runes); i += 2 {
		fmt.Fprintf(&b, `\x{%X}-\x{%X}`, runes[i], runes[i+1])
	}
	return b.String()
}

// escape writes what a backslash, which is taken, and the next character mean, as the inside of a class.
func (t *translator) escape() (string, bool) {
	if len(t.rest) == 0 {
		return "", false
	}
	switch r := t.next(); r {
	case 'n', 'r', 't':
		return `\` + string(r), true
	case 's':
		return `\t\n\r `, true
	case 'S':
		return inverse(`\t\n\r `), true
	case 'd':
		return `\p{Nd}`, true
	case 'D':
		return `\P{Nd}`, true
	case 'w':
		return `\p{L}\p{M}\p{N}\p{S}`, true
	case 'W':
		return `\p{P}\p{Z}\p{C}`, true
	case 'i':
		return nameStartClass, true
	case 'I':
		return inverse(nameStartClass), true
	case 'c':
		return nameClass, true
	case 'C':
		return inverse(nameClass), true
	case 'p', 'P':
		return t.property(r == 'P')
	default:
		return literal(r), !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
}

// inverse gives all characters that are not in a class.
func inverse(inside string) string {
	runes, _ := runesOf("[^" + inside + "]")
	return ranges(runes)
}

// property writes \p{L}, a category, or \p{IsGreek}, a block.
func (t *translator) property(negated bool) (string, bool) {
	end := slices.Index(t.rest[:min(len(t.rest), 64)], '}')
	if end < 1 || t.rest[0] != '{' {
		return "", false
	}
	name := string(t.rest[1:end])
	t.rest = t.rest[end+1:]
	block, isBlock := strings.CutPrefix(name, "Is")
	if !isBlock {
		_, known := unicode.Categories[name]
		if negated {
			return `\P{` + name + `}`, known
		}
		return `\p{` + name + `}`, known
	}
	from, to, known := blockOf(block)
	if !known {
		return "", false
	}
	inside := ranges([]rune{from, to})
	if negated {
		inside = inverse(inside)
	}
	return inside, true
}
