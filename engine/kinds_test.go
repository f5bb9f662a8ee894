package engine_test

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

func TestParallel(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want, keys string }{
		{
			name: "each branch gives its last output",
			yaml: "steps:\n  - {id: b, set: {n: 2}}\n  - id: fan\n    parallel:\n      left: [{id: l, set: {n: \"${steps.b.output.n + 1}\"}}, {log: \"l ${steps.l.output.n}\"}]\n      right: [{log: r}]\n      none: [{if: false, log: no}]\noutput: ${steps.fan.output}",
			want: `ok {"left":"l 3","none":null,"right":"r"}`,
			keys: "/b ok\n/fan ok\n/fan/branch:left/l ok\n/fan/branch:left/log:2 ok\n/fan/branch:none/log:1 skipped\n/fan/branch:right/log:1 ok",
		},
		{
			name: "the first failure in the order written is the step's, and the others go on to their end",
			yaml: "steps:\n  - id: fan\n    parallel:\n      slow: [{probe: {takes: 2s}}, {id: s, probe: {fails: 9, kind: status}}]\n      fast: [{id: f, probe: {fails: 9, kind: tls}}]\n      last: [{probe: {takes: 3s}}, {log: end}]\n  - log: never",
			want: "failed null status(s) 2 of 3 branches failed; slow: failure 1",
			keys: "/fan failed\n/fan/branch:fast/f failed\n/fan/branch:last/log:2 ok\n/fan/branch:last/probe:1 ok\n/fan/branch:slow/probe:1 ok\n/fan/branch:slow/s failed",
		},
		{
			name: "what branches saved at once is seen in the order written",
			yaml: "name: j\nstate: {n: {initial: 0}, l: {initial: 0}}\nsteps:\n  - parallel:\n      a: [{probe: {takes: 2s}}, {save: {n: 1, l: \"${state.n}\"}}]\n      b: [{probe: {takes: 1s}}, {save: {n: 2}}]\noutput: ${state}",
			want: `ok {"l":0,"n":2}`,
			keys: "/parallel:1 ok\n/parallel:1/branch:a/probe:1 ok\n/parallel:1/branch:a/save:2 ok\n/parallel:1/branch:b/probe:1 ok\n/parallel:1/branch:b/save:2 ok",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				run := w.run(test.yaml)
				check(t, "outcome", outcome(run), test.want)
				list := strings.Split(keys(run), "\n")
				sort.Strings(list)
				check(t, "steps", strings.Join(list, "\n"), test.keys)
				if state, _ := w.journal.State("j"); len(state) > 0 {
					check(t, "on the disk", fmt.Sprint(state), "map[l:0 n:2]")
				}
			})
		})
	}
}

// TestParallelAtOnce holds that branches run at the same time.
func TestParallelAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		run := newWorld(t).run("steps:\n  - parallel: {a: [{probe: {takes: 5s}}], b: [{probe: {takes: 5s}}], c: [{probe: {takes: 5s}}]}")
		check(t, "outcome", outcome(run), "ok null")
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("took %s, want 5s", took)
		}
	})
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	state := "id: p, probe: {value: {state: \"${i == 2 ? 'done' : 'running'}\"}}"
	tests := []struct{ name, yaml, want, calls string }{
		{
			"rounds go on until the condition holds",
			"steps:\n  - {id: r, repeat: {until: steps.p.output.state == 'done', index: i, steps: [{" + state + "}]}}\noutput: ${steps.r.output}",
			`ok {"state":"done"}`, "/r[1]/p /r[2]/p /r[3]/p",
		},
		{
			"a condition that holds at once is one round",
			"steps:\n  - {id: r, repeat: {until: true, steps: [{id: p, probe: {value: 1}}]}}\noutput: ${steps.r.output}",
			`ok 1`, "/r[1]/p",
		},
		{
			"too many rounds are a failure",
			"steps:\n  - {id: r, repeat: {until: steps.p.output.state == 'done', attempts: 2, index: i, steps: [{" + state + "}]}}\n  - log: never",
			`failed null limit(r) after 2 rounds this does not hold yet: steps.p.output.state == 'done'; the last round gave {"state":"running"}`, "/r[1]/p /r[2]/p",
		},
		{
			"without a condition there are as many as it says",
			"steps:\n  - {id: n, probe: {value: 3}}\n  - {id: r, repeat: {attempts: \"${steps.n.output}\", index: i, steps: [{id: p, probe: {value: \"${i}\"}}]}}\noutput: ${steps.r.output}",
			`ok 2`, "/n /r[1]/p /r[2]/p /r[3]/p",
		},
		{
			"values go from round to round, all at once",
			"steps:\n  - id: r\n    repeat:\n      attempts: 4\n      carry: {a: {initial: 0, next: \"${b}\"}, b: {initial: 1, next: \"${a + steps.p.output}\"}}\n      steps: [{id: p, probe: {value: \"${b}\"}}, {set: {a: \"${a}\", b: \"${b}\"}}]\noutput: ${steps.r.output}",
			`ok {"a":2,"b":3}`, "/r[1]/p /r[2]/p /r[3]/p /r[4]/p",
		},
		{
			"what is saved in a round the next one sees",
			"state: {n: {initial: 0}}\nsteps:\n  - {repeat: {until: state.n >= 3, steps: [{save: {n: \"${state.n + 1}\"}}]}}\noutput: ${state.n}",
			`ok 3`, "",
		},
		{
			"a failure in a round is the step's",
			"steps:\n  - {id: r, repeat: {attempts: 3, index: i, steps: [{id: p, probe: {fails: \"${i == 1 ? 9 : 0}\", kind: status}}]}}",
			`failed null status(p) failure 1`, "/r[1]/p /r[2]/p",
		},
		{
			"a condition that cannot be evaluated is a failure",
			"steps:\n  - {id: r, repeat: {until: steps.p.output.state == 'done', steps: [{id: p, probe: {value: null}}]}}",
			"failed null expression(r) ", "/r[1]/p",
		},
		{
			"a number of rounds below one is a failure",
			"steps:\n  - {id: n, probe: {value: 0}}\n  - {id: r, repeat: {attempts: \"${steps.n.output}\", steps: [{log: a}]}}",
			"failed null input(r) attempts must be at least 1, not 0", "/n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			run := w.run(test.yaml)
			if got := outcome(run); !strings.HasPrefix(got, test.want) || run.Error == nil && got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
			check(t, "calls", strings.Join(w.probe.calls, " "), test.calls)
		})
	}
}

// TestRepeatEvery holds that there is a wait between two rounds, and none before the first or after the last.
func TestRepeatEvery(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		until string
		want  time.Duration
	}{{"i == 0", 0}, {"i == 3", 90 * time.Second}, {"false", 120 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			newWorld(t).run("steps:\n  - {repeat: {until: " + test.until + ", every: 30s, attempts: 5, index: i, steps: [{log: a}]}}")
			if took := time.Since(began); took != test.want {
				t.Errorf("until %s: took %s, want %s", test.until, took, test.want)
			}
		})
	}
}

// TestRepeatJournal holds that the journal does not grow with the rounds, and that the value of a secret which is carried
// is nowhere in a message, not even in part.
func TestRepeatJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := strings.Repeat("s3cret", 40)
	w.request.Secrets = map[string]any{"S": secret}
	w.redactor.Add(secret)
	w.sealer = reversing{}
	run := w.run("steps:\n  - id: r\n    repeat: {until: false, attempts: 50, carry: {s: {initial: a, next: \"${secret.S}\"}}, steps: [{id: p, probe: {value: \"${s}\"}}]}")
	check(t, "status", string(run.Status), "failed")
	if got := run.Error.Message; strings.Contains(got, "s3cr") || !strings.HasSuffix(got, "after 50 rounds this does not hold yet: false; the last round gave \"***\"") {
		t.Errorf("got %s", got)
	}
	entries, err := w.journal.Kept(run.ID, "/r")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 2 { // where it is, and the call of the last round
		t.Errorf("%d entries are kept of 50 rounds, want 2", len(entries))
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, step, want string
		takes            time.Duration
	}{
		{"a duration", "wait: 90s", "ok null", 90 * time.Second},
		{"one that is computed", `wait: "${steps.p.output.n}s"`, "ok null", 7 * time.Second},
		{"until a time", `wait: {until: "${date(run.started) + duration(\"1h\")}"}`, "ok null", time.Hour},
		{"until a time as it came", `wait: {until: "${steps.p.output.at}"}`, "ok null", 48 * time.Hour},
		{"until a time in the past", "wait: {until: 1999-01-01}", "ok null", 0},
		{"what is no duration", `wait: "${steps.p.output.at}"`, "failed null input(w) ", 0},
		{"null", `wait: "${steps.p.output.no}"`, "failed null input(w) wait must be a duration such as 90s or 2h, not null", 0},
		{"what is no time", `wait: {until: "${steps.p.output.n}"}`, "failed null input(w) ", 0},
		{"text that is no time", `wait: {until: "x${steps.p.output.n}"}`, "failed null input(w) ", 0},
		{"no longer than the timeout", "timeout: 90s, wait: 90s", "ok null", 90 * time.Second},
		{"longer than the timeout", "timeout: 1m, wait: 90s", "failed null timeout(w) a wait of 1m30s would end after the timeout of 1m of step w", 0},
		{"longer than that of the block", "timeout: 1m, steps: [{wait: 30s}, {id: i, wait: 31s}]", "failed null timeout(i) a wait of 31s would end after the timeout of 1m of step w", 30 * time.Second},
		{"until after the timeout", "timeout: 1m, wait: {until: 2000-01-03}", "failed null timeout(w) a wait until 2000-01-03T00:00:00Z would end after the timeout of 1m of step w", 0},
		{"between rounds, longer than the timeout", "timeout: 1m, repeat: {until: false, every: 25s, steps: [{log: a}]}", "failed null timeout(w) a wait of 25s would end after the timeout of 1m of step w", 50 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				run := newWorld(t).run("steps:\n  - {id: p, probe: {value: {n: 7, at: 2000-01-03}}}\n  - {id: w, " + test.step + "}\noutput: ${steps.w.output}")
				if got := outcome(run); !strings.HasPrefix(got, test.want) {
					t.Errorf("got %s\nwant %s", got, test.want)
				}
				if took := time.Since(began); took != test.takes {
					t.Errorf("took %s, want %s", took, test.takes)
				}
			})
		})
	}
}

// TestCancelWhileItWaits holds that a run which was cancelled does not wait, neither in the middle nor at its end.
func TestCancelWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		time.AfterFunc(2*time.Second, cancel)
		run := w.run("steps: [{wait: 1h}]\nfinally: [{wait: 3s}]")
		check(t, "outcome", outcome(run), "cancelled null cancelled() the run was cancelled")
		if took := run.Ended.Sub(run.Started); took != 5*time.Second {
			t.Errorf("took %s, want 5s", took)
		}
	})
}

func TestCall(t *testing.T) {
	t.Parallel()
	child := "inputs: {n: {type: integer}, m: {type: integer, default: 5, maximum: 9}}\nsteps: [{id: s, set: {sum: \"${inputs.n + inputs.m}\"}}]\noutput: {sum: \"${steps.s.output.sum}\", job: \"${run.job}\", id: \"${run.id == '%s'}\"}\n"
	tests := []struct{ name, yaml, child, want, keys string }{
		{
			name: "it gives its output", child: child,
			yaml: "steps: [{id: c, call: {job: child, inputs: {n: 2}}}]\noutput: ${steps.c.output.sum} of ${steps.c.output.job} in ${run.job}",
			want: `ok "7 of child in job"`, keys: "/c ok\n/c/s ok",
		},
		{
			name: "without an output it gives null", child: "steps: [{log: a}]",
			yaml: "steps: [{id: c, call: {job: child}}]\noutput: ${steps.c.output}",
			want: "ok null", keys: "/c ok\n/c/log:1 ok",
		},
		{
			name: "its inputs are checked", child: child,
			yaml: "steps: [{id: p, probe: {value: {n: x, m: 10}}}, {id: c, call: {job: child, inputs: \"${steps.p.output}\"}}]",
			want: `failed null input(c) the inputs do not fit the job child: n: "x" is not a whole number; m: 10 is too large; the most is 9`, keys: "/p ok\n/c failed",
		},
		{
			name: "its inputs are a map", child: child,
			yaml: "steps: [{id: p, probe: {value: [1]}}, {id: c, call: {job: child, inputs: \"${steps.p.output}\"}}]",
			want: `failed null input(c) call.inputs must be a map, not a list`, keys: "/p ok\n/c failed",
		},
		{
			name: "its failure is the step's, and its own ends come first", child: "steps: [{fail: broken}]\non_failure: [{log: \"child ${error.message}\"}]\non_success: [{log: no}]\nfinally: [{log: end}]",
			yaml: "steps: [{id: c, call: {job: child}}, {log: never}]\non_failure: [{log: \"parent ${error.message}\"}]",
			want: "failed null input(fail:1) broken",
			keys: "/c failed\n/c/fail:1 failed\n/c/on_failure/log:1 ok\n/c/finally/log:1 ok\n/on_failure/log:1 ok",
		},
		{
			name: "its failure can be caught", child: "steps: [{fail: broken}]",
			yaml: "steps: [{id: t, try: [{call: {job: child}}], catch: [{steps: [{log: \"${error.message}\"}]}]}]\noutput: ${steps.t.output}",
			want: `ok "broken"`, keys: "/t ok\n/t/try/call:1 failed\n/t/try/call:1/fail:1 failed\n/t/catch:1/log:1 ok",
		},
		{
			name: "its success runs its own ends", child: "steps: [{log: a}]\non_success: [{log: well}]\nfinally: [{log: end}]",
			yaml: "steps: [{id: c, call: {job: child}}]",
			want: "ok null", keys: "/c ok\n/c/log:1 ok\n/c/on_success/log:1 ok\n/c/finally/log:1 ok",
		},
		{
			name: "it sees nothing of where it stands", child: "inputs: {item: {type: integer}}\nsteps: [{id: c, set: {v: \"${inputs.item}\"}}]\noutput: ${steps.c.output.v}",
			yaml: "steps: [{id: l, foreach: {in: [4, 5], concurrency: 2, steps: [{id: c, call: {job: child, inputs: {item: \"${item * 2}\"}}}]}}]\noutput: ${steps.l.output}",
			want: "ok [8,10]",
		},
		{
			name: "its timeout counts", child: "timeout: 3s\nsteps: [{id: s, probe: {takes: 5s}}]\non_failure: [{probe: {takes: 4s}}]",
			yaml: "steps: [{id: c, call: {job: child}}]",
			want: "failed null timeout(s) the timeout of 3s of job child has passed", keys: "/c failed\n/c/s failed\n/c/on_failure/probe:1 ok",
		},
		{
			name: "the step's timeout counts, if it is the sooner one", child: "timeout: 3s\nsteps: [{id: s, probe: {takes: 5s}}]\non_failure: [{probe: {takes: 3s}}]\nfinally: [{probe: {takes: 4s}}]",
			yaml: "steps: [{id: c, timeout: 2s, call: {job: child}}]",
			want: "failed null timeout(s) the timeout of 2s of step c has passed", keys: "/c failed\n/c/s failed\n/c/on_failure/probe:1 ok\n/c/finally/probe:1 ok",
		},
		{
			name: "what it does at the end in any case has its time, what it does when it went well has not", child: "steps: [{log: a}]\non_success: [{id: s, probe: {takes: 3s}}]\nfinally: [{probe: {takes: 4s}}]",
			yaml: "steps: [{id: c, timeout: 2s, call: {job: child}}]",
			want: "failed null timeout(s) the timeout of 2s of step c has passed", keys: "/c failed\n/c/log:1 ok\n/c/on_success/s failed\n/c/finally/probe:1 ok",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.beside = map[string]string{"child": test.child}
				run := w.run(test.yaml)
				check(t, "outcome", outcome(run), test.want)
				if test.keys != "" {
					check(t, "steps", keys(run), test.keys)
				}
			})
		})
	}
}

// TestCallState holds that a job that is called has the state of its own runs, sees what it saved in this one, and leaves
// it for the next.
func TestCallState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.beside = map[string]string{"child": "state: {n: {initial: 10}}\nsteps: [{save: {n: \"${state.n + 1}\"}}]\non_success: [{save: {n: \"${state.n + 100}\"}}]\noutput: ${state.n}"}
	yaml := "name: parent\nstate: {n: {initial: 0}}\nsteps:\n  - {save: {n: \"${state.n + 1}\"}}\n  - {id: a, steps: [{call: {job: child}}]}\n  - {id: b, call: {job: child}}\n" +
		"  - {id: l, foreach: {in: [1, 2], concurrency: %d, steps: [{id: c, call: {job: child}}]}}\noutput: [\"${state.n}\", \"${steps.a.output}\", \"${steps.b.output}\", \"${steps.l.output}\"]"
	check(t, "first run", outcome(w.run(fmt.Sprintf(yaml, 1))), "ok [1,11,112,[213,314]]")
	check(t, "second run", outcome(w.run(fmt.Sprintf(yaml, 2))), "ok [2,415,516,[617,617]]")
	w.request.Space = "sandbox"
	check(t, "a space of its own", outcome(w.run(fmt.Sprintf(yaml, 1))), "ok [1,11,112,[213,314]]")
	for name, want := range map[string]string{"parent": "map[n:2]", "child": "map[n:717]", "parent@sandbox": "map[n:1]", "child@sandbox": "map[n:414]"} {
		state, err := w.journal.State(name)
		if err != nil {
			t.Fatal(err)
		}
		check(t, "the state of "+name, fmt.Sprint(state), want)
	}
}

// TestCallCancelled holds that a job that is called tidies up when the run is cancelled, and that it is cancelled then.
func TestCallCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.beside = map[string]string{"child": "steps: [{probe: {takes: 1h}}]\non_failure: [{log: no}]\nfinally: [{probe: {takes: 1s}}]"}
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		time.AfterFunc(2*time.Second, cancel)
		run := w.run("steps: [{id: c, call: {job: child}}]\nfinally: [{probe: {}}]")
		check(t, "outcome", outcome(run), "cancelled null cancelled() the run was cancelled")
		check(t, "steps", keys(run), "/c cancelled\n/c/probe:1 cancelled\n/c/finally/probe:1 ok\n/finally/probe:1 ok")
	})
}

// TestCallMasks holds that what a job computes from an input that is a secret is masked as the secret is.
func TestCallMasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.beside = map[string]string{"child": "inputs: {key: {type: string}}\nsteps: [{log: \"got ${upper(inputs.key)}\"}]"}
	w.request.Secrets = map[string]any{"KEY": "hunter2hunter2"}
	w.redactor.Add("hunter2hunter2")
	run := w.run("steps: [{call: {job: child, inputs: {key: \"${secret.KEY}\"}}}]")
	check(t, "the message", run.Steps[1].Message, "got ***")
}

// blocks are a step of each kind that has steps inside, and one more: the probe in it is scripted by its arguments.
func blocks(probe string) map[string]string {
	return map[string]string{
		"steps":    "steps: [" + probe + "]",
		"foreach":  "foreach: {in: [1], steps: [" + probe + "]}",
		"switch":   "switch: [{steps: [" + probe + "]}]",
		"try":      "try: [" + probe + "], finally: [{log: end}]",
		"parallel": "parallel: {one: [" + probe + "]}",
		"repeat":   "repeat: {attempts: 1, steps: [" + probe + "]}",
		"call":     "call: {job: child}",
	}
}

// TestAroundBlocks holds that if, retry and timeout stand beside every kind with steps inside.
func TestAroundBlocks(t *testing.T) {
	t.Parallel()
	const probe = "{id: p, retry: none, probe: {fails: 2, repeat: if_safe, takes: 10s}}"
	tests := []struct {
		name, keys string
		want       func(kind string) string
		calls      string
	}{
		{"if", "if: 1 > 2, ", func(string) string { return "ok [true,null]" }, ""},
		{"retry", "retry: {attempts: 3, backoff: {initial: 1s, jitter: none}}, ", func(string) string { return "ok [false,3]" }, "/b /b#2 /b#3"},
		{"too few tries", "retry: {attempts: 2, backoff: {initial: 1s, jitter: none}}, ", func(kind string) string { return "failed null network(p) " + prefixOf(kind) + "failure 2" }, "/b /b#2"},
		{"timeout", "timeout: 15s, retry: {attempts: 3, backoff: {initial: 1s, jitter: none}}, ", func(kind string) string {
			return "failed null timeout(p) " + prefixOf(kind) + "the timeout of 15s of step b has passed"
		}, "/b /b#2"},
	}
	for _, test := range tests {
		for kind, block := range blocks(probe) {
			t.Run(test.name+" "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.beside = map[string]string{"child": "steps: [" + probe + "]"}
					run := w.run("steps:\n  - {id: b, " + test.keys + block + "}\n  - {id: after, log: a}\noutput: [\"${steps.b.skipped}\", \"${steps.b.skipped ? nil : 3}\"]")
					if got, want := outcome(run), test.want(kind); !strings.HasPrefix(got, want) {
						t.Errorf("got %s\nwant %s", got, want)
					}
					var tried []string
					for _, key := range w.probe.calls {
						tried = append(tried, key[:strings.IndexAny(key[2:]+"/", "/[")+2])
					}
					check(t, "tries", strings.Join(tried, " "), test.calls)
				})
			})
		}
	}
}

// prefixOf is what a kind says before the failure inside it.
func prefixOf(kind string) string {
	return map[string]string{"foreach": "1 of 1 items failed; [0]: ", "parallel": "1 of 1 branches failed; one: "}[kind]
}

// TestRoundsAreItems holds that rounds are told of as items are: their steps are kept for people as a sample.
func TestRoundsAreItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("steps:\n  - {id: r, repeat: {attempts: 2, steps: [{id: p, probe: {}}]}}")
	told := 0
	for _, e := range w.events {
		if e.Type == engine.StepStarted && strings.HasSuffix(e.Key, "/p") && e.Item {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d steps are told of as in an item, want 2", told)
	}
}
