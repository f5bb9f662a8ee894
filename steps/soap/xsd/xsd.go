// Package xsd compiles documents of XML Schema 1.0 at run time, and says whether a text is a value of a simple type. Package values
// writes and reads the values of what it compiled.
//
// The files:
//
//	xsd, component, problem                                            what a compiled schema is; mistakes in documents
//	source, read, load, standard                                       documents with all that they import, the embedded ones
//	compile, element, content, wildcard, complex, array, attribute     components from documents
//	documentation, simple, builtin                                     what they say of themselves, simple types
//	check, space, lexical, name, moment, duration, compare             whether text is a value of a simple type
//	pattern, class, block                                              regular expressions as XML Schema has them
package xsd

import (
	"fmt"

	"snrun/steps/xml"
)

// Schema is a set of compiled schema documents. It is not changed any more, so it may be used by many goroutines.
type Schema struct {
	Elements   map[xml.Name]*Element
	Types      map[xml.Name]*Type // the built-in ones of XML Schema and of SOAP encoding are there too
	Attributes map[xml.Name]*Attribute
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
