package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

func TestQueueIsFairAmongJobs(t *testing.T) {
	t.Parallel()
	q := newQueue()
	add := func(job string, minutes ...float64) {
		for _, m := range minutes {
			q.add(engine.QueuedRun{Run: fmt.Sprint(job, m), Job: job, Due: minutesIn(-m)}, minutesIn(100))
		}
	}
	anyone := func(*waiting) bool { return true }
	add("a", 3, 1, 2, 4)
	add("b", 2, 1)
	var got []string
	take := func(n int) {
		for range n {
			got = append(got, q.begin(q.next(anyone).Run).Run)
		}
	}
	take(3)
	add("c", 9)
	q.remove("b1")
	take(3)
	if want := "a4 b2 a3 a2 c9 a1"; strings.Join(got, " ") != want || q.next(anyone) != nil {
		t.Errorf("got %v, want %s and nothing more", got, want)
	}
}

// TestManyDueAtOnce has ten thousand jobs be due in the same second.
func TestManyDueAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		jobs, most := 10_000, 300
		if testing.Short() {
			jobs = 1_000
		}
		list := make([]Job, jobs)
		for i := range list {
			list[i] = job(t, fmt.Sprintf("job_%05d", i), "0 * * * *")
		}
		d := newDaemon(t, newFile(t), options{Config: Config{MaxRuns: most}, take: always(10 * time.Second)}, list...)
		after(time.Hour + time.Second)
		if st := d.Standing(); len(st.Running) != most || len(st.Queued) != jobs-most {
			t.Errorf("%d go on and %d wait, want %d and the rest", len(st.Running), len(st.Queued), most)
		}
		after(30 * time.Minute)
		d.end()
		seen := map[string]int{}
		var changes []change
		for _, s := range d.started() {
			seen[s.Job]++
			changes = append(changes, change{s.at, 1}, change{s.until, -1})
		}
		for _, j := range list {
			if seen[j.Name] != 1 {
				t.Fatalf("%s ran %d times, want once", j.Name, seen[j.Name])
			}
		}
		if got := highest(changes); got != most {
			t.Errorf("%d went on at once, want %d", got, most)
		}
	})
}

// change is a run that starts, or ends.
type change struct {
	at time.Time
	by int
}

// highest gives how many runs went on at once. One that ends makes room for one that starts.
func highest(list []change) int {
	slices.SortFunc(list, func(a, b change) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.by - b.by
	})
	now, most := 0, 0
	for _, c := range list {
		now += c.by
		most = max(most, now)
	}
	return most
}

func TestPanicInStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		panics := true
		o := options{Config: Config{MaxRuns: 1}, start: func(d *daemon, ctx context.Context, r engine.QueuedRun) {
			if panics {
				panics = false
				panic("oh no")
			}
			d.carryOut(ctx, r, nil)
		}}
		d := newDaemon(t, newFile(t), o, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		after(25 * time.Minute)
		d.wantStory("sync", "10:00 failed, 20:00 ok")
		told := d.told(StartFailed)
		if len(told) != 1 || told[0].Job != "sync" || !strings.HasPrefix(told[0].Message, "snrun itself panicked while it started the run: oh no\n") {
			t.Errorf("got %+v, want the panic to be told", told)
		}
	})
}

func TestARunThatHangsHoldsUpOnlyItsJob(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := options{Config: Config{MaxRuns: 2}, take: func(r engine.QueuedRun) time.Duration {
			if r.Job == "hangs" {
				return 1_000_000 * time.Hour
			}
			return time.Second
		}}
		d := newDaemon(t, newFile(t), o, job(t, "hangs", "*/10 * * * *"), job(t, "sync", "*/10 * * * *"))
		after(35 * time.Minute)
		d.wantStory("hangs", "10:00 running, 20:00-30:00(2) skipped:overlap")
		d.wantStory("sync", "10:00 ok, 20:00 ok, 30:00 ok")
		d.stop()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		before := time.Now()
		d.Drain(ctx, &engine.Suspend{Why: "the daemon ended"})
		if took := time.Since(before); took != 30*time.Second {
			t.Errorf("it took %s, want the grace", took)
		}
		d.end()
		if got := d.started(); got[len(got)-1].cause == "" && got[0].cause != "the daemon ended" {
			t.Errorf("got %+v, want the cause handed on", got)
		}
	})
}

func TestDrain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newFile(t)
		list := []Job{job(t, "a", "*/10 * * * *"), job(t, "b", "*/10 * * * *"), job(t, "c", "11 * * * *")}
		d := newDaemon(t, file, options{Config: Config{MaxRuns: 1}, take: always(5 * time.Minute)}, list...)
		after(10*time.Minute + time.Second)
		drained := make(chan time.Time)
		go func() {
			d.Drain(context.Background(), errors.New("not to be seen"))
			drained <- time.Now()
		}()
		after(2 * time.Minute)
		trigger := engine.Claim{Run: "byhand", Job: "a", Trigger: engine.TriggerManual, Due: d.now(), Overlap: "allow"}
		if _, err := d.other().Enqueue(d.now(), 100, true, trigger); err != nil {
			t.Fatal(err)
		}
		after(20 * time.Second)
		if n := len(d.Standing().Queued); n != 2 {
			t.Errorf("%d wait, want the two slots: what is triggered now is for another daemon", n)
		}
		for _, w := range d.Standing().Queued {
			if w.Why != "the daemon is ending; the next one starts it" {
				t.Errorf("got %q as the reason to wait", w.Why)
			}
		}
		if d.Go("x", "r", func(context.Context) { t.Error("it went on") }) {
			t.Error("Go is true while draining")
		}
		if got := (<-drained).Sub(beginning); got != 15*time.Minute {
			t.Errorf("drained at %s, want the end of the run at 15m", got)
		}
		d.wantStory("a", "10:00 ok")
		d.wantStory("b", "10:00 queued")
		d.wantStory("c", "11:00 queued") // it was due, and is not lost
		d.end()
		next := newDaemon(t, file, options{}, list...)
		defer next.end()
		after(time.Second)
		next.wantStory("b", "10:00 ok")
		next.wantStory("c", "11:00 ok")
	})
}

func TestGoCountsAsARun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{Config: Config{MaxRuns: 1}}, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		var cause error
		ok := d.Go("sync", "resumed", func(ctx context.Context) {
			<-ctx.Done()
			cause = context.Cause(ctx)
		})
		after(15 * time.Minute)
		if st := d.Standing(); !ok || len(st.Running) != 1 || st.Running[0].Run != "resumed" || len(st.Queued) != 1 {
			t.Errorf("got %+v, want it to go on and the slot to wait", st)
		}
		if !d.endHere("resumed", "ann") || d.endHere("nope", "ann") {
			t.Error("it was not there, or another was")
		}
		synctest.Wait()
		if cause == nil || cause.Error() != "cancelled by ann" {
			t.Errorf("got the cause %v", cause)
		}
		d.wantStory("sync", "10:00 ok")
	})
}
