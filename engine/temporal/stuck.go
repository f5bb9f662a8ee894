package temporal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// stuckLog says what to do where a workflow cannot go on. It does not fail then: it waits for a worker that can walk it.
type stuckLog struct{ log.Logger }

// Error logs an error, and what it means for a run.
func (l stuckLog) Error(message string, fields ...any) {
	l.Logger.Error(message, fields...)
	text := fmt.Sprint(fields...)
	switch {
	case !strings.Contains(message, "Workflow panic") && !strings.Contains(text, "TMPRL1100"):
	case strings.Contains(text, changedThere):
		l.Logger.Error("a run stands still, as what it goes on with was changed there: " + anew)
	default:
		l.Logger.Error("a run stands still until a worker can walk it: start one of the version of snrun, and with the project, that it began with, or " + anew)
	}
}

// anew is how a run goes on whose workflow nobody can walk. It does not hear of a cancellation either.
const anew = "terminate its workflow on the server, then go on with the run from what is on record: snrun resume"

// changedThere stands in what is said of answers that are none to what was asked.
const changedThere = "somebody has changed it there"

// Warn logs a warning, and what to do where the server does not let a worker in any more. It asks again until it does.
func (l stuckLog) Warn(message string, fields ...any) {
	l.Logger.Warn(message, fields...)
	if !strings.Contains(message, "poll") || !slices.ContainsFunc(fields, isRefusal) {
		return
	}
	l.Logger.Error("the Temporal server refuses this worker, which asks again until it is let in: see whether its API key has expired, " +
		"and whether it may write to the namespace; a new key is read where its secret is kept")
}

// isRefusal says whether a field is an error by which the server refuses its client.
func isRefusal(field any) bool {
	err, isError := field.(error)
	if !isError {
		return false
	}
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	return denied || status.Code(err) == codes.Unauthenticated
}
