package xml

import (
	"bytes"
	stdxml "encoding/xml"
	"strings"
	"unicode"
)

// scanTag looks over a start tag before encoding/xml builds it: so many attributes as would cost much memory, and
// attributes without a space between them, pass there.
func (p *parser) scanTag() error {
	rest := p.data[min(p.start, len(p.data)):]
	if len(rest) < 2 || rest[0] != '<' || bytes.IndexByte([]byte("/!?"), rest[1]) >= 0 {
		return nil
	}
	attributes := 0
	for i := 1; i < len(rest) && rest[i] != '>'; i++ {
		quote := rest[i]
		if quote != '"' && quote != '\'' {
			continue
		}
		end := bytes.IndexByte(rest[i+1:], quote)
		if end < 0 {
			return nil // encoding/xml says what is missing
		}
		i += end + 1
		if attributes++; attributes > p.limits.Attributes {
			return p.errorf("an element has more than %d attributes", p.limits.Attributes)
		}
		if i+1 < len(rest) && !blank(rest[i+1:i+2]) && rest[i+1] != '/' && rest[i+1] != '>' {
			return p.errorAt(p.start+i+1, "a space is missing between two attributes")
		}
	}
	return nil
}

// bind notes the namespaces that an element declares, and gives their prefixes.
func (p *parser) bind(attrs []stdxml.Attr) ([]string, error) {
	var bound []string
	for _, a := range attrs {
		prefix, ok := declared(a.Name)
		if !ok {
			continue
		}
		switch {
		case prefix == "xmlns", (prefix == "xml") != (a.Value == xmlSpace), a.Value == xmlnsSpace:
			return nil, p.errorf("%s=%q: the prefixes xml and xmlns and their namespaces are fixed", tagName(a.Name), a.Value)
		case prefix != "" && a.Value == "":
			return nil, p.errorf("%s=\"\": a prefix cannot stand for no namespace", tagName(a.Name))
		}
		p.bound[prefix] = append(p.bound[prefix], a.Value)
		bound = append(bound, prefix)
	}
	return bound, nil
}

// declared says whether an attribute declares a namespace, and for which prefix.
func declared(n stdxml.Name) (prefix string, ok bool) {
	if n.Space == "xmlns" {
		return n.Local, true
	}
	return "", n.Space == "" && n.Local == "xmlns"
}

// element makes the element of a start tag whose declarations are bound.
func (p *parser) element(token stdxml.StartElement) (*Element, error) {
	name, err := p.resolve(token.Name, true)
	if err != nil {
		return nil, err
	}
	e := &Element{Name: name, Prefix: token.Name.Space}
	if len(token.Attr) == 0 {
		return e, nil
	}
	seen := make(map[stdxml.Name]bool, len(token.Attr))
	expanded := make(map[Name]bool, len(token.Attr))
	for _, a := range token.Attr {
		if seen[a.Name] {
			return nil, p.errorf("the attribute %s stands twice in <%s>", tagName(a.Name), tagName(token.Name))
		}
		seen[a.Name] = true
		if _, ok := declared(a.Name); ok {
			continue
		}
		name, err := p.resolve(a.Name, false)
		if err != nil {
			return nil, err
		}
		if expanded[name] {
			return nil, p.errorf("the attribute %s of %s stands twice in <%s>", name.Local, name.Space, tagName(token.Name))
		}
		expanded[name] = true
		e.Attrs = append(e.Attrs, Attr{Name: name, Prefix: a.Name.Space, Value: a.Value})
	}
	return e, nil
}

// resolve finds the namespace of a name. The default namespace is for elements only.
func (p *parser) resolve(n stdxml.Name, element bool) (Name, error) {
	if strings.Contains(n.Local, ":") {
		return Name{}, p.errorf("%q is no name: one colon may stand in it, between the prefix and the local name", n.Local)
	}
	if !isName(n.Local) || n.Space != "" && !isName(n.Space) {
		return Name{}, p.errorf("%q is no name", tagName(n))
	}
	if n.Space == "" && !element {
		return Name{Local: n.Local}, nil
	}
	spaces := p.bound[n.Space]
	if len(spaces) == 0 {
		return Name{}, p.errorf("the prefix %q of %s is not declared", n.Space, tagName(n))
	}
	return Name{spaces[len(spaces)-1], n.Local}, nil
}

// isName says whether s is a name without a colon (NCName of Namespaces in XML 1.0, by the fifth edition of XML 1.0).
func isName(s string) bool {
	for i, r := range s {
		if !unicode.Is(nameStart, r) && (i == 0 || !unicode.Is(nameFurther, r)) {
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

// illegal gives the first character of s that may not stand in a document (Char of XML 1.0).
func illegal(s string) (rune, bool) {
	for i, r := range s {
		switch {
		case r >= 0x20 && r < 0xFFFE && r != unicode.ReplacementChar, r == '\t', r == '\n', r == '\r', r > 0xFFFF:
		case r == unicode.ReplacementChar && strings.HasPrefix(s[i:], "\uFFFD"):
		default:
			return r, true
		}
	}
	return 0, false
}
