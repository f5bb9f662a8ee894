package xsd

import (
	"context"
	"errors"
	"fmt"

	"snrun/steps/xml"
)

const wsdlSpace = "http://schemas.xmlsoap.org/wsdl/"

// The bounds on what a WSDL or a schema may make us read. Generated WSDLs of several megabytes are in use.
const (
	maxDocumentBytes = 16 << 20
	maxDocumentNodes = 2_000_000
)

// importHint is what helps where a part cannot be read.
const importHint = "`snrun soap import` copies a WSDL with all that it imports into the project"

// ReadDocument reads and parses a document. Its elements know their places. Errors are *Error.
func ReadDocument(ctx context.Context, src Source, location string) (*xml.Element, error) {
	root, _, err := readDocument(ctx, src, location)
	return root, err
}

func readDocument(ctx context.Context, src Source, location string) (*xml.Element, int, error) {
	data, err := src.Read(ctx, location)
	if err != nil {
		return nil, 0, asError(location, err)
	}
	limits := xml.Limits{Bytes: maxDocumentBytes, Nodes: maxDocumentNodes}
	root, err := xml.Parse(data, xml.ReadOptions{Places: true, Limits: limits})
	if err != nil {
		return nil, 0, asError(location, err)
	}
	return root, len(data), nil
}

// asError gives an error of reading a document the document's location.
func asError(location string, err error) error {
	if known := (*Error)(nil); errors.As(err, &known) {
		return known
	}
	if syntax := (*xml.Error)(nil); errors.As(err, &syntax) {
		return &Error{Location: location, Line: syntax.Line, Column: syntax.Column, Message: syntax.Message}
	}
	return &Error{Location: location, Message: fmt.Sprintf("cannot be read: %v", err), Cause: err}
}
