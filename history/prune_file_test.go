package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

func TestTheFileShrinks(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{})
	for days := 20; days > 0; days-- {
		full(t, s, days, 20)
	}
	would, err := s.WouldPrune(t.Context(), Policy{Keep: jobs.Keep{KeepRule: rule(0, 2, 0)}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	done := prune(t, s, jobs.Keep{KeepRule: rule(0, 2, 0)})
	if done.Before < 7<<20 || done.After > 2<<20 || done.After != size(t, path) || size(t, path+"-wal") != 0 {
		t.Errorf("it had %d bytes and has %d; the files have %d and %d", done.Before, done.After, size(t, path), size(t, path+"-wal"))
	}
	if free := number(t, s, "PRAGMA freelist_count"); free != 0 || done.Fixed {
		t.Errorf("%d pages of it are free", free)
	}
	if ratio := float64(would.Jobs[0].Bytes) / float64(done.Before-done.After); ratio < 0.7 || ratio > 2 { // the body that all share counts for each of them
		t.Errorf("estimated %d bytes, given back %d", would.Jobs[0].Bytes, done.Before-done.After)
	}
	checkComplete(t, s)
}

// TestAFileThatDoesNotShrink holds that a database without auto_vacuum is left as it is, and said to be such.
func TestAFileThatDoesNotShrink(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	makeFull(t, path)
	c := connect(t, path)
	if err := errors.Join(c.run("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM"), c.close()); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path, Options{})
	past(t, s, "sync 1 ok")
	carry(t, s, "UPDATE runs SET run = '0', ended = 0 WHERE run = 'r1'")
	before := size(t, path)
	if done := prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)}); done.Runs() != 1 || !done.Fixed || size(t, path) < before {
		t.Errorf("got %+v, %d bytes and then %d", done, before, size(t, path))
	}
	checkComplete(t, s)
}

func TestTheOldestGoForTheSize(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	past(t, s, "a 9 ok", "b 8 failed", "a 7 ok", "c 6.5 ok", "c 6.4 ok", "b 6 failed", "a 5 failed", "b 4 ok", "a 3 ok")
	pad := func(job string) {
		carry(t, s, fmt.Sprintf("UPDATE steps SET message = '%s' WHERE id >> 32 IN (SELECT id FROM runs WHERE job = '%s')", strings.Repeat("x", 100<<10), job))
	}
	pad("a")
	pad("b")
	used := func() int64 { return int64(number(t, s, usedSQL)) }
	all := used()
	ofOthers := func(job, _ string) bool { return job != "c" }
	carryOut := func(size int64) (Pruned, string) {
		t.Helper()
		policy := Policy{Keep: jobs.Keep{KeepRule: rule(0, 0, 0), Size: size}, Owns: ofOthers}
		would, err := s.WouldPrune(t.Context(), policy, noon)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Pruner(policy, noon)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		emptySteps(t, p, func() {})
		done := p.Pruned()
		if would.Runs() != done.Runs() || (would.Over > 0) != (done.Over > 0) {
			t.Errorf("foretold %+v, got %+v", would, done)
		}
		checkComplete(t, s)
		return done, left(t, s)
	}
	if _, got := carryOut(all); strings.Count(got, ",") != 8 {
		t.Errorf("what fits: left is %s", got)
	}
	if _, got := carryOut(all - 150<<10); got != "b 8 failed, c 6.5 ok, c 6.4 ok, b 6 failed, a 5 failed, b 4 ok, a 3 ok" {
		t.Errorf("two that ended well have to go: left is %s", got)
	}
	if _, got := carryOut(all - 350<<10); got != "c 6.5 ok, c 6.4 ok, a 5 failed, b 4 ok, a 3 ok" {
		t.Errorf("failed ones have to go too: left is %s", got)
	}
	done, got := carryOut(1)
	if want := "c 6.5 ok, c 6.4 ok, b 4 ok, a 3 ok"; got != want || done.Over != used()-1 {
		t.Errorf("too little for anything: left is %s, over is %d of %d, want %s", got, done.Over, used(), want)
	}
}

// TestRunsGoOnWhileOthersAreDeleted has a run commit through a Store of its own, as another process does, and one in this.
func TestRunsGoOnWhileOthersAreDeleted(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{Wait: 5 * time.Second})
	for days := 30; days > 0; days-- {
		full(t, s, days, 30)
	}
	ended := make(chan struct{})
	errs := make(chan error, 2)
	goOn := func(s *Store, id string) {
		run := &engine.Run{ID: id, Job: "busy", Started: noon, Text: "# busy"}
		err := s.Begin(run)
		n := 0
		for going := true; going && err == nil; n++ {
			select {
			case <-ended:
				going = false
			default:
			}
			key := fmt.Sprintf("/a[%d]", n)
			err = errors.Join(s.Intend(id, key), s.Commit(id, engine.Entry{Key: key, Result: []byte("1"), Job: "busy", State: map[string]any{"n": n}}))
		}
		run.Status, run.Ended = engine.Failed, noon
		err = errors.Join(err, s.Finish(run))
		if calls := number(t, s, fmt.Sprintf("SELECT count(DISTINCT key) FROM journal WHERE id >> 32 = (SELECT id FROM runs WHERE run = '%s')", id)); err == nil && calls != n {
			err = fmt.Errorf("%d of %d calls are on record", calls, n)
		}
		errs <- err
	}
	go goOn(s, engine.LowestID(noon))
	go goOn(other, engine.LowestID(noon.Add(time.Second)))
	done := prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)})
	close(ended)
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if done.Runs() != 29 {
		t.Errorf("%d runs were deleted, want 29", done.Runs())
	}
	checkComplete(t, s)
}

// TestDeletingOnAFullDisk holds that it needs no room that is not there, and that runs can be recorded again afterwards.
func TestDeletingOnAFullDisk(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{maxPages: 400})
	past(t, s, "a 9 ok", "a 8 ok", "a 7 ok")
	var err error
	run := &engine.Run{ID: engine.LowestID(noon.AddDate(0, 0, -6)), Job: "b", Started: noon}
	if err := s.Begin(run); err != nil {
		t.Fatal(err)
	}
	for i := 0; err == nil && i < 10000; i++ {
		err = s.Commit(run.ID, engine.Entry{Key: fmt.Sprint("/a", i), Result: make([]byte, large)})
	}
	fails(t, "Commit", err, path, engine.ErrFull, "free some space")
	run.Status, run.Ended = engine.Failed, noon.AddDate(0, 0, -6)
	_ = s.Finish(run)
	carry(t, s, fmt.Sprintf("UPDATE runs SET status = 'failed', ended = %d WHERE job = 'b'", run.Ended.UnixMicro()))
	past(t, s, "b 0.1 skipped")
	prune(t, s, jobs.Keep{KeepRule: rule(1, 1, 0)})
	if got := left(t, s); got != "a 7 ok, b 0.1 skipped" {
		t.Errorf("left is %s", got)
	}
	checkComplete(t, s)
	past(t, s, "c 0.05 ok")
}

// TestEndedInTheMiddle holds that the end of the context is told with what was deleted.
func TestEndedInTheMiddle(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	past(t, s, "a 9 ok", "a 8 ok")
	why := errors.New("it is late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := s.Prune(ctx, Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}, noon); !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}
	if _, err := s.WouldPrune(ctx, Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("looking only: %v", err)
	}
	checkComplete(t, s)
}

// TestDeletingOnALockedDatabase holds that it gives up where another program holds the database.
func TestDeletingOnALockedDatabase(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{Wait: 10 * time.Millisecond})
	past(t, s, "a 9 ok", "a 8 ok")
	other := connect(t, path)
	defer other.close()
	if err := other.run("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Prune(t.Context(), Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}, noon)
	fails(t, "Prune", err, path, engine.ErrLocked, "end the program that holds it")
	if err := other.run("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if done := prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)}); done.Runs() != 1 {
		t.Errorf("%d runs were deleted, want 1", done.Runs())
	}
}
