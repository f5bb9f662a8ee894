package engine_test

import (
	"context"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// BenchmarkItem is what the engine itself costs for an item of a loop: a call and what is known of it, without a network
// and without a disk.
func BenchmarkItem(b *testing.B) {
	p := &probe{fails: map[string]int{}}
	kind := p.kind()
	kind.Run = func(_ context.Context, in steps.Input, _ *steps.Env) (steps.Output, error) {
		return steps.Output{Value: in["value"], Names: map[string]any{"status": 200}}, nil
	}
	job := loadJob(b, kind, "inputs: {items: {type: array}}\nsteps:\n  - id: all\n    foreach:\n      in: ${inputs.items}\n      key: ${item.id}\n      concurrency: 4\n"+
		"      steps:\n        - {id: one, probe: {value: {id: \"${item.id}\", title: \"${item.id}: ${item.text}\"}}}\n        - {id: two, probe: {value: \"${steps.one.output.title}\"}}\n")
	items := make([]any, b.N)
	for i := range items {
		items[i] = map[string]any{"id": i, "text": "some text that is somewhat longer"}
	}
	e := engine.New(engine.Config{Journal: discard{engine.NewMemory()}, Redactor: auth.NewRedactor()})
	b.ReportAllocs()
	b.ResetTimer()
	run, err := e.Run(b.Context(), engine.Request{Job: job, Inputs: map[string]any{"items": items}})
	if err != nil || run.Status != engine.OK {
		b.Fatal(run, err)
	}
}

// discard keeps nothing of steps and calls.
type discard struct{ *engine.Memory }

func (discard) Commit(string, engine.Entry) error { return nil }
func (discard) Note(string, engine.StepRun) error { return nil }
