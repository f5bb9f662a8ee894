package main

import (
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// A block that is tried again shows its steps anew, below itself, and ends as itself.
func TestBoardOfABlockTriedAgain(t *testing.T) {
	t.Parallel()
	bad := &steps.Error{Kind: steps.Status, Message: "GET http://127.0.0.1/x: 404 Not Found"}
	b := newBoard()
	for _, e := range []engine.Event{
		started("/outer", "outer", "steps", 0),
		started("/outer/call", "call", "rest", 1),
		with(ended("/outer/call", "call", "rest", 1, engine.Failed, time.Millisecond), func(e *engine.Event) { e.Error = bad }),
		{Type: engine.RetryWaits, Key: "/outer", ID: "outer", Attempt: 1, Wait: time.Second, Error: bad},
		started("/outer#2/call", "call", "rest", 1),
		ended("/outer#2/call", "call", "rest", 1, engine.OK, time.Millisecond),
	} {
		b.apply(e)
	}
	var got []string
	for _, l := range b.lines {
		got = append(got, strings.TrimSpace(mark(l.status)+" "+l.title+" "+l.detail()))
	}
	if want := "… outer try 2; ✗ call 404 Not Found; ✓ call"; strings.Join(got, "; ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "; "), want)
	}
	if p := b.parent(b.lines[2]); p != b.lines[0] {
		t.Errorf("the step of the second try stands in %v, want the block", p)
	}
}

func TestDetail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		line line
		want string
	}{
		{"a walk goes on", line{status: engine.Running, pages: 2, counts: &engine.Counts{Total: -1, Succeeded: 20}}, "20 items, 2 pages"},
		{"a walk that got nothing", line{status: engine.OK, counts: &engine.Counts{}}, "no items"},
		{"a loop goes on", line{status: engine.Running, counts: &engine.Counts{Total: 9, Succeeded: 3}, retries: 2}, "3 of 9 items, 2 retries"},
		{"a loop that was cancelled", line{status: engine.Cancelled, counts: &engine.Counts{Total: 9, Succeeded: 3, Failed: 1}},
			"4 of 9 items, 3 ok, 1 failed, cancelled"},
		{"a long loop", line{status: engine.Running, pages: 12, counts: &engine.Counts{Total: 1_000_000, Succeeded: 11_997, Failed: 3},
			pace: pace{perSecond: 4123, left: 4 * time.Minute}}, "12,000 of 1,000,000 items, 12 pages, 3 failed, 4,100/s, ~4 min left"},
		{"a long loop that ended", line{status: engine.OK, pages: 12, counts: &engine.Counts{Total: 12_000, Succeeded: 12_000},
			pace: pace{perSecond: 4123}, retries: 5, limited: 1200}, "12,000 items, 12 pages, 5 retries, 1,200 waits for a limit"},
		{"a walk whose pages were tried again", line{status: engine.OK, pages: 2, tries: 3, retries: 2, counts: &engine.Counts{Total: 20, Succeeded: 20}},
			"20 items, 2 pages, 2 retries"},
		{"the second try", line{status: engine.Running, tries: 2}, "try 2"},
		{"two tries", line{status: engine.OK, tries: 2}, "2 tries"},
		{"skipped", line{status: engine.Skipped}, "skipped"},
	} {
		if got := test.line.detail(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// longEvents are a source that is worked on page by page, while the server asks to wait.
func longEvents() []engine.Event {
	const ms = time.Millisecond
	progress := func(kind string, page, done, failed, retries int, perSecond float64, left time.Duration) engine.Event {
		return engine.Event{Type: kind, Key: "/mirror", ID: "mirror", Page: page, PerSecond: perSecond, Left: left,
			Counts: &engine.Counts{Pages: page, Total: 1_000_000, Succeeded: done - failed, Failed: failed, Retries: retries}}
	}
	held := engine.Event{Type: engine.LimitWaits, Key: "/mirror/page:2[17]/post", ID: "post", Item: true, Status: engine.Waiting, Profile: "sn",
		Wait: 30 * time.Second, Message: "the server asked to wait (429, Retry-After)"}
	slots := engine.Event{Type: engine.LimitWaits, Key: "/after", ID: "after", Status: engine.Waiting, Profile: "sn", Message: "max_concurrent 4"}
	goesOn := slots
	goesOn.Status = engine.Running
	busy := &steps.Error{Kind: steps.Status, Message: "GET http://127.0.0.1/x: 503 Service Unavailable"}
	return []engine.Event{
		at(0, engine.Event{Type: engine.RunStarted, Run: "06c3k9q2f4x", Job: "mirror"}),
		at(1, started("/mirror", "mirror", "foreach", 0)),
		at(500, engine.Event{Type: engine.RetryWaits, Key: "/mirror/page:1", ID: "mirror", Attempt: 1, Wait: 1200 * ms, Error: busy}),
		at(2000, progress(engine.PageRead, 1, 0, 0, 1, 0, 0)),
		at(4000, progress(engine.ItemEnded, 1, 1000, 3, 1, 500, 1998*time.Second)),
		at(5000, held),
		at(6000, held),
		at(36000, progress(engine.ItemEnded, 2, 1500, 3, 1, 43, 23220*time.Second)),
		at(40000, with(ended("/mirror", "mirror", "foreach", 0, engine.OK, 40*time.Second), func(e *engine.Event) {
			e.Counts = &engine.Counts{Pages: 2, Total: 2000, Succeeded: 1997, Failed: 3, Retries: 1, LimitWaits: 320}
		})),
		at(40001, started("/after", "after", "rest", 0)),
		at(40300, slots),
		at(41000, goesOn),
		at(41500, ended("/after", "after", "rest", 0, engine.OK, 1500*ms)),
		at(41501, engine.Event{Type: engine.RunEnded, Run: "06c3k9q2f4x", Job: "mirror", Status: engine.OK, Elapsed: 41501 * ms}),
	}
}

func TestSpeedAndAbout(t *testing.T) {
	t.Parallel()
	for perSecond, want := range map[float64]string{
		0: "", 0.01: "", 0.2: "12/min", 2.54: "2.5/s", 9.96: "10/s", 37.4: "37/s", 412.7: "410/s", 999: "1,000/s", 4123: "4,100/s", 1234567: "1,200,000/s",
	} {
		if got := speed(perSecond); got != want {
			t.Errorf("speed(%v) = %q, want %q", perSecond, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		7 * time.Second: "~10 s", 89 * time.Second: "~90 s", 4*time.Minute + 10*time.Second: "~4 min", 5 * time.Hour: "~5 h", 50 * time.Hour: "~2 days",
	} {
		if got := about(d); got != want {
			t.Errorf("about(%v) = %q, want %q", d, got, want)
		}
	}
}
