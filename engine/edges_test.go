package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
	"snrun/steps/steptest"
)

// TestCancelWithoutCalls holds that a loop whose items make no calls ends with its run too.
func TestCancelWithoutCalls(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 4} {
		w := newWorld(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		w.ctx = ctx
		cancel(&steps.Error{Kind: steps.Cancelled, Message: "enough"})
		run := w.run(fmt.Sprintf("steps:\n  - foreach: {in: [1, 2, 3, 4, 5, 6, 7, 8], concurrency: %d, steps: [{log: a}]}\nfinally:\n  - foreach: {in: [1, 2], steps: [{log: b}]}", concurrency))
		check(t, "outcome", outcome(run), "cancelled null cancelled() enough")
		check(t, "steps", keys(run), "/foreach:1 cancelled\n/finally/foreach:1 ok\n/finally/foreach:1[0]/log:1 ok\n/finally/foreach:1[1]/log:1 ok")
	}
}

// TestKindThatPanics holds that a defect in any function of a kind is the step's error, inside a loop's branches too.
func TestKindThatPanics(t *testing.T) {
	t.Parallel()
	p := &probe{fails: map[string]int{}}
	kind := p.kind()
	kind.Safe = func(steps.Input) bool { panic("unsound") }
	job := loadJob(t, kind, "steps:\n  - id: l\n    foreach: {in: [1, 2], concurrency: 2, tolerate: all, steps: [{id: a, probe: {}}]}\noutput: ${steps.l.failed}")
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor()})
	run, err := e.Run(t.Context(), engine.Request{Job: job})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", outcome(run), "ok 2")
}

// TestItemKeysThatLookAlike holds that no two items share a key, also where a key reads like one told apart.
func TestItemKeysThatLookAlike(t *testing.T) {
	t.Parallel()
	for items, want := range map[string]string{
		"a, a, a~2, a, a~2": "/l[a]/p /l[a~2]/p /l[a~2~2]/p /l[a~3]/p /l[a~2~3]/p",
		"a~2, a, a, a~3, a": "/l[a~2]/p /l[a]/p /l[a~3]/p /l[a~3~2]/p /l[a~4]/p",
	} {
		w := newWorld(t)
		run := w.run("steps:\n  - id: l\n    foreach: {in: [" + items + "], key: '${item}', steps: [{id: p, probe: {}}]}")
		check(t, "status", string(run.Status), "ok")
		check(t, "calls", strings.Join(w.probe.calls, " "), want)
	}
}

// TestBlockRetryLimits holds that max_elapsed and a timeout bound the tries of a block as they do those of a call.
func TestBlockRetryLimits(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, limits, want string }{
		{"max_elapsed", "retry: {attempts: 9, max_elapsed: 5s, backoff: {initial: 2s, multiplier: 1, jitter: none}}", "max_elapsed of 5s"},
		{"timeout", "timeout: 5s, retry: {attempts: 9, backoff: {initial: 2s, multiplier: 1, jitter: none}}", "the timeout of 5s of step b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				run := newWorld(t).run("steps:\n  - {id: b, " + test.limits + ", steps: [{id: p, probe: {fails: 99, repeat: if_safe}, retry: none}]}")
				check(t, "outcome", outcome(run), "failed null network(p) failure 3 (not tried again: the next try would come after "+test.want+")")
				if waited := time.Since(began); waited != 4*time.Second {
					t.Errorf("took %s, want 4s", waited)
				}
			})
		})
	}
}

// TestStateAtTheEnd holds that what on_failure and on_success save is what finally sees.
func TestStateAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"log: well", "fail: broken"} {
		w := newWorld(t)
		run := w.run("state: {n: {initial: 0}}\nsteps: [{" + last + "}]\non_failure: [{save: {n: 1}}]\non_success: [{save: {n: 1}}]\nfinally: [{id: f, log: \"n is ${state.n}\"}]")
		check(t, "what finally saw", run.Steps[len(run.Steps)-1].Message, "n is 1")
	}
}

// TestKeysAtTheEnd holds that the steps at the end of a run share no keys with those of a block of the same name.
func TestKeysAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("steps:\n  - {id: finally, steps: [{probe: {}}]}\n  - {id: on_success, steps: [{probe: {}}]}\non_success: [{probe: {}}]\nfinally: [{probe: {}}]")
	if len(w.probe.calls) != 4 {
		t.Fatalf("calls %v, want 4", w.probe.calls)
	}
	seen := map[string]bool{}
	for _, key := range w.probe.calls {
		if seen[key] {
			t.Errorf("two calls have the key %s", key)
		}
		seen[key] = true
	}
}

// TestCancelBesideAFailure holds that a run which was cancelled says so, also where an item of a loop had failed before.
func TestCancelBesideAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		time.AfterFunc(2*time.Second, cancel)
		run := w.run("steps:\n  - foreach: {in: [1, 3600], concurrency: 2, steps: [{probe: {takes: '${item}s', fails: '${item == 1 ? 1 : 0}'}}]}\non_failure: [{log: no}]")
		check(t, "outcome", outcome(run), "cancelled null cancelled() the run was cancelled")
	})
}

// TestCancelWhileWaiting holds that a run which waits for its next try ends at once, and one whose time is up too.
func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		time.AfterFunc(2*time.Second, cancel)
		run := w.run("steps:\n  - foreach: {in: [1, 2, 3], concurrency: 2, tolerate: all, steps: [{id: p, probe: {fails: 9, repeat: if_safe, retry_after: 9m}}]}")
		check(t, "outcome", outcome(run), "cancelled null cancelled() the run was cancelled")
		if took := run.Ended.Sub(run.Started); took != 2*time.Second {
			t.Errorf("took %s, want 2s", took)
		}
		if len(w.probe.calls) != 2 {
			t.Errorf("calls %v, want one of each of the two items under way", w.probe.calls)
		}
	})
}

// TestRunsAtOnce holds that runs on one engine share nothing but the state of their job.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	p := &probe{fails: map[string]int{}}
	job := loadJob(t, p.kind(), "inputs: {n: {type: integer}}\nsteps:\n  - id: l\n    foreach: {in: [1, 2, 3], concurrency: 3, steps: [{id: p, probe: {value: '${inputs.n * 10 + item}'}}]}\noutput: ${steps.l.output}")
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor()})
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			run, err := e.Run(t.Context(), engine.Request{Job: job, Inputs: map[string]any{"n": n}})
			if err != nil {
				t.Error(err)
				return
			}
			check(t, "outcome", outcome(run), fmt.Sprintf("ok [%d,%d,%d]", n*10+1, n*10+2, n*10+3))
		})
	}
	all.Wait()
}

// TestSavesAtOnce holds that after items which saved at once the state is the same in the run and on the disk: that of the
// last item in the list, whichever ended last.
func TestSavesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		run := w.run("name: j\nstate: {n: {initial: 0}}\nsteps:\n  - foreach: {in: [3, 2, 1], concurrency: 3, steps: [{probe: {takes: '${item}s'}}, {if: item > 1, save: {n: '${item}'}}]}\noutput: ${state.n}")
		check(t, "in the run", outcome(run), "ok 2")
		state, err := w.journal.State("j")
		if err != nil {
			t.Fatal(err)
		}
		check(t, "on the disk", fmt.Sprint(state), "map[n:2]")
	})
}

// TestSavesAtOnceAtTheEnd holds the same of a loop at the end of a run that was cancelled.
func TestSavesAtOnceAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		cancel()
		run := w.run("name: j\nstate: {n: {initial: 0}}\nsteps: [{log: a}, {probe: {}}]\nfinally:\n  - foreach: {in: [2, 1], concurrency: 2, steps: [{probe: {takes: '${item}s'}}, {save: {n: '${item}'}}]}")
		check(t, "steps", run.Steps[len(run.Steps)-1].Key+" "+string(run.Status), "/finally/foreach:1[0]/save:2 cancelled")
		state, err := w.journal.State("j")
		if err != nil {
			t.Fatal(err)
		}
		check(t, "on the disk", fmt.Sprint(state), "map[n:1]")
	})
}

// TestErrorOnRecord holds that of an error only what can be masked is on record: neither the answer nor the cause, as they came.
func TestErrorOnRecord(t *testing.T) {
	t.Parallel()
	server := steptest.NewServer(t)
	server.On("/x", steptest.Answer{Status: 422, Body: "no"})
	w := newWorld(t)
	w.clients = steptest.NewClients(t)
	w.request.Env = map[string]any{"URL": server.URL}
	run := w.run("steps: [{id: x, rest: {url: '${env.URL}/x'}}]")
	entry, _, err := w.journal.Lookup(run.ID, "/x")
	if err != nil {
		t.Fatal(err)
	}
	for where, e := range map[string]*steps.Error{"the run": run.Error, "the call": entry.Error} {
		if e == nil || e.Status != 422 || e.Response != nil || e.Cause != nil {
			t.Errorf("%s has %#v, want no answer and no cause", where, e)
		}
	}
}

// TestNotSampledOutsideLoops holds that what is called again and again outside of a loop keeps all its requests.
func TestNotSampledOutsideLoops(t *testing.T) {
	t.Parallel()
	server := steptest.NewServer(t)
	server.On("/x", steptest.Answer{Times: -1})
	w := newWorld(t)
	w.clients = steptest.NewClients(t)
	w.request.Env = map[string]any{"URL": server.URL}
	const tries = engine.Sampled + 1
	run := w.run(fmt.Sprintf("steps:\n  - {id: b, retry: {attempts: %d, when: true, backoff: {initial: 1ms, multiplier: 1, jitter: none}}, steps: [{id: x, rest: {url: '${env.URL}/x'}}, {fail: no}]}", tries))
	entry, _, err := w.journal.Lookup(run.ID, fmt.Sprintf("/b#%d/x", tries))
	if err != nil || len(entry.Exchanges) != 1 {
		t.Errorf("the last call has %d requests on record, %v, want its one", len(entry.Exchanges), err)
	}
}
