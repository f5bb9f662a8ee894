package temporal

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// cluster is a Temporal server with a namespace of a test's own.
type cluster struct {
	*temporaltest.Running
	connection Connection
	client     client.Client
	// lostAfter is when a task of a workflow counts as lost that a worker has taken; 0: the server's 10 s.
	lostAfter time.Duration
}

func on(t *testing.T, server *temporaltest.Running) *cluster {
	t.Helper()
	c := &cluster{Running: server, connection: Connection{Address: server.Address(), Namespace: server.Namespace(t), Keys: [][]byte{testKey}}}
	c.client = c.connect(t)
	return c
}

func (c *cluster) connect(t *testing.T) client.Client {
	t.Helper()
	connected, err := c.connection.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connected.Close)
	return connected
}

// work starts a worker for a job; stop has it stop, and gives back when it has.
func (c *cluster) work(t *testing.T, e *engine.Engine, req engine.Request) (stop func()) {
	t.Helper()
	return c.begin(t, testWorker(e, req))
}

// begin starts a worker, as work does.
func (c *cluster) begin(t *testing.T, w *Worker) (stop func()) {
	t.Helper()
	w.config.Client, w.beat = c.connect(t), w.recordHeartbeat
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// patience is for a machine that does much else.
const patience = 3 * time.Minute

// current waits until runs that begin go to a version.
func (c *cluster) current(t *testing.T, build string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		known, err := c.client.WorkerDeploymentClient().GetHandle("snrun").Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
		if err == nil && known.Info.RoutingConfig.CurrentVersion != nil && known.Info.RoutingConfig.CurrentVersion.BuildID == build {
			return
		}
		select {
		case <-t.Context().Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("the version %s is not the current one after %v", build, patience)
}

// start puts a run on record and starts its workflow.
func (c *cluster) start(t *testing.T, e *engine.Engine, req engine.Request) client.WorkflowRun {
	t.Helper()
	req.ID = e.NewID(time.Now())
	run, err := e.Enlist(req, WorkflowName(c.connection.Namespace, WorkflowID(req.ID)))
	if err != nil {
		t.Fatal(err)
	}
	o := client.StartWorkflowOptions{ID: WorkflowID(run.ID), TaskQueue: DefaultTaskQueue, WorkflowTaskTimeout: c.lostAfter}
	began, err := c.client.ExecuteWorkflow(t.Context(), o, WorkflowType, Order{Run: run.ID, Job: run.Job})
	if err != nil {
		t.Fatal(err)
	}
	return began
}

// ended waits for the end of a workflow, and gives the record of its run.
func ended(t *testing.T, e *engine.Engine, began client.WorkflowRun) *engine.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := began.Get(ctx, nil)
	if ctx.Err() != nil {
		t.Fatalf("the workflow did not end within %v", patience)
	}
	run := e.Journal.(*engine.Memory).Run(strings.TrimPrefix(began.GetID(), WorkflowID("")))
	if (err == nil) != (run.Status == engine.OK) {
		t.Errorf("the run is %s, and its workflow ended with %v", run.Status, err)
	}
	return run
}

// restJob loads a job of requests to a server.
func restJob(t *testing.T, text, base string) *jobs.Job {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"job.yaml":      "version: 1\n" + text,
		"profiles.yaml": "version: 1\nprofiles: {there: {base_url: " + base + "}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kinds := steps.NewSet(append(jobs.Kinds(), rest.Kind())...)
	project, err := jobs.Open(dir, jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	job, err := project.Load(filepath.Join(dir, "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// sealer is one for tests: what matters is that nothing it was given shows.
type sealer struct{}

func (sealer) Seal(plain []byte, about string) ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(plain) + about), nil
}

func (sealer) Open(sealed []byte, about string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimSuffix(string(sealed), about))
}

// TestServerKnowsNothing holds that nothing of what a run is about lies on the Temporal server in plain text.
func TestServerKnowsNothing(t *testing.T) {
	t.Parallel()
	c := on(t, temporaltest.Server(t))
	target := steptest.NewServer(t)
	large := `"` + strings.Repeat("MARKER-large ", 5000) + `"`
	json := func(body string) steptest.Answer {
		return steptest.Answer{Header: steptest.Header("Content-Type", "application/json"), Body: body, Times: -1}
	}
	target.On("/MARKER-path", json(`{"body": "MARKER-answer", "echo": "MARKER-secret", "large": `+large+`}`))
	target.On("/bad", steptest.Answer{Status: 422, Body: "MARKER-refusal", Times: -1})
	job := restJob(t, `
name: MARKER-job
inputs: {who: {type: string}}
steps:
  - id: get
    rest:
      profile: there
      method: POST
      path: /MARKER-path
      query: {q: MARKER-query}
      headers: {X-Mark: MARKER-header, X-Key: "${secret.KEY}"}
      json: {mark: MARKER-body, who: "${inputs.who}"}
  - id: say
    set: {all: "${steps.get.output.body} of ${steps.get.output.echo}", part: "${steps.get.output.large[:20]}"}
  - id: log
    log: "MARKER-log ${steps.say.output.part}"
  - id: tried
    try:
      - rest: {profile: there, path: /bad}
    catch:
      - steps: [{id: caught, set: {why: "${error.message}"}}]
  - id: each
    foreach:
      in: [MARKER-item, "${steps.get.output.echo}"]
      key: ${item}
      steps: [{rest: {profile: there, path: /MARKER-path, query: {i: "${item}"}}}]
  - fail: "MARKER-end ${steps.tried.output.why}"
`, target.URL)
	redactor := auth.NewRedactor()
	redactor.Add("MARKER-secret")
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: redactor, Clients: steptest.NewClients(t), Sealer: sealer{}})
	req := engine.Request{Job: job, Inputs: map[string]any{"who": "MARKER-input"}, Secrets: map[string]any{"KEY": "MARKER-secret"}}
	c.work(t, e, req)
	run := ended(t, e, c.start(t, e, req))
	if want := "MARKER-end "; run.Status != engine.Failed || !strings.HasPrefix(run.Error.Message, want) {
		t.Fatalf("the run is %s: %+v", run.Status, run.Error)
	}
	if n := len(target.Requests()); n != 4 {
		t.Errorf("%d requests were made, want 4", n)
	}
	if places := c.Contains(t, "MARKER"); len(places) > 0 {
		t.Errorf("what the run is about shows in %s", places)
	}
	if places := c.Contains(t, run.ID); len(places) == 0 {
		t.Error("not even the id of the run is found: the search finds nothing")
	}
}

// gate is a kind of step that waits in its calls until a test opens it.
type gate struct {
	mu    sync.Mutex
	calls []string
	came  chan string
	open  chan struct{}
}

func newGate() *gate { return &gate{came: make(chan string, 100), open: make(chan struct{})} }

func (g *gate) pass(ctx context.Context, key string) error {
	g.mu.Lock()
	g.calls = append(g.calls, key)
	g.mu.Unlock()
	g.came <- key
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gated is an engine and a request for a job of gates.
func gated(t *testing.T, g *gate, text string) (*engine.Engine, engine.Request) {
	t.Helper()
	c := counter{does: g.pass}
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()})
	return e, engine.Request{Job: c.load(t, text), Inputs: map[string]any{}}
}

// TestCancelReachesCall holds that a call which waits is cut off soon after its run was cancelled, and that the end of the run is walked.
func TestCancelReachesCall(t *testing.T) {
	t.Parallel()
	c := on(t, temporaltest.Server(t))
	g := newGate()
	e, req := gated(t, g, `
steps: [{id: long, probe: {value: 1}}, {id: never, probe: {value: 2}}]
finally: [{log: over}]
`)
	c.work(t, e, req)
	began := c.start(t, e, req)
	<-g.came
	if err := c.client.CancelWorkflow(t.Context(), began.GetID(), ""); err != nil {
		t.Fatal(err)
	}
	run := ended(t, e, began)
	if run.Status != engine.Cancelled || run.Error.Message != "the run was cancelled" || len(g.calls) != 1 {
		t.Errorf("the run is %s after %q: %+v", run.Status, g.calls, run.Error)
	}
	if i := slices.IndexFunc(run.Steps, func(s engine.StepRun) bool { return s.Message == "over" }); i < 0 {
		t.Errorf("its end was not walked: %+v", run.Steps)
	}
}

// TestStoppedWorkerHandsOver holds that a worker which stops lets its call come to its end, and that another one goes on at once, with
// nothing made twice.
func TestStoppedWorkerHandsOver(t *testing.T) {
	t.Parallel()
	c := on(t, temporaltest.Server(t))
	g := newGate()
	e, req := gated(t, g, `
steps:
  - id: each
    foreach:
      in: ${1..60}
      steps: [{probe: {value: "${item}"}}]
output: ${len(steps.each.output)}
`)
	stop := c.work(t, e, req)
	began := c.start(t, e, req)
	<-g.came
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Error("the worker stopped with a call in flight")
	case <-time.After(time.Second):
	}
	close(g.open)
	<-stopped
	made := len(g.calls)
	if made > 3 {
		t.Errorf("%d calls were begun by a worker that stops", made)
	}
	at := time.Now()
	c.work(t, e, req)
	run := ended(t, e, began)
	if run.Status != engine.OK || fmt.Sprint(run.Output) != "60" {
		t.Errorf("the run is %s: %v, %+v", run.Status, run.Output, run.Error)
	}
	slices.Sort(g.calls)
	if n := len(slices.Compact(slices.Clone(g.calls))); n != 60 || len(g.calls) != n {
		t.Errorf("%d calls were made, %d of them distinct", len(g.calls), n)
	}
	if took := time.Since(at); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestServerAway holds that a call goes on while the Temporal server is away, for longer than it would wait to hear of the call, and that
// it is made once: what it gave is on record when the server is there again.
func TestServerAway(t *testing.T) {
	t.Parallel()
	c := on(t, temporaltest.Own(t))
	g := newGate()
	e, req := gated(t, g, "steps: [{id: a, probe: {value: 1}}, {id: b, probe: {value: 2}}]\n")
	c.work(t, e, req)
	began := c.start(t, e, req)
	<-g.came
	c.Kill()
	select { // that the server is away for so long is what is tested
	case <-time.After(silence + beatEvery):
	case <-t.Context().Done():
	}
	close(g.open)
	c.Start(t)
	run := ended(t, e, began)
	if want := []string{"/a", "/b"}; run.Status != engine.OK || !slices.Equal(g.calls, want) {
		t.Errorf("the run is %s after %q: %+v", run.Status, g.calls, run.Error)
	}
}
