package review_test

import (
	"strings"
	"testing"

	"snrun/engine"
	"snrun/history/review"
)

// TestIsRunning names who carries a run out that is to go on: a workflow may stand still without a worker, and no command ends it then.
func TestIsRunning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		run        engine.Run
		want, hint string
	}{
		{"a process", engine.Run{ID: "r", Process: "7@host"}, "run r is running, by the process 7@host", "how far it is: snrun history show r"},
		{"nobody knows who", engine.Run{ID: "r"}, "run r is running, by another process", "how far it is: snrun history show r"},
		{"a workflow", engine.Run{ID: "r", Process: "7@host", Workflow: "default/snrun-r"}, "run r is running, by Temporal, workflow default/snrun-r", "terminate the workflow"},
	} {
		got := review.IsRunning(&test.run, review.Commands{Program: "snrun"})
		if got.Message != test.want || !strings.Contains(got.Hint, test.hint) {
			t.Errorf("%s: got %q, %q", test.name, got.Message, got.Hint)
		}
	}
}
