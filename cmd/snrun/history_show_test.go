package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

const failedText = `version: 1
steps:
  - id: incidents
    rest: {url: "http://127.0.0.1/incidents"}
  - id: alerts
    foreach:
      in: ${steps.incidents.output}
      steps:
        - id: alert
          rest: {url: "http://127.0.0.1/v1/alerts", method: POST}
`

// failedRun is a run with a loop of which items failed.
func failedRun() *engine.Run {
	after := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	bad := &steps.Error{Kind: steps.Status, Message: "POST http://127.0.0.1/v1/alerts: 422 Unprocessable Entity: title is missing", Step: "alert", Status: 422,
		Hint: "The server refuses the body: compare it with the API's description."}
	run := &engine.Run{
		ID: "06c3k9q2f4x", Job: "incident_sync", Status: engine.Failed, Trigger: "manual", Due: began, Started: began, Ended: after(1200),
		Inputs: map[string]any{"priority": 1}, Error: bad, File: "jobs/incident_sync.yaml", Text: failedText,
		Steps: []engine.StepRun{
			{Key: "/incidents", ID: "incidents", Kind: "rest", Status: engine.OK, Attempts: 2, Started: began, Ended: after(212), Counts: &engine.Counts{Pages: 4, Total: 37, Succeeded: 37}},
			{Key: "/alerts", ID: "alerts", Kind: "foreach", Status: engine.Failed, Started: after(213), Ended: after(1199), Error: bad, Counts: &engine.Counts{Total: 37, Succeeded: 30, Failed: 7}},
		},
	}
	for i := range 7 {
		run.Steps = append(run.Steps, engine.StepRun{Key: fmt.Sprintf("/alerts[inc-%d]/alert", i), ID: "alert", Kind: "rest",
			Status: engine.Failed, Attempts: 1, Started: after(300 + i), Ended: after(400 + i), Error: bad})
	}
	return run
}

func okRun() *engine.Run {
	return &engine.Run{ID: "06c3k9q2f5a", Job: "nightly", Status: engine.OK, Trigger: "schedule", Due: began, Started: began.Add(-30 * time.Hour),
		Ended: began.Add(-29 * time.Hour), Output: map[string]any{"alerts": 37}, File: "jobs/nightly.yaml"}
}

// goneOnRun is a run that was gone on with, and stands where a request is in doubt.
func goneOnRun() *engine.Run {
	doubt := &steps.Error{Kind: steps.Cancelled, Step: "tell", Message: "it is not known whether this was carried out: /tell"}
	return &engine.Run{
		ID: "06c3k9q2f5z", Job: "nightly", Status: engine.Interrupted, Trigger: "schedule", Due: began, Started: began, Ended: began.Add(time.Minute),
		Error: doubt, File: "jobs/nightly.yaml", Attempt: 2,
		Steps: []engine.StepRun{{Key: "/tell", ID: "tell", Kind: "rest", Status: engine.InDoubt, Started: began, Ended: began.Add(time.Second), Error: doubt}},
	}
}

// skippedRun stands for several due times that nobody ran.
func skippedRun() *engine.Run {
	return &engine.Run{ID: "06c3k9q2f60", Job: "nightly", Status: engine.Skipped, Trigger: "schedule", Due: began.Add(-4 * time.Hour), Ended: began, File: "jobs/nightly.yaml",
		Reason: "missed 3 times: no daemon was running from 05:00 to 07:30"}
}

// queuedRun waits for its start.
func queuedRun() *engine.Run {
	return &engine.Run{ID: "06c3k9q2f61", Job: "nightly", Status: engine.Queued, Trigger: "manual", Due: began, Inputs: map[string]any{"n": 1}, File: "jobs/nightly.yaml",
		Reason: "another run of the job goes on"}
}

// tolerantRun ended well, though items of its loop failed.
func tolerantRun() *engine.Run {
	r := failedRun()
	r.ID, r.Status, r.Error, r.Steps = "06c3k9q2f4y", engine.OK, nil, r.Steps[1:2]
	r.Steps[0].Status, r.Steps[0].Error = engine.OK, nil
	return r
}

func answer() steps.Exchange {
	return steps.Exchange{
		Method: "POST", URL: "http://127.0.0.1/v1/alerts?a=b", Status: 422, Started: began, Duration: 212 * time.Millisecond,
		Connect: time.Millisecond, FirstByte: 200 * time.Millisecond, Page: 2,
		Request:  steps.Message{Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"***"}}, Body: []byte(`{"dedup":"inc-1","n":1.50}`), Size: 26},
		Response: steps.Message{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("title is\x1b[2J missing, and"), Size: 81234},
	}
}

// failedCalls are calls of failedRun: one that was tried again, and the request of the item that failed first.
func failedCalls() []engine.Entry {
	after := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	busy := &steps.Error{Kind: steps.Status, Message: "GET http://127.0.0.1/incidents: 503 Service Unavailable", Status: 503}
	return []engine.Entry{
		{Key: "/incidents", StepKey: "/incidents", Attempt: 1, Started: after(0), Ended: after(12), Error: busy},
		{Key: "/incidents#2", StepKey: "/incidents", Attempt: 2, Started: after(112), Ended: after(212)},
		{Key: "/alerts[inc-0]/alert", StepKey: "/alerts[inc-0]/alert", Attempt: 1, Started: after(300), Ended: after(400), Error: failedRun().Error,
			Exchanges: []steps.Exchange{answer()}},
	}
}

// recorded is a history with runs, and calls of the first.
func recorded(t testing.TB, calls []engine.Entry, runs ...*engine.Run) *history.Store {
	t.Helper()
	store, err := history.Open(filepath.Join(t.TempDir(), "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, run := range runs {
		if err := store.Begin(run); err != nil {
			t.Fatal(err)
		}
		for _, s := range run.Steps {
			if err := store.Note(run.ID, s); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range calls {
			if err := store.Commit(run.ID, c); err != nil {
				t.Fatal(err)
			}
		}
		calls = nil
		if err := store.Finish(run); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// shownRun is the page of a run as the history has it.
func shownRun(t testing.TB, store *history.Store, run string, o showOptions) func(page) string {
	return func(p page) string {
		t.Helper()
		r, err := readRecord(store, run, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.readTimes(store, o, p.now); err != nil {
			t.Fatal(err)
		}
		return r.page(p, review.Commands{Program: "snrun"}, o)
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	noAnswer := steps.Exchange{Method: "GET", URL: "http://127.0.0.1/", Error: "connection refused", Started: began, Duration: time.Second}
	binary := answer()
	binary.Response.Body, binary.Request = []byte{0, 1, 2}, steps.Message{Size: 4096}
	some := func(o showOptions, exchanges ...steps.Exchange) func(page) string {
		return func(p page) string {
			r := &runRecord{Run: &review.Run{Run: failedRun()}}
			r.Steps = r.Steps[2:4]
			for _, x := range exchanges {
				r.Exchanges = append(r.Exchanges, review.NewExchange(history.Exchange{StepKey: "/alerts[inc-1]/alert", Attempt: 1, Exchange: x}))
			}
			return r.page(p, review.Commands{Program: "snrun"}, o)
		}
	}
	unbegun := func(run *engine.Run) func(page) string {
		r := &runRecord{Run: &review.Run{Run: run}, times: &review.Timeline{}}
		return func(p page) string { return r.page(p, review.Commands{Program: "snrun"}, showOptions{}) }
	}
	before := okRun()
	before.ID, before.Job = "06c3k9q2f40", "incident_sync"
	early := failedRun()
	early.ID, early.Started = "06c3k9q2f41", began.Add(-26*time.Hour)
	store := recorded(t, failedCalls(), failedRun(), before, early, okRun(), goneOnRun(), tolerantRun())
	for _, test := range []struct {
		name string
		page func(page) string
	}{
		{"list", func(p page) string { return runTable(p, []engine.Run{*failedRun(), *okRun(), *goneOnRun()}) }},
		{"show", shownRun(t, store, "06c3k9q2f4x", showOptions{})},
		{"show_ok", shownRun(t, store, okRun().ID, showOptions{})},
		{"show_in_doubt", shownRun(t, store, goneOnRun().ID, showOptions{})},
		{"show_tolerant", shownRun(t, store, tolerantRun().ID, showOptions{})},
		{"list_waiting", func(p page) string { return runTable(p, []engine.Run{*queuedRun(), *skippedRun(), *okRun()}) }},
		{"show_skipped", unbegun(skippedRun())},
		{"show_queued", unbegun(queuedRun())},
		{"show_step", shownRun(t, store, "06c3k9q2f4x", showOptions{step: "alert", limit: 2})},
		{"show_step_after", shownRun(t, store, "06c3k9q2f4x", showOptions{step: "alert", limit: 2, after: "/alerts[inc-2]/alert"})},
		{"show_http", some(showOptions{step: "alert", http: true}, answer(), noAnswer, binary)},
		{"show_http_none", some(showOptions{step: "alert", http: true})},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := began.Add(3 * time.Minute)
			got := "--- in a pipe\n" + test.page(page{now: now}) + "--- 60 columns\n" + test.page(page{width: 60, now: now})
			if test.name == "show" {
				got += "--- 130 columns\n" + test.page(page{width: 130, now: now})
			}
			golden(t, got, "testdata/history_"+test.name+".txt")
			if strings.Contains(got, "\x1b") {
				t.Errorf("a control character of a server reaches the terminal: %q", got)
			}
		})
	}
}

func TestOfManyStepsTheFailedComeFirst(t *testing.T) {
	t.Parallel()
	run := &engine.Run{ID: "r1", Job: "many", Status: engine.Failed, Due: began, Started: began, Ended: began, Attempt: 1}
	for i := range 50 {
		s := engine.StepRun{Key: fmt.Sprintf("/a[%d]/b", i), ID: "b", Status: engine.OK, Started: began, Ended: began}
		if i%10 == 9 {
			s.Status = engine.Failed
		}
		run.Steps = append(run.Steps, s)
	}
	r, err := readRecord(recorded(t, nil, run), "r1", showOptions{step: "b"})
	if err != nil || len(r.Steps) != shownSteps || r.Left != 30 {
		t.Fatalf("got %+v, %v, want %d steps and 30 more", r, err, shownSteps)
	}
	var got []string
	for _, s := range r.Steps[:6] {
		got = append(got, s.Key)
	}
	if want := "/a[9]/b /a[19]/b /a[29]/b /a[39]/b /a[49]/b /a[0]/b"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := page{style: style{on: true}, width: 60}.table([][]string{{"A", "B"}, {"世界", strings.Repeat("x", 80)}},
		func(_, _ int, text string) string { return text })
	want := "A     B\n世界  " + strings.Repeat("x", 53) + "…\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A run with very many items fills no screen, whatever became of them.
func TestManyItemsAreFewLines(t *testing.T) {
	t.Parallel()
	run, calls := manyItems(2000)
	store := recorded(t, calls, run)
	for name, o := range map[string]showOptions{
		"the run": {}, "its requests": {http: true}, "a step": {step: "alert"}, "a loop": {step: "alerts"}, "a step's requests": {step: "alert", http: true}, "a page": {after: "/alerts[1000]/alert"},
	} {
		text := shownRun(t, store, run.ID, o)(page{width: 120, now: began})
		most := 100
		if o.http {
			most = 400 // twenty requests, with headers and bodies
		}
		if n := strings.Count(text, "\n"); n > most || n < 10 {
			t.Errorf("%s takes %d lines, want at most %d:\n%.2000s", name, n, most, text)
		}
		if !strings.Contains(text, "more") {
			t.Errorf("%s: nothing says that there is more:\n%.2000s", name, text)
		}
	}
}

// manyItems is a run of whose items every second one failed.
func manyItems(n int) (*engine.Run, []engine.Entry) {
	run := failedRun()
	run.Steps = run.Steps[:2]
	var calls []engine.Entry
	for i := range n {
		s := engine.StepRun{Key: fmt.Sprintf("/alerts[%d]/alert", i), ID: "alert", Kind: "rest", Status: engine.OK, Attempts: 1, Started: began, Ended: began}
		c := engine.Entry{Key: s.Key, StepKey: s.Key, Attempt: 1, Started: began, Ended: began, Exchanges: []steps.Exchange{answer()}}
		if i%2 == 0 {
			s.Status, s.Error, c.Error = engine.Failed, run.Error, run.Error
		}
		run.Steps, calls = append(run.Steps, s), append(calls, c)
	}
	return run, calls
}

func BenchmarkShowManyItems(b *testing.B) {
	run, calls := manyItems(10_000)
	store := recorded(b, calls, run)
	for b.Loop() {
		if text := shownRun(b, store, run.ID, showOptions{})(page{now: began}); len(text) == 0 {
			b.Fatal("nothing is shown")
		}
	}
}
