package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

// follower is a tracer that writes down what it hears, among the events of the run.
type follower struct {
	mu    sync.Mutex
	lines []string
}

type followed struct{}

func (f *follower) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, fmt.Sprintf(format, args...))
}

func (f *follower) Call(ctx context.Context, c engine.Traced) (context.Context, func([]engine.Sent, *steps.Error)) {
	f.say("call %s of %s, try %d, profile %q", c.Key, c.StepKey, c.Attempt, c.Profile)
	return context.WithValue(ctx, followed{}, c.Key), func(sent []engine.Sent, failure *steps.Error) {
		text := "well"
		if failure != nil {
			text = failure.Message
		}
		f.say("end %s: %v %s", c.Key, sent, text)
	}
}

func (f *follower) watch(e engine.Event) {
	if e.Type == engine.StepStarted || e.Type == engine.StepEnded {
		f.say("%s %s", e.Type, e.Key)
	}
}

// TestTracer holds what a tracer hears, in which order beside the events, and that calls are made with the context it gives.
func TestTracer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.redactor.Add("hunter2-and-more")
	kind, f := w.probe.kind(), &follower{}
	inner := kind.Run
	kind.Run = func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
		if ctx.Value(followed{}) != env.Key {
			t.Errorf("the call %s was made with the context of %v", env.Key, ctx.Value(followed{}))
		}
		env.Observe(steps.Exchange{Method: "GET", URL: "http://127.0.0.1/hunter2-and-more", Status: 404})
		_, err := inner(ctx, in, env)
		if err != nil {
			err = &steps.Error{Kind: steps.Network, Message: "hunter2-and-more is gone", Repeat: steps.Always}
		}
		return steps.Output{}, err
	}
	job := loadJob(t, kind, "steps:\n  - {id: a, probe: {fails: 1, silent: true}, retry: {attempts: 2, backoff: {initial: 1ns}}}\n  - {log: x}\n")
	e := engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor, Dir: t.TempDir(), Watch: f.watch, Tracer: f})
	if _, err := e.Run(t.Context(), engine.Request{Job: job}); err != nil {
		t.Fatal(err)
	}
	check(t, "heard", strings.Join(f.lines, "\n"), `step_started /a
call /a of /a, try 1, profile ""
end /a: [{GET http://127.0.0.1/*** 404}] *** is gone
call /a#2 of /a, try 2, profile ""
end /a#2: [{GET http://127.0.0.1/*** 404}] well
step_ended /a
step_started /log:2
step_ended /log:2`)
}

// TestRequested holds that each request is told, also those in loops that leave no trace.
func TestRequested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	var told []string
	job := loadJob(t, w.probe.kind(), "steps:\n  - foreach: {in: \"${1..150}\", concurrency: 4, tolerate: all, steps: [{probe: {}}]}\n  - {probe: {silent: true}}\n")
	e := engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor, Dir: t.TempDir(), Requested: func(profile string, status int) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprintf("%q %d", profile, status))
	}})
	if _, err := e.Run(t.Context(), engine.Request{Job: job}); err != nil {
		t.Fatal(err)
	}
	if count := len(told); count != 150 || len(slices.Compact(told)) != 1 || told[0] != `"" 0` {
		t.Errorf("got %d, such as %s", count, told[0])
	}
}
