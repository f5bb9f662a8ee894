package xml

import (
	"bytes"
	"regexp"
	"unicode/utf8"
)

// legal gives the place of the first byte that does not belong to a character of XML (Char, section 2.2) in UTF-8, or the end.
func legal[T string | []byte](text T) int {
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		if !isChar(r) || r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// isChar says whether a character may stand in a document.
func isChar(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xD800:
		return true
	}
	return r > 0xDFFF && r != 0xFFFE && r != 0xFFFF && r <= utf8.MaxRune
}

// illegal gives the first character of s that may not stand in a document; U+FFFD for a byte that is no UTF-8.
func illegal(s string) (rune, bool) {
	at := legal(s)
	r, _ := utf8.DecodeRuneInString(s[at:])
	return r, at < len(s)
}

// xmlDeclaration is what may stand between <?xml and ?> (section 2.8).
var xmlDeclaration = regexp.MustCompile(`^\s+version\s*=\s*(?:"([^"]*)"|'([^']*)')` +
	`(?:\s+encoding\s*=\s*(?:"[A-Za-z][A-Za-z0-9._-]*"|'[A-Za-z][A-Za-z0-9._-]*'))?` +
	`(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*$`)

// declaration reads the XML declaration, if there is one.
func (p *parser) declaration() error {
	rest, found := bytes.CutPrefix(p.data, []byte("<?xml"))
	if !found || len(rest) > 0 && mayBeInName(rest[0]) {
		return nil
	}
	// It is short. A limit keeps a hostile one from being read again and again.
	end := bytes.Index(rest[:min(len(rest), 1024)], []byte("?>"))
	if end < 0 && len(rest) < 1024 {
		return p.ends()
	}
	parts := xmlDeclaration.FindSubmatch(rest[:max(end, 0)])
	if parts == nil {
		return p.errorAt(0, `the XML declaration is not well formed; it is <?xml version="1.0" encoding="…" standalone="…"?>, where the last two may be left out`)
	}
	if version := string(parts[1]) + string(parts[2]); version != "1.0" {
		return p.errorAt(0, "the document is XML %s; only 1.0 can be read", short(version))
	}
	p.at = len("<?xml") + end + len("?>")
	return nil
}

// decode appends the text between two places: references stand for their characters, line ends are \n (sections 2.11 and 4.1).
func (p *parser) decode(out []byte, from, to int) ([]byte, error) {
	for from < to {
		n := bytes.IndexByte(p.data[from:to], '&')
		if n < 0 {
			return appendLines(out, p.data[from:to]), nil
		}
		out = appendLines(out, p.data[from:from+n])
		r, end, err := p.reference(from+n, to)
		if err != nil {
			return out, err
		}
		out = utf8.AppendRune(out, r)
		from = end
	}
	return out, nil
}

// appendLines appends text with \n for each end of a line.
func appendLines(out, text []byte) []byte {
	for {
		n := bytes.IndexByte(text, '\r')
		if n < 0 {
			return append(out, text...)
		}
		out = append(append(out, text[:n]...), '\n')
		text = bytes.TrimPrefix(text[n+1:], []byte{'\n'})
	}
}

// decodeValue appends the value of an attribute: white space becomes spaces, but for that which references stand for.
func (p *parser) decodeValue(out []byte, from, to int) ([]byte, error) {
	for i := from; i < to; i++ {
		switch c := p.data[i]; c {
		case '\r', '\n', '\t':
			if c == '\r' && p.data[i+1] == '\n' {
				i++
			}
			out = append(out, ' ')
		case '&':
			r, end, err := p.reference(i, to)
			if err != nil {
				return out, err
			}
			out = utf8.AppendRune(out, r)
			i = end - 1
		default:
			out = append(out, c)
		}
	}
	return out, nil
}

// reference gives the character that a reference stands for, and where it ends (sections 4.1 and 4.6).
func (p *parser) reference(at, to int) (rune, int, error) {
	n := bytes.IndexByte(p.data[at:to], ';')
	if n < 0 {
		return 0, 0, p.errorAt(at, "a & stands alone; write &amp;")
	}
	name, end := p.data[at+1:at+n], at+n+1
	switch string(name) {
	case "lt":
		return '<', end, nil
	case "gt":
		return '>', end, nil
	case "amp":
		return '&', end, nil
	case "quot":
		return '"', end, nil
	case "apos":
		return '\'', end, nil
	}
	digits, isNumber := bytes.CutPrefix(name, []byte("#"))
	r, ok := number(digits)
	switch {
	case !isNumber || !ok:
		return 0, 0, p.errorAt(at, "&%s; cannot be read; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can", short(name))
	case !isChar(r):
		return 0, 0, p.errorAt(at, "&%s; stands for the character %U, which cannot stand in XML", short(name), r)
	}
	return r, end, nil
}

// number reads the digits of a character reference, with an x before them where they are hexadecimal.
func number(digits []byte) (rune, bool) {
	digits, isHex := bytes.CutPrefix(digits, []byte("x"))
	base := rune(10)
	if isHex {
		base = 16
	}
	var r rune
	for _, c := range digits {
		var d rune
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case isHex && c|0x20 >= 'a' && c|0x20 <= 'f':
			d = rune(c|0x20-'a') + 10
		default:
			return 0, false
		}
		r = min(r*base+d, utf8.MaxRune+1)
	}
	return r, len(digits) > 0
}
