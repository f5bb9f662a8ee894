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
	uses    map[form]int
	byFirst [256][]form // the forms by their first byte
	begin   pairs       // the first and second byte of a text that a form, in any escaping, may stand at
	goOn    pairs       // the second and third, where neither of the first two begins an escape
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

// addNext adds what may follow a byte in a text: the next one of the form, an escape of it, a gap, or anything behind the form's end.
func (p *pairs) addNext(a byte, next form) {
	for n := range 256 {
		if b := byte(n); next.text == "" || next.text[0] == b || isLead(b) || next.mayGap(b) {
			p.add(a, b)
		}
	}
}

func (x *index) add(f form) {
	if x.uses[f]++; x.uses[f] > 1 {
		return
	}
	first := f.text[0]
	x.byFirst[first] = append(x.byFirst[first], f)
	x.begin.addNext(first, f.from(1))
	x.beginEscaped(first)
	if len(f.text) > 1 {
		x.goOn.addNext(f.text[1], f.from(2))
		return
	}
	for n := range 256 {
		x.goOn.addNext(byte(n), form{})
	}
}

// remove leaves the pairs behind: they cost time, and never a match.
func (x *index) remove(f form) {
	if x.uses[f]--; x.uses[f] > 0 {
		return
	}
	delete(x.uses, f)
	list := x.byFirst[f.text[0]]
	x.byFirst[f.text[0]] = slices.DeleteFunc(list, func(other form) bool { return other == f })
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
		if i+2 < len(s) && !isLead(s[i]) && !isLead(s[i+1]) && !isGap(s[i+1]) && !x.goOn.has(s[i+1], s[i+2]) {
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

func longestOf[T text](s T, forms []form) (best match) {
	for _, f := range forms {
		c := comparison[T]{s: s, form: f.text, wraps: f.wraps}
		c.from(0, 0)
		best = best.or(c.best)
	}
	return best
}

// comparison matches a form at the beginning of a text, each of its characters as it is or escaped in any way.
type comparison[T text] struct {
	s     T
	form  string
	wraps bool
	best  match
	gaps  int // that were passed over
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
			n := 1
			if raw {
				j++
			} else if b := c.s[i]; b > ' ' && b != '<' && b != ']' { // the most frequent case
				return
			} else if n = c.gap(i, j); n == 0 {
				return
			}
			i += n
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
		case c.wraps && j > 0 && n > 0 && char.size == 1 && isSpace(char.bytes[0]):
			i += n
		default:
			return
		}
	}
	c.best = c.best.or(match{length: i, found: true})
}

// gap gives the length of the gap that stands in the text, within the form; 0 for none.
func (c *comparison[T]) gap(i, j int) int {
	if j == 0 || c.gaps == maxGaps {
		return 0
	}
	c.gaps++
	n := gap(c.s[i:], c.wraps)
	c.best.open = c.best.open || n < 0
	return max(n, 0)
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
