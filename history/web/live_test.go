package web

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"snrun/engine"
)

// follower reads a stream of events.
type follower struct {
	t      *testing.T
	lines  chan string
	end    context.CancelFunc
	status int
}

// follow begins to read a stream.
func follow(t *testing.T, h *house, path, last string) *follower {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := h.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{t: t, lines: make(chan string, 100), end: end, status: resp.StatusCode}
	go func() {
		defer resp.Body.Close()
		defer close(f.lines)
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			f.lines <- s.Text()
		}
	}()
	t.Cleanup(end)
	return f
}

// next gives the next event of a type with its id and data, "" where the stream ends.
func (f *follower) next(within time.Duration) (event, id, data string) {
	f.t.Helper()
	late := time.After(within)
	for {
		select {
		case line, more := <-f.lines:
			if !more || line == "" && event != "" {
				return event, id, data
			}
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "event":
				event = value
			case "id":
				id = value
			case "data":
				data = value
			}
		case <-late:
			f.t.Fatalf("nothing was told within %s", within)
		}
	}
}

// patience is how long a change may take to be told, on a machine with much else to do.
const patience = 10 * time.Second

// TestLive holds that changes of a run are told to all who look, whoever made them, until it ends, and that nobody looks for changes when
// nobody wants to know.
func TestLive(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	began := time.Now()
	run := &engine.Run{Job: "a", Status: engine.Running, Started: began, Text: "version: 1\n"}
	id := h.passed(run)
	live := ""
	for n := range h.page("/runs/" + id).Descendants() {
		if n.Data == "main" {
			live = attr(n, "data-live")
		}
	}
	if !strings.HasPrefix(live, "/runs/"+id+"/live?seen=") {
		t.Fatalf("the page tells of its changes at %q", live)
	}
	one, other := follow(t, h, live, ""), follow(t, h, live, "")
	if err := h.store.Note(id, engine.StepRun{Key: "/x", ID: "x", Kind: "log", Status: engine.OK, Started: began, Ended: began}); err != nil {
		t.Fatal(err)
	}
	noted := time.Now()
	event, mark, data := one.next(patience)
	if event != "change" || mark == "" || !strings.Contains(data, `"status":"running"`) || !strings.Contains(data, `"ok":1`) {
		t.Errorf("told is %s %s %s", event, mark, data)
	}
	t.Logf("told within %s", time.Since(noted).Round(time.Millisecond))
	if e, m, _ := other.next(patience); e != event || m != mark {
		t.Errorf("another viewer is told %s %s", e, m)
	}
	again := follow(t, h, live, mark) // one that has seen that much already
	run.Status, run.Ended = engine.OK, time.Now()
	if err := h.store.Finish(run); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*follower{one, other, again} {
		e, m, data := f.next(patience)
		if e != "change" || m == mark || !strings.Contains(data, `"status":"ok"`) {
			t.Errorf("its end is told as %s %s %s", e, m, data)
		}
		if e, _, _ := f.next(patience); e != "end" {
			t.Errorf("then comes %q, want the end", e)
		}
		if e, _, _ := f.next(patience); e != "" {
			t.Errorf("after the end comes %q", e)
		}
	}
	over := make(chan struct{})
	go func() { h.site.watchers.ended.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(patience):
		t.Error("somebody still looks for changes, though nobody wants to know")
	}
	for n := range h.page("/runs/" + id).Descendants() {
		if attr(n, "data-live") != "" {
			t.Error("the page of a run that has ended waits for changes")
		}
	}
}

// TestLiveList holds that the list of runs is told of new ones, and that a viewer who goes away is forgotten.
func TestLiveList(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	f := follow(t, h, "/live?seen=nothing", "")
	if e, _, _ := f.next(patience); e != "change" {
		t.Errorf("who has seen nothing is told %q", e)
	}
	h.ran("a", engine.Failed, time.Minute)
	if e, _, _ := f.next(patience); e != "change" {
		t.Errorf("of a new run is told %q", e)
	}
	f.end()
	over := make(chan struct{})
	go func() { h.site.watchers.ended.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(patience):
		t.Error("somebody still looks for changes for a viewer who is gone")
	}
}
