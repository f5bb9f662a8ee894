package schedules

import (
	"testing"
	"time"

	"snrun/jobs"
)

// TestMinutesOf holds that times are written out day by day as they come one by one: in zones whose clocks change, between the ends of a
// schedule, and by each option for such changes.
func TestMinutesOf(t *testing.T) {
	t.Parallel()
	from, until := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, zone := range []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca"} {
		for _, line := range []string{"0 0-22 * * *", "30 1,2 L,13 * 5", "0 0 * 3,10 *"} {
			for _, dst := range []jobs.Dst{{}, {Gap: "skip", Fold: "twice"}} {
				s := scheduleOf(t, line, zone)
				s.Dst, s.Starts, s.Ends = dst, from.Add(50*24*time.Hour+90*time.Minute), until.Add(-100*time.Hour)
				want := minutes{}
				if err := want.addTimes(&s, from, until); err != nil {
					t.Fatal(err)
				}
				got, err := minutesOf(&s, from, until)
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != len(want) {
					t.Errorf("%s %s %+v: %d days, want %d", zone, line, dst, len(got), len(want))
				}
				for day, hours := range want {
					if got[day] == nil || *got[day] != *hours {
						t.Errorf("%s %s %+v: on %s %v, want %v", zone, line, dst, day.Format(time.DateOnly), got[day], hours)
					}
				}
			}
		}
	}
}

// BenchmarkWrittenOut writes out a line that has half a million times a year.
func BenchmarkWrittenOut(b *testing.B) {
	s := scheduleOf(b, "* 0-22 * * *", "Europe/Berlin")
	for b.Loop() {
		if _, _, err := writtenOut(&s, now); err != nil {
			b.Fatal(err)
		}
	}
}
