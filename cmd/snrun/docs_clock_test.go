package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"snrun/jobs"
)

// clockRow is a row of the table of docs/scheduling.md: a cron line, dst, and the times on the days of the two changes.
var clockRow = regexp.MustCompile("(?m)^\\| `([^`]+ [^`]+)`(?: with `dst: ([^`]+)`)? \\| (.*) \\| (.*) \\|$")

// clockDays are the days of the columns.
var clockDays = [...]string{"2026-03-29", "2026-10-25"}

// TestDocsClock holds that what docs/scheduling.md says of the days when the clock is changed is so.
func TestDocsClock(t *testing.T) {
	t.Parallel()
	rows := clockRow.FindAllStringSubmatch(readText(t, root+"/docs/scheduling.md"), -1)
	if len(rows) < 6 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		s := berlin(t, row[1], row[2])
		for i, day := range clockDays {
			if got := dueOn(t, s, day); got != row[3+i] {
				t.Errorf("%s: on %s %q is due at %s, the page says %s", row[1], day, row[2], got, row[3+i])
			}
		}
	}
}

// berlin reads a schedule.
func berlin(t *testing.T, cron, dst string) *jobs.Schedule {
	t.Helper()
	text := "version: 1\nschedule:\n  - cron: \"" + cron + "\"\n    timezone: Europe/Berlin\n"
	if dst != "" {
		text += "    dst: " + dst + "\n"
	}
	file := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(file, []byte(text+"steps:\n  - log: hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := jobs.Open(filepath.Dir(file), jobs.Settings{Jobs: ".", Profiles: "profiles.yaml"}, jobs.Options{Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	job, err := p.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return &job.Schedules[0]
}

// dueOn gives the times of a day as the page writes them.
func dueOn(t *testing.T, s *jobs.Schedule, day string) string {
	t.Helper()
	from, err := time.ParseInLocation(time.DateOnly, day, s.Zone)
	if err != nil {
		t.Fatal(err)
	}
	var times []string
	for at := from.Add(-1); ; {
		slot, ok := s.Next(at)
		if at = slot.At; !ok || at.Format(time.DateOnly) != day {
			break
		}
		times = append(times, at.Format("15:04Z07:00"))
	}
	if len(times) == 0 {
		return "not at all"
	}
	return strings.Join(times, " and ")
}
