package temporal

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"snrun/engine"
	"snrun/engine/enginetest"
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

// environment is the SDK's, in which time passes as fast as it can, with all that travels encrypted.
func environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetStartTime(time.Now())
	sealed, err := newCodec([][]byte{testKey})
	if err != nil {
		t.Fatal(err)
	}
	data := sealed.dataConverter()
	env.SetDataConverter(data)
	env.SetFailureConverter(temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: true}))
	return env
}

// inWorkflow carries a run out as a workflow in the SDK's test environment.
func inWorkflow(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
	t.Helper()
	w := testWorker(e, req)
	run, err := e.Enlist(req, WorkflowName("test", "test"))
	if err != nil {
		t.Fatal(err)
	}
	order := Order{Run: run.ID, Job: run.Job}
	for again := true; again; {
		env := environment(t)
		w.register(env)
		env.ExecuteWorkflow(WorkflowType, order)
		order, again = renewed(t, env)
	}
	return w.config.Runs.(records).of.Run(run.ID)
}

// renewed gives the order of the workflow that goes on with a run, if one does.
func renewed(t *testing.T, env *testsuite.TestWorkflowEnvironment) (order Order, again bool) {
	t.Helper()
	if !env.IsWorkflowCompleted() {
		t.Fatal("the workflow did not end")
	}
	return Order{}, false
}

func TestHostsInWorkflow(t *testing.T) {
	t.Parallel()
	enginetest.Hosts(t, func(*testing.T) engine.Journal { return engine.NewMemory() }, inWorkflow)
}
