package temporal

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"snrun/engine"
)

// slowNotes are records that the first activity which tells of steps only gets to read after a timer, and one beside it never.
type slowNotes struct {
	Runs
	notes atomic.Int32
	timer chan struct{}
	over  <-chan struct{}
}

func (s *slowNotes) Run(ctx context.Context, id string) (*engine.Run, error) {
	if activity.GetInfo(ctx).ActivityType.Name == noteActivity {
		if s.notes.Add(1) == 1 {
			<-s.timer
		} else {
			<-s.over
		}
		defer s.notes.Add(-1)
	}
	return s.Runs.Run(ctx, id)
}

// TestEndTellsOfAllSteps holds that a workflow ends once people were told of all steps: nobody waits for what is told of beside its end.
func TestEndTellsOfAllSteps(t *testing.T) {
	t.Parallel()
	const steps = 2*rowsAtOnce + 50
	var c counter
	w := c.enlist(t, "steps:\n"+strings.Repeat("  - log: a\n", steps))
	slow := &slowNotes{Runs: w.config.Runs, timer: make(chan struct{}), over: t.Context().Done()}
	w.config.Runs = slow
	var once sync.Once
	w.each = func(env *testsuite.TestWorkflowEnvironment) {
		env.SetTestTimeout(20 * time.Second)
		env.SetOnTimerFiredListener(func(string) { once.Do(func() { close(slow.timer) }) })
	}
	if run := w.toTheEnd(); run.Status != engine.OK || len(run.Steps) != steps {
		t.Errorf("the run is %s, with %d steps on record, want %d", run.Status, len(run.Steps), steps)
	}
}
