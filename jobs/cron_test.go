package jobs

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // so that the test does not depend on the machine's zones
)

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, hint, err := LoadZone(name)
	if err != nil {
		t.Fatalf("got %v (%s), want the zone %s", err, hint, name)
	}
	return zone
}

func TestCronNext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		line, after string
		want        []string
	}{
		"each quarter":             {"*/15 * * * *", "2026-01-01 00:00:00", []string{"2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45", "2026-01-01 01:00"}},
		"strictly after":           {"0 12 * * *", "2026-01-01 12:00:00", []string{"2026-01-02 12:00"}},
		"within the second before": {"0 12 * * *", "2026-01-01 11:59:59", []string{"2026-01-01 12:00"}},
		"Sunday is 0":              {"0 0 * * 0", "2026-01-01 00:00:00", []string{"2026-01-04 00:00", "2026-01-11 00:00"}},
		"Sunday is 7":              {"0 0 * * 7", "2026-01-01 00:00:00", []string{"2026-01-04 00:00", "2026-01-11 00:00"}},
		"Friday to Sunday":         {"0 0 * * 5-7", "2026-01-01 00:00:00", []string{"2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-09 00:00"}},
		"by name, to Sunday":       {"0 0 * * fri-SUN", "2026-01-01 00:00:00", []string{"2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-09 00:00"}},
		"a list with 7":            {"0 0 * * 1,7", "2026-01-01 00:00:00", []string{"2026-01-04 00:00", "2026-01-05 00:00", "2026-01-11 00:00"}},
		"a step to 7":              {"0 0 * * 3-7/2", "2026-01-01 00:00:00", []string{"2026-01-02 00:00", "2026-01-04 00:00", "2026-01-07 00:00"}},
		"months by name":           {"0 0 1 Jan,JUL *", "2026-01-01 00:00:00", []string{"2026-07-01 00:00", "2027-01-01 00:00"}},
		"a step from a number":     {"50/5 3 * * *", "2026-01-01 00:00:00", []string{"2026-01-01 03:50", "2026-01-01 03:55", "2026-01-02 03:50"}},
		"a range with a step":      {"10-30/10 3 * * *", "2026-01-01 00:00:00", []string{"2026-01-01 03:10", "2026-01-01 03:20", "2026-01-01 03:30", "2026-01-02 03:10"}},
		"day of month or weekday":  {"0 0 13 * FRI", "2026-03-01 00:00:00", []string{"2026-03-06 00:00", "2026-03-13 00:00", "2026-03-20 00:00"}},
		"a star asks for both":     {"0 0 */2 * MON", "2026-01-01 00:00:00", []string{"2026-01-05 00:00", "2026-01-19 00:00", "2026-02-09 00:00"}},
		"a star behind others":     {"0 0 13 * FRI,*", "2026-03-01 00:00:00", []string{"2026-03-02 00:00", "2026-03-03 00:00"}},
		"the last day":             {"30 6 L * *", "2027-12-31 06:30:00", []string{"2028-01-31 06:30", "2028-02-29 06:30", "2028-03-31 06:30", "2028-04-30 06:30"}},
		"the last day, lower case": {"0 0 l 2 *", "2026-01-01 00:00:00", []string{"2026-02-28 00:00", "2027-02-28 00:00", "2028-02-29 00:00"}},
		"the 15th and the last":    {"0 0 15,L * *", "2026-01-31 00:00:00", []string{"2026-02-15 00:00", "2026-02-28 00:00", "2026-03-15 00:00", "2026-03-31 00:00"}},
		"the last day or a Monday": {"0 0 L * MON", "2026-06-20 00:00:00", []string{"2026-06-22 00:00", "2026-06-29 00:00", "2026-06-30 00:00", "2026-07-06 00:00"}},
		"the last day, each hour":  {"0 */12 L * *", "2026-02-27 23:00:00", []string{"2026-02-28 00:00", "2026-02-28 12:00", "2026-03-31 00:00"}},
		"29 February over 2100":    {"0 0 29 2 *", "2096-02-29 00:00:00", []string{"2104-02-29 00:00"}},
		"a rare weekday":           {"0 0 29 2 */6", "2026-01-01 00:00:00", []string{"2032-02-29 00:00", "2048-02-29 00:00"}},
		"hourly":                   {"@hourly", "2026-01-01 00:30:00", []string{"2026-01-01 01:00"}},
		"daily":                    {"@Daily", "2026-01-01 00:30:00", []string{"2026-01-02 00:00"}},
		"midnight":                 {"@midnight", "2026-01-01 00:30:00", []string{"2026-01-02 00:00"}},
		"weekly":                   {"@weekly", "2026-01-01 00:30:00", []string{"2026-01-04 00:00"}},
		"monthly":                  {"@monthly", "2026-01-01 00:30:00", []string{"2026-02-01 00:00"}},
		"yearly":                   {"@yearly", "2026-01-01 00:30:00", []string{"2027-01-01 00:00"}},
		"annually":                 {" @annually ", "2026-01-01 00:30:00", []string{"2027-01-01 00:00"}},
		"every day and a half":     {"@every 1d12h", "2026-01-01 00:30:00", []string{"2026-01-02 12:00", "2026-01-04 00:00"}},
		"spaces and tabs":          {"\t0  0\t1 1   *\n", "2026-01-01 00:30:00", []string{"2027-01-01 00:00"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := ParseCron(test.line)
			if err != nil {
				t.Fatalf("got %v, want the line to be read", err)
			}
			at, err := time.Parse(time.DateTime, test.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				at = c.Next(at)
				if got := at.Format("2006-01-02 15:04"); got != want {
					t.Fatalf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func TestCronEveryIsDueOnWholeSecondsThatStayTheSame(t *testing.T) {
	t.Parallel()
	c, err := ParseCron("@every 90s")
	if err != nil {
		t.Fatal(err)
	}
	after := time.Date(2026, 1, 1, 0, 30, 7, 999_999_999, time.UTC)
	for _, after := range []time.Time{after, after.Add(-1), after.Add(20 * time.Second)} {
		if got, want := c.Next(after), time.Date(2026, 1, 1, 0, 31, 30, 0, time.UTC); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got, want := c.Next(time.Unix(-91, 0)), time.Unix(-90, 0); !got.Equal(want) {
		t.Errorf("got %v, want %v: before 1970 it counts backwards", got, want)
	}
}

func TestParseCronRefuses(t *testing.T) {
	t.Parallel()
	const macroHint = "these are: @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually and @every 90s"
	tests := map[string]struct{ line, at, message, hint string }{
		"nothing":             {"", " ", "the cron line is empty", `write five fields, such as "*/15 * * * *"`},
		"spaces":              {"  ", "  ", "the cron line is empty", `write five fields, such as "*/15 * * * *"`},
		"a zone":              {"TZ=Europe/Paris 0 0 * * *", "TZ=Europe/Paris", "a cron line holds no time zone", "write it beside cron, as timezone: Europe/Paris"},
		"a zone and nothing":  {"CRON_TZ=", "CRON_TZ=", "a cron line holds no time zone", "write it beside cron, as timezone: Europe/Berlin"},
		"four fields":         {" 0 0 * *", "0 0 * *", "a cron line has five fields (minute, hour, day of month, month, day of week), not 4", "write * for each field that may have any value"},
		"seconds":             {"0 */5 * * * *", "0 */5 * * * *", "a cron line has five fields (minute, hour, day of month, month, day of week), not 6", `there is no field for seconds; did you mean "*/5 * * * *"?`},
		"a minute too large":  {"60 * * * *", "60", "60 is no minute: they go from 0 to 59", ""},
		"an hour too large":   {"0 24 * * *", "24", "24 is no hour: they go from 0 to 23", ""},
		"day 0":               {"0 0 0 * *", "0", "0 is no day of month: they go from 1 to 31", ""},
		"month 13":            {"0 0 1 1,13 *", "13", "13 is no month: they go from 1 to 12", ""},
		"weekday 8":           {"0 0 * * 5-8", "8", "8 is no day of week: they go from 0 to 7", ""},
		"a word":              {"0 0 * foo *", "foo", `"foo" is no month`, "write *, a number from 1 to 12, a range as in 2-4, a step as in */2, or several with commas; names are JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC"},
		"a month for a day":   {"0 0 * * JAN", "JAN", `"JAN" is no day of week`, "write *, a number from 0 to 7, a range as in 1-3, a step as in */2, or several with commas; names are SUN, MON, TUE, WED, THU, FRI, SAT"},
		"the nearest weekday": {"0 0 15W * *", "15W", `"15W" is no day of month`, "write *, a number from 1 to 31, a range as in 2-4, a step as in */2, or several with commas; L is the last day"},
		"L for an hour":       {"0 L * * *", "L", `"L" is no hour`, "write *, a number from 0 to 23, a range as in 1-3, a step as in */2, or several with commas"},
		"a question mark":     {"0 0 ? * *", "?", `"?" is no day of month`, "write *, a number from 1 to 31, a range as in 2-4, a step as in */2, or several with commas; L is the last day"},
		"a minus":             {"-5 * * * *", "-", `"" is no minute`, "write *, a number from 0 to 59, a range as in 1-3, a step as in */2, or several with commas"},
		"a plus":              {"+5 * * * *", "+5", `"+5" is no minute`, "write *, a number from 0 to 59, a range as in 1-3, a step as in */2, or several with commas"},
		"a comma too many":    {"5, * * * *", " ", `"" is no minute`, "write *, a number from 0 to 59, a range as in 1-3, a step as in */2, or several with commas"},
		"backwards":           {"0 22-2 * * *", "22-2", "the range 22-2 of the hour runs backwards", "write it as two: 22-23,0-2"},
		"days backwards":      {"0 0 * * SAT-MON", "SAT-MON", "the range SAT-MON of the day of week runs backwards", "write it as two: SAT-6,0-MON"},
		"step 0":              {"*/0 * * * *", "0", `"0" is no step; a step is a number from 1`, ""},
		"no step":             {"*/ * * * *", " ", `"" is no step; a step is a number from 1`, ""},
		"two steps":           {"*/2/3 * * * *", "2/3", `"2/3" is no step; a step is a number from 1`, ""},
		"a step of 90":        {"*/90 * * * *", "90", "a step of 90 goes beyond what is left of the minute, which starts over each time", `for an interval of that length, write cron: "@every 90m"`},
		"an endless number":   {"99999999999999999999 * * * *", "99999999999999999999", `"99999999999999999999" is no minute`, "write *, a number from 0 to 59, a range as in 1-3, a step as in */2, or several with commas"},
		"30 February":         {"0 0 30 2 *", "30 2", `no month of "2" has a day of "30", so this is never due`, "for the last day of a month, write L for its day"},
		"31 in short months":  {"0 0 31 Apr,Jun *", "31 Apr,Jun", `no month of "Apr,Jun" has a day of "31", so this is never due`, "for the last day of a month, write L for its day"},
		"an unknown macro":    {"@reboot", "@reboot", "@reboot is not known", macroHint},
		"a macro and more":    {"@daily 5", "5", "nothing may follow @daily", ""},
		"every nothing":       {"@every", "@every", "@every is followed by one duration", "write one without spaces, such as @every 1h30m"},
		"every with a space":  {"@every 1h 30m", "30m", "@every is followed by one duration", "write one without spaces, such as @every 1h30m"},
		"every 90":            {"@every 90", "90", `"90" has no unit; write 90s, 90m or 90h`, ""},
		"every half second":   {"@every 500ms", "500ms", "a schedule counts in whole seconds; 500ms is not a number of them above 0", ""},
		"every 0s":            {"@every 0s", "0s", "a schedule counts in whole seconds; 0s is not a number of them above 0", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := ParseCron(test.line)
			var mistake *CronError
			if !errors.As(err, &mistake) || c != nil {
				t.Fatalf("got %v, %v, want a CronError", c, err)
			}
			if mistake.Message != test.message || mistake.Hint != test.hint {
				t.Errorf("got  %s\n     %s\nwant %s\n     %s", mistake.Message, mistake.Hint, test.message, test.hint)
			}
			if got := (test.line + " ")[mistake.Offset : mistake.Offset+mistake.Width]; got != test.at {
				t.Errorf("got the place %q, want %q", got, test.at)
			}
		})
	}
}

func TestCronNamesHours(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"0 * * * *": false, "0 */2 * * *": false, "@hourly": false, "@every 1h": false,
		"0 2 * * *": true, "0 1-5 * * *": true, "0 0/2 * * *": true, "@daily": true,
	} {
		c, err := ParseCron(line)
		if err != nil || c.NamesHours() != want {
			t.Errorf("got %v, %v of %q, want %v", c.NamesHours(), err, line, want)
		}
	}
}

// FuzzParseCron wants every line refused with its place, or else due some time, on the second it says.
func FuzzParseCron(f *testing.F) {
	for _, seed := range []string{"*/15 * * * *", "0 0 L * *", "@every 90s", "TZ=UTC", "0 2 29 2 MON-SUN", "5-7/2 */3 1,L JAN 7", "0 0 30 2 *", "@daily"} {
		f.Add(seed, int64(1_774_750_000))
	}
	zones := []*time.Location{mustZone(f, "Europe/Berlin"), mustZone(f, "Australia/Lord_Howe"), time.UTC}
	f.Fuzz(func(t *testing.T, line string, unix int64) {
		c, err := ParseCron(line)
		var mistake *CronError
		if err != nil && (!errors.As(err, &mistake) || mistake.Offset < 0 || mistake.Width < 1 || mistake.Offset > len(line)) {
			t.Fatalf("got %#v of %q, want an error with its place", err, line)
		}
		if err != nil || unix < 0 || unix > 4_000_000_000 {
			return
		}
		for _, zone := range zones {
			after := time.Unix(unix, 0).In(zone)
			for _, dst := range []Dst{{}, {"skip", "twice"}} {
				got := c.next(after, dst)
				if !got.At.After(after) || got.At.Nanosecond() != 0 || got.At.Location() != zone {
					t.Fatalf("got %v of %q, want a whole second after %v", got, line, after)
				}
			}
		}
	})
}

func BenchmarkCronNext(b *testing.B) {
	zone := mustZone(b, "Europe/Berlin")
	for name, line := range map[string]string{"named": "30 2 * * *", "real": "*/15 * * * *", "last": "0 0 L * *"} {
		c, err := ParseCron(line)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			at := time.Date(2026, 3, 28, 0, 0, 0, 0, zone)
			for b.Loop() {
				c.Next(at)
			}
		})
	}
}

func BenchmarkScheduleCount(b *testing.B) {
	zone := mustZone(b, "Europe/Berlin")
	for _, line := range []string{"@every 1s", "* * * * *", "*/5 2-4 * * *"} {
		c, err := ParseCron(line)
		if err != nil {
			b.Fatal(err)
		}
		s := Schedule{Cron: c, Zone: zone}
		b.Run(line+"/a year", func(b *testing.B) {
			at := time.Date(2026, 1, 15, 7, 0, 0, 0, zone)
			for b.Loop() {
				s.Count(at, at.AddDate(1, 0, 0))
				s.Last(at, at.AddDate(1, 0, 0))
			}
		})
	}
}
