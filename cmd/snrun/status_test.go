package main

import (
	"fmt"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/history/review"
)

// nightOf is how it stands in the worst of nights, or in a good one.
func nightOf(well bool) *review.Overview {
	now := began.Add(3 * time.Hour)
	o := review.NewOverview(now)
	o.Now = now
	process := "8@box"
	o.Daemon = &process
	o.LastDay = review.Counts{Failed: 3, Running: 1, Skipped: 4, OK: 1204}
	started := now.Add(-time.Minute)
	o.Running.Runs = []review.Unended{{Run: "06c3k9q2f60", Job: "slow", Started: &started}}
	o.Next = []review.NextRun{{Job: "nightly", At: now.Add(time.Hour)}, {Job: "clocks", At: now.Add(25 * time.Hour), Note: "the clock is set forward: 02:30 is not there"}}
	if well {
		return o
	}
	ok := review.Ended{Run: "06c3k9q2f5a", Status: engine.OK, At: now.Add(-48 * time.Hour)}
	trouble := "the daemon cannot use its database: the disk is full"
	o.Trouble = &trouble
	o.Failing = []review.Failing{
		{
			Job: "alerts", Since: now.Add(-2 * time.Hour), Failures: 30, LastOK: &ok,
			First: review.Ended{Run: "06c3k9q2f5b", Status: engine.Failed, Step: "/alert", Error: "422 Unprocessable\x1b[2J Entity\nand more"}, Last: review.Ended{Run: "06c3k9q2f5c", Status: engine.Failed},
		},
		{Job: "new", Since: now.Add(-time.Minute), Failures: 1000, Many: true, First: review.Ended{Run: "06c3k9q2f5d"}, Last: review.Ended{Run: "06c3k9q2f5e", Status: engine.Interrupted}},
	}
	o.Interrupted = []review.Interrupted{
		{Job: "orders", Run: "06c3k9q2f5f", At: now.Add(-time.Hour), Error: "it is not known whether the order was placed", InDoubt: true},
		{Job: "new", Run: "06c3k9q2f5e", At: now.Add(-time.Minute)},
	}
	for i := range 22 {
		o.Late = append(o.Late, review.LateJob{Job: fmt.Sprintf("late_%02d", i), Late: review.Late{Due: now.Add(-time.Hour), Why: "nothing was decided about it"}})
	}
	o.NotRun = []review.NotRun{
		{Job: "hourly", Due: now.Add(-5 * time.Hour), Until: now.Add(-2 * time.Hour), Count: 4, Detail: "no daemon was there to run it"},
		{Job: "daily", Due: now.Add(-6 * time.Hour), Until: now.Add(-6 * time.Hour), Count: 1, Detail: "100 runs of the job waited already"},
	}
	state, grant, help := string(auth.StateReauth), "authorization_code", "sign in again: snrun auth login crm"
	o.SignIns = []review.SignIn{{Profile: "crm", Grant: &grant, State: &state, Help: &help, UsedBy: []string{"alerts", "orders", "new"}}}
	o.Broken = []review.BrokenFile{{File: "/srv/etl/jobs/broken.yaml", Mistakes: []review.FileMistake{{File: "jobs/broken.yaml", Line: 2, Column: 19, Message: "61 is no minute"}, {}}}}
	o.Queued.Runs = []review.Unended{{Run: "06c3k9q2f61", Job: "slow", Reason: "it was queued behind run 06c3k9q2f60"}, {Run: "06c3k9q2f62", Job: "other"}}
	return o
}

// TestStatusPage holds what a person reads of the worst of nights, and of a good one.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		well bool
	}{{"status_worst", false}, {"status_well", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := nightOf(test.well)
			v := &statusView{Overview: o, next: review.Commands{Program: "snrun"}, jobs: 214, page: page{now: o.Now}}
			golden(t, v.text(), "testdata/"+test.name+".txt")
		})
	}
}
