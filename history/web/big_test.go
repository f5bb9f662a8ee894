package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
)

// BenchmarkPages asks for pages of the large history that the benchmarks of package history make, in a project that has its 200 jobs, and
// says how large they are.
func BenchmarkPages(b *testing.B) {
	folder := os.Getenv("SNRUN_BENCH_HISTORY")
	file := filepath.Join(folder, "history.db")
	if _, err := os.Stat(file); folder == "" || err != nil {
		b.Skip("make the history first: go test -run xxx -bench LookBack ./history")
	}
	dir := b.TempDir()
	if err := os.Symlink(file, filepath.Join(dir, "runs.db")); err != nil {
		b.Fatal(err)
	}
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("jobs/sync_of_table_%03d.yaml", i)] = "schedule: {cron: \"@hourly\"}\nsteps: [{log: hello}]\n"
	}
	h := newHouse(b, files, houseOptions{idle: true, dir: dir})
	runs, err := h.store.Runs(history.Filter{Statuses: []engine.Status{engine.OK, engine.Failed}, Limit: 5000})
	if err != nil {
		b.Fatal(err)
	}
	large := largestRun(b, h.store, runs[0].Started)
	aRun := func(i int) string { return path("runs", runs[i*7%len(runs)].ID) }
	for _, page := range []struct {
		name string
		path func(i int) string
	}{
		{"overview", func(int) string { return "/" }},
		{"runs", func(int) string { return "/runs" }},
		{"runs, failed", func(i int) string { return "/runs?status=failed,interrupted&before=" + runs[i*7%len(runs)].ID }},
		{"runs, of a job", func(i int) string { return fmt.Sprintf("/runs?job=sync_of_table_%03d&trigger=manual", i%200) }},
		{"a run", aRun},
		{"a run, diff", func(i int) string { return aRun(i) + "?tab=diff" }},
		{"10,000 items", func(int) string { return path("runs", large) }},
		{"10,000 items, steps", func(int) string { return path("runs", large) + "?tab=steps" }},
		{"10,000 items, failed", func(int) string { return path("runs", large) + "?tab=steps&status=failed" }},
		{"10,000 items, requests", func(int) string { return path("runs", large) + "?tab=exchanges" }},
		{"10,000 items, log", func(int) string { return path("runs", large) + "?tab=log" }},
		{"10,000 items, diff", func(int) string { return path("runs", large) + "?tab=diff" }},
		{"API, runs", func(i int) string { return "/api/v1/runs?status=failed&before=" + runs[i*7%len(runs)].ID }},
		{"API, a run", func(i int) string { return "/api/v1" + aRun(i) }},
		{"API, 10,000 items", func(int) string { return "/api/v1" + path("runs", large) }},
		{"API, overview", func(int) string { return "/api/v1/overview" }},
		{"API, stats", func(i int) string { return fmt.Sprintf("/api/v1/jobs/sync_of_table_%03d/stats", i%200) }},
		{"jobs", func(int) string { return "/jobs" }},
		{"jobs, failing", func(int) string { return "/jobs?state=failing" }},
		{"a job", func(i int) string { return fmt.Sprintf("/jobs/sync_of_table_%03d", i%200) }},
		{"schedules", func(int) string { return "/schedules" }},
		{"system", func(int) string { return "/system" }},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []time.Duration
			var largest int64
			before := cpuTime(b)
			for b.Loop() {
				start := time.Now()
				largest = max(largest, h.fetch(b, page.path(len(took))))
				took = append(took, time.Since(start))
			}
			b.ReportMetric((cpuTime(b)-before).Seconds()*1000/float64(len(took)), "cpu-ms")
			slices.Sort(took)
			for _, part := range []int{50, 99, 100} {
				b.ReportMetric(took[(len(took)-1)*part/100].Seconds()*1000, fmt.Sprintf("ms-p%d", part))
			}
			b.ReportMetric(float64(largest)/1000, "kB")
		})
	}
}

// fetch reads a page, and gives its size.
func (h *house) fetch(b *testing.B, path string) int64 {
	b.Helper()
	resp, err := h.browser.Get(h.server.URL + path)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	size, err := io.Copy(io.Discard, resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	return size
}

// largestRun gives the run with very many items, which is in the middle of the time up to the last run.
func largestRun(b *testing.B, s *history.Store, last time.Time) string {
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

// cpuTime is what this process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
