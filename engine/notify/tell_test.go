package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/notify"
	"snrun/engine/schedule"
	"snrun/steps"
)

// TestOncePerChange holds that people are told of a change and not of each run: over restarts, and with two daemons on one history.
func TestOncePerChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	targets := targetsOf(t, allKinds, "", nil)
	first := openHistory(t, dir)
	n := notify.New(configOf(t, first, targets))
	end(n, ran(t, first, "r1", "sync", engine.OK), false)
	end(n, ran(t, first, "r2", "sync", engine.Failed), false)
	end(n, ran(t, first, "r3", "sync", engine.Failed), false)
	end(n, ran(t, first, "r4", "other", engine.Failed), false)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	one, two := openHistory(t, dir), openHistory(t, dir)
	daemons := []*notify.Notifier{notify.New(configOf(t, one, targets)), notify.New(configOf(t, two, targets))}
	again, well := ran(t, one, "r5", "sync", engine.Failed), ran(t, two, "r6", "sync", engine.OK)
	for _, d := range daemons {
		end(d, again, false)
	}
	for _, d := range daemons {
		end(d, well, false)
	}
	got := posted(t, one)
	if got, want := kindsOf(got), "failure sync, failure other, recovery sync was failure"; got != want {
		t.Fatalf("got the notices %s\nwant %s", got, want)
	}
	if over := got[2]; over.RunsFailed != 3 || over.Since != got[0].Since || over.Run != "r6" || over.Status != "ok" {
		t.Errorf("got %+v\nwant the recovery after 3 failed runs since %s", over, got[0].Since)
	}
	if got[0].ID == got[1].ID || len(got[0].ID) < 20 {
		t.Errorf("the notices have the ids %q and %q", got[0].ID, got[1].ID)
	}
}

// TestWhatIsTold holds what counts as a failure, as late and as a sign-in that needs a person, and what does not.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	signIn := func(kind string, status int, repeat steps.Repeat, profile string) *steps.Error {
		return &steps.Error{Kind: kind, Message: "no", Status: status, Repeat: repeat, Profile: profile}
	}
	ended := func(status engine.Status, inDoubt bool, errs ...*steps.Error) func(*notify.Notifier, *engine.Run) {
		return func(n *notify.Notifier, run *engine.Run) {
			run.Status = status
			for _, e := range errs {
				run.Error = e
			}
			end(n, run, inDoubt)
		}
	}
	hears := func(events ...schedule.Event) func(*notify.Notifier, *engine.Run) {
		return func(n *notify.Notifier, _ *engine.Run) {
			for _, e := range events {
				e.Job, e.Run, e.Due = "sync", "r1", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
				n.Scheduled(e)
			}
		}
	}
	missed := schedule.Event{Type: schedule.SlotSkipped, Reason: engine.ReasonMissed, Message: "missed: no daemon was running"}
	late := schedule.Event{Type: schedule.RunLate, Message: "it waits for a free place"}
	for _, test := range []struct {
		name string
		do   func(*notify.Notifier, *engine.Run)
		want string
	}{
		{"ok", ended(engine.OK, false), ""},
		{"failed", ended(engine.Failed, false), "failure sync"},
		{"cancelled by a person", ended(engine.Cancelled, false), ""},
		{"interrupted, goes on later", ended(engine.Interrupted, false), ""},
		{"interrupted in doubt", ended(engine.Interrupted, true), "failure sync"},
		{"sign-in refused", ended(engine.Failed, false, signIn(steps.Auth, 0, steps.Never, "erp")), "failure sync, sign_in syncerp"},
		{"token endpoint down", ended(engine.Failed, false, signIn(steps.Auth, 0, steps.Always, "erp")), "failure sync"},
		{"credentials rejected", ended(engine.Failed, false, signIn(steps.Status, 401, steps.Never, "erp")), "failure sync, sign_in syncerp"},
		{"rejected without a profile", ended(engine.Failed, false, signIn(steps.Status, 401, steps.Never, "")), "failure sync"},
		{"forbidden", ended(engine.Failed, false, signIn(steps.Status, 403, steps.Never, "erp")), "failure sync"},
		{"missed", hears(missed, missed), "late sync"},
		{"queue full", hears(schedule.Event{Type: schedule.SlotSkipped, Reason: engine.ReasonQueueFull}), "late sync"},
		{"skipped by a person", hears(schedule.Event{Type: schedule.SlotSkipped, Reason: engine.ReasonPaused}), ""},
		{"skipped as it was written", hears(schedule.Event{Type: schedule.SlotSkipped, Reason: engine.ReasonOverlap}), ""},
		{"waits too long", hears(late, missed), "late sync"},
		{"starts too late", hears(late, schedule.Event{Type: schedule.RunStarted, Late: 6 * time.Minute}), "late sync"},
		{"on time again", hears(late, schedule.Event{Type: schedule.RunStarted, Late: time.Second}, missed), "late sync, recovery sync was late, late sync"},
		{"was never late", hears(schedule.Event{Type: schedule.RunStarted}), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := openHistory(t, t.TempDir())
			n := notify.New(configOf(t, s, targetsOf(t, allKinds, "", nil)))
			test.do(n, ran(t, s, "r1", "sync", engine.OK))
			if got := kindsOf(posted(t, s)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestSignInIsToldOnceAProfile holds that many jobs with one profile bring one notice, and that it is over with the next token, or when the
// job that found it runs well.
func TestSignInIsToldOnceAProfile(t *testing.T) {
	t.Parallel()
	s := openHistory(t, t.TempDir())
	n := notify.New(configOf(t, s, targetsOf(t, "  {type: webhook, url: http://hooks.example.com, on: [sign_in, recovery]}\n", "", nil)))
	count := 0
	ends := func(job string, status engine.Status) {
		count++
		run := ran(t, s, fmt.Sprint("r", count), job, status)
		if status == engine.Failed {
			run.Error = &steps.Error{Kind: steps.Auth, Message: "invalid_grant", Hint: "sign in again: snrun auth login erp", Profile: "erp"}
		}
		end(n, run, false)
	}
	ends("one", engine.Failed)
	ends("two", engine.Failed)
	n.SignedIn("other")
	n.SignedIn("erp")
	n.SignedIn("erp")
	ends("one", engine.Failed)
	ends("two", engine.OK) // it may never have come to that profile
	ends("one", engine.OK)
	got := posted(t, s)
	const want = "sign_in oneerp, recovery erp was sign_in, sign_in oneerp, recovery two was failure, recovery one was failure, recovery erp was sign_in"
	if kindsOf(got) != want {
		t.Errorf("got %s\nwant %s", kindsOf(got), want)
	}
	if text := got[0].Text; !strings.Contains(text, "Sign in again: snrun auth login erp.") || !strings.HasSuffix(text, "Look at it: snrun auth test erp") {
		t.Errorf("got the text %q", text)
	}
}

// TestWhoIsTold holds that a target is told what it asks for.
func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	s := openHistory(t, t.TempDir())
	n := notify.New(configOf(t, s, targetsOf(t, `
  - {type: webhook, name: failures, url: https://a.example.com, on: [failure]}
  - {type: webhook, name: syncs, url: https://a.example.com, jobs: ["*_sync", nightly]}
  - {type: ping, url: https://a.example.com, jobs: [nightly]}
`, "", nil)))
	end(n, ran(t, s, "r1", "a_sync", engine.Failed), false)
	end(n, ran(t, s, "r2", "a_sync", engine.OK), false)
	end(n, ran(t, s, "r3", "syncs", engine.Failed), false)
	n.RunStarted(engine.Event{Type: engine.RunStarted, Job: "a_sync", Run: "r4"})
	n.RunStarted(engine.Event{Type: engine.RunStarted, Job: "nightly", Run: "r4"})
	n.Scheduled(schedule.Event{Type: schedule.RunStarted, Job: "nightly", Run: "r4"})
	end(n, ran(t, s, "r4", "nightly", engine.OK), false)
	end(n, ran(t, s, "r5", "nightly", engine.Failed), false)
	end(n, ran(t, s, "r6", "nightly", engine.Failed), false)
	end(n, ran(t, s, "r7", "nightly", engine.Cancelled), false)
	posts, err := s.Posts()
	if err != nil {
		t.Fatal(err)
	}
	notices, got := posted(t, s), ""
	for i, p := range posts {
		got += fmt.Sprintln(strings.TrimSuffix(p.Target, "@/srv/jobs"), notices[i].Kind, notices[i].Job)
	}
	const want = "failures failure a_sync\nsyncs failure a_sync\nsyncs recovery a_sync\nfailures failure syncs\n" +
		"ping start nightly\nping success nightly\nping failure nightly\nfailures failure nightly\nsyncs failure nightly\nping failure nightly\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestNoticeTexts holds what people read.
func TestNoticeTexts(t *testing.T) {
	t.Parallel()
	s := openHistory(t, t.TempDir())
	n := notify.New(configOf(t, s, targetsOf(t, allKinds, "", nil)))
	end(n, ran(t, s, "r1", "sync", engine.Failed), false)
	end(n, ran(t, s, "r2", "sync", engine.OK), false)
	n.Scheduled(schedule.Event{Type: schedule.SlotSkipped, Reason: engine.ReasonMissed, Job: "sync", Run: "r3", Message: "missed: no daemon\nwas running"})
	got := posted(t, s)
	for i, want := range []string{
		"Job sync failed in step alerts: 503 Service Unavailable. Look at it: snrun history show r1",
		"Job sync runs well again. It had been failing since " + time.Date(2026, 3, 1, 12, 1, 0, 0, time.UTC).Local().Format("2006-01-02 15:04:05 -07:00") +
			", in 1 run. Look at it: snrun history show r2",
		": missed: no daemon was running. Look at it: snrun schedule why sync",
	} {
		if !strings.HasSuffix(got[i].Text, want) {
			t.Errorf("got %q\nwant %q", got[i].Text, want)
		}
	}
	if e := got[0].Error; e != (notify.Failure{Kind: "status", Message: "503 Service Unavailable", Step: "alerts", Status: 503}) {
		t.Errorf("got the error %+v", e)
	}
}
