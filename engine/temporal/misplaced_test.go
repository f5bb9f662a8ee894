package temporal

import (
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"snrun/engine"
)

// TestMisplacedAnswers holds that no workflow takes an answer for one to what it asked that is none, though its own key opens it: whoever can
// write to the server's database may put one in the place of another.
func TestMisplacedAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		put  func(loop, chain *historypb.History)
		want string
	}{
		{"as it was", func(*historypb.History, *historypb.History) {}, ""},
		{"two of one run", func(loop, _ *historypb.History) {
			units := gaveOf(loop, unitActivity)
			units[0].Payloads, units[1].Payloads = units[1].Payloads, units[0].Payloads
		}, "is one to /each["},
		{"one of another run", func(loop, chain *historypb.History) {
			gaveOf(loop, unitActivity)[0].Payloads = gaveOf(chain, unitActivity)[0].Payloads
		}, "is one to /a of run "},
		{"what another run begins with", func(loop, chain *historypb.History) {
			gaveOf(loop, beginActivity)[0].Payloads = gaveOf(chain, beginActivity)[0].Payloads
		}, "is one to @begin of run "},
		{"how another run ended", func(loop, chain *historypb.History) {
			gaveOf(loop, finishActivity)[0].Payloads = gaveOf(chain, finishActivity)[0].Payloads
		}, "is one to @finish of run "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			loop, chain := recordedHistory(t, "loop"), recordedHistory(t, "chain")
			test.put(loop, chain)
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DataConverter: testConverter(t)})
			if err != nil {
				t.Fatal(err)
			}
			replayer.RegisterWorkflowWithOptions(recordedWorker(t).carryOut, workflow.RegisterOptions{Name: WorkflowType})
			err = replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), loop)
			if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "somebody has changed it there")) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func recordedHistory(t *testing.T, name string) *historypb.History {
	t.Helper()
	file, err := os.Open(historyFile(recordedBy, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	history, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return history
}

// gaveOf gives what the activities of a type gave, in their order.
func gaveOf(h *historypb.History, activity string) (list []*commonpb.Payloads) {
	for _, event := range h.Events {
		completed := event.GetActivityTaskCompletedEventAttributes()
		if completed == nil {
			continue
		}
		at := slices.IndexFunc(h.Events, func(e *historypb.HistoryEvent) bool { return e.EventId == completed.ScheduledEventId })
		if h.Events[at].GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == activity {
			list = append(list, completed.Result)
		}
	}
	return list
}

// TestMisplacedOrder holds that a workflow begins with no order that is meant for those of another schedule.
func TestMisplacedOrder(t *testing.T) {
	t.Parallel()
	for ids, want := range map[string]engine.Status{"default-test-": engine.OK, "snrun-another-": engine.Queued} {
		var c counter
		w := c.enlist(t, "steps: [{probe: {value: 1}}]")
		w.order.Workflow = ids
		run := w.toTheEnd()
		if run.Status != want || (len(c.calls) > 0) != (want == engine.OK) {
			t.Errorf("%s: the run is %s after %q", ids, run.Status, c.calls)
		}
		if want != engine.OK && (w.err == nil || !strings.Contains(w.err.Error(), "is meant for another one")) {
			t.Errorf("%s: it says %v", ids, w.err)
		}
	}
}
