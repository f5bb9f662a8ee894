package schedules

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"go.temporal.io/sdk/client"

	"snrun/jobs"
)

// now is in the year of the examples, before the clocks change in Europe.
var now = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func scheduleOf(t testing.TB, line, zone string) jobs.Schedule {
	t.Helper()
	cron, err := jobs.ParseCron(line)
	if err != nil {
		t.Fatal(err)
	}
	s := jobs.Schedule{Cron: cron, Overlap: "skip", CatchUp: jobs.CatchUp{Mode: "none"}}
	if zone != "" {
		s.Zone = zoneOf(t, zone)
	}
	return s
}

// oddZones are those of which the clocks do all that clocks do: change at midnight, by half an hour, by two hours, twice a year more, never.
func oddZones() []string {
	return []string{
		"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
		"America/St_Johns", "Africa/Casablanca", "America/Havana", "Asia/Beirut", "Europe/Dublin", "Antarctica/Troll",
	}
}

func lines() []string {
	return []string{
		"*/30 * * * *", "7 * * * *", "30 2 * * *", "0 8 * * 1-5", "0 6 L * *", "0 0 13 * 5", "*/20 */2 * * *", "30 1,2 * * 7",
		"0 0 29 2 *", "15 0 * * *", "0 3 * * *", "30 2 * * 1-5", "*/7 0-3 L,15 */2 *", "0 1-3 * * *", "0 0 L * 1",
	}
}

// allVariable asks for all zones with all lines. Without it each zone has a fifth of the lines, and each line a fifth of the zones.
const allVariable = "SNRUN_TEST_CALENDARS"

// someLines are those that are looked at in a zone, which is the so many-th of oddZones.
func someLines(zone int) (list []string) {
	for i, line := range lines() {
		if os.Getenv(allVariable) != "" || (i+zone)%5 == 0 {
			list = append(list, line)
		}
	}
	return list
}

// TestTimesAreOurs holds that what a server is told has the times of jobs.Schedule, all of them for years, in all zones: also where its
// own calendars would have others.
func TestTimesAreOurs(t *testing.T) {
	t.Parallel()
	for i, zone := range oddZones() {
		for _, line := range someLines(i) {
			s := scheduleOf(t, line, zone)
			spec, err := SpecOf(s, time.UTC, now)
			if err != nil {
				t.Errorf("%s %s: %v", zone, line, err)
				continue
			}
			until := now.AddDate(1, 4, 0)
			theirs := servedBy(&spec.ScheduleSpec, zoneOf(t, spec.TimeZoneName))
			if err := same(&s, theirs, now, until, 0); err != nil {
				t.Errorf("%s %s: %v", zone, line, err)
			}
			if !spec.Until.IsZero() && spec.Until.Before(now.AddDate(2, 0, 0)) {
				t.Errorf("%s %s: holds until %s only", zone, line, spec.Until)
			}
		}
	}
}

// TestForms holds which way a schedule is said: by a rule wherever one is exact.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, line, want string }{
		{"Europe/Berlin", "*/30 * * * *", "UTC 1"},
		{"Asia/Kathmandu", "*/30 * * * *", "UTC 1"},
		{"Australia/Lord_Howe", "*/30 * * * *", "UTC 1"},
		{"Australia/Lord_Howe", "7 * * * *", "UTC 26 until 2029-01-01"},
		{"Europe/Berlin", "0 8 * * 1-5", "Europe/Berlin 1"},
		{"Europe/Berlin", "0 6 L * *", "Europe/Berlin 4"},
		{"Europe/Berlin", "30 2 * * *", "UTC 16 until 2029-01-01"},
		{"Europe/Berlin", "30 2 * * 1-5", "Europe/Berlin 1"},
		{"Europe/Berlin", "0 0 13 * 5", "Europe/Berlin 2"},
		{"Europe/Berlin", "* 0-22 * * *", "UTC 16 until 2029-01-01"}, // a million and a half times
		{"UTC", "30 2 * * 7", "UTC 1"},
		{"UTC", "@every 90s", " 0"},
	} {
		spec, err := SpecOf(scheduleOf(t, c.line, c.zone), time.UTC, now)
		if err != nil {
			t.Errorf("%s %s: %v", c.zone, c.line, err)
		}
		got := fmt.Sprintf("%s %d", spec.TimeZoneName, len(spec.Calendars))
		if !spec.Until.IsZero() {
			got += " until " + spec.Until.Format(time.DateOnly)
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.zone, c.line, got, c.want)
		}
	}
}

// TestDst holds that the options for changes of the clock are kept, of a schedule without a zone of its own too.
func TestDst(t *testing.T) {
	t.Parallel()
	for _, dst := range []jobs.Dst{{}, {Gap: "skip"}, {Fold: "twice"}, {Gap: "skip", Fold: "twice"}} {
		s := scheduleOf(t, "30 2 * * *", "")
		s.Dst = dst
		spec, err := SpecOf(s, zoneOf(t, "Europe/Berlin"), now)
		if err != nil {
			t.Fatal(err)
		}
		s.Zone = zoneOf(t, "Europe/Berlin")
		if err := same(&s, servedBy(&spec.ScheduleSpec, zoneOf(t, spec.TimeZoneName)), now, now.AddDate(2, 0, 0), 0); err != nil {
			t.Errorf("%+v: %v", dst, err)
		}
		if spec.Until.IsZero() { // a server runs it the second time only
			t.Errorf("%+v: it is said by a rule", dst)
		}
	}
}

// TestEnds holds that starts counts and ends does not, to the fraction of a second, and that @every counts from starts.
func TestEnds(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for _, line := range []string{"0 * * * *", "30 2 * * *", "@every 7m", "0 10 * * *"} {
		for _, fraction := range []time.Duration{0, 1, 999 * time.Millisecond, time.Second} {
			s := scheduleOf(t, line, "Europe/Berlin")
			s.Starts, s.Ends = at.Add(fraction), at.Add(30*24*time.Hour+fraction)
			spec, err := SpecOf(s, time.UTC, now)
			if err != nil {
				t.Errorf("%s from %s: %v", line, s.Starts, err)
				continue
			}
			zone := time.UTC
			if spec.TimeZoneName != "" {
				zone = zoneOf(t, spec.TimeZoneName)
			}
			if err := same(&s, servedBy(&spec.ScheduleSpec, zone), now, now.AddDate(1, 0, 0), 0); err != nil {
				t.Errorf("%s from %s: %v", line, s.Starts, err)
			}
		}
	}
}

// TestDifference holds that a difference is found and told.
func TestDifference(t *testing.T) {
	t.Parallel()
	s := scheduleOf(t, "30 2 * * *", "Europe/Berlin")
	err := agree(&s, zoneRule(s.Cron.Fields(), s.Zone), s.Zone, now, time.Time{})
	var d *Difference
	const want = "snrun schedule next says 2026-03-29 03:00:00 +02:00, and a Temporal server would run it 2026-03-30 02:30:00 +02:00"
	if !errors.As(err, &d) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	never := client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{}}}
	if err := agree(&s, never, s.Zone, now, time.Time{}); err == nil || !strings.Contains(err.Error(), "would run it never") {
		t.Errorf("%v", err)
	}
}
