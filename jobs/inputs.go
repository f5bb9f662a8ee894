package jobs

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"snrun/jobs/source"
	"snrun/steps"
)

// Input is one input of a job.
type Input struct {
	Name        string
	Description string
	Schema      map[string]any // JSON Schema, draft 2020-12; empty for any value
	Default     any
	HasDefault  bool               // an input without a default must be given
	schema      *jsonschema.Schema // nil: any value fits
}

// Inputs are the inputs of a job, in the order written. Nil is a job without any.
type Inputs struct{ list []*Input }

// InputProblem is a mistake in what a job is given. Its message begins with the input's name.
type InputProblem struct {
	Name    string // the input
	Path    string // where in its value, as in ".address.lines[0]"; "" for the whole
	Message string
	Hint    string // what to do, "" when nothing is to be said
}

// Error gives the message, and the hint after it.
func (p *InputProblem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + ": " + p.Hint
}

var inputName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// CompileInputs reads the `inputs` of a job: names with a JSON Schema each, nil for none. What is wrong with a schema, or
// with a default that does not fit it, goes into the report with its place.
func CompileInputs(n *source.Node, r *source.Report) *Inputs {
	in := &Inputs{}
	if n == nil || n.IsNull() {
		return in
	}
	if n.Form() != source.Mapping {
		r.Errorf(n, "inputs must be a mapping of names to JSON Schemas, not %s", n.What()).Hint = "write: name: {type: string}"
		return in
	}
	for _, e := range n.Entries(r) {
		if !inputName.MatchString(e.Key) {
			r.Errorf(e.Name, "%q cannot be the name of an input", e.Key).Hint = "a name has letters, digits and _, and begins with no digit, so that expressions can say inputs.name"
			continue
		}
		if reserved[e.Key] {
			r.Errorf(e.Name, "%q cannot be the name of an input: it is a word of the expressions", e.Key)
			continue
		}
		in.list = append(in.list, compileInput(e, r))
	}
	return in
}

func compileInput(e source.Entry, r *source.Report) *Input {
	in := &Input{Name: e.Key, Schema: map[string]any{}}
	if e.Value.IsNull() {
		return in
	}
	if e.Value.Form() != source.Mapping {
		r.Errorf(e.Value, "the input %s must be a JSON Schema, not %s", e.Key, e.Value.What()).Hint = "write: " + e.Key + ": {type: string}"
		return in
	}
	reader := schemaReader{r: r, input: e.Key}
	schema, _ := reader.schema(e.Value).(map[string]any)
	if reader.wrong {
		return in
	}
	in.Schema = schema
	in.Description, _ = schema["description"].(string)
	in.Default, in.HasDefault = schema["default"]
	compiled, err := compileSchema(e.Key, schema)
	if err != nil {
		reportSchema(err, schema, e, r)
		return in
	}
	in.schema = compiled
	if in.HasDefault {
		in.checkDefault(child(e.Value, "default"), r)
	}
	return in
}

// checkDefault reports a default that does not fit its own schema.
func (in *Input) checkDefault(n *source.Node, r *source.Report) {
	for _, p := range in.check(in.Default) {
		r.Errorf(nodeBelow(n, p.location), "the default does not fit: %s", p.Message).Hint = p.Hint
	}
}

// Names gives the names of the inputs, in the order written.
func (in *Inputs) Names() []string {
	var names []string
	for _, i := range in.All() {
		names = append(names, i.Name)
	}
	return names
}

// All gives the inputs, in the order written.
func (in *Inputs) All() []*Input {
	if in == nil {
		return nil
	}
	return in.list
}

// Find gives the input of a name, nil when there is none.
func (in *Inputs) Find(name string) *Input {
	for _, i := range in.All() {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// Type gives the one type that the values of an input have: string, integer, number, boolean, array, object or null.
// It is "" where the schema allows several, says nothing, or where there is no such input.
func (in *Inputs) Type(name string) string {
	if i := in.Find(name); i != nil {
		if types := i.types(); len(types) == 1 {
			return types[0]
		}
	}
	return ""
}

// types gives the types that the schema names.
func (in *Input) types() []string {
	switch t := in.Schema["type"].(type) {
	case string:
		return []string{t}
	case []any:
		var types []string
		for _, item := range t {
			if name, isText := item.(string); isText {
				types = append(types, name)
			}
		}
		return types
	}
	return nil
}

// Check gives the inputs of a run: what is given, completed by the defaults. It finds everything that is wrong at once:
// unknown and missing inputs, and values that do not fit their schema.
func (in *Inputs) Check(given map[string]any) (map[string]any, []InputProblem) {
	var problems []InputProblem
	checked := make(map[string]any, len(given))
	for _, name := range sortedKeys(given) {
		if in.Find(name) == nil {
			problems = append(problems, *in.unknown(name))
		}
	}
	for _, i := range in.All() {
		value, isGiven := given[i.Name]
		switch {
		case isGiven:
			for _, p := range i.check(value) {
				problems = append(problems, p.InputProblem)
			}
			checked[i.Name] = value
		case i.HasDefault:
			checked[i.Name] = i.Default
		default:
			problems = append(problems, InputProblem{Name: i.Name, Message: i.Name + ": this input is missing, and has no default", Hint: i.Description})
		}
	}
	return checked, problems
}

func (in *Inputs) unknown(name string) *InputProblem {
	p := &InputProblem{Name: name, Message: fmt.Sprintf("%s: the job has no such input", name)}
	p.Hint = steps.Hint(name, in.Names())
	if len(in.All()) == 0 {
		p.Hint = "it has none at all"
	}
	return p
}

// FromText gives the value that a text stands for, as on a command line: by the types that the schema names, else as JSON
// where it is JSON, else as it is. It does not check the value; Check does. Errors are *InputProblem.
func (in *Inputs) FromText(name, text string) (any, error) {
	i := in.Find(name)
	if i == nil {
		return nil, in.unknown(name)
	}
	types := i.types()
	value, err := steps.DecodeJSON([]byte(text))
	if len(types) == 0 {
		if err != nil {
			return text, nil
		}
		return value, nil
	}
	if err == nil && slices.ContainsFunc(types, func(t string) bool { return t != "string" && hasType(value, t) }) {
		return value, nil
	}
	if slices.Contains(types, "string") {
		return text, nil
	}
	return nil, i.wrongText(text, types, err)
}

// wrongText says why a text stands for no value of the types.
func (in *Input) wrongText(text string, types []string, err error) *InputProblem {
	var words []string
	for _, t := range types {
		words = append(words, typeWord(t))
	}
	p := &InputProblem{Name: in.Name, Message: fmt.Sprintf("%s: %s is not %s", in.Name, shown(text), strings.Join(words, " or "))}
	var mistake *steps.JSONError
	if errors.As(err, &mistake) && (slices.Contains(types, "object") || slices.Contains(types, "array")) {
		p.Message += ": " + mistake.Error()
		p.Hint = "write it as JSON"
	}
	return p
}
