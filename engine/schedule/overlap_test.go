package schedule

import (
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/history"
)

func TestOverlap(t *testing.T) {
	for policy, want := range map[string]struct{ story, starts string }{
		"skip":           {"10:00 ok, 20:00-30:00(2) skipped:overlap, 40:00 ok, 50:00-60:00(2) skipped:overlap", "10:00 40:00"},
		"allow":          {"10:00 ok, 20:00 ok, 30:00 ok, 40:00 ok, 50:00 running, 60:00 running", "10:00 20:00 30:00 40:00"},
		"queue":          {"10:00 ok, 20:00 ok, 30:00 running, 40:00 queued, 50:00 skipped:queue_full, 60:00 queued", "10:00 34:00"},
		"cancel_running": {"10:00 cancelled, 20:00 cancelled, 30:00 cancelled, 40:00 cancelled, 50:00 cancelled, 60:00 running", "10:00 20:00 30:00 40:00 50:00"},
	} {
		t.Run(policy, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newDaemon(t, newFile(t), options{Config: Config{MaxQueue: 2}, take: always(24 * time.Minute)}, job(t, "sync", "*/10 * * * *", overlap(policy)))
				defer d.end()
				after(65 * time.Minute)
				d.wantStory("sync", want.story)
				if got := d.starts("sync"); got != want.starts {
					t.Errorf("got starts at %s, want %s", got, want.starts)
				}
			})
		})
	}
}

func TestOverlapNamesTheNewerRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{take: always(25 * time.Minute)}, job(t, "sync", "*/10 * * * *", overlap("cancel_running")))
		defer d.end()
		after(21 * time.Minute)
		newer := d.told(SlotQueued)[1].Run
		if got, want := d.started()[0].cause, "cancelled by run "+newer; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestOverlapWithAnotherProcess has a person run the job in a terminal while the daemon is to run it.
func TestOverlapWithAnotherProcess(t *testing.T) {
	for policy, want := range map[string]string{
		"skip":           "10:00 skipped:overlap, 20:00 ok",
		"allow":          "10:00 ok, 20:00 ok",
		"queue":          "10:00 ok, 20:00 ok",
		"cancel_running": "10:00 ok, 20:00 ok",
	} {
		t.Run(policy, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *", overlap(policy)))
				defer d.end()
				person := d.other()
				after(5 * time.Minute)
				run := beginByHand(t, person, "byhand", "sync")
				after(8 * time.Minute)
				asked, err := person.ToCancel()
				if err != nil || (len(asked) == 1) != (policy == "cancel_running") {
					t.Errorf("got %v, %v as what the person's process is asked to end", asked, err)
				}
				if queued := d.Standing().Queued; policy == "queue" && (len(queued) != 1 || queued[0].Why != "another run of the job goes on") {
					t.Errorf("got %+v, want one that waits", queued)
				}
				run.Status, run.Ended = engine.OK, d.now()
				if err := person.Finish(run); err != nil {
					t.Fatal(err)
				}
				after(10 * time.Minute)
				d.wantStory("sync", want)
				first := map[string]string{"skip": "20:00", "allow": "10:00 20:00"}[policy]
				if first == "" {
					first = "13:01 20:00" // it looks each second
				}
				if got := d.starts("sync"); got != first {
					t.Errorf("got starts at %s, want %s", got, first)
				}
			})
		})
	}
}

// beginByHand records a run that goes on in the process of a store.
func beginByHand(t *testing.T, store *history.Store, id, job string) *engine.Run {
	t.Helper()
	run := &engine.Run{ID: id, Job: job, Status: engine.Running, Trigger: engine.TriggerManual, Due: time.Now(), Started: time.Now(), Text: "version: 1\n", Attempt: 1}
	if err := store.Begin(run); err != nil {
		t.Fatal(err)
	}
	return run
}

// TestQueuedRunsOfTwoDaemonsTakeTurns has runs that are to be alone wait in two daemons at once.
func TestQueuedRunsOfTwoDaemonsTakeTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newFile(t)
		one := newDaemon(t, file, options{take: always(3 * time.Minute)}, job(t, "sync", "*/2 * * * *", overlap("queue")))
		two := newDaemon(t, file, options{take: always(3 * time.Minute)}, job(t, "sync", "1-59/2 * * * *", overlap("queue")))
		after(20*time.Minute + 30*time.Second)
		one.stop()
		two.stop()
		after(time.Hour)
		runs := append(one.started(), two.started()...)
		if len(runs) < 6 || len(one.started()) == 0 || len(two.started()) == 0 {
			t.Errorf("%d and %d ran, want both to", len(one.started()), len(two.started()))
		}
		for i, a := range runs {
			for _, b := range runs[:i] {
				if a.at.Before(b.until) && b.at.Before(a.until) {
					t.Errorf("the run of %v went on from %v to %v, that of %v from %v to %v", a.Due, a.at, a.until, b.Due, b.at, b.until)
				}
				if a.Due.Before(b.Due) != a.at.Before(b.at) {
					t.Errorf("the run of %v started at %v, that of %v at %v", a.Due, a.at, b.Due, b.at)
				}
			}
		}
		one.end()
		two.end()
	})
}

func TestAFreeTurnIsGivenAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{take: always(95 * time.Second)}, job(t, "sync", "* * * * *", overlap("queue")))
		defer d.end()
		after(5 * time.Minute)
		synctest.Wait()
		if got, want := d.starts("sync"), "1:00 2:35"; got != want {
			t.Errorf("got starts at %s, want %s", got, want)
		}
	})
}
