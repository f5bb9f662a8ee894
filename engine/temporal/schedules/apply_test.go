package schedules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
	"snrun/jobs"
)

func jobWith(name, text string, list ...jobs.Schedule) *jobs.Job {
	return &jobs.Job{Name: name, File: "/etc/project/jobs/" + name + ".yaml", Text: text, Schedules: list}
}

// bench is a namespace on a real server, and what is applied there.
type bench struct {
	t *testing.T
	Applying
	project Project
}

func newBench(t *testing.T) *bench {
	t.Helper()
	r := temporaltest.Server(t)
	namespace := r.Namespace(t)
	return &bench{t, Applying{Client: r.Client(t, namespace), Namespace: namespace, Queue: "snrun"}, Project{Queue: "snrun", Zone: time.UTC, MaxQueue: 100}}
}

// apply applies the schedules of jobs, and gives what became of them, one line each.
func (b *bench) apply(list ...*jobs.Job) string {
	b.t.Helper()
	a := b.Applying
	if a.Now.IsZero() {
		a.Now = time.Now()
	}
	var names []string
	var wanted []Wanted
	for _, job := range list {
		w, err := b.project.Of(job, a.Now)
		if err != nil {
			b.t.Fatal(err)
		}
		names, wanted = append(names, job.Name), append(wanted, w...)
	}
	results, err := a.Apply(b.t.Context(), names, wanted)
	if err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, r := range results {
		line := strings.TrimRight(fmt.Sprintf("%s %s %s", r.Became, r.Job, r.Line), " ")
		if r.Paused != "" {
			line += " (" + r.Paused + ")"
		}
		if r.Why != "" {
			line += ": " + r.Why
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// want applies until the server's list, which is behind, has what is wanted.
func (b *bench) want(want string, list ...*jobs.Job) {
	b.t.Helper()
	if got := b.apply(list...); got != want {
		b.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// listed waits until the server lists so many schedules.
func (b *bench) listed(n int) {
	b.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		known, err := b.known(b.t.Context())
		if err == nil && len(known) == n {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the server lists %q, %v, want %d", known, err, n)
		}
	}
}

// TestApply holds what applying does to schedules that are new, the same, changed and gone.
func TestApply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	night, hourly := scheduleOf(t, "30 2 * * *", "Europe/Berlin"), scheduleOf(t, "0 * * * *", "Europe/Berlin")
	sync := jobWith("sync", "version: 1\n", night, hourly)
	b.Dry = true
	b.want("created sync 30 2 * * * Europe/Berlin\ncreated sync 0 * * * * Europe/Berlin", sync)
	b.Dry = false
	b.want("created sync 30 2 * * * Europe/Berlin\ncreated sync 0 * * * * Europe/Berlin", sync)
	b.want("unchanged sync 30 2 * * * Europe/Berlin\nunchanged sync 0 * * * * Europe/Berlin", sync)
	b.listed(2)

	edited := jobWith("sync", "version: 1\ndescription: another\n", night)
	b.want("updated sync 30 2 * * * Europe/Berlin\ndeleted sync", edited)
	b.want("unchanged sync 30 2 * * * Europe/Berlin", edited)
	jittered := night
	jittered.Jitter = 5 * time.Minute
	b.want("updated sync 30 2 * * * Europe/Berlin", jobWith("sync", "version: 1\n", jittered))
	b.want("unchanged sync 30 2 * * * Europe/Berlin", jobWith("sync", "version: 1\n", jittered))
	b.listed(1)

	other := jobWith("other", "version: 1\n", scheduleOf(t, "@every 90s", ""))
	b.want("created other @every 90s UTC", other) // and leaves those of jobs alone that are not named
	b.listed(2)
	b.Gone = func(job string) bool { return job == "sync" }
	b.want("unchanged other @every 90s UTC\nunchanged sync: the project has no such job any more, and the server goes on to start it: --prune deletes the schedule", other)
	b.Prune = true
	b.want("unchanged other @every 90s UTC\ndeleted sync", other)
	b.listed(1)
	b.Queue, b.project.Queue, b.Gone = "another", "another", func(string) bool { return true }
	b.want("", jobWith("another", "version: 1\n")) // those of other workers are theirs
	b.want("created other @every 90s UTC", other)  // also of a job of the same name
	b.listed(2)
}

// TestApplyPauses holds that a job that is paused is paused there too, and that what somebody paused there stays so.
func TestApplyPauses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := jobWith("sync", "version: 1\n", scheduleOf(t, "0 8 * * *", "Europe/Berlin"))
	b.project.Pauses = map[string]engine.Pause{"sync": {Job: "sync", Who: "ann@example", Why: "CHG-1042"}}
	b.want("created sync 0 8 * * * Europe/Berlin (snrun: paused by ann@example)", job)
	b.want("unchanged sync 0 8 * * * Europe/Berlin (snrun: paused by ann@example)", job)
	b.project.Pauses = nil
	b.want("updated sync 0 8 * * * Europe/Berlin", job)
	b.want("unchanged sync 0 8 * * * Europe/Berlin", job)
	b.listed(1)
	known, err := b.known(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Client.ScheduleClient().GetHandle(t.Context(), known[0]).Pause(t.Context(), client.SchedulePauseOptions{Note: "by hand"}); err != nil {
		t.Fatal(err)
	}
	b.want("unchanged sync 0 8 * * * Europe/Berlin (by hand)", job)
	job.Text += "# edited\n"
	b.want("updated sync 0 8 * * * Europe/Berlin (by hand)", job)
}

// TestSetPauses holds that schedules are paused and go on as the store says, those of jobs that are named, also before the server lists
// them; and that what somebody paused there stays so.
func TestSetPauses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := jobWith("sync", "version: 1\n", scheduleOf(t, "0 8 * * *", "Europe/Berlin"))
	other := jobWith("other", "version: 1\n", scheduleOf(t, "0 8 * * *", "Europe/Berlin"))
	b.want("created other 0 8 * * * Europe/Berlin\ncreated sync 0 8 * * * Europe/Berlin", job, other)
	ids := b.project.IDs(job)
	holds := func(wantNote string) {
		t.Helper()
		for id, note := range map[string]string{ids[0]: wantNote, b.project.IDs(other)[0]: ""} {
			found, err := b.describe(t.Context(), id)
			if err != nil || found.Schedule.State.Paused != (note != "") || note != "" && found.Schedule.State.Note != note {
				t.Errorf("%s: %+v, %v, want it paused for %q", id, found.Schedule.State, err, note)
			}
		}
	}
	set := func(pauses map[string]engine.Pause) {
		t.Helper()
		if err := b.SetPauses(t.Context(), []string{"sync", "none"}, append(ids, "snrun-none-0123456789"), pauses); err != nil {
			t.Fatal(err)
		}
	}
	set(map[string]engine.Pause{"sync": {Job: "sync", Who: "ann@example"}, "other": {Job: "other"}})
	holds("snrun: paused by ann@example")
	set(nil)
	holds("")
	if err := b.Client.ScheduleClient().GetHandle(t.Context(), ids[0]).Pause(t.Context(), client.SchedulePauseOptions{Note: "by hand"}); err != nil {
		t.Fatal(err)
	}
	set(nil)
	holds("by hand")
	b.Queue = "another"
	set(map[string]engine.Pause{"sync": {Job: "sync"}})
	holds("by hand")
}

// TestEndOf holds that it is known of a schedule on a server when the times end that are written out.
func TestEndOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for line, want := range map[string]string{"30 2 * * *": fmt.Sprintf("%d-01-01", time.Now().UTC().Year()+3), "0 8 * * *": "", "0 6 L * *": "", "@every 90s": ""} {
		job := jobWith("sync", "version: 1\n", scheduleOf(t, line, "Europe/Berlin"))
		b.apply(job)
		found, err := b.describe(t.Context(), b.project.IDs(job)[0])
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if end := endOf(found); !end.IsZero() {
			got = end.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestApplyInLaterYears holds that a schedule whose times are written out is as it was applied when a year has passed, until these times end
// soon, or somebody edits it.
func TestApplyInLaterYears(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := jobWith("sync", "version: 1\n", scheduleOf(t, "30 2 * * *", "Europe/Berlin"))
	b.want("created sync 30 2 * * * Europe/Berlin", job)
	b.Dry = true
	year := time.Now().UTC().Year()
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(year+1, 1, 2, 0, 0, 0, 0, time.UTC), "unchanged"},
		{time.Date(year+2, 9, 1, 0, 0, 0, 0, time.UTC), "unchanged"},
		{time.Date(year+2, 11, 1, 0, 0, 0, 0, time.UTC), "updated"},
		{time.Date(year+3, 1, 2, 0, 0, 0, 0, time.UTC), "updated"},
	} {
		b.Now = c.at
		b.want(c.want+" sync 30 2 * * * Europe/Berlin", job)
	}
	b.Now = time.Date(year+1, 1, 2, 0, 0, 0, 0, time.UTC)
	b.want("updated sync 30 2 * * * Europe/Berlin", jobWith("sync", "version: 1\ndescription: another\n", job.Schedules...))
}

// TestApplyRefuses holds that what a server cannot do is refused, alone, and that what was applied before goes on.
func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := scheduleOf(t, "0 8 * * *", "Europe/Berlin")
	b.want("created sync 0 8 * * * Europe/Berlin", jobWith("sync", "version: 1\n", good))
	b.listed(1)
	bad := scheduleOf(t, "0 8 * * *", "Europe/Berlin")
	bad.Zone = time.FixedZone("Nowhere/Place", 3600) // as a zone that the server does not know
	got := b.apply(jobWith("sync", "version: 1\n", bad))
	if !strings.Contains(got, "refused sync 0 8 * * * Nowhere/Place: the server refuses it: ") ||
		!strings.Contains(got, "unchanged sync: it goes on as it was applied before, since a schedule of the job is refused") {
		t.Errorf("got\n%s", got)
	}
}

// TestVerifyFindsAnother holds that a server with other times is found out, and does not run the job.
func TestVerifyFindsAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.Applying
	a.Now = time.Now()
	job := jobWith("sync", "version: 1\n", scheduleOf(t, "0 8 * * *", "Europe/Berlin"))
	wanted, err := b.project.Of(job, a.Now)
	if err != nil {
		t.Fatal(err)
	}
	wanted[0].Spec.ScheduleSpec.TimeZoneName = "Europe/Helsinki"
	results, err := a.Apply(t.Context(), nil, wanted)
	if err != nil || results[0].Became != Refused || !strings.Contains(results[0].Why, "snrun schedule next says") {
		t.Errorf("%+v, %v", results, err)
	}
	found, err := a.describe(t.Context(), wanted[0].ID)
	if err != nil || !found.Schedule.State.Paused {
		t.Errorf("%+v, %v: it is not paused", found, err)
	}
}

// TestWindow holds how far back a server looks after an outage of its own: as far as it can keep what it finds, and the same each time.
func TestWindow(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]time.Duration{
		"30 2 * * *": longestWindow, "0 * * * *": 450 * time.Hour, "@every 1s": 7 * time.Minute, "@every 90s": 11*time.Hour + 15*time.Minute,
		"* 8 * * 1": 1259*time.Hour + 30*time.Minute,
	} {
		s := scheduleOf(t, line, "Europe/Berlin")
		for _, at := range []time.Time{now, now.Add(time.Second), now.AddDate(0, 5, 3)} {
			if got := windowOf(&s, at); got != want {
				t.Errorf("%s at %s: %s, want %s", line, at, got, want)
			}
		}
	}
	ended := scheduleOf(t, "0 * * * *", "")
	ended.Ends = now.AddDate(-1, 0, 0)
	if got := windowOf(&ended, now); got != longestWindow {
		t.Errorf("of one that has ended: %s", got)
	}
}
