package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

func noRun(context.Context, steps.Input, *steps.Env) (steps.Output, error) {
	return steps.Output{}, nil
}

// given are the values of the names in the tests.
func given() map[string]any {
	return map[string]any{
		"inputs": map[string]any{
			"n": 5, "s": "text", "list": []any{"a", 1}, "big": json.Number("12345678901234567890"), "none": nil, "wait": "90s", "on": true,
		},
		"env": map[string]any{"URL": "https://env.example.com"}, "secret": map[string]any{"KEY": "s3cret"},
		"state": map[string]any{}, "steps": map[string]any{}, "run": map[string]any{"id": "r1"},
	}
}

const valueInputs = "version: 1\ninputs: {n: {default: 1}, s: {default: 1}, list: {default: 1}, big: {default: 1}, none: {default: 1}, wait: {default: 1}, on: {default: 1}}\n"

// TestValues holds what a kind's function gets for what is written, form by form.
func TestValues(t *testing.T) {
	t.Parallel()
	scalar := func(v any, text string) steps.Scalar { return steps.Scalar{Value: v, Text: text} }
	tests := []struct {
		field, written string
		want           any
	}{
		{"text", `007`, "007"},
		{"text", `1.50`, "1.50"},
		{"text", `2026-01-01`, "2026-01-01"},
		{"text", `true`, "true"},
		{"text", `0x1F`, "0x1F"},
		{"text", `12345678901234567890`, "12345678901234567890"},
		{"text", `"007"`, "007"},
		{"text", `${inputs.n}`, "5"},
		{"text", `${inputs.big}`, "12345678901234567890"},
		{"text", `n=${inputs.n}`, "n=5"},
		{"text", `$${literal}`, "${literal}"},
		{"text", `""`, ""},
		{"text", `~`, nil},
		{"text", `${inputs.none}`, nil},
		{"any", `007`, 7},
		{"any", `12345678901234567890`, json.Number("12345678901234567890")},
		{"any", `{b: 1, a: [x, "${inputs.n}"]}`, map[string]any{"b": 1, "a": []any{"x", 5}}},
		{"int", `12`, 12},
		{"int", `3.0`, 3},
		{"int", `${inputs.n + 1}`, 6},
		{"int", `${2 + 3}`, 5},
		{"float", `2`, 2.0},
		{"float", `1.5`, 1.5},
		{"bool", `false`, false},
		{"bool", `${inputs.on}`, true},
		{"duration", `90s`, 90 * time.Second},
		{"duration", `1d12h`, 36 * time.Hour},
		{"duration", `${inputs.wait}`, 90 * time.Second},
		{"size", `64KB`, int64(64 << 10)},
		{"size", `100`, int64(100)},
		{"enum", `two`, "two"},
		{"enum", `1.2`, "1.2"},
		{"enum", `${"one"}`, "one"},
		{"object", `{}`, steps.Input{"inner": "fallback"}},
		{"object", `{inner: 007, wait: 1s}`, steps.Input{"inner": "007", "wait": time.Second}},
		{"object", `{inner: "${inputs.s}"}`, steps.Input{"inner": "text"}},
		{"map", `{b: 1, a: 007, c: }`, steps.Pairs{{Key: "b", Value: "1"}, {Key: "a", Value: "007"}, {Key: "c", Value: nil}}},
		{"map", `{z: "${inputs.s}", a: x}`, steps.Pairs{{Key: "z", Value: "text"}, {Key: "a", Value: "x"}}},
		{"list", `[007, "${inputs.n}", ]`, []any{"007", "5"}},
		{"list", `[]`, []any{}},
		{"tree", `{b: 007, a: [1.50, x, ~]}`, steps.Pairs{{Key: "b", Value: scalar(7, "007")}, {Key: "a", Value: []any{scalar(1.5, "1.50"), "x", nil}}}},
		{"tree", `{n: "${inputs.list}"}`, steps.Pairs{{Key: "n", Value: []any{"a", 1}}}},
		{"either", `007`, "007"},
		{"either", `[007, b]`, []any{"007", "b"}},
		{"either", `${inputs.s}`, "text"},
		{"either", `${inputs.list}`, []any{"a", "1"}},
		{"either", `${inputs.none}`, nil},
		{"limit", `5s`, 5 * time.Second},
		{"limit", `{total: 5s}`, steps.Input{"total": 5 * time.Second}},
		{"limit", `${inputs.wait}`, 90 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.field+" "+test.written, func(t *testing.T) {
			t.Parallel()
			j := load(t, probeKinds(), "", fmt.Sprintf("%ssteps:\n  - probe: {%s: %s}\n", valueInputs, test.field, quotedInFlow(test.written)))
			got := inputOf(t, j, given())[test.field]
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
		})
	}
}

// quotedInFlow puts a plain expression into quotes, as it must be inside { }.
func quotedInFlow(written string) string {
	if strings.HasPrefix(written, "{") || strings.HasPrefix(written, "[") || !strings.Contains(written, "${") {
		return written
	}
	return "'" + written + "'"
}

// TestValuesThatDoNotFit holds what is said of values that are known only in a run, and do not fit then. None tells the
// value: it may be a secret.
func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	tests := []struct{ field, written, want string }{
		{"int", "${inputs.s}", "jobs/job.yaml:4:18: int must be a whole number, not text"},
		{"duration", "${inputs.n}", "jobs/job.yaml:4:23: duration must be a duration such as 90s or 2h, not a whole number"},
		{"enum", "${inputs.s}", "jobs/job.yaml:4:19: enum is not one of the words that it can be"},
		{"either", "${env}", "jobs/job.yaml:4:21: either must be text or a list, not a map"},
		{"limit", "${inputs.n}", "jobs/job.yaml:4:20: limit must be a duration such as 90s or 2h or a mapping, not a whole number"},
		{"text", "${inputs.list}", "jobs/job.yaml:4:22: inputs.list is a list, which is no text"},
	}
	for _, test := range tests {
		t.Run(test.field, func(t *testing.T) {
			t.Parallel()
			j := load(t, probeKinds(), "", fmt.Sprintf("%ssteps:\n  - probe: {%s: '%s'}\n", valueInputs, test.field, test.written))
			_, err := j.Steps[0].Body.(*jobs.Call).Input(given())
			var failure *steps.Error
			if !errors.As(err, &failure) {
				t.Fatalf("got %v, want a *steps.Error", err)
			}
			if got := failure.Message; !strings.HasSuffix(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestLateValues holds that a kind gets conditions and late fields unevaluated, with what they read.
func TestLateValues(t *testing.T) {
	t.Parallel()
	j := load(t, probeKinds(), "", valueInputs+`steps:
  - probe:
      condition: response.status == inputs.n
      late: ${response.body.items}
`)
	in := inputOf(t, j, given())
	condition, late := in.Late("condition"), in.Late("late")
	if condition == nil || late == nil {
		t.Fatalf("got %#v, want two late values", in)
	}
	for _, status := range []int{5, 6} {
		got, err := condition.Eval(map[string]any{"response": map[string]any{"status": status}})
		if err != nil || got != (status == 5) {
			t.Errorf("status %d: got %v, %v", status, got, err)
		}
	}
	if want := []string{"status"}; !reflect.DeepEqual(condition.Uses, want) {
		t.Errorf("condition.Uses: got %v, want %v", condition.Uses, want)
	}
	if want := []string{"body", "items"}; !reflect.DeepEqual(late.Path, want) {
		t.Errorf("late.Path: got %v, want %v", late.Path, want)
	}
	if want := "job.yaml:6:13"; !strings.HasSuffix(late.Place, want) {
		t.Errorf("late.Place: got %q, want %q", late.Place, want)
	}
	got, err := late.Eval(map[string]any{"response": map[string]any{"body": map[string]any{"items": []any{1}}}})
	if err != nil || !reflect.DeepEqual(got, []any{1}) {
		t.Errorf("late: got %v, %v", got, err)
	}
}

// TestProfileFields holds what a step's fields get from its profile.
func TestProfileFields(t *testing.T) {
	t.Parallel()
	profiles := `version: 1
profiles:
  full-one:
    base_url: ${env.URL}/api
    expect: [response.body.ok, response.status == 200]
    idempotency_header: X-Key
    history: {bodies: 1KB, redact: [$.a]}
    retry: 7
  bare: {base_url: https://bare.example.com}
`
	full := inputOf(t, load(t, probeKinds(), profiles, "version: 1\nsteps: [{probe: {profile: full-one}}]\n"), given())
	if got, want := full["base_url"], "https://env.example.com/api"; got != want {
		t.Errorf("base_url: got %v, want %v", got, want)
	}
	if got := len(full.List("profile_expect")); got != 2 {
		t.Errorf("profile_expect: got %d conditions, want 2", got)
	}
	if got, want := full["idempotency_header"], "X-Key"; got != want {
		t.Errorf("idempotency_header: got %v, want %v", got, want)
	}
	if got, want := full["history"], (steps.Input{"bodies": int64(1024), "redact": []any{"$.a"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("history: got %v, want %v", got, want)
	}
	bare := inputOf(t, load(t, probeKinds(), profiles, "version: 1\nsteps: [{probe: {profile: bare}}]\n"), given())
	if got, want := bare["idempotency_header"], "Idempotency-Key"; got != want {
		t.Errorf("the default of idempotency_header: got %v, want %v", got, want)
	}
	if bare.Has("profile_expect") || bare.Has("history") {
		t.Errorf("got %v, want neither profile_expect nor history", bare)
	}
}
