package main

import (
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

func TestLineKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, want string }{
		{"/call", "/call"},
		{"/call#2", "/call"},
		{"/outer#2/call", "/outer#2/call"},
		{"/outer#2/call#3", "/outer#2/call"},
		{"/each[inc-1]/call", "/each"},
		{"/each#2[a#b/c[d]]/call#2", "/each"},
		{"/outer#2/each[a]", "/outer#2/each"},
	} {
		if got := lineKey(test.key); got != test.want {
			t.Errorf("%s: got %s, want %s", test.key, got, test.want)
		}
	}
}

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
		{"the second try", line{status: engine.Running, tries: 2}, "try 2"},
		{"two tries", line{status: engine.OK, tries: 2}, "2 tries"},
		{"skipped", line{status: engine.Skipped}, "skipped"},
	} {
		if got := test.line.detail(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ message, want string }{
		{"GET https://example.com/x: 404 Not Found: no record", "404 Not Found: no record"},
		{"GET https://example.com/x: 404 Not Found\nmore", "404 Not Found …"},
		{"profile sn: no token from https://example.com/token: status 401", "profile sn: no token from https://example.com/token: status 401"},
		{"the job says: no", "the job says: no"},
		{"POST is not allowed: use GET", "POST is not allowed: use GET"},
		{"", ""},
	} {
		if got := brief(&steps.Error{Message: test.message}); got != test.want {
			t.Errorf("%q: got %q, want %q", test.message, got, test.want)
		}
	}
}
