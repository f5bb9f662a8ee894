package review

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

var morning = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func after(ms int) time.Time { return morning.Add(time.Duration(ms) * time.Millisecond) }

// bad is what a server said to an item.
func bad() *steps.Error {
	return &steps.Error{Kind: steps.Status, Step: "alert", Status: 422, Message: "POST http://127.0.0.1/v1/alerts: 422 Unprocessable Entity: title is missing"}
}

const syncText = `version: 1
name: sync
steps:
  - id: incidents
    rest: {url: "http://127.0.0.1/incidents"}
  - id: alerts
    foreach:
      in: ${steps.incidents.output}
      steps:
        - id: alert
          rest: {url: "http://127.0.0.1/v1/alerts", method: POST}
        - fail: no
`

// failedSync is a run in which seven items of a loop failed, after a try of the step before it.
func failedSync(id string) *engine.Run {
	run := &engine.Run{
		ID: id, Job: "sync", Status: engine.Failed, Trigger: "manual", Due: morning, Started: after(500), Ended: after(2000),
		Error: bad(), File: "/p/jobs/sync.yaml", Text: syncText, Attempt: 1,
		Steps: []engine.StepRun{
			{Key: "/incidents", ID: "incidents", Kind: "rest", Status: engine.OK, Attempts: 2, Started: after(500), Ended: after(900)},
			{Key: "/alerts", ID: "alerts", Kind: "foreach", Status: engine.Failed, Started: after(901), Ended: after(1999), Error: bad(),
				Counts: &engine.Counts{Total: 37, Succeeded: 30, Failed: 7}},
		},
	}
	for i := range 7 {
		run.Steps = append(run.Steps, engine.StepRun{Key: fmt.Sprintf("/alerts[inc-%d]/alert", i), ID: "alert", Kind: "rest", Status: engine.Failed,
			Attempts: 1, Started: after(1000 + i), Ended: after(1200 - i), Error: bad()})
	}
	run.Steps = append(run.Steps,
		engine.StepRun{Key: "/alerts[inc-9]/alert", ID: "alert", Kind: "rest", Status: engine.OK, Attempts: 1, Started: after(1100), Ended: after(1110)},
		engine.StepRun{Key: "/alerts[inc-9]/fail:2", Kind: "fail", Status: engine.Skipped, Started: after(1110), Ended: after(1110)})
	return run
}

// keep makes a history with a run and calls of it.
func keep(t testing.TB, run *engine.Run, calls ...engine.Entry) *history.Store {
	t.Helper()
	store, err := history.Open(filepath.Join(t.TempDir(), "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	keepIn(t, store, run, calls...)
	return store
}

func keepIn(t testing.TB, store *history.Store, run *engine.Run, calls ...engine.Entry) {
	t.Helper()
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
	if err := store.Finish(run); err != nil {
		t.Fatal(err)
	}
}

func request(status int, body string) steps.Exchange {
	return steps.Exchange{Method: "POST", URL: "http://127.0.0.1/v1/alerts", Status: status, Started: after(1000), Duration: 100 * time.Millisecond,
		Request: steps.Message{Body: []byte(body), Size: int64(len(body))}, Response: steps.Message{Body: []byte("no"), Size: 2}}
}

func TestReadOneStep(t *testing.T) {
	t.Parallel()
	run := failedSync("r1")
	store := keep(t, run)
	for _, test := range []struct {
		name  string
		count int
	}{
		{"incidents", 1},
		{"/incidents", 1},
		{"alert", 8},
		{"alerts[inc-3]/alert", 1},
		{"/alerts[inc-3]/alert", 1},
		{"fail:2", 1}, // as the error of a run names it
		{"alerts", 8}, // the loop and its seven failures
	} {
		got, err := Read(store, "r1", Options{Step: test.name})
		if err != nil || len(got.Steps) != test.count {
			t.Errorf("%s: got %+v and %v, want %d steps", test.name, got, err, test.count)
		}
	}
	var missing *StepError
	if _, err := Read(store, "r1", Options{Step: "incidens"}); !errors.As(err, &missing) || !strings.Contains(err.Error(), `has no step "incidens"`) || !strings.Contains(missing.Hint, "incidents") {
		t.Errorf("an unknown step: got %v", err)
	}
}

func TestReadInPages(t *testing.T) {
	t.Parallel()
	run := failedSync("r1")
	store := keep(t, run)
	var got []string
	for after := ""; ; {
		page, err := Read(store, "r1", Options{Limit: 4, After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Steps {
			got = append(got, s.Key)
		}
		if after = page.Next; after == "" {
			break
		}
		if len(page.Steps) != 4 {
			t.Fatalf("a page has %d steps, want 4", len(page.Steps))
		}
	}
	if len(got) != len(run.Steps) || got[0] != "/incidents" || got[len(got)-1] != "/alerts[inc-9]/fail:2" {
		t.Errorf("the pages have %d steps, want %d: %v", len(got), len(run.Steps), got)
	}
	outer, err := Read(store, "r1", Options{Outer: true})
	if err != nil || len(outer.Steps) != 2 || outer.Next != "" {
		t.Errorf("the steps outside of items: got %+v, %v", outer, err)
	}
}

func TestFirstError(t *testing.T) {
	t.Parallel()
	run := failedSync("r1")
	store := keep(t, run, engine.Entry{Key: "/alerts[inc-6]/alert", StepKey: "/alerts[inc-6]/alert", Attempt: 1, Started: after(1006), Ended: after(1194), Error: bad(),
		Exchanges: []steps.Exchange{request(503, "a"), request(422, "b")}})
	read := func(id string) *FirstError {
		t.Helper()
		run, err := store.Begun(id)
		if err != nil {
			t.Fatal(err)
		}
		first, err := ReadFirstError(store, run)
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	got := read("r1")
	if got == nil || got.Step == nil || got.Step.Key != "/alerts[inc-6]/alert" || got.Line != 10 || got.File != "/p/jobs/sync.yaml" || got.Tolerated {
		t.Fatalf("got %+v, want the item that failed first, at line 10", got)
	}
	if got.Exchange == nil || got.Exchange.Status != 422 || got.Exchange.Request.Body != "b" {
		t.Errorf("got the exchange %+v, want its last", got.Exchange)
	}

	caught := failedSync("r2") // something failed before, and was caught
	early := *bad()
	early.Step, early.Message = "probe", "no route to host"
	caught.Steps = append(caught.Steps, engine.StepRun{Key: "/try:1/try/probe", ID: "probe", Kind: "rest", Status: engine.Failed, Started: after(501), Ended: after(502), Error: &early})
	keepIn(t, store, caught)
	if got := read("r2"); got.Step == nil || got.Step.ID != "alert" {
		t.Errorf("got %+v, want what the run's error names", got)
	}

	tolerant := failedSync("r3")
	tolerant.Status, tolerant.Error = engine.OK, nil
	keepIn(t, store, tolerant)
	if got := read("r3"); got == nil || !got.Tolerated || got.Step.Key != "/alerts[inc-6]/alert" {
		t.Errorf("of a run that went well all the same: got %+v", got)
	}

	late := &engine.Run{ID: "r4", Job: "sync", Status: engine.Failed, Due: morning, Started: morning, Error: &steps.Error{Kind: steps.Timeout, Message: "the run's time is up"}, Attempt: 1}
	keepIn(t, store, late)
	if got := read("r4"); got == nil || got.Step != nil || got.Error.Message != "the run's time is up" {
		t.Errorf("of a run whose error is of no step: got %+v", got)
	}

	well := &engine.Run{ID: "r5", Job: "sync", Status: engine.OK, Due: morning, Started: morning, Attempt: 1}
	keepIn(t, store, well)
	if got := read("r5"); got != nil {
		t.Errorf("of a run that went well: got %+v", got)
	}
}
