// Package xsd reads XML Schema 1.0 at run time: it compiles schema documents, writes plain values as the elements that a schema
// describes, and reads such elements back as plain values.
//
// The files:
//
//	xsd, component, pattern    what a compiled schema is
//	source                     where documents come from, and which may be read
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
}

// Error gives the place and the message.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Location + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Location, e.Line, e.Column, e.Message)
}
