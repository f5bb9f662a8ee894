package trace_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/trace"
	"snrun/steps/steptest"
)

const quick = "retry: {attempts: 2, backoff: {initial: 1ms}}"

// TestTree holds which spans a run has, how they stand to each other and what is said of them.
func TestTree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := steptest.NewServer(t).On("/ok", steptest.Answer{Times: -1}).On("/busy", steptest.Answer{Status: 503}, steptest.Answer{}).
		On("/drop", steptest.Answer{Drop: true, Times: -1}).
		On("/p1", steptest.Answer{Header: steptest.Header("Content-Type", "application/json", "Link", "</p2>; rel=next"), Body: "[1]"}).
		On("/p2", steptest.JSON("[2]"))
	w.open()
	run := w.run("profiles: {crm: {base_url: \""+server.URL+"\", "+quick+"}}", `
name: sync
steps:
  - {id: ask, rest: {profile: crm, path: /busy, query: {a: 1, sig: abc}}}
  - {id: off, if: 1 > 2, log: never}
  - id: each
    foreach:
      in: [x/1, "y[2]"]
      key: "${item}"
      steps: [{rest: {profile: crm, path: /ok}}]
  - id: pages
    foreach:
      in: {rest: {profile: crm, path: /p1, accept: json, paginate: {type: link}}}
      steps: [{set: {v: "${item}"}}]
  - id: risky
    try: [{id: drop, rest: {url: "`+server.URL+`/drop"}, retry: none}]
    catch: [{steps: [{log: caught}]}]
  - {fail: enough}
`)
	w.close()
	const at = "server.address=127.0.0.1 server.port=PORT url.full=HOST"
	want := `sync !enough error.type=input job=sync run.attempt=1 run.id=RUN run.status=failed run.trigger=manual
  ask step.attempts=2 step.key=/ask step.kind=rest step.status=ok
    GET (client) !GET HOST/busy: 503 Service Unavailable call.key=/ask error.type=503 http.request.method=GET http.response.status_code=503 profile=crm ` + at + `/busy?a=1&sig=REDACTED
    GET (client) call.key=/ask#2 http.request.method=GET http.request.resend_count=1 http.response.status_code=200 profile=crm ` + at + `/busy?a=1&sig=REDACTED
  each items.failed=0 items.succeeded=2 step.key=/each step.kind=foreach step.status=ok
    rest:1 step.key=/each[x/1]/rest:1 step.kind=rest step.status=ok
      GET (client) call.key=/each[x/1]/rest:1 http.request.method=GET http.response.status_code=200 profile=crm ` + at + `/ok
    rest:1 step.key=/each[y%5B2%5D]/rest:1 step.kind=rest step.status=ok
      GET (client) call.key=/each[y%5B2%5D]/rest:1 http.request.method=GET http.response.status_code=200 profile=crm ` + at + `/ok
  pages items.failed=0 items.succeeded=2 step.key=/pages step.kind=foreach step.status=ok
    GET (client) call.key=/pages/page:1 http.request.method=GET http.response.status_code=200 profile=crm ` + at + `/p1
    set:1 step.key=/pages/page:1[0]/set:1 step.kind=set step.status=ok
    GET (client) call.key=/pages/page:2 http.request.method=GET http.response.status_code=200 profile=crm ` + at + `/p2
    set:1 step.key=/pages/page:2[0]/set:1 step.kind=set step.status=ok
  risky step.key=/risky step.kind=try step.status=ok
    drop !GET HOST/drop: the server closed the connection without an answer error.type=network step.key=/risky/try/drop step.kind=rest step.status=failed
      GET (client) !GET HOST/drop: the server closed the connection without an answer call.key=/risky/try/drop error.type=network http.request.method=GET ` + at + `/drop
    log:1 step.key=/risky/catch:1/log:1 step.kind=log step.status=ok
  fail:6 !enough error.type=input step.key=/fail:6 step.kind=fail step.status=failed
`
	host := strings.TrimPrefix(server.URL, "http://127.0.0.1:")
	got := w.collector.tree(server.URL, "HOST", "server.port="+host, "server.port=PORT", run.ID, "RUN")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if w.collector.about["service.name"] != "snrun" || w.collector.about["service.version"] != "1.2.3" || w.collector.about["process.command_args"] != "" {
		t.Errorf("the resource is %v", w.collector.about)
	}
}

// TestTraceparent holds that each request of a profile that wants it carries the span of its try, and no other request anything.
func TestTraceparent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server, other := steptest.NewServer(t), steptest.NewServer(t)
	server.On("/busy", steptest.Answer{Status: 503}, steptest.Answer{}).On("/ok", steptest.Answer{Times: -1}).
		On("/away", steptest.Answer{Status: 307, Header: steptest.Header("Location", other.URL+"/there")}).
		On("/here", steptest.Answer{Status: 307, Header: steptest.Header("Location", "/ok")})
	other.On("/there", steptest.Answer{Times: -1})
	w.open()
	w.run("profiles: {crm: {base_url: \""+server.URL+"\", trace: true, "+quick+"}, quiet: {base_url: \""+server.URL+"\"}}", `
steps:
  - {id: busy, rest: {profile: crm, path: /busy}}
  - {id: here, rest: {profile: crm, path: /here, auth: none}}
  - {id: away, rest: {profile: crm, path: /away}}
  - {id: own, rest: {profile: crm, path: /ok, headers: {traceparent: mine}}}
  - {id: quiet, rest: {profile: quiet, path: /ok}}
  - {id: none, rest: {url: "`+server.URL+`/ok"}}
`)
	w.close()
	spans := map[string]string{} // by the keys of the calls
	for _, s := range w.collector.all() {
		if key := attributes(s.GetAttributes())["snrun.call.key"]; key != "" {
			spans[key] = "00-" + hex.EncodeToString(s.GetTraceId()) + "-" + hex.EncodeToString(s.GetSpanId()) + "-01"
		}
	}
	var got []string
	for _, r := range append(server.Requests(), other.Requests()...) {
		got = append(got, r.Path+" "+r.Header.Get("Traceparent"))
	}
	want := []string{
		"/busy " + spans["/busy"], "/busy " + spans["/busy#2"], "/here " + spans["/here"], "/ok " + spans["/here"], "/away " + spans["/away"],
		"/ok mine", "/ok ", "/ok ", "/there ",
	}
	if got, want := strings.Join(got, "\n"), strings.Join(want, "\n"); got != want || len(spans) != 7 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestLoopsAreBounded has a loop of many items, of which some fail late: the first ones have spans, and the failed ones with all
// that stands around them.
func TestLoopsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := steptest.NewServer(t).On("/ok", steptest.Answer{Times: -1}).On("/bad", steptest.Answer{Status: 404, Times: -1})
	w.open()
	w.run("profiles: {crm: {base_url: \""+server.URL+"\", trace: true}}", `
steps:
  - id: each
    foreach:
      in: ${1..1000}
      as: n
      tolerate: all
      steps:
        - id: caught
          try: [{id: get, rest: {profile: crm, path: "${n > 700 ? '/bad' : '/ok'}"}}]
          catch: [{steps: [{log: x}]}]
`)
	w.close()
	counts := map[string]int{}
	for _, s := range w.collector.all() {
		counts[s.GetName()]++
	}
	// The run, the loop, and the steps and tries of the first hundred and of the first hundred that failed, with the blocks that caught that.
	if want := map[string]int{"job": 1, "each": 1, "caught": 200, "get": 200, "GET": 200}; fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", counts, want)
	}
	w.collector.tree() // finds spans whose parents are missing
	recorded := 0
	for _, r := range server.Requests() {
		if strings.HasSuffix(r.Header.Get("Traceparent"), "-01") {
			recorded++
		}
	}
	if recorded != engine.Sampled {
		t.Errorf("%d requests ask servers to record them, want those of the first %d items", recorded, engine.Sampled)
	}
}

// TestPagesAreBounded has a walk over many pages, and a step that is tried very often.
func TestPagesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		next, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		w.Header().Set("Content-Type", "application/json")
		if next++; next < 300 {
			fmt.Fprintf(w, `{"items": [%d], "next": "%d"}`, next, next)
			return
		}
		fmt.Fprint(w, `{"items": [], "next": null}`)
	}))
	defer server.Close()
	w.open()
	w.run("profiles: {crm: {base_url: \""+server.URL+"\"}}", `
steps:
  - {id: walk, rest: {profile: crm, path: /p, paginate: {type: cursor, items: "${response.body.items}", next: "${response.body.next}", inject: query.cursor}}}
  - {id: busy, rest: {profile: crm, path: /busy}, retry: {attempts: 300, backoff: {initial: 1us, max: 1us}}}
`)
	w.close()
	tries := map[string]int{}
	for _, s := range w.collector.all() {
		if key := attributes(s.GetAttributes())["snrun.call.key"]; key != "" {
			tries[key[:3]]++
		}
	}
	// Of the tries that fail, the first hundred count as both the first and the first that failed.
	if want := map[string]int{"/wa": engine.Sampled, "/bu": engine.Sampled}; fmt.Sprint(tries) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", tries, want)
	}
}

// TestNoSecrets looks for secrets in what is delivered, and in what is told.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500)
	server := steptest.NewServer(t).On("/secret-of-A", steptest.Text(404, "no secret-of-A here"))
	w.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = strings.Replace(w.collector.URL, "//", "//user:secret-of-url@", 1) + "?key=secret-of-query"
	w.environ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=Bearer%20secret-of-header"
	w.open()
	w.run("profiles: {crm: {base_url: \""+server.URL+"\", auth: {type: api_key, in: query, name: k, value: \"${secret.B}\"}}}", `
steps:
  - {log: "${secret.A}"}
  - foreach: {in: ["${secret.A}"], key: "${item}", tolerate: all, steps: [{rest: {profile: crm, path: "/${item}", query: {q: "${item}"}}}]}
  - {fail: "the header was secret-of-header, the password secret-of-url and the value ${secret.A}"}
`)
	w.close()
	if w.collector.headers[0].Get("X-Key") != "Bearer secret-of-header" {
		t.Error("the header for the collector is missing")
	}
	all := fmt.Sprint(w.told)
	for _, raw := range w.collector.raw {
		all += string(raw)
	}
	if strings.Contains(all, "secret-of") || !strings.Contains(all, "***") || len(w.told) != 1 {
		t.Errorf("a secret shows, or too little else, in %q", all)
	}
}

// TestAddressIsNotTold holds that an error does not show the collector's address with what signs in there.
func TestAddressIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = steptest.Refusing + "/?key=secret-of-query"
	w.open()
	w.run("profiles: {}", "steps: [{log: x}]\n")
	w.close()
	if got := fmt.Sprint(w.told); len(w.told) != 1 || strings.Contains(got, "secret") || !strings.Contains(got, "refused") {
		t.Errorf("told %q", w.told)
	}
}

// TestEndIsTriedOnce holds that a collector which is busy at the end of a command is not asked again.
func TestEndIsTriedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 503, 503, 503)
	w.open()
	w.run("profiles: {}", "steps: [{log: x}]\n")
	w.close()
	if asked := len(w.collector.paths); asked != 1 || len(w.told) != 1 {
		t.Errorf("the collector was asked %d times, told was %q", asked, w.told)
	}
}

// TestNobodyAsks holds that nothing is there where nothing is configured.
func TestNobodyAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := steptest.NewServer(t).On("/ok", steptest.Answer{Times: -1})
	for _, off := range []map[string]string{
		{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, {"OTEL_EXPORTER_OTLP_ENDPOINT": w.collector.URL, "OTEL_SDK_DISABLED": "true"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": w.collector.URL, "OTEL_TRACES_EXPORTER": "none"},
	} {
		w.environ = off
		w.open()
		if w.tracer != nil {
			t.Errorf("%v: there is a tracer", off)
		}
		w.run("profiles: {crm: {base_url: \""+server.URL+"\", trace: true}}", "steps: [{rest: {profile: crm, path: /ok}}]\n")
		w.close()
	}
	for _, r := range server.Requests() {
		if r.Header[http.CanonicalHeaderKey("traceparent")] != nil {
			t.Errorf("a request carries %v", r.Header)
		}
	}
}

// TestCollectorThatHangs holds that the end of a command waits for a collector for as long as it was told to, and no longer.
func TestCollectorThatHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	over := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-over
	}))
	defer hangs.Close()
	defer close(over)
	w.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = hangs.URL
	w.environ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "60000"
	w.open()
	if run := w.run("profiles: {}", "steps: [{log: x}]\n"); run.Status != engine.OK {
		t.Errorf("the run is %s", run.Status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	w.tracer.Close(ctx)
	if took := time.Since(start); took > 20*time.Second { // the collector has a minute
		t.Errorf("the end waits for %v", took)
	}
}

// TestRunsThatGoOnAtTheEnd holds that the spans of a run which is still going on are not lost.
func TestRunsThatGoOnAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.environ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"
	w.open()
	now := time.Now()
	for _, e := range []engine.Event{
		{Type: engine.RunStarted, Run: "r", Job: "long", Time: now}, {Type: engine.StepStarted, Run: "r", Key: "/a", ID: "a", Kind: "rest", Time: now},
		{Type: engine.StepStarted, Run: "gone", Key: "/a", Time: now}, {Type: engine.RunEnded, Run: "gone", Time: now},
	} {
		w.tracer.Event(e)
	}
	w.close()
	want := "long job=long run.attempt=1 run.id=r run.status=running run.trigger=\n  a step.key=/a step.kind=rest\n"
	if got := w.collector.tree(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	w.tracer.Event(engine.Event{Type: engine.RunStarted, Run: "late", Time: now})
	w.close()
}

// TestWhatWasDoneBefore holds that steps that a run had done before it went on have no spans again.
func TestWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open()
	now := time.Now()
	step := engine.Event{Run: "r", Key: "/a", ID: "a", Kind: "rest", Time: now}
	began, ended := step, step
	began.Type, ended.Type, ended.Before = engine.StepStarted, engine.StepEnded, true
	for _, e := range []engine.Event{
		{Type: engine.RunStarted, Run: "r", Job: "again", Attempt: 2, Trigger: "schedule", Time: now}, began, ended,
		{Type: engine.RunEnded, Run: "r", Status: engine.Interrupted, InDoubt: []string{"/b"}, Time: now},
	} {
		w.tracer.Event(e)
	}
	w.close()
	if got, want := w.collector.tree(), "again job=again run.attempt=2 run.id=r run.in_doubt=1 run.status=interrupted run.trigger=schedule\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// BenchmarkTracing is what the spans of a step with one try cost; the engine asks nobody where there is no tracer.
func BenchmarkTracing(b *testing.B) {
	tracer, err := trace.New(trace.Config{
		Getenv: func(name string) string {
			return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}[name]
		},
		Redactor: auth.NewRedactor(), Tell: func(string) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	tracer.Event(engine.Event{Type: engine.RunStarted, Run: "r", Time: time.Now()})
	step := engine.Event{Type: engine.StepStarted, Run: "r", Key: "/a[x]/b", Time: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		step.Type = engine.StepStarted
		tracer.Event(step)
		_, end := tracer.Call(b.Context(), engine.Traced{Run: "r", Key: "/a[x]/b", StepKey: "/a[x]/b", Attempt: 1})
		end([]engine.Sent{{Method: "GET", URL: "http://127.0.0.1/x", Status: 200}}, nil)
		step.Type = engine.StepEnded
		tracer.Event(step)
	}
}
