package temporal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/enginetest"
	"snrun/jobs"
	"snrun/steps"
)

// testKey is the key of what travels in tests.
var testKey = bytes.Repeat([]byte{7}, KeySize)

// records reads the records of runs where the tests keep them.
type records struct{ of *engine.Memory }

func (r records) Run(_ context.Context, id string) (*engine.Run, error) { return r.of.Run(id), nil }

// testWorker is a worker for one job over an engine whose journal forgets.
func testWorker(e *engine.Engine, req engine.Request) *Worker {
	memory, _ := e.Journal.(*engine.Memory)
	w := New(Config{
		Runs: records{memory}, Engine: e,
		Prepare: func(context.Context, *engine.Run) (*Prepared, error) {
			return &Prepared{Job: req.Job, Engine: e, Env: req.Env, Secrets: req.Secrets}, nil
		},
	})
	w.beat = func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx)
		return nil
	}
	return w
}

// testConverter encrypts what travels in tests.
func testConverter(t *testing.T) converter.DataConverter {
	t.Helper()
	sealed, err := newCodec([][]byte{testKey})
	if err != nil {
		t.Fatal(err)
	}
	return sealed.dataConverter()
}

// environment is the SDK's, in which time passes as fast as it can, with all that travels encrypted.
func environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a second is little where many tests run at once
	env.SetStartTime(time.Now())
	data := testConverter(t)
	env.SetDataConverter(data)
	env.SetFailureConverter(temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: true}))
	return env
}

// walked is a run that is carried out as a workflow in the SDK's environment, by workflows that follow one another where they are renewed.
type walked struct {
	*Worker
	t     *testing.T
	order Order
	// each is called with the environment of each of its workflows before it runs; nil for nothing.
	each      func(*testsuite.TestWorkflowEnvironment)
	workflows int
	elapsed   time.Duration // as the workflows saw it
	ended     time.Time     // of the last workflow, as it saw it
	err       error         // of the last workflow
}

// testWorkflow is the name of every workflow of the SDK's environment.
var testWorkflow = WorkflowName("default-test-namespace", "default-test-workflow-id")

// enlisted puts a run on record.
func enlisted(t *testing.T, e *engine.Engine, req engine.Request) *walked {
	t.Helper()
	run, err := e.Enlist(req, testWorkflow)
	if err != nil {
		t.Fatal(err)
	}
	return &walked{t: t, Worker: testWorker(e, req), order: Order{Run: run.ID, Job: run.Job, Space: req.Space}}
}

// toTheEnd carries the run out, and gives its record.
func (w *walked) toTheEnd() *engine.Run {
	w.t.Helper()
	for again := true; again; {
		env := environment(w.t)
		w.register(env)
		if w.each != nil {
			w.each(env)
		}
		began := env.Now()
		env.ExecuteWorkflow(WorkflowType, w.order)
		if !env.IsWorkflowCompleted() {
			w.t.Fatal("the workflow did not end")
		}
		w.ended = env.Now()
		w.elapsed += env.Now().Sub(began)
		w.workflows++
		w.err = env.GetWorkflowError()
		again = w.renewed()
	}
	return w.config.Engine.Journal.(*engine.Memory).Run(w.order.Run)
}

// renewed takes the order of the workflow that goes on with the run, if one does.
func (w *walked) renewed() bool {
	w.t.Helper()
	var anew *workflow.ContinueAsNewError
	if !errors.As(w.err, &anew) {
		return false
	}
	w.order = Order{}
	if err := testConverter(w.t).FromPayloads(anew.Input, &w.order); err != nil {
		w.t.Fatal(err)
	}
	return true
}

func memory(*testing.T) engine.Journal { return engine.NewMemory() }

func TestHostsInWorkflow(t *testing.T) {
	t.Parallel()
	enginetest.Hosts(t, memory, func(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
		return enlisted(t, e, req).toTheEnd()
	})
}

// TestHostsInRenewedWorkflows holds that a run is the same when a new workflow goes on with it after every third unit.
func TestHostsInRenewedWorkflows(t *testing.T) {
	t.Parallel()
	enginetest.Hosts(t, memory, func(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
		w := enlisted(t, e, req)
		w.renewAfter = 0
		units := 0
		w.each = func(env *testsuite.TestWorkflowEnvironment) {
			carried := 0
			env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
				if info.ActivityType.Name != unitActivity {
					return
				}
				units++
				if carried++; carried >= 3 {
					env.SetContinueAsNewSuggested(true)
				}
			})
		}
		run := w.toTheEnd()
		if units > 4 && w.workflows < 2 {
			t.Errorf("%d units were carried out in one workflow", units)
		}
		return run
	})
}

// goneOn has a run go on as a workflow, and gives its record.
func goneOn(t *testing.T, e *engine.Engine, r engine.Resumption, change func(*walked)) *engine.Run {
	t.Helper()
	run, err := e.GoOnElsewhere(r, testWorkflow)
	if err != nil {
		t.Fatal(err)
	}
	w := &walked{
		t: t, Worker: testWorker(e, engine.Request{Job: r.Job, Env: r.Environ, Secrets: r.Secrets}),
		order: Order{Run: run.ID, Job: run.Job, Attempt: run.Attempt, Again: true, Assume: r.Assume, Redo: r.FailedItems, Space: r.Space},
	}
	if change != nil {
		change(w)
	}
	return w.toTheEnd()
}

func TestHostsAgainInWorkflow(t *testing.T) {
	t.Parallel()
	enginetest.HostsAgain(t, memory, func(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
		return enlisted(t, e, req).toTheEnd()
	}, func(t *testing.T, e *engine.Engine, r engine.Resumption) *engine.Run { return goneOn(t, e, r, nil) })
}

// TestHostsAgainInRenewedWorkflows holds that it is the same where a new workflow goes on after every second unit.
func TestHostsAgainInRenewedWorkflows(t *testing.T) {
	t.Parallel()
	enginetest.HostsAgain(t, memory, func(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
		w := enlisted(t, e, req)
		renewedOften(w)
		return w.toTheEnd()
	}, func(t *testing.T, e *engine.Engine, r engine.Resumption) *engine.Run {
		return goneOn(t, e, r, renewedOften)
	})
}

// renewedOften has a new workflow go on with a run after every second unit.
func renewedOften(w *walked) {
	w.renewAfter = 0
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		carried := 0
		env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
			if info.ActivityType.Name == unitActivity {
				if carried++; carried >= 2 {
					env.SetContinueAsNewSuggested(true)
				}
			}
		})
	}
}

// counter is a kind of step that counts its calls, and does what a test says.
type counter struct {
	mu    sync.Mutex
	calls []string
	does  func(ctx context.Context, key string) error
	fails string // the value with which a call fails, "" for none
}

func (c *counter) kind() *steps.Kind {
	return &steps.Kind{
		Name: "probe", Summary: "Counts", Takes: steps.ObjectOf(steps.Field{Name: "value", Type: steps.Of(steps.Any)}),
		Gives: []steps.Result{{Name: "output"}},
		Run: func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
			c.mu.Lock()
			c.calls = append(c.calls, env.Key)
			c.mu.Unlock()
			if value, isText := in["value"].(string); isText && value != "" && value == c.fails {
				return steps.Output{}, &steps.Error{Kind: steps.Status, Message: "it is to fail", Status: 422}
			}
			if c.does != nil {
				if err := c.does(ctx, env.Key); err != nil {
					return steps.Output{}, err
				}
			}
			return steps.Output{Value: in["value"], Total: -1}, nil
		},
	}
}

// load loads a job of probes.
func (c *counter) load(t *testing.T, text string) *jobs.Job {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "job.yaml")
	if err := os.WriteFile(file, []byte("version: 1\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := jobs.Open(dir, jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: steps.NewSet(append(jobs.Kinds(), c.kind())...)})
	if err != nil {
		t.Fatal(err)
	}
	job, err := project.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// enlist puts a run of a job of probes on record.
func (c *counter) enlist(t *testing.T, text string) *walked {
	t.Helper()
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()})
	return enlisted(t, e, engine.Request{Job: c.load(t, text), Inputs: map[string]any{}})
}
