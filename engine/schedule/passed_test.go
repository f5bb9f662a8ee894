package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// planned writes claims: minutes after the beginning, and what is to become of them.
func planned(claims []engine.Claim) string {
	var all []string
	for _, c := range claims {
		text := clockOf(c.Due)
		if !c.Until.IsZero() && c.Count != 1 {
			text += fmt.Sprintf("-%s(%d)", clockOf(c.Until), c.Count)
		}
		if text += " " + c.Trigger; c.Reason != "" {
			text = strings.TrimSuffix(text, c.Trigger) + c.Reason
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func minutesIn(n float64) time.Time {
	return beginning.Add(time.Duration(n * float64(time.Minute)))
}

func TestWhatBecomesOfSlotsThatPassed(t *testing.T) {
	t.Parallel()
	ten := func(change ...func(*jobs.Schedule)) jobs.Schedule { return schedule(t, "*/10 * * * *", change...) }
	// until is when nobody watched last, now is when it is decided; all in minutes. Nothing was decided before.
	tests := map[string]struct {
		schedules          []jobs.Schedule
		until, now, paused float64
		want               string
	}{
		"on time":                             {[]jobs.Schedule{ten()}, 0, 10, 0, "10:00 schedule"},
		"nothing yet":                         {[]jobs.Schedule{ten()}, 0, 9.9, 0, ""},
		"a minute late is on time":            {[]jobs.Schedule{ten()}, 0, 10.99, 0, "10:00 schedule"},
		"more is missed":                      {[]jobs.Schedule{ten()}, 0, 11, 0, "10:00 missed"},
		"started a second after it was due":   {[]jobs.Schedule{ten()}, 10.02, 10.02, 0, "10:00 missed"},
		"down, none":                          {[]jobs.Schedule{ten()}, 65, 65, 0, "10:00-60:00(6) missed"},
		"down, one":                           {[]jobs.Schedule{ten()}, 15, 15, 0, "10:00 missed"},
		"down, latest":                        {[]jobs.Schedule{ten(catchUp("latest", 0))}, 65, 65, 0, "10:00-50:00(5) missed, 60:00 catch_up"},
		"down, only one, latest":              {[]jobs.Schedule{ten(catchUp("latest", 0))}, 12, 12, 0, "10:00 catch_up"},
		"down, latest in its window":          {[]jobs.Schedule{ten(catchUp("latest", 5*time.Minute))}, 65, 65, 0, "10:00-50:00(5) missed, 60:00 catch_up"},
		"down, latest beyond its window":      {[]jobs.Schedule{ten(catchUp("latest", 4*time.Minute))}, 65, 65, 0, "10:00-60:00(6) missed"},
		"late, latest, the next one on time":  {[]jobs.Schedule{ten(catchUp("latest", 0))}, 5, 30.5, 0, "10:00-20:00(2) missed, 30:00 schedule"},
		"late, all, the next one on time":     {[]jobs.Schedule{ten(catchUp("all", 0))}, 5, 30.5, 0, "10:00 catch_up, 20:00 catch_up, 30:00 schedule"},
		"down, all":                           {[]jobs.Schedule{ten(catchUp("all", 0))}, 35, 35, 0, "10:00 catch_up, 20:00 catch_up, 30:00 catch_up"},
		"down, all in a window":               {[]jobs.Schedule{ten(catchUp("all", 15*time.Minute))}, 35, 35, 0, "10:00 missed, 20:00 catch_up, 30:00 catch_up"},
		"down, all, more than may wait":       {[]jobs.Schedule{ten(catchUp("all", 0))}, 125, 125, 0, "10:00-70:00(7) missed, 80:00 catch_up, 90:00 catch_up, 100:00 catch_up, 110:00 catch_up, 120:00 catch_up"},
		"paused":                              {[]jobs.Schedule{ten()}, 0, 20, 5, "10:00-20:00(2) paused"},
		"paused at that moment":               {[]jobs.Schedule{ten()}, 0, 10, 10, "10:00 paused"},
		"paused just after it was due":        {[]jobs.Schedule{ten()}, 0, 10.5, 10.2, "10:00 schedule"},
		"paused while nobody was there, all":  {[]jobs.Schedule{ten(catchUp("all", 0))}, 65, 65, 35, "10:00-30:00(3) missed, 40:00-60:00(3) paused"},
		"paused while nobody was there":       {[]jobs.Schedule{ten(catchUp("latest", 0))}, 65, 65, 35, "10:00-30:00(3) missed, 40:00-60:00(3) paused"},
		"two that meet":                       {[]jobs.Schedule{ten(), schedule(t, "*/20 * * * *")}, 0, 20, 0, "10:00 missed, 20:00 schedule"},
		"two that meet, down":                 {[]jobs.Schedule{ten(), schedule(t, "*/15 * * * *")}, 65, 65, 0, "10:00-60:00(8) missed"},
		"two, one of which catches up":        {[]jobs.Schedule{ten(), schedule(t, "25 * * * *", catchUp("latest", 0))}, 65, 65, 0, "10:00-20:00(2) missed, 25:00 catch_up, 30:00-60:00(4) missed"},
		"it has ended":                        {[]jobs.Schedule{ten(func(s *jobs.Schedule) { s.Ends = minutesIn(20) })}, 65, 65, 0, "10:00 missed"},
		"it begins later":                     {[]jobs.Schedule{ten(func(s *jobs.Schedule) { s.Starts = minutesIn(50) })}, 65, 65, 0, "50:00-60:00(2) missed"},
		"each second, for a year":             {[]jobs.Schedule{schedule(t, "@every 1s", catchUp("latest", 0))}, 525600, 525600, 0, "0:01-525599:59(31535999) missed, 525600:00 catch_up"},
		"each second, for a year, some of it": {[]jobs.Schedule{schedule(t, "@every 1s", catchUp("all", 2*time.Second))}, 525600, 525600, 0, "0:01-525599:57(31535997) missed, 525599:58 catch_up, 525599:59 catch_up, 525600:00 catch_up"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := timetable{job: "sync"}
			for _, s := range test.schedules {
				table.lines = append(table.lines, line{Schedule: s, decided: beginning, watched: minutesIn(test.until)})
			}
			table.findNext()
			o := outlook{now: minutesIn(test.now), most: 5}
			if test.paused > 0 {
				o.paused = minutesIn(test.paused)
			}
			if got := planned(table.claims(o)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestTheWindowOfSeveralSchedules holds that the longest counts, and that none is the longest of all.
func TestTheWindowOfSeveralSchedules(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		windows []time.Duration
		want    time.Duration
	}{
		{[]time.Duration{5, 3}, 5}, {[]time.Duration{3, 5}, 5}, {[]time.Duration{0, 5}, 0},
		{[]time.Duration{5, 0}, 0},
	} {
		var table timetable
		for _, window := range test.windows {
			table.lines = append(table.lines, line{Schedule: schedule(t, "@daily", catchUp("all", window))})
		}
		if got := table.window(); got != test.want {
			t.Errorf("%v: got %d, want %d", test.windows, got, test.want)
		}
	}
}

func TestMissedSlotsSayWhy(t *testing.T) {
	t.Parallel()
	const down = "no daemon was there to run it until 2000-01-01 01:05:00 +00:00"
	tests := map[string]struct {
		catchUp jobs.CatchUp
		until   float64
		want    string // of the first claim
		paused  float64
	}{
		"none":            {jobs.CatchUp{Mode: "none"}, 65, down + "; catch_up is none", 0},
		"latest":          {jobs.CatchUp{Mode: "latest"}, 65, down + "; catch_up runs only the latest", 0},
		"all, too old":    {jobs.CatchUp{Mode: "all", Window: 20 * time.Minute}, 65, down + "; that is longer ago than catch_up.window", 0},
		"all, too many":   {jobs.CatchUp{Mode: "all"}, 65, down + "; catch_up runs no more than 2 of them (max_queue)", 0},
		"it was there":    {jobs.CatchUp{Mode: "none"}, 0, "the daemon slept; catch_up is none", 0},
		"latest, paused":  {jobs.CatchUp{Mode: "latest"}, 65, down + "; the job was paused before it could be caught up with", 35},
		"all, paused":     {jobs.CatchUp{Mode: "all"}, 65, down + "; the job was paused before it could be caught up with", 35},
		"none, paused":    {jobs.CatchUp{Mode: "none"}, 65, down + "; catch_up is none", 35},
		"too old, paused": {jobs.CatchUp{Mode: "all", Window: 20 * time.Minute}, 65, down + "; that is longer ago than catch_up.window", 35},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := schedule(t, "*/10 * * * *", func(s *jobs.Schedule) { s.CatchUp = test.catchUp })
			table := timetable{lines: []line{{Schedule: s, decided: beginning, watched: minutesIn(test.until)}}}
			o := outlook{now: minutesIn(65), most: 2, cause: "the daemon slept"}
			if test.paused > 0 {
				o.paused = minutesIn(test.paused)
			}
			claims := table.claims(o)
			if claims[0].Detail != test.want {
				t.Errorf("got  %s\nwant %s", claims[0].Detail, test.want)
			}
		})
	}
}

func TestCaughtUpRunsFollowEachOther(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{"skip": "queue", "queue": "queue", "cancel_running": "queue", "allow": "allow"} {
		s := schedule(t, "*/10 * * * *", catchUp("all", 0), overlap(policy), func(s *jobs.Schedule) { s.Jitter = time.Hour })
		table := timetable{lines: []line{{Schedule: s, decided: beginning, watched: minutesIn(15)}}}
		for i, c := range table.claims(outlook{now: minutesIn(20), most: 5}) {
			if i == 0 && (c.Overlap != want || !c.Start.IsZero()) || i == 1 && (c.Overlap != policy || c.Start.IsZero()) {
				t.Errorf("%s: the slot at %v has %s and starts at %v", policy, c.Due, c.Overlap, c.Start)
			}
		}
	}
}

func TestJitterIsStableAndEven(t *testing.T) {
	t.Parallel()
	const slots, most = 20_000, 30 * time.Second
	var tenths [10]int
	for i := range slots {
		due := beginning.Add(time.Duration(i) * time.Minute)
		j := jitter("sync", due, most)
		if j < 0 || j >= most || j != jitter("sync", due.In(time.FixedZone("", 3600)), most) {
			t.Fatalf("got %s at %v, want it within %s and always the same", j, due, most)
		}
		tenths[j*10/most]++
	}
	for i, n := range tenths {
		if n < slots/10*9/10 || n > slots/10*11/10 {
			t.Errorf("%d of %d slots start in tenth %d of the time, want about %d", n, slots, i, slots/10)
		}
	}
	if jitter("a", beginning, most) == jitter("b", beginning, most) {
		t.Error("two jobs start at the same time")
	}
	if got := jitter("a", beginning, 0); got != 0 {
		t.Errorf("got %s, want none", got)
	}
}
