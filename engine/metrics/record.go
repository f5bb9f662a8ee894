package metrics

import (
	"maps"
	"slices"
	"time"

	"snrun/engine"
)

// job is what is kept of a job.
type job struct {
	runs  map[engine.Status]float64
	slots map[string]float64 // by what became of them
	took  histogram
	last  time.Time // success
}

// newJob has series from the start on, so that the first failure is a rise.
func newJob() *job {
	return &job{runs: map[engine.Status]float64{engine.OK: 0, engine.Failed: 0}, slots: map[string]float64{}}
}

func (j *job) ended(e engine.Event) {
	j.runs[e.Status]++
	j.took.observe(durationBuckets, e.Elapsed.Seconds())
	if e.Status == engine.OK {
		j.succeeded(e.Time)
	}
}

func (j *job) succeeded(at time.Time) {
	if at.After(j.last) {
		j.last = at
	}
}

// job gives the series of a job.
func (s *series) job(name string, j *job, paused bool) {
	for _, status := range slices.Sorted(maps.Keys(j.runs)) {
		s.value(runsTotal, j.runs[status], name, string(status))
	}
	for _, outcome := range slices.Sorted(maps.Keys(j.slots)) {
		s.value(slotsTotal, j.slots[outcome], name, outcome)
	}
	if j.took.count > 0 {
		s.histogram(runDuration, durationBuckets, &j.took, name)
	}
	if !j.last.IsZero() {
		s.value(lastSuccess, seconds(j.last), name)
	}
	value := 0.0
	if paused {
		value = 1
	}
	s.value(jobPaused, value, name)
}

// profile is what is kept of a profile.
type profile struct {
	requests map[int]float64 // by status, 0 where there was no answer
	expires  time.Time       // of its token; zero where it has none, or one that does not say
}

func newProfile() *profile { return &profile{requests: map[int]float64{}} }

// profile gives the series of a profile.
func (s *series) profile(name string, p *profile) {
	for _, status := range slices.Sorted(maps.Keys(p.requests)) {
		s.value(requestsTotal, p.requests[status], name, code(status))
	}
	if !p.expires.IsZero() {
		s.value(tokenExpiry, seconds(p.expires), name)
	}
}
