// Package metrics counts what a daemon does, in the words of Prometheus.
//
// All series are made when somebody asks for them, from small records of our own: ten thousand jobs cost as many small
// structs, and what leaves the project leaves the metrics. Labels are names of jobs and profiles of the project, statuses
// and reasons, never the id of a run.
//
// The files:
//
//	metrics      what is told, and the page
//	families     the names of all metrics, and what they say
//	record       what is kept of a job and a profile
//	histogram    counts by size
package metrics

import (
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/schedule"
)

// Config is what Metrics work with.
type Config struct {
	Version string
	// State tells how it stands. It is asked each time the metrics are read, from any goroutine; nil for nothing to tell.
	State func() State
}

// State is how it stands with a daemon at a moment.
type State struct {
	Running int
	Queued  int
	Paused  []string // jobs
	Broken  int      // files of the project that have mistakes
	Notices int      // that wait for their delivery
}

// Metrics count what is told to them, for those jobs and profiles that are set. All methods may be called from many
// goroutines.
type Metrics struct {
	config   Config
	registry *prometheus.Registry

	mu        sync.Mutex
	jobs      map[string]*job
	profiles  map[string]*profile
	late      histogram
	lateRuns  float64
	bookFails float64
}

// New makes metrics of no jobs and of no profiles.
func New(c Config) *Metrics {
	if c.State == nil {
		c.State = func() State { return State{} }
	}
	m := &Metrics{config: c, registry: prometheus.NewRegistry(), jobs: map[string]*job{}, profiles: map[string]*profile{}}
	m.SetProfiles(nil)
	m.registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics as text, in the format of Prometheus or, to whoever asks for it, of OpenMetrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
}

// SetJobs sets which jobs there are: those that are gone leave the metrics. Succeeded says when each went well last, as far
// as the history knows; a later success that was counted here stands.
func (m *Metrics) SetJobs(names []string, succeeded map[string]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs = kept(m.jobs, names, newJob)
	for name, at := range succeeded {
		if j := m.jobs[label(name)]; j != nil {
			j.succeeded(at)
		}
	}
}

// SetProfiles sets which profiles there are. Requests without one are counted in any case.
func (m *Metrics) SetProfiles(names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.profiles = kept(m.profiles, append([]string{""}, names...), newProfile)
}

// kept gives the records of these names: those that there are, and new ones.
func kept[T any](records map[string]*T, names []string, anew func() *T) map[string]*T {
	next := make(map[string]*T, len(names))
	for _, name := range names {
		name = label(name)
		if next[name] = records[name]; next[name] == nil {
			next[name] = anew()
		}
	}
	return next
}

// label is a name as the value of a label, which is text: the name of a file need not be.
func label(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// Event counts how a run ended.
func (m *Metrics) Event(e engine.Event) {
	if e.Type != engine.RunEnded {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.jobs[label(e.Job)]; j != nil {
		j.ended(e)
	}
}

// Scheduled counts what the scheduler did.
func (m *Metrics) Scheduled(e schedule.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e.Type {
	case schedule.RunStarted:
		m.late.observe(lateBuckets, max(0, e.Late).Seconds())
	case schedule.RunLate:
		m.lateRuns++
	case schedule.BookFailed:
		m.bookFails++
	case schedule.StartFailed:
		if j := m.jobs[label(e.Job)]; j != nil {
			j.runs.add(string(engine.Failed), 1)
		}
	case schedule.SlotQueued, schedule.SlotSkipped:
		if j := m.jobs[label(e.Job)]; j != nil {
			j.slots.add(outcome(e), max(e.Count, 1))
		}
	}
}

// outcome is what became of a slot.
func outcome(e schedule.Event) string {
	if e.Type == schedule.SlotQueued {
		return "run"
	}
	return e.Reason
}

// Token notes how long a profile's token lives.
func (m *Metrics) Token(e auth.TokenEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.profiles[label(e.Profile)]; p != nil && e.What != auth.TokenRejected {
		p.expires = e.Expires
	}
}

// Request counts a request of a profile, "" for none, with the status of its answer; 0 where there was none.
func (m *Metrics) Request(profile string, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.profiles[label(profile)]; p != nil {
		p.requests[status]++
	}
}

// Describe gives the families that Collect has series of.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, f := range families() {
		to <- f.desc()
	}
}

// Collect gives all series as they stand.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	state := m.config.State()
	out := newSeries(to)
	out.state(state, m.config.Version)
	m.mu.Lock()
	defer m.mu.Unlock()
	paused := make(map[string]bool, len(state.Paused))
	for _, name := range state.Paused {
		paused[label(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(m.jobs)) {
		out.job(name, m.jobs[name], paused[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.profiles)) {
		out.profile(name, m.profiles[name])
	}
	out.histogram(scheduleLate, lateBuckets, &m.late)
	out.value(runsLate, m.lateRuns)
	out.value(bookErrors, m.bookFails)
}

// state gives what is not counted but looked up.
func (s *series) state(now State, version string) {
	s.value(buildInfo, 1, version, runtime.Version())
	s.value(runsRunning, float64(now.Running))
	s.value(runsQueued, float64(now.Queued))
	s.value(brokenFiles, float64(now.Broken))
	s.value(noticesWaiting, float64(now.Notices))
}

// code is the label of an answer's status.
func code(status int) string {
	if status == 0 {
		return "error"
	}
	return strconv.Itoa(status)
}

// seconds is a time as Prometheus has it: seconds since 1970.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
