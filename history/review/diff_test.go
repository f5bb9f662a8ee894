package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// recorded is a run for a test: what is not given is as in a run that went well.
type recorded struct {
	job, text string
	inputs    map[string]any
	output    any
	called    []engine.Text
	steps     []engine.StepRun
	exchanges map[string][]steps.Exchange // by the key of their step
	failure   *steps.Error
}

func openTemp(t testing.TB) *history.Store {
	t.Helper()
	store, err := history.Open(postgrestest.Somewhere(t), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// record puts a run into a history.
func record(t testing.TB, store *history.Store, id string, r recorded) {
	t.Helper()
	run := &engine.Run{ID: id, Job: "sync", Status: engine.OK, Trigger: "manual", Due: morning, Started: morning, Inputs: r.inputs, Output: r.output, File: "/p/jobs/sync.yaml",
		Text: r.text, Called: r.called, Error: r.failure}
	if r.job != "" {
		run.Job = r.job
	}
	if r.failure != nil {
		run.Status = engine.Failed
	}
	must(t, store.Begin(run))
	for key, exchanges := range r.exchanges {
		must(t, store.Commit(id, engine.Entry{Key: key, StepKey: key, Attempt: 1, Started: morning, Ended: morning.Add(time.Second), Exchanges: exchanges}))
	}
	for _, step := range r.steps {
		must(t, store.Note(id, step))
	}
	run.Ended = morning.Add(2 * time.Second)
	must(t, store.Finish(run))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func step(key string, status engine.Status) engine.StepRun {
	return engine.StepRun{Key: key, ID: key[strings.LastIndexByte(key, '/')+1:], Kind: "rest", Status: status, Attempts: 1, Started: morning, Ended: morning.Add(time.Second)}
}

// answered is an exchange with an answer.
func answered(status int, body string) steps.Exchange {
	return steps.Exchange{Method: "GET", URL: "https://api.example.com/x", Status: status, Started: morning, Duration: time.Second,
		Response: steps.Message{Header: http.Header{}, Body: []byte(body), Size: int64(len(body))}}
}

// good is a run of two steps that went well.
func good() recorded {
	return recorded{
		text: "version: 1\nsteps:\n  - a\n  - b\n", inputs: map[string]any{"priority": 1},
		steps:     []engine.StepRun{step("/incidents", engine.OK), step("/alert", engine.OK)},
		exchanges: map[string][]steps.Exchange{"/incidents": {answered(200, `{"result":[{"sys_id":"1","n":1},{"sys_id":"2","n":2}]}`)}, "/alert": {answered(201, `{"id":1}`)}},
	}
}

// fails has a run fail at a step.
func fails(r *recorded, step, kind, message string) {
	r.failure = &steps.Error{Kind: kind, Message: message, Step: step}
	for i := range r.steps {
		if r.steps[i].ID == step {
			r.steps[i].Status, r.steps[i].Error = engine.Failed, r.failure
		}
	}
}

// answers says which requests a step made.
func answers(r *recorded, step string, x ...steps.Exchange) { r.exchanges["/"+step] = x }

func TestDiffSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*recorded)
		want   string
	}{
		"nothing": {func(*recorded) {}, "nothing is different but when they ran"},
		"a field is gone, and a later step fails": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{"n":1}]}`))
			answers(r, "alert", answered(500, "oops"), answered(500, "oops"))
			fails(r, "alert", steps.Status, "500 Internal Server Error")
		}, "alert: 2 × 500 where there were none"},
		"a field is gone, and an expression fails": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{"n":1}]}`))
			answers(r, "alert", answered(201, `{"id":1}`), answered(400, ``))
			fails(r, "incidents", steps.Expression, "sys_id is null")
		}, "the answer of incidents has no result[].sys_id any more"},
		"what the failing step met comes before what it was given": {func(r *recorded) {
			r.inputs = map[string]any{"priority": 2}
			answers(r, "alert", answered(500, "oops"))
			fails(r, "alert", steps.Status, "500 Internal Server Error")
		}, "alert: 1 × 500 where there were none"},
		"what is there now and then": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{"sys_id":"1","n":1,"x":1},{"sys_id":"2","n":2}]}`))
		}, "nothing is different but when they ran"},
		"several fields are gone": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{}]}`))
		}, "the answer of incidents has no result[].n, result[].sys_id any more"},
		"a page in place of data": {func(r *recorded) {
			answers(r, "incidents", answered(200, "<!DOCTYPE html><html>"))
			fails(r, "incidents", steps.Content, "no JSON")
		}, "the answer of incidents is html, it was json"},
		"another type": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{"sys_id":1,"n":1}]}`))
		}, "result[].sys_id in the answer of incidents is number, before string"},
		"null": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{"sys_id":"1","n":1},{"sys_id":null,"n":1}]}`))
		}, "result[].sys_id in the answer of incidents is null, never before"},
		"not always there": {func(r *recorded) {
			answers(r, "incidents", answered(200, `{"result":[{"sys_id":"1","n":1},{"n":1}]}`))
		}, "result[].sys_id in the answer of incidents is missing in 1 of 2, never before"},
		"an empty list": {func(r *recorded) { answers(r, "incidents", answered(200, `{"result":[]}`)) }, "result in the answer of incidents is empty"},
		"masked":        {func(r *recorded) { answers(r, "incidents", answered(200, `{"result":[{"sys_id":"***","n":"***"}]}`)) }, "nothing is different but when they ran"},
		"cut":           {func(r *recorded) { answers(r, "incidents", answered(200, `{"result":[{"sys_id":"1","n":3},{"sys_`)) }, "nothing is different but when they ran"},
		"an input":      {func(r *recorded) { r.inputs = map[string]any{"priority": 2} }, "the input priority is 2, it was 1"},
		"a new input":   {func(r *recorded) { r.inputs["since"] = "x" }, "the input since is given, which it was not"},
		"no input":      {func(r *recorded) { r.inputs = nil }, "the input priority is not given any more"},
		"the text":      {func(r *recorded) { r.text += "  - c\n" }, "the job's text was changed: +1 -0 lines"},
		"only its end":  {func(r *recorded) { r.text = strings.TrimSuffix(r.text, "\n") }, "nothing is different but when they ran"},
		"a called job":  {func(r *recorded) { r.called = []engine.Text{{File: "/p/jobs/sub.yaml", Text: "a\n"}} }, "it calls /p/jobs/sub.yaml, which it did not"},
		"another host": {func(r *recorded) {
			r.exchanges["/alert"][0].URL = "https://test.example.com/x"
			fails(r, "alert", steps.Network, "no route")
		}, "alert goes to https://test.example.com, it went to https://api.example.com"},
		"no answer": {func(r *recorded) {
			answers(r, "alert", steps.Exchange{Method: "GET", URL: "https://api.example.com/x", Error: "refused"})
			fails(r, "alert", steps.Network, "refused")
		}, "alert: 1 × no answer where there were none"},
		"the sign-in": {func(r *recorded) {
			r.inputs = map[string]any{"priority": 2}
			fails(r, "incidents", steps.Auth, "servicenow: the refresh token is spent")
		}, "the sign-in fails: servicenow: the refresh token is spent"},
		"skipped": {func(r *recorded) { r.steps[1].Status = engine.Skipped; delete(r.exchanges, "/alert") }, "alert was skipped"},
		"slow":    {func(r *recorded) { r.steps[0].Ended = morning.Add(time.Minute) }, "incidents took 1m00s, before 1.0s"},
		"items":   {func(r *recorded) { r.steps[0].Counts = &engine.Counts{Total: 37, Succeeded: 37} }, "incidents has 37 items, before 0"},
		"what comes of it later": {func(r *recorded) {
			r.steps = r.steps[:1]
			delete(r.exchanges, "/alert")
			answers(r, "incidents", answered(503, ""))
			fails(r, "incidents", steps.Status, "503 Service Unavailable")
		}, "incidents: 1 × 503 where there were none"},
		"only the error": {func(r *recorded) { fails(r, "alert", steps.Cancelled, "cancelled by Ann\nand more") }, "alert fails: cancelled by Ann …"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := openTemp(t)
			record(t, store, "base", good())
			changed := good()
			test.change(&changed)
			record(t, store, "run", changed)
			d, err := Compare(store, "run", "base")
			must(t, err)
			first, _, _ := strings.Cut(d.Says, "; ")
			if first != test.want {
				t.Errorf("got  %q\nwant %q\n%+v", d.Says, test.want, d.Findings)
			}
			if same := strings.HasPrefix(test.want, "nothing") || test.want == "incidents took 1m00s, before 1.0s"; d.Same != same {
				t.Errorf("Same is %v, want %v: %s", d.Same, same, asJSON(t, d))
			}
		})
	}
}

// TestDiffOfPorts holds that another port on this machine, which a sandbox has each time, is not what a failure is put down to.
func TestDiffOfPorts(t *testing.T) {
	t.Parallel()
	store := openTemp(t)
	base, changed := good(), good()
	answers(&changed, "alert", answered(404, "no such thing"))
	base.exchanges["/alert"][0].URL, changed.exchanges["/alert"][0].URL = "http://127.0.0.1:4001/x", "http://127.0.0.1:4002/x"
	fails(&changed, "alert", steps.Status, "404 Not Found")
	record(t, store, "base", base)
	record(t, store, "run", changed)
	d, err := Compare(store, "run", "base")
	must(t, err)
	if want := "alert: 1 × 404 where there were none"; d.Says != want {
		t.Errorf("got  %q\nwant %q", d.Says, want)
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	must(t, err)
	return string(text)
}

// TestDiffOfLoops holds that the items of loops are taken together, and that their numbers are those of the loops.
func TestDiffOfLoops(t *testing.T) {
	t.Parallel()
	store := openTemp(t)
	loop := func(items, failed int) recorded {
		r := recorded{exchanges: map[string][]steps.Exchange{}}
		for i := range items {
			s := step(fmt.Sprintf("/alerts[inc-%d/#[x]]/alert", i), engine.OK)
			status := 201
			if i < failed {
				s.Status, status = engine.Failed, 422
			}
			r.steps = append(r.steps, s)
			r.exchanges[s.Key] = []steps.Exchange{answered(status, "{}")}
		}
		all := step("/alerts", engine.OK)
		all.Counts = &engine.Counts{Total: items, Succeeded: items - failed, Failed: failed, Retries: failed}
		r.steps = append(r.steps, all)
		return r
	}
	record(t, store, "base", loop(37, 0))
	record(t, store, "run", loop(35, 2))
	d, err := Compare(store, "run", "base")
	must(t, err)
	var got []string
	for _, s := range d.Steps {
		got = append(got, fmt.Sprintf("%s %d→%d, failed %d→%d, items failed %d→%d, %v", s.Key, s.Base.Times, s.Run.Times, s.Base.Failed, s.Run.Failed, s.Base.ItemsFailed, s.Run.ItemsFailed, s.Statuses))
	}
	want := []string{
		"/alerts 1→1, failed 0→0, items failed 0→2, []",
		"/alerts/alert 37→35, failed 0→2, items failed 0→0, [{201 33 37} {422 2 0}]",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestDiffOfOtherJobs holds that runs of different jobs can be compared, and that this is said.
func TestDiffOfOtherJobs(t *testing.T) {
	t.Parallel()
	store := openTemp(t)
	record(t, store, "base", good())
	other := good()
	other.job = "other"
	record(t, store, "run", other)
	d, err := Compare(store, "run", "base")
	must(t, err)
	if d.Same || !slices.Contains(d.Notes, "the runs are of different jobs: other and sync") {
		t.Errorf("same %v, notes %q", d.Same, d.Notes)
	}
	if _, err := Compare(store, "run", "nosuch"); !errors.Is(err, history.ErrUnknownRun) {
		t.Errorf("of a run that is not there: %v", err)
	}
}

func TestFindBase(t *testing.T) {
	t.Parallel()
	store := openTemp(t)
	bad := good()
	bad.failure = &steps.Error{Kind: steps.Status}
	other := good()
	other.job = "other"
	record(t, store, "a1", good())
	record(t, store, "a2", bad)
	record(t, store, "a3", other)
	record(t, store, "a4", bad)
	record(t, store, "a5", good())
	for _, test := range []struct{ run, ref, want string }{
		{"a4", "@last-good", "a1"}, {"a4", "", "a1"}, {"a5", "@last-good", "a1"}, {"a4", "a2", "a2"}, {"a4", "@last", "a5"},
		{"a4", "@last-good:other", "a3"}, {"a1", "@last-good", ""}, {"a3", "@last-good", ""}, {"a4", "@last-bad", ""},
	} {
		got, err := FindBase(store, test.run, test.ref)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s against %s: got %q, %v, want %q", test.run, test.ref, got, err, test.want)
		}
	}
	if got, err := store.Find("@last-good"); got != "a5" || err != nil {
		t.Errorf("@last-good is %q, %v, want a5", got, err)
	}
}

func TestValueChanges(t *testing.T) {
	t.Parallel()
	base := map[string]any{"a": 1, "gone": nil, "deep": map[string]any{"x": []any{1, "b", map[string]any{"y": true}}}, "key": "Bearer ***", "n": json.Number("1e400"), "t": "1"}
	run := map[string]any{"a": 1, "new": nil, "deep": map[string]any{"x": []any{1, "c", map[string]any{"y": false}, 4}}, "key": "Basic ***", "n": json.Number("1e400"), "t": 1}
	var got []string
	for _, c := range valueChanges(base, run) {
		got = append(got, fmt.Sprintf("%s %s %v %v", c.Path, c.Change, c.Base, c.Run))
	}
	want := []string{
		"deep.x[1] changed b c", "deep.x[2].y changed true false", "deep.x[3] added <nil> 4", "gone removed <nil> <nil>", "new added <nil> <nil>", "t changed 1 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestTextDiff(t *testing.T) {
	t.Parallel()
	d := textDiff("a.yaml", "1\n2\n3\n4\n5\n6\n@@ -1,2 +3,4 @@\n8\n9", "1\n2\n3\n4\n5\n6\n@@ -1,2 +3,5 @@\n8\n9\n- x\n")
	if d == nil || d.Added != 2 || d.Gone != 1 || len(d.Hunks) != 1 || d.Hunks[0].BaseLine != 4 || d.Hunks[0].RunLine != 4 {
		t.Fatalf("got %+v", d)
	}
	var got []string
	for _, l := range d.Hunks[0].Lines {
		got = append(got, l.Op+l.Text)
	}
	want := []string{" 4", " 5", " 6", "-@@ -1,2 +3,4 @@", "+@@ -1,2 +3,5 @@", " 8", " 9", "+- x"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestDiffOfTheLastAttempts holds that runs which went on with another text are compared by that one, on either side.
func TestDiffOfTheLastAttempts(t *testing.T) {
	t.Parallel()
	store := openTemp(t)
	text := "steps:\n  - a\n"
	for _, id := range []string{"base", "run"} {
		record(t, store, id, recorded{text: text, failure: &steps.Error{Kind: steps.Status, Message: "no"}})
	}
	differs := func(want int) {
		t.Helper()
		d, err := Compare(store, "run", "base")
		must(t, err)
		if len(d.Texts) != want {
			t.Errorf("%d texts are different, want %d: %+v", len(d.Texts), want, d.Texts)
		}
	}
	differs(0)
	for i, id := range []string{"run", "base"} {
		run, err := store.Begun(id)
		must(t, err)
		run.Status, run.Attempt, run.Latest = engine.Running, 2, []engine.Text{{File: run.File, Text: text + "  - b\n"}}
		must(t, store.Continue(run, nil, nil))
		run.Status = engine.Failed
		must(t, store.Finish(run))
		differs(1 - i)
	}
}
