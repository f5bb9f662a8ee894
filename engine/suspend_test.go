package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// suspend runs a job that is suspended after two seconds.
func (w *world) suspend(yaml string) *engine.Run {
	w.t.Helper()
	ctx, cancel := context.WithCancelCause(w.t.Context())
	defer cancel(nil)
	w.ctx = ctx
	time.AfterFunc(2*time.Second, func() { cancel(&engine.Suspend{Why: "the daemon ends", Later: "the next one goes on"}) })
	run := w.run(yaml)
	w.ctx = w.t.Context()
	return run
}

// TestSuspend holds that a suspended run stops where it is, without its last steps, and goes on from there.
func TestSuspend(t *testing.T) {
	t.Parallel()
	const ends = "\non_failure: [{id: f, probe: {}}]\non_success: [{id: s, probe: {}}]\nfinally: [{id: e, probe: {}}]\noutput: 1"
	tests := []struct {
		name, steps string
		first       string // the run, and its steps
		calls       string // of the second time
		then        string
	}{
		{
			"in a call that may be made again", "  - {id: a, probe: {}}\n  - {id: b, probe: {takes: 1h}}",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/a ok\n/b cancelled", "/b /on_success/s /finally/e", "ok 1",
		},
		{
			"in a call that may not", "  - {id: a, probe: {}}\n  - {id: b, probe: {takes: 1h, unsafe: true}}",
			"interrupted null cancelled() the daemon ends; it is not known whether this was carried out: /b\n/a ok\n/b in_doubt", "",
			"interrupted null cancelled(b) a call is in doubt: /b",
		},
		{
			"in one that was not sent yet", "  - {id: b, probe: {takes: 1h, unsafe: true, silent: true}}",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/b cancelled", "/b /on_success/s /finally/e", "ok 1",
		},
		{
			"between two tries", "  - {id: a, retry: {attempts: 2, backoff: {initial: 1h, max: 1h}}, probe: {fails: 1, repeat: if_safe}}",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/a cancelled", "/a#2 /on_success/s /finally/e", "ok 1",
		},
		{
			"in a wait", "  - {id: a, probe: {unsafe: true}}\n  - wait: 1h",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/a ok\n/wait:2 cancelled", "/on_success/s /finally/e", "ok 1",
		},
		{
			"in a loop", "  - id: l\n    foreach: {in: [1, 1, 3600, 3600], concurrency: 2, steps: [{id: p, probe: {takes: \"${item}s\"}}]}",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/l cancelled\n/l[0]/p ok\n/l[1]/p ok\n/l[2]/p cancelled\n/l[3]/p cancelled",
			"/l[2]/p /l[3]/p /on_success/s /finally/e", "ok 1",
		},
		{
			"in a try, whose catch and whose end are for failures",
			"  - id: t\n    try: [{id: a, probe: {takes: 1h}}]\n    catch: [{steps: [{id: c, probe: {}}]}]\n    finally: [{id: u, probe: {}}]",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/t cancelled\n/t/try/a cancelled", "/t/try/a /t/finally/u /on_success/s /finally/e", "ok 1",
		},
		{
			"in branches", "  - id: p\n    parallel: {a: [{id: x, probe: {takes: 1s}}], b: [{id: y, probe: {takes: 1h}}]}",
			"interrupted null cancelled() the daemon ends; the next one goes on\n/p cancelled\n/p/branch:a/x ok\n/p/branch:b/y cancelled", "/p/branch:b/y /on_success/s /finally/e", "ok 1",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				run := w.suspend("steps:\n" + test.steps + ends)
				check(t, "first", outcome(run)+"\n"+inOrder(keys(run), "\n"), test.first)
				if took := run.Ended.Sub(run.Started); took != 2*time.Second {
					t.Errorf("it took %s to stop, want 2s: at once", took)
				}
				w.probe.calls = nil
				again := w.goOn(run, strings.ReplaceAll("steps:\n"+test.steps+ends, "3600", "3"), nil)
				if got := outcome(again); !strings.HasPrefix(got, test.then) {
					t.Errorf("then: got %s, want %s", got, test.then)
				}
				check(t, "calls", inOrder(strings.Join(w.probe.calls, " "), " "), inOrder(test.calls, " "))
			})
		})
	}
}

// inOrder sorts the parts of a text: of what goes on at the same time either may be first.
func inOrder(text, separator string) string {
	return strings.Join(slices.Sorted(strings.SplitSeq(text, separator)), separator)
}

// TestSuspendAtTheEnd holds that what a run did at its end before it was suspended there is not done again.
func TestSuspendAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"on_success", "finally"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			yaml := "steps:\n  - {id: a, probe: {unsafe: true}}\n" + end + ": [{id: b, probe: {unsafe: true}}, {id: c, probe: {takes: 1h}}]\noutput: 1"
			run := w.suspend(yaml)
			check(t, "first", outcome(run), "interrupted null cancelled() the daemon ends; the next one goes on")
			w.probe.calls = nil
			check(t, "then", outcome(w.goOn(run, yaml, nil)), "ok 1")
			check(t, "calls", strings.Join(w.probe.calls, " "), "/"+end+"/c")
		})
	}
}

// TestSuspendWhileEnding holds that a run which is cancelled already stops at once too.
func TestSuspendWhileEnding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		yaml := "timeout: 1s\nsteps:\n  - {id: a, probe: {takes: 1h}}\nfinally: [{id: b, probe: {takes: 20s}}]"
		run := w.suspend(yaml)
		if took := run.Ended.Sub(run.Started); took > 30*time.Second {
			t.Errorf("it took %s to stop", took)
		}
		if run.Status != engine.Failed && run.Status != engine.Interrupted {
			t.Errorf("got %s", outcome(run))
		}
	})
}

// TestRefuse holds that a run which cannot begin is on record with the reason, without its secrets.
func TestRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.redactor.Add("hunter2")
	e := engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor, Watch: w.watch})
	run, err := e.Refuse(engine.Request{Job: &jobs.Job{Name: "gone"}, ID: "r1", Inputs: map[string]any{"a": "hunter2"}, Daemon: true},
		&steps.Error{Kind: steps.BadInput, Message: "no hunter2", Hint: "set it"})
	if err != nil {
		t.Fatal(err)
	}
	kept := w.journal.Run(run.ID)
	check(t, "run", kept.ID+" "+kept.Job+" "+outcome(kept)+" "+kept.Error.Hint, "r1 gone failed null input() no *** set it")
	if kept.Ended.IsZero() || kept.Inputs["a"] != "***" || !kept.Daemon {
		t.Errorf("got %+v", kept)
	}
	if n := len(w.events); n != 2 || w.events[1].Type != engine.RunEnded || w.events[1].Status != engine.Failed {
		t.Errorf("told %v", w.events)
	}
}

// TestGiveUp holds that an interrupted run can be made to have failed, once.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		run := w.suspend("steps:\n  - {id: a, probe: {takes: 1h}}\nfinally: [{id: e, probe: {}}]")
		e := engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor, Watch: w.watch})
		why := &steps.Error{Kind: steps.Cancelled, Message: "on_interrupt: fail"}
		if err := e.GiveUp(run, why); err != nil {
			t.Fatal(err)
		}
		check(t, "run", outcome(w.journal.Run(run.ID)), "failed null cancelled() on_interrupt: fail")
		check(t, "calls", strings.Join(w.probe.calls, " "), "/a")
		if err := e.GiveUp(run, why); !errors.Is(err, engine.ErrRunning) {
			t.Errorf("got %v the second time, want ErrRunning: somebody else was quicker", err)
		}
	})
}

// TestSuspendSaysWhatBecomesOfIt holds that the record of a suspended run tells whether it goes on by itself.
func TestSuspendSaysWhatBecomesOfIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, yaml, message, hint string }{
		{"by itself", "steps: [{wait: 1h}]", "the daemon ends; the next one goes on", ""},
		{"not where the job says so", "on_interrupt: fail\nsteps: [{wait: 1h}]", "the daemon ends", "the next daemon puts it down as failed, since its job says on_interrupt: fail"},
		{
			"not in doubt", "steps: [{id: a, probe: {takes: 1h, unsafe: true}}]", "the daemon ends; it is not known whether this was carried out: /a",
			"look in the other system, then go on with --assume done where it was carried out, else with --assume redo",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newWorld(t).suspend(test.yaml).Error
				check(t, "message", e.Message, test.message)
				check(t, "hint", e.Hint, test.hint)
				if e.Kind != steps.Cancelled || !engine.WasSuspended(e) {
					t.Errorf("it is told as %+v", e)
				}
			})
		})
	}
}
