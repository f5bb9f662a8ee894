package jobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"snrun/jobs"
	"snrun/steps"
)

// schemaOf compiles the schema of a kind of file.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return schemaWith(t, allKinds(), name)
}

func schemaWith(t *testing.T, kinds steps.Set, name string) *jsonschema.Schema {
	t.Helper()
	data, err := steps.EncodeJSON(jobs.Schemas(kinds)[name])
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asEditorsRead gives a file as an editor sees it: YAML without dates.
func asEditorsRead(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return datesAsText(v)
}

func datesAsText(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339)
	case []any:
		for i := range v {
			v[i] = datesAsText(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = datesAsText(v[k])
		}
	}
	return v
}

// TestSchemaTakesTheExamples holds that no editor complains about a file that is right.
func TestSchemaTakesTheExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no examples: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := map[string]string{"profiles.yaml": "profiles", "snrun.yaml": "project"}[filepath.Base(file)]
			if name == "" {
				name = "job"
			}
			if err := schemaOf(t, name).Validate(asEditorsRead(t, string(text))); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSchemaTakesWhatTheLanguageTakes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"job": wholeJob, "profiles": someProfiles, "project": "version: 1\nhistory: {keep: {age: 90d, runs: 10}}\n"} {
		if err := schemaOf(t, name).Validate(asEditorsRead(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaFindsMistakes holds that the usual mistakes show in an editor.
func TestSchemaFindsMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, schema, text string }{
		{"no version", "job", "steps: [{log: a}]"},
		{"another version", "job", "version: 2\nsteps: [{log: a}]"},
		{"no steps", "job", "version: 1"},
		{"an empty list of steps", "job", "version: 1\nsteps: []"},
		{"an unknown key of a job", "job", "version: 1\non_falure: [{log: a}]\nsteps: [{log: a}]"},
		{"a step without a kind", "job", "version: 1\nsteps: [{id: a}]"},
		{"a step of two kinds", "job", "version: 1\nsteps: [{log: a, fail: b}]"},
		{"an unknown key of a step", "job", "version: 1\nsteps: [{log: a, iff: b}]"},
		{"a bad id", "job", "version: 1\nsteps: [{log: a, id: A-b}]"},
		{"catch without try", "job", "version: 1\nsteps: [{log: a, catch: [{steps: [{log: b}]}]}]"},
		{"a misspelt key of rest", "job", "version: 1\nsteps: [{rest: {url: x, metod: POST}}]"},
		{"neither url nor path", "job", "version: 1\nsteps: [{rest: {profile: a}}]"},
		{"url and path", "job", "version: 1\nsteps: [{rest: {url: x, path: y}}]"},
		{"an unknown method", "job", "version: 1\nsteps: [{rest: {url: x, method: GTE}}]"},
		{"a timeout without a unit", "job", "version: 1\ntimeout: 90\nsteps: [{log: a}]"},
		{"an expression that is read too early", "job", "version: 1\ntimeout: ${inputs.t}\nsteps: [{log: a}]"},
		{"a mistake deep inside", "job", "version: 1\nsteps: [{foreach: {in: [1], steps: [{switch: [{steps: [{lgo: a}]}]}]}}]"},
		{"a branch that is no list", "job", "version: 1\nsteps: [{parallel: {a: {log: b}}}]"},
		{"a misspelt key of repeat", "job", "version: 1\nsteps: [{repeat: {untl: true, steps: [{log: a}]}}]"},
		{"a carried value without a next one", "job", "version: 1\nsteps: [{repeat: {attempts: 1, carry: {a: {initial: 1}}, steps: [{log: a}]}}]"},
		{"a call without a job", "job", "version: 1\nsteps: [{call: {inputs: {}}}]"},
		{"a wait without a unit", "job", "version: 1\nsteps: [{wait: 90}]"},
		{"a schedule without cron", "job", "version: 1\nschedule: {timezone: UTC}\nsteps: [{log: a}]"},
		{"a bad profile name", "profiles", "version: 1\nprofiles: {a b: {}}"},
		{"an unknown sign-in", "profiles", "version: 1\nprofiles: {a: {auth: {type: oauth}}}"},
		{"a key of another sign-in", "profiles", "version: 1\nprofiles: {a: {auth: {type: bearer, token: x, username: y}}}"},
		{"a missing key of a sign-in", "profiles", "version: 1\nprofiles: {a: {auth: {type: bearer}}}"},
		{"an unknown setting", "project", "version: 1\njob: jobs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := schemaOf(t, test.schema).Validate(asEditorsRead(t, test.text)); err == nil {
				t.Error("the schema takes it")
			}
		})
	}
}
