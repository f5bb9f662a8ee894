package trace_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/trace"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/rest"
)

// collector is a receiver of OTLP, which reads what comes with the official messages.
type collector struct {
	*httptest.Server
	t       *testing.T
	answers []int // in their order; 200 when there are none left

	mu      sync.Mutex
	headers []http.Header
	paths   []string
	raw     [][]byte
	spans   []*tracepb.Span
	about   map[string]string // of the resource
}

func newCollector(t *testing.T, answers ...int) *collector {
	c := &collector{t: t, answers: answers}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if from, err = gzip.NewReader(r.Body); err != nil {
			c.t.Error(err)
			return
		}
	}
	data, err := io.ReadAll(from)
	if err != nil {
		c.t.Error(err)
	}
	var req tracepb.TracesData // of the same form as the protocol's ExportTraceServiceRequest, whose package brings gRPC along
	if err := proto.Unmarshal(data, &req); err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers, c.paths, c.raw = append(c.headers, r.Header), append(c.paths, r.URL.Path), append(c.raw, data)
	if len(c.answers) > 0 {
		status := c.answers[0]
		if c.answers = c.answers[1:]; status != 200 {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			return
		}
	}
	for _, r := range req.GetResourceSpans() {
		c.about = attributes(r.GetResource().GetAttributes())
		for _, s := range r.GetScopeSpans() {
			c.spans = append(c.spans, s.GetSpans()...)
		}
	}
}

// all gives the spans that came, in the order in which they began.
func (c *collector) all() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b *tracepb.Span) int {
		return int(int64(a.GetStartTimeUnixNano()) - int64(b.GetStartTimeUnixNano()))
	})
	return spans
}

func attributes(list []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		switch v := a.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			m[a.GetKey()] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			m[a.GetKey()] = fmt.Sprint(v.IntValue)
		default:
			m[a.GetKey()] = fmt.Sprint(v)
		}
	}
	return m
}

// tree writes the spans that came as a tree, with what is not the same in each run left out.
func (c *collector) tree(replace ...string) string {
	c.t.Helper()
	spans := c.all()
	children := map[string][]*tracepb.Span{}
	ids := map[string]bool{}
	for _, s := range spans {
		ids[string(s.GetSpanId())] = true
		children[string(s.GetParentSpanId())] = append(children[string(s.GetParentSpanId())], s)
	}
	for _, s := range spans {
		if parent := string(s.GetParentSpanId()); parent != "" && !ids[parent] {
			c.t.Errorf("the span %s has a parent that did not come", s.GetName())
		}
		if string(s.GetTraceId()) != string(spans[0].GetTraceId()) {
			c.t.Errorf("the span %s is in another trace", s.GetName())
		}
	}
	var b strings.Builder
	var write func(parent, left string)
	write = func(parent, left string) {
		for _, s := range children[parent] {
			if s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() {
				c.t.Errorf("the span %s ends before it begins", s.GetName())
			}
			b.WriteString(left + describe(s) + "\n")
			write(string(s.GetSpanId()), left+"  ")
		}
	}
	write("", "")
	return strings.NewReplacer(replace...).Replace(b.String())
}

func describe(s *tracepb.Span) string {
	text := s.GetName()
	if s.GetKind() == tracepb.Span_SPAN_KIND_CLIENT {
		text += " (client)"
	}
	if s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR {
		text += " !" + s.GetStatus().GetMessage()
	}
	var list []string
	for name, value := range attributes(s.GetAttributes()) {
		list = append(list, " "+strings.TrimPrefix(name, "snrun.")+"="+value)
	}
	slices.Sort(list)
	return text + strings.Join(list, "")
}

// world is what the runs of one test are traced in.
type world struct {
	t         *testing.T
	dir       string
	collector *collector
	environ   map[string]string
	redactor  *auth.Redactor
	tracer    *trace.Tracer

	mu   sync.Mutex
	told []string
}

func newWorld(t *testing.T, answers ...int) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), collector: newCollector(t, answers...), redactor: auth.NewRedactor()}
	w.environ = map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": w.collector.URL}
	return w
}

// open makes the tracer.
func (w *world) open() {
	w.t.Helper()
	var err error
	w.tracer, err = trace.New(trace.Config{
		Getenv: func(name string) string { return w.environ[name] }, Version: "1.2.3", Redactor: w.redactor, Tell: w.tell,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tell(message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, message)
}

// close ends the tracer; all spans are delivered then.
func (w *world) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w.tracer.Close(ctx)
}

// project opens the project, with these profiles.
func (w *world) project(profiles string) *jobs.Project {
	w.t.Helper()
	w.write("profiles.yaml", profiles)
	p, err := jobs.Open(w.dir, jobs.Settings{Profiles: "profiles.yaml", Jobs: "."}, jobs.Options{Kinds: steps.NewSet(append(jobs.Kinds(), rest.Kind())...)})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte("version: 1\n"+text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a job of the project to its end, signed in as its profiles.
func (w *world) run(profiles, job string) *engine.Run {
	w.t.Helper()
	p := w.project(profiles)
	w.write("job.yaml", job)
	loaded, err := p.Load(filepath.Join(w.dir, "job.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	secrets := map[string]any{}
	for _, name := range loaded.Secrets {
		secrets[name] = "secret-of-" + name
		w.redactor.Add("secret-of-" + name)
	}
	var list []auth.Profile
	for _, name := range loaded.Profiles {
		filled, err := p.Profiles[name].SignIn(map[string]any{"env": map[string]any{}, "secret": secrets})
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, filled)
	}
	keys, err := auth.NewKeyring(list, auth.Options{Redactor: w.redactor, Dir: w.dir})
	if err != nil {
		w.t.Fatal(err)
	}
	defer keys.Close()
	c := engine.Config{Journal: engine.NewMemory(), Redactor: w.redactor, Clients: keys, Dir: w.dir, Watch: w.tracer.Event}
	if w.tracer != nil {
		c.Tracer = w.tracer
	}
	run, err := engine.New(c).Run(w.t.Context(), engine.Request{Job: loaded, Secrets: secrets})
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}
