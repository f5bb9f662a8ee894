package jobs

import (
	"math/rand/v2"
	"testing"
	"time"
)

const slotForm = "2006-01-02 15:04 -0700"

func TestScheduleNextWhereTheClockChanges(t *testing.T) {
	t.Parallel()
	berlinGap := "02:30 does not exist on 2026-03-29 in Europe/Berlin; runs at 03:00"
	berlinFold := "02:30 comes twice on 2026-10-25 in Europe/Berlin"
	tests := map[string]struct {
		line, zone, after string // after as RFC 3339
		dst               Dst
		want              []Slot // At is not looked at
		times             []string
	}{
		"Berlin, gap": {
			"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", Dst{},
			[]Slot{{}, {Note: berlinGap}, {}},
			[]string{"2026-03-28 02:30 +0100", "2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200"},
		},
		"Berlin, gap skipped": {
			"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", Dst{Gap: "skip"},
			[]Slot{{}, {Note: "before it, 02:30 does not exist on 2026-03-29 in Europe/Berlin and is skipped"}, {}},
			[]string{"2026-03-28 02:30 +0100", "2026-03-30 02:30 +0200", "2026-03-31 02:30 +0200"},
		},
		"Berlin, several times in the gap run once": {
			"*/15 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", Dst{Gap: "run_after", Fold: "once"},
			[]Slot{{Note: "02:00 does not exist on 2026-03-29 in Europe/Berlin; runs at 03:00"}, {}, {}, {}, {}},
			[]string{"2026-03-29 03:00 +0200", "2026-03-29 03:15 +0200", "2026-03-29 03:30 +0200", "2026-03-29 03:45 +0200", "2026-03-30 02:00 +0200"},
		},
		"Berlin, the end of the gap": {
			"0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", Dst{},
			[]Slot{{}, {}},
			[]string{"2026-03-29 03:00 +0200", "2026-03-30 03:00 +0200"},
		},
		"Berlin, just before the gap": {
			"59 1 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", Dst{},
			[]Slot{{}, {}},
			[]string{"2026-03-29 01:59 +0100", "2026-03-30 01:59 +0200"},
		},
		"Berlin, fold": {
			"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", Dst{},
			[]Slot{{Note: berlinFold + "; runs the first time only"}, {}},
			[]string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"},
		},
		"Berlin, fold, asked between": {
			"30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", Dst{},
			[]Slot{{}},
			[]string{"2026-10-26 02:30 +0100"},
		},
		"Berlin, fold, both times": {
			"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", Dst{Fold: "twice"},
			[]Slot{{Note: berlinFold + "; this is the first time"}, {Note: berlinFold + "; this is the second time"}, {}},
			[]string{"2026-10-25 02:30 +0200", "2026-10-25 02:30 +0100", "2026-10-26 02:30 +0100"},
		},
		"Berlin, fold, both times of two": {
			"0,30 2 * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", Dst{Fold: "twice"},
			[]Slot{
				{Note: "02:00 comes twice on 2026-10-25 in Europe/Berlin; this is the first time"}, {Note: berlinFold + "; this is the first time"},
				{Note: "02:00 comes twice on 2026-10-25 in Europe/Berlin; this is the second time"}, {Note: berlinFold + "; this is the second time"}, {},
			},
			[]string{"2026-10-25 02:00 +0200", "2026-10-25 02:30 +0200", "2026-10-25 02:00 +0100", "2026-10-25 02:30 +0100", "2026-10-26 02:00 +0100"},
		},
		"Berlin, each half hour follows real time through the gap": {
			"*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", Dst{},
			[]Slot{{}, {}, {}},
			[]string{"2026-03-29 01:30 +0100", "2026-03-29 03:00 +0200", "2026-03-29 03:30 +0200"},
		},
		"Berlin, each hour follows real time through the fold": {
			"@hourly", "Europe/Berlin", "2026-10-24T23:30:00Z", Dst{},
			[]Slot{{}, {}, {}},
			[]string{"2026-10-25 02:00 +0200", "2026-10-25 02:00 +0100", "2026-10-25 03:00 +0100"},
		},
		"Berlin, each second hour": {
			"0 */2 * * *", "Europe/Berlin", "2026-03-28T23:30:00Z", Dst{Gap: "skip"},
			[]Slot{{}, {}},
			[]string{"2026-03-29 04:00 +0200", "2026-03-29 06:00 +0200"},
		},
		"New York, gap": {
			"15 2 * * *", "America/New_York", "2026-03-08T00:00:00Z", Dst{},
			[]Slot{{Note: "02:15 does not exist on 2026-03-08 in America/New_York; runs at 03:00"}, {}},
			[]string{"2026-03-08 03:00 -0400", "2026-03-09 02:15 -0400"},
		},
		"New York, fold": {
			"15 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", Dst{Fold: "twice"},
			[]Slot{{Note: "01:15 comes twice on 2026-11-01 in America/New_York; this is the first time"}, {Note: "01:15 comes twice on 2026-11-01 in America/New_York; this is the second time"}, {}},
			[]string{"2026-11-01 01:15 -0400", "2026-11-01 01:15 -0500", "2026-11-02 01:15 -0500"},
		},
		"Lord Howe, a gap of half an hour": {
			"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", Dst{},
			[]Slot{{Note: "02:15 does not exist on 2026-10-04 in Australia/Lord_Howe; runs at 02:30"}, {}},
			[]string{"2026-10-04 02:30 +1100", "2026-10-05 02:15 +1100"},
		},
		"Lord Howe, a fold of half an hour": {
			"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", Dst{Fold: "twice"},
			[]Slot{{Note: "01:45 comes twice on 2026-04-05 in Australia/Lord_Howe; this is the first time"}, {Note: "01:45 comes twice on 2026-04-05 in Australia/Lord_Howe; this is the second time"}, {}},
			[]string{"2026-04-05 01:45 +1100", "2026-04-05 01:45 +1030", "2026-04-06 01:45 +1030"},
		},
		"Lord Howe, each quarter": {
			"*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:40:00Z", Dst{},
			[]Slot{{}, {}, {}, {}},
			[]string{"2026-04-05 01:45 +1100", "2026-04-05 01:30 +1030", "2026-04-05 01:45 +1030", "2026-04-05 02:00 +1030"},
		},
		"Sao Paulo, midnight does not exist": {
			"0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", Dst{},
			[]Slot{{Note: "00:00 does not exist on 2018-11-04 in America/Sao_Paulo; runs at 01:00"}, {}},
			[]string{"2018-11-04 01:00 -0200", "2018-11-05 00:00 -0200"},
		},
		"Sao Paulo, the day is not lost for its other hours": {
			"0 12 4 11 *", "America/Sao_Paulo", "2018-01-01T00:00:00Z", Dst{Gap: "skip"},
			[]Slot{{}},
			[]string{"2018-11-04 12:00 -0200"},
		},
		"Sao Paulo, each hour": {
			"0 * * * *", "America/Sao_Paulo", "2018-11-04T01:30:00Z", Dst{},
			[]Slot{{}, {}, {}},
			[]string{"2018-11-03 23:00 -0300", "2018-11-04 01:00 -0200", "2018-11-04 02:00 -0200"},
		},
		"Beirut, midnight does not exist": {
			"@daily", "Asia/Beirut", "2026-03-28T12:00:00Z", Dst{},
			[]Slot{{Note: "00:00 does not exist on 2026-03-29 in Asia/Beirut; runs at 01:00"}, {}},
			[]string{"2026-03-29 01:00 +0300", "2026-03-30 00:00 +0300"},
		},
		"Beirut, the hour before midnight twice": {
			"30 23 * * *", "Asia/Beirut", "2026-10-24T12:00:00Z", Dst{Fold: "twice"},
			[]Slot{{Note: "23:30 comes twice on 2026-10-24 in Asia/Beirut; this is the first time"}, {Note: "23:30 comes twice on 2026-10-24 in Asia/Beirut; this is the second time"}, {}},
			[]string{"2026-10-24 23:30 +0300", "2026-10-24 23:30 +0200", "2026-10-25 23:30 +0200"},
		},
		"Apia, a day does not exist": {
			"30 10 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", Dst{},
			[]Slot{{}, {Note: "10:30 does not exist on 2011-12-30 in Pacific/Apia; runs at 00:00 on 2011-12-31"}, {}},
			[]string{"2011-12-29 10:30 -1000", "2011-12-31 00:00 +1400", "2011-12-31 10:30 +1400"},
		},
		"Apia, a day is skipped": {
			"30 10 * * *", "Pacific/Apia", "2011-12-29T21:00:00Z", Dst{Gap: "skip"},
			[]Slot{{Note: "before it, 10:30 does not exist on 2011-12-30 in Pacific/Apia and is skipped"}},
			[]string{"2011-12-31 10:30 +1400"},
		},
		"every does not care": {
			"@every 1h", "Europe/Berlin", "2026-03-29T00:30:00.7Z", Dst{},
			[]Slot{{}, {}},
			[]string{"2026-03-29 03:00 +0200", "2026-03-29 04:00 +0200"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := ParseCron(test.line)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, test.after)
			if err != nil {
				t.Fatal(err)
			}
			s := Schedule{Cron: c, Zone: mustZone(t, test.zone), Dst: test.dst}
			for i, want := range test.want {
				got, ok := s.Next(at)
				if !ok || got.At.Format(slotForm) != test.times[i] || got.Note != want.Note {
					t.Fatalf("slot %d:\ngot  %s %q\nwant %s %q", i, got.At.Format(slotForm), got.Note, test.times[i], want.Note)
				}
				at = got.At
			}
		})
	}
}

func TestScheduleNextInItsWindow(t *testing.T) {
	t.Parallel()
	c, err := ParseCron("0 12 * * *")
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	s := Schedule{Cron: c, Zone: time.UTC, Starts: noon, Ends: noon.AddDate(0, 0, 2)}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, want := range []time.Time{noon, noon.AddDate(0, 0, 1)} {
		slot, ok := s.Next(at)
		if !ok || !slot.At.Equal(want) {
			t.Fatalf("got %v, %v, want %v", slot.At, ok, want)
		}
		at = slot.At
	}
	if slot, ok := s.Next(at); ok {
		t.Errorf("got %v, want nothing from the end on", slot.At)
	}
}

func TestEveryCountsFromStarts(t *testing.T) {
	t.Parallel()
	c, err := ParseCron("@every 90m")
	if err != nil {
		t.Fatal(err)
	}
	starts := time.Date(2026, 1, 5, 8, 10, 0, 0, time.UTC)
	s := Schedule{Cron: c, Zone: time.UTC, Starts: starts}
	for after, want := range map[time.Duration]time.Duration{
		-time.Hour: 0, -1: 0, 0: 90 * time.Minute, 80 * time.Minute: 90 * time.Minute, 91 * time.Minute: 180 * time.Minute,
	} {
		if got, ok := s.Next(starts.Add(after)); !ok || !got.At.Equal(starts.Add(want)) {
			t.Errorf("%s after starts: got %v, want %v", after, got.At, starts.Add(want))
		}
	}
}

// TestScheduleCountsWhatItWalks holds that counting, and looking for the last one, agree with going from slot to slot.
func TestScheduleCountsWhatItWalks(t *testing.T) {
	t.Parallel()
	lines := []string{
		"*/7 * * * *", "0 */5 * * *", "*/20 1-3 * * *", "30 2 * * *", "0 0 * * *", "15 3 13 * FRI", "0 6 */2 * MON", "0 12 15,L * *",
		"0 9 L 2 *", "0 0 29 2 *", "@every 95m", "@every 7h", "0 1 * 3,10 7",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Africa/Casablanca"} {
		zone := mustZone(t, name)
		for _, line := range lines {
			c, err := ParseCron(line)
			if err != nil {
				t.Fatal(err)
			}
			for _, dst := range []Dst{{}, {Gap: "skip", Fold: "twice"}} {
				s := Schedule{Cron: c, Zone: zone, Dst: dst}
				for range 4 {
					after := time.Date(2011, 1, 1, 0, 0, random.IntN(2*365*24*3600), random.IntN(2)*1000, zone)
					upTo := after.Add(time.Duration(random.IntN(60*24*3600)) * time.Second)
					if random.IntN(3) == 0 {
						s.Starts, s.Ends = after.Add(50*time.Hour), upTo.Add(-30*time.Hour)
					}
					checkCount(t, &s, after, upTo)
				}
				_, change := time.Date(2011, 7, 1, 0, 0, 0, 0, zone).ZoneBounds()
				for minutes := -90; minutes <= 90 && !change.IsZero(); minutes += 10 {
					after := change.Add(time.Duration(minutes) * time.Minute)
					s.Starts, s.Ends = time.Time{}, time.Time{}
					checkCount(t, &s, after, after.Add(time.Hour))
					checkCount(t, &s, after, after.Add(50*time.Hour))
				}
			}
		}
	}
}

func checkCount(t *testing.T, s *Schedule, after, upTo time.Time) {
	t.Helper()
	count, last := 0, time.Time{}
	for slot, ok := s.Next(after); ok && !slot.At.After(upTo); slot, ok = s.Next(slot.At) {
		count, last = count+1, slot.At
	}
	if got := s.Count(after, upTo); got != count {
		t.Errorf("%s from %v to %v: got %d slots, want %d", s.Line(), after, upTo, got, count)
	}
	if got, ok := s.Last(after, upTo); !got.Equal(last) || ok != (count > 0) {
		t.Errorf("%s from %v to %v: got %v as the last one, want %v", s.Line(), after, upTo, got, last)
	}
}

func TestScheduleNextAgainstEachMinute(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"7 * * * *", "*/20 */3 * * *", "15 1-3 * * *", "0 0 * * *"} {
		c, err := ParseCron(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"} {
			checkEachMinute(t, c, mustZone(t, name))
		}
	}
}

// checkEachMinute looks at each minute of a year and says which of them the fields fit, and wants the same times.
func checkEachMinute(t *testing.T, c *Cron, zone *time.Location) {
	t.Helper()
	dst := Dst{Gap: "skip", Fold: "twice"} // with these, a schedule that names hours runs when the clock shows its times
	from := time.Date(2011, 6, 1, 0, 0, 0, 0, zone)
	next := c.next(from, dst).At
	offset, change := 0, from // what the clock is from UTC, up to when
	for at, end := from.Add(time.Minute), from.AddDate(1, 0, 0); at.Before(end); at = at.Add(time.Minute) {
		if !at.Before(change) {
			_, offset = at.Zone()
			_, change = at.ZoneBounds()
		}
		minutes := (at.Unix() + int64(offset)) / 60
		fits := c.spec.Minute&(1<<(minutes%60)) != 0 && c.spec.Hour&(1<<(minutes/60%24)) != 0
		if fits != at.Equal(next) {
			t.Fatalf("%s in %s: got %v for the next time, want %v looked at (fits: %v)", c, zone, next, at, fits)
		}
		if fits {
			next = c.next(at, dst).At
		}
	}
}

func TestLoadZone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "CET"} {
		if zone, _, err := LoadZone(name); err != nil || zone.String() != name {
			t.Errorf("got %v, %v, want %s", zone, err, name)
		}
	}
	tests := map[string]struct{ message, hint string }{
		"":                   {"the time zone is empty", "write a name such as Europe/Berlin or UTC"},
		"Local":              {`"Local" is no time zone of its own`, "leave timezone out for the machine's own"},
		"Europe/Berlni":      {`the time zone "Europe/Berlni" is not known`, `did you mean "Europe/Berlin"?`},
		"Europe/New_York":    {`the time zone "Europe/New_York" is not known`, `did you mean "America/New_York"?`},
		"Berlin":             {`the time zone "Berlin" is not known`, `did you mean "Europe/Berlin"?`},
		"PST":                {`the time zone "PST" is not known`, "abbreviations stand for several zones or for half a year; write the name of a place, such as America/Los_Angeles"},
		"UTC+2":              {`the time zone "UTC+2" is not known`, "an offset does not say when the clock changes; write the name of a place, such as Europe/Berlin, or UTC"},
		"+02:00":             {`the time zone "+02:00" is not known`, "an offset does not say when the clock changes; write the name of a place, such as Europe/Berlin, or UTC"},
		"Narnia":             {`the time zone "Narnia" is not known`, "write an IANA name such as Europe/Berlin, America/New_York or UTC"},
		"right/UTC":          {`the time zone "right/UTC" is not known`, `did you mean "UTC"?`},
		"../../etc/passwd":   {`the time zone "../../etc/passwd" is not known`, "write an IANA name such as Europe/Berlin, America/New_York or UTC"},
		"Europe/Berlin\x00a": {`the time zone "Europe/Berlin\x00a" is not known`, `did you mean "Europe/Berlin"?`},
	}
	for name, test := range tests {
		zone, hint, err := LoadZone(name)
		if err == nil || err.Error() != test.message || hint != test.hint {
			t.Errorf("got  %v, %v, %s\nwant %s, %s", zone, err, hint, test.message, test.hint)
		}
	}
}

func TestCommonZonesExist(t *testing.T) {
	t.Parallel()
	for _, place := range zoneAbbreviations() {
		mustZone(t, place)
	}
	for _, name := range commonZoneNames() {
		mustZone(t, name)
	}
}

// TestLateYears holds that times are found in years so late that Go knows the rules of a zone only, also on the last day of a leap year.
func TestLateYears(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{"0 * * * *": "2041-01-01T00:00:00+01:00", "0 0 * * *": "2041-01-01T00:00:00+01:00"} {
		cron, err := ParseCron(line)
		if err != nil {
			t.Fatal(err)
		}
		s := Schedule{Cron: cron, Zone: zone}
		after := time.Date(2040, 12, 31, 22, 30, 0, 0, time.UTC)
		if slot, _ := s.Next(after); slot.At.Format(time.RFC3339) != want {
			t.Errorf("%s: %s, want %s", line, slot.At.Format(time.RFC3339), want)
		}
		if n := s.Count(after, after.AddDate(0, 0, 2)); n == 0 {
			t.Errorf("%s is never due", line)
		}
	}
}
