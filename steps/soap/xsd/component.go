package xsd

import (
	"snrun/steps/xml"
)

// Unbounded is the Max of a particle that may repeat without end.
const Unbounded = -1

// Element is the declaration of an element (XSD 1.0 part 1, section 3.3).
type Element struct {
	Name     xml.Name // without a namespace where a local element is unqualified
	Type     *Type
	Nillable bool
	Abstract bool
	Default  *string
	Fixed    *string
	Doc      string // of its annotation, in one line; "" for none
	// Members are the elements that may stand in its place (substitution group), transitively, without itself.
	Members []*Element
}

// Attribute is the declaration of an attribute, and of its use in a type.
type Attribute struct {
	Name     xml.Name
	Type     *Simple
	Required bool
	Default  *string
	Fixed    *string
	Doc      string
}

// Type is a simple or a complex type. What it inherits is in it.
type Type struct {
	Name     xml.Name // the zero Name for an anonymous type
	Base     *Type    // nil for anyType
	Abstract bool
	Doc      string
	// Simple is what the text must be: of a simple type, and of a complex one with simple content. Nil for others.
	Simple *Simple
	// Complex says that it may have attributes: a simple type has none.
	Complex      bool
	Attributes   []*Attribute // in the order of their declaration, inherited ones first; prohibited ones are not there
	AnyAttribute *Wildcard    // nil for none
	Content      *Particle    // nil for no elements
	Mixed        bool         // text may stand between the elements
	// Derived are the types that are derived from it, transitively, in the order of their names.
	Derived []*Type
	// Array is what a SOAP-encoded array holds (SOAP 1.1 section 5.4.2, wsdl:arrayType); nil for any other type.
	Array *Array

	level int // how many types it is derived from
}

// Array is a SOAP-encoded array.
type Array struct {
	Item *Type
	Rank int // how many dimensions, from 1
}

// Particle is a part of a content model that occurs Min to Max times: an element, a wildcard, or a group. One of the three is set.
type Particle struct {
	Min, Max int // Max may be Unbounded
	Element  *Element
	Any      *Wildcard
	Group    *Group
}

// Compositor says how the particles of a group follow each other.
type Compositor int

// The compositors: one after the other, one of them, each of them in any order.
const (
	Sequence Compositor = iota
	Choice
	All
)

// Group is a model group.
type Group struct {
	Compositor Compositor
	Particles  []*Particle
}

// Wildcard is xs:any or xs:anyAttribute.
type Wildcard struct {
	// Namespaces are those that may stand there, "" for none; nil for any but Not.
	Namespaces []string
	Not        *string // the one that may not (##other); nil for none
	Process    string  // strict, lax or skip
}

// Variety says what a simple type is made of.
type Variety int

// The varieties: one value, several of one type with spaces between, or a value of one of several types.
const (
	Atomic Variety = iota
	List
	Union
)

// Simple is a simple type with its facets, inherited ones included (XSD 1.0 part 2).
type Simple struct {
	Name    xml.Name // the zero Name for an anonymous one
	Variety Variety
	// Builtin is the nearest built-in type: "decimal", "unsignedByte", "dateTime", "token", "anySimpleType". Of an Atomic one.
	Builtin string
	Item    *Simple   // of a List
	Members []*Simple // of a Union
	Enum    []string  // in their order; nil for any value
	Facets  Facets

	enums map[string]bool // Enum, where it is long
}

// Facets bound the values of a simple type. Nil fields bound nothing.
type Facets struct {
	Patterns                     []Pattern // each of them must match
	Length, MinLength, MaxLength *int
	MinInclusive, MaxInclusive   *string
	MinExclusive, MaxExclusive   *string
	TotalDigits, FractionDigits  *int
	WhiteSpace                   string // preserve, replace or collapse
}
