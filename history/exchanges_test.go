package history

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

func TestExchanges(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	full := steps.Exchange{
		Method: "POST", URL: "https://example.com/v1?key=***", Page: 2, Status: 429, Error: "", Started: day,
		Duration: 1500 * time.Microsecond, Connect: 3 * time.Millisecond, FirstByte: time.Millisecond,
		Request:  steps.Message{Header: map[string][]string{"A": {"1", "2"}, "B": {"<&>"}}, Body: []byte{0, 1, 255}, Size: 3},
		Response: steps.Message{Header: map[string][]string{"Retry-After": {"3"}}, Body: []byte{}, Size: -1},
	}
	silent := steps.Exchange{Method: "GET", URL: "https://example.com/", Error: "no route to host", Request: steps.Message{Size: 0}}
	busy := &steps.Error{Kind: steps.Status, Message: "429 Too Many Requests", Status: 429}
	entries := []engine.Entry{
		{Key: "/a", StepKey: "/a", Attempt: 1, Started: day, Ended: day.Add(time.Second), Error: busy, Exchanges: []steps.Exchange{silent, full}},
		{Key: "/a#2", StepKey: "/a", Attempt: 2, Started: day.Add(2 * time.Second), Ended: day.Add(3 * time.Second)},
		{Key: "/b", StepKey: "/b", Attempt: 1, Started: day, Ended: day, Exchanges: []steps.Exchange{silent}},
	}
	for _, e := range entries {
		if err := s.Commit("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Exchanges("r1", "/a")
	for i := range got {
		if got[i].ID <= 0 || i > 0 && got[i].ID <= got[i-1].ID {
			t.Errorf("the exchanges have the ids %d and %d", got[0].ID, got[i].ID)
		}
		got[i].ID = 0
	}
	if want := []Exchange{{StepKey: "/a", Attempt: 1, Exchange: silent}, {StepKey: "/a", Attempt: 1, Exchange: full}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Exchanges of /a = %+v, %v\nwant %+v", got, err, want)
	}
	if all, err := s.Exchanges("r1", ""); err != nil || len(all) != 3 {
		t.Errorf("Exchanges of all: %d, %v, want 3", len(all), err)
	}
	attempts, err := s.Attempts("r1", "/a")
	want := []Attempt{
		{"/a", 1, "/a", day, day.Add(time.Second), busy},
		{"/a", 2, "/a#2", day.Add(2 * time.Second), day.Add(3 * time.Second), nil},
	}
	if err != nil || !reflect.DeepEqual(attempts, want) {
		t.Errorf("Attempts of /a = %v, %v, want %v", attempts, err, want)
	}
	if attempts, err := s.Attempts("r1", "/b"); err != nil || len(attempts) != 0 {
		t.Errorf("Attempts of /b, which went well at once: %v, %v, want none", attempts, err)
	}
}

// A result and its state are one: when the state cannot be kept the result is not there either.
func TestCommitIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	err := s.Commit("r1", engine.Entry{Key: "/a", Result: []byte("1"), Job: "sync", State: map[string]any{"bad": func() {}}})
	if err == nil {
		t.Error("a state that is no data was taken")
	}
	if _, mark, err := s.Lookup("r1", "/a"); err != nil || mark != engine.Unknown {
		t.Errorf("after a commit that came to nothing: mark %d, %v, want %d", mark, err, engine.Unknown)
	}
}

// TestHeaderIsSorted holds that the same header is always the same text.
func TestHeaderIsSorted(t *testing.T) {
	t.Parallel()
	h := http.Header{"E": {"5"}, "B": {"2", "1"}, "D": {}, "A": {"\"x\""}, "C": {"ä"}}
	const want = `{"A":["\"x\""],"B":["2","1"],"C":["ä"],"D":[],"E":["5"]}`
	for range 20 {
		if got, err := header(h); err != nil || got != want {
			t.Fatalf("got %v, %v, want %s", got, err, want)
		}
	}
}
