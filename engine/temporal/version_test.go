package temporal

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/log"

	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
)

// TestVersionsSideBySide holds that a run ends on the version that it began with, that those which begin later go to the new one, and that
// a further worker of the old one does not take them back.
func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	c := on(t, temporaltest.Server(t))
	g := newGate()
	e, req := gated(t, g, "steps: [{id: a, probe: {value: 1}}, {id: b, probe: {value: 2}}]\n")
	version := func(build string) (carried func() []string) {
		w := testWorker(e, req)
		w.config.Version = Version{Deployment: "snrun", Build: build}
		var mu sync.Mutex
		var runs []string
		prepare := w.prepared.prepare
		w.prepared.prepare = func(ctx context.Context, run *engine.Run) (*Prepared, error) {
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, run.ID)
			return prepare(ctx, run)
		}
		c.begin(t, w)
		return func() []string {
			mu.Lock()
			defer mu.Unlock()
			return runs
		}
	}
	version("one")
	first := c.start(t, e, req)
	<-g.came
	two := version("two")
	c.current(t, "two")
	version("one")
	second := c.start(t, e, req)
	<-g.came
	close(g.open)
	for _, began := range []string{first.GetID(), second.GetID()} {
		run := ended(t, e, c.client.GetWorkflow(t.Context(), began, ""))
		if run.Status != engine.OK {
			t.Errorf("%s is %s: %+v", began, run.Status, run.Error)
		}
	}
	id := strings.TrimPrefix(second.GetID(), WorkflowID(""))
	if runs := two(); !slices.Equal(runs, []string{id}) {
		t.Errorf("the new version prepared %q, want %q", runs, id)
	}
	if want := []string{"/a", "/a", "/b", "/b"}; !slices.Equal(slices.Sorted(slices.Values(g.calls)), want) {
		t.Errorf("the calls were %q", g.calls)
	}
}

// TestStuckSaysWhatToDo holds that a workflow which cannot go on is told of, and ordinary errors are left alone.
func TestStuckSaysWhatToDo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := stuckLog{log.NewStructuredLogger(slog.New(slog.NewTextHandler(&out, nil)))}
	l.Error("Activity error.", "Error", "no")
	if strings.Contains(out.String(), "stands still") {
		t.Errorf("it says %s", out.String())
	}
	l.Error("Workflow panic", "Error", "[TMPRL1100] other")
	if !strings.Contains(out.String(), "a run stands still until a worker can walk it") {
		t.Errorf("it says %s", out.String())
	}
}
