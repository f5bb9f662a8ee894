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

// schemaReader reads a JSON Schema (draft 2020-12) from YAML. It is stricter than the draft, which lets a misspelt keyword
// or format pass without a word.
type schemaReader struct {
	r     *source.Report
	input string
	wrong bool // something was reported
}

func (s *schemaReader) errorf(at *source.Node, hint, format string, args ...any) {
	s.wrong = true
	s.r.Errorf(at, format, args...).Hint = hint
}

// schema reads a schema: a mapping of keywords, or true or false.
func (s *schemaReader) schema(n *source.Node) any {
	if n.Form() == source.Mapping {
		return s.keywords(n)
	}
	if b, isBool := n.Value().(bool); isBool && n.Form() == source.Scalar {
		return b
	}
	s.errorf(n, "", "a JSON Schema is a mapping, not %s", n.What())
	return nil
}

func (s *schemaReader) keywords(n *source.Node) map[string]any {
	out := map[string]any{}
	table := schemaKeywords()
	for _, e := range n.Entries(s.r) {
		read, known := table[e.Key]
		switch {
		case known:
			out[e.Key] = read(s, e.Value)
		case slices.Contains([]string{"$schema", "$id", "$vocabulary"}, e.Key):
			s.errorf(e.Name, "leave it out", "the schema of an input is always of draft 2020-12, and stands for itself: %s has no place in it", e.Key)
		default:
			s.errorf(e.Name, steps.Hint(e.Key, sortedKeys(table)), "unknown keyword %q in the schema of the input %s", e.Key, s.input)
		}
	}
	return out
}

// schemaKeywords gives how the value of each keyword is read.
func schemaKeywords() map[string]func(*schemaReader, *source.Node) any {
	return map[string]func(*schemaReader, *source.Node) any{
		"type": (*schemaReader).types, "format": (*schemaReader).format, "pattern": (*schemaReader).pattern, "$ref": (*schemaReader).reference,
		"enum": (*schemaReader).list, "const": (*schemaReader).data, "default": (*schemaReader).data, "examples": (*schemaReader).list,
		"title": (*schemaReader).data, "description": (*schemaReader).data, "$comment": (*schemaReader).data,
		"deprecated": (*schemaReader).data, "readOnly": (*schemaReader).data, "writeOnly": (*schemaReader).data,
		"minimum": (*schemaReader).data, "maximum": (*schemaReader).data, "exclusiveMinimum": (*schemaReader).data,
		"exclusiveMaximum": (*schemaReader).data, "multipleOf": (*schemaReader).data,
		"minLength": (*schemaReader).data, "maxLength": (*schemaReader).data, "minItems": (*schemaReader).data, "maxItems": (*schemaReader).data,
		"uniqueItems": (*schemaReader).data, "minContains": (*schemaReader).data, "maxContains": (*schemaReader).data,
		"minProperties": (*schemaReader).data, "maxProperties": (*schemaReader).data, "required": (*schemaReader).required,
		"dependentRequired": (*schemaReader).data, "contentEncoding": (*schemaReader).data, "contentMediaType": (*schemaReader).data,
		"$anchor": (*schemaReader).data, "$dynamicAnchor": (*schemaReader).data, "$dynamicRef": (*schemaReader).reference,
		"items": (*schemaReader).schema, "contains": (*schemaReader).schema, "additionalProperties": (*schemaReader).schema,
		"propertyNames": (*schemaReader).schema, "not": (*schemaReader).schema, "if": (*schemaReader).schema, "then": (*schemaReader).schema,
		"else": (*schemaReader).schema, "unevaluatedItems": (*schemaReader).schema, "unevaluatedProperties": (*schemaReader).schema,
		"contentSchema": (*schemaReader).schema,
		"allOf":         (*schemaReader).schemas, "anyOf": (*schemaReader).schemas, "oneOf": (*schemaReader).schemas, "prefixItems": (*schemaReader).schemas,
		"properties": (*schemaReader).named, "patternProperties": (*schemaReader).named, "$defs": (*schemaReader).named,
		"dependentSchemas": (*schemaReader).named,
	}
}

// data reads any value. What it may be is checked when the schema is compiled.
func (s *schemaReader) data(n *source.Node) any {
	switch n.Form() {
	case source.Mapping:
		out := map[string]any{}
		for _, e := range n.Entries(s.r) {
			out[e.Key] = s.data(e.Value)
		}
		return out
	case source.List:
		out := []any{}
		for _, item := range n.Items() {
			out = append(out, s.data(item))
		}
		return out
	}
	return n.Value()
}

func (s *schemaReader) list(n *source.Node) any {
	if n.Form() != source.List {
		s.errorf(n, "write it as in [a, b]", "a list was expected, not %s", n.What())
	}
	return s.data(n)
}

func (s *schemaReader) schemas(n *source.Node) any {
	if n.Form() != source.List {
		s.errorf(n, "", "a list of JSON Schemas was expected, not %s", n.What())
		return nil
	}
	out := []any{}
	for _, item := range n.Items() {
		out = append(out, s.schema(item))
	}
	return out
}

func (s *schemaReader) named(n *source.Node) any {
	if n.Form() != source.Mapping {
		s.errorf(n, "", "a mapping of names to JSON Schemas was expected, not %s", n.What())
		return nil
	}
	out := map[string]any{}
	for _, e := range n.Entries(s.r) {
		out[e.Key] = s.schema(e.Value)
	}
	return out
}

func (s *schemaReader) types(n *source.Node) any {
	items := []*source.Node{n}
	if n.Form() == source.List {
		items = n.Items()
	}
	for _, item := range items {
		if !slices.Contains(schemaTypes(), item.Text()) || item.Form() != source.Scalar {
			s.errorf(item, steps.Hint(item.Text(), schemaTypes()), "%s is no type", item.What())
		} else if item.IsNull() {
			s.errorf(item, `write "null" in quotes`, "null is no type")
		}
	}
	return s.data(n)
}

func schemaTypes() []string {
	return []string{"string", "integer", "number", "boolean", "array", "object", "null"}
}

func (s *schemaReader) format(n *source.Node) any {
	known := []string{
		"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer", "period", "regex",
		"relative-json-pointer", "semver", "time", "uri", "uri-reference", "uri-template", "uuid",
	}
	if !slices.Contains(known, n.Text()) {
		hint := steps.Hint(n.Text(), known)
		if hint == "" {
			hint = "these are known: " + strings.Join(known, ", ")
		}
		s.errorf(n, hint, "the format %q is not known", n.Text())
	}
	return n.Text()
}

func (s *schemaReader) pattern(n *source.Node) any {
	if _, err := regexp.Compile(n.Text()); err != nil {
		reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		s.errorf(n, "patterns are regular expressions as Go has them (RE2): without look-around and back-references", "the pattern cannot be read: %s", reason)
	}
	return n.Text()
}

func (s *schemaReader) reference(n *source.Node) any {
	if !strings.HasPrefix(n.Text(), "#") {
		s.errorf(n, `write it as in "#/$defs/name"`, "a reference can only be to a place in the same schema; nothing is fetched")
	}
	return n.Text()
}

func (s *schemaReader) required(n *source.Node) any {
	if b, isBool := n.Value().(bool); isBool && n.Form() == source.Scalar {
		hint := "an input without a default is required anyway: leave this out"
		if !b {
			hint = "an input with a default is not required: write default: instead"
		}
		s.errorf(n, hint, "required is the list of the properties that an object must have, not %s", n.What())
	}
	return s.data(n)
}

// compileSchema compiles the schema of an input. Formats are checked, and nothing is fetched.
func compileSchema(name string, schema map[string]any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // has no scheme to load from
	location := "inputs:///" + name
	if err := c.AddResource(location, schema); err != nil {
		return nil, err
	}
	return c.Compile(location)
}

// reportSchema reports what the compiler found wrong with a schema, where it stands.
func reportSchema(err error, schema map[string]any, e source.Entry, r *source.Report) {
	var invalid *jsonschema.SchemaValidationError
	var mistakes *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &mistakes) {
		for _, leaf := range mistakesIn(mistakes) {
			message, _ := explain(leaf, valueAt(schema, leaf.InstanceLocation))
			path := e.Key + pathText(schema, leaf.InstanceLocation)
			r.Errorf(nodeBelow(e.Value, leaf.InstanceLocation), "%s: %s", path, message)
		}
		return
	}
	r.Errorf(e.Value, "the schema of the input %s cannot be used: %s", e.Key, schemaMistake(err))
}

// schemaMistake words what is left: references that lead nowhere.
func schemaMistake(err error) string {
	_, rest, found := strings.Cut(err.Error(), "#")
	if !found {
		return err.Error()
	}
	place, _, _ := strings.Cut(rest, `"`)
	return fmt.Sprintf("the reference %q leads nowhere", "#"+place)
}

// nodeBelow finds the node at a path of keys and indexes, or the nearest one above it that exists.
func nodeBelow(n *source.Node, path []string) *source.Node {
	for _, part := range path {
		next := child(n, part)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}
