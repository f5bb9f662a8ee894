package xml

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many bytes a name without its prefix, and a prefix, may have. Names are repeated in messages and keys, so one of megabytes would cost much.
const maxName = 1_000

const longName = "a name has %d bytes; the limit is %d"

// written is a name as it stands in the tags of a document, with what it meant where it was last met.
type written struct {
	prefix, local string
	scope         *scope
	space         string
}

func (w *written) full() string {
	if w.prefix == "" {
		return w.local
	}
	return w.prefix + ":" + w.local
}

// in gives the namespace of an element's name, or of an attribute's that has a prefix.
func (w *written) in(s *scope) (string, bool) {
	if w.scope != s || s == nil {
		space, known := s.find(w.prefix)
		if !known {
			return "", false
		}
		w.scope, w.space = s, space
	}
	return w.space, true
}

// declares says whether an attribute of this name declares a namespace.
func (w *written) declares() bool {
	return w.prefix == "xmlns" || w.prefix == "" && w.local == "xmlns"
}

// name reads the name of an element or an attribute (QName of Namespaces in XML 1.0).
func (p *parser) name(of string) (*written, error) {
	from := p.at
	end := p.nameEnd(from)
	if end == len(p.data) {
		return nil, p.ends()
	}
	p.at = end
	tag := p.data[from:end]
	if known, ok := p.names[string(tag)]; ok {
		return known, nil
	}
	prefix, local, hasPrefix := bytes.Cut(tag, []byte(":"))
	if !hasPrefix {
		prefix, local = nil, prefix
	}
	switch longest := max(len(prefix), len(local)); {
	case longest > maxName:
		return nil, p.errorAt(from, longName, longest, maxName)
	case len(tag) == 0:
		return nil, p.errorAt(from, "the name of %s is expected here", of)
	case bytes.Count(tag, []byte(":")) > 1 || hasPrefix && (len(prefix) == 0 || len(local) == 0):
		return nil, p.errorAt(from, "%q is no name: one colon may stand in it, between the prefix and the local name", short(tag))
	case !isName(string(local)) || hasPrefix && !isName(string(prefix)):
		return nil, p.errorAt(from, "%q is no name", short(tag))
	}
	name := &written{prefix: string(prefix), local: string(local)}
	p.names[string(tag)] = name
	return name, nil
}

// nameEnd says where a name ends that begins at a place.
func (p *parser) nameEnd(from int) int {
	for from < len(p.data) && mayBeInName(p.data[from]) {
		from++
	}
	return from
}

func mayBeInName(c byte) bool {
	return c|0x20-'a' < 26 || c >= utf8.RuneSelf || c-'0' <= ':'-'0' || c == '_' || c == '-' || c == '.'
}

// String gives the name as {namespace}local, or as local where it has no namespace.
func (n Name) String() string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// tagName gives the name of an element as it was written.
func (e *Element) tagName() string {
	if e.Prefix == "" {
		return e.Name.Local
	}
	return e.Prefix + ":" + e.Name.Local
}

// blank says whether text is nothing but white space as XML knows it.
func blank[T string | []byte](text T) bool {
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// isName says whether s is a name without a colon (NCName of Namespaces in XML 1.0, by the fifth edition of XML 1.0).
func isName(s string) bool {
	for i, r := range s {
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			continue
		}
		if !unicode.Is(nameStart, r) && (i == 0 || !unicode.Is(nameFurther, r)) {
			return false
		}
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return s != ""
}

var nameStart = &unicode.RangeTable{
	R16: []unicode.Range16{
		{'A', 'Z', 1}, {'_', '_', 1}, {'a', 'z', 1}, {0xC0, 0xD6, 1}, {0xD8, 0xF6, 1}, {0xF8, 0x2FF, 1}, {0x370, 0x37D, 1},
		{0x37F, 0x1FFF, 1}, {0x200C, 0x200D, 1}, {0x2070, 0x218F, 1}, {0x2C00, 0x2FEF, 1}, {0x3001, 0xD7FF, 1},
		{0xF900, 0xFDCF, 1}, {0xFDF0, 0xFFFD, 1},
	},
	R32:         []unicode.Range32{{0x10000, 0xEFFFF, 1}},
	LatinOffset: 5,
}

var nameFurther = &unicode.RangeTable{
	R16: []unicode.Range16{
		{'-', '.', 1}, {'0', '9', 1}, {0xB7, 0xB7, 1}, {0x300, 0x36F, 1}, {0x203F, 0x2040, 1},
	},
	LatinOffset: 3,
}

// ValidName says whether a text can be the local name of an element or an attribute (NCName of Namespaces in XML 1.0).
func ValidName(s string) bool { return isName(s) }

// InvalidChar gives the first character of a text that no document can hold (Char of XML 1.0); false where there is none.
func InvalidChar(s string) (rune, bool) { return illegal(s) }
