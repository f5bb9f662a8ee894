package engine_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// large is an answer that takes memory.
type large struct{ body [1 << 20]byte }

// TestLoopForgetsWhatNobodyReads holds that an item's answer that nobody reads is given up while the loop goes on.
func TestLoopForgetsWhatNobodyReads(t *testing.T) {
	t.Parallel()
	forgotten := make(chan struct{})
	calls, gone := 0, false
	kind := &steps.Kind{
		Name: "answer", Summary: "Answers", Takes: steps.ObjectOf(), Gives: []steps.Result{{Name: "output"}},
		Run: func(context.Context, steps.Input, *steps.Env) (steps.Output, error) {
			calls++
			if calls == 3 { // the first answer is not even the last one any more
				gone = isForgotten(forgotten)
			}
			answer := &large{}
			if calls == 1 {
				runtime.AddCleanup(answer, func(c chan struct{}) { close(c) }, forgotten)
			}
			return steps.Output{Value: map[string]any{"answer": answer}, Total: -1}, nil
		},
	}
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()})
	job := loadJob(t, kind, "steps:\n  - foreach: {in: [1, 2, 3], steps: [{id: a, answer: {}}]}\n")
	if _, err := e.Run(t.Context(), engine.Request{Job: job}); err != nil {
		t.Fatal(err)
	}
	if calls != 3 || !gone {
		t.Errorf("after %d calls the first answer is still in memory", calls)
	}
}

// isForgotten collects garbage until the cleanup was there, for a minute at most.
func isForgotten(done <-chan struct{}) bool {
	for until := time.Now().Add(time.Minute); time.Now().Before(until); {
		runtime.GC()
		select {
		case <-done:
			return true
		default:
		}
	}
	return false
}
