package history

import (
	"reflect"
	"testing"
	"time"

	"snrun/engine"
)

func TestSuccesses(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i, end := range []struct {
		job    string
		status engine.Status
		after  time.Duration
	}{
		{"sync", engine.OK, time.Hour}, {"sync", engine.OK, time.Minute}, {"sync", engine.Failed, 2 * time.Hour},
		{"bad", engine.Failed, time.Hour}, {"idle", engine.OK, time.Second},
	} {
		run := begin(t, s, aRun(string(rune('a'+i)), end.job))
		run.Status, run.Ended = end.status, day.Add(end.after)
		if err := s.Finish(run); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, s, aRun("z", "new"))
	got, err := s.Successes()
	if err != nil {
		t.Fatal(err)
	}
	for job, at := range got {
		got[job] = at.UTC()
	}
	if want := map[string]time.Time{"sync": day.Add(time.Hour), "idle": day.Add(time.Second)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
