package temporal

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/log"
)

// stuckLog says what to do where a workflow cannot go on. It does not fail then: it waits for a worker that can walk it.
type stuckLog struct{ log.Logger }

// Error logs an error, and what it means for a run.
func (l stuckLog) Error(message string, fields ...any) {
	l.Logger.Error(message, fields...)
	if !strings.Contains(message, "Workflow panic") && !strings.Contains(fmt.Sprint(fields...), "TMPRL1100") {
		return
	}
	l.Logger.Error("a run stands still until a worker can walk it: start one of the version of snrun, and with the project, that it began with, " +
		"or end it with snrun cancel")
}
