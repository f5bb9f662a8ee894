package main

import (
	"slices"

	"snrun/engine"
	"snrun/history/review"
	"snrun/steps"
)

const progressVariable = "SNRUN_PROGRESS"

// progressModes are what --progress takes.
var progressModes = [...]string{"auto", "tty", "plain", "json", "none"}

// view shows a run as it goes on, on standard error. Its event may be called from many goroutines, until close, which
// leaves what was shown in order.
type view interface {
	event(engine.Event)
	close()
}

func checkProgress(mode string) error {
	if mode == "" || slices.Contains(progressModes[:], mode) {
		return nil
	}
	return usageError(steps.Hint(mode, progressModes[:]), "there is no --progress %s", mode)
}

// newView makes the view for a mode: by itself a live one where a person watches a terminal, else plain lines.
func (a *app) newView(mode string, next review.Commands) view {
	s := a.style(a.err)
	if mode == "" || mode == "auto" {
		mode = "plain"
		if a.err.terminal() && a.getenv("CI") == "" && a.getenv("TERM") != "dumb" {
			mode = "tty"
		}
	}
	switch mode {
	case "tty":
		return newTTYView(a.err, s, next, a.err.size)
	case "json":
		return newJSONView(a.err)
	case "none":
		return &quietView{w: a.err, style: s, next: next}
	}
	return newPlainView(a.err, s, next)
}
