package history

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// keepAll is a policy that deletes no run of those that the tests make.
var keepAll = Policy{Keep: jobs.Keep{KeepRule: jobs.KeepRule{Runs: 1000}}}

// largeValue is a value that is kept apart, with a text in it.
func largeValue(text string) []byte { return fmt.Append(make([]byte, large), text) }

// put commits results under keys, KEY TEXT each.
func put(t *testing.T, s *Store, run string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := s.Commit(run, engine.Entry{Key: pairs[i], Result: largeValue(pairs[i+1])}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPruneValues deletes large values that nothing refers to any more: in whatever way they came to that, and no others.
func TestPruneValues(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("going", "sync"))
	put(t, s, "going", "/a", "first", "/a", "second", "/b", "dropped", "/c", "shown", "/d", "twice")
	failed := begin(t, s, aRun("failed", "other"))
	put(t, s, "failed", "/d", "twice", "/e", "failed")
	shown := steps.Exchange{Request: steps.Message{Body: largeValue("shown")}, Response: steps.Message{Body: largeValue("answer")}}
	if err := s.Commit("failed", engine.Entry{Key: "/f", StepKey: "/f", Attempt: 1, Exchanges: []steps.Exchange{shown}}); err != nil {
		t.Fatal(err)
	}
	finish(t, s, failed, engine.Failed)
	if err := s.Fold("going", "", []string{"/b", "/c", "/d"}); err != nil {
		t.Fatal(err)
	}
	var left []row
	for i := range 2*valuesAtOnce + 1 {
		data := fmt.Append(nil, i)
		digest := sha256.Sum256(data)
		left = append(left, rowOf(blobSQL, digest[:], data))
	}
	if err := s.flush("leave values", left...); err != nil {
		t.Fatal(err)
	}
	put(t, s, "going", "/z", "last")

	before := number(t, s, "SELECT count(*) FROM blobs")
	foreseen, err := s.WouldPrune(t.Context(), keepAll, noon)
	if err != nil || foreseen.Runs() != 0 || foreseen.Values < len(left) || foreseen.ValueBytes < int64(len(left)) {
		t.Errorf("would delete %d runs and %d values of %d bytes, %v", foreseen.Runs(), foreseen.Values, foreseen.ValueBytes, err)
	}
	done, err := s.Prune(t.Context(), keepAll, noon)
	if err != nil || done.Runs() != 0 || done.Values != foreseen.Values || done.ValueBytes != foreseen.ValueBytes {
		t.Errorf("deleted %d runs and %d values of %d bytes, %v, want %d of %d", done.Runs(), done.Values, done.ValueBytes, err, foreseen.Values, foreseen.ValueBytes)
	}
	after := number(t, s, "SELECT count(*) FROM blobs")
	if after != before-done.Values {
		t.Errorf("%d values are left of %d, though %d are deleted", after, before, done.Values)
	}
	// second, shown, twice, failed, answer, last; and first, where both outcomes of one call stand in the journal.
	if want := 7; after != want && !(s.place.shared() && after == want-1) {
		t.Errorf("%d values are left, want %d", after, want)
	}
	for key, want := range map[string]string{"going /a": "second", "going /z": "last", "failed /d": "twice", "failed /e": "failed"} {
		var run, of string
		fmt.Sscan(key, &run, &of)
		if e, mark, err := s.Lookup(run, of); err != nil || mark != engine.Done || string(e.Result) != string(largeValue(want)) {
			t.Errorf("%s: %v, %v, want %s", key, mark, err, want)
		}
	}
	list, err := s.Exchanges("failed", "/f")
	if err != nil || len(list) != 1 || string(list[0].Request.Body) != string(shown.Request.Body) || string(list[0].Response.Body) != string(shown.Response.Body) {
		t.Errorf("%d exchanges, %v", len(list), err)
	}
	if again, err := s.Prune(t.Context(), keepAll, noon); err != nil || again.Values != 0 {
		t.Errorf("once more: %d values, %v", again.Values, err)
	}
}

// TestPruneValuesThatAreWrittenAgain holds that a value stays that nothing referred to when it was looked at, and something does by now.
func TestPruneValuesThatAreWrittenAgain(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("going", "sync"))
	for _, text := range []string{"again", "left"} {
		if err := s.flush("leave a value", *valueOf(largeValue(text)).blob); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.Pruner(keepAll, noon)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for more := true; more; {
		if more, err = p.Step(); err != nil {
			t.Fatal(err)
		}
		if len(p.left.found) == 2 && p.Pruned().Values == 0 {
			put(t, s, "going", "/a", "again")
		}
	}
	if e, mark, err := s.Lookup("going", "/a"); err != nil || mark != engine.Done || string(e.Result) != string(largeValue("again")) {
		t.Errorf("a value that was written again: %v, %v", mark, err)
	}
	if done := p.Pruned(); done.Values != 1 || number(t, s, "SELECT count(*) FROM blobs") != 1 {
		t.Errorf("%d values are deleted, want 1 of 2", done.Values)
	}
}
