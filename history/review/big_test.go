package review_test

import (
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/historytest"
	"snrun/history/review"
)

// BenchmarkReview reads the overview, the statistics of jobs and runs of the large history that the benchmarks of package history make.
func BenchmarkReview(b *testing.B) {
	s, err := history.OpenReadOnly(historytest.Large(b))
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
	large := historytest.LargestRun(b, s, last)
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
		b.Run(look.name, func(b *testing.B) { historytest.Look(b, look.at) })
	}
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
