// Package xml reads XML strictly into values and writes values as XML, without a schema.
//
// As values, an element is a key by its local name, an attribute a plain key too (`_name` where that key is taken), and
// text beside attributes or elements is `_`. An element with nothing but text is that text; `xsi:nil` is null; elements
// that repeat are a list. Everything else is text.
//
// The files:
//
//	xml                        elements, names, limits and errors
//	parse, tag, names, scope   the reader: a document to a tree of elements
//	charset, chars             encodings, and the characters of a document
//	slab                       memory for many small things
//	decode                     elements to values
//	encode, text               values to a document
//	write                      a tree of elements to a document
package xml

import "fmt"

// The namespaces that XML and its schemas have for themselves: of xsi:type and xsi:nil, of the built-in types, and of the prefix xml.
const (
	InstanceSpace = "http://www.w3.org/2001/XMLSchema-instance"
	SchemaSpace   = "http://www.w3.org/2001/XMLSchema"
	XMLSpace      = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace    = "http://www.w3.org/2000/xmlns/"
)

// maxDepth is how deep elements may lie in each other, unless limits say otherwise.
const maxDepth = 256

// Name is the name of an element or an attribute: its namespace, "" for none, and its local name.
type Name struct{ Space, Local string }

// Attr is an attribute. Declarations of namespaces are none.
type Attr struct {
	Name   Name
	Prefix string
	Value  string
	// QName, in a tree that is written, is a name that stands as the value, with a prefix for its namespace. Value then is what
	// follows it, as the [2] of a SOAP array's type; mostly nothing.
	QName *Name
}

// Element is an element of a document.
type Element struct {
	Name     Name
	Prefix   string
	Attrs    []Attr     // in the order written
	Children []*Element // in the order written
	Text     string     // all text that stands directly in it, white space included
	// QName, in a tree that is written, is a name that stands as the text, with a prefix for its namespace. Text is empty then.
	QName *Name
	// Line and Column are where its start tag stands, from 1, where ReadOptions.Places asked for it; else 0.
	Line, Column int

	scope *scope
}

// Attr gives the value of an attribute.
func (e *Element) Attr(space, local string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Local == local && a.Name.Space == space {
			return a.Value, true
		}
	}
	return "", false
}

// Limits bound what a document may cost. A zero value stands for the default.
type Limits struct {
	Bytes      int // of the document as it comes, default 16 MB
	Depth      int // of elements in each other, default 256
	Nodes      int // elements and attributes in all, default 200,000
	Attributes int // of one element, default 1,000
	Namespaces int // declarations of them that are in force in one element, default 1,000
}

func (l Limits) orDefault() Limits {
	for _, field := range []struct {
		value   *int
		initial int
	}{{&l.Bytes, 16 << 20}, {&l.Depth, maxDepth}, {&l.Nodes, 200_000}, {&l.Attributes, 1_000}, {&l.Namespaces, 1_000}} {
		if *field.value == 0 {
			*field.value = field.initial
		}
	}
	return l
}

// Error is a mistake in a document. The line and the column count from 1, the column in characters.
type Error struct {
	Line, Column int
	Message      string
}

// Error gives the place and the message.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// ValueError is a value that cannot be written as XML. Path names it, as in order.line[0].qty; Key says that the last key of the path
// is the mistake, not its value.
type ValueError struct {
	Path    string
	Message string
	Key     bool
}

// Error gives the path and the message.
func (e *ValueError) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return e.Path + ": " + e.Message
}
