package source

import "strings"

// Traps finds expressions that YAML has quietly taken apart in a file that it could read:
//
//   - a ": " that made the key of a mapping out of the first half: - ${ x ? a : b }
//   - a " #" that made a comment out of the second half: in: ${ map(xs, #.id) }
//   - a "," that made two values out of one: {when: max(a, b) > 1}
//   - {{ }}, which is a mapping in a mapping
//
// The mistakes are added to the report with the line as it should be. Parse has called it already.
func Traps(root *Node, r *Report) {
	t := traps{r, map[*Node]bool{}}
	t.walk(root)
}

type traps struct {
	report *Report
	seen   map[*Node]bool // of what may stand in several places through an alias
}

func (t traps) walk(n *Node) {
	if n.yaml.Anchor != "" {
		if t.seen[n] {
			return
		}
		t.seen[n] = true
	}
	switch {
	case n.Form() == Scalar:
		t.comment(n)
	case n.Form() == Mapping && n.flow():
		t.keys(n)
		t.commas(n.children)
	case n.Form() == Mapping:
		t.keys(n)
	case n.flow():
		t.commas(n.children)
	}
	for _, c := range n.children {
		t.walk(c)
	}
}

func (t traps) comment(n *Node) {
	comment, ok := n.CutOff()
	if !ok {
		return
	}
	f, at := n.file, n.cutAt()
	e := t.report.Add(f.errorAt(at, at+len(comment), `" #" begins a comment here and cuts the text before it off`))
	e.Hint = "put all of it in quotes"
	if lineStart := f.lines[e.Line-1]; n.start >= lineStart {
		e.Hint = inQuotes(f.line(e.Line), n.start-lineStart, at+len(comment)-lineStart)
	}
}

// CutOff says whether a comment cuts an unquoted scalar off in the middle of an expression, and gives the comment: ` #` begins
// a comment also where it was meant as the element of a predicate, as in all(xs, # > 1).
func (n *Node) CutOff() (comment string, ok bool) {
	at := n.cutAt()
	if at < 0 {
		return "", false
	}
	return string(n.file.Data[at:n.file.lineEnd(n.file.pos(at).Line)]), true
}

// cutAt is where the comment begins that cuts the scalar off, -1 when none does.
func (n *Node) cutAt() int {
	if !n.Plain() || !unclosed(n.Text()) {
		return -1
	}
	text, end := n.file.Data, n.end()
	at := end
	for at < len(text) && isBlank(text[at]) {
		at++
	}
	if at == end || at == len(text) || text[at] != '#' {
		return -1
	}
	return at
}

func (t traps) keys(n *Node) {
	for i := 0; i+1 < len(n.children); i += 2 {
		key := n.children[i]
		if _, twice := key.braces(); twice {
			key.checkKey(t.report)
		}
		if !key.Plain() || !strings.Contains(key.Text(), "${") || !unclosed(key.Text()) {
			continue
		}
		f, at := key.file, key.end()
		e := t.report.Add(f.errorAt(at, at+1, `": " cannot stand in an unquoted expression: YAML takes what is before it for a key`))
		lineStart := f.lines[e.Line-1]
		e.Hint = inQuotes(f.line(e.Line), max(key.start, lineStart)-lineStart, f.lineEnd(e.Line)-lineStart)
	}
}

// commas looks at what stands in one pair of brackets or braces.
func (t traps) commas(parts []*Node) {
	for i, first := range parts {
		if !first.Plain() || !unclosed(first.Text()) {
			continue
		}
		for _, last := range parts[i+1:] {
			if last.Plain() && closes(last.Text()) {
				t.comma(first, last)
				break
			}
		}
	}
}

func (t traps) comma(first, last *Node) {
	f, at := first.file, first.end()
	e := t.report.Add(f.errorAt(at, at+1, `the "," ends the unquoted text %q here`, first.Text()))
	e.Hint = "put all of it in quotes"
	if lineStart := f.lines[e.Line-1]; last.end() <= f.lineEnd(e.Line) && first.start >= lineStart {
		e.Hint = inQuotes(f.line(e.Line), first.start-lineStart, last.end()-lineStart)
	}
}

// unclosed says whether a text ends inside ${ } where it has any, else inside brackets of any kind.
func unclosed(text string) bool { return depth(text) > 0 }

// closes says whether a text closes a bracket that it has not opened.
func closes(text string) bool { return depth(text) < 0 }

// depth is how many brackets are open at the end of a text, or -1 when one more was closed than opened. Brackets in quotes
// do not count, nor does anything outside of ${ } in a text that has them.
func depth(text string) int {
	if !strings.ContainsAny(text, "()[]{}") {
		return 0
	}
	open, quote := 0, byte(0)
	template := strings.Contains(text, "${")
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case template && open == 0:
			switch {
			case strings.HasPrefix(text[i:], "$${"):
				i += 2
			case strings.HasPrefix(text[i:], "${"):
				open, i = 1, i+1
			}
		case strings.IndexByte("\"'`", c) >= 0:
			quote = c
		case strings.IndexByte("([{", c) >= 0:
			open++
		case strings.IndexByte(")]}", c) >= 0:
			if open--; open < 0 {
				return open
			}
		}
	}
	return open
}
