package history

import (
	"reflect"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/steps"
)

// TestAsides holds that what was told of a step is on record with its row as it was told, also of one that counts nothing, and is no reason
// to put a step down anew that a run only walks through again.
func TestAsides(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	list := []flow.Aside{
		{Type: engine.TokenFetched, At: day, Profile: "p", Message: "client_credentials", Until: day.Add(time.Hour)},
		{Type: engine.RetryWaits, At: day.Add(time.Nanosecond), Key: "/b/page:2", Try: 1, Wait: time.Second, Error: &steps.Error{Kind: steps.Status, Message: "503", Status: 503}},
	}
	told := engine.Asides{}
	for _, a := range list {
		told = told.And(a)
	}
	for _, want := range []engine.StepRun{
		{Key: "/a", Kind: "rest", Status: engine.Running, Started: day, Asides: told},
		{Key: "/b", Kind: "rest", Status: engine.OK, Attempts: 2, Started: day, Ended: day, Asides: told, Counts: &engine.Counts{Pages: 2, Total: -1, Succeeded: 5}},
		{Key: "/c", Kind: "rest", Status: engine.OK, Attempts: 1, Started: day, Ended: day},
	} {
		note(t, s, "r1", want)
		if got := listed(t, s, StepFilter{Key: want.Key}); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	finish(t, s, run, engine.Failed)
	again := aRun("r1", "sync")
	again.Attempt = 2
	if err := s.Continue(again, nil, nil); err != nil {
		t.Fatal(err)
	}
	note(t, s, "r1", engine.StepRun{
		Key: "/b", Kind: "rest", Status: engine.OK, Attempts: 1, Started: day, Ended: day, Counts: &engine.Counts{Pages: 2, Total: -1, Succeeded: 5}, Before: true,
	})
	if got := listed(t, s, StepFilter{Key: "/b"}); len(got) != 1 || got[0].Asides.Told != 2 {
		t.Errorf("it is put down anew: %+v", got)
	}
}

func listed(t *testing.T, s *Store, f StepFilter) []engine.StepRun {
	t.Helper()
	steps, err := s.Steps("r1", f)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}
