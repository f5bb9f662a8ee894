package schedule

import (
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

func TestFiresWhenDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *"), job(t, "pulse", "@every 7m"))
		defer d.end()
		after(30 * time.Minute)
		if got, want := d.story("sync"), "10:00 ok, 20:00 ok, 30:00 ok"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		for _, s := range d.started() {
			if !s.at.Equal(s.Due) || s.Trigger != engine.TriggerSchedule {
				t.Errorf("%s, due %v, started at %v by %s", s.Job, s.Due, s.at, s.Trigger)
			}
		}
	})
}
