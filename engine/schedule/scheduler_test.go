package schedule

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/jobs"
)

// bubble runs a test in time of its own.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// wantStory holds what became of a job's slots.
func (d *daemon) wantStory(name, want string) {
	d.t.Helper()
	if got := d.story(name); got != want {
		d.t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
	}
}

// starts writes when which runs of a job were started: minutes:seconds after the bubble's beginning.
func (d *daemon) starts(name string) string {
	var all []string
	for _, s := range d.started() {
		if s.Job == name {
			all = append(all, clockOf(s.at))
		}
	}
	return strings.Join(all, " ")
}

// other opens the history once more, as another process would.
func (d *daemon) other() *history.Store {
	d.t.Helper()
	store := open(d.t, d.file)
	d.t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestFiresWhenDue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *"), job(t, "pulse", "@every 7m"))
		defer d.end()
		after(30 * time.Minute)
		d.wantStory("sync", "10:00 ok, 20:00 ok, 30:00 ok")
		d.wantStory("pulse", "4:00 ok, 11:00 ok, 18:00 ok, 25:00 ok")
		for _, s := range d.started() {
			if !s.at.Equal(s.Due) || s.Trigger != engine.TriggerSchedule || s.File != "/project/jobs/"+s.Job+".yaml" {
				t.Errorf("%+v, want it on time", s)
			}
		}
	})
}

func TestSchedulesOfAJobShareTheSlotsWithTheirInputs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		two := job(t, "sync", "*/10 * * * *")
		two.Schedules = append(two.Schedules, schedule(t, "*/15 * * * *"), schedule(t, "*/30 * * * *", func(s *jobs.Schedule) {
			s.Inputs = map[string]any{"full": true}
		}), schedule(t, "*/30 * * * *", overlap("allow"), func(s *jobs.Schedule) { s.Inputs = map[string]any{"n": 7} }))
		d := newDaemon(t, newFile(t), options{}, two)
		defer d.end()
		after(30 * time.Minute)
		d.wantStory("sync", "10:00 ok, 15:00 ok, 20:00 ok, 30:00 ok, 30:00 skipped:overlap, 30:00 ok")
		last := d.started()[4]
		if n, ok := last.Inputs["n"]; !ok || n != 7 {
			t.Errorf("got %v, want the inputs of the schedule", last.Inputs)
		}
	})
}

func TestJitterPutsOffTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *", func(s *jobs.Schedule) { s.Jitter = 5 * time.Minute }))
		defer d.end()
		after(10 * time.Minute)
		waiting := d.Standing().Queued
		if len(waiting) != 1 || !strings.HasPrefix(waiting[0].Why, "it starts at 2000-01-01 00:1") {
			t.Errorf("got %+v, want one that says when it starts", waiting)
		}
		after(30 * time.Minute)
		for _, s := range d.started() {
			if want := s.Due.Add(jitter("sync", s.Due, 5*time.Minute)); !s.at.Equal(want) {
				t.Errorf("due %v: started at %v, want %v", s.Due, s.at, want)
			}
		}
		for _, e := range d.told(RunStarted) {
			if e.Late != 0 {
				t.Errorf("due %v: it counts as %s late", e.Due, e.Late)
			}
		}
		if n := len(d.started()); n < 3 {
			t.Errorf("%d were started", n)
		}
	})
}

func TestReload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		later := func(s *jobs.Schedule) { s.Jitter = 9 * time.Minute }
		d := newDaemon(t, newFile(t), options{}, job(t, "stays", "*/10 * * * *"), job(t, "changes", "*/10 * * * *"), job(t, "goes", "*/10 * * * *", later))
		defer d.end()
		after(10*time.Minute + time.Second)
		if n := len(d.Standing().Queued); n != 1 {
			t.Fatalf("%d wait, want the one that goes", n)
		}
		d.shift.Add(int64(30 * time.Second)) // the reload comes before the daemon looks at the clock
		reload := []Job{job(t, "stays", "*/10 * * * *", overlap("queue")), job(t, "changes", "*/5 * * * *"), job(t, "comes", "*/10 * * * *")}
		if err := d.Plan(reload); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Minute)
		d.wantStory("stays", "10:00 ok, 20:00 ok")
		d.wantStory("changes", "10:00 ok, 15:00 ok, 20:00 ok")
		d.wantStory("comes", "20:00 ok")
		d.wantStory("goes", "10:00 skipped")
		if told := d.told(SlotSkipped); len(told) != 1 || told[0].Reason != engine.ReasonGone || told[0].Message != "the job is no longer there" {
			t.Errorf("got %+v, want that the job is gone", told)
		}
		if err := d.Plan(append(reload, job(t, "goes", "*/10 * * * *"))); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Minute)
		d.wantStory("goes", "10:00 skipped, 30:00 ok")
	})
}

// TestAJobWithoutSchedulesHasNoSlots has the schedule of a job be gone for a while, and then for as long as no daemon lives.
func TestAJobWithoutSchedulesHasNoSlots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file, with := newFile(t), []Job{job(t, "sync", "*/10 * * * *", catchUp("all", 0))}
		without := []Job{{Name: "sync", File: with[0].File}}
		d := newDaemon(t, file, options{}, with...)
		for _, list := range [][]Job{without, with} {
			after(15 * time.Minute)
			if err := d.Plan(list); err != nil {
				t.Fatal(err)
			}
		}
		after(15 * time.Minute)
		d.wantStory("sync", "10:00 ok, 40:00 ok")
		d.end()
		newDaemon(t, file, options{}, without...).end()
		time.Sleep(30 * time.Minute)
		d = newDaemon(t, file, options{}, with...)
		defer d.end()
		after(10 * time.Minute)
		d.wantStory("sync", "10:00 ok, 40:00 ok, 80:00 ok")
	})
}

func TestReloadKeepsSlotsThatAreDueMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{idle: true}, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		after(10*time.Minute + time.Second) // due, and not looked at
		if err := d.Plan([]Job{job(t, "sync", "*/10 * * * *")}); err != nil {
			t.Fatal(err)
		}
		d.look()
		synctest.Wait()
		d.wantStory("sync", "10:00 ok")
	})
}

func TestPaused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *"), job(t, "other", "*/30 * * * *"))
		defer d.end()
		person := d.other()
		after(15 * time.Minute)
		if err := person.Pause(engine.Pause{Job: "sync", Since: d.now(), Who: "ann"}); err != nil {
			t.Fatal(err)
		}
		after(30 * time.Minute)
		if _, err := person.Unpause("sync"); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Minute)
		d.wantStory("sync", "10:00 ok, 20:00-40:00(3) skipped:paused, 50:00 ok")
		d.wantStory("other", "30:00 ok")
		if told := d.told(SlotSkipped); len(told) != 3 || told[0].Reason != engine.ReasonPaused || told[0].Count != 1 {
			t.Errorf("got %+v, want one for each slot", told)
		}
	})
}

func TestTriggered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *"), Job{Name: "by hand", File: "/project/jobs/by_hand.yaml"})
		defer d.end()
		person := d.other()
		trigger := func(run, job string) {
			t.Helper()
			claim := engine.Claim{Run: run, Job: job, Trigger: engine.TriggerManual, Due: d.now(), Overlap: "allow", Inputs: map[string]any{"n": "1"}}
			if _, err := person.Enqueue(d.now(), 100, true, claim); err != nil {
				t.Fatal(err)
			}
		}
		after(time.Minute + 500*time.Millisecond)
		trigger("t1", "by hand")
		after(time.Second)
		person = d.store // whose changes it does not see by itself
		trigger("t2", "sync")
		d.Wake()
		synctest.Wait()
		trigger("t3", "of another project")
		after(time.Minute)
		got := d.started()
		if len(got) != 2 || got[0].Run != "t1" || got[1].Run != "t2" || got[0].Inputs["n"] != "1" || !got[1].at.Equal(got[1].Due) {
			t.Errorf("got %+v, want both, the second one at once", got)
		}
	})
}

// TestARunIsStartedOnce has the daemon look for queued runs while one that it started has not begun yet.
func TestARunIsStartedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		starts, slow := 0, make(chan bool)
		o := options{start: func(d *daemon, ctx context.Context, r engine.QueuedRun) {
			starts++
			<-slow
			d.carryOut(ctx, r, nil)
		}}
		d := newDaemon(t, newFile(t), o, job(t, "sync", "10 * * * *"))
		defer d.end()
		after(10 * time.Minute)
		d.Wake()
		after(time.Minute)
		close(slow)
		after(time.Minute)
		d.wantStory("sync", "10:00 ok")
		if starts != 1 {
			t.Errorf("it was started %d times", starts)
		}
	})
}

func TestCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{Config: Config{MaxRuns: 2}, take: always(time.Hour)},
			job(t, "a", "1 * * * *"), job(t, "b", "2 * * * *"), job(t, "c", "3 * * * *"), job(t, "d", "4 * * * *"))
		defer d.end()
		person := d.other()
		after(5 * time.Minute)
		st := d.Standing()
		if len(st.Running) != 2 || len(st.Queued) != 2 || st.Queued[0].Why != "2 runs go on already (max_runs)" {
			t.Fatalf("got %+v, want two to go on and two to wait", st)
		}
		cancel := func(run, who string) {
			if _, err := person.Cancel(d.now(), run, who); err != nil {
				t.Fatal(err)
			}
		}
		cancel(st.Queued[0].Run, "ann")
		cancel(st.Queued[1].Run, "bob")
		after(time.Second)
		if st := d.Standing(); len(st.Queued) != 0 || len(st.Running) != 2 {
			t.Fatalf("got %+v, want none to wait", st)
		}
		cancel(st.Running[0].Run, "bob")
		cancel(st.Running[1].Run, "ann")
		after(time.Second)
		for name, want := range map[string]string{"a": "1:00 cancelled", "b": "2:00 cancelled", "c": "3:00 cancelled", "d": "4:00 cancelled"} {
			d.wantStory(name, want)
		}
		for i, who := range []string{"bob", "ann"} {
			if got := d.started()[i].cause; got != "cancelled by "+who {
				t.Errorf("got the cause %q, want %s to be named", got, who)
			}
		}
		if asked, err := d.store.ToCancel(); err != nil || len(asked) != 0 {
			t.Errorf("got %v, %v, want nothing left to cancel", asked, err)
		}
	})
}

func always(d time.Duration) func(engine.QueuedRun) time.Duration {
	return func(engine.QueuedRun) time.Duration { return d }
}

func TestLateRunsAreToldOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{Config: Config{MaxRuns: 1, LateAfter: 10 * time.Minute}, take: always(35 * time.Minute)},
			job(t, "a", "1 * * * *"), job(t, "b", "2 * * * *"))
		defer d.end()
		after(40 * time.Minute)
		told := d.told(RunLate)
		if len(told) != 1 || told[0].Job != "b" || told[0].Late != 10*time.Minute+time.Second || told[0].Message != "1 runs go on already (max_runs)" {
			t.Errorf("got %+v, want it once", told)
		}
		for _, e := range d.told(RunStarted) {
			if want := map[string]time.Duration{"a": 0, "b": 34 * time.Minute}[e.Job]; e.Late != want {
				t.Errorf("%s started %s late, want %s", e.Job, e.Late, want)
			}
		}
	})
}

// TestStandingTellsOrder holds that what is said of the queue is what happens.
func TestStandingTellsOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var list []Job
		for _, name := range []string{"a", "b", "c"} {
			list = append(list, job(t, name, "*/2 * * * *", overlap("allow")))
		}
		d := newDaemon(t, newFile(t), options{Config: Config{MaxRuns: 1}, take: func(r engine.QueuedRun) time.Duration {
			if r.Due.Equal(minutesIn(2)) && r.Job == "a" {
				return 9 * time.Minute
			}
			return time.Second
		}}, list...)
		defer d.end()
		after(10*time.Minute + 30*time.Second)
		var want []string
		for _, w := range d.Standing().Queued {
			want = append(want, w.Run)
		}
		after(55*time.Second + 30*time.Second)
		var got []string
		d.mu.Lock()
		for _, s := range d.begun[1:] {
			got = append(got, s.Run)
		}
		d.mu.Unlock()
		if len(got) != 14 || !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}
