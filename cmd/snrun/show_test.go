package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// failedRun is a run with a loop of which items failed.
func failedRun() *engine.Run {
	after := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	bad := &steps.Error{Kind: steps.Status, Message: "POST http://127.0.0.1/v1/alerts: 422 Unprocessable Entity: title is missing", Step: "alert", Status: 422,
		Hint: "The server refuses the body: compare it with the API's description."}
	run := &engine.Run{
		ID: "06c3k9q2f4x", Job: "incident_sync", Status: engine.Failed, Trigger: "manual", Due: began, Started: began, Ended: after(1200),
		Inputs: map[string]any{"priority": 1}, Error: bad, File: "jobs/incident_sync.yaml",
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

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	noAnswer := steps.Exchange{Method: "GET", URL: "http://127.0.0.1/", Error: "connection refused", Started: began, Duration: time.Second}
	binary := answer()
	binary.Response.Body, binary.Request = []byte{0, 1, 2}, steps.Message{Size: 4096}
	show := func(o showOptions, exchanges ...steps.Exchange) func(page) string {
		return func(p page) string {
			r := &runRecord{Run: &review.Run{Run: failedRun()}}
			if o.step != "" {
				r.Steps = r.Steps[2:4]
			}
			for _, x := range exchanges {
				r.Exchanges = append(r.Exchanges, review.NewExchange(history.Exchange{StepKey: "/alerts[inc-1]/alert", Attempt: 1, Exchange: x}))
			}
			return r.page(p, review.Commands{Program: "snrun"}, o)
		}
	}
	for _, test := range []struct {
		name string
		page func(page) string
	}{
		{"list", func(p page) string { return runTable(p, []engine.Run{*failedRun(), *okRun(), *goneOnRun()}) }},
		{"show", show(showOptions{})},
		{"show_ok", func(p page) string { return runPage(p, okRun(), review.Commands{Program: "snrun"}) }},
		{"show_in_doubt", func(p page) string { return runPage(p, goneOnRun(), review.Commands{Program: "snrun"}) }},
		{"show_tolerant", func(p page) string { return runPage(p, tolerantRun(), review.Commands{Program: "snrun"}) }},
		{"list_waiting", func(p page) string { return runTable(p, []engine.Run{*queuedRun(), *skippedRun(), *okRun()}) }},
		{"show_skipped", func(p page) string { return runPage(p, skippedRun(), review.Commands{Program: "snrun"}) }},
		{"show_queued", func(p page) string { return runPage(p, queuedRun(), review.Commands{Program: "snrun"}) }},
		{"show_step", show(showOptions{step: "alert"})},
		{"show_http", show(showOptions{step: "alert", http: true}, answer(), noAnswer, binary)},
		{"show_http_none", show(showOptions{step: "alert", http: true})},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := began.Add(3 * time.Minute)
			got := "--- in a pipe\n" + test.page(page{now: now}) + "--- 60 columns\n" + test.page(page{width: 60, now: now})
			golden(t, got, "testdata/history_"+test.name+".txt")
			if strings.Contains(got, "\x1b") {
				t.Errorf("a control character of a server reaches the terminal: %q", got)
			}
		})
	}
}

func TestOfManyStepsTheFailedComeFirst(t *testing.T) {
	t.Parallel()
	r := &runRecord{Run: &review.Run{Run: &engine.Run{}}}
	for i := range 50 {
		s := engine.StepRun{Key: fmt.Sprintf("/a[%d]/b", i), Status: engine.OK}
		if i%10 == 9 {
			s.Status = engine.Failed
		}
		r.Steps = append(r.Steps, s)
	}
	r.shorten()
	if len(r.Steps) != shownSteps || r.more != 30 {
		t.Fatalf("got %d steps and %d more, want %d and 30", len(r.Steps), r.more, shownSteps)
	}
	var got []string
	for _, s := range r.Steps[:6] {
		got = append(got, s.Key)
	}
	if want := "/a[9]/b /a[19]/b /a[29]/b /a[39]/b /a[49]/b /a[0]/b"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatIsMissingOfABody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		body string
		size int64
		want string
	}{
		{"nothing", `{"a":1}`, 7, ""},
		{"size unknown", `{"a":1`, -1, ""},
		{"its end", `{"a":1`, 2048, "… cut here, 2.0 KB in all"},
		{"nothing of JSON with a mask", `{"a":"***"}`, 19, ""},
		{"perhaps the end of a text with a mask", "a=***", 19, "… 19 B in all, before masking"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := missing(steps.Message{Body: []byte(test.body), Size: test.size}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
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
