package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
)

// twoOnServer opens a history on a server twice, as two processes do.
func twoOnServer(t *testing.T) (one, other *Store) {
	t.Helper()
	url := postgrestest.Server(t).URL
	return openAt(t, url, Options{}), openAt(t, url, Options{})
}

// workflowRun is a run that a workflow carries out, and begins it.
func workflowRun(t *testing.T, s *Store, id string) *engine.Run {
	t.Helper()
	run := aRun(id, "sync")
	run.Workflow = "default/snrun-" + id
	begin(t, s, run)
	return run
}

// TestManyWriteOneRunOnServer holds that what several processes write of one run at the same time is all there, once.
func TestManyWriteOneRunOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	run := workflowRun(t, one, "r1")
	const items = 200
	var all sync.WaitGroup
	for i, s := range []*Store{one, other, one, other} {
		all.Go(func() {
			for n := i % 2; n < items; n += 2 - i/2 { // those of two overlap
				key := fmt.Sprintf("/items[%d]/post", n)
				if err := s.Commit("r1", engine.Entry{Key: key, StepKey: key, Attempt: 1, Result: fmt.Appendf(nil, "%d", n), Started: time.Now()}); err != nil {
					t.Error(err)
				}
				step := engine.StepRun{Key: key, ID: "post", Kind: "rest", Status: engine.OK, Attempts: 1, Started: time.Now(), Ended: time.Now()}
				if err := s.Note("r1", step); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(one.flush("flush"), other.flush("flush")); err != nil {
		t.Fatal(err)
	}
	kept, err := one.Kept("r1", "/items[")
	if err != nil || len(kept) != items {
		t.Errorf("%d outcomes are kept, %v, want %d", len(kept), err, items)
	}
	steps, err := other.Steps("r1", StepFilter{})
	if err != nil || len(steps) != items {
		t.Errorf("%d steps are on record, %v, want %d", len(steps), err, items)
	}
	for _, s := range []*Store{one, other} {
		if e, mark, err := s.Lookup("r1", "/items[7]/post"); mark != engine.Done || string(e.Result) != "7" || err != nil {
			t.Errorf("the call is %v with %q, %v", mark, e.Result, err)
		}
	}
	run.Status = engine.OK
	if err := other.Finish(run); err != nil {
		t.Fatal(err)
	}
	if n := countOf(t, one, "SELECT count(*) FROM journal"); n != 0 {
		t.Errorf("%d rows of the journal are left of a run that ended well", n)
	}
}

// countOf gives the number that a query gives.
func countOf(t *testing.T, s *Store, query string) (n int) {
	t.Helper()
	if err := s.read.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNothingIsBelievedFromMemoryOnServer holds that a process finds what another one recorded after it looked last.
func TestNothingIsBelievedFromMemoryOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	workflowRun(t, one, "r1")
	look := func(s *Store, want engine.Mark) {
		t.Helper()
		if _, mark, err := s.Lookup("r1", "/post"); mark != want || err != nil {
			t.Errorf("the call is %v, %v, want %v", mark, err, want)
		}
	}
	look(other, engine.Unknown)
	if err := one.Intend("r1", "/post"); err != nil {
		t.Fatal(err)
	}
	look(other, engine.Intended)
	if keys, err := other.InDoubt("r1"); !slices.Equal(keys, []string{"/post"}) || err != nil {
		t.Errorf("in doubt are %q, %v", keys, err)
	}
	if err := other.Commit("r1", engine.Entry{Key: "/post", Result: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	look(one, engine.Done)
	if err := one.Intend("r1", "/post"); err != nil { // a worker that thought itself alone
		t.Fatal(err)
	}
	look(one, engine.Done)
	large := []byte(strings.Repeat("x", 2*large))
	for i, s := range []*Store{one, other} { // each has calls of its own in the part of a loop that ends
		if err := s.Commit("r1", engine.Entry{Key: fmt.Sprintf("/loop[1]/call:%d", i), Result: large}); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Commit("r1", engine.Entry{Key: "/loop[10]/call", Result: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	if err := other.Fold("r1", "/loop[1]", []string{"/post"}, engine.Entry{Key: "/loop@progress", Result: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	look(one, engine.Unknown)
	kept, err := one.Kept("r1", "/loop")
	if err != nil || len(kept) != 2 || kept[0].Key != "/loop[10]/call" || kept[1].Key != "/loop@progress" {
		t.Errorf("kept are %v, %v", kept, err)
	}
	if n := countOf(t, one, "SELECT count(*) FROM blobs"); n != 0 {
		t.Errorf("%d large values are left that nothing refers to", n)
	}
}

// TestALateNoteTakesNothingBackOnServer holds that a step which one process saw going on, and another to its end, has ended, whoever comes last.
func TestALateNoteTakesNothingBackOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	workflowRun(t, one, "r1")
	begun := time.Now()
	going := engine.StepRun{Key: "/a", ID: "a", Kind: "rest", Status: engine.Running, Started: begun}
	ended := going
	ended.Status, ended.Ended, ended.Attempts = engine.OK, begun.Add(time.Second), 1
	note := func(s *Store, step engine.StepRun) {
		t.Helper()
		if err := s.Note("r1", step); err != nil {
			t.Fatal(err)
		}
	}
	note(one, going) // waits for its commit
	note(other, ended)
	if err := errors.Join(other.flush("flush"), one.flush("flush")); err != nil {
		t.Fatal(err)
	}
	steps, err := one.Steps("r1", StepFilter{})
	if err != nil || len(steps) != 1 || steps[0].Status != engine.OK {
		t.Errorf("the steps are %+v, %v", steps, err)
	}
	note(one, going) // it begins again
	if err := one.flush("flush"); err != nil {
		t.Fatal(err)
	}
	if steps, err := other.Steps("r1", StepFilter{}); err != nil || len(steps) != 1 || steps[0].Status != engine.Running {
		t.Errorf("the steps are %+v, %v", steps, err)
	}
}

// TestNoStepGoesOnInARunThatEndedOnServer holds that a step whose process was lost before it could tell of its end has ended with the run.
func TestNoStepGoesOnInARunThatEndedOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	for id, c := range map[string]struct {
		intended    string
		ended, want engine.Status
	}{
		"r1": {"", engine.OK, engine.OK}, "r2": {"", engine.Failed, engine.Cancelled}, "r3": {"/a[1]/b#2", engine.Interrupted, engine.InDoubt},
		"r4": {"/a[1]/b/page:2", engine.Interrupted, engine.InDoubt}, "r5": {"/a[1]/bc", engine.Cancelled, engine.Cancelled},
	} {
		run := workflowRun(t, one, id)
		if c.intended != "" {
			if err := one.Intend(id, c.intended); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(one.Note(id, engine.StepRun{Key: "/a[1]/b", Kind: "rest", Status: engine.Running, Started: day}), one.flush("flush")); err != nil {
			t.Fatal(err)
		}
		run.Status, run.Ended = c.ended, day.Add(time.Minute)
		if err := other.Finish(run); err != nil {
			t.Fatal(err)
		}
		steps, err := one.Steps(id, StepFilter{})
		if err != nil || len(steps) != 1 || steps[0].Status != c.want || c.want != engine.OK && !steps[0].Ended.Equal(run.Ended) {
			t.Errorf("the steps of a run that ended as %s are %+v, %v", c.ended, steps, err)
		}
	}
}

// TestNotedWithAnEntryOnServer holds that what was noted before an entry that others go by is on record with it, however soon the process is lost.
func TestNotedWithAnEntryOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	workflowRun(t, one, "r1")
	err := errors.Join(one.Note("r1", engine.StepRun{Key: "/a", Kind: "rest", Status: engine.OK, Started: day, Ended: day}),
		one.Commit("r1", engine.Entry{Key: "@gave/a", Result: []byte("1"), Noted: true}))
	if err != nil {
		t.Fatal(err)
	}
	if steps, err := other.Steps("r1", StepFilter{}); err != nil || len(steps) != 1 {
		t.Errorf("the steps are %+v, %v", steps, err)
	}
}

// TestARunOfAWorkflowIsLeftToItOnServer holds that a run which a workflow carries out goes on though the process that began it is gone, and that
// it is begun and gone on with once, however often a worker says so.
func TestARunOfAWorkflowIsLeftToItOnServer(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	s := openAt(t, url, Options{})
	first, err := Open(url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := workflowRun(t, first, "r1")
	mine := aRun("r2", "other")
	begin(t, first, mine)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]engine.Status{"r1": engine.Running, "r2": engine.Interrupted} {
		if got, err := s.Begun(id); err != nil || got.Status != want {
			t.Errorf("run %s is %+v, %v, want %s", id, got, err, want)
		}
	}
	if got, err := s.Begun("r1"); err != nil || got.Workflow != "default/snrun-r1" {
		t.Errorf("the run is %+v, %v", got, err)
	}
	if going, err := s.Going("sync", ""); err != nil || !slices.Equal(going, []string{"r1"}) {
		t.Errorf("runs %q of the job go on, %v", going, err)
	}
	if err := s.Begin(run); err != nil {
		t.Errorf("beginning it again: %v", err)
	}
	twin := *run
	twin.Workflow = "default/another"
	if err := s.Begin(&twin); !errors.Is(err, engine.ErrNotQueued) {
		t.Errorf("another workflow begins it: %v", err)
	}
	if err := s.Continue(run, nil, nil); err != nil { // the first attempt goes on already
		t.Errorf("going on with its first attempt: %v", err)
	}
	run.Status = engine.Failed
	if err := s.Finish(run); err != nil {
		t.Fatal(err)
	}
	run.Attempt = 2
	for range 2 {
		if err := s.Continue(run, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	twin = *run
	twin.Workflow = ""
	if err := s.Continue(&twin, nil, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("a process goes on with it, too: %v", err)
	}
}

// TestHold holds that a unit is carried out by one at a time, of two processes and of two goroutines of one.
func TestHold(t *testing.T) {
	t.Parallel()
	at := somewhere(t)
	testHold(t, openAt(t, at, Options{}), openAt(t, at, Options{}))
}

// TestHoldOnServer holds the same of a server.
func TestHoldOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	testHold(t, one, other)
}

func testHold(t *testing.T, one, other *Store) {
	t.Helper()
	for name, second := range map[string]*Store{"another process": other, "the same": one} {
		held, release, err := one.Hold(t.Context(), "r1", "/a")
		if err != nil {
			t.Fatal(err)
		}
		if _, free, err := second.Hold(t.Context(), "r1", "/b"); err != nil {
			t.Errorf("%s: another unit: %v", name, err)
		} else {
			free()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		if _, _, err := second.Hold(ctx, "r1", "/a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: held twice: %v", name, err)
		}
		cancel()
		got := make(chan error, 1)
		go func() {
			_, free, err := second.Hold(t.Context(), "r1", "/a")
			if err == nil {
				free()
			}
			got <- err
		}()
		if held.Err() != nil {
			t.Errorf("%s: what is held ended by itself: %v", name, context.Cause(held))
		}
		release()
		if err := <-got; err != nil || held.Err() == nil {
			t.Errorf("%s: after it was given back: %v", name, err)
		}
	}
}

// TestGoingOnElsewhereOnServer holds that a process finds the steps of earlier attempts of a run that another one has gone on with: what
// ended well stays as it was, and what failed is gone once it has gone well.
func TestGoingOnElsewhereOnServer(t *testing.T) {
	t.Parallel()
	one, other := twoOnServer(t)
	run := workflowRun(t, one, "r1")
	for key, status := range map[string]engine.Status{"/a": engine.OK, "/b": engine.Failed, "/c": engine.Failed} {
		noteEnded(t, one, engine.StepRun{Key: key, Status: status, Started: day})
	}
	finish(t, one, run, engine.Failed)
	run.Attempt, run.Status = 2, engine.Running
	if err := one.Continue(run, []string{"/b"}, nil); err != nil {
		t.Fatal(err)
	}
	noteEnded(t, other, engine.StepRun{Key: "/a", Status: engine.OK, Before: true, Started: day.Add(time.Hour)})
	noteEnded(t, other, engine.StepRun{Key: "/b", Status: engine.OK, Started: day.Add(time.Hour)})
	if err := other.flush("flush"); err != nil {
		t.Fatal(err)
	}
	// The call of a step that needs no note, and one of a step that the other process has noted meanwhile.
	for _, key := range []string{"/c", "/b"} {
		if err := one.Commit("r1", engine.Entry{Key: key, StepKey: key, Attempt: 1}); err != nil {
			t.Fatal(err)
		}
	}
	steps, err := one.Steps("r1", StepFilter{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]time.Time{}
	for _, step := range steps {
		got[step.Key+" "+string(step.Status)] = step.Started
	}
	want := map[string]time.Time{"/a ok": day, "/b ok": day.Add(time.Hour)}
	if !maps.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("the steps are %v, want %v", got, want)
	}
}

// noteEnded notes a step that has ended.
func noteEnded(t *testing.T, s *Store, step engine.StepRun) {
	t.Helper()
	step.ID, step.Kind, step.Attempts, step.Ended = step.Key[1:], "rest", 1, step.Started.Add(time.Second)
	if err := s.Note("r1", step); err != nil {
		t.Fatal(err)
	}
}
