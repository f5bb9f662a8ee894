package history

import (
	"testing"
	"time"

	"snrun/engine"
)

// TestAbandonedRun holds that a run whose end could not be recorded holds up nobody, can be gone on with in the process that lives, and
// then is as any other.
func TestAbandonedRun(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := aRun("r1", "sync")
	run.Daemon = true
	run = begin(t, s, run)
	begin(t, s, aRun("r2", "other"))
	s.Abandon("r1")
	if got, err := s.Going("sync", ""); err != nil || len(got) != 0 {
		t.Errorf("%v, %v go on, want nothing", got, err)
	}
	c := due("r3", "sync", 1)
	c.Overlap = "skip"
	if got := claimed(t, s, c); got[0].Status != engine.Queued {
		t.Errorf("the next slot is %+v, want it queued", got[0])
	}
	check := func(want engine.Status) {
		t.Helper()
		list, err := s.Interrupted([]string{"sync", "other"})
		if err != nil || len(list) == 1 != (want == engine.Interrupted) {
			t.Errorf("interrupted are %+v, %v", list, err)
		}
		got, err := s.Run("r1")
		if err != nil || got.Status != want {
			t.Errorf("the run is %s, %v, want %s", got.Status, err, want)
		}
		if want == engine.Interrupted && got.Error != nil && got.Error.Message != "what it did could not be recorded any further" {
			t.Errorf("it says %q", got.Error.Message)
		}
	}
	check(engine.Interrupted)
	check(engine.Interrupted)
	goOn(t, s, run)
	check(engine.Running)
	s.Abandon("r1")
	goOn(t, s, run) // before anybody else has looked
	check(engine.Running)
	run.Status, run.Ended = engine.OK, day.Add(time.Hour)
	if err := s.Finish(run); err != nil {
		t.Fatal(err)
	}
	s.Abandon("r1") // which says nothing new
	check(engine.OK)
	if len(s.abandoned) != 0 {
		t.Errorf("%v are still kept in mind", s.abandoned)
	}
}
