package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/metrics"
)

// manyJobs is metrics of ten thousand jobs, each run once.
func manyJobs() *metrics.Metrics {
	m := metrics.New(metrics.Config{})
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("job_%05d", i)
	}
	m.SetJobs(names, nil)
	for _, name := range names {
		m.Event(engine.Event{Type: engine.RunEnded, Job: name, Status: engine.OK, Time: time.Unix(1, 0), Elapsed: time.Second})
	}
	return m
}

// BenchmarkScrape is what one reading of the metrics of ten thousand jobs costs, and what they take in memory meanwhile.
func BenchmarkScrape(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := manyJobs()
	runtime.GC()
	runtime.ReadMemStats(&after)
	h := m.Handler()
	var size int
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		size = w.Body.Len()
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/10_000, "B/job")
	b.ReportMetric(float64(size), "B/page")
}

// BenchmarkRequest is what counting a request costs.
func BenchmarkRequest(b *testing.B) {
	m := metrics.New(metrics.Config{})
	m.SetProfiles([]string{"crm"})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Request("crm", 200)
		}
	})
}
