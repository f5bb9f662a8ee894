package main

import (
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// summary is how a run ended, and what to do next. Failed is how many items of its loops failed.
func summary(s style, next review.Commands, e engine.Event, failed int) string {
	show := next.Show(e.Run)
	if e.Status == engine.OK || e.Status == engine.Skipped {
		text := fmt.Sprintf("%s in %s · look at it: %s\n", s.green(statusWord(e.Status)), seconds(e), show)
		if failed > 0 {
			text += fmt.Sprintf("  try %s again: %s\n", words.Plural(failed, "failed item"), next.Retry(e.Run))
		}
		return text
	}
	inDoubt := len(e.InDoubt) > 0
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s", s.red(statusWord(e.Status)), seconds(e))
	if e.Error != nil {
		text := errorText(e.Error)
		if e.Status == engine.Cancelled {
			text = strings.TrimPrefix(strings.TrimPrefix(text, "the run was cancelled: "), "cancelled ") // the line says so already
		}
		b.WriteString(": " + indented(text))
		show += stepFlags(e.Error, inDoubt)
	}
	fmt.Fprintf(&b, "\n  look at it: %s\n", show)
	for _, line := range next.GoOn(e.Run, e.Error, inDoubt) {
		b.WriteString("  " + line + "\n")
	}
	return b.String()
}

// stepFlags lead `history show` to where an error comes from: to the requests, when it comes of one.
func stepFlags(e *steps.Error, inDoubt bool) string {
	if e.Step == "" {
		return ""
	}
	flags := " --step " + words.Argument(e.Step)
	if inDoubt {
		return flags + " --http"
	}
	switch e.Kind {
	case steps.Expression, steps.BadInput, steps.Cancelled, steps.Auth: // requests for a token are not in the history
		return flags
	}
	return flags + " --http"
}

// errorText is an error with the step it comes from, and its hint on lines of its own.
func errorText(e *steps.Error) string {
	text := strings.TrimSpace(e.Message)
	if e.Step != "" {
		text = e.Step + ": " + text
	}
	if e.Hint != "" {
		text += "\n" + e.Hint
	}
	return words.Clean(text)
}

// indented sets all lines of a text but its first in a little.
func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }

func seconds(e engine.Event) string {
	if e.Elapsed < 100*time.Millisecond || e.Elapsed >= time.Minute {
		return words.Span(e.Elapsed)
	}
	return fmt.Sprintf("%.1fs", e.Elapsed.Seconds())
}
