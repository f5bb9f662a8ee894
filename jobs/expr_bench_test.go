package jobs

import (
	"fmt"
	"strings"
	"testing"

	"snrun/jobs/source"
)

func benchScope() *Scope {
	return NewScope().
		With("inputs", MapShape(map[string]*Shape{"priority": IntShape()})).
		With("steps", MapShape(map[string]*Shape{"a": MapShape(map[string]*Shape{"output": AnyShape(), "status": IntShape()})})).
		With("env", OpenMap(nil)).With("run", OpenMap(nil)).With("state", OpenMap(nil)).
		With("incident", AnyShape())
}

func benchNames() map[string]any {
	return map[string]any{
		"inputs":   map[string]any{"priority": 1},
		"steps":    map[string]any{"a": map[string]any{"output": []any{map[string]any{"id": "x"}}, "status": 200}},
		"incident": map[string]any{"number": "INC001", "short_description": "printer on fire", "priority": 1},
	}
}

func BenchmarkEval(b *testing.B) {
	for _, text := range []string{
		"${incident.number}: ${incident.short_description}",
		"${incident.number}",
		"${last(steps.a.output)?.id ?? inputs.priority}",
		"${incident.priority == 1 && steps.a.status in [200, 201]}",
		"${map(steps.a.output, .id)}",
	} {
		b.Run(text, func(b *testing.B) {
			r := &source.Report{}
			t := CompileTemplate(source.Parse("job.yaml", []byte("|-\n  "+text), r), benchScope(), r)
			if t == nil {
				b.Fatal(r.Err())
			}
			names := benchNames()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := t.Eval(names); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompile compiles the expressions of a job of 500 steps: 1,500 of them.
func BenchmarkCompile(b *testing.B) {
	var yaml strings.Builder
	for i := range 500 {
		fmt.Fprintf(&yaml, "- ${incident.number}: ${incident.short_description} %d\n- ${ steps.a.status == 200 && incident.priority < %d }\n", i, i)
	}
	r := &source.Report{}
	n := source.Parse("job.yaml", []byte(strings.ReplaceAll(yaml.String(), "}: ${", "} ${")), r)
	scope := benchScope()
	b.ReportAllocs()
	for b.Loop() {
		if CompileTemplate(n, scope, r) == nil {
			b.Fatal(r.Err())
		}
	}
}
