package history

import (
	"errors"
	"testing"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/steps"
)

// TestPulse holds that whatever changes in a run is seen, and that nothing is where nothing changes.
func TestPulse(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	begin(t, s, aRun("r2", "sync"))
	loop := engine.StepRun{Key: "/a", Kind: "foreach", Status: engine.Running, Started: day, Counts: &engine.Counts{Total: 3}}
	last := ""
	pulse := func(what string, changes bool) {
		t.Helper()
		p, err := s.Pulse("r1")
		if err != nil {
			t.Fatal(err)
		}
		if mark := p.Mark(); (mark != last) != changes {
			t.Errorf("%s: %s after %s, want that it changes: %v", what, mark, last, changes)
		} else {
			last = mark
		}
	}
	pulse("at first", true)
	pulse("nothing", false)
	note(t, s, "r2", loop)
	pulse("something in another run", false)
	note(t, s, "r1", loop)
	pulse("a step begins", true)
	loop.Counts = &engine.Counts{Total: 3, Succeeded: 1}
	note(t, s, "r1", loop)
	pulse("an item ends well", true)
	loop.Attempts = 2
	note(t, s, "r1", loop)
	pulse("another try", true)
	loop.Asides = loop.Asides.And(flow.Aside{Type: engine.RetryWaits, At: day})
	note(t, s, "r1", loop)
	pulse("something is told of it", true)
	loop.Status = engine.Failed
	note(t, s, "r1", loop)
	pulse("the step ends", true)
	if _, err := s.Cancel(day, "r1", "ann"); err != nil {
		t.Fatal(err)
	}
	pulse("somebody wants its end", true)
	run.Error = &steps.Error{Message: "no"}
	finish(t, s, run, engine.Failed)
	pulse("it ends", true)
	if p, err := s.Pulse("r1"); err != nil || p.Status != engine.Failed || p.Steps != 1 || p.Failed != 1 || p.Items != 1 {
		t.Errorf("the pulse is %+v, %v", p, err)
	}
	if _, err := s.Pulse("r3"); !errors.Is(err, ErrUnknownRun) {
		t.Errorf("a run that is not there: %v, want ErrUnknownRun", err)
	}
}

// TestLookout holds that what another process commits is seen, and that nothing is where nobody does.
func TestLookout(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	l, err := s.Lookout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sees := func(what string, want bool) {
		t.Helper()
		if got, err := l.Changed(t.Context()); got != want && (want || !s.place.shared()) || err != nil { // a server has others, too
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
		}
	}
	sees("the first time", true)
	sees("nothing", false)
	before, err := s.PulseOfAll()
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, other, aRun("r1", "sync"))
	sees("a run of another process", true)
	began, _ := s.PulseOfAll()
	begin(t, s, aRun("r2", "sync"))
	sees("a run of this one", true)
	both, _ := s.PulseOfAll()
	finish(t, other, run, engine.OK)
	sees("its end", true)
	ended, err := s.PulseOfAll()
	if err != nil || before == began || began == both || both == ended {
		t.Errorf("the pulses are %q, %q, %q, %q, %v", before, began, both, ended, err)
	}
	sees("nothing more", false)
}

// TestRequests holds that requests are listed in pages, and each is found by its number.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r0", "sync"))
	begin(t, s, aRun("r1", "sync"))
	exchange := func(url string) steps.Exchange {
		return steps.Exchange{Method: "GET", URL: url, Status: 200, Started: day, Duration: 3000, Response: steps.Message{Body: []byte(url), Size: int64(len(url))}}
	}
	for _, run := range []string{"r0", "r1"} {
		for i, step := range []string{"/a", "/b", "/a"} {
			e := engine.Entry{Key: step + "#" + string(rune('1'+i)), StepKey: step, Attempt: i + 1, Started: day, Ended: day,
				Exchanges: []steps.Exchange{exchange(run + step + string(rune('0'+i)))}}
			if err := s.Commit(run, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	list, err := s.Requests("r1", RequestFilter{Step: "/a", Offset: 1, Limit: 5})
	if err != nil || len(list) != 1 || list[0].URL != "r1/a2" || list[0].Received != 5 {
		t.Fatalf("got %+v, %v", list, err)
	}
	if x, err := s.ExchangeAt("r1", list[0].ID); err != nil || x == nil || string(x.Response.Body) != "r1/a2" {
		t.Errorf("the exchange is %+v, %v", x, err)
	}
	for _, id := range []int64{0, -1, 1, list[0].ID + 1, 1 << 40} {
		if x, err := s.ExchangeAt("r1", id); err != nil || x != nil {
			t.Errorf("there is an exchange %d: %+v, %v", id, x, err)
		}
	}
	all, _ := s.RequestCount("r1", "")
	if n, err := s.RequestCount("r1", "/b"); all != 3 || n != 1 || err != nil {
		t.Errorf("%d requests, of /b %d, %v", all, n, err)
	}
}
