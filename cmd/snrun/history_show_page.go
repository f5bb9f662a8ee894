package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// runPage is a run for people: what is wrong with it and since when, what to do next, what it was, its steps in time.
func runPage(p page, r *runRecord, next review.Commands) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s\n", p.style.bold("run "+r.ID), words.Clean(r.Job), p.statusColour(r.Status, statusWord(r.Status)))
	if review.NeverBegan(r.Run.Run) {
		p.field(&b, "due", fmt.Sprintf("%s (%s)", r.Due.Local().Format(secondsAndZone), words.Ago(r.Due, p.now)))
	} else {
		p.field(&b, "started", p.began(r))
	}
	p.field(&b, "failing", p.failing(r))
	again := whatNext(r, next)
	if trouble := p.trouble(r); trouble != "" {
		b.WriteString("\n" + trouble)
		again = writeLines(&b, again)
		b.WriteString(p.firstRequest(r))
		b.WriteString("\n")
	}
	p.fields(&b, r.Run.Run)
	if len(r.times.Bars) > 0 {
		b.WriteString("\n" + p.timeline(r.times))
	}
	if r.Next != "" {
		fmt.Fprintf(&b, "  … more steps began later: %s --after %s\n", next.Show(r.ID), words.Argument(r.Next))
	}
	if len(again) > 0 {
		b.WriteString("\n")
		writeLines(&b, again)
	}
	return b.String()
}

// writeLines writes lines. None are left.
func writeLines(b *strings.Builder, lines []string) []string {
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	return nil
}

// secondsAndZone is how a page writes a time that may be looked for elsewhere.
const secondsAndZone = "2006-01-02 15:04:05 -07:00"

// began says when a run began and how long it took.
func (p page) began(r *runRecord) string {
	text := fmt.Sprintf("%s (%s)", r.Started.Local().Format(secondsAndZone), words.Ago(r.Started, p.now))
	if r.times.Queued >= time.Second {
		text += ", " + words.Span(r.times.Queued) + " after it was due"
	}
	return text + ", took " + took(r.Started, r.Ended, p.now)
}

// failing says since when the job of a run fails.
func (p page) failing(r *runRecord) string {
	f := r.Failing
	switch {
	case f == nil:
		return ""
	case f.Run == r.ID && f.LastGood == "":
		return "from the first run on"
	case f.Run == r.ID:
		return "since this run; the last good one is " + f.LastGood
	}
	text := fmt.Sprintf("since %s (%s), run %s", f.Since.Local().Format(secondsAndZone), words.Ago(f.Since, p.now), f.Run)
	if f.LastGood != "" {
		text += "; the last good one is " + f.LastGood
	}
	return text
}

// trouble is the error of a run and the first one of all, or why the run did not begin; "" where all is well.
func (p page) trouble(r *runRecord) string {
	if r.Error == nil {
		if r.Reason == "" {
			return ""
		}
		text := words.Clean(r.Reason)
		if word := statusWord(r.Status); !strings.HasPrefix(text, word) {
			text = word + ": " + text
		}
		return p.wrapped(text) + "\n"
	}
	var b strings.Builder
	b.WriteString(p.style.red(statusWord(r.Status)) + ": " + p.wrapped(errorText(r.Error)) + "\n")
	first := r.FirstError
	if first == nil || first.Step == nil {
		return b.String()
	}
	if !strings.Contains(r.Error.Message, first.Error.Message) {
		b.WriteString(p.style.red("first error") + ": " + p.wrapped(errorText(first.Error)) + "\n")
	}
	where := words.Clean(strings.TrimPrefix(first.Step.Key, "/"))
	if first.Line > 0 {
		where += fmt.Sprintf(" at %s:%d", words.Clean(shown(first.File)), first.Line)
	}
	p.field(&b, "where", where+", "+first.Step.Ended.Local().Format(secondsAndZone))
	return b.String()
}

// firstRequest is the request of the first error and its answer, as far as a glance takes them in.
func (p page) firstRequest(r *runRecord) string {
	if r.Error == nil || r.FirstError == nil || r.FirstError.Exchange == nil {
		return ""
	}
	x := r.FirstError.Exchange.Kept
	var b strings.Builder
	b.WriteString("\n" + p.style.bold(x.Method+" "+words.Clean(x.URL)) + p.glance(">", x.Request) + "\n" + answerLine(p, x.Exchange))
	if x.Status != 0 {
		b.WriteString(p.glance("<", x.Response))
	}
	return b.String() + "\n"
}

// glanced is how many lines of a body stand beside an error, and glancedCells how wide they get in a pipe.
const (
	glanced      = 4
	glancedCells = 160
)

// glance is the beginning of a body, each line behind a sign on a line of its own. JSON is run together, so that much of it shows.
func (p page) glance(sign string, m steps.Message) string {
	width := glancedCells
	if p.width > 0 {
		width = p.width - 4
	}
	lines := bodyLines(m)
	if together := new(bytes.Buffer); json.Compact(together, m.Body) == nil {
		lines = wrap(words.Clean(together.String()), width)
	}
	if len(lines) > glanced {
		lines = append(lines[:glanced:glanced], "…")
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("\n  " + p.style.faint(sign) + " " + cut(l, width))
	}
	return b.String()
}

// fields are what else is known of a run.
func (p page) fields(b *strings.Builder, r *engine.Run) {
	p.field(b, "trigger", r.Trigger)
	if r.Attempt > 1 {
		p.field(b, "attempt", fmt.Sprint(r.Attempt))
	}
	if r.Workflow != "" {
		p.field(b, "on", words.Clean(review.Elsewhere(r)))
	}
	p.field(b, "file", words.Clean(shown(r.File)))
	if len(r.Inputs) > 0 {
		p.field(b, "inputs", oneLine(r.Inputs))
	}
	if r.Output != nil {
		p.field(b, "output", oneLine(r.Output))
	}
}

// whatNext is what to do about a run.
func whatNext(r *runRecord, next review.Commands) []string {
	var lines []string
	switch {
	case r.Status == engine.Queued:
		return []string{"cancel it: " + next.Cancel(r.ID)}
	case review.NeverBegan(r.Run.Run):
		return []string{next.Start(r.Run.Run)}
	}
	if review.MayResume(r.Run.Run) {
		lines = append(lines, next.GoOn(r.ID, r.Error, r.InDoubt)...)
	}
	if r.Error != nil && r.Error.Step != "" {
		lines = append(lines, "look closer: "+next.Show(r.ID)+stepFlags(r.Error, r.InDoubt))
	}
	if r.Failing != nil && r.Failing.LastGood != "" {
		lines = append(lines, "what is different from the last good run: "+next.Diff(r.ID))
	}
	if r.Status == engine.OK && r.FailedItems > 0 {
		lines = append(lines, "try "+words.Plural(r.FailedItems, "failed item")+" again: "+next.Retry(r.ID))
	}
	return lines
}

// field is a line "name  value" of a page's head.
func (p page) field(b *strings.Builder, name, value string) {
	if value == "" {
		return
	}
	if p.width > 0 {
		value = cut(value, p.width-12)
	}
	b.WriteString("  " + p.style.faint(pad(name, 8)) + "  " + value + "\n")
}

// wrapped breaks a text at the page's width; what follows the first line is indented.
func (p page) wrapped(s string) string {
	if p.width > 0 {
		s = strings.Join(wrap(s, max(20, p.width-12)), "\n")
	}
	return indented(s)
}

// stepPage is what a run keeps of some steps: each time they ran.
func stepPage(p page, r *runRecord, next review.Commands, o showOptions) string {
	var b strings.Builder
	for _, s := range r.Steps {
		b.WriteString(p.stepRun(s))
	}
	switch again := next.Show(r.ID); {
	case r.Next != "":
		if o.step != "" {
			again += " --step " + words.Argument(o.step)
		}
		fmt.Fprintf(&b, "… there are more: %s --after %s\n", again, words.Argument(r.Next))
	case r.Left > 0:
		fmt.Fprintf(&b, "… and %s more: -n says how many are shown, --json has all; one by its key, such as --step %s\n",
			words.Thousands(r.Left), words.Argument(r.Steps[len(r.Steps)-1].Key))
	case len(r.Steps) == 0:
		b.WriteString("no step began later\n")
	}
	return b.String()
}

// stepRun is one time that a step ran.
func (p page) stepRun(s engine.StepRun) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s\n", p.style.bold(words.Clean(s.Key)), s.Kind, p.statusColour(s.Status, statusWord(s.Status)))
	p.field(&b, "started", s.Started.Local().Format("2006-01-02 15:04:05.000 -07:00")+", took "+took(s.Started, s.Ended, p.now))
	if s.Attempts > 1 {
		p.field(&b, "tries", fmt.Sprint(s.Attempts))
	}
	if s.Counts != nil {
		p.field(&b, "counts", strings.Join(append(countWords(*s.Counts, s.Counts.Pages, true), troubleWords(s.Counts.Retries, s.Counts.LimitWaits)...), ", "))
	}
	p.field(&b, "message", words.Clean(s.Message))
	if s.Error != nil {
		b.WriteString("  " + p.style.red("error") + "     " + p.wrapped(errorText(s.Error)) + "\n")
	}
	return b.String()
}

// oneLine is a value as JSON on one line.
func oneLine(v any) string {
	text, err := compactJSON(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return words.Clean(strings.TrimSpace(string(text)))
}

func localTime(t time.Time) string { return t.Local().Format("15:04:05.000") }
