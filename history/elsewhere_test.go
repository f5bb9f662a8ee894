package history

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// oracle is a Conductor that knows what it was told.
type oracle struct {
	fates map[string]Fate
	err   error
	asked [][]Conducted
}

// Fates gives what it knows.
func (o *oracle) Fates(_ context.Context, runs []Conducted) (map[string]Fate, error) {
	o.asked = append(o.asked, runs)
	return o.fates, o.err
}

// conductedRun is a run that a workflow carries out, and begins it.
func conductedRun(t *testing.T, s *Store, id string, status engine.Status) *engine.Run {
	t.Helper()
	run := aRun(id, "sync")
	run.Workflow, run.Status = "default/snrun-"+id, status
	begin(t, s, run)
	return run
}

// TestEndedElsewhere has runs that nobody here carries out come to an end of which nobody tells: it is on record when they are read.
func TestEndedElsewhere(t *testing.T) {
	t.Parallel()
	place := somewhere(t)
	s := openAt(t, place, Options{})
	for id, status := range map[string]engine.Status{"r1": engine.Running, "r2": engine.Queued, "r3": engine.Running, "r4": engine.Running} {
		conductedRun(t, s, id, status)
	}
	note := engine.StepRun{Key: "/post", ID: "post", Kind: "rest", Status: engine.Running, Started: time.Now()}
	if err := errors.Join(s.Note("r3", note), s.Intend("r3", "/post#1")); err != nil {
		t.Fatal(err)
	}
	terminated := &steps.Error{Kind: steps.Cancelled, Message: "its workflow was terminated"}
	o := &oracle{fates: map[string]Fate{
		"r1": {engine.Interrupted, terminated}, "r2": {engine.Cancelled, &steps.Error{Kind: steps.Cancelled, Message: "its workflow was cancelled"}},
		"r3": {engine.Failed, &steps.Error{Kind: steps.Timeout, Message: "its workflow took too long"}},
	}}
	s.Conduct(o)
	for id, want := range map[string]struct {
		status engine.Status
		says   []string
	}{
		"r1": {engine.Interrupted, []string{"its workflow was terminated", "snrun resume r1"}},
		"r2": {engine.Cancelled, []string{"its workflow was cancelled"}},
		"r3": {engine.Interrupted, []string{"it is not known whether this was carried out: /post", "--assume done"}}, // a person must say what holds
		"r4": {engine.Running, nil},
	} {
		run, err := s.Run(id)
		if err != nil {
			t.Fatal(err)
		}
		if run.Status != want.status {
			t.Errorf("%s is %s, want %s", id, run.Status, want.status)
		}
		for _, text := range want.says {
			if run.Error == nil || !strings.Contains(run.Error.Message+" "+run.Error.Hint, text) {
				t.Errorf("%s: %+v, want %q", id, run.Error, text)
			}
		}
	}
	if len(o.asked) != 1 {
		t.Errorf("it was asked %d times at once", len(o.asked))
	}
	if run, _ := s.Run("r3"); len(run.Steps) != 1 || run.Steps[0].Status != engine.InDoubt {
		t.Errorf("the step that was under way is %+v", run.Steps)
	}
}

// TestConductorKnowsAttempts holds what a Conductor is told of a run: since when its attempt is under way, and as what.
func TestConductorKnowsAttempts(t *testing.T) {
	t.Parallel()
	s := openAt(t, somewhere(t), Options{})
	run := conductedRun(t, s, "r1", engine.Running)
	before := time.Now().Add(-time.Minute)
	if err := errors.Join(s.Commenced("r1", "a-server", ""), s.Commenced("r1", "a-server", "first-run-id")); err != nil {
		t.Fatal(err)
	}
	o := &oracle{err: errors.New("it cannot be asked")}
	s.Conduct(o)
	head, err := s.Head("r1")
	if err != nil || head.Status != engine.Running {
		t.Fatalf("%v, %v: what cannot be asked about stays as it is", head, err)
	}
	if len(o.asked) != 1 || len(o.asked[0]) != 1 {
		t.Fatalf("it was asked for %v", o.asked)
	}
	got := o.asked[0][0]
	if got.Run != "r1" || got.Workflow != run.Workflow || got.Attempt != 1 || got.Server != "a-server" || got.Began != "first-run-id" || got.Since.Before(before) {
		t.Errorf("it was told %+v", got)
	}
}
