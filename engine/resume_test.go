package engine_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
)

// goOn goes on with a run of a world.
func (w *world) goOn(run *engine.Run, yaml string, change func(*engine.Resumption)) *engine.Run {
	w.t.Helper()
	all := map[string]string{"job": yaml}
	maps.Copy(all, w.beside)
	r := engine.Resumption{Run: run, Job: loadJobs(w.t, w.probe.kind(), all)}
	if change != nil {
		change(&r)
	}
	var next *engine.Run
	var err error
	if ctx := context.WithoutCancel(w.ctx); *elsewhere {
		next, err = w.apart().Resume(ctx, w.t, r)
	} else {
		next, err = w.engine().Resume(ctx, r)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return w.journal.Run(next.ID)
}

func assume(a engine.Assume) func(*engine.Resumption) {
	return func(r *engine.Resumption) { r.Assume = a }
}

func from(step string) func(*engine.Resumption) {
	return func(r *engine.Resumption) { r.From = step }
}

func failedItems(r *engine.Resumption) { r.FailedItems = true }

// TestGoingOn runs a job, goes on with it, and holds what came of it and which calls that took.
func TestGoingOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, yaml, first, then string
		change                  func(*engine.Resumption)
		calls                   string // of the second time
	}{
		{
			name:  "only the call that failed is made again",
			yaml:  "steps:\n  - {id: a, probe: {value: 1}}\n  - {id: b, probe: {value: \"${steps.a.output + 1}\", fails: 1}}\n  - {id: c, probe: {value: \"${steps.b.output + 1}\"}}\noutput: ${steps.c.output}",
			first: "failed null network(b) failure 1", then: "ok 3", calls: "/b /c",
		},
		{
			name:  "all tries of it are made again",
			yaml:  "steps:\n  - {id: a, retry: {attempts: 2, backoff: {initial: 1ms}}, probe: {value: 1, fails: 2, repeat: if_safe}}\noutput: ${steps.a.attempts}",
			first: "failed null network(a) failure 2", then: "ok 1", calls: "/a",
		},
		{
			name:  "a failure that was caught stays one",
			yaml:  "steps:\n  - id: t\n    try: [{id: a, probe: {fails: 1}}]\n    catch: [{steps: [{id: c, probe: {value: \"${error.message} ${error.status}\"}}]}]\n  - {id: b, probe: {fails: 1}}\noutput: ${steps.t.output}",
			first: "failed null network(b) failure 1", then: `ok "failure 1 503"`, calls: "/b",
		},
		{
			name:  "so does one that is told in other words only, and what it caught is tried again",
			yaml:  "steps:\n  - id: t\n    try: [{id: a, probe: {value: 1, fails: 1}}]\n    catch: [{steps: [{log: oh}, {fail: \"it was ${error.message}\"}]}]\noutput: ${steps.t.output}",
			first: "failed null input(fail:2) it was failure 1", then: "ok 1", calls: "/t/try/a",
		},
		{
			name:  "but not where the catch did something about it",
			yaml:  "steps:\n  - id: t\n    try: [{id: a, probe: {value: 1, fails: 1}}]\n    catch: [{steps: [{id: undo, probe: {value: 1}}, {fail: \"it was ${error.message}\"}]}]\noutput: ${steps.t.output}",
			first: "failed null input(fail:2) it was failure 1", then: "failed null input(fail:2) it was failure 1", calls: "",
		},
		{
			name:  "rounds that found nothing have one more, which reads anew",
			yaml:  "steps:\n  - id: r\n    repeat: {attempts: 2, until: steps.g.output == 3, steps: [{id: u, probe: {value: 1, unsafe: true}}, {id: g, probe: {counts: true}}]}\noutput: ${steps.r.output}",
			first: "failed null limit(r) after 2 rounds this does not hold yet: steps.g.output == 3; the last round gave 2", then: "ok 3", calls: "/r[2]/g",
		},
		{
			name: "an item that failed over what it read does nothing else again",
			yaml: "steps:\n  - id: l\n    foreach:\n      in: [a]\n      steps:\n        - {id: w, probe: {value: 1, changes: true}}\n" +
				"        - {id: r, repeat: {attempts: 2, steps: [{id: u, probe: {value: 1, unsafe: true}}]}}\n" +
				"        - {id: g, probe: {counts: true}}\n        - {id: f, if: steps.g.output < 2, fail: too early}\noutput: ${steps.l.succeeded}",
			first: "failed null input(f) 1 of 1 items failed; [0]: too early", then: "ok 1", calls: "/l[0]/g",
		},
		{
			name:  "what is done at the end of a try is done again behind it",
			yaml:  "steps:\n  - id: t\n    try: [{id: a, probe: {value: 1, unsafe: true}}, {id: b, probe: {value: 2, fails: 1}}]\n    finally: [{id: e, probe: {value: 3, unsafe: true}}]\noutput: ${steps.t.output}",
			first: "failed null network(b) failure 1", then: "ok 2", calls: "/t/try/b /t/finally/e",
		},
		{
			name:  "all failed items of a loop are tried again, and those that were not begun",
			yaml:  "steps:\n  - id: l\n    foreach: {in: [a, b, c, d], tolerate: 1, concurrency: 1, steps: [{id: p, probe: {value: \"${item}\", fails: \"${item in ['a', 'c'] ? 1 : 0}\"}}]}\noutput: ${steps.l.output}",
			first: "failed null network(p) 2 of 4 items failed; [0]: failure 1", then: `ok ["a","b","c","d"]`, calls: "/l[0]/p /l[2]/p /l[3]/p",
		},
		{
			name:  "tolerated failures stay",
			yaml:  "steps:\n  - id: l\n    foreach: {in: [a, b], tolerate: 1, steps: [{id: p, probe: {value: \"${item}\", fails: \"${item == 'a' ? 1 : 0}\"}}]}\n  - {id: e, probe: {fails: 1}}\noutput: ${steps.l.output}",
			first: "failed null network(e) failure 1", then: `ok [null,"b"]`, calls: "/e",
		},
		{
			name:   "unless they are to be tried again",
			yaml:   "steps:\n  - id: l\n    foreach: {in: [a, b], tolerate: 1, steps: [{id: p, probe: {value: \"${item}\", fails: \"${item == 'a' ? 1 : 0}\"}}]}\n  - {id: e, probe: {value: 1}}\noutput: ${steps.l.output}",
			first:  `ok [null,"b"]`,
			change: failedItems, then: `ok ["a","b"]`, calls: "/l[0]/p",
		},
		{
			name:   "a step and all after it are carried out anew",
			yaml:   "steps:\n  - {id: a, probe: {value: 1}}\n  - {id: b, probe: {value: 2}}\n  - {id: c, probe: {value: 3}}\n  - {id: d, probe: {fails: 1}}\noutput: ${steps.d.output}",
			first:  "failed null network(d) failure 1",
			change: from("b"), then: "ok null", calls: "/b /c /d",
		},
		{
			name:  "the steps at the end are carried out anew",
			yaml:  "steps:\n  - {id: a, probe: {fails: 1}}\non_failure: [{id: f, probe: {value: 1}}]\non_success: [{id: s, probe: {value: 1}}]\nfinally: [{id: e, probe: {value: 1}}]",
			first: "failed null network(a) failure 1", then: "ok null", calls: "/a /on_success/s /finally/e",
		},
		{
			name:  "the last try of a block",
			yaml:  "steps:\n  - id: b\n    retry: {attempts: 2, backoff: {initial: 1ms}}\n    steps: [{id: a, probe: {value: 1}}, {id: p, probe: {fails: 9, repeat: if_safe}, retry: none}]",
			first: "failed null network(p) failure 2", then: "failed null network(p) failure 3", calls: "/b#2/p",
		},
		{
			name:  "a page that could not be read, which was caught, is not read again",
			yaml:  "steps:\n  - id: t\n    try: [{id: l, foreach: {in: {probe: {pages: [[a], [b]], fails: 1}}, key: \"${item}\", steps: [{id: p, probe: {unsafe: true}}]}}]\n    catch: [{steps: [{id: c, probe: {unsafe: true}}]}]\n  - {id: b, probe: {fails: 1}}",
			first: "failed null network(b) failure 1", then: "ok null", calls: "/b",
		},
		{
			name:  "rounds that were too few look once more",
			yaml:  "steps:\n  - id: r\n    repeat: {until: steps.p.output == 4, attempts: 3, steps: [{id: q, probe: {unsafe: true}}, {id: p, probe: {counts: true}}]}\noutput: ${steps.r.output}",
			first: "failed null limit(r) after 3 rounds this does not hold yet: steps.p.output == 4; the last round gave 3", then: "ok 4", calls: "/r[3]/p",
		},
		{
			name:   "a failed item with rounds in it that were too few",
			yaml:   "steps:\n  - id: l\n    foreach: {in: [a], tolerate: 1, steps: [{id: q, probe: {unsafe: true}}, {id: r, repeat: {until: steps.p.output == 4, attempts: 3, steps: [{id: p, probe: {counts: true}}]}}]}\noutput: ${steps.l.output}",
			first:  "ok [null]",
			change: failedItems, then: "ok [4]", calls: "/l[0]/r[3]/p",
		},
		{
			name:   "what loops in a failed item did is not done again",
			yaml:   "steps:\n  - id: l\n    foreach: {in: [a], tolerate: 1, steps: [{id: m, foreach: {in: {probe: {pages: [[x], [y]]}}, as: x, steps: [{id: q, probe: {unsafe: true}}]}}, {id: p, probe: {counts: true}}, {if: steps.p.output < 2, fail: early}]}\noutput: ${steps.l.failed}",
			first:  "ok 1",
			change: failedItems, then: "ok 0", calls: "/l[0]/p",
		},
		{
			name:  "keys that look like those of others are apart",
			yaml:  "steps:\n  - id: l\n    foreach: {in: [a, \"a]/m[y\"], key: \"${item}\", steps: [{id: m, foreach: {in: [y], as: x, key: \"${x}\", steps: [{log: x}, {probe: {value: 1}}]}}, {probe: {value: 2}}], collect: \"${steps.m.output}\"}\n  - {id: b, probe: {fails: 1}}\noutput: ${steps.l.output}",
			first: "failed null network(b) failure 1", then: `ok [[1],[1]]`, calls: "/b",
		},
		{
			name:   "all items that failed over what they read do so anew",
			yaml:   "steps:\n  - id: l\n    foreach: {in: [a, b, c, d], tolerate: all, steps: [{id: p, probe: {counts: true}}, {if: steps.p.output < 4, fail: early}]}\noutput: ${steps.l.failed}",
			first:  "ok 3",
			change: failedItems, then: "ok 0", calls: "/l[0]/p /l[1]/p /l[2]/p",
		},
		{
			name:  "a value that went through an expression",
			yaml:  "state: {n: {initial: 1}}\nsteps:\n  - save: {n: \"${state.n + 1}\"}\n  - {id: a, probe: {value: \"${state.n}\", fails: 1}}\noutput: [\"${steps.a.output}\", \"${run.attempt}\"]",
			first: "failed null network(a) failure 1", then: "ok [2,2]", calls: "/a",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			run := w.run(test.yaml)
			check(t, "first", outcome(run), test.first)
			w.probe.calls = nil
			check(t, "then", outcome(w.goOn(run, test.yaml, test.change)), test.then)
			check(t, "calls", strings.Join(w.probe.calls, " "), test.calls)
		})
	}
}

// TestInDoubt holds that an unsafe call is not repeated without a person's word unless it surely had no effect.
func TestInDoubt(t *testing.T) {
	t.Parallel()
	const job = "steps:\n  - {id: a, probe: {value: 1, unsafe: true, FAILURE}}\noutput: ${steps.a.output}"
	tests := []struct {
		name, failure string
		assume        engine.Assume
		want, calls   string
	}{
		{"a server's error leaves it open", "fails: 1, status: 500", engine.AssumeNothing, "interrupted null cancelled(a) a call is in doubt: /a", ""},
		{"an answer that did not fit", "fails: 1, status: 200", engine.AssumeNothing, "interrupted null cancelled(a) a call is in doubt: /a", ""},
		{"no answer", "fails: 1, status: 0", engine.AssumeNothing, "interrupted null cancelled(a) a call is in doubt: /a", ""},
		{"it is said to be done", "fails: 1, status: 0", engine.AssumeDone, "ok null", ""},
		{"it is to be made again", "fails: 1, status: 0", engine.AssumeRedo, "ok 1", "/a"},
		{"the server refused it", "fails: 1, status: 404", engine.AssumeNothing, "ok 1", "/a"},
		{"it surely had no effect", "fails: 1, status: 503, repeat: always", engine.AssumeNothing, "ok 1", "/a"},
		{"nothing was sent", "fails: 1, status: 0, silent: true", engine.AssumeNothing, "ok 1", "/a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			yaml := strings.Replace(job, "FAILURE", test.failure, 1)
			if strings.Contains(test.failure, "always") {
				yaml = strings.Replace(yaml, "{id: a,", "{id: a, retry: none,", 1)
			}
			run := w.run(yaml)
			w.probe.calls = nil
			got := w.goOn(run, yaml, assume(test.assume))
			if !strings.HasPrefix(outcome(got), test.want) {
				t.Errorf("got %s, want %s", outcome(got), test.want)
			}
			check(t, "calls", strings.Join(w.probe.calls, " "), test.calls)
			if ended := w.events[len(w.events)-2]; ended.Before != (test.assume == engine.AssumeDone) {
				t.Errorf("the end of the step is told with before %t", ended.Before)
			}
			if got.Status == engine.Interrupted {
				check(t, "the step", keys(got), "/a in_doubt")
				check(t, "once more, as done", outcome(w.goOn(got, yaml, assume(engine.AssumeDone))), "ok null")
				check(t, "calls", strings.Join(w.probe.calls, " "), test.calls)
			}
		})
	}
}

// TestCutOff holds that an unsafe call that was on its way when its run was cancelled is in doubt, and that a safe one is
// made again.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, unsafe := range []string{"true", "false"} {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.ctx = ctx
		w.probe.during = func(string) { cancel() }
		yaml := "steps:\n  - {id: a, probe: {value: 1, takes: 1h, unsafe: " + unsafe + "}}\nfinally: [{log: end}]\noutput: 1"
		run := w.run(yaml)
		check(t, "status", string(run.Status), "cancelled")
		told := w.events[len(w.events)-1]
		w.probe.during, w.ctx, w.probe.calls = nil, t.Context(), nil
		quick := strings.Replace(yaml, "1h", "0s", 1)
		next := w.goOn(run, quick, nil)
		if unsafe == "false" {
			check(t, "then", outcome(next), "ok 1")
			continue
		}
		check(t, "the step", keys(run), "/a in_doubt\n/finally/log:1 ok")
		check(t, "told", strings.Join(told.InDoubt, " "), "/a")
		check(t, "then", string(next.Status), "interrupted")
		check(t, "calls", strings.Join(w.probe.calls, " "), "")
	}
}

// TestElapsedOfAnAttempt holds that a run which goes on a day later is not told to have taken a day.
func TestElapsedOfAnAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		yaml := "steps:\n  - {id: a, probe: {value: 1, fails: 1, takes: 3s}}"
		run := w.run(yaml)
		time.Sleep(24 * time.Hour)
		w.goOn(run, yaml, nil)
		if got := w.events[len(w.events)-1]; got.Type != engine.RunEnded || got.Elapsed != 3*time.Second {
			t.Errorf("%s after %s, want 3s", got.Type, got.Elapsed)
		}
	})
}

// reversing is a Sealer whose key is the word about what a value is.
type reversing struct{}

func (reversing) Seal(plain []byte, about string) ([]byte, error) {
	return []byte(about + "|" + reversed(string(plain))), nil
}

func (reversing) Open(sealed []byte, about string) ([]byte, error) {
	text, ok := strings.CutPrefix(string(sealed), about+"|")
	if !ok {
		return nil, errors.New("sealed as another's")
	}
	return []byte(reversed(text)), nil
}

func reversed(s string) string {
	bytes := []byte(s)
	for i, j := 0, len(bytes)-1; i < j; i, j = i+1, j-1 {
		bytes[i], bytes[j] = bytes[j], bytes[i]
	}
	return string(bytes)
}

// TestSecretInTheJournal holds that a result with a secret in it is kept where it can be encrypted, and that without a key
// its call is made again where it is safe, and asked about where it is not.
func TestSecretInTheJournal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		sealer engine.Sealer
		unsafe string
		want   string
		calls  string
	}{
		{"with a key", reversing{}, "true", `ok "hush-hush!"`, "/b"},
		{"without one, safe", nil, "false", `ok "hush-hush!"`, "/a /b"},
		{"without one, unsafe", nil, "true", "interrupted", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.redactor.Add("hush-hush")
			yaml := "steps:\n  - {id: a, probe: {value: {token: hush-hush}, unsafe: " + test.unsafe + "}}\n  - {id: b, probe: {value: \"${steps.a.output.token}!\", fails: 1}}\noutput: ${steps.b.output}"
			w.sealer = test.sealer
			run := w.run(yaml)
			entries, err := w.journal.Kept(run.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.Contains(string(e.Result), "hush-hush") {
					t.Errorf("%s is kept in plain text: %s", e.Key, e.Result)
				}
			}
			w.probe.calls = nil
			got := strings.ReplaceAll(outcome(w.goOn(run, yaml, nil)), "***", "hush-hush")
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			check(t, "calls", strings.Join(w.probe.calls, " "), test.calls)
		})
	}
}

// TestSecretsAreKnownAgain holds that what was secret in values that were kept is masked by a process that has not learned of it, and
// nothing beside it is.
func TestSecretsAreKnownAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.redactor.Add("hush-hush")
	w.redactor.Add("471108154")
	w.redactor.Add("Bearer hush")
	w.sealer = reversing{}
	yaml := "steps:\n  - id: a\n    probe: {value: {text: 'it is Bearer hush-hush here', n: 471108154, hush-hush: 1}}\n  - {id: b, probe: {fails: 1}}\n" +
		"output: [\"${steps.a.output}\", hush-hush, \"Bearer hush\", it is, 471108154]"
	run := w.run(yaml)
	w.redactor = auth.NewRedactor()
	check(t, "then", outcome(w.goOn(run, yaml, nil)), `ok [{"***":1,"n":"***","text":"it is *** here"},"***","***","it is","***"]`)
}

// TestGoingOnIsRefused holds what cannot be gone on with.
func TestGoingOnIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := "steps:\n  - {id: a, probe: {fails: 1}}"
	run := w.run(yaml)
	job := loadJob(t, w.probe.kind(), yaml)
	e := engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor})
	if _, err := e.Resume(t.Context(), engine.Resumption{Run: run, Job: job, From: "b"}); err == nil || err.Error() != `the job has no step "b"` {
		t.Errorf("from an unknown step: %v", err)
	}
	if _, err := e.Resume(t.Context(), engine.Resumption{Run: run, Job: job}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Resume(t.Context(), engine.Resumption{Run: run, Job: job}); !errors.Is(err, engine.ErrNotKept) {
		t.Errorf("a run that ended well: %v", err)
	}
	running := &engine.Run{ID: "r", Status: engine.Running}
	if err := w.journal.Begin(running, engine.Entry{Key: "@given", Result: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Resume(t.Context(), engine.Resumption{Run: running, Job: job}); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("a run that goes on: %v", err)
	}
}
