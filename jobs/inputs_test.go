package jobs

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"snrun/jobs/source"
)

func readInputs(t testing.TB, yaml string) (*Inputs, *source.Report) {
	t.Helper()
	r := &source.Report{}
	n := source.Parse("job.yaml", []byte(yaml), r)
	if err := r.Err(); err != nil {
		t.Fatalf("got %v, want YAML", err)
	}
	return CompileInputs(n, r), r
}

func goodInputs(t testing.TB, yaml string) *Inputs {
	t.Helper()
	in, r := readInputs(t, yaml)
	if err := r.Err(); err != nil {
		t.Fatalf("got %v, want good inputs", err)
	}
	return in
}

const orderInputs = `
priority: {type: integer, default: 1, enum: [1, 2, 3], description: How urgent.}
customer: {type: string, minLength: 2, maxLength: 10, description: Whose order it is.}
day: {type: string, format: date, default: "2026-01-01"}
ratio: {type: number, minimum: 0.5, exclusiveMaximum: 1, default: 0.5}
code: {type: string, pattern: "^[A-Z]+$", default: X}
count: {type: [integer, "null"], multipleOf: 5, minimum: -10, maximum: 100, default: null}
anything:
  default: {a: 1}
address:
  type: object
  properties: {street: {type: string}, lines: {type: array, items: {$ref: "#/$defs/line"}, maxItems: 2, uniqueItems: true}}
  required: [street]
  additionalProperties: false
  $defs: {line: {type: string}}
  default: {street: x}
either: {anyOf: [{type: integer}, {type: object, required: [id]}], default: 1}
`

func TestInputsCheck(t *testing.T) {
	t.Parallel()
	in := goodInputs(t, orderInputs)
	got, problems := in.Check(map[string]any{"customer": "Ann", "count": json.Number("15"), "priority": 3.0})
	want := map[string]any{
		"priority": 3.0, "customer": "Ann", "day": "2026-01-01", "ratio": 0.5, "code": "X", "count": json.Number("15"),
		"anything": map[string]any{"a": 1}, "address": map[string]any{"street": "x"}, "either": 1,
	}
	if len(problems) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, problems, want)
	}
	if got, want := strings.Join(in.Names(), " "), "priority customer day ratio code count anything address either"; got != want {
		t.Errorf("got the names %s, want %s", got, want)
	}
	if got, want := in.Find("priority").Description, "How urgent."; got != want {
		t.Errorf("got the description %q, want %q", got, want)
	}
}

func TestInputsCheckFinds(t *testing.T) {
	t.Parallel()
	in := goodInputs(t, orderInputs)
	type object = map[string]any
	tests := map[string]struct {
		given object
		want  []string
	}{
		"missing":            {object{}, []string{"customer: this input is missing, and has no default: Whose order it is."}},
		"unknown":            {object{"customer": "Ann", "prioritty": 1}, []string{`prioritty: the job has no such input: did you mean "priority"?`}},
		"not one of":         {object{"customer": "Ann", "priority": 7}, []string{"priority: 7 is not one of 1, 2, 3"}},
		"a text for number":  {object{"customer": "Ann", "priority": "1"}, []string{`priority: "1" is not a whole number`}},
		"a fraction":         {object{"customer": "Ann", "priority": 1.5}, []string{"priority: 1.5 is not a whole number"}},
		"null":               {object{"customer": nil}, []string{"customer: null is not a text"}},
		"too short":          {object{"customer": "A"}, []string{`customer: "A" is too short; the least is 2 characters`}},
		"too long":           {object{"customer": strings.Repeat("ä", 100)}, []string{`customer: "` + strings.Repeat("ä", 59) + "… is too long; the most is 10 characters"}},
		"a date":             {object{"customer": "Ann", "day": "2026-02-30"}, []string{`day: "2026-02-30" is no date: write it as in 2026-01-31`}},
		"too small":          {object{"customer": "Ann", "ratio": 0.25}, []string{"ratio: 0.25 is too small; the least is 0.5"}},
		"not below":          {object{"customer": "Ann", "ratio": 1}, []string{"ratio: 1 is too large; it must be below 1"}},
		"a pattern":          {object{"customer": "Ann", "code": "a"}, []string{`code: "a" does not match the pattern ^[A-Z]+$`}},
		"several types":      {object{"customer": "Ann", "count": true}, []string{"count: true is not null or a whole number"}},
		"a multiple":         {object{"customer": "Ann", "count": 7}, []string{"count: 7 is not a multiple of 5"}},
		"exact digits":       {object{"customer": "Ann", "count": json.Number("123456789012345678901")}, []string{"count: 123456789012345678901 is too large; the most is 100", "count: 123456789012345678901 is not a multiple of 5"}},
		"deep in an object":  {object{"customer": "Ann", "address": object{"lines": []any{"a", 1, "a"}, "stret": "x"}}, []string{"address: missing: street", "address: unknown: stret", "address.lines: a list of 3 is too long; the most is 2", "address.lines: the items 0 and 2 are the same", "address.lines[1]: 1 is not a text"}},
		"no object":          {object{"customer": "Ann", "address": []any{}}, []string{"address: a list is not a mapping"}},
		"none of the forms":  {object{"customer": "Ann", "either": object{"x": 1}}, []string{"either: fits none of the forms it may have: a mapping is not a whole number; or missing: id"}},
		"a huge number":      {object{"customer": "Ann", "count": json.Number("1e999999999")}, []string{"count: 1e999999999 is a number beyond what can be checked"}},
		"a huge one, nested": {object{"customer": "Ann", "anything": []any{object{"x": json.Number("1e-99999")}}}, []string{"anything[0].x: 1e-99999 is a number beyond what can be checked"}},
		"all at once":        {object{"priority": 7, "x": 1}, []string{"x: the job has no such input: it is one of priority, customer, day, ratio, code, count, anything, address, either", "priority: 7 is not one of 1, 2, 3", "customer: this input is missing, and has no default: Whose order it is."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := in.Check(test.given)
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
			}
		})
	}
}

func TestInputsOfNone(t *testing.T) {
	t.Parallel()
	var in *Inputs
	got, problems := in.Check(nil)
	if len(got) != 0 || len(problems) != 0 || in.Names() != nil || in.Type("x") != "" {
		t.Errorf("got %v, %v, want a job without inputs to need none", got, problems)
	}
	_, problems = CompileInputs(nil, &source.Report{}).Check(map[string]any{"a": 1})
	if len(problems) != 1 || problems[0].Error() != "a: the job has no such input: it has none at all" {
		t.Errorf("got %v, want a to be refused", problems)
	}
}

func TestInputsFromText(t *testing.T) {
	t.Parallel()
	in := goodInputs(t, `
n: {type: integer}
x: {type: number}
b: {type: boolean}
s: {type: string}
l: {type: array}
o: {type: object}
m: {type: [string, "null"]}
a: {}
e: {enum: [1, x]}
`)
	tests := map[string]struct {
		name, text string
		want       any
		problem    string
	}{
		"an integer":            {"n", "9223372036854775807", 9223372036854775807, ""},
		"a long integer":        {"n", "12345678901234567890123", json.Number("12345678901234567890123"), ""},
		"no integer":            {"n", "1.5", nil, `n: "1.5" is not a whole number`},
		"a long fraction":       {"n", "12345678901234567890.5", nil, `n: "12345678901234567890.5" is not a whole number`},
		"zeros in front":        {"n", "007", nil, `n: "007" is not a whole number`},
		"a number":              {"x", "1e3", 1000.0, ""},
		"no number":             {"x", "", nil, `x: "" is not a number`},
		"true":                  {"b", "true", true, ""},
		"yes":                   {"b", "yes", nil, `b: "yes" is not true or false`},
		"a text":                {"s", "007", "007", ""},
		"a text like JSON":      {"s", `{"a": 1}`, `{"a": 1}`, ""},
		"a list":                {"l", `[1, "x"]`, []any{1, "x"}, ""},
		"a broken list":         {"l", `[1, x]`, nil, `l: "[1, x]" is not a list: line 1, column 5: 'x' stands where a value was expected: write it as JSON`},
		"a mapping":             {"o", `{"a": 1.10}`, map[string]any{"a": 1.1}, ""},
		"a list for a mapping":  {"o", `[]`, nil, `o: "[]" is not a mapping`},
		"null where it may be":  {"m", "null", nil, ""},
		"text beside null":      {"m", "12", "12", ""},
		"anything, JSON":        {"a", `[1]`, []any{1}, ""},
		"anything, a text":      {"a", "Ann Lee", "Ann Lee", ""},
		"only an enum, JSON":    {"e", "1", 1, ""},
		"only an enum, a text":  {"e", "x", "x", ""},
		"an input there is not": {"z", "1", nil, "z: the job has no such input: it is one of n, x, b, s, l, o, m, a, e"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := in.FromText(test.name, test.text)
			problem := ""
			if err != nil {
				problem = err.Error()
			}
			if !reflect.DeepEqual(got, test.want) || problem != test.problem {
				t.Errorf("got  %#v, %s\nwant %#v, %s", got, problem, test.want, test.problem)
			}
		})
	}
}

func TestInputsType(t *testing.T) {
	t.Parallel()
	in := goodInputs(t, `{a: {type: integer}, b: {type: [string]}, c: {type: [string, "null"]}, d: {}, e: }`)
	for name, want := range map[string]string{"a": "integer", "b": "string", "c": "", "d": "", "e": "", "f": ""} {
		if got := in.Type(name); got != want {
			t.Errorf("got %q for %s, want %q", got, name, want)
		}
	}
}

func TestCompileInputsRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ yaml, want string }{
		"no mapping":             {"[a]", `1:1: inputs must be a mapping of names to JSON Schemas, not a list | write: name: {type: string}`},
		"a type for a schema":    {"a: string", `1:4: the input a must be a JSON Schema, not the text "string" | write: a: {type: string}`},
		"a bad name":             {"a-b: {}", `1:1: "a-b" cannot be the name of an input | a name has letters, digits and _, and begins with no digit, so that expressions can say inputs.name`},
		"a word of expressions":  {"in: {}", `1:1: "in" cannot be the name of an input: it is a word of the expressions | `},
		"an unknown keyword":     {"a: {typ: string}", `1:5: unknown keyword "typ" in the schema of the input a | did you mean "type"?`},
		"deep in the schema":     {"a: {type: object, properties: {b: {minimun: 1}}}", `1:36: unknown keyword "minimun" in the schema of the input a | did you mean "minimum"?`},
		"an unknown type":        {"a: {type: int}", `1:11: the text "int" is no type | it is one of string, integer, number, boolean, array, object, null`},
		"null without quotes":    {"a: {type: [string, null]}", `1:20: null is no type | write "null" in quotes`},
		"an unknown format":      {"a: {type: string, format: datetime}", `1:27: the format "datetime" is not known | did you mean "date-time"?`},
		"a broken pattern":       {"a: {pattern: '('}", "1:14: the pattern cannot be read: missing closing ): `(` | patterns are regular expressions as Go has them (RE2): without look-around and back-references"},
		"look-around":            {"a: {pattern: '(?=x)'}", "1:14: the pattern cannot be read: invalid or unsupported Perl syntax: `(?=` | patterns are regular expressions as Go has them (RE2): without look-around and back-references"},
		"an enum that is none":   {"a: {enum: 1}", `1:11: a list was expected, not the number 1 | write it as in [a, b]`},
		"required: true":         {"a: {type: string, required: true}", `1:29: required is the list of the properties that an object must have, not true | an input without a default is required anyway: leave this out`},
		"required: false":        {"a: {type: string, required: false}", `1:29: required is the list of the properties that an object must have, not false | an input with a default is not required: write default: instead`},
		"a remote reference":     {"a: {$ref: 'https://example.com/schema.json'}", `1:11: a reference can only be to a place in the same schema; nothing is fetched | write it as in "#/$defs/name"`},
		"a reference to nothing": {"a: {$ref: '#/$defs/b'}", `1:4: the schema of the input a cannot be used: the reference "#/$defs/b" leads nowhere | `},
		"another draft":          {"a: {$schema: draft-04}", `1:5: the schema of an input is always of draft 2020-12, and stands for itself: $schema has no place in it | leave it out`},
		"a text for a number":    {"a: {type: integer, minimum: '1'}", `1:29: a.minimum: "1" is not a number | `},
		"a negative length":      {"a: {minLength: -1}", `1:16: a.minLength: -1 is too small; the least is 0 | `},
		"a default of a type":    {"a: {type: integer, default: '1'}", `1:29: the default does not fit: a: "1" is not a whole number | `},
		"a default, deep":        {"a: {type: array, items: {enum: [1, 2]}, default: [1, 3]}", `1:54: the default does not fit: a[1]: 3 is not one of 1, 2 | `},
		"null for a default":     {"a: {type: string, default: null}", `1:28: the default does not fit: a: null is not a text | `},
		"items that are a list":  {"a: {items: [{}]}", `1:12: a JSON Schema is a mapping, not a list | `},
		"anyOf a mapping":        {"a: {anyOf: {}}", `1:12: a list of JSON Schemas was expected, not a mapping | `},
		"properties as a list":   {"a: {properties: [b]}", `1:17: a mapping of names to JSON Schemas was expected, not a list | `},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, r := readInputs(t, test.yaml)
			var got []string
			for _, e := range r.All() {
				got = append(got, strings.TrimPrefix(e.Pos.String(), "job.yaml:")+": "+e.Message+" | "+e.Hint)
			}
			if len(got) != 1 || got[0] != test.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), test.want)
			}
		})
	}
}

func TestCompileInputsReportsAll(t *testing.T) {
	t.Parallel()
	in, r := readInputs(t, "a: {typ: string}\nb: {type: int}\nc: {type: string}\nd: 1\n")
	if got := len(r.All()); got != 3 {
		t.Errorf("got %d mistakes, want 3: %v", got, r.Err())
	}
	if got := strings.Join(in.Names(), " "); got != "a b c d" {
		t.Errorf("got the inputs %s, want all, so that expressions that use them are not reported too", got)
	}
}

func BenchmarkCompileInputs(b *testing.B) {
	r := &source.Report{}
	n := source.Parse("job.yaml", []byte(orderInputs), r)
	for b.Loop() {
		CompileInputs(n, r)
	}
}
