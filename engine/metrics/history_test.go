package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/metrics"
	"snrun/history"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// project is a folder of jobs that are run with a history and with metrics.
type project struct {
	t       *testing.T
	dir     string
	server  *steptest.Server
	store   *history.Store
	metrics *metrics.Metrics
}

func newProject(t *testing.T) *project {
	t.Helper()
	store, err := history.Open(filepath.Join(t.TempDir(), "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &project{t: t, dir: t.TempDir(), server: steptest.NewServer(t), store: store, metrics: metrics.New(metrics.Config{})}
}

func (p *project) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte("version: 1\n"+text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a job to its end.
func (p *project) run(ctx context.Context, name string) {
	p.t.Helper()
	kinds := steps.NewSet(append(jobs.Kinds(), rest.Kind())...)
	opened, err := jobs.Open(p.dir, jobs.Settings{Profiles: "profiles.yaml", Jobs: "."}, jobs.Options{Kinds: kinds})
	if err != nil {
		p.t.Fatal(err)
	}
	job, err := opened.Load(filepath.Join(p.dir, name+".yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	e := engine.New(engine.Config{
		Journal: p.store, Redactor: auth.NewRedactor(), Clients: steptest.NewClients(p.t), Dir: p.dir,
		Watch: p.metrics.Event, Requested: p.metrics.Request,
	})
	if _, err := e.Run(ctx, engine.Request{Job: job}); err != nil {
		p.t.Fatal(err)
	}
}

// TestAgreesWithTheHistory runs a mix of jobs, and holds that runs and requests are counted as the history has them.
func TestAgreesWithTheHistory(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.server.On("/ok", steptest.Answer{Times: -1}).On("/busy", steptest.Answer{Status: 503, Times: 2}, steptest.Answer{}).
		On("/bad", steptest.Answer{Status: 404, Times: -1}).On("/drop", steptest.Answer{Drop: true, Times: -1})
	p.write("profiles.yaml", "profiles: {crm: {base_url: \""+p.server.URL+"\", retry: {attempts: 3, backoff: {initial: 1ms}}}}\n")
	get := func(path string) string { return "{rest: {profile: crm, path: " + path + "}}" }
	p.write("well.yaml", "steps: ["+get("/ok")+", "+get("/busy")+", {rest: {url: \""+p.server.URL+"/ok\"}}]\n")
	p.write("bad.yaml", "steps: ["+get("/ok")+", "+get("/bad")+"]\n")
	p.write("gone.yaml", "steps: ["+get("/drop")+"]\n")
	p.write("loop.yaml", "steps: [{foreach: {in: [1, 2, 3], tolerate: all, steps: ["+get("/ok")+", "+get("/bad")+"]}}]\n")
	p.write("waits.yaml", "steps: [{wait: 1h}]\n")
	names := []string{"well", "bad", "gone", "loop", "waits"}
	p.metrics.SetJobs(names, nil)
	p.metrics.SetProfiles([]string{"crm"})
	for _, name := range names[:4] {
		p.run(t.Context(), name)
	}
	p.run(t.Context(), "bad")
	ended, end := context.WithCancel(t.Context())
	end()
	p.run(ended, "waits")

	wanted := map[string]int{}
	for _, name := range names {
		wanted["snrun_runs_total{job="+name+",status=ok}"], wanted["snrun_runs_total{job="+name+",status=failed}"] = 0, 0
	}
	p.count(wanted)
	got := map[string]int{}
	for _, s := range read(t, p.metrics) {
		name, value, _ := strings.Cut(s, "} ")
		if strings.HasPrefix(s, "snrun_runs_total") || strings.HasPrefix(s, "snrun_http") {
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			got[name+"}"] = n
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("counted\n%v\nthe history has\n%v", got, wanted)
	}
	if wanted["snrun_runs_total{job=bad,status=failed}"] != 2 || wanted["snrun_runs_total{job=waits,status=cancelled}"] != 1 ||
		wanted["snrun_http_requests_total{code=503,profile=crm}"] != 2 || wanted["snrun_http_requests_total{code=error,profile=crm}"] != 3 {
		t.Errorf("this was to be a mix: %v", wanted)
	}
}

// count adds what the history has.
func (p *project) count(to map[string]int) {
	p.t.Helper()
	runs, err := p.store.Runs(history.Filter{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, run := range runs {
		to[fmt.Sprintf("snrun_runs_total{job=%s,status=%s}", run.Job, run.Status)]++
		exchanges, err := p.store.Exchanges(run.ID, "")
		if err != nil {
			p.t.Fatal(err)
		}
		for _, x := range exchanges {
			code, profile := fmt.Sprint(x.Status), "crm"
			if x.Status == 0 {
				code = "error"
			}
			if x.StepKey == "/rest:3" {
				profile = ""
			}
			to[fmt.Sprintf("snrun_http_requests_total{code=%s,profile=%s}", code, profile)]++
		}
	}
}

// TestCountsBeyondTheSample holds that requests are counted also where the history does not keep them.
func TestCountsBeyondTheSample(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.server.On("/ok", steptest.Answer{Status: http.StatusNoContent, Times: -1})
	p.write("profiles.yaml", "profiles: {crm: {base_url: \""+p.server.URL+"\"}}\n")
	p.write("loop.yaml", "steps: [{foreach: {in: \"${1..300}\", concurrency: 8, steps: [{rest: {profile: crm, path: /ok}}]}}]\n")
	p.metrics.SetProfiles([]string{"crm"})
	p.run(t.Context(), "loop")
	if got := strings.Join(read(t, p.metrics), "\n"); !strings.Contains(got, "snrun_http_requests_total{code=204,profile=crm} 300\n") {
		t.Errorf("got\n%s", got)
	}
}
