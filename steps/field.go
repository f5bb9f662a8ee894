package steps

// Form is the shape of a value in a job file, and says what the kind's function gets for it.
type Form int

// The forms. Behind each: the Go value that an Input holds for it.
const (
	Any       Form = iota // plain data: nil, bool, int, float64, json.Number, string, []any, map[string]any
	Text                  // string; a number or boolean is taken as it was written
	Int                   // int
	Float                 // float64
	Bool                  // bool
	Duration              // time.Duration; Go's form plus d and w
	Size                  // int64, bytes; 64KB, 10MB (powers of 1024)
	Enum                  // string, one of Type.Values
	Object                // Input, with Type.Fields
	Map                   // Pairs, names to Type.Elem, in the order written
	List                  // []any of Type.Elem
	Tree                  // data in the order written, scalars with their text: Pairs, []any, Scalar, nil
	Either                // what the first of Type.Alts that fits gives
	Condition             // Late: a bare boolean expression
	Profile               // string: the name of a profile
	Block                 // a list of steps; only in kinds that the flow carries out
	Branches              // a map of names to lists of steps; likewise
	Bind                  // a name that the block introduces, such as foreach's `as`; string
)

var formNames = [...]string{
	Any: "any value", Text: "text", Int: "a whole number", Float: "a number", Bool: "true or false",
	Duration: "a duration", Size: "a size", Enum: "one of a few words", Object: "a mapping", Map: "a mapping",
	List: "a list", Tree: "any value", Either: "one of several forms", Condition: "a condition",
	Profile: "the name of a profile", Block: "a list of steps", Branches: "a mapping of names to steps", Bind: "a name",
}

// String names the form for a person: "a whole number".
func (f Form) String() string { return formNames[f] }

// Type is the form of a field's value with what the form needs.
type Type struct {
	Form   Form
	Elem   *Type    // of Map and List
	Fields []Field  // of Object
	Values []string // of Enum
	Alts   []Type   // of Either
}

// Field describes one key of a mapping.
type Field struct {
	Name     string
	Doc      string // one or two sentences; Markdown
	Type     Type
	Default  string // as it would be written in YAML; "" when there is none
	Example  string // as it would be written in YAML
	Required bool
	// Static fields are read when the file is loaded: no `${ }` in them.
	Static bool
	// Late fields are evaluated by the kind itself, which adds `response` to the names in scope: the Input holds a Late.
	// Conditions are always late.
	Late bool
	// Of the fields that share a Group, one at most may be given; exactly one where the group's first is Required.
	Group string
	// FromProfile fields cannot be written in a step; they hold the setting of the same name of the step's profile.
	FromProfile bool
	// Lasting fields have the same value whenever the run goes on: they may not read run.attempt.
	Lasting bool
	// Secret fields hold what never shows, also where it is written out.
	Secret bool
	// Merge fields are completed by the profile's setting of the same name: maps under, lists and conditions before.
	Merge bool
}

// Of makes the type of a form that needs nothing else.
func Of(f Form) Type { return Type{Form: f} }

// ObjectOf is a mapping with these keys and no others.
func ObjectOf(fields ...Field) Type { return Type{Form: Object, Fields: fields} }

// MapOf is a mapping from any names to values of one type, kept in the order written.
func MapOf(elem Type) Type { return Type{Form: Map, Elem: &elem} }

// ListOf is a list of values of one type.
func ListOf(elem Type) Type { return Type{Form: List, Elem: &elem} }

// OneOf is an Enum of these words.
func OneOf(values ...string) Type { return Type{Form: Enum, Values: values} }

// EitherOf takes the first of several types that fits what is written.
func EitherOf(alts ...Type) Type { return Type{Form: Either, Alts: alts} }
