package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/engine/enginetest"
	"snrun/engine/flow"
	"snrun/steps"
)

// list writes so many items: v counts from 0, k is a letter that comes again and again.
func list(n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf("{v: %d, k: %c%d}", i, 'a'+i%26, i%7)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// story is what a run did, as far as it does not depend on time.
func (w *world) story(run *engine.Run) string {
	calls := slices.Clone(w.probe.calls)
	slices.Sort(calls)
	state, _ := w.journal.State("job")
	data, _ := json.Marshal(state)
	rows := strings.Split(keys(run), "\n")
	if len(run.Steps) > engine.Sampled { // which of those that go well are kept depends on time
		rows = slices.DeleteFunc(rows, func(row string) bool { return strings.Contains(row, "[") && strings.HasSuffix(row, " ok") })
	}
	slices.Sort(rows)
	loop := ""
	for _, s := range run.Steps {
		if s.Counts != nil && !strings.Contains(s.Key, "[") {
			loop += fmt.Sprintf("%s %+v\n", s.Key, *s.Counts)
		}
	}
	return fmt.Sprintf("%s\n%s\nstate %s\n%s\n%s", outcome(run), loop, data, strings.Join(rows, "\n"), strings.Join(calls, "\n"))
}

// both runs a job here and elsewhere and compares what both did.
func both(t *testing.T, yaml string, small int, beside map[string]string) (here, there *world) {
	t.Helper()
	here, there = newWorld(t), newWorld(t)
	here.beside, there.beside = beside, beside
	there.sealer = veiling{}
	want := here.run(yaml)
	all := map[string]string{"job": yaml}
	for name, text := range beside {
		all[name] = text
	}
	run, err := enginetest.Apart{Engines: []*engine.Engine{there.engine(), there.engine()}, Small: small, Again: true}.Run(
		t.Context(), t, engine.Request{Job: loadJobs(t, there.probe.kind(), all)})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "elsewhere", there.story(there.journal.Run(run.ID)), here.story(want))
	return here, there
}

// TestLoopsElsewhere holds that loops of any length do the same where their items are worked on in chunks.
func TestLoopsElsewhere(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 50, 51, 100, 130} {
		for i, test := range []struct{ keys, in string }{
			{", concurrency: 1, tolerate: all", ""},
			{`, concurrency: 1, tolerate: 5%, key: "${item.k}"`, ""},
			{", concurrency: 9, tolerate: all, index: i, collect: \"${i}:${item.v}\"", ""},
			{`, concurrency: 4, tolerate: 20%, as: x, key: "${x.k}", collect: "${x}"`, "x"},
			{", concurrency: 1", ""},
			{", batch: 2, concurrency: 3, tolerate: all, as: pair, collect: \"${len(pair)}\"", "pair[0]"},
		} {
			item := test.in
			if item == "" {
				item = "item"
			}
			for _, in := range []string{list(n), "${steps.list.output}"} {
				yaml := fmt.Sprintf("name: job\nstate: {last: {initial: -1}}\nsteps:\n  - {id: list, probe: {value: %s}}\n"+
					"  - id: l\n    foreach: {in: %q%s, steps: [{id: p, probe: {value: \"${%s.v}\", unsafe: true, fails: \"${%s.v %% 20 == 7 ? 9 : 0}\", kind: status}}, {save: {last: \"${%s.v}\"}}]}\n"+
					"  - {id: after, probe: {value: \"${state.last}\"}}\noutput: [\"${steps.l.output}\", \"${steps.l.total}\", \"${steps.l.succeeded}\", \"${steps.l.failed}\", \"${steps.after.output}\"]",
					list(n), in, test.keys, item, item, item)
				if in != "${steps.list.output}" {
					yaml = strings.Replace(yaml, fmt.Sprintf("%q", in), in, 1)
				}
				t.Run(fmt.Sprintf("%d items, %d, %t", n, i, in == list(n)), func(t *testing.T) {
					t.Parallel()
					both(t, yaml, 100, nil)
				})
			}
		}
	}
}

// TestLongLoopElsewhere holds that neither the history nor the journal of a loop grows with its items beyond its calls, and that its chunks
// are few.
func TestLongLoopElsewhere(t *testing.T) {
	t.Parallel()
	yaml := "steps:\n  - {id: list, probe: {value: " + list(1000) + "}}\n  - id: l\n    foreach: {in: \"${steps.list.output}\", concurrency: 8, tolerate: all, steps: " +
		"[{id: p, probe: {value: \"${item.v}\", fails: \"${item.v % 100 == 7 ? 9 : 0}\"}}]}\noutput: \"${sum(filter(steps.l.output, # != nil))}\""
	here, there := both(t, yaml, 0, nil)
	for name, w := range map[string]*world{"here": here, "elsewhere": there} {
		run := w.journal.Run(w.events[0].Run)
		if len(run.Steps) > 2+engine.Sampled+10 {
			t.Errorf("%s: the history has %d steps", name, len(run.Steps))
		}
	}
	entries, err := there.journal.Kept(there.events[0].Run, "@gave")
	if err != nil || len(entries) < 20 || len(entries) > 45 {
		t.Errorf("%d units were kept: %v", len(entries), err)
	}
}

// TestSlotsElsewhere holds that each kind of expression may read what is not here.
func TestSlotsElsewhere(t *testing.T) {
	t.Parallel()
	big := `{id: big, probe: {value: {on: true, off: false, n: 2, list: [1, 2, 3], text: xyz, when: "2020-01-01T00:00:00Z", map: {a: 1, b: {c: 2}}}}}`
	for name, test := range map[string]string{
		"if":       `{id: a, if: steps.big.output.off, log: a}, {id: b, if: steps.big.output.on, steps: [{log: b}]}`,
		"when":     `{id: a, switch: [{when: steps.big.output.off, steps: [{log: a}]}, {when: steps.big.output.n == 2, steps: [{log: b}]}]}`,
		"catch":    `{id: a, try: [{probe: {fails: 9, kind: status}}], catch: [{when: steps.big.output.off, steps: [{log: a}]}, {when: 'steps.big.output.on && error.status == 503', steps: [{log: "${error.message}"}]}], finally: [{log: "${steps.big.output.text}"}]}`,
		"until":    `{id: a, repeat: {attempts: 9, until: i == steps.big.output.n, index: i, steps: [{log: "${i}"}]}}`,
		"carry":    `{id: a, repeat: {attempts: 3, carry: {all: {initial: "${steps.big.output.list}", next: "${concat(all, steps.big.output.list)}"}}, steps: [{id: s, set: {n: "${len(all)}", all: "${all}"}}]}}`,
		"rounds":   `{id: a, repeat: {attempts: "${steps.big.output.n}", every: "${string(steps.big.output.n)}ms", steps: [{probe: {counts: true}}]}}`,
		"too many": `{id: a, try: [{repeat: {attempts: 2, until: steps.big.output.off, steps: [{set: {v: "${steps.big.output}"}}]}}], catch: [{steps: [{log: "${error.message}"}]}]}`,
		"inputs":   `{id: a, call: {job: other, inputs: {v: "${steps.big.output.map}"}}}`,
		"mistakes": `{id: a, try: [{call: {job: other, inputs: {v: "${steps.big.output.list}"}}}], catch: [{steps: [{log: "${error.message}"}]}]}`,
		"output":   `{id: a, steps: [{set: {v: "${steps.big.output.map}"}}], output: "${steps.big.output.map.b}"}`,
		"collect":  `{id: a, foreach: {in: [1, 2], collect: "${steps.big.output.text + string(item)}", steps: [{log: "${item}"}]}}`,
		"retry":    `{id: a, retry: {attempts: 3, when: steps.big.output.on, backoff: {initial: 1ms}}, steps: [{probe: {fails: 2, value: 1}}]}`,
		"no retry": `{id: a, try: [{retry: {attempts: 3, when: 'steps.big.output.off || error.fault.code == "2"', backoff: {initial: 1ms}}, steps: [{probe: {fault: {code: 1}}}]}], catch: [{steps: [{log: "${toJSON(error.fault)}"}]}]}`,
		"wait":     `{id: a, wait: "${string(steps.big.output.n)}ms"}, {wait: {until: "${steps.big.output.when}"}}`,
		"wrong":    `{id: a, try: [{if: 'steps.big.output.list[7] > 1', log: a}], catch: [{steps: [{log: "${error.kind} ${error.step}"}]}]}`,
		"fail":     `{id: a, try: [{fail: "${steps.big.output.text}"}], catch: [{steps: [{log: "${error.message}"}]}]}`,
		"branches": `{id: a, parallel: {x: [{set: {v: "${steps.big.output.map}"}}], y: [{save: {s: "${steps.big.output.list}"}}, {set: {s: "${state.s}"}}]}}`,
		"saves":    `{save: {s: "${steps.big.output.list}"}}, {id: a, foreach: {in: [1, 2, 3], concurrency: 3, steps: [{save: {s: "${concat(state.s, [item])}"}}]}}`,
		"nested":   `{id: a, foreach: {in: "${steps.big.output.list}", as: x, steps: [{foreach: {in: "${steps.big.output.list}", as: y, concurrency: 2, steps: [{probe: {value: "${x * y}"}}]}}]}}`,
		"near":     `{id: a, foreach: {in: [1, 2], as: x, steps: [{id: inner, foreach: {in: [3, 4], as: y, tolerate: all, steps: [{probe: {value: "${x * y}", fails: "${x == 2 && y == 3 ? 9 : 0}"}}]}}]}}`,
		"called":   `{id: a, foreach: {in: "${steps.big.output.list}", steps: [{call: {job: loops, inputs: {n: "${item}"}}}]}}, {call: {job: loops, inputs: {n: 60}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			yaml := "name: job\nstate: {s: {initial: []}}\nsteps: [" + big + ", " + test + "]\noutput: [\"${steps.a.output}\", \"${steps.a.skipped}\", \"${state.s}\"]"
			beside := map[string]string{
				"other": "name: other\ninputs: {v: {type: object}}\nsteps: [{id: s, set: {v: \"${inputs.v.b.c}\"}}]\noutput: {all: \"${inputs.v}\", c: \"${steps.s.output.v}\"}",
				"loops": "name: loops\ninputs: {n: {type: integer}}\nsteps: [{id: l, foreach: {in: \"${1..inputs.n}\", steps: [{probe: {value: \"${item}\"}}]}}]\noutput: ${len(steps.l.output)}",
			}
			for _, small := range []int{1, 60, 0} {
				both(t, yaml, small, beside)
			}
		})
	}
}

// TestSecretsStayHere holds that no secret, and nothing that gives one away, travels to where a flow is walked.
func TestSecretsStayHere(t *testing.T) {
	t.Parallel()
	const secret = `hunter"2/<sésame>`
	w := newWorld(t)
	w.sealer = veiling{}
	w.redactor.Add(secret)
	yaml := `
name: job
inputs: {key: {type: string}, plain: {type: string}}
state: {s: {initial: 1}}
steps:
  - {id: p, probe: {value: {key: "${secret.KEY}", twice: "${secret.KEY + secret.KEY}", code: "${toBase64(secret.KEY)}", plain: open, of: "${fromPairs([[secret.KEY, 1]])}"}}}
  - {id: s, set: {v: "${upper(secret.KEY)}", w: "${inputs.key}"}}
  - {if: secret.KEY == inputs.key, log: "the key is ${secret.KEY} ${steps.p.output.twice}"}
  - id: t
    try: [{fail: "no ${secret.KEY}"}]
    catch: [{when: "error.message contains 'no'", steps: [{log: "${error.message}"}]}]
  - {id: f, try: [{probe: {fault: {code: "${secret.KEY}"}}}], catch: [{when: error.fault.code == secret.KEY, steps: [{log: caught}]}]}
  - {id: l, foreach: {in: ["${secret.KEY}", b], key: "${item}", steps: [{set: {v: "${item + inputs.plain}"}}]}}
  - {id: c, call: {job: other, inputs: {key: "${secret.KEY}"}}}
  - {id: stop, fail: "${steps.c.output}"}
output: ${steps.l.output}
`
	other := "name: other\ninputs: {key: {type: string}}\nsteps: [{log: \"${inputs.key}\"}]\noutput: ${inputs.key}"
	var mu sync.Mutex
	var told []string
	a := enginetest.Apart{Engines: []*engine.Engine{w.engine(), w.engine()}, Again: true, Told: func(text []byte) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, string(text))
	}}
	run, err := a.Run(t.Context(), t, engine.Request{
		Job: loadJobs(t, w.probe.kind(), map[string]string{"job": yaml, "other": other}), Inputs: map[string]any{"key": secret, "plain": "open"},
		Secrets: map[string]any{"KEY": secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", outcome(run), "failed null input(stop) ***")
	quoted, _ := json.Marshal(secret)
	for _, text := range told {
		for _, hidden := range []string{
			secret, strings.ToUpper(secret), strings.Trim(string(quoted), `"`), `hunter\"2`, base64.StdEncoding.EncodeToString([]byte(secret)), "sésame", "SÉSAME", `s\u00e9same`,
		} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s shows in %s", hidden, text)
			}
		}
		if w.redactor.Contains([]byte(text)) {
			t.Errorf("a secret shows in %s", text)
		}
	}
	if !strings.Contains(strings.Join(told, "\n"), `"plain":"open"`) {
		t.Error("what is no secret does not travel as it is")
	}
}

// TestStopsElsewhere holds that the items of a loop are begun no further in another process when too many have failed in one.
func TestStopsElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		yaml := "steps:\n  - id: l\n    foreach: {in: \"${1..400}\", concurrency: 4, steps: [{probe: {takes: 300ms, fails: \"${item == 3 ? 9 : 0}\"}}]}"
		run, err := enginetest.Apart{Engines: []*engine.Engine{w.engine(), w.engine()}}.Run(t.Context(), t, engine.Request{Job: loadJob(t, w.probe.kind(), yaml)})
		if err != nil {
			t.Fatal(err)
		}
		if run.Status != engine.Failed || !strings.Contains(run.Error.Message, "[3]: failure 1") && !strings.Contains(run.Error.Message, "[2]: failure 1") {
			t.Errorf("got %s", outcome(run))
		}
		if n := len(w.probe.calls); n > 4*(3+5) {
			t.Errorf("%d items were begun", n)
		}
		if entries, err := w.journal.Kept(run.ID, "@stop"); err != nil || len(entries) != 1 {
			t.Errorf("the mark is not there: %v, %v", entries, err)
		}
	})
}

// part gives a Part of a run of a job that is under way elsewhere.
func (w *world) part(yaml string, change func(*engine.PartOf)) (*engine.Part, *engine.Run) {
	w.t.Helper()
	e := w.engine()
	job := loadJob(w.t, w.probe.kind(), yaml)
	run, err := e.Enlist(engine.Request{Job: job}, "default/w")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := e.BeginElsewhere(run); err != nil {
		w.t.Fatal(err)
	}
	of := engine.PartOf{Run: run, Job: job}
	if change != nil {
		change(&of)
	}
	p, err := e.Part(of)
	if err != nil {
		w.t.Fatal(err)
	}
	return p, run
}

// TestStop holds that a process which is to stop lets its calls come to their end, begins none, and leaves the rest to others.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := "steps:\n  - id: l\n    foreach: {in: [1, 2, 3], steps: [{probe: {value: \"${item}\", unsafe: true}}]}"
	stop := make(chan struct{})
	w.probe.during = func(key string) {
		if key == "/l[1]/probe:1" {
			close(stop)
		}
	}
	p, run := w.part(yaml, func(of *engine.PartOf) { of.Stop = stop })
	u := flow.Unit{Key: "/l@items:0-3", Place: "/l", Slot: flow.Items, Loop: "/l", To: 3, Limit: 1, Scope: flow.Scope{Job: "job", States: map[string]map[string]any{}}}
	_, err := p.Carry(t.Context(), u)
	if h := engine.HaltOf(err); h == nil || h.Kind != engine.HaltedSuspended {
		t.Fatalf("got %v", err)
	}
	check(t, "calls", strings.Join(w.probe.calls, " "), "/l[0]/probe:1 /l[1]/probe:1")
	other, err := w.engine().Part(engine.PartOf{Run: run, Job: loadJob(t, w.probe.kind(), yaml)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := other.Carry(t.Context(), u)
	if err != nil || got.Succeeded != 3 {
		t.Errorf("the other gave %+v, %v", got, err)
	}
	check(t, "calls", strings.Join(w.probe.calls, " "), "/l[0]/probe:1 /l[1]/probe:1 /l[2]/probe:1")
}

// TestStopTellsOfNoEnd holds that a step which a process leaves to others is not on record as one that has ended: who goes on with it may not
// keep that it went well.
func TestStopTellsOfNoEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := make(chan struct{})
	w.probe.during = func(string) { close(stop) }
	p, run := w.part("steps:\n  - id: l\n    foreach: {in: [1], steps: [{id: a, probe: {value: 1}}, {id: b, probe: {value: 2}}]}", func(of *engine.PartOf) { of.Stop = stop })
	u := flow.Unit{Key: "/l@items:0-1", Place: "/l", Slot: flow.Items, Loop: "/l", To: 1, Limit: 1, Scope: flow.Scope{Job: "job", States: map[string]map[string]any{}}}
	if _, err := p.Carry(t.Context(), u); engine.HaltOf(err) == nil {
		t.Fatalf("got %v", err)
	}
	var told []string
	for _, s := range w.journal.Run(run.ID).Steps {
		told = append(told, s.Key+" "+string(s.Status))
	}
	check(t, "steps", strings.Join(told, ", "), "/l[0]/a ok, /l[0]/b running")
}

// TestInDoubtElsewhere holds that an unsafe call which was about to be made when its process was lost is not made again.
func TestInDoubtElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, run := w.part("steps: [{id: a, probe: {value: 1, unsafe: true}}]", nil)
	if err := w.journal.Intend(run.ID, "/a"); err != nil {
		t.Fatal(err)
	}
	_, err := p.Carry(t.Context(), flow.Unit{Key: "/a", Place: "/a"})
	h := engine.HaltOf(err)
	if h == nil || h.Kind != engine.HaltedInDoubt || !slices.Equal(h.Doubts, []string{"/a"}) || h.Step != "a" {
		t.Fatalf("got %+v, %v", h, err)
	}
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var there engine.Halt
	if err := json.Unmarshal(data, &there); err != nil {
		t.Fatal(err)
	}
	ended, err := p.Finish(engine.Ending{Outcome: flow.Outcome{Halt: there.Err()}})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", outcome(ended), "interrupted null cancelled(a) a call is in doubt: /a. It is not known whether it was carried out")
	check(t, "calls", strings.Join(w.probe.calls, " "), "")
	run2, err := w.engine().GoOnElsewhere(engine.Resumption{Run: ended, Job: loadJob(t, w.probe.kind(), "steps: [{id: a, probe: {value: 1, unsafe: true}}]")}, "default/w")
	if err != nil || run2.Attempt != 2 || run2.Workflow != "default/w" {
		t.Errorf("going on: %+v, %v", run2, err)
	}
}

// TestHalts holds that why a unit has no end is the same after it has travelled.
func TestHalts(t *testing.T) {
	t.Parallel()
	reason := &steps.Error{Kind: steps.Timeout, Message: "too long", Hint: "wait"}
	for name, err := range map[string]error{
		engine.HaltedStopped:   &flow.Stopped{Reason: reason},
		engine.HaltedSuspended: &engine.Suspend{Why: "later"},
		engine.HaltedBroken:    context.DeadlineExceeded,
	} {
		h := engine.HaltOf(err)
		if h.Kind != name {
			t.Errorf("%v is %s, want %s", err, h.Kind, name)
		}
		if again := engine.HaltOf(h.Err()); again.Kind != h.Kind || again.Why != h.Why {
			t.Errorf("%+v became %+v", h, again)
		}
	}
	if engine.HaltOf(nil) != nil {
		t.Error("nothing is a halt")
	}
}

// TestTimeIsUpElsewhere holds that a run whose time is up runs what is for failures, with the reason.
func TestTimeIsUpElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.sealer = veiling{}
		yaml := "timeout: 2s\nsteps: [{id: a, probe: {takes: 1h}}]\non_failure: [{id: told, probe: {value: \"${error.message}\"}}]\nfinally: [{wait: 1s}, {id: end, probe: {}}]"
		run, err := enginetest.Apart{Engines: []*engine.Engine{w.engine()}}.Run(t.Context(), t, engine.Request{Job: loadJob(t, w.probe.kind(), yaml)})
		if err != nil {
			t.Fatal(err)
		}
		check(t, "outcome", outcome(run), "failed null timeout() the run took longer than its timeout of 2s")
		check(t, "calls", strings.Join(w.probe.calls, " "), "/a /on_failure/told /finally/end")
		if took := run.Ended.Sub(run.Started); took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestManyCallsElsewhere holds that long lists of calls travel as one text, and are told and tried again by name.
func TestManyCallsElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := "steps:\n  - id: l\n    foreach: {in: \"${1..120}\", tolerate: all, concurrency: 8, steps: [{id: m, foreach: {in: [1, 2, 3], tolerate: all, steps: [{id: p, probe: {fails: 1}}]}}]}\noutput: ${steps.l.total}"
	longest := 0
	var mu sync.Mutex
	a := enginetest.Apart{Engines: []*engine.Engine{w.engine(), w.engine()}, Told: func(text []byte) {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, len(text))
	}}
	job := loadJob(t, w.probe.kind(), yaml)
	run, err := a.Run(t.Context(), t, engine.Request{Job: job})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", outcome(run), "ok 120")
	if longest > 4000 {
		t.Errorf("%d bytes travelled at once", longest)
	}
	w.probe.calls = nil
	run, err = a.Resume(t.Context(), t, engine.Resumption{Run: w.journal.Run(run.ID), Job: job, FailedItems: true})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", outcome(run), "ok 120")
	if len(w.probe.calls) != 360 {
		t.Errorf("%d were tried again", len(w.probe.calls))
	}
}
