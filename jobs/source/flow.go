package source

import "strings"

// brokenFlow explains what stands where a comma or the closing bracket should.
func (f *failure) brokenFlow() *Error {
	start := f.element()
	number, line, at := f.here()
	lineStart := f.lines[number-1]
	if c := f.char(); start >= lineStart && start < f.at && c != "" && strings.Contains("{[?:", c) && !isQuote(f.Data[start]) {
		hint := hintLine(quoteFlow(line, start-lineStart))
		if c == "{" && line[at-1] == '$' {
			return f.errorIn(f.at-1, lineStart+expressionEnd(line, at-1), "an expression inside { } or [ ] must be in quotes", hint)
		}
		if c == ":" {
			c = `": "`
		}
		return f.errorIn(f.at, f.at+1, c+" cannot stand in an unquoted text inside { } or [ ]", hint)
	}
	if f.at >= len(f.Data) || number > f.pos(f.opened).Line && !f.indented(number) {
		bracket := string(f.Data[f.opened : f.opened+1])
		closing := map[string]string{"{": "}", "[": "]"}[bracket]
		return f.errorIn(f.opened, f.opened+1, "the "+bracket+" that opens here is never closed", "put a "+closing+" where it ends")
	}
	if start < lineStart {
		above := f.lineAbove(number)
		return f.errorIn(f.lineEnd(above), f.lineEnd(above), "a comma is missing at the end of this line", "inside { } and [ ] commas stand between the values")
	}
	return f.errorIn(f.at, f.at, "a comma is missing before this", "inside { } and [ ] commas stand between the values")
}

// element is where the value begins, of those in the brackets, in which the parser gave up.
func (f *failure) element() int {
	text := string(f.Data[f.opened+1 : max(f.at, f.opened+1)])
	start := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case start == i && strings.IndexByte(" \t\r\n", c) >= 0:
			start++
		case start == i && isQuote(c):
			i = quoteEnd(text, i) - 1
		case strings.IndexByte(",{}[]", c) >= 0, strings.HasPrefix(text[i:], ": "):
			start = i + 1
		}
	}
	return f.opened + 1 + start
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// indented says whether a line stands deeper than the one in which the bracket opens.
func (f *failure) indented(number int) bool {
	opening := f.line(f.pos(f.opened).Line)
	return firstText(f.line(number), 0) > firstText(opening, 0)
}
