package review_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// past puts runs of one job after the other on record.
type past struct {
	t     *testing.T
	store *history.Store
}

func newPast(t *testing.T) past {
	t.Helper()
	s, err := history.Open(postgrestest.Somewhere(t), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return past{t, s}
}

// add adds a run that began so long ago and lasted so long, and gives its id.
func (p past) add(job string, status engine.Status, ago, lasted time.Duration, stepIDs ...string) string {
	p.t.Helper()
	began := now.Add(-ago)
	run := &engine.Run{ID: engine.LowestID(began), Job: job, Status: status, Trigger: "manual", Due: began, Started: began, Ended: began.Add(lasted), File: "/p/" + job}
	if err := p.store.Begin(run); err != nil {
		p.t.Fatal(err)
	}
	for _, step := range stepIDs {
		run.Error = &steps.Error{Message: "no", Step: step}
		if err := p.store.Note(run.ID, engine.StepRun{Key: "/" + step, Status: engine.InDoubt}); err != nil {
			p.t.Fatal(err)
		}
	}
	if status != engine.Running {
		if err := p.store.Finish(run); err != nil {
			p.t.Fatal(err)
		}
	}
	return run.ID
}

func TestOverview(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	const hour = time.Hour
	ok := p.add("sync", engine.OK, 30*hour, time.Second)
	first := p.add("sync", engine.Failed, 20*hour, time.Minute, "alert")
	p.add("sync", engine.Failed, 10*hour, 0, "read")
	last := p.add("sync", engine.Interrupted, 5*hour, 0, "read")
	p.add("sync", engine.Skipped, 4*hour, 0)
	p.add("old", engine.Interrupted, 8*24*hour, 0)
	p.add("old", engine.OK, 7*24*hour, 0)
	p.add("other", engine.Failed, hour, 0)
	p.add("other", engine.OK, hour/2, 0)
	going := p.add("other", engine.Running, hour/4, 0)

	o, err := review.ReadOverview(p.store, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Failing) != 1 || len(o.Interrupted) != 1 || o.Running.Count != 1 || len(o.Running.Runs) != 1 || o.Queued.Count != 0 {
		t.Fatalf("got %+v, want one that fails, one interrupted and one running", o)
	}
	f := o.Failing[0]
	if got, want := fmt.Sprint(f.Job, " ", f.Failures, " ", f.Many, " ", f.First.Run, " ", f.First.Step, ": ", f.First.Error, " ", f.Last.Run, " ", f.Last.Status, " ", f.LastOK.Run),
		fmt.Sprint("sync 3 false ", first, " alert: no ", last, " interrupted ", ok); got != want {
		t.Errorf("fails: %s, want %s", got, want)
	}
	if want := now.Add(-20 * hour); !f.Since.Equal(want) { // when it ended changes whenever somebody has it go on
		t.Errorf("it fails since %v, want %v", f.Since, want)
	}
	if i := o.Interrupted[0]; i.Run != last || !i.InDoubt {
		t.Errorf("interrupted: %+v, want %s in doubt", i, last)
	}
	if r := o.Running.Runs[0]; r.Run != going || r.Job != "other" || r.Started == nil {
		t.Errorf("running: %+v, want %s", r, going)
	}
	if want := (review.Counts{Running: 1, OK: 1, Failed: 3, Interrupted: 1, Skipped: 1}); o.LastDay != want || o.LastDay.All() != 7 {
		t.Errorf("in a day: %+v, want %+v", o.LastDay, want)
	}
	if o.Calm() {
		t.Error("it is calm, though a job fails")
	}
	all, latest := 0, o.Hours[len(o.Hours)-1]
	for _, h := range o.Hours {
		all += h.Counts.All()
	}
	if all != 7 || len(o.Hours) != 24 || !latest.At.Equal(now.Add(-time.Hour)) {
		t.Errorf("hour by hour there are %d runs in %d hours, the last of them from %s", all, len(o.Hours), latest.At)
	}

	other, err := review.ReadOverview(p.store, []string{"other", "never"}, now)
	if err != nil || !other.Calm() || other.Running.Count != 1 || other.LastDay.All() != 3 {
		t.Errorf("of one job: %+v, %v, want only what is of it", other, err)
	}
	empty, err := review.ReadOverview(p.store, []string{}, now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(empty)
	if err != nil || strings.Count(string(text), "null") != 2 || empty.LastDay.All() != 0 {
		t.Errorf("of no job: %s, %v, want empty lists, and no daemon and nothing wrong with it", text, err)
	}
}

func TestOverviewOfWhatComes(t *testing.T) {
	t.Parallel()
	var o review.Overview
	var jobs []review.Job
	for i := range 14 {
		j := review.NewJob(fmt.Sprint("job", i), "", nil)
		at := now.Add(time.Duration(14-i) * time.Minute)
		if i != 13 {
			j.Next = &at
		}
		if i%5 == 0 {
			j.Late = &review.Late{Due: now.Add(-time.Duration(i) * time.Hour), Why: "no daemon is running"}
		}
		jobs = append(jobs, j)
	}
	o.AddJobs(jobs)
	var late, next []string
	for _, j := range o.Late {
		late = append(late, j.Job)
	}
	for _, j := range o.Next {
		next = append(next, j.Job)
	}
	if got := strings.Join(late, " "); got != "job10 job5 job0" {
		t.Errorf("late: %s, want the one first that is late since long", got)
	}
	if got := strings.Join(next, " "); got != "job12 job11 job10 job9 job8 job7 job6 job5 job4 job3" {
		t.Errorf("next: %s, want the ten that are due first", got)
	}
	help := "snrun auth login chat"
	o.AddSignIns([]review.SignIn{{Profile: "well"}, {Profile: "chat", Help: &help}, {Profile: "odd", Problem: "secrets missing"}})
	if len(o.SignIns) != 2 || o.SignIns[0].Profile != "chat" || o.SignIns[1].Profile != "odd" {
		t.Errorf("sign-ins: %+v, want those of which somebody has to do something about", o.SignIns)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	const day = 24 * time.Hour
	for i := range 20 { // 1 to 20 s, one a day: today, yesterday …
		p.add("sync", engine.OK, time.Duration(i)*day+time.Minute, time.Duration(i+1)*time.Second)
	}
	p.add("sync", engine.Failed, 2*day, 0, "alert")
	last := p.add("sync", engine.Interrupted, day+time.Hour, 0, "alert")
	p.add("sync", engine.Failed, 8*day, 0, "read")
	p.add("sync", engine.Cancelled, 3*day, 0)
	p.add("sync", engine.Failed, 100*day, 0, "long ago")
	p.add("other", engine.Failed, day+2*time.Hour, 0, "other")
	s, err := review.ReadStats(p.store, "sync", now.Add(-30*day), now, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	told := func(f review.Figures) string {
		rate, p50, p95 := -1.0, int64(-1), int64(-1)
		if f.SuccessRate != nil {
			rate = *f.SuccessRate
		}
		if f.P50 != nil {
			p50, p95 = *f.P50, *f.P95
		}
		return fmt.Sprintf("%d ok %d failed %d interrupted %d cancelled %.3f p50 %d p95 %d of %d", f.Counts.OK, f.Counts.Failed, f.Counts.Interrupted, f.Counts.Cancelled,
			rate, p50, p95, f.Measured)
	}
	for _, test := range []struct {
		name string
		got  review.Figures
		want string
	}{
		{"in all", s.Figures, "20 ok 2 failed 1 interrupted 1 cancelled 0.870 p50 10000 p95 19000 of 20"},
		{"the last week", s.Trend.Last, "7 ok 1 failed 1 interrupted 1 cancelled 0.778 p50 4000 p95 7000 of 7"},
		{"the week before", s.Trend.Before, "7 ok 1 failed 0 interrupted 0 cancelled 0.875 p50 11000 p95 14000 of 7"},
	} {
		if got := told(test.got); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if got, want := fmt.Sprint(s.FailedSteps), fmt.Sprintf("[{alert 2 %s} {read 1 %s}]", last, engine.LowestID(now.Add(-8*day))); got != want {
		t.Errorf("failed in %s, want %s", got, want)
	}
	if first, today := s.Days[0], s.Days[len(s.Days)-1]; len(s.Days) != 90 || first.Day != "2025-12-30" || today.Day != "2026-03-29" || today.Counts.OK != 1 {
		t.Errorf("%d days from %+v to %+v, want 90 up to today", len(s.Days), first, today)
	}
	if got := s.Days[87].Counts; got != (review.Counts{OK: 1, Failed: 1}) {
		t.Errorf("two days ago: %+v, want one ok and one failed", got)
	}
	none, err := review.ReadStats(p.store, "never", time.Time{}, now, time.UTC)
	if err != nil || told(none.Figures) != "0 ok 0 failed 0 interrupted 0 cancelled -1.000 p50 -1 p95 -1 of 0" || none.Since != nil {
		t.Errorf("of a job that never ran: %+v, %v", none, err)
	}
	all, err := review.ReadFigures(p.store, nil, time.Time{}, now)
	if err != nil || len(all) != 2 || all[0].Job != "other" || all[1].Counts.Failed != 3 {
		t.Errorf("of all jobs: %+v, %v, want other and sync", all, err)
	}
	if recent, err := review.ReadFigures(p.store, nil, now.Add(-time.Hour), now); err != nil || len(recent) != 1 || recent[0].Job != "sync" {
		t.Errorf("of an hour: %+v, %v, want only sync", recent, err)
	}
}

// TestDaysBeginWhereThePersonIs holds that days begin at midnight of the zone, also where the clock was changed on one of them, or at
// midnight.
func TestDaysBeginWhereThePersonIs(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	at := func(text string) time.Duration {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return now.Sub(moment)
	}
	p.add("berlin", engine.OK, at("2026-03-28T22:59:59Z"), 0) // the last second of the 28th
	p.add("berlin", engine.OK, at("2026-03-28T23:00:00Z"), 0) // the 29th has 23 hours
	p.add("berlin", engine.OK, at("2026-03-29T21:59:59Z"), 0)
	p.add("berlin", engine.OK, at("2026-03-29T22:00:00Z"), 0) // the 30th
	p.add("santiago", engine.OK, at("2025-09-07T03:59:59Z"), 0)
	p.add("santiago", engine.OK, at("2025-09-07T04:00:00Z"), 0) // there is no midnight: it is 01:00
	p.add("havana", engine.OK, at("2025-11-02T03:59:59Z"), 0)
	p.add("havana", engine.OK, at("2025-11-02T04:00:00Z"), 0) // the first of two midnights
	p.add("havana", engine.OK, at("2025-11-02T05:30:00Z"), 0)
	for _, test := range []struct{ job, zone, now, want string }{
		{"berlin", "Europe/Berlin", "2026-03-31T12:00:00Z", "2026-03-28 1, 2026-03-29 2, 2026-03-30 1"},
		{"berlin", "UTC", "2026-03-31T12:00:00Z", "2026-03-28 2, 2026-03-29 2"},
		{"santiago", "America/Santiago", "2025-09-30T12:00:00Z", "2025-09-06 1, 2025-09-07 1"},
		{"havana", "America/Havana", "2025-11-30T12:00:00Z", "2025-11-01 1, 2025-11-02 2"},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		moment, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		s, err := review.ReadStats(p.store, test.job, time.Time{}, moment, zone)
		if err != nil {
			t.Fatal(err)
		}
		var days []string
		for _, d := range s.Days {
			if d.Counts.OK > 0 {
				days = append(days, fmt.Sprint(d.Day, " ", d.Counts.OK))
			}
		}
		if got := strings.Join(days, ", "); got != test.want {
			t.Errorf("%s: %s, want %s", test.zone, got, test.want)
		}
	}
}

// TestFailingSinceBeforeItWasGoneOnWith holds that a run which failed once more, after a person had it go on, fails no later for that.
func TestFailingSinceBeforeItWasGoneOnWith(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	began := now.Add(-20 * time.Hour)
	run := &engine.Run{ID: engine.LowestID(began), Job: "sync", Status: engine.Failed, Trigger: "manual", Due: began, Started: began, Ended: now.Add(-time.Minute), Attempt: 2}
	if err := p.store.Begin(run); err != nil {
		t.Fatal(err)
	}
	if err := p.store.Finish(run); err != nil {
		t.Fatal(err)
	}
	o, err := review.ReadOverview(p.store, nil, now)
	if err != nil || len(o.Failing) != 1 {
		t.Fatalf("got %+v, %v, want one that fails", o, err)
	}
	if f := o.Failing[0]; !f.Since.Equal(began) {
		t.Errorf("it fails since %v, want %v", f.Since, began)
	}
}

// TestHoursOfAnyClock holds that the hours of the last day begin with those of the person's clock, which may be half an hour beside that of UTC.
func TestHoursOfAnyClock(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	zone := time.FixedZone("IST", 5*3600+1800)
	o, err := review.ReadOverview(p.store, nil, now.In(zone))
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range o.Hours {
		if at := h.At.In(zone); i > 0 && (at.Minute() != 0 || at.Second() != 0) {
			t.Errorf("an hour begins at %s", at)
		}
	}
	if len(o.Hours) != 25 {
		t.Errorf("there are %d hours, want 25: the first and the last are cut", len(o.Hours))
	}
}

// TestNotRunOfOthers holds that what another project missed on the same database takes no place from what this one did.
func TestNotRunOfOthers(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	ids := engine.New(engine.Config{})
	miss := func(job string, ago time.Duration) {
		due := now.Add(-ago)
		c := engine.Claim{
			Run: ids.NewID(due), Job: job, File: "/p/" + job, Trigger: engine.TriggerSchedule, Due: due, Until: due, Count: 1, Reason: engine.ReasonMissed, Detail: "no daemon",
		}
		if _, err := p.store.Claim(due, 10, []engine.Claim{c}); err != nil {
			t.Fatal(err)
		}
	}
	miss("ours", 20*time.Hour)
	for i := range 51 {
		miss(fmt.Sprint("theirs", i), time.Hour)
	}
	o, err := review.ReadOverview(p.store, []string{"ours"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.NotRun) != 1 || o.NotRun[0].Job != "ours" {
		t.Errorf("got %+v, want what ours missed", o.NotRun)
	}
}
