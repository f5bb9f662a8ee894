package review

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
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
	store, err := history.Open(postgrestest.Somewhere(t), history.Options{})
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

func TestRequestOf(t *testing.T) {
	t.Parallel()
	run := failedSync("r1")
	call := func(key, body string, ms int) engine.Entry {
		return engine.Entry{Key: key, StepKey: key, Attempt: 1, Started: after(ms), Ended: after(ms), Exchanges: []steps.Exchange{request(200, body+"-1"), request(200, body)}}
	}
	store := keep(t, run, call("/incidents", "get", 500), call("/alerts[inc-9]/alert", "well", 900), call("/alerts[inc-2]/alert", "bad", 1000), call("/end", "end", 1999))
	for _, test := range []struct {
		name, step, want string
	}{
		{"of one step the last", "incidents", "get"},
		{"of several that which failed", "alert", "bad"},
		{"of a loop one that failed in it", "alerts", "bad"},
		{"one that went well", "/alerts[inc-9]/alert", "well"},
		{"of the first error, which made none, the last of the run", "", "end"},
		{"of a step without requests none", "fail:2", ""},
	} {
		r, err := Read(store, "r1", Options{Step: test.step, Limit: 20, Few: true})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.RequestOf(store, test.step != "")
		if err != nil || (got == nil) != (test.want == "") || got != nil && got.Request.Body != test.want {
			t.Errorf("%s: got %+v, %v, want %q", test.name, got, err, test.want)
		}
	}
}

func TestFailing(t *testing.T) {
	t.Parallel()
	store := keep(t, failedSync("r1"))
	for i, status := range []engine.Status{engine.Failed, engine.OK, engine.Cancelled, engine.Interrupted, engine.Failed, engine.OK, engine.Failed} {
		run := failedSync(fmt.Sprint("r", i+2))
		run.Status, run.Started, run.Steps = status, after(i*1000), nil
		keepIn(t, store, run)
	}
	other := failedSync("r9")
	other.Job = "other"
	keepIn(t, store, other)
	for id, want := range map[string]string{"r1": "r1 since ", "r2": "r1 since ", "r3": "", "r4": "", "r5": "r5 since r3", "r6": "r5 since r3", "r8": "r8 since r7", "r9": "r9 since "} {
		r, err := Read(store, id, Options{Outer: true})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if f := r.Failing; f != nil {
			got = f.Run + " since " + f.LastGood
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

func TestFewRequests(t *testing.T) {
	t.Parallel()
	var list []steps.Exchange
	for i := range 30 {
		x := request(200, fmt.Sprint(i))
		switch i {
		case 25:
			x.Status = 500
		case 27:
			x.Status, x.Error = 0, "no route"
		}
		list = append(list, x)
	}
	store := keep(t, failedSync("r1"), engine.Entry{Key: "/incidents", StepKey: "/incidents", Attempt: 1, Started: after(1), Ended: after(2), Exchanges: list})
	r, err := Read(store, "r1", Options{HTTP: true, Outer: true, Requests: 4})
	if err != nil || r.LeftRequests != 26 {
		t.Fatalf("got %+v, %v, want 26 left out", r, err)
	}
	var got []string
	for _, x := range r.Exchanges {
		got = append(got, x.Request.Body)
	}
	if strings.Join(got, " ") != "0 1 25 27" {
		t.Errorf("got %v, want those that went wrong, then the first", got)
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	run := failedSync("r1")
	run.Steps[0].Attempts = 3
	run.Steps = append(run.Steps,
		engine.StepRun{Key: "/both", ID: "both", Kind: "parallel", Status: engine.OK, Started: after(1300), Ended: after(1990)},
		engine.StepRun{Key: "/both/branch:a/get", ID: "get", Kind: "rest", Status: engine.OK, Started: after(1300), Ended: after(1900)},
		engine.StepRun{Key: "/both/branch:b/rest:1", Name: "by name", Kind: "rest", Status: engine.OK, Started: after(1300), Ended: after(1400)},
		engine.StepRun{Key: "/alerts/page:2[inc-8]/alert", ID: "alert", Kind: "rest", Status: engine.Failed, Started: after(1300), Ended: after(1301), Error: bad()},
		engine.StepRun{Key: "/wait:4", Kind: "wait", Status: engine.OK, Started: after(1990), Ended: after(1995)},
		engine.StepRun{Key: "/skipped", ID: "skipped", Kind: "rest", Status: engine.Skipped, Started: after(1995), Ended: after(1995)},
		engine.StepRun{Key: "/on", ID: "on", Kind: "log", Status: engine.Running, Started: after(1995)})
	held := request(200, "")
	held.Started = after(1700)
	busy := &steps.Error{Kind: steps.Status, Message: "GET http://127.0.0.1/: 503 Service Unavailable"}
	store := keep(t, run,
		engine.Entry{Key: "/incidents", StepKey: "/incidents", Attempt: 1, Started: after(500), Ended: after(520), Error: busy},
		engine.Entry{Key: "/incidents#2", StepKey: "/incidents", Attempt: 2, Started: after(620), Ended: after(630), Error: busy},
		engine.Entry{Key: "/incidents#3", StepKey: "/incidents", Attempt: 3, Started: after(830), Ended: after(900)},
		engine.Entry{Key: "/alerts[inc-1]/alert", StepKey: "/alerts[inc-1]/alert", Attempt: 1, Started: after(1), Ended: after(2), Error: busy},
		engine.Entry{Key: "/both/branch:a/get", StepKey: "/both/branch:a/get", Attempt: 1, Started: after(1300), Ended: after(1900), Exchanges: []steps.Exchange{held}})
	read, err := Read(store, "r1", Options{Outer: true})
	if err != nil {
		t.Fatal(err)
	}
	line, err := ReadTimeline(store, read.Run, after(9000))
	if err != nil {
		t.Fatal(err)
	}
	if line.Queued != 500*time.Millisecond || line.Length != 1500*time.Millisecond || len(line.Bars) != 8 {
		t.Fatalf("got %+v", line)
	}
	var got []string
	for _, b := range line.Bars {
		text := fmt.Sprintf("%d %s %v+%v", b.Depth, b.Title, b.Start, b.Length)
		if b.Longest {
			text += " longest"
		}
		for _, w := range b.Waits {
			text += fmt.Sprintf(" %s %d %v+%v", w.For, w.Try, w.Start, w.Length)
		}
		if len(b.Tries) > 0 {
			text += fmt.Sprintf(" %d tries", len(b.Tries))
		}
		if len(b.Failed) > 0 {
			text += fmt.Sprintf(" %d failed and %d", len(b.Failed), b.More)
		}
		got = append(got, text)
	}
	want := []string{
		"0 incidents 0s+400ms retry 1 20ms+100ms retry 2 130ms+200ms 3 tries",
		"0 alerts 401ms+1.098s longest 5 failed and 3",
		"0 both 800ms+690ms",
		"1 get 800ms+600ms held 0 800ms+400ms",
		"1 by name 800ms+100ms",
		"0 wait 1.49s+5ms wait 0 1.49s+5ms",
		"0 skipped 1.495s+0s",
		"0 on 1.495s+5ms",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	text, err := JSON(line)
	if err != nil || !strings.Contains(string(text), `"tries":[{"attempt":1,"error":{`) || !strings.Contains(string(text), `"start":20,"duration":100}`) || !strings.Contains(string(text), `"duration":1500,"queued":500,`) {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}
