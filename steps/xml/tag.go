package xml

import "bytes"

// attribute is an attribute, or a declaration of a namespace, in the start tag that is being read.
type attribute struct {
	name     *written
	at       int // where it begins
	from, to int // its value
	plain    bool
}

// startTag reads a start tag or an empty element (section 3.1).
func (p *parser) startTag() error {
	start := p.at
	if err := p.mayOpen(); err != nil {
		return err
	}
	p.at++
	name, err := p.name("an element")
	if err != nil {
		return err
	}
	tag := p.data[start+1 : p.at]
	p.tag = p.tag[:0]
	for {
		spaced := p.space()
		if p.at == len(p.data) {
			return p.ends()
		}
		switch c := p.data[p.at]; {
		case c == '>':
			p.at++
			return p.open(start, tag, name)
		case c == '/' && p.at+1 == len(p.data):
			return p.ends()
		case c == '/' && p.data[p.at+1] == '>':
			if err := p.open(start, tag, name); err != nil {
				return err
			}
			p.at += 2
			p.close()
			return nil
		case c == '/':
			return p.errorAt(p.at, "/ stands in a tag; it may only end one, as />")
		case !spaced && len(p.tag) > 0:
			return p.errorAt(p.at, "a space is missing between two attributes")
		}
		if err := p.attribute(start); err != nil {
			return err
		}
	}
}

// mayOpen says why no element may begin here.
func (p *parser) mayOpen() error {
	if p.nodes++; p.nodes > p.limits.Nodes {
		return p.tooManyNodes(p.at)
	}
	if len(p.stack) == p.limits.Depth {
		return p.errorAt(p.at, "elements lie more than %d deep", p.limits.Depth)
	}
	if len(p.stack) == 0 && p.root != nil {
		end := p.nameEnd(p.at + 1)
		return p.errorAt(p.at, "a second root element, <%s>; a document has one", short(p.data[p.at+1:end]))
	}
	return nil
}

func (p *parser) tooManyNodes(at int) error {
	return p.errorAt(at, "the document has more than %d elements and attributes", p.limits.Nodes)
}

// attribute reads an attribute of the tag that begins at start.
func (p *parser) attribute(start int) error {
	if p.nodes++; p.nodes > p.limits.Nodes {
		return p.tooManyNodes(start)
	}
	if len(p.tag) == p.limits.Attributes {
		return p.errorAt(start, "an element has more than %d attributes", p.limits.Attributes)
	}
	a := attribute{at: p.at, plain: true}
	var err error
	if a.name, err = p.name("an attribute"); err != nil {
		return err
	}
	p.space()
	if p.at < len(p.data) && p.data[p.at] != '=' {
		return p.errorAt(p.at, "the attribute %s has no value; write %[1]s=\"…\"", short(a.name.full()))
	}
	p.at++
	p.space()
	if p.at >= len(p.data) {
		return p.ends()
	}
	quote := p.data[p.at]
	if quote != '"' && quote != '\'' {
		return p.errorAt(p.at, "the value of the attribute %s has no quotes; write %[1]s=\"…\"", short(a.name.full()))
	}
	a.from = p.at + 1
	for a.to = a.from; a.to < len(p.data); a.to++ {
		switch p.data[a.to] {
		case quote:
			p.at = a.to + 1
			p.tag = append(p.tag, a)
			return nil
		case '<':
			return p.errorAt(a.to, "< stands in the value of an attribute; write &lt;")
		case '&', '\r', '\n', '\t':
			a.plain = false
		}
	}
	return p.ends()
}

// space goes on behind white space, and says whether there was any.
func (p *parser) space() bool {
	from := p.at
	for p.at < len(p.data) && blank(p.data[p.at:p.at+1]) {
		p.at++
	}
	return p.at > from
}

// value gives what an attribute holds, normalised (section 3.3.3).
func (p *parser) value(a *attribute) (string, error) {
	if a.plain {
		return string(p.data[a.from:a.to]), nil
	}
	var err error
	if p.scratch, err = p.decodeValue(p.scratch[:0], a.from, a.to); err != nil {
		return "", err
	}
	return string(p.scratch), nil
}

// open makes the element of a start tag that is read.
func (p *parser) open(start int, tag []byte, name *written) error {
	e := p.room.Element()
	if len(p.stack) > 0 {
		e.scope = p.stack[len(p.stack)-1].element.scope
	}
	if p.places {
		p.line = p.line.forward(p.data, start)
		e.Line, e.Column = p.line.line, p.line.column
	}
	var declared int
	if len(p.tag) > 0 {
		var err error
		if declared, err = p.declare(e); err != nil {
			return err
		}
	}
	space, known := name.in(e.scope)
	if !known {
		return p.undeclared(start+1, name)
	}
	e.Name, e.Prefix = Name{space, name.local}, name.prefix
	if len(p.tag) > declared {
		if err := p.attributes(e, len(p.tag)-declared); err != nil {
			return err
		}
	}
	p.push(e, tag)
	return nil
}

func (p *parser) push(e *Element, tag []byte) {
	if n := len(p.stack); n < cap(p.stack) {
		p.stack = p.stack[:n+1] // whose text has room already
	} else {
		p.stack = append(p.stack, open{})
	}
	top := &p.stack[len(p.stack)-1]
	*top = open{element: e, tag: tag, children: len(p.pending), more: top.more[:0]}
}

// attributes gives an element its n attributes.
func (p *parser) attributes(e *Element, n int) error {
	e.Attrs = p.room.Attrs(n)[:0]
	for i := range p.tag {
		a := &p.tag[i]
		if a.name.declares() {
			continue
		}
		name := Name{Local: a.name.local}
		if a.name.prefix != "" {
			space, known := a.name.in(e.scope)
			if !known {
				return p.undeclared(a.at, a.name)
			}
			name.Space = space
		}
		value, err := p.value(a)
		if err != nil {
			return err
		}
		e.Attrs = append(e.Attrs, Attr{Name: name, Prefix: a.name.prefix, Value: value})
		if p.repeated(e.Attrs, name) {
			return p.errorAt(a.at, "the attribute %s stands twice in <%s>", short(name.String()), short(e.tagName()))
		}
	}
	return nil
}

// repeated says whether the last of some attributes has the name of one before it (Namespaces in XML 1.0, section 6.3).
func (p *parser) repeated(attrs []Attr, name Name) bool {
	const few = 12 // up to which a look at each costs less than a map
	before := attrs[:len(attrs)-1]
	if len(before) < few {
		for i := range before {
			if before[i].Name == name {
				return true
			}
		}
		return false
	}
	if len(before) == few {
		if p.seen == nil {
			p.seen = map[Name]bool{}
		}
		clear(p.seen)
		for i := range before {
			p.seen[before[i].Name] = true
		}
	}
	found := p.seen[name]
	p.seen[name] = true
	return found
}

// endTag reads an end tag, which must be that of the element opened last.
func (p *parser) endTag() error {
	from := p.at + len("</")
	end := p.nameEnd(from)
	if end == len(p.data) {
		return p.ends()
	}
	tag := p.data[from:end]
	if len(p.stack) == 0 {
		return p.errorAt(p.at, "</%s> closes nothing", short(tag))
	}
	if expected := p.stack[len(p.stack)-1].tag; !bytes.Equal(tag, expected) {
		return p.errorAt(p.at, "</%s> stands where </%s> was expected", short(tag), short(expected))
	}
	start := p.at
	p.at = end
	p.space()
	if p.at == len(p.data) {
		return p.ends()
	}
	if p.data[p.at] != '>' {
		return p.errorAt(p.at, "the end tag </%s> is not closed by >", short(p.data[start+2:end]))
	}
	p.at++
	p.close()
	return nil
}
