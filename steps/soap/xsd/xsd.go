// Package xsd reads XML Schema 1.0 at run time: it compiles schema documents, writes plain values as the elements that a schema
// describes, and reads such elements back as plain values.
//
// The files:
//
//	xsd, component, problem                                            what a compiled schema is; mistakes in documents
//	source, read, load, standard                                       documents with all that they import, the embedded ones
//	compile, element, content, wildcard, complex, array, attribute     components from documents
//	documentation, simple, builtin                                     what they say of themselves, simple types
//	check, space, lexical, name, moment, duration, compare             whether text is a value of a simple type
//	pattern, class, block                                              regular expressions as XML Schema has them
//	shape, model, text                                                 types made ready for values: their keys, content and texts
//	arrange, match                                                     elements put in the order of a model, and whether they are
//	encode                                                             plain values to elements
//	decode                                                             elements to plain values
//	outline                                                            what elements will be as values
//	example                                                            a skeleton of a value in YAML
//	trail, describe                                                    the path of a value, and what a type is in a few words
package xsd

import (
	"fmt"
	"sync"

	"snrun/steps/xml"
)

// Schema is a set of compiled schema documents. It is not changed any more, so it may be used by many goroutines.
type Schema struct {
	Elements   map[xml.Name]*Element
	Types      map[xml.Name]*Type // the built-in ones of XML Schema and of SOAP encoding are there too
	Attributes map[xml.Name]*Attribute

	shapes sync.Map // of *Type and *Simple, what values need to know of them
}

// Error is a mistake in a document, at its place. The line counts from 1; it is 0 where the mistake is about the whole document.
type Error struct {
	Location     string // of the document: the name of a file in the project, or an address
	Line, Column int
	Message      string
	Hint         string
	Cause        error // of reading a document: what went wrong in the source; nil for a mistake in the text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Error gives the place and the message.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Location + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Location, e.Line, e.Column, e.Message)
}
