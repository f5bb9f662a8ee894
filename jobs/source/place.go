package source

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// PosAt is where a byte of a scalar's value stands in the file, in plain, quoted, literal and folded scalars. The byte
// after the last is where the value ends. For a list or a mapping it is where the node begins.
func (n *Node) PosAt(offset int) Pos {
	from, _ := n.span(offset, 0)
	return n.file.pos(from)
}

// span gives the bytes of the file that stand for width bytes of the value from offset.
func (n *Node) span(offset, width int) (from, to int) {
	if n.Form() != Scalar {
		return n.start, n.start
	}
	runs := n.align()
	offset = max(0, min(offset, len(n.Text())))
	last := min(offset+width, len(n.Text()))
	from, to = runs.at(offset), runs.at(offset)
	if last > offset {
		to = runs.endOf(last - 1)
	}
	return from, to
}

// end is the byte after the scalar in the file, its closing quote included.
func (n *Node) end() int {
	end := n.align().end()
	if n.yaml.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		end++
	}
	return min(end, len(n.file.Data))
}

// A run is a part of a scalar's value with the part of the file that stands for it. The two are the same bytes when same
// is set, else the one is written as the other: an escape, a folded line break.
type run struct {
	value, valueEnd int
	file, fileEnd   int
	same            bool
}

// An alignment is all of a value in runs, in order. begin is where the content starts in the file.
type alignment struct {
	begin int
	runs  []run
}

// at is where the value's byte at offset stands in the file; after the last byte, the end of the content.
func (a alignment) at(offset int) int {
	for _, r := range a.runs {
		if offset < r.valueEnd {
			if r.same {
				return r.file + offset - r.value
			}
			return r.file
		}
	}
	return a.end()
}

// endOf is where in the file the value's byte at offset is over.
func (a alignment) endOf(offset int) int {
	for _, r := range a.runs {
		if offset < r.valueEnd {
			if r.same {
				return r.file + offset - r.value + 1
			}
			return r.fileEnd
		}
	}
	return a.end()
}

func (a alignment) end() int {
	if len(a.runs) == 0 {
		return a.begin
	}
	return a.runs[len(a.runs)-1].fileEnd
}

// align walks the value and the file side by side.
func (n *Node) align() alignment {
	w := walker{text: n.file.Data, at: n.start, want: n.Text()}
	switch style := n.yaml.Style; {
	case style&yaml.LiteralStyle != 0:
		w.block(false)
	case style&yaml.FoldedStyle != 0:
		w.block(true)
	case style&yaml.DoubleQuotedStyle != 0:
		w.at++
		w.line('"')
	case style&yaml.SingleQuotedStyle != 0:
		w.at++
		w.line('\'')
	default:
		w.line(0)
	}
	begin := n.start
	if n.Text() == "" {
		begin = w.at
	}
	return alignment{begin, w.runs}
}

// A walker reads a scalar as the parser has read it, to learn which bytes of the file became which of the value. It knows
// the value beforehand, so it need not know where the scalar ends; where the two do not agree it stops.
type walker struct {
	text []byte // the file
	at   int    // the next byte of it
	want string // the value
	done int    // how many bytes of it have been found
	runs []run
}

// more says whether there is anything left on both sides.
func (w *walker) more() bool { return w.done < len(w.want) && w.at < len(w.text) }

// same takes n bytes that stand in the file as they are in the value.
func (w *walker) same(n int) bool {
	part := string(w.text[w.at : w.at+n])
	if !strings.HasPrefix(w.want[w.done:], part) {
		return false
	}
	if last := len(w.runs) - 1; last >= 0 && w.runs[last].same && w.runs[last].fileEnd == w.at {
		w.runs[last].valueEnd += n
		w.runs[last].fileEnd += n
	} else {
		w.runs = append(w.runs, run{w.done, w.done + n, w.at, w.at + n, true})
	}
	w.done += n
	w.at += n
	return true
}

// written takes the bytes from..to, which stand for the text in the value.
func (w *walker) written(text string, from, to int) bool {
	if !strings.HasPrefix(w.want[w.done:], text) {
		return false
	}
	if text != "" {
		w.runs = append(w.runs, run{w.done, w.done + len(text), from, to, false})
	}
	w.done += len(text)
	w.at = to
	return true
}

// line walks a plain (quote 0) or quoted scalar.
func (w *walker) line(quote byte) {
	for ok := true; ok && w.more(); {
		c := w.text[w.at]
		switch {
		case isBlank(c) || breakSize(w.text[w.at:]) > 0:
			ok = w.fold()
		case quote == '"' && c == '\\':
			ok = w.escape()
		case quote == '\'' && c == '\'':
			ok = w.written("'", w.at, w.at+2)
		default:
			_, n := utf8.DecodeRune(w.text[w.at:])
			ok = w.same(n)
		}
	}
}

// fold takes blanks, which stand for themselves, or line breaks with the blanks around them: one is a space, of more all
// but the first are kept.
func (w *walker) fold() bool {
	i := w.at
	for i < len(w.text) && isBlank(w.text[i]) {
		i++
	}
	n := breakSize(w.text[min(i, len(w.text)):])
	if n == 0 {
		return w.same(i - w.at)
	}
	first := breakText(w.text[i : i+n])
	rest, end := w.breaks(i + n)
	switch {
	case first != "\n":
		return w.written(first+rest, w.at, end)
	case rest == "":
		return w.written(" ", w.at, end)
	}
	return w.written(rest, w.at, end)
}

// breaks gives the line breaks from i on, and where they and the blanks among them end.
func (w *walker) breaks(i int) (kept string, end int) {
	for i < len(w.text) {
		n := breakSize(w.text[i:])
		if n == 0 && !isBlank(w.text[i]) {
			break
		}
		kept += breakText(w.text[i : i+n])
		i += max(n, 1)
	}
	return kept, i
}

// breakText is what a line break becomes in a value.
func breakText(text []byte) string {
	if len(text) == 3 || len(text) == 0 { // U+2028 and U+2029 stay what they are
		return string(text)
	}
	return "\n"
}

// escapes are the characters that a backslash in double quotes makes another of.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': "\"", '\'': "'", '\\': "\\", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape takes a backslash in double quotes with what belongs to it.
func (w *walker) escape() bool {
	i := w.at + 1
	if n := breakSize(w.text[min(i, len(w.text)):]); n > 0 {
		kept, end := w.breaks(i + n)
		return w.written(kept, w.at, end)
	}
	if i >= len(w.text) {
		return false
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[w.text[i]]
	if digits == 0 {
		return w.written(escapes[w.text[i]], w.at, i+1)
	}
	if i+1+digits > len(w.text) {
		return false
	}
	code, err := strconv.ParseUint(string(w.text[i+1:i+1+digits]), 16, 32)
	return err == nil && w.written(string(rune(code)), w.at, i+1+digits)
}
