// Package values writes plain values as the elements that a schema describes, reads such elements back as plain values, and shows what a
// value may look like.
//
// The files:
//
//	shape, model, text        types made ready for values: their keys, content and texts
//	arrange, match            elements put in the order of a model, and whether they are
//	encode                    plain values to elements
//	decode                    elements to plain values
//	outline                   what elements will be as values, as far as a schema says
//	example                   a skeleton of a value in YAML
//	trail, describe           the path of a value, and what a type is in a few words
package values

import (
	"sync"

	"snrun/steps/soap/xsd"
)

// Schema is a compiled schema with what values need to know of its types. It may be used by many goroutines.
type Schema struct {
	*xsd.Schema

	shapes sync.Map // of *xsd.Type and *xsd.Simple, each made when it is first met
}

// Of makes a compiled schema ready for values.
func Of(s *xsd.Schema) *Schema { return &Schema{Schema: s} }
