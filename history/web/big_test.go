package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"snrun/engine"
	"snrun/history"
	"snrun/history/historytest"
)

// BenchmarkPages asks for pages of the large history that the benchmarks of package history make, in a project that has its 200 jobs, and
// says how large they are.
func BenchmarkPages(b *testing.B) {
	file := historytest.Large(b)
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
	large := historytest.LargestRun(b, h.store, runs[0].Started)
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
			var largest int64
			historytest.Look(b, func(i int) error {
				largest = max(largest, h.fetch(b, page.path(i)))
				return nil
			})
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
