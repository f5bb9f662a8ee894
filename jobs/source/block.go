package source

import "strings"

// block walks a literal or folded scalar from its mark on.
func (w *walker) block(folded bool) {
	w.skipLine()
	b := blockLines{walker: w, folded: folded, indent: w.blockIndent(), breakAt: w.at}
	for b.next() {
	}
	// What is left are the line breaks at the end: they all stand where the last line ends.
	if rest := w.want[w.done:]; strings.Trim(rest, "\n") == "" {
		w.written(rest, b.breakAt, b.breakAt)
	}
}

// skipLine goes to the start of the next line.
func (w *walker) skipLine() {
	for w.at < len(w.text) {
		n := breakSize(w.text[w.at:])
		w.at += max(n, 1)
		if n > 0 {
			return
		}
	}
}

// blockIndent is how many spaces of each line do not belong to the value: as many as the first line that is not empty has
// more of in the file than in the value. It needs no indentation of what stands around the block.
func (w *walker) blockIndent() int {
	value := strings.TrimLeft(w.want, "\n")
	first := walker{text: w.text, at: w.at}
	for range len(w.want) - len(value) {
		first.skipLine()
	}
	inFile := 0
	for i := first.at; i < len(w.text) && w.text[i] == ' '; i++ {
		inFile++
	}
	inValue := len(value) - len(strings.TrimLeft(value, " "))
	return max(0, inFile-inValue)
}

// blockLines goes through the lines of a block.
type blockLines struct {
	*walker
	folded  bool
	indent  int
	breakAt int    // where the line before ended
	ended   string // what its break is as text, "" before the first line
	blank   bool   // whether it began with a blank: such lines are not folded
}

// next takes the empty lines before the next line with text, and that line. It says whether there was one.
func (b *blockLines) next() bool {
	kept, ok := b.emptyLines()
	if !ok || !b.more() {
		return false
	}
	blank := isBlank(b.text[b.at])
	between := b.ended + kept
	if b.folded && !b.blank && !blank && b.ended == "\n" {
		between = kept
		if kept == "" {
			between = " "
		}
	}
	if !b.written(between, b.breakAt, b.at) {
		return false
	}
	end := b.at
	for end < len(b.text) && breakSize(b.text[end:]) == 0 {
		end++
	}
	if !b.same(end - b.at) {
		return false
	}
	n := breakSize(b.text[end:])
	b.breakAt, b.ended, b.blank = end, breakText(b.text[end:end+n]), blank
	b.at = end + n
	return true
}

// emptyLines takes lines without text and the next line's indentation, and gives the breaks among them. It is not ok when
// the next line is indented less than the block is.
func (b *blockLines) emptyLines() (kept string, ok bool) {
	for {
		spaces := 0
		for spaces < b.indent && b.at < len(b.text) && b.text[b.at] == ' ' {
			spaces++
			b.at++
		}
		n := breakSize(b.text[b.at:])
		if n == 0 {
			return kept, spaces == b.indent
		}
		kept += breakText(b.text[b.at : b.at+n])
		b.at += n
	}
}
