package temporal

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
)

var update = flag.Bool("update", false, "record the histories of this version anew, with the server of "+temporaltest.Variable)

// recordedBy is the version whose histories -update writes. Those of versions before it stay as they are: runs that they began may
// still be under way.
const recordedBy = "0.1.0"

// recorded are the jobs whose histories are kept, by the names of their files.
var recorded = map[string]string{
	"chain": `
steps:
  - id: a
    probe: {value: {n: 1}}
  - id: b
    set: {m: "${steps.a.output.n + 1}"}
  - if: steps.b.output.m > 5
    probe: {value: never}
  - probe: {value: "${steps.b.output.m}"}
output: ${steps.b.output.m}
`,
	"loop": `
state: {last: {initial: 0}}
steps:
  - id: each
    foreach:
      in: [1, 2, 3, 4, 5]
      concurrency: 3
      tolerate: 1
      steps: [{probe: {value: "${item == 4 ? 'fail' : item}"}}, {save: {last: "${item}"}}]
  - probe: {value: "${steps.each.failed}"}
`,
	"chunks": `
steps:
  - id: each
    foreach: {in: "${1..230}", concurrency: 8, steps: [{probe: {value: "${item}"}}]}
output: ${sum(steps.each.output)}
`,
	"branches": `
steps:
  - parallel:
      a: [{wait: 1200ms}, {probe: {value: 1}}]
      b: [{set: {x: 1}}, {repeat: {attempts: 2, every: 1s, steps: [{probe: {value: 2}}]}}]
      c: [{try: [{probe: {value: fail}}], catch: [{steps: [{probe: {value: caught}}]}], finally: [{log: tidy}]}]
`,
	"failure": `
timeout: 1h
steps:
  - probe: {value: fail}
on_failure: [{probe: {value: "${error.message}"}}]
finally: [{probe: {value: end}}]
`,
}

// recordedKind answers what it is given, and fails for "fail".
func recordedKind() *counter { return &counter{fails: "fail"} }

func historyFile(version, name string) string {
	return filepath.Join("testdata", "histories", version, name+".json")
}

// TestReplay walks the workflows again that every released version has recorded. A change that makes it fail stops runs that are under way:
// it needs workflow.GetVersion, or a new version of the workers beside those that have such runs.
func TestReplay(t *testing.T) {
	if *update {
		for name, text := range recorded {
			t.Run("record "+name, func(t *testing.T) { record(t, name, text) })
		}
	}
	files, err := filepath.Glob(historyFile("*", "*"))
	if err != nil || len(files) < len(recorded) {
		t.Fatalf("there are %d histories: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+" "+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			if err := replay(t, file, recordedWorker(t).carryOut); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReplayFindsMore holds that a workflow which asks for anything that its recorded one did not, or leaves something out, is found out.
func TestReplayFindsMore(t *testing.T) {
	t.Parallel()
	for name, planted := range map[string]func(w *Worker) any{
		"a timer before it begins": func(w *Worker) any {
			return func(ctx workflow.Context, order Order) (Ended, error) {
				_ = workflow.Sleep(ctx, time.Second)
				return w.carryOut(ctx, order)
			}
		},
		"an activity at its side": func(w *Worker) any {
			return func(ctx workflow.Context, order Order) (Ended, error) {
				workflow.Go(ctx, func(ctx workflow.Context) {
					_ = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, activityOptions()), noteActivity, task{}).Get(ctx, nil)
				})
				return w.carryOut(ctx, order)
			}
		},
		"no more than its beginning": func(w *Worker) any {
			return func(ctx workflow.Context, order Order) (Ended, error) {
				_, err := w.begin(ctx, order)
				return Ended{}, err
			}
		},
		"another job": func(w *Worker) any {
			c := recordedKind()
			w.prepared.prepare = func(context.Context, *engine.Run) (*Prepared, error) {
				return &Prepared{Job: c.load(t, "steps: [{log: nothing}]\n"), Engine: w.config.Engine}, nil
			}
			return w.carryOut
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := replay(t, historyFile(recordedBy, "chain"), planted(recordedWorker(t))); err == nil {
				t.Error("nobody found out")
			}
		})
	}
}

// recordedWorker is a worker that reads its jobs from the texts of their runs.
func recordedWorker(t *testing.T) *Worker {
	t.Helper()
	c := recordedKind()
	w := testWorker(engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()}), engine.Request{})
	w.prepared.prepare = func(_ context.Context, run *engine.Run) (*Prepared, error) {
		return &Prepared{Job: c.load(t, strings.TrimPrefix(run.Texts()[0].Text, "version: 1\n")), Engine: w.config.Engine}, nil
	}
	return w
}

func replay(t *testing.T, file string, carryOut any) error {
	t.Helper()
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DataConverter: testConverter(t)})
	if err != nil {
		t.Fatal(err)
	}
	replayer.RegisterWorkflowWithOptions(carryOut, workflow.RegisterOptions{Name: WorkflowType})
	return replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file)
}

// record carries a job out on a real server, and keeps the history of its workflow.
func record(t *testing.T, name, text string) {
	c := on(t, temporaltest.Server(t))
	probe := recordedKind()
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()})
	job := probe.load(t, text)
	job.File = name + ".yaml"
	req := engine.Request{Job: job, Inputs: map[string]any{}}
	c.work(t, e, req)
	began := c.start(t, e, req)
	ended(t, e, began)
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(historyOf(t, c.client, began))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(historyFile(recordedBy, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(historyFile(recordedBy, name), append(anonymous(t, data), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func historyOf(t *testing.T, c client.Client, began client.WorkflowRun) *historypb.History {
	t.Helper()
	var history historypb.History
	events := c.GetWorkflowHistory(t.Context(), began.GetID(), began.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		history.Events = append(history.Events, event)
	}
	return &history
}

// anonymous is a history that says nothing of the machine that recorded it.
func anonymous(t *testing.T, data []byte) []byte {
	t.Helper()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	var history any
	if err := json.Unmarshal(data, &history); err != nil {
		t.Fatal(err)
	}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if text, _ := inner.(string); (key == "identity" || key == "name") && strings.Contains(text, host) {
					v[key] = "worker"
				}
				visit(inner)
			}
		case []any:
			for _, inner := range v {
				visit(inner)
			}
		}
	}
	visit(history)
	clean, err := json.MarshalIndent(history, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return clean
}
