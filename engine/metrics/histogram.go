package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// The upper bounds of what is counted by size, in seconds.
var (
	durationBuckets = []float64{0.1, 0.5, 2, 10, 60, 300, 900, 3600}
	lateBuckets     = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600}
)

// histogram counts by size. The zero value has seen nothing.
type histogram struct {
	counts []uint64 // by bucket, without those of the buckets below
	count  uint64
	sum    float64
}

// observe counts a value. The bounds must be the same each time.
func (h *histogram) observe(bounds []float64, v float64) {
	if h.counts == nil {
		h.counts = make([]uint64, len(bounds))
	}
	if i, _ := slices.BinarySearch(bounds, v); i < len(bounds) {
		h.counts[i]++
	}
	h.count++
	h.sum += v
}

// histogram gives the series of a histogram: also of one that has seen nothing.
func (s *series) histogram(name string, bounds []float64, h *histogram, labels ...string) {
	buckets := make(map[float64]uint64, len(bounds))
	var below uint64
	for i, bound := range bounds {
		if h.counts != nil {
			below += h.counts[i]
		}
		buckets[bound] = below
	}
	s.to <- prometheus.MustNewConstHistogram(s.descs[name], h.count, h.sum, buckets, labels...)
}
