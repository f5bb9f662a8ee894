package jobs

import (
	"fmt"
	"strings"
	"sync"
)

// Function describes one function of expressions, for its reference page and for checking calls of it.
type Function struct {
	Name      string
	Signature string // replace(text: text, old: text, new: text, times?: int) text
	Doc       string // one or two sentences; Markdown
	Example   string // an expression
	Result    string // what the example gives, as JSON

	params  []param
	result  typeSet
	call    func(args []any) (any, error) // nil where loop is set
	loop    bool                          // its second argument is evaluated for each item of the first
	instead string                        // for a function that is refused: what to write
}

// param is one parameter of a function.
type param struct {
	name     string
	types    typeSet
	optional bool
	variadic bool // stands for any number of further arguments
}

// Functions gives the functions of expressions in the order of their reference page.
func Functions() []Function {
	var shown []Function
	for _, f := range functionTable().list {
		if f.Doc != "" {
			shown = append(shown, *f)
		}
	}
	return shown
}

type functionSet struct {
	list   []*Function
	byName map[string]*Function
}

// functionTable is made once and never changed.
var functionTable = sync.OnceValue(func() functionSet {
	set := functionSet{byName: map[string]*Function{}}
	for _, group := range [][]Function{
		loopFunctions(), listFunctions(), mapFunctions(), textFunctions(),
		numberFunctions(), dataFunctions(), timeFunctions(), refusedFunctions(),
	} {
		for _, f := range group {
			f.read()
			set.list = append(set.list, &f)
			set.byName[f.Name] = &f
		}
	}
	return set
})

var paramTypes = map[string]typeSet{
	"any": anyType, "text": textType, "int": intType, "number": intType | floatType, "bool": boolType,
	"list": listType, "map": mapType, "time": timeType, "duration": spanType, "null": nullType, "big": bigType,
}

// read takes name, parameters and result from the signature. A signature that cannot be read is a mistake in the table.
func (f *Function) read() {
	name, rest, _ := strings.Cut(f.Signature, "(")
	list, result, _ := strings.Cut(rest, ")")
	f.Name, f.result = name, readTypes(strings.TrimSpace(result))
	for _, p := range strings.Split(list, ", ") {
		if p != "" {
			name, types, _ := strings.Cut(p, ": ")
			types, variadic := strings.CutPrefix(types, "…")
			name, optional := strings.CutSuffix(name, "?")
			f.params = append(f.params, param{name, readTypes(types), optional, variadic})
		}
	}
}

func readTypes(text string) typeSet {
	var types typeSet
	for _, word := range strings.Split(text, "|") {
		if paramTypes[word] == 0 {
			panic("jobs: a signature has the type " + word)
		}
		types |= paramTypes[word]
	}
	return types
}

// param gives the parameter that the argument i is for, false where there are too many arguments.
func (f *Function) param(i int) (param, bool) {
	if last := len(f.params) - 1; last >= 0 && i > last && f.params[last].variadic {
		return f.params[last], true
	}
	if i >= len(f.params) {
		return param{}, false
	}
	return f.params[i], true
}

// least is the number of arguments that a call must have.
func (f *Function) least() int {
	n := 0
	for _, p := range f.params {
		if !p.optional {
			n++
		}
	}
	return n
}

// guarded calls the function with arguments that are all of the types it takes.
func (f *Function) guarded(args ...any) (any, error) {
	for i, arg := range args {
		p, _ := f.param(i)
		t := typeOf(arg)
		if t == otherType {
			args[i] = data(arg)
			t = typeOf(args[i])
		}
		if p.types.is(t) {
			continue
		}
		whole, ok := wholeOf(arg)
		if !ok || !p.types.is(intType) {
			return nil, wrongArgument(f, i, t)
		}
		args[i] = whole
	}
	return f.call(args)
}

// wholeOf gives the int that a float64 without a fraction stands for: JSON may write 3 as 3.0.
func wholeOf(v any) (int, bool) {
	f, ok := v.(float64)
	n := int(f)
	return n, ok && float64(n) == f && n > -1<<53 && n < 1<<53
}

// fault is why an operation cannot be carried out. In its text and hint, {1} stands for the first operand as it was
// written, {2} for the second.
type fault struct {
	text, hint string
}

func (f *fault) Error() string { return f.text }

func faultf(format string, args ...any) *fault { return &fault{text: fmt.Sprintf(format, args...)} }

func wrongArgument(f *Function, i int, got typeSet) *fault {
	p, _ := f.param(i)
	operand := fmt.Sprintf("{%d}", i+1)
	return &fault{
		text: fmt.Sprintf("%s takes %s, but %s is %s", f.Name, p.types, operand, got),
		hint: insteadOf(operand, p.types, got),
	}
}

// fill puts the operands as they were written into a text of a fault.
func fill(text string, operands []string) string {
	var pairs []string
	for i, o := range operands {
		pairs = append(pairs, fmt.Sprintf("{%d}", i+1), o)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// insteadOf advises what to write where a value has the type got but one of want is needed.
func insteadOf(operand string, want, got typeSet) string {
	switch {
	case got == nullType && want == listType:
		return fmt.Sprintf("write %s ?? []", operand)
	case got == nullType && want == textType:
		return fmt.Sprintf(`write %s ?? ""`, operand)
	case got == nullType && want == boolType:
		return fmt.Sprintf("write %s ?? false", operand)
	case got == nullType:
		return fmt.Sprintf("write %s ?? and what stands for null", operand)
	case got == bigType && want.is(floatType):
		return fmt.Sprintf("write float(%s) to calculate with what fits, or string(%s) to keep every digit", operand, operand)
	case want == textType && got.is(numberType|boolType):
		return fmt.Sprintf("write string(%s)", operand)
	case want.is(intType) && got == textType && want.is(floatType):
		return fmt.Sprintf("write float(%s)", operand)
	case want.is(intType) && got.is(textType|floatType):
		return fmt.Sprintf("write int(%s)", operand)
	case want == listType && got == mapType:
		return fmt.Sprintf("write values(%s) or toPairs(%s)", operand, operand)
	case want == timeType && got == textType:
		return fmt.Sprintf("write date(%s)", operand)
	case want == spanType && got == textType:
		return fmt.Sprintf("write duration(%s)", operand)
	case want == textType && got.is(listType|mapType):
		return fmt.Sprintf("write toJSON(%s)", operand)
	}
	return ""
}

// maxText bounds a text that an expression builds, in bytes, maxItems a list. Beyond, it is a mistake or an attack.
const (
	maxText  = 64 << 20
	maxItems = 1_000_000
)

func tooBig(what string) *fault {
	return &fault{text: "the expression would make " + what + ", more than is allowed", hint: "a text may have 64 MB, a list a million items"}
}
