package source

import "strings"

// quote writes a text of one line as a YAML scalar in quotes.
func quote(text string) string {
	if strings.ContainsAny(text, `"\`) {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return `"` + text + `"`
}

// inQuotes is the hint to put the bytes from..to of a line in quotes.
func inQuotes(line string, from, to int) string {
	text := strings.TrimRight(line[from:to], " \t")
	if strings.Contains(text, "${") && unclosed(text) {
		return "put all of it in quotes, down to the line where it ends"
	}
	return hintLine(line[:from] + quote(text) + line[from+len(text):])
}

// hintLine is the hint to write a line in another way.
func hintLine(line string) string { return "write: " + strings.TrimSpace(line) }

// quoteEnd is the byte after the quoted text that begins at i, the line's end when it does not end there.
func quoteEnd(line string, i int) int {
	for j := i + 1; j < len(line); j++ {
		switch {
		case line[i] == '"' && line[j] == '\\':
			j++
		case line[j] == line[i] && line[i] == '\'' && strings.HasPrefix(line[j:], "''"):
			j++
		case line[j] == line[i]:
			return j + 1
		}
	}
	return len(line)
}

// quoteFlow puts in quotes, from byte i of a line on, the unquoted texts that cannot stand in brackets or braces. At i a
// value begins.
func quoteFlow(line string, i int) string {
	var b strings.Builder
	b.WriteString(line[:i])
	value := true // whether what comes next can be no key
	for i < len(line) {
		end := i + 1
		switch c := line[i]; {
		case strings.IndexByte(" \t}]:", c) >= 0:
		case strings.IndexByte(",{[", c) >= 0:
			value = false
		case c == '#':
			end = len(line)
		case c == '"' || c == '\'':
			end = quoteEnd(line, i)
		case !value && keyEnd(line, i) > i:
			end, value = keyEnd(line, i), true
		default:
			end = plainEnd(line, i)
			b.WriteString(quoteWhereNeeded(line[i:end]))
			i = end
			continue
		}
		b.WriteString(line[i:end])
		i = end
	}
	return b.String()
}

func quoteWhereNeeded(text string) string {
	if strings.ContainsAny(text, "{}[]?") || strings.Contains(text, ": ") || strings.Contains(text, ", ") {
		return quote(text)
	}
	return text
}

// keyEnd is the byte after `key: ` at i, i when none stands there.
func keyEnd(line string, i int) int {
	n := strings.IndexAny(line[i:], " \t,{}[]\"'?#")
	if n > 1 && line[i+n-1] == ':' && isBlank(line[i+n]) {
		return i + n
	}
	return i
}

// plainEnd is where the text that begins at i was meant to end: before the comma or bracket that belongs to none of its
// own brackets, or before a comment.
func plainEnd(line string, i int) int {
	open, end := 0, i
	for j := i; j < len(line); j++ {
		c := line[j]
		switch {
		case strings.IndexByte("\"'`", c) >= 0 && open > 0:
			j = quoteEnd(line, j) - 1
		case strings.IndexByte("([{", c) >= 0:
			open++
		case open == 0 && (strings.IndexByte(",]}", c) >= 0 || c == '#' && j > i && isBlank(line[j-1])):
			return end
		case strings.IndexByte(")]}", c) >= 0 && open > 0:
			open--
		}
		if !isBlank(line[min(j, len(line)-1)]) {
			end = min(j+1, len(line))
		}
	}
	return end
}

// expressionEnd is the byte after the } that belongs to the ${ at i.
func expressionEnd(line string, i int) int {
	for j := i + 2; j < len(line); j++ {
		if line[j] == '}' && !unclosed(line[i:j+1]) {
			return j + 1
		}
	}
	return len(line)
}

// valueStart is where, in a line of a block, the value behind "- " and "key: " begins.
func valueStart(line string) int {
	i := firstText(line, 0)
	for strings.HasPrefix(line[i:], "- ") {
		i = firstText(line, i+2)
	}
	n := strings.Index(line[i:], ": ")
	if n < 1 || strings.IndexByte("\"'[{", line[i]) >= 0 || unclosed(line[i:i+n]) || strings.Contains(line[i:i+n], " #") {
		return i
	}
	return firstText(line, i+n+2)
}

// firstText is the first byte from i on that is no blank.
func firstText(line string, i int) int {
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	return i
}

// valueEnd is where the value that begins at i ends: before the comment, unless that stands inside of brackets.
func valueEnd(line string, i int) int {
	for j := i; ; {
		n := strings.Index(line[j:], " #")
		if n < 0 {
			return len(line)
		}
		if !unclosed(line[i : j+n]) {
			return j + n
		}
		j += n + 2
	}
}
