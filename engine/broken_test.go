package engine_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
)

// broken is a journal whose disk is full: from some commit on, for notes, or for reading the state.
type broken struct {
	*engine.Memory
	commits   atomic.Int64 // so many go well
	once      bool         // one commit fails, those after it go well
	intents   bool         // none can be recorded
	notes     bool
	state     bool
	begun     atomic.Int64
	afterFull atomic.Int64 // intents after the first error
}

var errDisk = fmt.Errorf("record the outcome of a call in history.db: %w", engine.ErrFull)

// brokenAfter gives a journal in which so many commits go well.
func brokenAfter(commits int64) *broken {
	b := &broken{}
	b.commits.Store(commits)
	return b
}

// withoutIntents gives a journal in which no intent can be recorded.
func withoutIntents() *broken {
	b := brokenAfter(9)
	b.intents = true
	return b
}

func (b *broken) Begin(run *engine.Run, entries ...engine.Entry) error {
	b.begun.Add(1)
	return b.Memory.Begin(run, entries...)
}

func (b *broken) Commit(run string, entry engine.Entry) error {
	if left := b.commits.Add(-1); left == -1 || left < 0 && !b.once {
		return errDisk
	}
	return b.Memory.Commit(run, entry)
}

func (b *broken) Intend(run, key string) error {
	if b.commits.Load() < 0 {
		b.afterFull.Add(1)
	}
	if b.intents {
		return errDisk
	}
	return b.Memory.Intend(run, key)
}

func (b *broken) Note(run string, step engine.StepRun) error {
	if b.notes && step.Status != engine.Running {
		return errDisk
	}
	return b.Memory.Note(run, step)
}

func (b *broken) State(job string) (map[string]any, error) {
	if b.state {
		return nil, errDisk
	}
	return b.Memory.State(job)
}

// runBroken runs a job whose journal is broken.
func runBroken(t *testing.T, b *broken, yaml string) (*engine.Run, *probe, error) {
	t.Helper()
	p := &probe{fails: map[string]int{}}
	b.Memory = engine.NewMemory()
	e := engine.New(engine.Config{Journal: b, Redactor: auth.NewRedactor(), Dir: t.TempDir()})
	run, err := e.Run(t.Context(), engine.Request{Job: loadJob(t, p.kind(), yaml)})
	return run, p, err
}

// TestFullDisk holds that an error of the journal ends the run at once and is the run's error, whatever else goes on.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	const want = "failed null limit() the run could not be recorded any further: record the outcome of a call in history.db: the disk is full"
	loop := "steps:\n  - foreach:\n      in: ${1..100}\n      concurrency: 8\n      tolerate: all\n      steps: [%s]\n"
	beside := "state: {n: {initial: 0}}\nsteps:\n  - foreach: {in: [0, 1], concurrency: 2, steps: [{probe: {takes: '${item * 3599 + 1}s'}}, {%s}]}\n"
	tests := []struct {
		name    string
		journal *broken
		yaml    string
		calls   int // at most
	}{
		{"in a loop", &broken{}, fmt.Sprintf(loop, "{probe: {takes: '${item}s', unsafe: true}}, {probe: {takes: 1s, unsafe: true}}"), 8},
		{"in a loop, once", &broken{once: true}, fmt.Sprintf(loop, "{probe: {takes: '${item}s', unsafe: true}}, {probe: {takes: 1s, unsafe: true}}"), 8},
		{"nothing is tidied up any more", &broken{once: true}, "steps:\n  - try: [{probe: {}}]\n    catch: [{steps: [{probe: {}}]}]\n    finally: [{probe: {}}]\non_failure: [{probe: {}}]\nfinally: [{probe: {}}]", 1},
		{"beside an item that fails", brokenAfter(1), "steps:\n  - foreach:\n      in: [1, 2]\n      concurrency: 2\n      steps: [{probe: {takes: '${item}s'}}, {fail: no}]\n", 2},
		{"before an unsafe call, beside one under way", withoutIntents(), fmt.Sprintf(beside, "probe: {unsafe: true}"), 2},
		{"in a save, beside a call under way", brokenAfter(1), fmt.Sprintf(beside, "save: {n: 1}"), 2},
		{"in a save", &broken{}, "state: {n: {initial: 0}}\nsteps: [{save: {n: 1}}, {probe: {}}]", 0},
		{"in the last note", &broken{notes: true}, "steps: [{log: a}]", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				run, p, err := runBroken(t, test.journal, test.yaml)
				if err != nil {
					t.Fatal(err)
				}
				check(t, "outcome", outcome(run), want)
				if len(p.calls) > test.calls {
					t.Errorf("made %d calls, want no more than %d:\n%s", len(p.calls), test.calls, strings.Join(p.calls, "\n"))
				}
				if took := run.Ended.Sub(run.Started); took > time.Minute {
					t.Errorf("went on for %s", took)
				}
				if n := test.journal.afterFull.Load(); n > 0 {
					t.Errorf("%d calls were about to be made after the disk was full", n)
				}
			})
		})
	}
}

// TestStateThatCannotBeRead holds that no run is left on record as running when it cannot even start.
func TestStateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := &broken{state: true}
	run, _, err := runBroken(t, b, "steps: [{log: a}]")
	if run != nil || err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v, %v, want an error that names the full disk", run, err)
	}
	if n := b.begun.Load(); n != 0 {
		t.Errorf("%d runs are on record, want none", n)
	}
}
