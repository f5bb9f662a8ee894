package schedule

import (
	"testing"
	"time"
)

// TestReloadIsFollowedAtOnce has a job be new half a second before it is due, and half a second after the daemon looked last.
func TestReloadIsFollowedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		after(500 * time.Millisecond)
		d := newDaemon(t, newFile(t), options{}, job(t, "other", "0 12 * * *"))
		defer d.end()
		after(59*time.Second + 100*time.Millisecond) // it looks at the halves of seconds
		if err := d.Plan([]Job{job(t, "sync", "* * * * *")}); err != nil {
			t.Fatal(err)
		}
		after(2 * time.Second)
		if got := d.starts("sync"); got != "1:00" || !d.started()[0].at.Equal(d.started()[0].Due) {
			t.Errorf("got starts at %s, want it when it is due", got)
		}
	})
}

// TestReloadInAnyOrder holds that no order of the jobs makes one of them look as if it were gone.
func TestReloadInAnyOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		list := []Job{job(t, "c", "1 * * * *"), job(t, "a", "1 * * * *"), job(t, "b", "1 * * * *")}
		for i := range list {
			list[i].Schedules[0].Jitter = 30 * time.Minute
		}
		d := newDaemon(t, newFile(t), options{}, list...)
		defer d.end()
		after(time.Minute)
		if err := d.Plan(list); err != nil {
			t.Fatal(err)
		}
		after(30 * time.Minute)
		for _, j := range list {
			d.wantStory(j.Name, "1:00 ok")
		}
	})
}

// TestOneScheduleTwice has a job say the same twice.
func TestOneScheduleTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		put := job(t, "sync", "*/10 * * * *")
		put.Schedules = append(put.Schedules, put.Schedules[0])
		d := newDaemon(t, newFile(t), options{}, put)
		defer d.end()
		after(20 * time.Minute)
		d.wantStory("sync", "10:00 ok, 20:00 ok")
	})
}
