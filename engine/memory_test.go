package engine_test

import (
	"testing"

	"snrun/engine"
	"snrun/engine/enginetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	enginetest.Journal(t, memories())
}

// TestMemoryRun holds that the record which is handed out stays as it is while the run goes on.
func TestMemoryRun(t *testing.T) {
	t.Parallel()
	m := engine.NewMemory()
	if err := m.Begin(&engine.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	note := func(status engine.Status) *engine.Run {
		if err := m.Note("r", engine.StepRun{Key: "/a", Status: status}); err != nil {
			t.Fatal(err)
		}
		return m.Run("r")
	}
	before, after := note(engine.Running), note(engine.OK)
	if got := before.Steps[0].Status; got != engine.Running || after.Steps[0].Status != engine.OK {
		t.Errorf("the step is %s, then %s, want %s, then %s", got, after.Steps[0].Status, engine.Running, engine.OK)
	}
}
