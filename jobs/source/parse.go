package source

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A file that aliases blow up to more nodes than maxNodes, or that nests deeper than maxDepth, is refused.
const (
	maxNodes = 200_000
	maxDepth = 200
)

// Parse reads a file of one YAML document and checks it for the Traps of expressions in YAML. Where it is no such file,
// that is added to the report, and nil is returned. The top level may be a node of any form.
func Parse(name string, data []byte, r *Report) *Node {
	f := newFile(name, data)
	if e := f.checkText(data); e != nil {
		r.Add(e)
		return nil
	}
	doc, err := f.document()
	if err != nil {
		r.Add(f.syntaxError(err))
		return nil
	}
	if doc == nil {
		e := r.Add(f.errorAt(0, 0, "the file is empty"))
		e.Hint = "a file begins with: version: 1"
		return nil
	}
	b := builder{file: f, report: r, named: map[*yaml.Node]*Node{}}
	root := b.node(doc.Content[0])
	if root != nil {
		Traps(root, r)
	}
	return root
}

// checkText finds what is no YAML text at all: other encodings and control characters.
func (f *File) checkText(data []byte) *Error {
	if bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || bytes.HasPrefix(data, []byte{0xFF, 0xFE}) {
		e := &Error{Pos: Pos{f.Name, 1, 1}, Width: 1, Message: "the file is in UTF-16"}
		e.Hint = "save it as UTF-8"
		return e
	}
	for i := 0; i < len(f.Data); {
		c, n := utf8.DecodeRune(f.Data[i:])
		if c == utf8.RuneError && n == 1 {
			e := f.errorAt(i, i, "the byte 0x%02x is not UTF-8", f.Data[i])
			e.Hint = "save the file as UTF-8"
			return e
		}
		if !allowed(c) {
			e := f.errorAt(i, i, "the invisible character U+%04X cannot stand in a file", c)
			e.Hint = "take it out; where a text needs it, write it as an escape in double quotes, such as \"\\u0007\""
			return e
		}
		i += n
	}
	return nil
}

// allowed says whether the parser takes a character; byte order marks inside a file, which it would drop, are refused too.
func allowed(c rune) bool {
	switch {
	case c == '\t', c == '\n', c == '\r', c == 0x85:
		return true
	case c < 0x20, c >= 0x7F && c < 0xA0, c == 0xFEFF, c == 0xFFFE, c == 0xFFFF:
		return false
	}
	return true
}

// document parses the only document of the file; nil when there is none.
func (f *File) document() (doc *yaml.Node, err error) {
	// The parser is known to panic on some broken files.
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("%v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(f.Data))
	first, next := new(yaml.Node), new(yaml.Node)
	if err := dec.Decode(first); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(next); err == nil {
		return nil, documentError{next.Line, next.Column}
	} else if err != io.EOF {
		return nil, err
	}
	return first, nil
}

// documentError says that a second document begins at a place.
type documentError struct{ line, column int }

func (documentError) Error() string { return "a second document begins here" }

// builder makes Nodes of a parsed document: aliases resolved, contents located.
type builder struct {
	file   *File
	report *Report
	named  map[*yaml.Node]*Node // by what carries an anchor; nil while it is being built

	// Where the node before was found. Nodes come in the order of the file, so no line is scanned from its start again
	// for each of its nodes.
	line, column, offset int
}

// node builds a node and what is in it. It gives nil after it has reported that the document cannot be used.
func (b *builder) node(y *yaml.Node) *Node {
	if y.Kind == yaml.AliasNode {
		return b.alias(y)
	}
	if y.Anchor != "" {
		b.named[y] = nil
	}
	n := &Node{file: b.file, yaml: y, start: b.locate(y), size: 1, height: 1}
	if len(y.Content) > 0 {
		n.children = make([]*Node, 0, len(y.Content))
	}
	for _, c := range y.Content {
		child := b.node(c)
		if child == nil {
			return nil
		}
		n.children = append(n.children, child)
		n.size += child.size
		n.height = max(n.height, child.height+1)
	}
	if !b.check(n) {
		return nil
	}
	if y.Anchor != "" {
		b.named[y] = n
	}
	return n
}

func (b *builder) alias(y *yaml.Node) *Node {
	n := b.named[y.Alias]
	if n == nil {
		at := b.locate(y)
		b.report.Add(b.file.errorAt(at, at+1+len(y.Value), "the alias *%s stands inside the value that it names", y.Value))
	}
	return n
}

// locate is the byte where a node's content begins. Anchor and tag of a scalar stand before its content.
func (b *builder) locate(y *yaml.Node) int {
	if y.Line != b.line || y.Column < b.column {
		b.line, b.column, b.offset = y.Line, 1, b.file.offset(y.Line, 1)
	}
	for ; b.column < y.Column && b.offset < len(b.file.Data); b.column++ {
		_, n := utf8.DecodeRune(b.file.Data[b.offset:])
		b.offset += n
	}
	if y.Kind == yaml.ScalarNode && (y.Value != "" || y.Style&^yaml.TaggedStyle != 0) {
		return b.file.afterProperties(b.offset)
	}
	return b.offset
}

// afterProperties skips anchors and tags, and the blanks and comments after them.
func (f *File) afterProperties(i int) int {
	for i < len(f.Data) && (f.Data[i] == '&' || f.Data[i] == '!') {
		anchor := f.Data[i] == '&'
		for i++; i < len(f.Data) && !isBlank(f.Data[i]) && breakSize(f.Data[i:]) == 0; i++ {
			if anchor && !isNameByte(f.Data[i]) {
				break // &a?b is the anchor a before the text ?b
			}
		}
		i = f.afterBlanks(i)
	}
	return i
}

// isNameByte says whether the parser takes c for a part of an anchor's name.
func isNameByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-'
}

// afterBlanks skips blanks, line breaks and comments.
func (f *File) afterBlanks(i int) int {
	for comment := false; i < len(f.Data); {
		n := breakSize(f.Data[i:])
		switch {
		case n > 0:
			comment = false
		case comment, isBlank(f.Data[i]):
			n = 1
		case f.Data[i] == '#':
			comment, n = true, 1
		default:
			return i
		}
		i += n
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// check refuses a node that has grown too large or too deep, and a scalar that is not what its tag says.
func (b *builder) check(n *Node) bool {
	switch {
	case n.size > maxNodes:
		b.report.Errorf(n, "with its aliases written out this is more than %d values", maxNodes)
		return false
	case n.height > maxDepth:
		b.report.Errorf(n, "this nests deeper than %d levels", maxDepth)
		return false
	}
	if n.yaml.Style&yaml.TaggedStyle != 0 {
		b.checkTag(n)
	}
	return true
}

// checkTag reports a tag that means nothing here, or that its value does not fit.
func (b *builder) checkTag(n *Node) {
	fits := false
	switch n.yaml.Tag {
	case "!!seq":
		fits = n.Form() == List
	case "!!map":
		fits = n.Form() == Mapping
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary":
		var v any
		fits = n.Form() == Scalar && n.yaml.Decode(&v) == nil
	default:
		at := b.file.offset(n.yaml.Line, n.yaml.Column)
		e := b.report.Add(b.file.errorAt(at, at+len(n.yaml.Tag), "the tag %s means nothing here", n.yaml.Tag))
		e.Hint = "a text that begins with ! needs quotes"
		return
	}
	what := n.What()
	if n.Form() == Scalar {
		what = strconv.Quote(n.Text())
	}
	if !fits {
		b.report.Errorf(n, "%s cannot be a %s", what, n.yaml.Tag)
	}
}
