package auth

import (
	"slices"
	"strings"
)

// text is what can be searched without copying it.
type text interface{ string | []byte }

// span is a part of a text, from its first byte up to the one behind its last.
type span struct{ from, to int }

// index finds forms of secrets in a text. Nearly every place of a text is dismissed by looking at two or three bytes.
type index struct {
	uses    map[string]int
	byFirst [256][]string // the forms by their first byte
	begin   pairs         // the first and second byte of a text that a form, in any escaping, may stand at
	goOn    pairs         // the second and third, where neither of the first two begins an escape
}

// pairs is a set of pairs of bytes.
type pairs [1 << 16 / 64]uint64

func (p *pairs) has(a, b byte) bool {
	n := uint(a)<<8 | uint(b)
	return p[n/64]&(1<<(n%64)) != 0
}

func (p *pairs) add(a, b byte) {
	n := uint(a)<<8 | uint(b)
	p[n/64] |= 1 << (n % 64)
}

// addNext adds what may follow a byte in a text: the next one of the form, an escape of it, or anything behind the form's end.
func (p *pairs) addNext(a byte, next string) {
	for n := range 256 {
		if b := byte(n); next == "" || next[0] == b || isLead(b) {
			p.add(a, b)
		}
	}
}

func (x *index) add(form string) {
	if x.uses[form]++; x.uses[form] > 1 {
		return
	}
	first := form[0]
	x.byFirst[first] = append(x.byFirst[first], form)
	x.begin.addNext(first, form[1:])
	x.beginEscaped(first)
	if len(form) > 1 {
		x.goOn.addNext(form[1], form[2:])
		return
	}
	for n := range 256 {
		x.goOn.addNext(byte(n), "")
	}
}

// remove leaves the pairs behind: they cost time, and never a match.
func (x *index) remove(form string) {
	if x.uses[form]--; x.uses[form] > 0 {
		return
	}
	delete(x.uses, form)
	list := x.byFirst[form[0]]
	x.byFirst[form[0]] = slices.DeleteFunc(list, func(f string) bool { return f == form })
}

// beginEscaped lets a form begin with an escape of its first byte.
func (x *index) beginEscaped(first byte) {
	for _, digit := range []byte("0123456789abcdefABCDEF") {
		x.begin.add('%', digit)
	}
	x.begin.add('\\', 'u')
	x.begin.add('\\', 'U')
	x.begin.add('\\', 'x')
	x.begin.add('&', '#')
	for b := range 256 {
		if first == ' ' {
			x.begin.add('+', byte(b))
		}
		if char, ok := shortEscape(byte(b)); ok && char == first {
			x.begin.add('\\', byte(b))
		}
	}
	for _, e := range entities {
		if e.char == first {
			x.begin.add('&', e.name[1])
		}
	}
}

// find gives the parts of s that are secrets, in order; what overlaps is one part, so that no tail of one secret shows
// behind another. Where s is not final, it stops at held: what stands there may go on behind the end of s.
func find[T text](x *index, s T, final bool) (spans []span, held int) {
	if len(x.uses) == 0 {
		return nil, len(s)
	}
	for i := 0; i < len(s); i++ {
		if i+1 < len(s) && !x.begin.has(s[i], s[i+1]) {
			continue
		}
		if i+2 < len(s) && !isLead(s[i]) && !isLead(s[i+1]) && !x.goOn.has(s[i+1], s[i+2]) {
			continue
		}
		m := longest(x, s[i:])
		last := len(spans) - 1
		overlaps := last >= 0 && spans[last].to > i
		switch {
		case m.open && !final && overlaps:
			return spans[:last], spans[last].from
		case m.open && !final:
			return spans, i
		case m.found && overlaps:
			spans[last].to = max(spans[last].to, i+m.length)
		case m.found:
			spans = append(spans, span{i, i + m.length})
		}
	}
	return spans, len(s)
}

// cover copies s with each part masked.
func cover[T text](s T, spans []span) []byte {
	out := make([]byte, 0, len(s))
	done := 0
	for _, p := range spans {
		out = append(out, s[done:p.from]...)
		out = append(out, Mask...)
		done = p.to
	}
	return append(out, s[done:]...)
}

// match says whether a form stands at a place, and how long it is there. It is open when the text ended before that could be
// told, or before a longer match could.
type match struct {
	length      int
	found, open bool
}

func (m match) or(other match) match {
	return match{max(m.length, other.length), m.found || other.found, m.open || other.open}
}

// longest gives the longest match at the beginning of s.
func longest[T text](x *index, s T) match {
	best := longestOf(s, x.byFirst[s[0]])
	if !isLead(s[0]) {
		return best
	}
	char, n := unescape(s)
	if n < 0 {
		best.open = true
	}
	if n > 0 && char.bytes[0] != s[0] {
		best = best.or(longestOf(s, x.byFirst[char.bytes[0]]))
	}
	return best
}

func longestOf[T text](s T, forms []string) (best match) {
	for _, form := range forms {
		c := comparison[T]{s: s, form: form}
		c.from(0, 0)
		best = best.or(c.best)
	}
	return best
}

// comparison matches a form at the beginning of a text, each of its characters as it is or escaped in any way.
type comparison[T text] struct {
	s    T
	form string
	best match
	// forks are the places (of the text, of the form) from which both meanings were followed.
	forks map[[2]int]bool
}

// maxForks bounds the time that a text made of nothing but backslashes can take.
const maxForks = 1000

// from compares the text from i on with the form from j on.
func (c *comparison[T]) from(i, j int) {
	for j < len(c.form) {
		if i == len(c.s) {
			c.best.open = true
			return
		}
		raw := c.s[i] == c.form[j]
		if !isLead(c.s[i]) {
			if !raw {
				return
			}
			i, j = i+1, j+1
			continue
		}
		char, n := unescape(c.s[i:])
		escaped := n > 0 && strings.HasPrefix(c.form[j:], string(char.bytes[:char.size]))
		c.best.open = c.best.open || n < 0
		switch {
		case raw && escaped && c.fork(i, j):
			c.from(i+n, j+char.size)
			i, j = i+1, j+1
		case raw:
			i, j = i+1, j+1
		case escaped:
			i, j = i+n, j+char.size
		default:
			return
		}
	}
	c.best = c.best.or(match{length: i, found: true})
}

// fork says whether both meanings of a place are to be followed. It says so once.
func (c *comparison[T]) fork(i, j int) bool {
	if c.forks[[2]int{i, j}] || len(c.forks) == maxForks {
		return false
	}
	if c.forks == nil {
		c.forks = make(map[[2]int]bool)
	}
	c.forks[[2]int{i, j}] = true
	return true
}
