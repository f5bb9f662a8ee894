package schedule

import (
	"fmt"
	"testing"
	"time"

	"snrun/jobs"
)

// TestFired holds what becomes of a slot that a server found due: in time, late by each kind of catch_up, and of a job that is paused.
func TestFired(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	const never = -1
	for _, c := range []struct {
		catchUp jobs.CatchUp
		overlap string
		late    time.Duration
		paused  time.Duration // after it was due
		want    string
	}{
		{jobs.CatchUp{Mode: "none"}, "skip", 0, never, "schedule skip"},
		{jobs.CatchUp{Mode: "none"}, "skip", time.Minute, never, "schedule skip"},
		{jobs.CatchUp{Mode: "none"}, "skip", 61 * time.Second, never, "missed"},
		{jobs.CatchUp{Mode: "latest"}, "skip", 50 * time.Minute, never, "catch_up skip"},
		{jobs.CatchUp{Mode: "latest"}, "skip", 60 * time.Minute, never, "missed"},
		{jobs.CatchUp{Mode: "latest", Window: 30 * time.Minute}, "skip", 50 * time.Minute, never, "missed"},
		{jobs.CatchUp{Mode: "all"}, "skip", 3 * time.Hour, never, "catch_up queue"},
		{jobs.CatchUp{Mode: "all"}, "cancel_running", 3 * time.Hour, never, "catch_up queue"},
		{jobs.CatchUp{Mode: "all"}, "allow", 3 * time.Hour, never, "catch_up allow"},
		{jobs.CatchUp{Mode: "all"}, "skip", 5 * time.Hour, never, "missed"}, // five later ones
		{jobs.CatchUp{Mode: "all", Window: time.Hour}, "skip", 2 * time.Hour, never, "missed"},
		{jobs.CatchUp{Mode: "none"}, "skip", 0, 0, "paused"},
		{jobs.CatchUp{Mode: "none"}, "skip", 2 * time.Second, time.Second, "schedule skip"},
		{jobs.CatchUp{Mode: "all"}, "skip", 2 * time.Hour, time.Hour, "missed"},
	} {
		cron, err := jobs.ParseCron("0 * * * *")
		if err != nil {
			t.Fatal(err)
		}
		f := Fired{Run: "r", Job: "sync", Due: due, MaxQueue: 5, Schedule: jobs.Schedule{Cron: cron, Zone: time.UTC, Overlap: c.overlap, CatchUp: c.catchUp}}
		var paused time.Time
		if c.paused != never {
			paused = due.Add(c.paused)
		}
		claim := f.Claim(due.Add(c.late), paused)
		got := claim.Reason
		if got == "" {
			got = fmt.Sprintf("%s %s", claim.Trigger, claim.Overlap)
		}
		if got != c.want {
			t.Errorf("%+v: %q (%s), want %q", c, got, claim.Detail, c.want)
		}
	}
}
