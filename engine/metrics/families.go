package metrics

import "github.com/prometheus/client_golang/prometheus"

// The names of the metrics.
const (
	runsTotal      = "snrun_runs_total"
	runDuration    = "snrun_run_duration_seconds"
	lastSuccess    = "snrun_last_success_timestamp_seconds"
	slotsTotal     = "snrun_slots_total"
	jobPaused      = "snrun_job_paused"
	scheduleLate   = "snrun_schedule_late_seconds"
	runsLate       = "snrun_runs_late_total"
	bookErrors     = "snrun_schedule_errors_total"
	runsRunning    = "snrun_runs_running"
	runsQueued     = "snrun_runs_queued"
	requestsTotal  = "snrun_http_requests_total"
	tokenExpiry    = "snrun_token_expiry_timestamp_seconds"
	brokenFiles    = "snrun_project_broken_files"
	noticesWaiting = "snrun_notices_waiting"
	buildInfo      = "snrun_build_info"
)

// family is one metric, with its labels.
type family struct {
	name   string
	help   string
	kind   prometheus.ValueType // of a histogram it does not matter
	labels []string
}

func (f family) desc() *prometheus.Desc { return prometheus.NewDesc(f.name, f.help, f.labels, nil) }

// families are all metrics of ours.
func families() []family {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	job, profile := "job", "profile"
	return []family{
		{runsTotal, "Ends of runs, by how they ended. A run that is gone on with ends once more.", counter, []string{job, "status"}},
		{runDuration, "How long runs took, each until its end.", counter, []string{job}},
		{lastSuccess, "When a run of the job last ended well; none where none ever did.", gauge, []string{job}},
		{slotsTotal, "Due times that were decided upon: run, or why not. One that was to be run and is withdrawn counts once more.", counter, []string{job, "outcome"}},
		{jobPaused, "1 while the job is paused, else 0.", gauge, []string{job}},
		{scheduleLate, "How long after their time runs started.", counter, nil},
		{runsLate, "Runs that waited longer for their start than server.late_after.", counter, nil},
		{bookErrors, "How often the scheduler lost its database, each time until it had it again.", counter, nil},
		{runsRunning, "Runs that are going on here.", gauge, nil},
		{runsQueued, "Runs that wait here for their start.", gauge, nil},
		{requestsTotal, "Requests of steps, by the status of the answer; error where there was none.", counter, []string{profile, "code"}},
		{tokenExpiry, "When the token of the profile expires.", gauge, []string{profile}},
		{brokenFiles, "Files of the project that have mistakes: their last good version is used.", gauge, nil},
		{noticesWaiting, "Notices that wait for their delivery.", gauge, nil},
		{buildInfo, "1, with the version of snrun and of Go.", gauge, []string{"version", "goversion"}},
	}
}

// series gives series to whoever collects them.
type series struct {
	to    chan<- prometheus.Metric
	descs map[string]*prometheus.Desc
	kinds map[string]prometheus.ValueType
}

func newSeries(to chan<- prometheus.Metric) *series {
	s := &series{to: to, descs: map[string]*prometheus.Desc{}, kinds: map[string]prometheus.ValueType{}}
	for _, f := range families() {
		s.descs[f.name], s.kinds[f.name] = f.desc(), f.kind
	}
	return s
}

// value gives one series of a family, with the values of its labels in their order.
func (s *series) value(name string, v float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(s.descs[name], s.kinds[name], v, labels...)
}
