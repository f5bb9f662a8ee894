package jobs

import (
	"fmt"

	"snrun/auth"
	"snrun/steps"
)

// schemaDialect is what the schemas are written in.
const schemaDialect = "http://json-schema.org/draft-07/schema#"

// Schemas gives the JSON Schema of each kind of file: job, profiles and project. Editors complete and check from them; the
// language itself is stricter.
func Schemas(kinds steps.Set) map[string]any {
	return map[string]any{
		"job":      jobSchema(kinds),
		"profiles": profilesSchema(kinds),
		"project":  document("snrun project settings", objectSchema(settingsFields())),
	}
}

func document(title string, schema map[string]any) map[string]any {
	schema["$schema"] = schemaDialect
	schema["title"] = title
	version(schema)
	return schema
}

// version says that there is one version of the language.
func version(schema map[string]any) {
	schema["properties"].(map[string]any)["version"] = map[string]any{"const": 1, "description": "The version of the job language."}
}

func jobSchema(kinds steps.Set) map[string]any {
	properties, beside := propertiesOf(stepFields()), map[string]any{}
	var choices []any
	for _, name := range kinds.Names() {
		k := kinds[name]
		s := typeSchema(k.Takes, false)
		s["description"] = k.Summary + ". " + k.Doc
		properties[name] = s
		for _, f := range k.Beside {
			properties[f.Name] = fieldSchema(f)
			beside[f.Name] = []any{name}
		}
		choices = append(choices, map[string]any{"required": []any{name}})
	}
	schema := document("snrun job", objectSchema(jobFields()))
	schema["$defs"] = map[string]any{"step": map[string]any{
		"type": "object", "properties": properties, "additionalProperties": false, "oneOf": choices, "dependencies": beside,
	}}
	return schema
}

func profilesSchema(kinds steps.Set) map[string]any {
	schema := document("snrun profiles", objectSchema(profilesFields()))
	profile := objectSchema(profileFields())
	profile["properties"].(map[string]any)["auth"] = map[string]any{"type": "object", "description": "How to sign in."}
	profile["if"] = map[string]any{"required": []any{"preset"}}
	profile["then"] = signInSchema(kinds, true)
	profile["else"] = signInSchema(kinds, false)
	schema["properties"].(map[string]any)["profiles"] = map[string]any{
		"type": "object", "additionalProperties": profile, "propertyNames": map[string]any{"pattern": title.String()}, "description": "The profiles by name.",
	}
	if f := securityField(kinds); f != nil {
		schema["$defs"] = map[string]any{securityKey: fieldSchema(*f)}
	}
	return schema
}

// signInSchema is what `auth` may be. With a preset any key of it may be absent: the preset may have it.
func signInSchema(kinds steps.Set, preset bool) map[string]any {
	ways := map[string]map[string]any{}
	for _, t := range auth.Types() {
		way := objectSchema(signInFields(t))
		way["properties"].(map[string]any)["type"] = map[string]any{"const": t.Name, "description": t.Summary + "."}
		ways[t.Name] = way
	}
	securitySchemas(ways, kinds)
	var list []any
	for _, t := range auth.Types() {
		if preset {
			delete(ways[t.Name], "required")
		}
		list = append(list, ways[t.Name])
	}
	return map[string]any{"properties": map[string]any{"auth": map[string]any{"anyOf": list}}}
}

func objectSchema(fields []steps.Field) map[string]any {
	s := map[string]any{"type": "object", "properties": propertiesOf(fields), "additionalProperties": false}
	var required, groups []any
	for _, f := range fields {
		switch {
		case f.Required && f.Group == "":
			required = append(required, f.Name)
		case f.Required:
			groups = append(groups, map[string]any{"oneOf": requireEach(groupNames(fields, f.Group))})
		}
	}
	if required != nil {
		s["required"] = required
	}
	if groups != nil {
		s["allOf"] = groups
	}
	return s
}

func requireEach(names []string) []any {
	var each []any
	for _, name := range names {
		each = append(each, map[string]any{"required": []any{name}})
	}
	return each
}

func propertiesOf(fields []steps.Field) map[string]any {
	properties := map[string]any{}
	for _, f := range visible(fields) {
		properties[f.Name] = fieldSchema(f)
	}
	return properties
}

func fieldSchema(f steps.Field) map[string]any {
	s := typeSchema(f.Type, f.Static)
	s["description"] = f.Doc
	if f.Default != "" {
		s["description"] = fmt.Sprintf("%s Default: `%s`.", f.Doc, f.Default)
		s["default"] = readYAML(f.Default)
	}
	if f.Example != "" {
		s["examples"] = []any{readYAML(f.Example)}
	}
	return s
}
