package jobs

import (
	"maps"
	"slices"
)

// Shape is what is known before a run of the values that a name or an expression can have. It is immutable.
type Shape struct {
	types   typeSet
	elem    *Shape // of a list's items, and of the entries of a map whose names are not known; nil is any
	fields  map[string]*Shape
	resolve func(name string) (s *Shape, why, hint string)
	names   func() []string
	secret  bool
	// answer is for what another system sends: no secret is in it, and there may be more than it declares.
	answer bool
	heard  func(fields []string)
	// heardItem is for a list that a name stands for: it is told what is read of its items.
	heardItem func(fields []string)
}

// AnyShape is the shape of a value of which nothing is known.
func AnyShape() *Shape { return &Shape{types: anyType} }

// NullShape is the shape of null.
func NullShape() *Shape { return &Shape{types: nullType} }

// TextShape is the shape of a text.
func TextShape() *Shape { return &Shape{types: textType} }

// IntShape is the shape of a whole number.
func IntShape() *Shape { return &Shape{types: intType | bigType} }

// FloatShape is the shape of a number, whole or not.
func FloatShape() *Shape { return &Shape{types: numberType} }

// BoolShape is the shape of true and false.
func BoolShape() *Shape { return &Shape{types: boolType} }

// ListShape is the shape of a list whose items have the shape elem; nil stands for any.
func ListShape(elem *Shape) *Shape { return &Shape{types: listType, elem: elem} }

// MapShape is the shape of a map that has these fields and no others.
func MapShape(fields map[string]*Shape) *Shape { return &Shape{types: mapType, fields: fields} }

// OpenMap is the shape of a map with any names, whose values have the shape elem; nil stands for any.
func OpenMap(elem *Shape) *Shape { return &Shape{types: mapType, elem: elem} }

// LazyMap is the shape of a map whose fields are found by a function. Where there is no field of a name, resolve gives
// nil and may say why, as a whole sentence without a full stop, and what to do. Names gives the fields that there are.
func LazyMap(resolve func(name string) (s *Shape, why, hint string), names func() []string) *Shape {
	return &Shape{types: mapType, resolve: resolve, names: names}
}

// OrNull is the same shape for values that may also be null.
func (s *Shape) OrNull() *Shape {
	c := *s
	c.types |= nullType
	return &c
}

// notNull is the same shape without null.
func (s *Shape) notNull() *Shape {
	if !s.types.is(nullType) || s.types == nullType {
		return s
	}
	c := *s
	c.types &^= nullType
	return &c
}

// WithSecret is the same shape for values that are computed from a secret.
func (s *Shape) WithSecret() *Shape {
	if s.secret {
		return s
	}
	c := *s
	c.secret = true
	return &c
}

// HeardBy is the same shape for a name of a scope whose readers are to be known: heard is told of each path of fields that
// an expression reads below the name, an empty one for all of it.
func (s *Shape) HeardBy(heard func(fields []string)) *Shape {
	c := *s
	c.heard = heard
	return &c
}

// Secret says whether values of the shape are computed from a secret, wholly or in a part that is known.
func (s *Shape) Secret() bool { return s.holdsSecret(8) }

// What names the shape for a person: "text", "a whole number or null", "any value".
func (s *Shape) What() string { return s.types.String() }

func (s *Shape) holdsSecret(depth int) bool {
	if s == nil || depth == 0 {
		return false
	}
	if s.secret || !s.answer && s.elem.holdsSecret(depth-1) {
		return true
	}
	for _, f := range s.fields {
		if f.holdsSecret(depth - 1) {
			return true
		}
	}
	if s.resolve == nil || s.answer {
		return false
	}
	return slices.ContainsFunc(s.names(), func(name string) bool {
		f, _, _ := s.resolve(name)
		return f.holdsSecret(depth - 1)
	})
}

// Item is the shape of what a loop over the value yields: the items of a list, the entries {key, value} of a map. It is
// false where the value can be neither.
func (s *Shape) Item() (*Shape, bool) {
	switch s.types & (listType | mapType) {
	case 0:
		return nil, false
	case listType:
		return s.content(), true
	case mapType:
		return MapShape(map[string]*Shape{"key": TextShape(), "value": s.content()}), true
	}
	return AnyShape(), true
}

// field gives the shape of a field. It is nil where there is surely none; why and hint may then explain that.
func (s *Shape) field(name string) (f *Shape, why, hint string) {
	switch {
	case s.resolve != nil:
		f, why, hint = s.resolve(name)
	case s.fields[name] != nil:
		f = s.fields[name]
	case s.fields == nil:
		f = s.content()
	}
	if f != nil && s.secret {
		f = f.WithSecret()
	}
	return f, why, hint
}

// fieldNames gives the known fields, sorted.
func (s *Shape) fieldNames() []string {
	if s.resolve != nil {
		return s.names()
	}
	return slices.Sorted(maps.Keys(s.fields))
}

// content gives the shape of a list's items or of a map's values.
func (s *Shape) content() *Shape {
	content := s.elem
	if content == nil {
		content = AnyShape()
	}
	if s.Secret() {
		return content.WithSecret()
	}
	return content
}

// either is the shape of a value that has one shape or the other.
func either(a, b *Shape) *Shape {
	switch {
	case a == b || b.types == nullType:
		return a
	case a.types == nullType:
		return b
	}
	out := &Shape{types: a.types | b.types, secret: a.secret || b.secret}
	if a.types == listType && b.types == listType {
		out.elem = either(a.content(), b.content())
	}
	return out
}
