package xml

import (
	"bytes"
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
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
}

// Parse reads a document as a tree of elements. It accepts XML 1.0 with namespaces in UTF-8, UTF-16, ISO-8859-1 and
// windows-1252, but no DOCTYPE, so that no entity but the five and no file or address can be named. Comments and
// processing instructions do not split text, and CDATA is text. Errors are *Error.
func Parse(data []byte, opts ReadOptions) (*Element, error) {
	limits := opts.Limits.orDefault()
	if len(data) > limits.Bytes {
		return nil, &Error{1, 1, fmt.Sprintf("the document has %d bytes; the limit is %d", len(data), limits.Bytes)}
	}
	data, err := toUTF8(data, opts.Charset)
	if err != nil {
		return nil, err
	}
	decoder := stdxml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	p := parser{data: data, decoder: decoder, limits: limits, places: opts.Places, bound: map[string][]string{"xml": {xmlSpace}, "": {""}}}
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.root, nil
}

// parser builds the tree of a document from the raw tokens of encoding/xml, and refuses what that lets pass.
type parser struct {
	data    []byte
	decoder *stdxml.Decoder
	limits  Limits
	start   int // where the current token begins, in bytes
	nodes   int
	places  bool
	bound   map[string][]string // what each prefix means, innermost last
	stack   []open
	root    *Element
}

// open is an element whose end has not come.
type open struct {
	element *Element
	tag     stdxml.Name
	text    []byte
	bound   []string // the prefixes it declares
}

func (p *parser) errorf(format string, args ...any) error { return p.errorAt(p.start, format, args...) }

func (p *parser) errorAt(at int, format string, args ...any) error {
	line, column := p.place(at)
	return &Error{line, column, fmt.Sprintf(format, args...)}
}

// place gives the line and the column of a byte.
func (p *parser) place(at int) (line, column int) {
	before := p.data[:min(at, len(p.data))]
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

func (p *parser) document() error {
	for {
		p.start = int(p.decoder.InputOffset())
		if err := p.scanTag(); err != nil {
			return err
		}
		token, err := p.decoder.RawToken()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = p.token(token)
		} else {
			err = p.syntax(err)
		}
		if err != nil {
			return err
		}
	}
	if len(p.stack) > 0 {
		return p.errorf("the document ends, but <%s> is still open", tagName(p.stack[len(p.stack)-1].tag))
	}
	if p.root == nil {
		return p.errorf("the document has no root element")
	}
	return nil
}

// syntax gives an error of encoding/xml the place where reading stopped.
func (p *parser) syntax(err error) error {
	message := strings.TrimPrefix(err.Error(), "xml: ")
	var syntax *stdxml.SyntaxError
	if errors.As(err, &syntax) {
		message = syntax.Msg
	}
	switch {
	case message == "unexpected EOF":
		return p.errorAt(len(p.data), "the document ends in the middle of a tag, a comment or a text")
	case strings.HasPrefix(message, "invalid character entity"):
		message += "; only &amp; &lt; &gt; &quot; &apos; and character references such as &#233; can be read"
	}
	return p.errorAt(int(p.decoder.InputOffset()), "%s", message)
}

func (p *parser) token(token stdxml.Token) error {
	switch token := token.(type) {
	case stdxml.StartElement:
		return p.open(token)
	case stdxml.EndElement:
		return p.close(token.Name)
	case stdxml.CharData:
		return p.text(token)
	case stdxml.ProcInst:
		if strings.EqualFold(token.Target, "xml") && p.start > 0 {
			return p.errorf("an XML declaration may only stand at the very start of the document")
		}
	case stdxml.Directive:
		return p.errorf("a document type or an entity is declared (<!…>); that is refused, because it can name files and addresses")
	}
	return nil
}

func (p *parser) text(text []byte) error {
	if len(p.stack) > 0 {
		top := &p.stack[len(p.stack)-1]
		top.text = append(top.text, text...)
		return nil
	}
	if !blank(text) || p.data[p.start] == '<' {
		return p.errorf("text stands outside the root element")
	}
	return nil
}

func (p *parser) open(token stdxml.StartElement) error {
	if p.nodes += 1 + len(token.Attr); p.nodes > p.limits.Nodes {
		return p.errorf("the document has more than %d elements and attributes", p.limits.Nodes)
	}
	if len(p.stack) == p.limits.Depth {
		return p.errorf("elements lie more than %d deep", p.limits.Depth)
	}
	if len(p.stack) == 0 && p.root != nil {
		return p.errorf("a second root element, <%s>; a document has one", tagName(token.Name))
	}
	bound, err := p.bind(token.Attr)
	if err != nil {
		return err
	}
	element, err := p.element(token)
	if err != nil {
		return err
	}
	if len(p.stack) == 0 {
		p.root = element
	} else {
		parent := p.stack[len(p.stack)-1].element
		parent.Children = append(parent.Children, element)
		element.scope = parent.scope
	}
	for _, prefix := range bound {
		element.scope = &scope{prefix, p.bound[prefix][len(p.bound[prefix])-1], element.scope}
	}
	if p.places {
		element.Line, element.Column = p.place(p.start)
	}
	p.stack = append(p.stack, open{element: element, tag: token.Name, bound: bound})
	return nil
}

func (p *parser) close(tag stdxml.Name) error {
	if len(p.stack) == 0 {
		return p.errorf("</%s> closes nothing", tagName(tag))
	}
	top := p.stack[len(p.stack)-1]
	if top.tag != tag {
		return p.errorf("</%s> stands where </%s> was expected", tagName(tag), tagName(top.tag))
	}
	top.element.Text = string(top.text)
	for _, prefix := range top.bound {
		p.bound[prefix] = p.bound[prefix][:len(p.bound[prefix])-1]
	}
	p.stack = p.stack[:len(p.stack)-1]
	return nil
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

// tagName gives a raw name as it was written.
func tagName(n stdxml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
