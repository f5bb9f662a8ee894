package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
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
