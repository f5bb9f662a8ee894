package source

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errorIn makes the mistake from byte `from` to byte `to` of the file, with a hint.
func (f *failure) errorIn(from, to int, message, hint string) *Error {
	e := f.errorAt(from, to, "%s", message)
	e.Hint = hint
	return e
}

// here gives the number of the line where the parser gave up, the line, and where in it that was.
func (f *failure) here() (number int, line string, at int) {
	number = f.pos(f.at).Line
	return number, f.line(number), f.at - f.lines[number-1]
}

// char is the character where the parser gave up, "" at the end of the file.
func (f *failure) char() string {
	if f.at >= len(f.Data) {
		return ""
	}
	return string(bytes.Runes(f.Data[f.at:min(len(f.Data), f.at+4)])[0])
}

// lineAbove is the number of the last line above that has more than a comment, 0 when there is none.
func (f *failure) lineAbove(number int) int {
	for number--; number > 0; number-- {
		if text := strings.TrimSpace(f.line(number)); text != "" && text[0] != '#' {
			return number
		}
	}
	return 0
}

// strayColon explains a ": " where no key can end.
func (f *failure) strayColon() *Error {
	number, line, at := f.here()
	start := valueStart(line)
	if above := f.openAbove(number); above > 0 && at > 0 {
		return f.errorIn(f.at, f.at+1, `": " cannot stand in an unquoted expression`,
			"write the expression that begins in line "+strconv.Itoa(above)+` as a block: put ">-" behind the key and all of it below`)
	}
	if at <= start || start >= len(line) {
		return f.deeperKey(number, line, at)
	}
	if strings.IndexByte(`"'`, line[start]) >= 0 {
		return f.afterQuote()
	}
	what := "text"
	if strings.Contains(line[start:], "${") || isCondition(line[:start]) {
		what = "expression"
	}
	return f.errorIn(f.at, f.at+1, `": " cannot stand in an unquoted `+what, inQuotes(line, start, valueEnd(line, start)))
}

// isCondition says whether the value behind this is a bare expression by the rules of the job language.
func isCondition(lead string) bool {
	key := strings.TrimRight(strings.TrimLeft(lead, " -"), ": ")
	return key == "if" || key == "when" || key == "until" || key == "expect"
}

// openAbove is the line above in which an expression begins that is still open at the start of line number, else 0.
func (f *failure) openAbove(number int) int {
	const far = 50
	text := ""
	for above := f.lineAbove(number); above > 0 && above > number-far; above = f.lineAbove(above) {
		line := f.line(above)
		start := valueStart(line)
		value := line[start:]
		text = value + "\n" + text
		if strings.Contains(value, "${") {
			if strings.IndexByte("\"'{[|>", value[0]) < 0 && unclosed(text) {
				return above
			}
			return 0
		}
	}
	return 0
}

// deeperKey explains a key that is indented as if it belonged to the text above, or that follows a line without ":".
func (f *failure) deeperKey(number int, line string, at int) *Error {
	above := f.lineAbove(number)
	text := f.line(above)
	if bare := strings.TrimSpace(text); above > 0 && !strings.Contains(bare, ": ") && !strings.HasSuffix(bare, ":") {
		from := f.lines[above-1] + firstText(text, 0)
		return f.errorIn(from, f.lineEnd(above), `the ":" behind the key is missing`, `write "key: value", or "key:" when the value stands below`)
	}
	from := f.lines[number-1] + firstText(line, 0)
	return f.errorIn(from, f.lines[number-1]+at, "this key stands deeper than the one above it, which has a value already",
		"begin both in the same column; a text that goes on in the next line and has \": \" in it needs quotes")
}

// missingColon explains a line that is neither a key nor a value.
func (f *failure) missingColon() *Error {
	at := f.at
	if f.opened >= 0 {
		at = f.opened
	}
	number := f.pos(at).Line
	if e := f.cutOff(number); e != nil {
		return e
	}
	return f.errorIn(at, f.lineEnd(number), `the ":" behind the key is missing`, `write "key: value", or "key:" when the value stands below`)
}

// cutOff explains a comment in line number or in the one above that cuts an expression off.
func (f *failure) cutOff(number int) *Error {
	for _, n := range []int{number, f.lineAbove(number)} {
		line := f.line(n)
		start := valueStart(line)
		i := strings.Index(line[start:], " #")
		if i < 0 || strings.IndexByte("\"'{[|>", line[start]) >= 0 || !unclosed(line[start:start+i]) {
			continue
		}
		from := f.lines[n-1] + start + i + 1
		return f.errorIn(from, f.lineEnd(n), `" #" begins a comment here and cuts the text before it off`,
			inQuotes(line, start, len(line)))
	}
	return nil
}

// strayText explains what stands where a key or the next item of a list should.
func (f *failure) strayText() *Error {
	number, line, at := f.here()
	if e := f.cutOff(number); e != nil {
		return e
	}
	if at > firstText(line, 0) {
		return f.afterValue(line, at)
	}
	item := strings.HasPrefix(line[at:], "- ")
	same := f.opened >= 0 && f.pos(f.opened).Column == at+1
	switch {
	case same && item:
		return f.errorIn(f.at, f.at+1, `a list item ("- ") cannot stand among the keys of a mapping`, "indent it below the key it belongs to")
	case same:
		return f.errorIn(f.at, f.lineEnd(number), `a key cannot stand among the items of a list`,
			`indent it below the "- " of its item, or give it a "- " of its own`)
	}
	return f.errorIn(f.at, f.lineEnd(number), "the indentation of this line fits no line above it",
		"what belongs together begins in the same column")
}

// afterValue explains text behind a value that is complete.
func (f *failure) afterValue(line string, at int) *Error {
	start := valueStart(line)
	switch c := f.char(); {
	case start < at && strings.IndexByte(`"'`, line[start]) >= 0:
		return f.afterQuote()
	case c == "}" || c == "]":
		return f.errorIn(f.at, f.at+1, "this "+c+" closes nothing", "take it out, or put the whole value in quotes")
	case start < at && strings.IndexByte("[{", line[start]) >= 0:
		return f.errorIn(f.at, f.lineEnd(f.pos(f.at).Line), "text stands behind the closing bracket",
			inQuotes(line, start, valueEnd(line, start)))
	}
	return f.errorIn(f.at, f.lineEnd(f.pos(f.at).Line), "nothing more can stand here", "put the whole value in quotes")
}

func (f *failure) afterQuote() *Error {
	return f.errorIn(f.at, f.lineEnd(f.pos(f.at).Line), "text stands behind the closing quote",
		`put one pair of quotes around the whole value; inside "…" a quote is \", inside '…' it is ''`)
}

func (f *failure) openQuote() *Error {
	quote := string(f.Data[f.opened : f.opened+1])
	return f.errorIn(f.opened, f.opened+1, "the quote that opens here is never closed", "put a "+quote+" where the text ends")
}

func (f *failure) tab() *Error {
	from := f.at
	for from < len(f.Data) && f.Data[from] == ' ' {
		from++
	}
	to := from
	for to < len(f.Data) && f.Data[to] == '\t' {
		to++
	}
	return f.errorIn(from, to, "a tab cannot indent a line", "use spaces")
}

func (f *failure) badStart() *Error {
	_, line, at := f.here()
	switch c := f.char(); c {
	case "\t":
		return f.tab()
	case "", "\n", "\r":
		return f.errorIn(f.at, f.at, "a value is missing here", "")
	default:
		return f.errorIn(f.at, f.at+len(c), "an unquoted value cannot begin with "+c, inQuotes(line, at, valueEnd(line, at)))
	}
}

func (f *failure) strayDash() *Error {
	return f.errorIn(f.at, f.at+1, "a list cannot begin behind a key",
		`put its first "- " in the next line; a text that begins with "- " needs quotes`)
}

// unknownEscape explains a backslash in double quotes. The second parser knows one more escape than the first, and then
// names no place.
func (f *failure) unknownEscape() *Error {
	const slash = `\/`
	at, hint := f.at, `write \\ for a backslash, or put the text in single quotes`
	if !bytes.HasPrefix(f.Data[at:], []byte(`\`)) {
		at += max(0, bytes.Index(f.Data[at:], []byte(slash)))
		hint = "write / without the backslash"
	}
	_, n := utf8.DecodeRune(f.Data[min(at+1, len(f.Data)):])
	end := min(at+1+n, len(f.Data))
	return f.errorIn(at, end, string(f.Data[at:end])+" means nothing in double quotes", hint)
}

func (f *failure) badCode() *Error {
	return f.errorIn(max(f.at-2, 0), f.at, "this escape is no character",
		`\x takes two hexadecimal digits, \u four, \U eight; write \\ for a backslash`)
}

func (f *failure) unknownAnchor() *Error {
	_, line, at := f.here()
	name := strings.FieldsFunc(line[at:]+" ", func(r rune) bool { return strings.ContainsRune(" \t,]}", r) })[0]
	return f.errorIn(f.at, f.at+len(name), "no anchor &"+strings.TrimPrefix(name, "*")+" stands before this alias",
		"a text that begins with * needs quotes")
}

// badName explains * and & in front of what is no name.
func (f *failure) badName() *Error {
	if f.opened >= 0 {
		f.at = f.opened
	}
	return f.badStart()
}

func (f *failure) secondDocument() *Error {
	return f.errorIn(f.at, f.lineEnd(f.pos(f.at).Line), "the document ends here, but the file goes on",
		"a file holds one document: take this line out, or move what comes behind it to a file of its own")
}

func (f *failure) blockIndent() *Error {
	return f.errorIn(f.at, f.at+1, "a block cannot be indented by 0", "leave the number out, or write one from 1 to 9")
}

func (f *failure) blockHeader() *Error {
	return f.errorIn(f.at, f.lineEnd(f.pos(f.at).Line), "only a comment can stand in this line behind | or >",
		"begin the text in the next line")
}

func (f *failure) badVersion() *Error {
	return f.errorIn(f.at, f.lineEnd(f.pos(f.at).Line), "this version of YAML cannot be read", "take the line out: files are YAML 1.2")
}
