package enginetest

import (
	"errors"
	"testing"

	"snrun/engine"
)

// carriedElsewhere holds that what is recorded of a run which a workflow carries out may be recorded again: whoever did it was lost before
// it was known. No process that goes takes such a run along.
func carriedElsewhere(t *testing.T, j *turning) {
	run := &engine.Run{ID: "r1", Job: "sync", Status: engine.Queued, Attempt: 1, Workflow: "default/snrun-r1", File: "/jobs/sync.yaml", Text: "a", Called: []engine.Text{{File: "b", Text: "b"}}}
	for range 2 {
		if err := j.Begin(run, outcome("@given", `{"n":1}`)); err != nil {
			t.Fatalf("Begin of a run that waits for its workflow: %v", err)
		}
		j.turn(t)
		run.Called = []engine.Text{{File: "b", Text: "b"}}
	}
	run.Status, run.Started = engine.Running, day
	for range 2 {
		if err := j.Begin(run); err != nil {
			t.Fatalf("Begin of a run that is under way: %v", err)
		}
		expect(t, j, "r1", "@given", recorded{engine.Done, `{"n":1}`})
		commit(t, j, "r1", outcome("/a", "1"))
		j.turn(t)
	}
	next := *run
	next.Attempt = 2
	if err := j.Continue(&next, []string{"/a"}, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue of a run that is under way: %v, want ErrRunning", err)
	}
	other := *run
	other.Workflow = "default/other"
	if err := j.Begin(&other); !errors.Is(err, engine.ErrNotQueued) {
		t.Errorf("Begin for another workflow: %v, want ErrNotQueued", err)
	}
	finish(t, j, run, engine.Failed)
	j.turn(t)
	if err := j.Begin(run); !errors.Is(err, engine.ErrNotQueued) {
		t.Errorf("Begin of a run that has ended: %v, want ErrNotQueued", err)
	}
	expect(t, j, "r1", "/a", recorded{engine.Done, "1"})
	run.Status, run.Attempt = engine.Running, 2
	for range 2 {
		if err := j.Continue(run, nil, nil); err != nil {
			t.Errorf("Continue for the same workflow: %v", err)
		}
		j.turn(t)
	}
	expect(t, j, "r1", "/a", recorded{engine.Done, "1"})
}
