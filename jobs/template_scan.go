package jobs

import "strings"

// piece is a part of a scalar's text: literal text, or the text of an expression with the byte it starts at.
type piece struct {
	literal bool
	text    string
	offset  int
}

// scanError is an expression that has no end, or nothing in it.
type scanError struct {
	offset, width int
	message, hint string
}

// hasExpression says whether a text holds an expression, or the start of one.
func hasExpression(text string) bool { return strings.Contains(text, "${") }

// split takes a text apart. `$${` is a literal `${`.
func split(text string) ([]piece, *scanError) {
	var pieces []piece
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			pieces = append(pieces, piece{literal: true, text: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); {
		next := strings.IndexByte(text[i:], '$')
		if next < 0 {
			literal.WriteString(text[i:])
			break
		}
		literal.WriteString(text[i : i+next])
		i += next
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			literal.WriteString("${")
			i += 3
		case strings.HasPrefix(text[i:], "${"):
			end, err := expressionEnd(text, i+2)
			if err != nil {
				return nil, err
			}
			flush()
			pieces = append(pieces, piece{text: text[i+2 : end], offset: i + 2})
			i = end + 1
		default:
			literal.WriteByte('$')
			i++
		}
	}
	flush()
	return pieces, nil
}

// expressionEnd finds the brace that closes the expression that starts at a byte: quotes, comments and further brackets
// in the expression are gone past.
func expressionEnd(text string, start int) (int, *scanError) {
	depth := 0
	for i := start; i < len(text); {
		switch c := text[i]; {
		case c == '}' && depth == 0:
			if strings.TrimSpace(text[start:i]) == "" {
				return 0, &scanError{start - 2, i - start + 3, "there is no expression in ${ }", "write a value in it, or $${ for ${ itself"}
			}
			return i, nil
		case strings.IndexByte("'\"`", c) >= 0:
			end := quoteEnd(text, i)
			if end < 0 {
				return 0, &scanError{i, 1, "the text that begins here is not closed before the expression ends", "a closing quote is missing"}
			}
			i = end
			continue
		case strings.HasPrefix(text[i:], "//") || strings.HasPrefix(text[i:], "/*"):
			i = commentEnd(text, i)
			continue
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth = max(depth-1, 0)
		}
		i++
	}
	return 0, &scanError{start - 2, 2, "the expression that begins here is not closed", "a } is missing; write $${ for ${ itself"}
}

// quoteEnd gives the byte after a quoted text that starts at a byte, -1 when it has no end.
func quoteEnd(text string, start int) int {
	quote := text[start]
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == '\n' && quote != '`':
			return -1
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}

// commentEnd gives the byte after a comment that starts at a byte.
func commentEnd(text string, start int) int {
	mark := "\n"
	if text[start+1] == '*' {
		mark = "*/"
	}
	end := strings.Index(text[start+2:], mark)
	if end < 0 {
		return len(text)
	}
	return start + 2 + end + len(mark)
}
