package jobs

import (
	"snrun/jobs/source"
	"snrun/steps"
)

// typeSchema is the schema of a type's values as they are written. Values that are not static may be expressions instead.
func typeSchema(t steps.Type, static bool) map[string]any {
	switch t.Form {
	case steps.Int:
		return orExpression(map[string]any{"type": "integer"}, static)
	case steps.Float:
		return orExpression(map[string]any{"type": "number"}, static)
	case steps.Bool:
		return orExpression(map[string]any{"type": "boolean"}, static)
	case steps.Enum:
		return orExpression(map[string]any{"enum": words(t.Values)}, static)
	case steps.Duration:
		return orExpression(map[string]any{"type": "string", "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h|d|w))+$`}, static)
	case steps.Size:
		return orExpression(map[string]any{"anyOf": []any{
			map[string]any{"type": "integer", "minimum": 0}, map[string]any{"type": "string", "pattern": `^[0-9]+([KMGT]?B)?$`},
		}}, static)
	case steps.Text:
		return map[string]any{"type": []any{"string", "number", "boolean", "null"}}
	case steps.Condition:
		return map[string]any{"type": []any{"string", "boolean"}}
	case steps.Profile:
		return map[string]any{"type": "string", "pattern": title.String()}
	case steps.Bind:
		return map[string]any{"type": "string", "pattern": identifier.String()}
	}
	return compoundSchema(t, static)
}

func compoundSchema(t steps.Type, static bool) map[string]any {
	switch t.Form {
	case steps.Object:
		return objectSchema(t.Fields)
	case steps.Map:
		return map[string]any{"type": "object", "additionalProperties": typeSchema(*t.Elem, static)}
	case steps.List:
		return map[string]any{"type": "array", "items": typeSchema(*t.Elem, static)}
	case steps.Either:
		var alts []any
		for _, alt := range t.Alts {
			alts = append(alts, typeSchema(alt, static))
		}
		return map[string]any{"anyOf": alts}
	case steps.Block:
		return stepListSchema()
	case steps.Branches:
		return map[string]any{"type": "object", "additionalProperties": stepListSchema()}
	}
	return map[string]any{}
}

func stepListSchema() map[string]any {
	return map[string]any{"type": "array", "minItems": 1, "items": map[string]any{"$ref": "#/$defs/step"}}
}

func orExpression(s map[string]any, static bool) map[string]any {
	if static {
		return s
	}
	return map[string]any{"anyOf": []any{s, map[string]any{"type": "string", "pattern": `\$\{`}}}
}

// words are the values of an enum; one that looks like a number may be written without quotes.
func words(list []string) []any {
	var all []any
	for _, word := range list {
		all = append(all, word)
		if v, err := steps.DecodeJSON([]byte(word)); err == nil {
			if n, ok := v.(float64); ok {
				all = append(all, n)
			}
		}
	}
	return all
}

// readYAML gives a default or an example as data. What is no YAML is a mistake in the table of fields.
func readYAML(text string) any {
	r := &source.Report{}
	n := source.Parse("a table of fields", []byte(text), r)
	if n == nil {
		panic(r.Err())
	}
	return dataOf(n)
}

func dataOf(n *source.Node) any {
	switch n.Form() {
	case source.List:
		list := make([]any, len(n.Items()))
		for i, item := range n.Items() {
			list[i] = dataOf(item)
		}
		return list
	case source.Mapping:
		m := map[string]any{}
		for _, e := range n.Entries(&source.Report{}) {
			m[e.Key] = dataOf(e.Value)
		}
		return m
	}
	return n.Value()
}
