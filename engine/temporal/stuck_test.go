package temporal

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/log"
)

// TestRefusedWorkerSaysSo holds that a worker which is not let in any more says what to do, and that others do not.
func TestRefusedWorkerSaysSo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		message string
		err     error
		want    bool
	}{
		{"Failed to poll for task.", serviceerror.NewPermissionDenied("Request unauthorized.", ""), true},
		{"Failed to poll for task.", serviceerror.NewUnavailable("away"), false},
		{"Failed to send heartbeat", serviceerror.NewPermissionDenied("Request unauthorized.", ""), false},
	} {
		var said bytes.Buffer
		stuckLog{log.NewStructuredLogger(slog.New(slog.NewTextHandler(&said, nil)))}.Warn(test.message, "Error", test.err)
		if got := strings.Contains(said.String(), "refuses this worker"); got != test.want {
			t.Errorf("%s: %v: it says\n%s", test.message, test.err, said.String())
		}
	}
}

// TestStuckRunSaysWhatToDo holds what a person is told of a run whose workflow cannot be walked.
func TestStuckRunSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ message, why, want string }{
		{"Workflow panic", "[TMPRL1100] it took another way", "that it began with, or terminate its workflow on the server"},
		{"Workflow panic", "it is one to /b of run c: " + changedThere, "was changed there: terminate its workflow on the server"},
		{"Activity error.", "whatever", ""},
	} {
		var said bytes.Buffer
		stuckLog{log.NewStructuredLogger(slog.New(slog.NewTextHandler(&said, nil)))}.Error(test.message, "Error", test.why)
		if got := said.String(); !strings.Contains(got, test.want) || strings.Contains(got, "stands still") != (test.want != "") {
			t.Errorf("%s: %s: it says\n%s", test.message, test.why, got)
		}
	}
}
