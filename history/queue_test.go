package history

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"snrun/engine"
)

// asked is a claim of a run that a person asks for.
func asked(run, job, overlap string) engine.Claim {
	c := due(run, job, 0)
	c.Trigger, c.Overlap, c.Inputs = engine.TriggerManual, overlap, map[string]any{"n": 1}
	return c
}

func enqueue(t *testing.T, s *Store, ofNobody bool, c engine.Claim) engine.Verdict {
	t.Helper()
	v, err := s.Enqueue(at(1000), 2, ofNobody, c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// queued gives how many runs are queued, and how many rows are in the queue.
func queued(t *testing.T, s *Store) [2]int {
	t.Helper()
	return [2]int{number(t, s, "SELECT count(*) FROM runs WHERE status = 'queued'"), number(t, s, "SELECT count(*) FROM queue")}
}

func TestQueuedRunBegins(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	claimed(t, s, due("r1", "sync", 1))
	run := aRun("r1", "sync")
	run.Trigger, run.Due, run.Daemon, run.Inputs = engine.TriggerSchedule, at(1), true, map[string]any{"n": 2}
	run.Called = []engine.Text{{File: "jobs/b.yaml", Text: "b"}}
	if err := other.Begin(run); !errors.Is(err, engine.ErrNotQueued) || !strings.Contains(err.Error(), "another process has it queued") {
		t.Errorf("Begin by another process: %v, want ErrNotQueued", err)
	}
	if err := s.Continue(run, nil, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue of a queued run: %v, want ErrRunning", err)
	}
	if err := s.Begin(run, engine.Entry{Key: "@given", Result: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	if got := queued(t, s); got != [2]int{} {
		t.Errorf("%v are still queued", got)
	}
	got, err := s.Run("r1")
	if err != nil || !reflect.DeepEqual(got, run) {
		t.Errorf("the run came back as\n%+v, %v\nwant\n%+v", got, err, run)
	}
	if _, mark, err := s.Lookup("r1", "@given"); mark != engine.Done || err != nil {
		t.Errorf("what it began with: %v, %v", mark, err)
	}
	if err := s.Begin(run); !errors.Is(err, engine.ErrNotQueued) || !strings.Contains(err.Error(), "begin run r1") || !strings.Contains(err.Error(), "it is running") {
		t.Errorf("Begin again: %v, want ErrNotQueued", err)
	}
	finish(t, s, run, engine.OK)
	if got := slotsOf(t, s, "sync"); got != "1 r1 ok" {
		t.Errorf("the slots are %s", got)
	}
}

func TestQueuedRunThatNeverBegins(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	claimed(t, s, due("r1", "a", 1), due("r2", "b", 1), due("r3", "c", 1))
	if ok, err := other.Withdraw(at(2), "r1", engine.Skipped, "x"); ok || err != nil {
		t.Errorf("Withdraw by another process: %v, %v, want false", ok, err)
	}
	for _, want := range []bool{true, false} {
		if ok, err := s.Withdraw(at(2), "r1", engine.Skipped, "the job is gone"); ok != want || err != nil {
			t.Errorf("Withdraw: %v, %v, want %v", ok, err, want)
		}
	}
	if run, err := s.Run("r1"); err != nil || run.Status != engine.Skipped || run.Reason != "the job is gone" || !run.Ended.Equal(at(2)) {
		t.Errorf("the run that was withdrawn is %+v, %v", run, err)
	}
	if err := s.Begin(aRun("r1", "a")); !errors.Is(err, engine.ErrNotQueued) || !strings.Contains(err.Error(), "it is skipped") {
		t.Errorf("Begin of a run that was withdrawn: %v, want ErrNotQueued", err)
	}
	if ok, err := s.Withdraw(at(2), "nope", engine.Skipped, ""); ok || err != nil {
		t.Errorf("Withdraw of no run: %v, %v, want false", ok, err)
	}
	run := aRun("r2", "b")
	run.Reason = "it was too late"
	finish(t, s, run, engine.Skipped)
	if got := queued(t, s); got != [2]int{1, 1} {
		t.Errorf("%v are queued, want only r3", got)
	}
	if run, err := s.Run("r2"); err != nil || run.Status != engine.Skipped || run.Reason != "it was too late" {
		t.Errorf("the run that was skipped is %+v, %v", run, err)
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	first, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	late := due("r2", "sync", 5)
	late.Start, late.Overlap, late.Inputs = at(7), "queue", map[string]any{"n": 2}
	claimed(t, first, late, due("r3", "unheard", 2))
	sooner := due("r1", "sync", 1)
	sooner.Inputs, sooner.Overlap = map[string]any{"n": 1}, "queue"
	claimed(t, first, sooner) // it is due before the one that is on record already
	enqueue(t, first, true, asked("r0", "other", "allow"))
	s, third := openAt(t, path, Options{}), openAt(t, path, Options{})
	nobodys := engine.QueuedRun{
		Run: "r0", Job: "other", File: "/p/jobs/other.yaml", Inputs: map[string]any{"n": 1}, Trigger: engine.TriggerManual, Due: day, Start: day,
	}
	check := func(s *Store, want ...engine.QueuedRun) {
		t.Helper()
		got, err := s.Adopt([]string{"sync", "other"})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("adopted\n%+v, %v\nwant\n%+v", got, err, want)
		}
	}
	check(s, nobodys)
	check(s, nobodys) // it is its own now
	check(third)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	check(third, engine.QueuedRun{
		Run: "r1", Job: "sync", File: "/p/jobs/sync.yaml", Inputs: map[string]any{"n": 1}, Trigger: engine.TriggerSchedule, Due: at(1), Start: at(1),
		Alone: true, Reason: "it was queued behind run r2",
	}, engine.QueuedRun{
		Run: "r2", Job: "sync", File: "/p/jobs/sync.yaml", Inputs: map[string]any{"n": 2}, Trigger: engine.TriggerSchedule, Due: at(5), Start: at(7),
		Alone: true,
	})
	check(s, nobodys)
	begin(t, third, aRun("r1", "sync"))
	begin(t, s, aRun("r0", "other"))
	if got := queued(t, s); got != [2]int{2, 2} {
		t.Errorf("%v are queued, want 2", got)
	}
}

func TestEnqueue(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if v := enqueue(t, s, false, asked("r1", "sync", "skip")); v.Status != engine.Queued || v.Run != "r1" {
		t.Errorf("%+v, want it queued", v)
	}
	begin(t, s, aRun("r1", "sync"))
	if v := enqueue(t, s, false, asked("r2", "sync", "skip")); v.Status != engine.Skipped || v.Reason != engine.ReasonOverlap {
		t.Errorf("%+v, want it skipped", v)
	}
	if v := enqueue(t, s, true, asked("r3", "sync", "queue")); v.Status != engine.Queued || !v.Alone {
		t.Errorf("%+v, want it to wait", v)
	}
	if run, err := s.Run("r2"); err != nil || run.Status != engine.Skipped || run.Reason != "run r1 was still going on" || run.Trigger != "manual" {
		t.Errorf("the run that was skipped is %+v, %v", run, err)
	}
	if n := number(t, s, "SELECT count(*) FROM slots"); n != 0 {
		t.Errorf("%d slots, want none: nobody planned them", n)
	}
	odd := asked("r4", "sync", "allow")
	odd.Until, odd.Count, odd.Reason = at(9), 5, engine.ReasonMissed
	if v := enqueue(t, s, true, odd); v.Status != engine.Queued {
		t.Errorf("%+v, want it to wait: nobody skips what a person asks for", v)
	}
	if err := s.Begin(aRun("r3", "sync")); !errors.Is(err, engine.ErrNotQueued) {
		t.Errorf("Begin of a run that nobody has: %v, want ErrNotQueued", err)
	}
}

func TestGoing(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	c := start(t, "hold", path)
	c.await(t)
	begin(t, s, aRun("r1", "sync"))
	begin(t, s, aRun("r2", "other"))
	enqueue(t, s, true, asked("r3", "sync", "allow"))
	if got, err := s.Going("sync", ""); err != nil || strings.Join(got, " ") != "child r1" {
		t.Errorf("%v, %v are going on, want child and r1", got, err)
	}
	c.kill(t)
	if got, err := s.Going("sync", ""); err != nil || strings.Join(got, " ") != "r1" {
		t.Errorf("%v, %v are going on, want r1", got, err)
	}
}

// Of two processes that each have runs wait which are to be alone, the one with the run that was due first goes first.
func TestGoingTakesTurns(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	one, two := openAt(t, path, Options{}), openAt(t, path, Options{})
	queue := func(s *Store, c engine.Claim) {
		t.Helper()
		c.Overlap = "allow"
		claimed(t, s, c)
	}
	queue(two, due("r3", "sync", 3))
	queue(one, due("r1", "sync", 1))
	queue(two, due("r2", "sync", 2))
	queue(one, due("r4", "sync", 4))
	queue(one, due("r0", "other", 0))
	twin := due("r5", "sync", 4) // due with r4
	twin.Inputs = map[string]any{"n": 1}
	queue(two, twin)
	for _, test := range []struct {
		s         *Store
		run, want string
	}{{one, "r1", ""}, {two, "r2", "r1"}, {two, "r3", "r1"}, {one, "r4", "r2 r3"}, {two, "r5", "r1 r4"}} {
		if got, err := test.s.Going("sync", test.run); err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s waits for %v, %v, want %s", test.run, got, err, test.want)
		}
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := two.Going("sync", "r2"); err != nil || len(got) != 0 {
		t.Errorf("r2 waits for %v, %v, want nothing: that process is gone", got, err)
	}
}

// Whose end was asked for and whose process is gone is as any other once it is gone on with.
func TestContinueForgetsWhoAskedForItsEnd(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	gone, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, gone, aRun("r1", "sync"))
	if got := cancel(t, s, "r1", "ann"); got != engine.Running {
		t.Fatalf("it was %s", got)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	goOn(t, s, run)
	toCancel(t, s, map[string]string{})
}

// Of those who see at the same time what nobody has, one gets each.
func TestAdoptByMany(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	for i := range 3 {
		enqueue(t, s, true, asked(fmt.Sprint("r", i), "sync", "allow"))
	}
	var seen [2][]waiting
	for i, s := range []*Store{s, other} {
		var err error
		if seen[i], err = s.queued(); err != nil {
			t.Fatal(err)
		}
	}
	take := func(s *Store, live string, runs []waiting, want int) {
		t.Helper()
		if got, err := s.takeOver("take over", live, runs); err != nil || len(got) != want {
			t.Errorf("%v, %v, want %d", got, err, want)
		}
	}
	take(s, "s", seen[0][:2], 2)
	take(other, "other", seen[1], 1)
	take(s, "s", seen[0], 0)
}
