// Package enginetest holds the suites that every implementation of an interface of engine must pass.
package enginetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// Journal tests that what open gives keeps the contract of engine.Journal. Open opens the journal that stands in a folder, an
// empty one at first; what it gave before in that folder has been closed.
func Journal(t *testing.T, open func(t *testing.T, dir string) Closer) {
	t.Helper()
	opened := func(t *testing.T, often bool) *turning {
		dir := t.TempDir()
		j := &turning{open: func() Closer { return open(t, dir) }, often: often}
		j.Closer = j.open()
		t.Cleanup(func() {
			if err := j.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		return j
	}
	for _, name := range sortedKeys(goingOn) {
		for _, often := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", opened again and again"}[often], func(t *testing.T) {
				t.Parallel()
				goingOn[name](t, opened(t, often))
			})
		}
	}
	tests := map[string]func(*testing.T, engine.Journal){
		"a call gets from unknown to intended to done":    callMarks,
		"an outcome without an intent":                    outcomeAlone,
		"a result that may not be kept":                   noResult,
		"an intent after an outcome takes nothing back":   lateIntent,
		"calls of one run are not those of another":       runsApart,
		"keys are taken as they are":                      oddKeys,
		"a run that ended ok leaves no calls":             dropped(engine.OK),
		"a run that was skipped leaves no calls":          dropped(engine.Skipped),
		"a run that failed keeps its calls":               kept(engine.Failed),
		"a cancelled run keeps its calls":                 kept(engine.Cancelled),
		"an interrupted run keeps its calls":              kept(engine.Interrupted),
		"a run that ended leaves the calls of others":     endsAlone,
		"state is empty at first":                         stateEmpty,
		"a state that cannot be kept keeps nothing":       stateRefused,
		"state is set by an outcome":                      stateSet,
		"state values keep their kind and digits":         stateValues,
		"state that was handed out is the caller's":       stateCopied,
		"state outlives the run, however it ends":         stateOutlives,
		"a step is noted while it goes on and at its end": noted,
		"many goroutines":                                 manyGoroutines,
	}
	for _, name := range sortedKeys(tests) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tests[name](t, opened(t, false))
		})
	}
}

// day is when the runs of the suite start.
var day = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)

func begin(t *testing.T, j engine.Journal, id string) *engine.Run {
	t.Helper()
	run := &engine.Run{
		ID: id, Job: "sync", Status: engine.Running, Trigger: "manual", Due: day, Started: day,
		Inputs: map[string]any{"priority": 1}, File: "jobs/sync.yaml", Text: "version: 1\n",
	}
	if err := j.Begin(run); err != nil {
		t.Fatalf("Begin: %v", err)
	}
	return run
}

func finish(t *testing.T, j engine.Journal, run *engine.Run, status engine.Status) {
	t.Helper()
	run.Status, run.Ended = status, day.Add(time.Minute)
	if status == engine.Failed {
		run.Error = &steps.Error{Kind: steps.Status, Message: "the answer was 500", Status: 500}
	}
	if err := j.Finish(run); err != nil {
		t.Fatalf("Finish: %v", err)
	}
}

func commit(t *testing.T, j engine.Journal, run string, e engine.Entry) {
	t.Helper()
	if err := j.Commit(run, e); err != nil {
		t.Fatalf("Commit of %s: %v", e.Key, err)
	}
}

func intend(t *testing.T, j engine.Journal, run, key string) {
	t.Helper()
	if err := j.Intend(run, key); err != nil {
		t.Fatalf("Intend of %s: %v", key, err)
	}
}

// outcome is the entry of a call.
func outcome(key, result string) engine.Entry {
	return engine.Entry{
		Key: key, Result: []byte(result), Started: day.Add(time.Second), Ended: day.Add(2 * time.Second), StepKey: key, Attempt: 1,
		Exchanges: []steps.Exchange{{Method: "POST", URL: "https://example.com/", Status: 201, Started: day}},
	}
}

// recorded is what a journal has of a call: how far it got, and its result.
type recorded struct {
	mark   engine.Mark
	result string
}

// expect looks a call up and compares what is recorded of it.
func expect(t *testing.T, j engine.Journal, run, key string, want recorded) engine.Entry {
	t.Helper()
	entry, mark, err := j.Lookup(run, key)
	if err != nil {
		t.Fatalf("Lookup of %s in %s: %v", key, run, err)
	}
	if got := (recorded{mark, string(entry.Result)}); got != want {
		t.Errorf("Lookup of %s in %s = %v, want %v", key, run, got, want)
	}
	return entry
}

func callMarks(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	expect(t, j, run.ID, "/a", recorded{engine.Unknown, ""})
	intend(t, j, run.ID, "/a")
	expect(t, j, run.ID, "/a", recorded{engine.Intended, ""})
	commit(t, j, run.ID, outcome("/a", `{"n":1}`))
	got := expect(t, j, run.ID, "/a", recorded{engine.Done, `{"n":1}`})
	if got.Key != "/a" {
		t.Errorf("key = %q, want /a", got.Key)
	}
	if want := day.Add(time.Second); !got.Started.Equal(want) {
		t.Errorf("started = %v, want %v", got.Started, want)
	}
	if want := day.Add(2 * time.Second); !got.Ended.Equal(want) {
		t.Errorf("ended = %v, want %v", got.Ended, want)
	}
}

func outcomeAlone(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	commit(t, j, run.ID, outcome("/a", `1`))
	expect(t, j, run.ID, "/a", recorded{engine.Done, `1`})
	expect(t, j, run.ID, "/a#2", recorded{engine.Unknown, ""})
}

func noResult(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	e := outcome("/a", "")
	e.Result = nil
	commit(t, j, run.ID, e)
	if got := expect(t, j, run.ID, "/a", recorded{engine.Done, ""}); got.Result != nil {
		t.Errorf("result = %q, want none", got.Result)
	}
}

func lateIntent(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	commit(t, j, run.ID, outcome("/a", `1`))
	intend(t, j, run.ID, "/a")
	expect(t, j, run.ID, "/a", recorded{engine.Done, `1`})
}

func runsApart(t *testing.T, j engine.Journal) {
	one, two := begin(t, j, "r1"), begin(t, j, "r2")
	commit(t, j, one.ID, outcome("/a", `1`))
	intend(t, j, two.ID, "/a")
	commit(t, j, one.ID, outcome("/b", `2`))
	expect(t, j, one.ID, "/a", recorded{engine.Done, `1`})
	expect(t, j, two.ID, "/a", recorded{engine.Intended, ""})
	expect(t, j, two.ID, "/b", recorded{engine.Unknown, ""})
}

func oddKeys(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	keys := []string{"/a[x]/b", "/a[X]/b", "/a[x]/b ", "/a[%]/b", "/a[']; --]/b", "/a[\x00]/b", "/a[ä/ö]/b", "/a[\xff]/b", ""}
	for i, key := range keys {
		commit(t, j, run.ID, outcome(key, fmt.Sprint(i)))
	}
	for i, key := range keys {
		if got := expect(t, j, run.ID, key, recorded{engine.Done, fmt.Sprint(i)}); got.Key != key {
			t.Errorf("key = %q, want %q", got.Key, key)
		}
	}
}

func dropped(status engine.Status) func(*testing.T, engine.Journal) {
	return func(t *testing.T, j engine.Journal) {
		run := begin(t, j, "r1")
		intend(t, j, run.ID, "/a")
		commit(t, j, run.ID, outcome("/a", `1`))
		expect(t, j, run.ID, "/a", recorded{engine.Done, `1`})
		finish(t, j, run, status)
		expect(t, j, run.ID, "/a", recorded{engine.Unknown, ""})
	}
}

func kept(status engine.Status) func(*testing.T, engine.Journal) {
	return func(t *testing.T, j engine.Journal) {
		run := begin(t, j, "r1")
		commit(t, j, run.ID, outcome("/a", `1`))
		intend(t, j, run.ID, "/b")
		finish(t, j, run, status)
		expect(t, j, run.ID, "/a", recorded{engine.Done, `1`})
		expect(t, j, run.ID, "/b", recorded{engine.Intended, ""})
	}
}

func endsAlone(t *testing.T, j engine.Journal) {
	runs := []*engine.Run{begin(t, j, "r1"), begin(t, j, "r2"), begin(t, j, "r3"), begin(t, j, "r4")}
	for i := range 10 {
		for _, run := range runs {
			commit(t, j, run.ID, outcome(fmt.Sprintf("/a[%d]", i), run.ID))
		}
	}
	ended := map[string]bool{}
	for _, n := range []int{1, 0, 3} { // one between others, the first that is left, the last
		finish(t, j, runs[n], engine.OK)
		ended[runs[n].ID] = true
		for _, run := range runs {
			want := recorded{engine.Done, run.ID}
			if ended[run.ID] {
				want = recorded{engine.Unknown, ""}
			}
			for i := range 10 {
				expect(t, j, run.ID, fmt.Sprintf("/a[%d]", i), want)
			}
		}
	}
}

func stateOf(t *testing.T, j engine.Journal, job string) map[string]any {
	t.Helper()
	state, err := j.State(job)
	if err != nil {
		t.Fatalf("State of %s: %v", job, err)
	}
	return state
}

// saves is the entry of a call that sets state.
func saves(key string, state map[string]any) engine.Entry {
	e := outcome(key, "null")
	e.Job, e.State = "sync", state
	return e
}

func stateEmpty(t *testing.T, j engine.Journal) {
	if got := stateOf(t, j, "sync"); len(got) != 0 {
		t.Errorf("state = %v, want none", got)
	}
}

func stateSet(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	commit(t, j, run.ID, saves("/save#1", map[string]any{"since": "2026-01-01", "page": 1}))
	commit(t, j, run.ID, saves("/save#2", map[string]any{"page": 2}))
	sameJSON(t, stateOf(t, j, "sync"), `{"page":2,"since":"2026-01-01"}`)
	sameJSON(t, stateOf(t, j, "other"), `{}`)
}

func stateRefused(t *testing.T, j engine.Journal) {
	begin(t, j, "r1")
	entry := engine.Entry{Key: "/save", Started: day, Ended: day, Job: "sync", State: map[string]any{"a": 1, "b": math.NaN()}}
	if err := j.Commit("r1", entry); err == nil {
		t.Error("NaN as a state: got no error, want one")
	}
	if _, mark, err := j.Lookup("r1", "/save"); err != nil || mark != engine.Unknown {
		t.Errorf("the call is marked %d, %v, want %d", mark, err, engine.Unknown)
	}
	if state, err := j.State("sync"); err != nil || len(state) != 0 {
		t.Errorf("state = %v, %v, want none", state, err)
	}
}

func stateValues(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	commit(t, j, run.ID, saves("/save", map[string]any{
		"null": nil, "yes": true, "int": 42, "big": json.Number("9007199254740993123"), "exact": json.Number("0.1000000000000000001"),
		"float": 0.1, "text": "a<b>&ü\n", "list": []any{1, "x", nil}, "map": map[string]any{"k": json.Number("12345678901234567890")},
	}))
	got := stateOf(t, j, "sync")
	sameJSON(t, got, `{"big":9007199254740993123,"exact":0.1000000000000000001,"float":0.1,"int":42,"list":[1,"x",null],`+
		`"map":{"k":12345678901234567890},"null":null,"text":"a\u003cb\u003e\u0026ü\n","yes":true}`)
	if n, ok := got["int"].(int); !ok {
		t.Errorf("an int came back as %T (%v)", got["int"], n)
	}
	if f, ok := got["float"].(float64); !ok {
		t.Errorf("a float64 came back as %T (%v)", got["float"], f)
	}
}

func stateCopied(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	commit(t, j, run.ID, saves("/save", map[string]any{"list": []any{"a"}}))
	got := stateOf(t, j, "sync")
	got["list"].([]any)[0] = "changed"
	got["more"] = 1
	sameJSON(t, stateOf(t, j, "sync"), `{"list":["a"]}`)
}

func stateOutlives(t *testing.T, j engine.Journal) {
	for i, status := range []engine.Status{engine.OK, engine.Failed, engine.Cancelled} {
		run := begin(t, j, fmt.Sprintf("r%d", i))
		commit(t, j, run.ID, saves("/save", map[string]any{"n": i}))
		finish(t, j, run, status)
		sameJSON(t, stateOf(t, j, "sync"), fmt.Sprintf(`{"n":%d}`, i))
	}
}

func sameJSON(t *testing.T, got any, want string) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("state = %s\nwant    %s", text, want)
	}
}

func noted(t *testing.T, j engine.Journal) {
	run := begin(t, j, "r1")
	step := engine.StepRun{Key: "/a", ID: "a", Kind: "rest", Status: engine.Running, Started: day}
	if err := j.Note(run.ID, step); err != nil {
		t.Fatalf("Note of a running step: %v", err)
	}
	step.Status, step.Attempts, step.Ended = engine.Failed, 3, day.Add(time.Second)
	step.Error = &steps.Error{Kind: steps.Network, Message: "no route to host"}
	step.Counts = &engine.Counts{Total: -1, Succeeded: 2}
	if err := j.Note(run.ID, step); err != nil {
		t.Fatalf("Note of a failed step: %v", err)
	}
	finish(t, j, run, engine.Failed)
}

// manyGoroutines has calls, notes and lookups of two runs at once.
func manyGoroutines(t *testing.T, j engine.Journal) {
	const workers, calls = 32, 25
	runs := []string{begin(t, j, "r1").ID, begin(t, j, "r2").ID}
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { errs[w] = work(j, runs[w%2], w, calls) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for w := range workers {
		for c := range calls {
			key := callKey(w, c)
			expect(t, j, runs[w%2], key, recorded{engine.Done, `"` + key + `"`})
			expect(t, j, runs[(w+1)%2], key, recorded{engine.Unknown, ""})
		}
	}
	if got := stateOf(t, j, "sync"); len(got) != workers {
		t.Errorf("%d state values, want %d", len(got), workers)
	}
}

func callKey(worker, call int) string { return fmt.Sprintf("/a[%d]/b[%d]", worker, call) }

// work makes the calls of one worker. What it was told is durable it must find at once.
func work(j engine.Journal, run string, worker, calls int) error {
	for c := range calls {
		key := callKey(worker, c)
		e := saves(key, map[string]any{fmt.Sprintf("w%d", worker): c})
		e.Result = []byte(`"` + key + `"`)
		err := errors.Join(
			j.Note(run, engine.StepRun{Key: key, Kind: "rest", Status: engine.Running, Started: day}),
			j.Intend(run, key),
			found(j, run, key, engine.Intended),
			j.Commit(run, e),
			found(j, run, key, engine.Done),
			j.Note(run, engine.StepRun{Key: key, Kind: "rest", Status: engine.OK, Started: day, Ended: day}),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func found(j engine.Journal, run, key string, want engine.Mark) error {
	_, got, err := j.Lookup(run, key)
	if err == nil && got != want {
		err = fmt.Errorf("Lookup of %s: mark %d, want %d", key, got, want)
	}
	return err
}
