package schedule

import (
	"archive/zip"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// The model is what a person expects of a schedule: someone sits before a clock, and at each minute that it shows looks whether
// the line names it. It is slow, and shares nothing with the code that it is held against: neither how lines are read nor how times
// are found.

// face is what a clock shows.
type face struct {
	year, month, day, hour, minute int
	weekday                        time.Weekday
}

func (f face) isLastDay() bool {
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if f.year%4 == 0 {
		days[1] = 29
	}
	return f.day == days[f.month-1]
}

// modelLine is a cron line, and the same in the words of the model.
type modelLine struct {
	cron  string
	named bool // its hour field names hours
	fits  func(face) bool
	every int64 // of @every, seconds
}

func modelLines() []modelLine {
	return []modelLine{
		{cron: "30 2 * * *", named: true, fits: func(f face) bool { return f.hour == 2 && f.minute == 30 }},
		{cron: "0 0 * * *", named: true, fits: func(f face) bool { return f.hour == 0 && f.minute == 0 }},
		{cron: "@daily", named: true, fits: func(f face) bool { return f.hour == 0 && f.minute == 0 }},
		{cron: "59 23 * * *", named: true, fits: func(f face) bool { return f.hour == 23 && f.minute == 59 }},
		{cron: "0 3 * * *", named: true, fits: func(f face) bool { return f.hour == 3 && f.minute == 0 }},
		{cron: "*/20 1-3 * * *", named: true, fits: func(f face) bool { return f.hour >= 1 && f.hour <= 3 && f.minute%20 == 0 }},
		{cron: "10,40 0,2,23 * * 1-5", named: true, fits: func(f face) bool {
			return (f.hour == 0 || f.hour == 2 || f.hour == 23) && (f.minute == 10 || f.minute == 40) && f.weekday >= 1 && f.weekday <= 5
		}},
		{cron: "5 1 * * 7", named: true, fits: func(f face) bool { return f.hour == 1 && f.minute == 5 && f.weekday == time.Sunday }},
		{cron: "15 2 L * *", named: true, fits: func(f face) bool { return f.hour == 2 && f.minute == 15 && f.isLastDay() }},
		{cron: "30 1 29,L * SUN", named: true, fits: func(f face) bool {
			return f.hour == 1 && f.minute == 30 && (f.day == 29 || f.isLastDay() || f.weekday == time.Sunday)
		}},
		{cron: "45 2 */2 3,10,11 *", named: true, fits: func(f face) bool {
			return f.hour == 2 && f.minute == 45 && f.day%2 == 1 && (f.month == 3 || f.month == 10 || f.month == 11)
		}},
		{cron: "0 0/6 * * *", named: true, fits: func(f face) bool { return f.hour%6 == 0 && f.minute == 0 }},
		{cron: "@hourly", fits: func(f face) bool { return f.minute == 0 }},
		{cron: "*/30 * * * *", fits: func(f face) bool { return f.minute%30 == 0 }},
		{cron: "17 */2 * * *", fits: func(f face) bool { return f.hour%2 == 0 && f.minute == 17 }},
		{cron: "20 */3 * * SAT,SUN", fits: func(f face) bool {
			return f.hour%3 == 0 && f.minute == 20 && (f.weekday == time.Saturday || f.weekday == time.Sunday)
		}},
		{cron: "@every 95m", every: 95 * 60},
		{cron: "@every 1d", every: 24 * 3600},
	}
}

// minute is a minute as someone sees it who sits before the clock.
type minute struct {
	at      int64
	shown   face
	again   bool   // the clock showed this before
	skipped []face // what it should have shown since the minute before, and did not
}

// minutes gives what a clock shows, minute by minute, after one moment and up to another.
func minutes(from, upTo time.Time, zone *time.Location) []minute {
	var list []minute
	seen := map[face]bool{}
	before := faceOf(from.In(zone))
	for t := from.Add(time.Minute); !t.After(upTo); t = t.Add(time.Minute) {
		seen[before] = true
		m := minute{at: t.Unix(), shown: faceOf(t.In(zone))}
		m.again = seen[m.shown]
		for expected := before.next(); expected.before(m.shown); expected = expected.next() {
			m.skipped = append(m.skipped, expected)
		}
		list = append(list, m)
		before = m.shown
	}
	return list
}

// next is what the clock shows a minute later, where nobody touches it.
func (f face) next() face {
	return faceOf(time.Date(f.year, time.Month(f.month), f.day, f.hour, f.minute+1, 0, 0, time.UTC))
}

func (f face) before(o face) bool {
	return slices.Compare([]int{f.year, f.month, f.day, f.hour, f.minute}, []int{o.year, o.month, o.day, o.hour, o.minute}) < 0
}

func faceOf(t time.Time) face {
	year, month, day := t.Date()
	hour, minute, _ := t.Clock()
	return face{year, int(month), day, hour, minute, t.Weekday()}
}

// expected gives the moments at which a person expects runs.
func (l modelLine) expected(list []minute, dst jobs.Dst) []int64 {
	var due []int64
	for _, m := range list {
		if l.expects(m, dst) {
			due = append(due, m.at)
		}
	}
	return due
}

func (l modelLine) expects(m minute, dst jobs.Dst) bool {
	switch {
	case l.every > 0:
		return m.at%l.every == 0
	case !l.named: // it follows real time
		return l.fits(m.shown)
	case dst.Gap != "skip" && slices.ContainsFunc(m.skipped, l.fits):
		return true
	}
	return l.fits(m.shown) && (!m.again || dst.Fold == "twice")
}

// changingZones gives the zones whose clocks are changed in 2026 to 2030, one of those that do the same, with the moments of that.
func changingZones(t testing.TB) map[*time.Location][]time.Time {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(runtime.GOROOT(), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	seen := map[string]bool{}
	zones := map[*time.Location][]time.Time{}
	for _, f := range archive.File {
		zone, err := time.LoadLocation(f.Name)
		if err != nil || strings.HasSuffix(f.Name, "/") {
			continue
		}
		var changes []time.Time
		rules := ""
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).In(zone); ; {
			_, at = at.ZoneBounds()
			if at.IsZero() || at.Year() > 2030 {
				break
			}
			changes = append(changes, at)
			_, offset := at.Zone()
			rules += fmt.Sprintln(at.Unix(), offset)
		}
		if len(changes) > 0 && !seen[rules] {
			seen[rules], zones[zone] = true, changes
		}
	}
	if len(zones) < 30 {
		t.Fatalf("got %d kinds of zones with changes, want at least 30", len(zones))
	}
	return zones
}

func allDst(l modelLine) []jobs.Dst {
	if !l.named {
		return []jobs.Dst{{}}
	}
	return []jobs.Dst{{}, {Gap: "skip"}, {Fold: "twice"}, {Gap: "skip", Fold: "twice"}}
}

// TestPlannerDoesWhatAPersonExpects looks at the week around each change of each clock: at what the planner makes of it when it has
// passed, all to be run or none.
func TestPlannerDoesWhatAPersonExpects(t *testing.T) {
	t.Parallel()
	zones := changingZones(t)
	for _, zone := range slices.SortedFunc(maps.Keys(zones), byName) {
		t.Run(zone.String(), func(t *testing.T) {
			t.Parallel()
			for _, change := range zones[zone] {
				from, upTo := change.Add(-84*time.Hour).UTC(), change.Add(84*time.Hour).UTC()
				clock := minutes(from, upTo, zone)
				for _, l := range modelLines() {
					for _, dst := range allDst(l) {
						s := schedule(t, l.cron, func(s *jobs.Schedule) { s.Zone, s.Dst = zone, dst })
						checkPlanned(t, s, l.expected(clock, dst), from, upTo)
					}
				}
			}
		})
	}
}

func byName(a, b *time.Location) int { return strings.Compare(a.String(), b.String()) }

// checkPlanned holds what the planner makes of a span of time against the moments that are expected in it.
func checkPlanned(t *testing.T, s jobs.Schedule, want []int64, from, upTo time.Time) {
	t.Helper()
	at := func(moment int64) string { return time.Unix(moment, 0).In(s.Zone).Format("01-02 15:04 -0700") }
	passed := func(mode string) []engine.Claim {
		s.CatchUp.Mode = mode
		table := timetable{lines: []line{{Schedule: s, decided: from, watched: upTo}}}
		return table.claims(outlook{now: upTo, most: 1_000_000})
	}
	all := passed("all")
	for i := range max(len(all), len(want)) {
		switch {
		case i >= len(all):
			t.Fatalf("%s from %v: nothing planned at %s", s.Line(), from, at(want[i]))
		case i >= len(want) || all[i].Due.Unix() != want[i]:
			t.Fatalf("%s from %v: planned at %s, which a person does not expect", s.Line(), from, at(all[i].Due.Unix()))
		}
	}
	none := passed("none")
	if len(want) == 0 {
		if len(none) > 0 {
			t.Fatalf("%s from %v: got %+v, want nothing", s.Line(), from, none)
		}
		return
	}
	if c := none[0]; len(none) != 1 || c.Count != len(want) || c.Due.Unix() != want[0] || c.Until.Unix() != want[len(want)-1] {
		t.Fatalf("%s from %v: got %d slots from %v to %v, want %d from %s to %s", s.Line(), from, c.Count, c.Due, c.Until,
			len(want), at(want[0]), at(want[len(want)-1]))
	}
}

// TestFiresWhenAPersonExpects has a daemon live through a week in which clocks are changed, with jobs in all the zones where
// they are.
func TestFiresWhenAPersonExpects(t *testing.T) {
	t.Parallel()
	from, upTo := time.Date(2026, 10, 24, 19, 0, 30, 0, time.UTC), time.Date(2026, 11, 1, 19, 0, 30, 0, time.UTC)
	if testing.Short() {
		upTo = from.Add(30 * time.Hour)
	}
	var list []Job
	want := map[string][]int64{}
	for zone, changes := range changingZones(t) {
		if !slices.ContainsFunc(changes, func(c time.Time) bool { return c.After(from) && c.Before(upTo) }) {
			continue
		}
		clock := minutes(from.Truncate(time.Minute), upTo, zone)
		for i, l := range modelLines() {
			dst := allDst(l)[(i+len(list))%len(allDst(l))]
			name := zone.String() + " " + l.cron
			list = append(list, job(t, name, l.cron, func(s *jobs.Schedule) { s.Zone, s.Dst = zone, dst }))
			want[name] = l.expected(clock, dst)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{shift: from.Sub(beginning), Config: Config{MaxRuns: 1000}}, list...)
		after(upTo.Sub(from))
		got := map[string][]int64{}
		for _, s := range d.started() {
			got[s.Job] = append(got[s.Job], s.Due.Unix())
			if !s.at.Equal(s.Due) {
				t.Errorf("%s, due %v, started at %v", s.Job, s.Due, s.at)
			}
		}
		d.end()
		for _, j := range list {
			if !slices.Equal(got[j.Name], want[j.Name]) {
				t.Errorf("%s: got %v, want %v", j.Schedules[0].Line(), moments(got[j.Name]), moments(want[j.Name]))
			}
		}
	})
}

func moments(unix []int64) []string {
	var list []string
	for _, u := range unix {
		list = append(list, time.Unix(u, 0).UTC().Format("02T15:04"))
	}
	return list
}
