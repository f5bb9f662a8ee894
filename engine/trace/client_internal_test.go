package trace

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// clientFor makes a client for the collector that the variables name.
func clientFor(t *testing.T, environ map[string]string) *client {
	t.Helper()
	s, err := readSettings(func(name string) string { return environ[name] })
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(s, "1.2.3")
	c.wait = time.Millisecond
	t.Cleanup(func() { c.Stop(context.Background()) })
	return c
}

// answering is a collector that answers with these statuses, and with the last one for ever. It gives the paths asked for.
func answering(t *testing.T, statuses ...int) (url string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var paths []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		status := statuses[min(len(paths), len(statuses)-1)]
		paths = append(paths, r.URL.Path)
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "3600")
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return paths
	}
}

// TestTries holds what is tried again.
func TestTries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		statuses []int
		hurry    bool
		want     string
	}{
		{"well", []int{200}, false, "1 tries: <nil>"},
		{"accepted", []int{202}, false, "1 tries: <nil>"},
		{"busy for a while", []int{503, 502, 504, 200}, false, "4 tries: <nil>"},
		{"refused", []int{400}, false, "1 tries: the collector answers 400 Bad Request"},
		{"led elsewhere", []int{307}, false, "1 tries: the collector answers 307 Temporary Redirect"},
		{"asked to wait for longer than there is time", []int{429}, false, "1 tries: the collector answers 429 Too Many Requests"},
		{"in a hurry", []int{503, 200}, true, "1 tries: the collector answers 503 Service Unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, asked := answering(t, c.statuses...)
			client := clientFor(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url})
			if c.hurry {
				client.wait = 10 * time.Minute
				client.hurry()
				client.hurry()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
			defer cancel()
			err := client.UploadTraces(ctx, []*tracepb.ResourceSpans{{}})
			if got := fmt.Sprintf("%d tries: %v", len(asked()), err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestToldOnce holds that a collector which cannot be reached is told of once, until it could be reached, and that the SDK never
// hears of an error.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	url, _ := answering(t, 400, 400, 200, 400)
	client := clientFor(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/base"})
	exporter, err := otlptrace.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	c := &careful{SpanExporter: exporter, place: client.settings.place(), tell: func(m string) { told = append(told, m) }}
	for range 4 {
		if err := c.ExportSpans(t.Context(), tracetest.SpanStubs{{Name: "x"}}.Snapshots()); err != nil {
			t.Errorf("the SDK hears of %v", err)
		}
	}
	want := "traces cannot be delivered to " + url + "/base/v1/traces: the collector answers 400 Bad Request"
	if len(told) != 2 || told[0] != want {
		t.Errorf("got %q, want twice %q", told, want)
	}
}

// TestCollectorWithCertificate delivers to a server whose authority only a variable names.
func TestCollectorWithCertificate(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, want := range map[string]bool{"OTEL_EXPORTER_OTLP_CERTIFICATE": true, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE": true, "OTHER": false} {
		c := clientFor(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": s.URL, variable: file})
		c.hurry()
		if err := c.UploadTraces(t.Context(), []*tracepb.ResourceSpans{{}}); (err == nil) != want {
			t.Errorf("%s: got %v", variable, err)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const endpoint = prefix + "ENDPOINT"
	for _, c := range []struct {
		name    string
		environ map[string]string
		want    string
	}{
		{"all signals", map[string]string{endpoint: "http://127.0.0.1:4318/a/"}, "http://127.0.0.1:4318/a/v1/traces [] 10s plain"},
		{"traces", map[string]string{endpoint: "http://x", prefix + "TRACES_ENDPOINT": "http://127.0.0.1:4318"}, "http://127.0.0.1:4318/ [] 10s plain"},
		{"everything", map[string]string{
			endpoint: "https://127.0.0.1", prefix + "HEADERS": "a=b", prefix + "TRACES_HEADERS": " x-key = a%20b%3D , y=z=1,", prefix + "TIMEOUT": "500",
			prefix + "COMPRESSION": "gzip", prefix + "PROTOCOL": "http/protobuf", "OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "false",
		}, "https://127.0.0.1/v1/traces [{x-key a b=} {y z=1}] 500ms gzip"},
		{"no URL", map[string]string{endpoint: "user:pass@127.0.0.1:4318"}, endpoint + ": this is no address such as http://127.0.0.1:4318"},
		{"gRPC", map[string]string{endpoint: "http://x", prefix + "PROTOCOL": "grpc"}, prefix + `PROTOCOL: "grpc" is not spoken here; write http/protobuf, and the collector's port for HTTP (4318) into the endpoint`},
		{"another exporter", map[string]string{endpoint: "http://x", "OTEL_TRACES_EXPORTER": "zipkin"}, `OTEL_TRACES_EXPORTER: "zipkin" is not known here, only otlp and none are`},
		{"headers", map[string]string{endpoint: "http://x", prefix + "HEADERS": "a b=secret"}, prefix + "HEADERS: write it as name=value,name=value"},
		{"a header's value", map[string]string{endpoint: "http://x", prefix + "HEADERS": "a=secret%0Ab"}, prefix + "HEADERS: write it as name=value,name=value"},
		{"timeout", map[string]string{endpoint: "http://x", prefix + "TIMEOUT": "10s"}, prefix + `TIMEOUT: "10s" is no number of milliseconds`},
		{"compression", map[string]string{endpoint: "http://x", prefix + "TRACES_COMPRESSION": "zstd"}, prefix + `TRACES_COMPRESSION: "zstd" is not known, only gzip and none are`},
		{"no authority", map[string]string{endpoint: "http://x", prefix + "CERTIFICATE": "client_internal_test.go"}, prefix + "CERTIFICATE: there is no PEM certificate in client_internal_test.go"},
		{"no file", map[string]string{endpoint: "http://x", prefix + "CLIENT_CERTIFICATE": "nowhere.pem"}, prefix + "CLIENT_CERTIFICATE: open nowhere.pem: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := readSettings(func(name string) string { return c.environ[name] })
			got := fmt.Sprint(err)
			if err == nil {
				how := map[bool]string{true: "gzip", false: "plain"}[s.gzip]
				got = fmt.Sprintf("%s %v %v %s", s.endpoint, s.headers, s.timeout, how)
			}
			if got != c.want || err != nil && strings.Contains(got, "secret") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	var got []string
	for key := "/loop/page:3[a/b#1]/block#2/case:2/job/post"; key != ""; key = around(key) {
		got = append(got, key)
	}
	want := "/loop/page:3[a/b#1]/block#2/case:2/job/post /loop/page:3[a/b#1]/block#2/case:2/job /loop/page:3[a/b#1]/block#2/case:2 " +
		"/loop/page:3[a/b#1]/block#2 /loop/page:3[a/b#1]/block /loop/page:3[a/b#1] /loop/page:3 /loop"
	if got := strings.Join(got, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for key, want := range map[string]string{
		"/a": "/a", "/a/b": "/a/b", "/rest:1": "/rest:1", "/loop/page:3[a/b#1]/block#2/case:2/post": "/loop/block/case:2/post", "/r[2]/x/page:7#3": "/r/x",
	} {
		if got := line(key); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}
