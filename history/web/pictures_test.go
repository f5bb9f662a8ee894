package web

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// TestHoursOfAnyClock holds that lanes have lines at whole hours of the person's clock, which may be a part of an hour beside that of UTC.
func TestHoursOfAnyClock(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{0, 5*time.Hour + 30*time.Minute, 5*time.Hour + 45*time.Minute, -3*time.Hour - 30*time.Minute} {
		zone := time.FixedZone("", int(offset.Seconds()))
		p := newLanes(1, time.Date(2026, 3, 28, 12, 20, 0, 0, time.UTC).In(zone))
		if len(p.Hours) != 8 {
			t.Errorf("at %s there are %d lines in 24 hours, want one every three: %v", offset, len(p.Hours), p.Hours)
		}
	}
}

// TestCalendarWithoutMidnight holds that each day of a calendar stands in its place and leads to just its own runs, also where the clock was
// changed at midnight.
func TestCalendarWithoutMidnight(t *testing.T) {
	t.Parallel()
	store, err := history.Open(filepath.Join(t.TempDir(), "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, test := range []struct{ zone, today string }{ // 89 days after a Sunday in March on which there was none, but for Berlin
		{"America/Havana", "2026-06-05"}, {"Asia/Beirut", "2026-06-26"}, {"Europe/Berlin", "2026-06-26"},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.ParseInLocation(time.DateTime, test.today+" 12:00:00", zone)
		if err != nil {
			t.Fatal(err)
		}
		s, err := review.ReadStats(store, "a", time.Time{}, at, zone)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Days {
			s.Days[i].Counts.OK = 1
		}
		c := newCalendar("a", s.Days)
		if first := c.Days[0]; len(c.Days) != 90 || first.X != dayLeft || first.Y != dayTop+6*(dayCell+dayGap) {
			t.Errorf("%s: %s, the first of %d days, stands at %d, %d: it is a Sunday", test.zone, first.Date, len(c.Days), first.X, first.Y)
		}
		before := ""
		for _, d := range c.Days {
			u, err := url.Parse(d.Link)
			if err != nil {
				t.Fatal(err)
			}
			since, until := u.Query().Get("since"), u.Query().Get("until")
			if before != "" && since != before || since[:10] != d.Date {
				t.Errorf("%s: %s is from %s to %s, behind %s", test.zone, d.Date, since, until, before)
			}
			before = until
		}
	}
}

// TestLinesAsTheParserCounts holds that the page of a run whose job's lines end as those of old editors do shows the line that failed.
func TestLinesAsTheParserCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/old.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	for _, ending := range []string{"\r", "\n", "\r\n", "\u2028"} {
		began := time.Now().Add(-time.Hour)
		text := "version: 1\n" + strings.Repeat("# "+ending, 9) + "\nsteps:\n  - {id: alert, fail: no}"
		run := &engine.Run{
			ID: engine.New(engine.Config{}).NewID(began), Job: "old", Trigger: "manual", Due: began, Started: began, Inputs: map[string]any{},
			File: filepath.Join(h.dir, "jobs", "old.yaml"), Text: text, Error: &steps.Error{Message: "no", Step: "alert"},
		}
		if err := h.store.Begin(run); err != nil {
			t.Fatal(err)
		}
		if err := h.store.Note(run.ID, engine.StepRun{Key: "/alert", ID: "alert", Kind: "fail", Status: engine.Failed, Started: began, Ended: began, Error: run.Error}); err != nil {
			t.Fatal(err)
		}
		run.Status, run.Ended = engine.Failed, began
		if err := h.store.Finish(run); err != nil {
			t.Fatal(err)
		}
		marked := regexp.MustCompile(`(?s)class="[^"]*marked[^"]*".{0,200}alert, fail`)
		for _, at := range []string{"", "?tab=job"} {
			if status, text := h.get("/runs/" + run.ID + at); status != 200 || !marked.MatchString(text) {
				t.Errorf("lines that end with %q: %d, and the line is not marked in %s", ending, status, text)
			}
		}
	}
}
