package web

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/history/review"
	"snrun/jobs"
	"snrun/steps"
)

// TestOverviewPage holds that a page answers, without a click, what is broken and since when, and what comes next.
func TestOverviewPage(t *testing.T) {
	t.Parallel()
	help, state, grant := "sign in again: snrun auth login crm", string(auth.StateReauth), "authorization_code"
	h := newHouse(t, map[string]string{
		"jobs/alerts.yaml": "schedule: {cron: \"@yearly\"}\nsteps: [{log: a}]\n",
		"jobs/orders.yaml": "steps: [{log: a}]\n",
		"jobs/late.yaml":   "schedule: {cron: \"*/10 * * * *\"}\nsteps: [{log: a}]\n",
		"jobs/paused.yaml": "schedule: {cron: \"*/10 * * * *\"}\nsteps: [{log: a}]\n",
		"jobs/broken.yaml": "schedule: {cron: \"61 * * * *\"}\nsteps: [{log: a}]\n",
	}, houseOptions{idle: true, change: func(c *Config) {
		c.SignIns = func(context.Context) ([]review.SignIn, error) {
			return []review.SignIn{{Profile: "fine"}, {Profile: "crm", Grant: &grant, State: &state, Help: &help, UsedBy: []string{"alerts"}}}, nil
		}
	}})
	good := h.ran("alerts", engine.OK, 5*time.Hour)
	first := h.ran("alerts", engine.Failed, 3*time.Hour)
	last := h.ran("alerts", engine.Failed, time.Hour, func(r *engine.Run) { r.Error = &steps.Error{Message: "another one"} })
	cutOff := h.ran("orders", engine.Interrupted, time.Hour)
	h.ran("gone", engine.Failed, time.Hour) // of no job of the project
	running := h.ran("late", engine.Running, time.Minute)
	if _, err := h.store.Know(time.Now().Add(-2*time.Hour), []engine.Plan{{Job: "late", Line: "*/10 * * * *"}, {Job: "paused", Line: "*/10 * * * *"}}); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Pause(engine.Pause{Job: "paused", Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	missed := engine.Claim{
		Run: engine.New(engine.Config{}).NewID(time.Now()), Job: "orders", File: "orders.yaml", Trigger: engine.TriggerSchedule, Due: time.Now().Add(-40 * time.Minute),
		Until: time.Now().Add(-20 * time.Minute), Count: 3, Reason: engine.ReasonMissed, Detail: "no daemon was there to run it",
	}
	if _, err := h.store.Claim(time.Now(), 10, []engine.Claim{missed}); err != nil {
		t.Fatal(err)
	}
	h.says("/",
		"no daemon runs the jobs: nothing runs by itself; start one: snrun serve",
		"alerts ✗ failed since", "3 hours ago", "/alert: the server answered 422", "2 runs did not end well: the first "+first+", the last "+last, "It went well last 4 hours ago: "+good,
		"Wait for somebody", cutOff, "! interrupted",
		"Late", "! late", "no daemon is running",
		"Missed in the last 24 hours", "(3 times)", "no daemon was there to run it",
		"Sign-in needed", "crm ✗ reauth_required", "the sign-in has ended", "What to do: sign in again: snrun auth login crm", "Used by alerts",
		"Files with mistakes", "broken.yaml:2:19 61 is no minute",
		"Runs now ▶ running late", "Next in", "The last 24 hours 2 failed, 1 interrupted, 1 running, 1 skipped, 1 ok",
		"In a terminal: snrun status",
	)
	page := textIn(h.page("/"))
	if !strings.Contains(page, "Resume the last run") || strings.Contains(page, "gone") || strings.Contains(page, "All is well") || running == "" {
		t.Errorf("the page says:\n%s", page)
	}
	viewer := *h
	viewer.browser = visit(t, h.site, h.server, Viewer)
	if text := textIn(viewer.page("/")); strings.Contains(text, "Resume") {
		t.Error("a viewer is offered to resume")
	}
}

// TestOverviewOfAGoodNight holds that it is said where all is well, what that rests on, and where it is not known.
func TestOverviewOfAGoodNight(t *testing.T) {
	t.Parallel()
	var fails error
	h := newHouse(t, map[string]string{"jobs/a.yaml": "schedule: {cron: \"@yearly\"}\nsteps: [{log: a}]\n"}, houseOptions{change: func(c *Config) {
		c.SignIns = func(context.Context) ([]review.SignIn, error) { return nil, fails }
	}})
	h.ran("a", engine.Failed, 3*time.Hour)
	h.ran("a", engine.OK, time.Hour)
	h.says("/", "✓ All is well: none of 1 job fails, nothing is late, no sign-in is needed, 1 run went well in the last 24 hours.")
	fails = errors.New("the store cannot be read: hunter2-hunter2")
	h.says("/", "How it stands with the sign-ins is not known: the store cannot be read: ***")
	if text := textIn(h.page("/")); strings.Contains(text, "All is well") {
		t.Error("all is well, though it is not known how it stands with the sign-ins")
	}
}

// TestAgenda holds that it is remembered when a job is due, until that has passed, or its schedules are others.
func TestAgenda(t *testing.T) {
	t.Parallel()
	schedule := func(line string) []jobs.Schedule {
		cron, err := jobs.ParseCron(line)
		if err != nil {
			t.Fatal(err)
		}
		return []jobs.Schedule{{Cron: cron, Zone: time.UTC}}
	}
	var a agenda
	now := time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC)
	hourly := schedule("0 * * * *")
	j := review.NewJob("a", "", hourly)
	for _, step := range []struct {
		now   time.Time
		times []jobs.Schedule
		want  string
	}{
		{now, hourly, "03:00"}, {now.Add(time.Minute), hourly, "03:00"}, {now.Add(31 * time.Minute), hourly, "04:00"},
		{now.Add(31 * time.Minute), schedule("15 * * * *"), "03:15"}, {now.Add(31 * time.Minute), nil, ""},
	} {
		got := ""
		j.Times = step.times
		if due := a.next(&j, step.now); due != nil {
			got = due.At.Format("15:04")
		}
		if got != step.want {
			t.Errorf("at %s: %q, want %q", step.now.Format("15:04"), got, step.want)
		}
	}
}
