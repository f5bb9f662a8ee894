package main

import (
	"testing"
	"time"

	"snrun/history"
	"snrun/history/review"
)

// someStats are those of a job that got worse.
func someStats() *review.Stats {
	since := began.Add(-30 * 24 * time.Hour)
	good, bad, p50, p95, long := 0.9997, 0.5, int64(1234), int64(61_000), int64(7_500_000)
	return &review.Stats{
		Job: "nightly\x1b[31m",
		Figures: review.Figures{
			Since: &since, Until: began, Counts: review.Counts{OK: 12_000, Failed: 3, Interrupted: 1, Skipped: 17, Running: 1}, SuccessRate: &good, P50: &p50, P95: &p95,
			Measured: 10_000,
		},
		Trend: review.Trend{
			Last:   review.Figures{Counts: review.Counts{OK: 2, Failed: 1, Interrupted: 1}, SuccessRate: &bad, P50: &p95, P95: &long},
			Before: review.Figures{Counts: review.Counts{Skipped: 3}},
		},
		FailedSteps: []history.FailedStep{{Step: "alert\nnot a line", Failed: 3, Last: "06c3k9q2f4x"}, {Failed: 1, Last: "06c3k9q2f4y"}},
	}
}

func TestStatsPages(t *testing.T) {
	t.Parallel()
	next := review.Commands{Program: "snrun"}
	empty := &review.Stats{Job: "weekly"}
	page := page{now: began}
	all := []review.JobFigures{{Job: "nightly", Figures: someStats().Figures}, {Job: "weekly", Figures: someStats().Trend.Before}}
	golden(t, figuresTable(page, all)+"--- one\n"+statsPage(page, someStats(), next)+"--- none\n"+statsPage(page, empty, next), "testdata/history_stats.txt")
}
