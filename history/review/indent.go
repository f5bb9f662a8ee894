package review

import "strings"

// indentXML sets the tags of an XML text in, each on a line of its own, for people to read. An element with text in it stays as
// it is. The text need be neither whole nor right: it may have been cut.
func indentXML(text string) string {
	var i indenter
	for _, t := range xmlTokens(text) {
		i.add(t)
	}
	return i.b.String()
}

// xmlToken is a piece of an XML text.
type xmlToken struct {
	text  string
	kind  xmlPiece
	whole bool // of a start: all up to its end stays on one line, as there is text in it, or nothing
}

type xmlPiece int

// A lone piece is a comment, an instruction or an element that ends in its own tag.
const (
	xmlText xmlPiece = iota
	xmlStart
	xmlEnd
	xmlLone
)

// indenter writes pieces of XML, line by line.
type indenter struct {
	b     strings.Builder
	open  []bool // the elements around, and whether each stays on one line
	whole int    // how many of them do
}

func (i *indenter) add(t xmlToken) {
	switch t.kind {
	case xmlText:
		if text := strings.TrimSpace(t.text); i.whole > 0 {
			i.b.WriteString(t.text)
		} else if text != "" {
			i.line(text)
		}
	case xmlLone:
		i.line(t.text)
	case xmlStart:
		i.line(t.text)
		keep := t.whole || i.whole > 0
		if i.open = append(i.open, keep); keep {
			i.whole++
		}
	case xmlEnd:
		i.end(t.text)
	}
}

func (i *indenter) end(text string) {
	last := len(i.open) - 1
	if last < 0 {
		i.line(text)
		return
	}
	keep := i.open[last]
	i.open = i.open[:last]
	if !keep {
		i.line(text)
		return
	}
	i.b.WriteString(text)
	i.whole--
}

// deepest is how deep a line is set in at most: what is nested without end must not become a page without end.
const deepest = 20

// line begins a line, unless what stands around stays on one.
func (i *indenter) line(text string) {
	if i.whole == 0 && i.b.Len() > 0 {
		i.b.WriteString("\n" + strings.Repeat("  ", min(len(i.open), deepest)))
	}
	i.b.WriteString(text)
}

// xmlTokens cuts a text into pieces. What has no end is text.
func xmlTokens(text string) []xmlToken {
	var tokens []xmlToken
	var open []int // the starts of the elements around
	var nests []bool
	for text != "" {
		t := nextXML(text)
		text = text[len(t.text):]
		top := len(open) - 1
		switch {
		case t.kind == xmlText && top >= 0 && strings.TrimSpace(t.text) != "":
			tokens[open[top]].whole = true
		case (t.kind == xmlStart || t.kind == xmlLone) && top >= 0:
			nests[top] = true
		case t.kind == xmlEnd && top >= 0:
			tokens[open[top]].whole = tokens[open[top]].whole || !nests[top]
			open, nests = open[:top], nests[:top]
		}
		if t.kind == xmlStart {
			open, nests = append(open, len(tokens)), append(nests, false)
		}
		tokens = append(tokens, t)
	}
	return tokens
}

// nextXML gives the piece that a text begins with.
func nextXML(text string) xmlToken {
	for _, p := range []struct {
		begin, end string
		kind       xmlPiece
	}{{"<!--", "-->", xmlLone}, {"<![CDATA[", "]]>", xmlText}, {"<?", "?>", xmlLone}, {"<!", ">", xmlLone}} {
		if strings.HasPrefix(text, p.begin) {
			if at := strings.Index(text, p.end); at >= 0 {
				return xmlToken{text: text[:at+len(p.end)], kind: p.kind}
			}
			return xmlToken{text: text}
		}
	}
	if text[0] != '<' {
		if at := strings.IndexByte(text, '<'); at > 0 {
			text = text[:at]
		}
		return xmlToken{text: text}
	}
	tag := text[:tagEnd(text)]
	switch {
	case !strings.HasSuffix(tag, ">"):
		return xmlToken{text: tag, kind: xmlLone} // it was cut
	case strings.HasPrefix(tag, "</"):
		return xmlToken{text: tag, kind: xmlEnd}
	case strings.HasSuffix(tag, "/>"):
		return xmlToken{text: tag, kind: xmlLone}
	}
	return xmlToken{text: tag, kind: xmlStart}
}

// tagEnd is where the tag that a text begins with ends: a > in quotes is none.
func tagEnd(text string) int {
	quote := byte(0)
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>':
			return i + 1
		}
	}
	return len(text)
}
