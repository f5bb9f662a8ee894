package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"snrun/engine/daemon"
)

// repeater is a server for notices and traces, which repeats to whoever tells it something what it was sent.
type repeater struct {
	*httptest.Server
	mu     sync.Mutex
	bodies bytes.Buffer
	came   map[string]int // by path
	grows  chan struct{}  // has room for one
}

func newRepeater(t *testing.T) *repeater {
	n := &repeater{came: map[string]int{}, grows: make(chan struct{}, 1)}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told := body
		if r.URL.Path == "/traces" {
			told = spansAsText(t, body)
		}
		n.mu.Lock()
		n.bodies.Write(told)
		n.came[strings.SplitN(r.URL.Path, "/", 3)[1]]++
		n.mu.Unlock()
		select {
		case n.grows <- struct{}{}:
		default:
		}
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, r.URL, r.Header, string(body))
	}))
	t.Cleanup(n.Close)
	return n
}

// spansAsText gives all that was written in spans, as JSON, but for their ids and times: in these bytes a short secret stands by chance.
func spansAsText(t *testing.T, data []byte) []byte {
	var traces tracepb.TracesData
	if err := proto.Unmarshal(data, &traces); err != nil {
		t.Error(err)
	}
	for _, resource := range traces.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				span.TraceId, span.SpanId, span.ParentSpanId = nil, nil, nil
				for _, link := range span.GetLinks() {
					link.TraceId, link.SpanId = nil, nil
				}
			}
		}
	}
	text, err := protojson.Marshal(&traces)
	if err != nil {
		t.Error(err)
	}
	return text
}

// waitFor waits until something has come to each of the paths.
func (n *repeater) waitFor(paths ...string) {
	for {
		missing := 0
		n.mu.Lock()
		for _, path := range paths {
			if n.came[path] == 0 {
				missing++
			}
		}
		n.mu.Unlock()
		if missing == 0 {
			return
		}
		<-n.grows
	}
}

const (
	collectorKey  = "key+of/the collector=="
	collectorWord = "word?of&the=collector"
	plainSecret   = "plain-in-a-broken-file"
)

// targetsFor are targets with a secret in each of their keys.
func targetsFor(n *repeater) string {
	return fmt.Sprintf(`version: 1
jobs: jobs
database: runs.db
notify:
  - {name: hook, type: webhook, url: "%[1]s/hook/${urlEncode(secret.SLASHES)}", headers: {X-Key: "${secret.QUOTES}"}, json: {text: "${notice.text}"}}
  - {name: chat, type: slack, url: "%[1]s/chat/${urlEncode(secret.UNICODE)}?k=${urlEncode(secret.MARKUP)}"}
  - {name: life, type: ping, url: "%[1]s/life/${urlEncode(secret.PERCENT)}"}
  - {name: key, type: webhook, profile: basic_quotes, url: /key, json: {text: "${notice.error.message}"}}
  - {name: mail, type: smtp, host: 127.0.0.1, port: 1, tls: none, username: "${secret.DOLLAR}", password: "${secret.QUOTES}", from: a@example.com, to: [b@example.com]}
  - {name: nowhere, type: webhook, url: "${secret.CONTROLS}"}
`, n.URL)
}

// failingJob fails with all secrets in its error.
func failingJob() string {
	text := "version: 1\nschedule: {cron: \"@yearly\"}\ninputs:\n  note: {type: string, default: none}\nsteps:\n  - fail: \"no"
	for _, name := range sortedNasty() {
		text += " ${secret." + name + "} ${toBase64(secret." + name + ")}"
	}
	return text + "\"\n"
}

// TestDaemonShowsNoSecret has a daemon run the jobs that try all ways out, and tell of runs that failed whoever repeats what he is told.
// No secret is in what it logs, answers, sends or keeps, also while it runs: in the journals of the database too.
func TestDaemonShowsNoSecret(t *testing.T) {
	t.Parallel()
	for _, format := range logFormats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			u, m := secretive(t)
			n := newRepeater(t)
			u.environ = append(u.environ, "SNRUN_KEY="+storeKey)
			u.write("snrun.yaml", targetsFor(n))
			triggered := []string{"fails"}
			if format == "json" { // once is enough for what takes seconds
				triggered = append(triggered, "leaky")
				u.write("jobs/leaky.yaml", leakyJob())
			}
			u.write("jobs/fails.yaml", failingJob())
			u.write("jobs/broken.yaml", "version: 1\nstepz: ["+plainSecret+"]\n")
			collector, err := url.Parse(n.URL)
			if err != nil {
				t.Fatal(err)
			}
			collector.User, collector.Path = url.UserPassword("me", collectorWord), "/traces"
			s := u.serve([]string{
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + collector.String(),
				"OTEL_EXPORTER_OTLP_HEADERS=x-key=Bearer%20" + url.PathEscape(collectorKey),
			}, "--listen", "127.0.0.1:0", "--log-level", "debug", "--log-format", format)
			ready := s.sees("ready", "socket")
			for _, job := range triggered {
				u.must(exitUsage, "schedule", "trigger", job, "-i", "note=it is "+nasty["SLASHES"])
				u.must(exitOK, "schedule", "trigger", job)
			}
			for range triggered {
				s.sees("run ended")
			}
			n.waitFor("hook", "chat", "life")
			u.askAll(s, ready)
			u.checkHidden(hidden(m)) // in the journals of the database too
			s.signal(syscall.SIGTERM)
			log := s.ends(exitOK)
			n.waitFor("traces")
			u.written.keep(n.bodies.Bytes())
			u.checkHidden(append(hidden(m), storeKey, collectorKey, collectorWord))
			if strings.Count(log, "***") < len(nasty)*2 || !strings.Contains(n.bodies.String(), "***") {
				t.Errorf("nothing was masked:\n%s", log)
			}
			reportFinds(t, "the log", []byte(log), disguisesOf([]string{plainSecret}), 0)
		})
	}
}

// askAll keeps all that a daemon answers, and what the commands say that look at its work.
func (u *user) askAll(s *server, ready string) {
	u.t.Helper()
	address, socket := wordBehind(ready, "address"), wordBehind(ready, "socket")
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		answer := []byte(get(u.t, "http://"+address+path))
		u.written.keep(answer)
		if len(answer) == 0 || strings.Contains(string(answer), "loopback address") {
			u.t.Errorf("%s: %s", path, answer)
		}
		if path == "/readyz" {
			reportFinds(u.t, path, answer, disguisesOf([]string{plainSecret}), 0)
		}
	}
	status, err := daemon.NewClient(socket).Status(u.t.Context())
	if err != nil {
		u.t.Error(err)
	}
	text, _ := json.Marshal(status)
	u.written.keep(text)
	for _, args := range [][]string{
		{"schedule", "list"}, {"schedule", "list", "--json"}, {"schedule", "why", "fails"}, {"notify", "list"}, {"notify", "test"},
		{"history", "list", "--json"}, {"history", "show", "--http", "@last"}, {"history", "show", "--http", "--json", "@last"},
	} {
		u.run(args...)
	}
}

// wordBehind gives the value of a name in a line of a log.
func wordBehind(line, name string) string {
	for _, mark := range []string{name + "=", `"` + name + `":"`} {
		if _, rest, found := strings.Cut(line, mark); found {
			return rest[:strings.IndexAny(rest, "\" \n")]
		}
	}
	return ""
}
