package metrics_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/metrics"
	"snrun/engine/schedule"
)

// scrape reads the metrics as a server of Prometheus does, in the format asked for.
func scrape(t *testing.T, m *metrics.Metrics, accept string) (contentType, text string) {
	t.Helper()
	s := httptest.NewServer(m.Handler())
	t.Cleanup(s.Close)
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("got %s: %v\n%s", resp.Status, err, body)
	}
	return resp.Header.Get("Content-Type"), string(body)
}

// read gives the series of snrun as the official parser reads them, sorted. Of a histogram it gives the count.
func read(t *testing.T, m *metrics.Metrics) []string {
	t.Helper()
	_, text := scrape(t, m, "text/plain")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		for _, s := range families[name].GetMetric() {
			if strings.HasPrefix(name, "snrun_") {
				all = append(all, name+labels(s)+" "+value(s))
			}
		}
	}
	slices.Sort(all)
	return all
}

func labels(s *dto.Metric) string {
	var list []string
	for _, l := range s.GetLabel() {
		list = append(list, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(list, ",") + "}"
}

func value(s *dto.Metric) string {
	switch {
	case s.Counter != nil:
		return fmt.Sprint(s.Counter.GetValue())
	case s.Gauge != nil:
		return fmt.Sprintf("%.3f", s.Gauge.GetValue())
	}
	return fmt.Sprintf("count %d", s.Histogram.GetSampleCount())
}

// told is told one of everything, of jobs and profiles that there are and of others.
func told(state metrics.State) *metrics.Metrics {
	m := metrics.New(metrics.Config{Version: "1.2.3", State: func() metrics.State { return state }})
	m.SetJobs([]string{"sync", "idle", "gone"}, map[string]time.Time{"sync": time.Unix(50, 0), "idle": time.Unix(70, 0), "other": time.Unix(1, 0)})
	m.SetProfiles([]string{"crm", "old"})
	for _, job := range []string{"sync", "gone", "other"} {
		m.Event(engine.Event{Type: engine.RunStarted, Job: job})
		m.Event(engine.Event{Type: engine.StepEnded, Job: job, Status: engine.OK})
		m.Event(engine.Event{Type: engine.RunEnded, Job: job, Status: engine.OK, Time: time.UnixMilli(100_500), Elapsed: time.Second})
		m.Event(engine.Event{Type: engine.RunEnded, Job: job, Status: engine.Interrupted, Time: time.Unix(200, 0), Elapsed: time.Hour})
		m.Scheduled(schedule.Event{Type: schedule.SlotQueued, Job: job})
		m.Scheduled(schedule.Event{Type: schedule.SlotSkipped, Job: job, Reason: engine.ReasonMissed, Count: 7})
		m.Scheduled(schedule.Event{Type: schedule.RunStarted, Job: job, Late: 20 * time.Millisecond})
	}
	for _, profile := range []string{"", "crm", "old", "other"} {
		m.Request(profile, 200)
		m.Request(profile, 0)
		m.Token(auth.TokenEvent{Profile: profile, What: auth.TokenFetched, Expires: time.Unix(300, 0)})
		m.Token(auth.TokenEvent{Profile: profile, What: auth.TokenRejected})
	}
	m.Scheduled(schedule.Event{Type: schedule.RunLate, Job: "sync"})
	m.Scheduled(schedule.Event{Type: schedule.BookFailed})
	m.Scheduled(schedule.Event{Type: schedule.StartFailed, Job: "sync"})
	m.SetJobs([]string{"sync", "idle", "new"}, map[string]time.Time{"sync": time.Unix(90, 0)})
	m.SetProfiles([]string{"crm"})
	return m
}

func TestSeries(t *testing.T) {
	t.Parallel()
	m := told(metrics.State{
		Running: 2, Queued: 3, Paused: []string{"idle", "other"}, Broken: 1, Notices: 4,
	})
	var got []string
	for _, s := range read(t, m) {
		if !strings.HasPrefix(s, "snrun_build_info") {
			got = append(got, s)
		}
	}
	want := []string{
		"snrun_http_requests_total{code=200,profile=} 1",
		"snrun_http_requests_total{code=200,profile=crm} 1",
		"snrun_http_requests_total{code=error,profile=} 1",
		"snrun_http_requests_total{code=error,profile=crm} 1",
		"snrun_job_paused{job=idle} 1.000",
		"snrun_job_paused{job=new} 0.000",
		"snrun_job_paused{job=sync} 0.000",
		"snrun_last_success_timestamp_seconds{job=idle} 70.000",
		"snrun_last_success_timestamp_seconds{job=sync} 100.500",
		"snrun_notices_waiting{} 4.000",
		"snrun_project_broken_files{} 1.000",
		"snrun_run_duration_seconds{job=sync} count 2",
		"snrun_runs_late_total{} 1",
		"snrun_runs_queued{} 3.000",
		"snrun_runs_running{} 2.000",
		"snrun_runs_total{job=idle,status=failed} 0",
		"snrun_runs_total{job=idle,status=ok} 0",
		"snrun_runs_total{job=new,status=failed} 0",
		"snrun_runs_total{job=new,status=ok} 0",
		"snrun_runs_total{job=sync,status=failed} 1",
		"snrun_runs_total{job=sync,status=interrupted} 1",
		"snrun_runs_total{job=sync,status=ok} 1",
		"snrun_schedule_errors_total{} 1",
		"snrun_schedule_late_seconds{} count 3",
		"snrun_slots_total{job=idle,outcome=missed} 0",
		"snrun_slots_total{job=new,outcome=missed} 0",
		"snrun_slots_total{job=sync,outcome=missed} 7",
		"snrun_slots_total{job=sync,outcome=run} 1",
		"snrun_token_expiry_timestamp_seconds{profile=} 300.000",
		"snrun_token_expiry_timestamp_seconds{profile=crm} 300.000",
	}
	slices.Sort(want)
	if got, want := strings.Join(got, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestBuckets holds that a value on a bound belongs below it, and that one above all bounds counts too.
func TestBuckets(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	for _, late := range []time.Duration{-time.Second, 5 * time.Millisecond, 5001 * time.Microsecond, 2 * time.Hour} {
		m.Scheduled(schedule.Event{Type: schedule.RunStarted, Late: late})
	}
	_, text := scrape(t, m, "text/plain")
	for _, line := range []string{
		`snrun_schedule_late_seconds_bucket{le="0.005"} 2`, `snrun_schedule_late_seconds_bucket{le="0.01"} 3`,
		`snrun_schedule_late_seconds_bucket{le="3600"} 3`, `snrun_schedule_late_seconds_bucket{le="+Inf"} 4`,
		`snrun_schedule_late_seconds_sum 7200.010001`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
}

// TestLint has the checks of `promtool check metrics` find nothing in the metrics of ours.
func TestLint(t *testing.T) {
	t.Parallel()
	_, text := scrape(t, told(metrics.State{}), "text/plain")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "snrun_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestFormats holds that each gets the format that it asks for.
func TestFormats(t *testing.T) {
	t.Parallel()
	m := told(metrics.State{})
	for accept, want := range map[string]string{
		"":           "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
		"text/plain": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
		"application/openmetrics-text; version=1.0.0": "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
	} {
		got, text := scrape(t, m, accept)
		if got != want {
			t.Errorf("%q: got %s, want %s", accept, got, want)
		}
		if strings.HasPrefix(want, "application/openmetrics") != strings.HasSuffix(text, "# EOF\n") {
			t.Errorf("%q: got\n%s", accept, text)
		}
	}
}

// TestNamesThatAreNoText holds that the name of a file which is no text does not keep the others from being told.
func TestNamesThatAreNoText(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	m.SetJobs([]string{"a\xff", "b"}, nil)
	m.Event(engine.Event{Type: engine.RunEnded, Job: "a\xff", Status: engine.OK, Time: time.Unix(1, 0)})
	if got := read(t, m); !slices.Contains(got, "snrun_runs_total{job=a\uFFFD,status=ok} 1") || !slices.Contains(got, "snrun_runs_total{job=b,status=ok} 0") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// TestPage holds that docs/observability.md has all metrics that there are, with their types and labels, and no others.
func TestPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "observability.md"))
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `snrun_") && len(cells) == 4 {
			written = append(written, strings.Join(cells[:3], " | "))
		}
	}
	slices.Sort(written)
	_, page := scrape(t, told(metrics.State{}), "text/plain")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if f := families[name]; strings.HasPrefix(name, "snrun_") {
			there = append(there, row(f))
		}
	}
	slices.Sort(there)
	if got, want := strings.Join(written, "\n"), strings.Join(there, "\n"); got != want {
		t.Errorf("the page has\n%s\nthere are\n%s", got, want)
	}
}

// row is how a family stands in the table of the page.
func row(f *dto.MetricFamily) string {
	var names []string
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, "`"+l.GetName()+"`")
	}
	list := strings.Join(names, ", ")
	if list == "" {
		list = "–"
	}
	return "| `" + f.GetName() + "` | " + strings.ToLower(f.GetType().String()) + " | " + list
}
