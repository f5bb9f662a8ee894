package xml

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// ReadOptions say how a document is read. The zero value reads it with the default limits.
type ReadOptions struct {
	// Lists are the local names of elements that are a list even where there is only one.
	Lists []string
	// Charset is the encoding that the transport names (the charset of a Content-Type), "" when it names none.
	Charset string
	// Places has each element know its line and column.
	Places bool
	Limits Limits
	// Room is where the tree is made; nil for memory of its own.
	Room *Room
}

// Parse reads a document as a tree of elements. It accepts XML 1.0 (fifth edition) with namespaces in UTF-8, UTF-16,
// ISO-8859-1 and windows-1252, but no DOCTYPE, so that no entity but the five and no file or address can be named. Comments
// and processing instructions do not split text, and CDATA is text. Errors are *Error. The tree keeps nothing of data.
func Parse(data []byte, opts ReadOptions) (*Element, error) {
	limits := opts.Limits.orDefault()
	if len(data) > limits.Bytes {
		return nil, &Error{1, 1, fmt.Sprintf("the document has %d bytes; the limit is %d", len(data), limits.Bytes)}
	}
	data, err := toUTF8(data, opts.Charset)
	if err != nil {
		return nil, err
	}
	p := parser{data: data[:legal(data)], whole: data, limits: limits, places: opts.Places, room: opts.Room, line: position{line: 1, column: 1}}
	p.names, p.stack = map[string]*written{}, make([]open, 0, 8)
	if p.room == nil {
		p.room = &Room{}
	}
	p.room.elements.expected = bytes.Count(data, []byte{'<'})/2 + 1 // most have two tags
	p.room.lists.expected = p.room.elements.expected
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.root, nil
}

// parser builds the tree of a document. It reads the bytes itself, because encoding/xml lets much pass that is no XML, and takes
// twice the time.
type parser struct {
	data, whole []byte // what is read: all of the document, or what stands before a character that cannot be in one
	limits      Limits
	places      bool
	at          int // how far it is read
	nodes       int
	line        position
	stack       []open
	pending     []*Element // the children, so far, of the open elements
	root        *Element
	names       map[string]*written
	tag         []attribute // of the start tag that is being read
	scratch     []byte
	seen        map[Name]bool

	room   *Room
	scopes slab[scope]
}

// open is an element whose end has not come.
type open struct {
	element  *Element
	tag      []byte // its name as written
	children int    // where they begin in pending
	one      []byte // its text, while that is a single piece of the document
	more     []byte // its text where it is not
}

func (p *parser) document() error {
	if err := p.declaration(); err != nil {
		return err
	}
	for p.at < len(p.data) {
		if err := p.next(); err != nil {
			return err
		}
	}
	if len(p.data) < len(p.whole) {
		return p.ends()
	}
	if len(p.stack) > 0 {
		return p.errorAt(p.at, "the document ends, but <%s> is still open", short(p.stack[len(p.stack)-1].tag))
	}
	if p.root == nil {
		return p.errorAt(p.at, "the document has no root element")
	}
	return nil
}

// next reads a tag, a text or what else stands at this place.
func (p *parser) next() error {
	if p.data[p.at] != '<' {
		return p.text()
	}
	if p.at+1 == len(p.data) {
		return p.ends()
	}
	switch p.data[p.at+1] {
	case '/':
		return p.endTag()
	case '?':
		return p.instruction()
	case '!':
		return p.exclamation()
	}
	return p.startTag()
}

// text reads text up to the next tag (CharData and Reference, section 2.4).
func (p *parser) text() error {
	plain, end := true, p.at
	for ; end < len(p.data) && p.data[end] != '<'; end++ {
		switch p.data[end] {
		case '&', '\r':
			plain = false
		case ']':
			if bytes.HasPrefix(p.data[end:], []byte("]]>")) {
				return p.errorAt(end, "]]> stands in a text; write ]]&gt;")
			}
		}
	}
	piece := p.data[p.at:end]
	if len(p.stack) == 0 {
		if !blank(piece) {
			return p.errorAt(p.at, "text stands outside the root element")
		}
		p.at = end
		return nil
	}
	top := &p.stack[len(p.stack)-1]
	if plain {
		top.add(piece)
		p.at = end
		return nil
	}
	top.join()
	var err error
	top.more, err = p.decode(top.more, p.at, end)
	p.at = end
	return err
}

// add adds a piece of the document to the text of an element.
func (o *open) add(piece []byte) {
	if len(o.one)+len(o.more) == 0 {
		o.one = piece
		return
	}
	o.join()
	o.more = append(o.more, piece...)
}

// join makes ready for a further piece of text.
func (o *open) join() {
	o.more = append(o.more, o.one...)
	o.one = nil
}

// exclamation reads a comment or a CDATA section; nothing else may begin with <! (sections 2.5 and 2.7).
func (p *parser) exclamation() error {
	switch rest := p.data[p.at:]; {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return p.comment()
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return p.cdata()
	}
	return p.errorAt(p.at, "a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses")
}

func (p *parser) comment() error {
	from := p.at + len("<!--")
	dashes := bytes.Index(p.data[from:], []byte("--"))
	end := from + dashes + len("--")
	if dashes < 0 || end == len(p.data) {
		return p.ends()
	}
	if p.data[end] != '>' {
		return p.errorAt(end-2, "-- stands in a comment; it may only end one, as -->")
	}
	p.at = end + 1
	return nil
}

func (p *parser) cdata() error {
	if len(p.stack) == 0 {
		return p.errorAt(p.at, "text stands outside the root element")
	}
	from := p.at + len("<![CDATA[")
	n := bytes.Index(p.data[from:], []byte("]]>"))
	if n < 0 {
		return p.ends()
	}
	top, piece := &p.stack[len(p.stack)-1], p.data[from:from+n]
	if bytes.IndexByte(piece, '\r') < 0 {
		top.add(piece)
	} else {
		top.join()
		top.more = appendLines(top.more, piece)
	}
	p.at = from + n + len("]]>")
	return nil
}

// instruction reads a processing instruction (section 2.6). It says nothing to us.
func (p *parser) instruction() error {
	from := p.at + len("<?")
	end := p.nameEnd(from)
	if end == len(p.data) {
		return p.ends()
	}
	target := p.data[from:end]
	switch {
	case bytes.EqualFold(target, []byte("xml")):
		return p.errorAt(p.at, "an XML declaration may only stand at the very start of the document")
	case !isName(string(target)):
		return p.errorAt(p.at, "a processing instruction begins with its name (<?name …?>), not with %q", short(target))
	case !bytes.HasPrefix(p.data[end:], []byte("?>")) && !blank(p.data[end:end+1]):
		return p.errorAt(end, "a space is missing after <?%s", short(target))
	}
	n := bytes.Index(p.data[end:], []byte("?>"))
	if n < 0 {
		return p.ends()
	}
	p.at = end + n + len("?>")
	return nil
}

// close makes the element that was opened last complete.
func (p *parser) close() {
	last := len(p.stack) - 1
	top := &p.stack[last]
	e := top.element
	if len(top.one) > 0 {
		e.Text = string(top.one)
	} else if len(top.more) > 0 {
		e.Text = string(top.more)
	}
	if own := p.pending[top.children:]; len(own) > 0 {
		e.Children = p.room.List(len(own))
		copy(e.Children, own)
		p.pending = p.pending[:top.children]
	}
	p.stack = p.stack[:last]
	if last == 0 {
		p.root = e
		return
	}
	p.pending = append(p.pending, e)
}

// position is a place in the document with its line and column.
type position struct{ at, line, column int }

// forward gives a place behind this one. It looks at what lies between, so that a walk over a document is linear.
func (l position) forward(data []byte, at int) position {
	between := data[l.at:at]
	if n := bytes.Count(between, []byte{'\n'}); n > 0 {
		l.line += n
		l.column = 1
		between = between[bytes.LastIndexByte(between, '\n')+1:]
	}
	return position{at, l.line, l.column + utf8.RuneCount(between)}
}

func (p *parser) errorAt(at int, format string, args ...any) error {
	place := position{line: 1, column: 1}.forward(p.whole, at)
	return &Error{place.line, place.column, fmt.Sprintf(format, args...)}
}

// ends says what is wrong where more was expected: the document stops there, or has a character that is none.
func (p *parser) ends() error {
	at := len(p.data)
	if at == len(p.whole) {
		return p.errorAt(at, "the document ends in the middle of a tag, a comment or a text")
	}
	if r, size := utf8.DecodeRune(p.whole[at:]); r != utf8.RuneError || size > 1 {
		return p.errorAt(at, "the character %U cannot stand in XML", r)
	}
	return p.errorAt(at, "the byte 0x%02X is no UTF-8; a document in another encoding has to say so", p.whole[at])
}

// short gives the beginning of what a message names.
func short[T string | []byte](text T) string {
	const most = 100
	if len(text) <= most {
		return string(text)
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return string(text[:end]) + "…"
}
