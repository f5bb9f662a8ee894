package temporal

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"snrun/engine"
	"snrun/jobs"
)

// asked is a Book that takes down what it is to decide upon, and has all of it run.
type asked struct{ claims []engine.Claim }

func (a *asked) Claim(_ time.Time, _ int, claims []engine.Claim) ([]engine.Verdict, error) {
	a.claims = append(a.claims, claims...)
	return []engine.Verdict{{Run: claims[0].Run, Status: engine.Queued}}, nil
}

func (a *asked) Going(string, string) ([]string, error) { return nil, nil }

func (a *asked) Pauses() (map[string]engine.Pause, error) { return nil, nil }

// behind is a server whose clock is behind that of the worker.
type behind struct {
	interceptor.WorkerInterceptorBase
	by time.Duration
}

func (b *behind) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &behindActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, b.by}
}

type behindActivity struct {
	interceptor.ActivityInboundInterceptorBase
	by time.Duration
}

func (b *behindActivity) Init(next interceptor.ActivityOutboundInterceptor) error {
	return b.Next.Init(&behindInfo{interceptor.ActivityOutboundInterceptorBase{Next: next}, b.by})
}

type behindInfo struct {
	interceptor.ActivityOutboundInterceptorBase
	by time.Duration
}

func (b *behindInfo) GetInfo(ctx context.Context) activity.Info {
	info := b.Next.GetInfo(ctx)
	info.StartedTime = info.StartedTime.Add(-b.by)
	return info
}

// TestSlotsGoByTheServer holds that a slot is in time when it is so by the clock of the server: a worker whose clock is wrong does not skip
// it as missed.
func TestSlotsGoByTheServer(t *testing.T) {
	t.Parallel()
	cron, err := jobs.ParseCron("*/5 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		ahead  time.Duration
		reason string
	}{
		{"both clocks are right", 0, ""},
		{"the worker's is an hour ahead", time.Hour, ""},
		{"the server's is an hour ahead", -time.Hour, engine.ReasonMissed},
	} {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&behind{by: test.ahead}}})
		book := &asked{}
		w := &Worker{config: Config{Runs: records{engine.NewMemory()}, Book: book}, beat: func(context.Context) error { return nil }}
		env.RegisterActivityWithOptions(w.turn, activity.RegisterOptions{Name: turnActivity})
		slot := SlotOf(&jobs.Schedule{Cron: cron, Zone: time.UTC, CatchUp: jobs.CatchUp{Mode: "latest", Window: time.Hour}, Overlap: "skip"}, 10)
		due := time.Now().Add(-max(test.ahead, 0)).Add(-time.Second)
		if _, err := env.ExecuteActivity(turnActivity, start{Run: "r", Workflow: testWorkflow, Due: due, Order: Order{Job: "j", Slot: slot}}); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if len(book.claims) != 1 || book.claims[0].Reason != test.reason {
			t.Errorf("%s: it is asked for %+v, want the reason %q", test.name, book.claims, test.reason)
		}
	}
}
