package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"snrun/examples/sandbox"
	"snrun/steps/steptest"
)

// collecting is a receiver of traces. It gives the names of the spans that came, sorted, and all that was written in them.
func collecting(t *testing.T) (url string, came func() (names []string, text string)) {
	t.Helper()
	var mu sync.Mutex
	var names []string
	var text strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		var traces tracepb.TracesData
		if err == nil {
			err = proto.Unmarshal(data, &traces)
		}
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		text.Write(data)
		for _, resource := range traces.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					names = append(names, span.GetName())
				}
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() ([]string, string) {
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(names)
		return names, text.String()
	}
}

// TestTraces runs the program with a collector: the run's spans are there when it ends, and no secret is in them.
func TestTraces(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.copyExample("incident_sync.yaml")
	url, came := collecting(t)
	u.environ = append(u.environ, "OTEL_EXPORTER_OTLP_ENDPOINT="+url, "OTEL_SERVICE_NAME=nightly")
	u.must(exitOK, "run", "incident_sync")
	names, text := came()
	if !slices.Contains(names, "incident_sync") || !slices.Contains(names, "GET") || !strings.Contains(text, "nightly") {
		t.Errorf("the spans are %q", names)
	}
	for _, secret := range u.server.secrets() {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in the traces", secret)
		}
	}
}

// TestTracesThatGoNowhere holds that a collector which is down, or a mistake in a variable, is told of and changes nothing else.
func TestTracesThatGoNowhere(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("job.yaml", "version: 1\nsteps: [{set: {a: 1}}]\noutput: well\n")
	for variable, want := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + steptest.Refusing: "│ traces cannot be delivered to " + steptest.Refusing + "/v1/traces: dial tcp ",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=nowhere":       "│ there are no traces: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: this is no address such as http://127.0.0.1:4318\n",
	} {
		one := *u
		one.environ = append(slices.Clip(u.environ), variable)
		got := one.must(exitOK, "run", "job")
		if got.stdout != "\"well\"\n" || strings.Count(got.stderr, "traces") < 1 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: got %q and\n%s", variable, got.stdout, got.stderr)
		}
	}
}

// TestTracesOfADaemon holds that what a daemon runs is traced and counted, that servers see the spans, and that the last ones are
// delivered when it ends.
func TestTracesOfADaemon(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	asked := make(chan string, 100)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header.Get("Traceparent") }))
	t.Cleanup(target.Close)
	u.write("profiles.yaml", "version: 1\nprofiles: {crm: {base_url: \""+target.URL+"\", trace: true}}\n")
	u.write("tick.yaml", "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{rest: {profile: crm, path: /x}}]\n")
	url, came := collecting(t)
	s := u.serve([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_BSP_SCHEDULE_DELAY=3600000"}, "--listen", "127.0.0.1:0")
	ready := s.sees("ready", "address=")
	s.sees("run ended", "job=tick", "status=ok")
	_, address, _ := strings.Cut(ready, "address=")
	address, _, _ = strings.Cut(address, " ")
	page := get(t, "http://"+address+"/metrics")
	for _, series := range []string{`snrun_http_requests_total{code="200",profile="crm"} `, `snrun_runs_total{job="tick",status="ok"} `, `snrun_slots_total{job="tick",outcome="run"} `} {
		if _, n, found := strings.Cut(page, "\n"+series); !found || strings.HasPrefix(n, "0") {
			t.Errorf("there is no %s in\n%s", series, page)
		}
	}
	s.signal(syscall.SIGTERM)
	s.ends(exitOK)
	names, text := came()
	if !slices.Contains(names, "tick") || !slices.Contains(names, "rest:1") || !slices.Contains(names, "GET") {
		t.Errorf("the spans are %q", names)
	}
	_, ids, _ := strings.Cut(<-asked, "-")
	trace, _, _ := strings.Cut(ids, "-")
	if id, err := hex.DecodeString(trace); err != nil || len(id) != 16 || !strings.Contains(text, string(id)) {
		t.Errorf("the server saw the trace %q, which is none of those that came", trace)
	}
}
