package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// answering is a kind that gives the same answer always; told hears what is read of it.
func answering(told func(key string, reads steps.Reads)) *steps.Kind {
	answer := map[string]any{"id": "i", "big": "b", "deep": map[string]any{"x": 1, "y": 2}, "null": nil}
	names := map[string]any{"status": 200, "headers": map[string]any{"etag": "e", "date": "d"}}
	return &steps.Kind{
		Name: "answer", Summary: "Answers", Takes: steps.ObjectOf(steps.Field{Name: "fails", Type: steps.Of(steps.Bool)}),
		Gives: []steps.Result{{Name: "output"}, {Name: "status", Type: steps.Int}, {Name: "headers", Type: steps.Map}},
		Run: func(_ context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
			told(env.Key, env.Reads)
			if in.Bool("fails") {
				return steps.Output{}, &steps.Error{Kind: steps.Status, Message: "no", Status: 500, Repeat: steps.Never}
			}
			return steps.Output{Value: answer, Names: names, Total: -1}, nil
		},
	}
}

// TestKeptIsWhatIsRead holds what a call hears of what is read of it, and what the journal keeps of its outcome.
func TestKeptIsWhatIsRead(t *testing.T) {
	t.Parallel()
	const everything = `{"value":{"big":"b","deep":{"x":1,"y":2},"id":"i","null":null},"names":{"headers":{"date":"d","etag":"e"},"status":200}}`
	tests := []struct{ name, steps, reads, kept string }{
		{"nothing", "- {id: a, answer: {}}", "-", `{}`},
		{"a field", "- {id: a, answer: {}}\n- log: ${steps.a.output.id}", "output.id", `{"value":{"id":"i"}}`},
		{"a field far down", "- {id: a, answer: {}}\n- log: ${steps.a.output.deep.y}", "output.deep.y", `{"value":{"deep":{"y":2}}}`},
		{"null", "- {id: a, answer: {}}\n- if: steps.a.output.null == nil\n  log: x", "output.null", `{"value":{"null":null}}`},
		{"what is not there", "- {id: a, answer: {}}\n- if: steps.a.output.gone == nil\n  log: x", "output.gone", `{"value":{}}`},
		{"the status", "- {id: a, answer: {}}\n- log: ${steps.a.status}", "status", `{"names":{"status":200}}`},
		{"a header", "- {id: a, answer: {}}\n- log: ${steps.a.headers.etag}", "headers.etag", `{"names":{"headers":{"etag":"e"}}}`},
		{"the output", "- {id: a, answer: {}}\n- log: ${toJSON(steps.a.output)}", "output", `{"value":{"big":"b","deep":{"x":1,"y":2},"id":"i","null":null}}`},
		{"everything", "- {id: a, answer: {}}\n- log: ${toJSON(steps.a)}", "*", everything},
		{"what an own output reads", "- {id: a, answer: {}, output: \"${response.body.id}${response.status}\"}\n- log: ${steps.a.output}", "output.id, status", `{"value":{"id":"i"},"names":{"status":200}}`},
		{"a failure", "- try: [{id: a, answer: {fails: true}}]\n  catch: [{steps: [{log: x}]}]", "-", `{"error":{"kind":"status","message":"no","status":500}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var heard []string
			kind := answering(func(_ string, reads steps.Reads) {
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, reads.String())
			})
			journal := engine.NewMemory()
			e := engine.New(engine.Config{Journal: journal, Redactor: auth.NewRedactor(), Dir: t.TempDir()})
			job := loadJob(t, kind, "steps:\n  "+strings.ReplaceAll(tt.steps, "\n", "\n  ")+"\n  - fail: so that what is kept stays\n")
			run, err := e.Run(t.Context(), engine.Request{Job: job})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "read", strings.Join(heard, "; "), tt.reads)
			check(t, "kept", kept(t, journal, run.ID), tt.kept)
		})
	}
}

// kept gives what a journal keeps of the call of step a.
func kept(t *testing.T, journal *engine.Memory, run string) string {
	t.Helper()
	entries, err := journal.Kept(run, "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Key == "/a" || strings.HasSuffix(e.Key, "/a") {
			return string(e.Result)
		}
	}
	return "no entry"
}
