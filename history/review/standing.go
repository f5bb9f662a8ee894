package review

import (
	"strings"

	"snrun/engine"
	"snrun/history/words"
	"snrun/steps"
)

// NeverBegan says whether a run waits, was skipped, or was cancelled while it waited.
func NeverBegan(r *engine.Run) bool {
	return r.Status == engine.Queued || r.Status == engine.Skipped || r.Started.IsZero()
}

// MayResume says whether a run is one that can be gone on with.
func MayResume(r *engine.Run) bool {
	return !NeverBegan(r) && (r.Status == engine.Failed || r.Status == engine.Cancelled || r.Status == engine.Interrupted)
}

// FailedItems counts the failed items of loops; those of a loop inside another count where the outer one had no failures.
func FailedItems(list []engine.StepRun) int {
	outer, inner := 0, 0
	for _, s := range list {
		switch {
		case s.Kind != "foreach" || s.Counts == nil:
		case InItem(s.Key):
			inner += s.Counts.Failed
		default:
			outer += s.Counts.Failed
		}
	}
	if outer > 0 {
		return outer
	}
	return inner
}

// IsLoop says whether what is inside a step is folded into its line.
func IsLoop(s *engine.StepRun) bool { return s.Kind == "foreach" || s.Kind == "repeat" }

// Brief is the first line of an error's message, without the request ("GET https://…: "): it stands where the step is named.
func Brief(e *steps.Error) string {
	method, rest, _ := strings.Cut(e.Message, " ")
	address, what, ok := strings.Cut(rest, ": ")
	if ok && method == strings.ToUpper(method) && strings.Contains(address, "://") && !strings.ContainsAny(address, " \n") {
		return words.FirstLine(what)
	}
	return words.FirstLine(e.Message)
}
