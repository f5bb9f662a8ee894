package xsd

import (
	"context"

	"snrun/steps/xml"
)

// Source reads the documents of one WSDL or schema, and says which may be read: those of the folder, or of the origin, where the
// first one stands.
type Source interface {
	// Resolve gives the location of what the document at from names. The error says why that may not be read.
	Resolve(from, named string) (string, error)
	// Read gives a document. Each is bounded in size and time.
	Read(ctx context.Context, location string) ([]byte, error)
}

// Document is a schema: the root of a file, or an element inside of a WSDL.
type Document struct {
	Location string       // of the file it stands in
	Root     *xml.Element // xs:schema
}
