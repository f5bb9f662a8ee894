package engine_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"snrun/engine"
)

// source is a job with a loop over three pages.
func source(keys, inside string) string {
	return "state: {n: {initial: 0}}\nsteps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a, b, c], [d], [e, f]]}}, as: x" + keys + ", steps: [" + inside + "]}\n" +
		"output: [\"${steps.l.output}\", \"${steps.l.total}\", \"${steps.l.succeeded}\", \"${steps.l.failed}\", \"${state.n}\"]"
}

func TestSource(t *testing.T) {
	t.Parallel()
	value := `{id: p, probe: {value: "${x}"}}`
	failing := `{id: p, probe: {value: "${x}", fails: "${x in ['b', 'e'] ? 9 : 0}", kind: status}}`
	tests := []struct{ name, yaml, want, calls string }{
		{
			"items one by one", source("", value), `ok [["a","b","c","d","e","f"],6,6,0,0]`,
			"/l/page:1[0]/p /l/page:1[1]/p /l/page:1[2]/p /l/page:2[0]/p /l/page:3[0]/p /l/page:3[1]/p",
		},
		{
			"items with keys and numbers", source(`, key: "k-${x}", index: i, collect: "${x}${i}"`, value), `ok [["a0","b1","c2","d3","e4","f5"],6,6,0,0]`,
			"/l/page:1[k-a]/p /l/page:1[k-b]/p /l/page:1[k-c]/p /l/page:2[k-d]/p /l/page:3[k-e]/p /l/page:3[k-f]/p",
		},
		{
			"batches go over the ends of pages", source(", batch: 4", value), `ok [[["a","b","c","d"],["e","f"]],2,2,0,0]`,
			"/l/page:2[0]/p /l/page:3[0]/p",
		},
		{
			"several batches a page", source(", batch: 2", value), `ok [[["a","b"],["c","d"],["e","f"]],3,3,0,0]`,
			"/l/page:1[0]/p /l/page:2[0]/p /l/page:3[0]/p",
		},
		{
			"whole pages", source(", batch: page", value), `ok [[["a","b","c"],["d"],["e","f"]],3,3,0,0]`,
			"/l/page:1[0]/p /l/page:2[0]/p /l/page:3[0]/p",
		},
		{
			"several at once keep their order", source(", concurrency: 3", `{id: p, probe: {value: "${x}", takes: "${x == 'a' ? 5 : 1}ms"}}`), `ok [["a","b","c","d","e","f"],6,6,0,0]`, "",
		},
		{"what is saved is seen by the next item", source("", `{save: {n: "${state.n + 1}"}}`), `ok [[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5},{"n":6}],6,6,0,6]`, ""},
		{"and after the loop, by several at once", source(", concurrency: 2, collect: 1", `{save: {n: "${len(x) + 6}"}}`), `ok [[1,1,1,1,1,1],6,6,0,7]`, ""},
		{"the first failure ends the loop, its page being finished", source("", failing), "failed null status(p) 1 of 3 items failed; [1]: failure 1", ""},
		{"failures are tolerated by number", source(", tolerate: 2", failing), `ok [["a",null,"c","d",null,"f"],6,4,2,0]`, ""},
		{"one more is too many", source(", tolerate: 1", failing), "failed null status(p) 2 of 6 items failed; [0]: failure 1", ""},
		{"a share is of the items that have come", source(", tolerate: 34%", failing), `ok [["a",null,"c","d",null,"f"],6,4,2,0]`, ""},
		{"a share that is passed on the way", source(", tolerate: 32%", failing), "failed null status(p) 1 of 3 items failed; [1]: failure 1", ""},
		{"a share is of all where their number is known", strings.Replace(source(", tolerate: 32%", failing), "probe: {pages", "probe: {total: 7, pages", 1), `ok [["a",null,"c","d",null,"f"],6,4,2,0]`, ""},
		{"all failures are tolerated", source(", tolerate: all", `{probe: {fails: 9, kind: status}}`), `ok [[null,null,null,null,null,null],6,0,6,0]`, ""},
		{"no items", "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[], []]}}, steps: [{log: no}]}\noutput: [\"${steps.l.output}\", \"${steps.l.total}\"]", "ok [[],0]", ""},
		{"no items, page by page", "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[]]}}, batch: page, steps: [{log: no}]}\noutput: [\"${steps.l.output}\", \"${steps.l.total}\"]", "ok [[],0]", ""},
		{"a page that cannot be read fails the loop", "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a]], fails: 9, kind: status}}, steps: [{log: no}]}", "failed null status(l) failure 1", ""},
		{"the whole loop is tried again", "steps:\n  - id: l\n    retry: {attempts: 2, backoff: {initial: 1ms}}\n    foreach: {in: {probe: {pages: [[a], [b]]}}, as: x, steps: [{probe: {value: \"${x}\", fails: \"${x == 'b' ? 1 : 0}\", repeat: if_safe}, retry: none}]}\noutput: ${steps.l.output}", `ok ["a","b"]`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			check(t, "outcome", outcome(w.run(test.yaml)), test.want)
			var calls []string
			for _, key := range w.probe.calls {
				if strings.Contains(key, "[") {
					calls = append(calls, key)
				}
			}
			if test.calls != "" {
				check(t, "calls", strings.Join(calls, " "), test.calls)
			}
		})
	}
}

// TestOneAhead holds that one page is read while the page before is worked on, and never more than one.
func TestOneAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	var log []string
	reading := make(chan struct{}, 9)
	w.probe.during = func(key string) {
		if strings.Contains(key, "[") && !strings.Contains(key, "page:3") {
			<-reading // an item waits until the next page is being read
		}
		mu.Lock()
		log = append(log, key)
		mu.Unlock()
		if !strings.Contains(key, "[") && !strings.HasSuffix(key, "page:1") {
			reading <- struct{}{}
		}
	}
	run := w.run("steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a], [b], [c]]}}, steps: [{probe: {value: 1}}]}\noutput: ${steps.l.total}")
	check(t, "outcome", outcome(run), "ok 3")
	check(t, "order", strings.Join(log, " "),
		"/l/page:1 /l/page:2 /l/page:1[0]/probe:1 /l/page:3 /l/page:2[0]/probe:1 /l/page:3[0]/probe:1")
}

// TestSourceGoesOn holds that a loop over pages goes on at the first page that was not finished, with the items that were
// not, and that items that failed can be tried again when their page is long over.
func TestSourceGoesOn(t *testing.T) {
	t.Parallel()
	failing := `{id: p, probe: {value: "${x}", fails: "${x == 'e' ? 1 : 0}", unsafe: true, status: 404}}`
	tests := []struct {
		name, yaml, first, then, calls string
		twice                          string // what comes of it when it goes on for the first time, where it does twice
		change                         func(*engine.Resumption)
	}{
		{
			name: "with keys the page is read again", yaml: source(`, key: "${x}"`, failing),
			first: "failed null network(p) 1 of 6 items failed; [e]: failure 1",
			then:  `ok [["a","b","c","d","e","f"],6,6,0,0]`, calls: "/l/page:3 /l/page:3[e]/p /l/page:3[f]/p",
		},
		{
			name: "without them it was kept", yaml: source("", failing),
			first: "failed null network(p) 1 of 6 items failed; [0]: failure 1",
			then:  `ok [["a","b","c","d","e","f"],6,6,0,0]`, calls: "/l/page:3[0]/p /l/page:3[1]/p",
		},
		{
			name: "a finished loop makes no call", yaml: source("", failing) + "\non_success: [{id: s, probe: {value: 1, fails: 1}}]",
			first: "failed null network(p) 1 of 6 items failed; [0]: failure 1",
			then:  "failed null network(s) failure 1", calls: "/l/page:3[0]/p /l/page:3[1]/p /on_success/s",
		},
		{
			name: "failed items of finished pages", yaml: source(", tolerate: all, index: i, collect: \"${x}${i}\"", `{id: p, probe: {value: "${x}", fails: "${x in ['b', 'e'] ? 1 : 0}", status: 404}}, {save: {n: "${i}"}}`),
			first: `ok [["a0",null,"c2","d3",null,"f5"],6,4,2,5]`, change: failedItems,
			then: `ok [["a0","b1","c2","d3","e4","f5"],6,6,0,4]`, calls: "/l/page:1[1]/p /l/page:3[0]/p",
		},
		{
			name:  "what was finished in a failed item stays so",
			yaml:  source(", tolerate: all", `{id: a, probe: {value: 1, unsafe: true}}, {id: p, probe: {value: "${x}", fails: "${x == 'b' ? 1 : 0}", status: 404}}`),
			first: `ok [["a",null,"c","d","e","f"],6,5,1,0]`, change: failedItems,
			then: `ok [["a","b","c","d","e","f"],6,6,0,0]`, calls: "/l/page:1[1]/p",
		},
		{
			name:  "an item that failed over what it read reads it anew",
			yaml:  source(", tolerate: all, collect: \"${x}\"", `{id: a, probe: {value: 1, unsafe: true}}, {id: g, probe: {counts: true}}, {id: p, if: x == 'b' && steps.g.output < 7, fail: too early}`),
			first: `ok [["a",null,"c","d","e","f"],6,5,1,0]`, change: failedItems,
			then: `ok [["a","b","c","d","e","f"],6,6,0,0]`, calls: "/l/page:1[1]/g",
		},
		{
			name:  "a page that cannot be read when the run goes on forgets no items",
			yaml:  "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a, b]], fails: \"${run.attempt == 2 ? 9 : 0}\"}}, key: \"${item}\", steps: [{id: p, probe: {value: 1, unsafe: true, status: 404, fails: \"${item == 'b' ? 1 : 0}\"}}]}\noutput: ${steps.l.total}",
			first: "failed null network(p) 1 of 2 items failed; [b]: failure 1",
			twice: "failed null network(l) failure 2", then: "ok 2", calls: "/l/page:1 /l/page:1 /l/page:1[b]/p",
		},
		{
			name:  "what items save that are tried again is kept",
			yaml:  "state: {n: {initial: 0}}\nsteps:\n  - id: l\n    foreach: {in: {probe: {pages: [[1, 2, 3]]}}, tolerate: all, steps: [{id: p, probe: {value: 1, fails: \"${item}\"}}, {save: {n: \"${item}\"}}]}\noutput: ${state.n}",
			first: "ok 0", change: failedItems, twice: "ok 1", then: "ok 2", calls: "/l/page:1[0]/p /l/page:1[1]/p /l/page:1[2]/p /l/page:1[1]/p /l/page:1[2]/p",
		},
		{
			name:  "failed items of a loop in an item that went well",
			yaml:  "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a], [b]]}}, as: x, tolerate: all, steps: [{id: q, probe: {unsafe: true}}, {id: m, foreach: {in: [1, 2], tolerate: all, steps: [{id: p, probe: {value: \"${x}\", fails: \"${x == 'a' && item == 2 ? 2 : 0}\"}}]}}]}\noutput: [\"${steps.l.output}\", \"${steps.l.succeeded}\"]",
			first: `ok [[["a",null],["b","b"]],2]`, change: failedItems, twice: `ok [[["a",null],["b","b"]],2]`, then: `ok [[["a","a"],["b","b"]],2]`, calls: "/l/page:1[0]/m[1]/p /l/page:1[0]/m[1]/p",
		},
		{
			name:  "of a source in an item of a source",
			yaml:  "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a], [b]]}}, as: x, steps: [{id: q, probe: {unsafe: true}}, {id: m, foreach: {in: {probe: {pages: [[1], [2]]}}, tolerate: all, steps: [{id: p, probe: {value: \"${x}\", fails: \"${x == 'a' && item == 1 ? 1 : 0}\"}}]}}]}\noutput: ${steps.l.output}",
			first: `ok [[null,"a"],["b","b"]]`, change: failedItems, then: `ok [["a","a"],["b","b"]]`, calls: "/l/page:1[0]/m/page:1[0]/p",
		},
		{
			name:  "of a loop in rounds",
			yaml:  "steps:\n  - id: l\n    repeat: {attempts: 3, index: x, steps: [{id: q, probe: {unsafe: true}}, {id: m, foreach: {in: [1, 2], tolerate: all, steps: [{id: p, probe: {value: \"${x}\", fails: \"${x == 1 && item == 2 ? 1 : 0}\"}}]}}]}\noutput: ${steps.l.output}",
			first: `ok [2,2]`, change: failedItems, then: `ok [2,2]`, calls: "/l[2]/m[1]/p",
		},
		{
			name:  "what a failed item did when it was tried again is not done once more",
			yaml:  "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a]]}}, as: x, tolerate: all, steps: [{id: q, probe: {unsafe: true, fails: 1, status: 404}}, {id: p, probe: {value: \"${x}\", fails: 1}}]}\n  - {id: e, if: run.attempt == 2 || run.attempt == 3, probe: {fails: 1, value: 1}}\noutput: ${steps.l.output}",
			first: `ok [null]`, change: func(r *engine.Resumption) { r.FailedItems = r.Run.Attempt != 2 }, twice: "failed null network(e) failure 1", then: `ok [null]`, calls: "/l/page:1[0]/q /l/page:1[0]/p /e /e",
		},
		{
			name: "failed items in doubt", yaml: source(", tolerate: all", `{id: p, probe: {value: "${x}", fails: "${x == 'b' ? 1 : 0}", status: 500, unsafe: true}}`),
			first: `ok [["a",null,"c","d","e","f"],6,5,1,0]`, change: failedItems,
			then: "interrupted null cancelled(p) a call is in doubt: /l/page:1[1]/p. It is not known whether it was carried out", calls: "",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			run := w.run(test.yaml)
			check(t, "first", outcome(run), test.first)
			w.probe.calls = nil
			if test.twice != "" {
				run = w.goOn(run, test.yaml, test.change)
				check(t, "going on", outcome(run), test.twice)
			}
			check(t, "then", outcome(w.goOn(run, test.yaml, test.change)), test.then)
			check(t, "calls", strings.Join(w.probe.calls, " "), test.calls)
		})
	}
}

// TestRedoIsInterrupted holds that trying failed items again goes on as that when it stopped over a call in doubt.
func TestRedoIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := source(", tolerate: all", `{id: p, probe: {value: "${x}", fails: "${x in ['b', 'e'] ? 1 : 0}", status: 500, unsafe: true}}`)
	stopped := w.goOn(w.run(yaml), yaml, failedItems)
	check(t, "status", string(stopped.Status), "interrupted")
	w.probe.calls = nil
	check(t, "then", outcome(w.goOn(stopped, yaml, assume(engine.AssumeRedo))), `ok [["a","b","c","d","e","f"],6,6,0,0]`)
	check(t, "calls", strings.Join(w.probe.calls, " "), "/l/page:1[1]/p /l/page:3[0]/p")
}

// TestSourceIsBounded holds that what is kept of a loop over pages does not grow with their number.
func TestSourceIsBounded(t *testing.T) {
	t.Parallel()
	kept := func(pages int) (entries, stepRuns int) {
		w := newWorld(t)
		list := strings.Repeat("[a, b, c], ", pages)
		run := w.run("steps:\n  - foreach: {in: {probe: {pages: [" + list + "]}}, steps: [{probe: {value: 1, unsafe: true}}]}\n  - {fail: here}")
		all, err := w.journal.Kept(run.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		return len(all), len(run.Steps)
	}
	few, fewSteps := kept(50)
	many, manySteps := kept(500)
	if few != many || few > 5 {
		t.Errorf("the journal has %d entries of 50 pages, %d of 500", few, many)
	}
	if manySteps != fewSteps {
		t.Errorf("the history has %d steps of 50 pages, %d of 500", fewSteps, manySteps)
	}
}

// TestSecretInALoop holds that a loop whose progress holds a secret goes on all the same without a key: its calls are kept
// one by one.
func TestSecretInALoop(t *testing.T) {
	t.Parallel()
	for _, sealer := range []engine.Sealer{nil, reversing{}} {
		w := newWorld(t)
		w.redactor.Add("hush-hush")
		w.sealer = sealer
		yaml := source(`, key: "${x}", collect: "${x in ['a', 'd'] ? 'hush-hush' : x}"`, `{id: p, probe: {value: 1, fails: "${x == 'f' ? 1 : 0}", unsafe: true, status: 404}}`)
		run := w.run(yaml)
		check(t, "first", string(run.Status), "failed")
		w.probe.calls = nil
		check(t, "then", outcome(w.goOn(run, yaml, nil)), `ok [["***","b","c","***","e","f"],6,6,0,0]`)
		var calls []string
		for _, key := range w.probe.calls {
			if strings.Contains(key, "[") {
				calls = append(calls, key)
			}
		}
		check(t, "calls", strings.Join(calls, " "), "/l/page:3[f]/p")
	}
}

// TestSecretInAKey holds that items whose keys hold a secret, short as it may be, are told apart by the rest of their keys: a page that
// is read again may have one more.
func TestSecretInAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.redactor.Add("42")
	yaml := "steps:\n  - id: l\n    foreach: {in: {probe: {pages: [[a42, 42b, c]]}}, as: x, key: \"${x}\", tolerate: all, steps: [{id: p, probe: {value: \"${x}\", unsafe: true}}]}\n" +
		"  - {id: end, probe: {fails: 1}}\noutput: ${steps.l.succeeded}"
	w.probe.during = func(key string) {
		if key == "/l/page:1[c]/p" {
			panic("cut")
		}
	}
	run := w.run(strings.Replace(yaml, ", tolerate: all", "", 1))
	w.probe.calls, w.probe.during = nil, nil
	check(t, "then", outcome(w.goOn(run, strings.Replace(yaml, "[a42, 42b, c]", "[c, x42, a42, 42b]", 1), nil)), "failed null network(end) failure 1")
	check(t, "calls", strings.Join(w.probe.calls, " "), "/l/page:1 /l/page:1[c]/p /l/page:1[x***]/p /end")
}

// TestSourceTellsHowFar holds that a loop tells its progress in what its steps run for, items, batches or pages, and that
// the history of a run that was cut off says how far it came.
func TestSourceTellsHowFar(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{"": "6", ", batch: 4": "2", ", batch: page": "2"} {
		w := newWorld(t)
		yaml := strings.Replace(source(keys, "{log: a}"), "probe: {pages", "probe: {total: 6, pages", 1)
		w.run(yaml)
		var totals []string
		for _, e := range w.events {
			if e.Type == engine.PageRead {
				totals = append(totals, strconv.Itoa(e.Counts.Total))
			}
		}
		if len(totals) == 0 || totals[0] != want {
			t.Errorf("%q: the totals told are %v, want %s", keys, totals, want)
		}
	}
	w := newWorld(t)
	var kept *engine.Counts
	w.probe.during = func(key string) {
		if key == "/l/page:2[0]/p" { // what the history would have if the process ended here
			kept = w.journal.Run(w.events[0].Run).Steps[0].Counts
		}
	}
	w.run(source("", `{id: p, probe: {value: 1}}`))
	if kept == nil || kept.Pages == 0 {
		t.Errorf("in the middle the history has the counts %+v", kept)
	}
}
