package web

import (
	"fmt"
	"testing"
	"time"

	"snrun/engine"
)

// crowd is a project of many jobs, each of which ran once; every fiftieth failed, and every hundredth waits.
func crowd(t testing.TB, jobs int) *house {
	files := map[string]string{}
	for i := range jobs {
		files[fmt.Sprintf("jobs/job_%05d.yaml", i)] = fmt.Sprintf("schedule: {cron: \"%d %d 1 1 *\"}\nsteps: [{log: a}]\n", i%60, i%24)
	}
	h := newHouse(t, files, houseOptions{})
	for i := range jobs {
		status := engine.OK
		if i%50 == 7 {
			status = engine.Failed
		}
		h.ran(fmt.Sprintf("job_%05d", i), status, time.Duration(i%1000+1)*time.Minute)
	}
	return h
}

// crowdedPages are the pages that show something of all jobs, and how large each may be, in bytes.
var crowdedPages = [...]struct {
	path string
	most int
}{
	{"/", 60 << 10}, {"/jobs", 120 << 10}, {"/jobs?state=failing", 120 << 10}, {"/schedules", 150 << 10}, {"/system", 30 << 10}, {"/jobs/job_00007", 60 << 10},
}

// TestCrowdedPages holds that pages stay small however many jobs there are.
func TestCrowdedPages(t *testing.T) {
	t.Parallel()
	h := crowd(t, 1500)
	for _, p := range crowdedPages {
		h.page(p.path)
		if _, text := h.get(p.path); len(text) > p.most {
			t.Errorf("%s has %d bytes, more than %d", p.path, len(text), p.most)
		}
	}
	h.says("/", "All 30 that fail", "1,470 ok")
	h.says("/jobs", "1,500 jobs")
}

// BenchmarkCrowd measures the pages of ten thousand jobs.
func BenchmarkCrowd(b *testing.B) {
	h := crowd(b, 10_000)
	for _, p := range crowdedPages {
		b.Run(p.path, func(b *testing.B) {
			size := 0
			for b.Loop() {
				_, text := h.get(p.path)
				size = len(text)
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
