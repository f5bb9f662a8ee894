package metrics

import (
	"maps"
	"slices"
	"strings"
	"time"

	"snrun/engine"
)

// counts are how often there was what, sorted by name. There are few names, and very many counts: a map would be larger.
type counts []count

type count struct {
	name string
	n    float64
}

func (c *counts) add(name string, n int) {
	i, there := slices.BinarySearchFunc(*c, name, func(x count, name string) int { return strings.Compare(x.name, name) })
	if !there {
		*c = slices.Insert(*c, i, count{name: name})
	}
	(*c)[i].n += float64(n)
}

// job is what is kept of a job.
type job struct {
	runs  counts // by status
	slots counts // by what became of them
	took  histogram
	last  time.Time // success
}

// newJob has series from the start on of what people want to hear of, so that the first time is a rise.
func newJob() *job {
	return &job{runs: counts{{string(engine.Failed), 0}, {string(engine.OK), 0}}, slots: counts{{engine.ReasonMissed, 0}}}
}

func (j *job) ended(e engine.Event) {
	j.runs.add(string(e.Status), 1)
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
	for _, c := range j.runs {
		s.value(runsTotal, c.n, name, c.name)
	}
	for _, c := range j.slots {
		s.value(slotsTotal, c.n, name, c.name)
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
