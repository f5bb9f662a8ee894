package schedule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/jobs"
)

// span is a time in which a daemon lived.
type span struct{ from, to time.Time }

// TestRestarts starts and ends daemons at random moments, and holds each slot of a job that is due each minute against what is
// to become of it.
func TestRestarts(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				minutes := func(most int) time.Duration { return time.Duration(random.IntN(most*60_000)+1) * time.Millisecond }
				file := newFile(t)
				list := []Job{
					job(t, "none", "* * * * *"), job(t, "latest", "* * * * *", catchUp("latest", 0)), job(t, "all", "* * * * *", catchUp("all", 0)),
					job(t, "window", "* * * * *", catchUp("all", 10*time.Minute)),
					job(t, "jitter", "* * * * *", overlap("queue"), func(s *jobs.Schedule) { s.Jitter = 50 * time.Second }),
				}
				var lives []span
				var runs []started
				for range 12 {
					from := time.Now()
					d := newDaemon(t, file, options{}, list...)
					after(minutes(12))
					d.end()
					lives, runs = append(lives, span{from, time.Now()}), append(runs, d.started()...)
					time.Sleep(minutes(20))
				}
				from := time.Now()
				d := newDaemon(t, file, options{}, list...)
				after(3 * time.Minute)
				lives = append(lives, span{from, time.Now()})
				runs = append(runs, d.started()...)
				defer d.end()
				once(t, runs)
				for _, j := range list {
					checkSlots(t, d.store, j.Name, runs, func(due time.Time) bool { return wanted(j, due, lives) })
				}
			})
		})
	}
}

// wanted says whether a slot is to be run: where a daemon lived, or where one that came later catches up with it.
func wanted(j Job, due time.Time, lives []span) bool {
	next := slices.IndexFunc(lives, func(l span) bool { return !l.to.Before(due) })
	if lives[next].from.Before(due) {
		return true
	}
	start := lives[next].from
	switch c := j.Schedules[0].CatchUp; c.Mode {
	case "latest":
		return start.Sub(due) < time.Minute
	case "all":
		return c.Window == 0 || start.Sub(due) <= c.Window
	}
	return false
}

// checkSlots holds that each minute is accounted for once: in one decision, and by a run if it is wanted, else by none.
func checkSlots(t *testing.T, store *history.Store, name string, runs []started, wanted func(time.Time) bool) {
	t.Helper()
	slots, err := store.Slots(name, 1_000_000, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ran := map[int64]bool{}
	for _, r := range runs {
		if r.Job == name {
			ran[r.Due.Unix()] = true
		}
	}
	total := 0
	for _, s := range slots {
		total += s.Count
	}
	minutes := 0
	last := time.Now().Add(-time.Minute) // one that waits for its jitter is not yet run
	for due := beginning.Add(time.Minute); !due.After(time.Now()); due = due.Add(time.Minute) {
		minutes++
		covering := slices.IndexFunc(slots, func(s history.Slot) bool { return !s.Due.After(due) && !s.Until.Before(due) })
		switch {
		case covering < 0:
			t.Errorf("%s at %s: nothing was decided", name, clockOf(due))
		case due.After(last):
		case ran[due.Unix()] != wanted(due) || (slots[covering].Run.Status == engine.OK) != wanted(due):
			t.Errorf("%s at %s: it ran: %v, and is on record as %s %s (%s); it is to be run: %v", name, clockOf(due), ran[due.Unix()],
				slots[covering].Run.Status, slots[covering].Reason, slots[covering].Run.Reason, wanted(due))
		}
	}
	if total != minutes {
		t.Errorf("%s: %d slots are on record, want %d", name, total, minutes)
	}
}

// TestTwoDaemonsOnOneDatabase has two daemons live and end at random on one history.
func TestTwoDaemonsOnOneDatabase(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				file := newFile(t)
				keep := open(t, file) // so that there is always one who has it open
				defer keep.Close()
				list := []Job{
					job(t, "none", "* * * * *"), job(t, "all", "* * * * *", catchUp("all", 0)), job(t, "often", "@every 7s"),
					job(t, "jitter", "* * * * *", overlap("queue"), func(s *jobs.Schedule) { s.Jitter = 50 * time.Second }),
				}
				done := make(chan []started)
				for n := range uint64(2) {
					go func() { done <- livesOften(t, file, rand.New(rand.NewPCG(seed, n)), list) }()
				}
				runs := append(<-done, <-done...)
				d := newDaemon(t, file, options{}, list...)
				after(2*time.Minute + time.Second)
				runs = append(runs, d.started()...)
				defer d.end()
				once(t, runs)
				for _, name := range []string{"none", "all", "jitter"} {
					slots, err := d.store.Slots(name, 1_000_000, time.Time{})
					if err != nil {
						t.Fatal(err)
					}
					ran := map[int64]bool{}
					for _, r := range runs {
						ran[r.Due.Unix()] = ran[r.Due.Unix()] || r.Job == name
					}
					checkSlots(t, d.store, name, runs, func(due time.Time) bool {
						i := slices.IndexFunc(slots, func(s history.Slot) bool { return !s.Due.After(due) && !s.Until.Before(due) })
						if name == "all" && !ran[due.Unix()] {
							t.Errorf("all at %s: it did not run", clockOf(due))
						}
						return i >= 0 && slots[i].Reason == ""
					})
				}
			})
		})
	}
}

// livesOften starts and ends daemons one after the other for an hour, and gives their runs.
func livesOften(t *testing.T, file string, random *rand.Rand, list []Job) []started {
	var runs []started
	seconds := func(most int) time.Duration { return time.Duration(random.IntN(most*1000)+1) * time.Millisecond }
	for end := time.Now().Add(time.Hour); time.Now().Before(end); {
		d := newDaemon(t, file, options{}, list...)
		time.Sleep(seconds(500))
		d.end()
		runs = append(runs, d.started()...)
		time.Sleep(seconds(200))
	}
	return runs
}

// TestQueuedRunsSurviveARestart looks at runs that wait when their daemon ends.
func TestQueuedRunsSurviveARestart(t *testing.T) {
	for name, test := range map[string]struct {
		down time.Duration
		want string
	}{
		"at once":            {time.Second, "a 10:00 ok, b 10:00 ok, c 10:00 ok"},
		"within the window":  {19 * time.Minute, "a 10:00 ok, b 10:00 ok, c 10:00 ok"},
		"beyond the windows": {21 * time.Minute, "a 10:00 ok, b 10:00 skipped, c 10:00 ok"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				file := newFile(t)
				list := []Job{
					job(t, "a", "10 0 * * *"), job(t, "b", "10 0 * * *", catchUp("latest", 20*time.Minute)), job(t, "c", "10 0 * * *", catchUp("all", 0)),
				}
				first := newDaemon(t, file, options{Config: Config{MaxRuns: 1}, take: always(time.Second / 2)}, list...)
				if !first.Go("x", "x", func(ctx context.Context) { <-ctx.Done() }) {
					t.Fatal("it is draining")
				}
				after(10 * time.Minute)
				first.endHere("x", "nobody")
				first.stop()
				first.Drain(context.Background(), nil)
				first.end()
				time.Sleep(test.down)
				d := newDaemon(t, file, options{}, list...)
				defer d.end()
				after(time.Second)
				if got := fmt.Sprintf("a %s, b %s, c %s", d.story("a"), d.story("b"), d.story("c")); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
				if test.want == "a 10:00 ok, b 10:00 skipped, c 10:00 ok" {
					const want = "no daemon was there to start it until 2000-01-01 00:31:00 +00:00; that is longer ago than catch_up.window"
					if told := d.told(SlotSkipped); len(told) != 1 || told[0].Message != want || told[0].Reason != engine.ReasonMissed {
						t.Errorf("got %+v, want %s", told, want)
					}
				}
			})
		})
	}
}

// TestAnotherDaemonTakesOver has a daemon end while one of its runs waits, and another one live on.
func TestAnotherDaemonTakesOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newFile(t)
		put := job(t, "sync", "10 0 * * *", func(s *jobs.Schedule) { s.Jitter = 5 * time.Minute })
		one := newDaemon(t, file, options{}, put)
		after(9*time.Minute + time.Second/2)
		two := newDaemon(t, file, options{}, put)
		after(time.Minute)
		if n := len(one.Standing().Queued) + len(two.Standing().Queued); n != 1 {
			t.Fatalf("%d wait, want one", n)
		}
		has, other := one, two
		if len(two.Standing().Queued) == 1 {
			has, other = two, one
		}
		defer other.end()
		has.end()
		after(11 * time.Second)
		if n := len(other.Standing().Queued); n != 1 {
			t.Errorf("%d wait, want that it was taken over", n)
		}
		after(5 * time.Minute)
		other.wantStory("sync", "10:00 ok")
	})
}

// TestADaemonThatStoodStillAsksOthers has a daemon not look for an hour in which another one decided upon some slots.
func TestADaemonThatStoodStillAsksOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file, put := newFile(t), job(t, "sync", "1,2,3,40,50 * * * *")
		still := newDaemon(t, file, options{idle: true}, put)
		defer still.end()
		still.look()
		other := newDaemon(t, file, options{}, put)
		after(20 * time.Minute)
		other.end()
		time.Sleep(35 * time.Minute)
		still.look()
		still.wantStory("sync", "1:00 ok, 2:00 ok, 3:00 ok, 40:00-50:00(2) skipped:missed")
		const want = "the daemon could not look from 2000-01-01 00:00:00 +00:00 to 2000-01-01 00:55:00 +00:00; catch_up is none"
		if told := still.told(SlotSkipped); len(told) != 1 || told[0].Message != want {
			t.Errorf("got %+v, want %s", told, want)
		}
	})
}

// TestARunThatCouldNotBeginIsStartedAgain has the first try of a run leave nothing on record, as on a full disk.
func TestARunThatCouldNotBeginIsStartedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var tries []time.Time
		o := options{start: func(d *daemon, ctx context.Context, r engine.QueuedRun) {
			if tries = append(tries, time.Now()); len(tries) > 1 {
				d.carryOut(ctx, r, nil)
			}
		}}
		d := newDaemon(t, newFile(t), o, job(t, "sync", "10 * * * *"))
		defer d.end()
		after(11 * time.Minute)
		d.wantStory("sync", "10:00 ok")
		if len(tries) != 2 || tries[1].Sub(tries[0]) < time.Second {
			t.Errorf("it was tried at %v, want twice, some seconds apart", tries)
		}
	})
}
