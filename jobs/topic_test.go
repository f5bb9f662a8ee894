package jobs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"snrun/jobs"
	"snrun/steps"
)

// TestExplainEverything holds that each topic and each key of it has a page.
func TestExplainEverything(t *testing.T) {
	t.Parallel()
	for _, topic := range jobs.Topics(allKinds()) {
		t.Run(topic.Name, func(t *testing.T) {
			t.Parallel()
			text := explained(t, topic.Name)
			if !strings.Contains(text, topic.Summary) || topic.Example == "" || topic.Doc == "" && topic.Name != "log" {
				t.Errorf("a page without summary, text or example:\n%s", text)
			}
			explainFields(t, topic.Name, []steps.Type{topic.Takes, steps.ObjectOf(topic.Beside...)})
		})
	}
}

// explainFields asks for the page of each key of some types, and of the keys below.
func explainFields(t *testing.T, path string, types []steps.Type) {
	t.Helper()
	for _, typ := range types {
		for _, f := range typ.Fields {
			if f.FromProfile {
				continue
			}
			if text := explained(t, path+"."+f.Name); f.Doc == "" || !strings.Contains(strings.Join(strings.Fields(text), " "), f.Doc) {
				t.Errorf("the page of %s.%s does not say what it is:\n%s", path, f.Name, text)
			}
			explainFields(t, path+"."+f.Name, []steps.Type{f.Type})
		}
		if typ.Elem != nil {
			explainFields(t, path, []steps.Type{*typ.Elem})
		}
		for _, alt := range typ.Alts {
			if alt.Form == steps.Object {
				explainFields(t, path, []steps.Type{alt})
			}
		}
	}
}

func explained(t *testing.T, path string) string {
	t.Helper()
	text, err := jobs.Explain(allKinds(), path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"":                        "Files\n  job  ",
		"rest.paginate.max_pages": "rest.paginate.max_pages: whole number\ndefault 100000\n",
		"rest.multipart.file":     "one of file, value is required",
		"switch.when":             "condition",
		"try":                     "\nbeside it\n  catch: list of {when, steps}\n",
		"auth":                    "\n  auth.oauth2         Gets an access token",
		"hmac":                    "auth.hmac: Signs",
		"auth.oauth2.grant":       "client_credentials | password",
		"functions.len":           "len(value: text|list|map) int\n",
	} {
		if got := explained(t, path); !strings.Contains(got, want) {
			t.Errorf("%q: got\n%s\nwant in it %q", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"rset":           `there is nothing named "rset" to explain; did you mean "rest"?`,
		"rest.metod":     `rest has no key "metod"; did you mean "method"?`,
		"rest.base_url":  `rest has no key "base_url"; its keys are profile`,
		"rest.method.x":  `rest has no key "x"`,
		"functions.lenn": `there is no function "lenn"; did you mean "len"?`,
		"zzz":            "`snrun explain` lists what there is",
	} {
		if got, err := jobs.Explain(allKinds(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want the error %q", path, got, err, want)
		}
	}
}

// TestKindExamples holds that the example of each kind is a step that loads, and that editors take it.
func TestKindExamples(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t, "job")
	for name, kind := range allKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := "{id: incidents, rest: {url: \"https://api.example.com\"}}"
			if name == "rest" {
				first = "{log: first}" // its example has that id itself
			}
			job := "version: 1\ninputs: {priority: {type: integer, default: 1}}\nstate: {since: {initial: \"\"}}\nsteps:\n  - " + first + "\n  - " +
				strings.ReplaceAll(kind.Example, "\n", "\n    ") + "\n"
			p := projectOf(t, allKinds(), map[string]string{"profiles.yaml": exampleProfiles, "jobs/job.yaml": job, "jobs/close_incident.yaml": calledJob,
				"wsdl/orders.wsdl": ordersWSDL(t)})
			if _, err := p.Load("job"); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(asEditorsRead(t, job)); err != nil {
				t.Error(err)
			}
		})
	}
}

const calledJob = `version: 1
inputs: {number: {type: string}, priority: {type: integer}}
steps: [{log: a}]
`

const exampleProfiles = `version: 1
profiles:
  servicenow: {base_url: "https://instance.example.com"}
  oncall: {base_url: "https://oncall.example.com"}
  erp: {base_url: "http://orders.example.com"}
`

// ordersWSDL is the WSDL that the example of soap calls an operation of.
func ordersWSDL(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "steps", "soap", "testdata", "orders.wsdl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSignInExamples holds that the example of each way to sign in is a profile that opens.
func TestSignInExamples(t *testing.T) {
	t.Parallel()
	for _, topic := range jobs.Topics(allKinds()) {
		if topic.Area != "Signing in" {
			continue
		}
		text := fmt.Sprintf("version: 1\nprofiles:\n  p:\n    base_url: https://api.example.com\n    %s\n", strings.ReplaceAll(topic.Example, "\n", "\n    "))
		if _, found := openProfiles(t, text)["p"]; !found {
			t.Errorf("%s: the profile is lost", topic.Name)
		}
	}
}

// TestFieldExamples holds that every example and default of a key fits the key.
func TestFieldExamples(t *testing.T) {
	t.Parallel()
	count := 0
	for name, schema := range jobs.Schemas(allKinds()) {
		walkSchemas(schema, name, func(path string, s map[string]any) {
			values, _ := s["examples"].([]any)
			if v, has := s["default"]; has {
				values = append(values, v)
			}
			for _, v := range values {
				count++
				if err := validate(s, v); err != nil {
					t.Errorf("%s: %v does not fit: %v", path, v, err)
				}
			}
		})
	}
	if count < 100 {
		t.Errorf("only %d examples were looked at", count)
	}
}

// walkSchemas visits a schema and all below it but those of steps, which refer to the whole.
func walkSchemas(v any, path string, visit func(path string, s map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for key, below := range v {
			if key != "default" && key != "examples" {
				walkSchemas(below, path+"."+key, visit)
			}
		}
	case []any:
		for i, below := range v {
			walkSchemas(below, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

func validate(schema map[string]any, value any) error {
	data, err := steps.EncodeJSON(schema)
	if err != nil || strings.Contains(string(data), `"$ref"`) {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("part.json", document); err != nil {
		return err
	}
	compiled, err := compiler.Compile("part.json")
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

// TestReference holds that every topic has a page, and that a table's cells stay in their rows.
func TestReference(t *testing.T) {
	t.Parallel()
	pages := jobs.Reference(allKinds())
	for _, topic := range jobs.Topics(allKinds()) {
		if pages[topic.Name+".md"] == "" || !strings.Contains(pages["README.md"], "("+topic.Name+".md)") {
			t.Errorf("%s has no page, or the index does not name it", topic.Name)
		}
	}
	for name, text := range pages {
		width := 0
		for line := range strings.Lines(text) {
			bars := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
			if strings.HasPrefix(line, "|---") {
				width = bars
			}
			if strings.HasPrefix(line, "| `") && bars != width {
				t.Errorf("%s: a row of %d cells in a table of %d: %s", name, bars-1, width-1, line)
			}
		}
	}
}
