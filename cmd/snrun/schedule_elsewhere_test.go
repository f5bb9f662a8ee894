package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/engine"
	"snrun/engine/temporal/schedules"
	"snrun/engine/temporal/temporaltest"
)

// TestListSaysWhatTheServerHas follows a schedule from before it is applied until after it is edited, paused, and the server gone: each
// time the list and `schedule why` say what the server does not have as the project does, and nothing else.
func TestListSaysWhatTheServerHas(t *testing.T) {
	t.Parallel()
	const job = "version: 1\nschedule: {cron: \"30 2 * * *\"}\nsteps: [{log: night}]\n"
	c := newClustered(t, map[string]string{"snrun.yaml": "version: 1\n", "jobs/night.yaml": job})
	says := func(want string, also ...string) {
		t.Helper()
		for _, command := range append(also, "schedule list night") {
			_, stderr := finished(t, exitOK, c.snrun(strings.Fields(command)...))
			if strings.Contains(stderr, "Temporal server") != (want != "") || !strings.Contains(stderr, want) {
				t.Errorf("%s says %q, want %q", command, stderr, want)
			}
		}
	}
	says("it is not on the Temporal server\n  have it run there: snrun apply night")
	finished(t, exitOK, c.snrun("apply"))
	says("", "schedule why night", "status")
	finished(t, exitOK, c.snrun("schedule", "pause", "night"))
	says("")
	finished(t, exitOK, c.snrun("schedule", "resume", "night"))
	says("")
	applied, _ := finished(t, exitOK, c.snrun("apply", "--json"))
	var known []struct{ ID string }
	if err := json.Unmarshal([]byte(applied), &known); err != nil || len(known) != 1 {
		t.Fatalf("%v: %s", err, applied)
	}
	night := c.there.ScheduleClient().GetHandle(t.Context(), known[0].ID)
	if err := night.Pause(t.Context(), client.SchedulePauseOptions{Note: "by hand"}); err != nil {
		t.Fatal(err)
	}
	says("it is paused on the Temporal server: by hand", "schedule why night", "status")
	if err := night.Unpause(t.Context(), client.ScheduleUnpauseOptions{}); err != nil {
		t.Fatal(err)
	}
	says("")
	c.write("jobs/night.yaml", job+"# edited\n")
	says("the Temporal server runs it as it was applied last, which is not as it is now\n  bring it up to date: snrun apply night")
	c.environ = append(c.environ, temporalVariable+"=127.0.0.1:1")
	says("how the Temporal server has the schedules is not known: ")
	_, stderr := finished(t, exitOK, c.snrun("schedule", "pause", "night"))
	if !strings.Contains(stderr, "night is paused") || !strings.Contains(stderr, "the Temporal server was not told: ") {
		t.Errorf("pause says %q", stderr)
	}
}

// TestDifferences holds what is said of schedules that a server has otherwise, and of those whose times there end soon.
func TestDifferences(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	r := func(became string, days int, paused string) schedules.Result {
		result := schedules.Result{Job: "j", Line: "0 2 * * *", Became: became, Paused: paused}
		if days != 0 {
			result.Ends = now.AddDate(0, 0, days)
		}
		return result
	}
	for _, c := range []struct {
		result schedules.Result
		want   string
	}{
		{r(schedules.Unchanged, 0, ""), ""},
		{r(schedules.Unchanged, 91, ""), ""},
		{r(schedules.Updated, 89, ""), "j 0 2 * * *: the Temporal server has its times until 2027-01-29\n  apply it again before: snrun apply j\n"},
		{r(schedules.Updated, -1, ""), "j 0 2 * * *: the Temporal server has no times of it since 2026-10-31\n  apply it again: snrun apply j\n"},
		{r(schedules.Unchanged, 0, "snrun: paused by ann@example"), ""},
		{r(schedules.Unchanged, 0, "by hand"), "j 0 2 * * *: it is paused on the Temporal server: by hand\n  have it go on there; snrun leaves it as it is\n"},
		{r(schedules.Deleted, 0, ""), "j 0 2 * * *: the job does not have it any more, and the Temporal server does\n  delete it: snrun apply j\n"},
	} {
		a := &app{name: "snrun"}
		if got := a.differences([]schedules.Result{c.result}, now); got != c.want {
			t.Errorf("%+v: %q, want %q", c.result, got, c.want)
		}
	}
}

// TestTriggerElsewhere has a person have a run be carried out by workers, with no daemon anywhere, and wait for one.
func TestTriggerElsewhere(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", helloJob)
	got := c.ends(exitOK, "schedule", "trigger", "hello", "-i", "name=you")
	id := strings.TrimSpace(got.stdout)
	if !strings.Contains(got.stderr, "no worker takes runs") || strings.Contains(got.stderr, "daemon") {
		t.Errorf("it says %q", got.stderr)
	}
	c.work(1)
	if r := c.becomes(id, engine.OK); r.Workflow != c.namespace+"/snrun-"+id {
		t.Errorf("it was carried out as %q", r.Workflow)
	}
	got = c.ends(exitOK, "schedule", "trigger", "hello", "--wait")
	if !strings.Contains(got.stderr, "ok in ") {
		t.Errorf("it says %q", got.stderr)
	}
}

// TestPagesPauseElsewhere has a person pause a job on the pages, and have it go on: the server is told of both.
func TestPagesPauseElsewhere(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("night.yaml", "version: 1\nschedule: {cron: \"0 8 * * *\", timezone: UTC}\nsteps: [{log: night}]\n")
	c.ends(exitOK, "apply")
	stands := func(what string) {
		t.Helper()
		if got := c.ends(exitOK, "apply", "--dry-run").stdout; !strings.Contains(got, "unchanged") {
			t.Errorf("%s: the server was not told\n%s", what, got)
		}
	}
	s, link := c.ui()
	v := enter(t, link)
	v.does("/jobs/night/pause", "why", "CHG-1042")
	stands("paused")
	if got := c.ends(exitOK, "apply", "--dry-run").stdout; !strings.Contains(got, "paused") {
		t.Errorf("it is not paused:\n%s", got)
	}
	v.does("/jobs/night/unpause")
	stands("unpaused")
	s.signal(syscall.SIGTERM)
	s.ends(exitOK)
}
