package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/steps"
)

// began is when the runs of these tests start.
var began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// at gives an event its time, in milliseconds after the start.
func at(ms int, e engine.Event) engine.Event {
	e.Time = began.Add(time.Duration(ms) * time.Millisecond)
	return e
}

func started(key, id, kind string, depth int) engine.Event {
	return engine.Event{Type: engine.StepStarted, Key: key, ID: id, Kind: kind, Depth: depth, Item: strings.Contains(key, "[")}
}

func ended(key, id, kind string, depth int, status engine.Status, elapsed time.Duration) engine.Event {
	e := started(key, id, kind, depth)
	e.Type, e.Status, e.Elapsed, e.Attempt = engine.StepEnded, status, elapsed, 1
	return e
}

func with(e engine.Event, change func(*engine.Event)) engine.Event {
	change(&e)
	return e
}

// syncEvents is the run of the main example.
func syncEvents() []engine.Event {
	const ms = time.Millisecond
	return []engine.Event{
		at(0, engine.Event{Type: engine.RunStarted, Run: "06c3k9q2f4x", Job: "incident_sync"}),
		at(1, started("/incidents", "incidents", "rest", 0)),
		at(40, engine.Event{Type: engine.TokenFetched, Profile: "servicenow", Message: "client_credentials, token lives 29m59s"}),
		at(90, engine.Event{Type: engine.PageRead, Key: "/incidents", ID: "incidents", Page: 1, Counts: &engine.Counts{Total: -1, Succeeded: 10}}),
		at(213, with(ended("/incidents", "incidents", "rest", 0, engine.OK, 212*ms), func(e *engine.Event) {
			e.Counts = &engine.Counts{Pages: 4, Total: 37, Succeeded: 37}
		})),
		at(214, started("/alerts", "alerts", "foreach", 0)),
		at(215, started("/alerts[inc-1]/alert", "alert", "rest", 1)),
		at(230, ended("/alerts[inc-1]/alert", "alert", "rest", 1, engine.OK, 15*ms)),
		at(231, engine.Event{Type: engine.ItemEnded, Key: "/alerts", ID: "alerts", Counts: &engine.Counts{Total: 37, Succeeded: 1}}),
		at(694, with(ended("/alerts", "alerts", "foreach", 0, engine.OK, 480*ms), func(e *engine.Event) {
			e.Counts = &engine.Counts{Total: 37, Succeeded: 37}
		})),
		at(695, started("/save:2", "", "save", 0)),
		at(696, with(ended("/save:2", "", "save", 0, engine.OK, 1*ms), func(e *engine.Event) { e.Message = "since" })),
		at(697, engine.Event{Type: engine.RunEnded, Run: "06c3k9q2f4x", Job: "incident_sync", Status: engine.OK, Elapsed: 697 * ms}),
	}
}

// troubleEvents is a run with everything that can go wrong: retries, failed items, a log, a failed step in a block.
func troubleEvents() []engine.Event {
	const ms = time.Millisecond
	busy := &steps.Error{Kind: steps.Status, Status: 503, Message: "GET http://127.0.0.1/x: 503 Service Unavailable\nsecond line", Step: "list",
		Hint: "The server says it is overloaded."}
	events := []engine.Event{
		at(0, engine.Event{Type: engine.RunStarted, Run: "06c3k9q2f4x", Job: "trouble"}),
		at(1, started("/risky", "risky", "try", 0)),
		at(2, started("/risky/list", "list", "rest", 1)),
		at(20, engine.Event{Type: engine.RetryWaits, Key: "/risky/list", ID: "list", Attempt: 1, Wait: 1200 * ms, Error: busy}),
		at(1300, with(ended("/risky/list", "list", "rest", 1, engine.Failed, 1298*ms), func(e *engine.Event) { e.Attempt, e.Error = 2, busy })),
		at(1310, started("/risky/log:1", "", "log", 1)),
		at(1310, engine.Event{Type: engine.Logged, Key: "/risky/log:1", Message: "carrying on\x1b[31m without\nthe list"}),
		at(1311, ended("/risky/log:1", "", "log", 1, engine.OK, 0)),
		at(1312, ended("/risky", "risky", "try", 0, engine.OK, 1311*ms)),
		at(1313, started("/sometimes", "sometimes", "rest", 0)),
		at(1313, ended("/sometimes", "sometimes", "rest", 0, engine.Skipped, 0)),
		at(1400, started("/each", "each", "foreach", 0)),
	}
	for i := range 7 {
		key := "/each[k-" + string(rune('a'+i)) + "]/post"
		events = append(events, at(1500+i*400, with(ended(key, "post", "rest", 1, engine.Failed, 9*ms), func(e *engine.Event) { e.Error = busy })),
			at(1500+i*400, engine.Event{Type: engine.ItemEnded, Key: "/each", ID: "each", Counts: &engine.Counts{Total: 9, Succeeded: 0, Failed: i + 1}}))
	}
	return append(events,
		at(4100, with(ended("/each", "each", "foreach", 0, engine.Failed, 2700*ms), func(e *engine.Event) {
			e.Error, e.Counts = busy, &engine.Counts{Total: 9, Succeeded: 2, Failed: 7}
		})),
		at(4101, engine.Event{Type: engine.RunEnded, Run: "06c3k9q2f4x", Status: engine.Failed, Elapsed: 4101 * ms, Error: busy}))
}

// againEvents is a run that goes on: some of it was done before, and then a request is in doubt.
func againEvents() []engine.Event {
	const ms = time.Millisecond
	before := func(e engine.Event) engine.Event {
		return with(e, func(e *engine.Event) { e.Before, e.Elapsed = true, 0 })
	}
	doubt := &steps.Error{Kind: steps.Cancelled, Step: "tell", Message: "it is not known whether this was carried out: /tell"}
	var failedBefore []engine.Event // more than are told of
	for i := range shownFailures + 1 {
		failedBefore = append(failedBefore, at(8, before(with(ended(fmt.Sprintf("/each[%d]/post", i), "post", "rest", 1, engine.Failed, 0),
			func(e *engine.Event) { e.Error = doubt }))))
	}
	return slices.Concat([]engine.Event{
		at(0, engine.Event{Type: engine.RunStarted, Run: "06c3k9q2f4x", Job: "again", Attempt: 2}),
		at(0, engine.Event{Type: engine.Logged, Message: "jobs/again.yaml has changed since"}),
		at(1, before(with(ended("/incidents", "incidents", "rest", 0, engine.OK, 0), func(e *engine.Event) {
			e.Counts = &engine.Counts{Pages: 4, Total: 37, Succeeded: 37}
		}))),
		at(2, before(with(ended("/log:2", "", "log", 0, engine.OK, 0), func(e *engine.Event) { e.Message = "37 of them" }))),
		at(3, before(ended("/sometimes", "sometimes", "rest", 0, engine.Skipped, 0))),
		at(4, started("/part", "part", "steps", 0)),
		at(5, before(ended("/part/one", "one", "rest", 1, engine.OK, 0))),
		at(6, ended("/part", "part", "steps", 0, engine.OK, 2*ms)),
		at(7, started("/each", "each", "foreach", 0)),
	}, failedBefore, []engine.Event{
		at(80, with(ended("/each[new]/post", "post", "rest", 1, engine.Failed, 1*ms), func(e *engine.Event) { e.Error = doubt })),
		at(90, with(ended("/each", "each", "foreach", 0, engine.OK, 83*ms), func(e *engine.Event) {
			e.Counts = &engine.Counts{Total: 9, Succeeded: 7, Failed: 2}
		})),
		at(91, started("/tell", "tell", "rest", 0)),
		at(92, with(ended("/tell", "tell", "rest", 0, engine.InDoubt, 1*ms), func(e *engine.Event) { e.Error = doubt })),
		at(93, engine.Event{Type: engine.RunEnded, Run: "06c3k9q2f4x", Status: engine.Interrupted, Elapsed: 93 * ms, Error: doubt, InDoubt: []string{"/tell"}}),
	})
}

func TestPlainView(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		events []engine.Event
		golden string
	}{
		{"the main example", syncEvents(), "testdata/plain_sync.txt"},
		{"trouble", troubleEvents(), "testdata/plain_trouble.txt"},
		{"long work", longEvents(), "testdata/plain_long.txt"},
		{"a run that goes on", againEvents(), "testdata/plain_again.txt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			v := newPlainView(&out, style{}, review.Commands{Program: "snrun"})
			for _, e := range test.events {
				v.event(e)
			}
			v.close()
			golden(t, out.String(), test.golden)
		})
	}
}

func TestJSONView(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	v := newJSONView(&out)
	for _, e := range troubleEvents()[:6] {
		v.event(e)
	}
	golden(t, out.String(), "testdata/progress.jsonl")
}

func TestJSONViewOfLongWork(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	v := newJSONView(&out)
	for _, e := range longEvents() {
		v.event(e)
	}
	golden(t, out.String(), "testdata/progress_long.jsonl")
}

// golden compares an output with a file, which -update rewrites.
func golden(t *testing.T, got, file string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant, as in %s,\n%s", got, file, want)
	}
}

// What a view costs for each item of a loop: three events, of which a person sees next to nothing.
func BenchmarkViews(b *testing.B) {
	events := []engine.Event{
		started("/each[k-1]/post", "post", "rest", 1),
		ended("/each[k-1]/post", "post", "rest", 1, engine.OK, time.Millisecond),
		{Type: engine.ItemEnded, Key: "/each", ID: "each", Counts: &engine.Counts{Total: 10000, Succeeded: 1}},
	}
	for name, v := range map[string]view{
		"plain": newPlainView(io.Discard, style{}, review.Commands{}), "tty": &ttyView{board: newBoard()}, "json": newJSONView(io.Discard),
	} {
		b.Run(name, func(b *testing.B) {
			v.event(started("/each", "each", "foreach", 0))
			for b.Loop() {
				for _, e := range events {
					v.event(e)
				}
			}
		})
	}
}
