package web

import (
	"slices"

	"snrun/jobs"
	"snrun/steps"
)

// inputField is a field of a form for one input of a job. What it holds is read as on a command line.
type inputField struct {
	Name, Description string
	ID                string // of the field
	Kind              string // text, number, checkbox, select or json
	Step              string // of a number: what it goes in
	Options           []inputOption
	Value             string // that it is filled in with
	Checked           bool
	Required          bool
	Hint              string // what its schema asks for
}

// inputOption is a value to choose.
type inputOption struct {
	Value, Text string
	Chosen      bool
}

// inputFields gives the fields for a job's inputs, in the order written.
func inputFields(in *jobs.Inputs) []inputField {
	var fields []inputField
	for _, i := range in.All() {
		fields = append(fields, inputFieldOf(i, in.Type(i.Name)))
	}
	return fields
}

// inputFieldOf gives the field for one input; its values have one type, or it is "".
func inputFieldOf(i *jobs.Input, typeName string) inputField {
	f := inputField{Name: i.Name, Description: i.Description, ID: "input-" + i.Name, Kind: "text", Required: !i.HasDefault}
	if i.HasDefault {
		f.Value = textOf(i.Default)
	}
	if options, isList := i.Schema["enum"].([]any); isList {
		f.choose(options, i)
		return f
	}
	switch typeName {
	case "boolean":
		f.Kind, f.Required = "checkbox", false
		f.Checked, _ = i.Default.(bool)
	case "integer":
		f.Kind, f.Step = "number", "1"
	case "number":
		f.Kind, f.Step = "number", "any"
	case "array", "object":
		f.Kind, f.Hint = "json", "as JSON"
	}
	if pattern, ok := i.Schema["pattern"].(string); ok {
		f.Hint = "like " + pattern
	}
	if format, ok := i.Schema["format"].(string); ok {
		f.Hint = "a " + format
	}
	return f
}

// choose makes it a field with these options.
func (f *inputField) choose(options []any, i *jobs.Input) {
	f.Kind = "select"
	for _, o := range options {
		text := textOf(o)
		f.Options = append(f.Options, inputOption{text, text, i.HasDefault && text == f.Value})
	}
	if !slices.ContainsFunc(f.Options, func(o inputOption) bool { return o.Chosen }) {
		f.Options = append([]inputOption{{Text: "–"}}, f.Options...)
	}
}

// textOf writes a value as one would on a command line: a text as it is, all else as JSON.
func textOf(v any) string {
	if text, isText := v.(string); isText {
		return text
	}
	data, err := steps.EncodeJSON(v)
	if err != nil {
		return ""
	}
	return string(data)
}
