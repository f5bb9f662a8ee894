package main

import (
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
)

// nightlySchedule is due each night in Berlin.
func nightlySchedule(t *testing.T) jobs.Schedule {
	t.Helper()
	cron, err := jobs.ParseCron("30 2 * * *")
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return jobs.Schedule{Cron: cron, Zone: zone, Overlap: "skip", CatchUp: jobs.CatchUp{Mode: "latest", Window: 6 * time.Hour}, Jitter: 30 * time.Second}
}

// testBook knows of jobs in each state, and of two daemons.
func testBook(t *testing.T) (*book, []review.Job) {
	t.Helper()
	ok := &history.Brief{Run: "06c3k9q2f5a", Status: engine.OK, Due: began, Started: began, Ended: began.Add(time.Minute)}
	failed := &history.Brief{Run: "06c3k9q2f5b", Status: engine.Failed, Due: began, Started: began, Ended: began.Add(time.Second), Error: "alert: 422 Unprocessable\x1b[2J Entity"}
	waits := history.Brief{Run: "06c3k9q2f60", Status: engine.Queued, Due: began.Add(-time.Hour), Reason: "it was queued behind run 06c3k9q2f5z"}
	line := nightlySchedule(t)
	b := &book{Book: review.Book{
		Folder: "/srv/etl", Commands: review.Commands{Program: "snrun"}, LateAfter: 5 * time.Minute,
		Daemons: []engine.Daemon{
			{Process: "7@box", Project: "/srv/other", Started: began.Add(-time.Hour), Seen: began.Add(2 * time.Minute)},
			{Process: "8@box", Project: "/srv/etl", Started: began.Add(-48 * time.Hour), Seen: began.Add(3*time.Minute - 4*time.Second)},
		},
		Pauses: map[string]engine.Pause{"paused": {Job: "paused", Since: began.Add(-time.Hour), Who: "ann@box", Why: "the server\nis being moved"}},
		Standings: map[string]*history.Standing{
			"nightly": {Last: ok, LastOK: ok}, "paused": {Last: failed, LastOK: ok, Running: []history.Brief{{Run: "06c3k9q2f5z"}}}, "queued": {Queued: []history.Brief{waits, {Run: "06c3k9q2f61", Due: began}}},
			"undecided": {Last: failed},
		},
		Plans: map[string][]engine.Plan{
			"nightly": {{Line: line.Line(), Decided: began}}, "undecided": {{Line: "0 0 1 1 *"}, {Line: line.Line(), Decided: began.Add(-24 * time.Hour)}},
			"paused": {{Line: line.Line(), Decided: began.Add(-24 * time.Hour)}},
		},
	}}
	var list []review.Job
	for _, name := range []string{"nightly", "paused", "queued", "undecided"} {
		list = append(list, review.NewJob(name, "/srv/etl/jobs/"+name+".yaml", []jobs.Schedule{line}))
	}
	return b, append(list, review.BrokenJob("broken", "/srv/etl/jobs/broken.yaml", "jobs/broken.yaml:2:19: 61 is no minute: they go from 0 to 59", "see: snrun validate jobs/broken.yaml"))
}

func TestSchedulePages(t *testing.T) {
	t.Parallel()
	now := began.Add(3 * time.Minute)
	list := func(change func(*book)) func(page) string {
		return func(p page) string {
			b, list := testBook(t)
			change(b)
			for i := range list {
				b.Fill(&list[i], now)
			}
			return b.daemonLines(p) + "\n" + scheduleTable(p, list) + "\n" + scheduleNotes(list)
		}
	}
	slots := []history.Slot{
		{Due: began, Until: began, Count: 1, Run: history.Brief{Run: "06c3k9q2f62", Status: engine.Running, Trigger: "schedule", Started: began.Add(20 * time.Second)}},
		{Due: began.Add(-time.Hour), Until: began.Add(-time.Hour), Count: 1, Run: history.Brief{Run: "06c3k9q2f61", Status: engine.Failed, Trigger: "catch_up", Started: began.Add(-time.Minute), Ended: began, Error: "alert: 422"}},
		{Due: began.Add(-96 * time.Hour), Until: began.Add(-24 * time.Hour), Count: 1234, Reason: "missed", Run: history.Brief{Run: "06c3k9q2f60", Status: engine.Skipped, Trigger: "schedule", Ended: began, Reason: "missed 1,234 times: no daemon was running"}},
		{Due: began.Add(-99 * time.Hour), Until: began.Add(-99 * time.Hour), Count: 1},
	}
	for _, test := range []struct {
		name string
		page func(page) string
	}{
		{"list", list(func(*book) {})},
		{"list_hangs", list(func(b *book) { b.Daemons[1].Seen = began.Add(-time.Hour) })},
		{"list_other", list(func(b *book) { b.Daemons = b.Daemons[:1] })},
		{"why", func(p page) string {
			var records []review.Slot
			for _, s := range slots {
				records = append(records, review.SlotOf(s, nightlySchedule(t).Zone))
			}
			return slotTable(p, records)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			golden(t, "--- in a pipe\n"+test.page(page{now: now})+"--- 80 columns\n"+test.page(page{width: 80, now: now}), "testdata/schedule_"+test.name+".txt")
		})
	}
}
