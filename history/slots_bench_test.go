package history

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
)

// benchClaims are claims of n jobs that are due at once.
func benchClaims(round, n int) []engine.Claim {
	due := day.Add(time.Duration(round) * time.Minute)
	claims := make([]engine.Claim, n)
	for i := range claims {
		claims[i] = engine.Claim{
			Run: fmt.Sprintf("06k%04d%05d", round, i), Job: fmt.Sprintf("job_%05d", i), File: fmt.Sprintf("/etc/project/jobs/job_%05d.yaml", i),
			Inputs: map[string]any{"priority": 1}, Trigger: engine.TriggerSchedule, Due: due, Overlap: "skip",
		}
	}
	return claims
}

// BenchmarkClaim decides upon the slots of 10,000 jobs that are due at once, each time the next ones. Nothing goes on any more of the
// ones before.
func BenchmarkClaim(b *testing.B) {
	s := benchStore(b)
	var used time.Duration
	defer func() { b.ReportMetric(float64(used.Milliseconds())/float64(b.N), "cpu-ms/op") }()
	for round := range b.N {
		b.StopTimer()
		claims := benchClaims(round, 10_000)
		b.StartTimer()
		before := cpuTime(b)
		verdicts, err := s.Claim(day, 100, claims)
		used += cpuTime(b) - before
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		for _, v := range verdicts {
			if v.Status != engine.Queued {
				b.Fatalf("%+v, want all of them queued", v)
			}
		}
		if err := s.writer.conn.run("UPDATE runs SET status = 'ok'; DELETE FROM queue"); err != nil {
			b.Fatal(err)
		}
	}
}

// cpuTime is the CPU time that this process has used: on a machine with other work it is steadier than the clock.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkClaimOne decides upon one slot, among 10,000 jobs that have some.
func BenchmarkClaimOne(b *testing.B) {
	s := benchStore(b)
	if _, err := s.Claim(day, 100, benchClaims(0, 10_000)); err != nil {
		b.Fatal(err)
	}
	round := 0
	for b.Loop() {
		round++
		if _, err := s.Claim(day, 100, benchClaims(round, 1)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKnow records 10,000 schedules, and looks them up again.
func BenchmarkKnow(b *testing.B) {
	plans := make([]engine.Plan, 10_000)
	for i := range plans {
		plans[i] = engine.Plan{Job: fmt.Sprintf("job_%05d", i), Line: "*/15 * * * * Europe/Berlin", Inputs: map[string]any{"priority": 1}}
	}
	know := func(b *testing.B, s *Store) {
		if got, err := s.Know(day, plans); err != nil || len(got) != len(plans) {
			b.Fatalf("%d plans, %v", len(got), err)
		}
	}
	b.Run("first", func(b *testing.B) {
		s := benchStore(b)
		for b.Loop() {
			know(b, s)
			b.StopTimer()
			if err := s.writer.conn.run("DELETE FROM schedules"); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("again", func(b *testing.B) {
		s := benchStore(b)
		know(b, s)
		if _, err := s.Claim(day, 100, benchClaims(0, 10_000)); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			know(b, s)
		}
	})
}

// BenchmarkBeginQueued begins and finishes runs that are queued.
func BenchmarkBeginQueued(b *testing.B) {
	s := benchStore(b)
	for round := range b.N {
		claims := benchClaims(round, 1000)
		b.StopTimer()
		if _, err := s.Claim(day, 100, claims); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for _, c := range claims {
			run := &engine.Run{ID: c.Run, Job: c.Job, Started: day, Due: c.Due, Text: "version: 1\n", Daemon: true}
			if err := s.Begin(run); err != nil {
				b.Fatal(err)
			}
			run.Status = engine.OK
			if err := s.Finish(run); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkStandings looks how it stands with 10,000 jobs, each of which has run five times.
func BenchmarkStandings(b *testing.B) {
	s := benchStore(b)
	var names []string
	for round := range 5 {
		claims := benchClaims(round, 10_000)
		if _, err := s.Claim(day, 100, claims); err != nil {
			b.Fatal(err)
		}
		end := fmt.Sprintf("UPDATE runs SET status = '%s' WHERE status = 'queued'; DELETE FROM queue", []string{"ok", "failed"}[round%2])
		if round == 4 {
			end = "SELECT 1"
			for _, c := range claims {
				names = append(names, c.Job)
			}
		}
		if err := s.writer.conn.run(end); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		got, err := s.Standings(names)
		if err != nil {
			b.Fatal(err)
		}
		if st := got["job_00007"]; len(st.Queued) != 1 || st.Last == nil || st.LastOK == nil || st.Last.Run == st.LastOK.Run {
			b.Fatalf("%+v", st)
		}
	}
}
