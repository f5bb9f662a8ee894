package review_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

// BenchmarkReview reads the overview, the statistics of jobs and runs of the large history that the benchmarks of package history make.
func BenchmarkReview(b *testing.B) {
	path := filepath.Join(os.Getenv("SNRUN_BENCH_HISTORY"), "history.db")
	if _, err := os.Stat(path); os.Getenv("SNRUN_BENCH_HISTORY") == "" || err != nil {
		b.Skip("make the history first: go test -run xxx -bench LookBack ./history")
	}
	s, err := history.OpenReadOnly(path)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	runs, err := s.Runs(history.Filter{Statuses: []engine.Status{engine.OK, engine.Failed}, Limit: 5000})
	if err != nil {
		b.Fatal(err)
	}
	jobs, err := s.Jobs()
	if err != nil {
		b.Fatal(err)
	}
	last := runs[0].Started
	large := largest(b, s, last)
	for _, look := range []struct {
		name string
		at   func(i int) error
	}{
		{"overview", func(int) error { _, err := review.ReadOverview(s, nil, last); return err }},
		{"overview of 200 named jobs", func(int) error { _, err := review.ReadOverview(s, jobs, last); return err }},
		{"stats of the busiest job", func(int) error {
			_, err := review.ReadStats(s, jobs[0], last.AddDate(0, 0, -30), last, time.UTC)
			return err
		}},
		{"stats of a job", func(i int) error {
			_, err := review.ReadStats(s, jobs[1+i%199], last.AddDate(0, 0, -30), last, time.UTC)
			return err
		}},
		{"stats of all jobs", func(int) error { _, err := review.ReadFigures(s, nil, last.AddDate(0, 0, -30), last); return err }},
		{"run", func(i int) error { return readRun(s, runs[i*7%len(runs)].ID) }},
		{"run with 10,000 items", func(int) error { return readRun(s, large) }},
	} {
		b.Run(look.name, func(b *testing.B) {
			var took []time.Duration
			before := cpuTime(b)
			for b.Loop() {
				start := time.Now()
				if err := look.at(len(took)); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			b.ReportMetric((cpuTime(b)-before).Seconds()*1000/float64(len(took)), "cpu-ms")
			slices.Sort(took)
			for _, part := range []int{50, 99, 100} {
				b.ReportMetric(took[(len(took)-1)*part/100].Seconds()*1000, fmt.Sprintf("ms-p%d", part))
			}
		})
	}
}

// largest gives the run with very many items, which is in the middle of the time up to the last run.
func largest(b *testing.B, s *history.Store, last time.Time) string {
	b.Helper()
	const half = 104 * 24 * time.Hour
	runs, err := s.Runs(history.Filter{Since: last.Add(-half - 5*time.Minute), Until: last.Add(-half + 5*time.Minute), Limit: 1000})
	if err != nil {
		b.Fatal(err)
	}
	for _, run := range runs {
		counts, err := s.StepCounts(run.ID, history.StepFilter{})
		if err != nil {
			b.Fatal(err)
		}
		if counts[engine.OK] > 10_000 {
			return run.ID
		}
	}
	b.Fatal("there is no run with very many items in the middle")
	return ""
}

// readRun reads what the first page of a run tells.
func readRun(s *history.Store, id string) error {
	r, err := review.Read(s, id, review.Options{Limit: 100, HTTP: true})
	if err != nil {
		return err
	}
	_, err = review.ReadTimeline(s, r.Run, time.Now())
	return err
}

// cpuTime is what this process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
