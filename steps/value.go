package steps

import (
	"maps"
	"slices"
	"time"
)

// Pair is one entry of a mapping that keeps its order.
type Pair struct {
	Key   string
	Value any
}

// Pairs is a mapping in the order written.
type Pairs []Pair

// Get gives the value of the first entry named key.
func (p Pairs) Get(key string) (any, bool) {
	for _, e := range p {
		if e.Key == key {
			return e.Value, true
		}
	}
	return nil, false
}

// Scalar is a value whose text says more than the value does: 007, 1.50, 2026-01-01.
type Scalar struct {
	Value any
	Text  string
}

// Unknown stands in the input of a Kind's Check for a value that is known only in a run: for a field, or for a leaf of a Tree.
type Unknown struct{}

// Late is an expression that a kind evaluates itself, once it has the names that only it knows.
type Late struct {
	Source string   // as written
	Place  string   // file:line:column
	Path   []string // when the expression is a plain path below `response`: {"body", "result"}; else nil
	Uses   []string // the fields of `response` that it reads, sorted; {"*"} when that cannot be told
	Reads  Reads    // what it reads of `response`
	// Eval evaluates the expression with these names added to its scope. The error is of kind "expression".
	Eval func(names map[string]any) (any, error)
}

// Input holds the values of an object's fields, each in the form that its Field names.
// A field that is absent and has no default is not in it.
type Input map[string]any

// Has says whether the field is there and not null.
func (in Input) Has(name string) bool { return in[name] != nil }

// Text gives a Text, Enum, Profile or Bind field, "" when absent.
func (in Input) Text(name string) string { s, _ := in[name].(string); return s }

// Int gives an Int field, 0 when absent.
func (in Input) Int(name string) int { n, _ := in[name].(int); return n }

// Bool gives a Bool field, false when absent.
func (in Input) Bool(name string) bool { b, _ := in[name].(bool); return b }

// Duration gives a Duration field, 0 when absent.
func (in Input) Duration(name string) time.Duration { d, _ := in[name].(time.Duration); return d }

// Size gives a Size field in bytes, 0 when absent.
func (in Input) Size(name string) int64 { n, _ := in[name].(int64); return n }

// Object gives an Object field, an empty one when absent or of another form.
func (in Input) Object(name string) Input { o, _ := in[name].(Input); return o }

// Pairs gives a Map field, nil when absent.
func (in Input) Pairs(name string) Pairs { p, _ := in[name].(Pairs); return p }

// List gives a List field, nil when absent.
func (in Input) List(name string) []any { l, _ := in[name].([]any); return l }

// Late gives a late field or a condition, nil when absent.
func (in Input) Late(name string) *Late { l, _ := in[name].(*Late); return l }

// Entries gives the entries of a mapping: those of Pairs in their order, those of a map sorted by their keys.
func Entries(v any) (Pairs, bool) {
	switch v := v.(type) {
	case Pairs:
		return v, true
	case map[string]any:
		pairs := make(Pairs, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, Pair{key, v[key]})
		}
		return pairs, true
	}
	return nil, false
}
