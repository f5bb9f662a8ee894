package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"snrun/history/review"
	"snrun/history/words"

	"snrun/engine"
)

// shownItems is how many failed items of a loop `history show` names.
const shownItems = 5

// runPage is a run for people: what it was, its error first, then its steps with loops folded.
func runPage(p page, r *engine.Run, next review.Commands) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s\n", p.style.bold("run "+r.ID), words.Clean(r.Job), p.statusColour(r.Status, statusWord(r.Status)))
	if review.NeverBegan(r) {
		p.field(&b, "due", fmt.Sprintf("%s (%s)", r.Due.Local().Format(secondsAndZone), words.Ago(r.Due, p.now)))
	} else {
		p.field(&b, "started", fmt.Sprintf("%s (%s), took %s", r.Started.Local().Format(secondsAndZone), words.Ago(r.Started, p.now), took(r.Started, r.Ended, p.now)))
	}
	p.field(&b, "trigger", r.Trigger)
	if r.Attempt > 1 {
		p.field(&b, "attempt", fmt.Sprint(r.Attempt))
	}
	p.field(&b, "file", words.Clean(shown(r.File)))
	if len(r.Inputs) > 0 {
		p.field(&b, "inputs", oneLine(r.Inputs))
	}
	if r.Output != nil {
		p.field(&b, "output", oneLine(r.Output))
	}
	if r.Error != nil {
		b.WriteString("\n" + p.style.red(statusWord(r.Status)) + ": " + p.wrapped(errorText(r.Error)) + "\n")
	}
	if r.Error == nil && r.Reason != "" {
		text := words.Clean(r.Reason)
		if word := statusWord(r.Status); !strings.HasPrefix(text, word) {
			text = word + ": " + text
		}
		b.WriteString("\n" + p.wrapped(text) + "\n")
	}
	if len(r.Steps) > 0 {
		b.WriteString("\n" + p.timeline(r.Steps))
	}
	if lines := whatNext(r, next); len(lines) > 0 {
		b.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	}
	return b.String()
}

// secondsAndZone is how a page writes a time that may be looked for elsewhere.
const secondsAndZone = "2006-01-02 15:04:05 -07:00"

// whatNext is what to do about a run.
func whatNext(r *engine.Run, next review.Commands) []string {
	var lines []string
	switch {
	case r.Status == engine.Queued:
		return []string{"cancel it: " + next.Cancel(r.ID)}
	case review.NeverBegan(r):
		return []string{next.Start(r)}
	}
	inDoubt := review.InDoubt(r.Steps)
	if r.Error != nil && r.Error.Step != "" {
		lines = append(lines, "look closer: "+next.Show(r.ID)+stepFlags(r.Error, inDoubt))
	}
	if review.MayResume(r) {
		lines = append(lines, next.GoOn(r.ID, r.Error, inDoubt)...)
	}
	if failed := review.FailedItems(r.Steps); r.Status == engine.OK && failed > 0 {
		lines = append(lines, "try "+words.Plural(failed, "failed item")+" again: "+next.Retry(r.ID))
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

// timeline is one line a step. Steps inside a loop's items are counted in the loop; its first failures stand below it.
func (p page) timeline(steps []engine.StepRun) string {
	var b strings.Builder
	failed := map[string][]engine.StepRun{} // by the key of their loop
	for _, s := range steps {
		if review.InItem(s.Key) && s.Status == engine.Failed && s.Error != nil {
			failed[review.LineKey(s.Key)] = append(failed[review.LineKey(s.Key)], s)
		}
	}
	for _, s := range steps {
		if review.InItem(s.Key) {
			continue
		}
		l := lineOf(s)
		if len(failed[s.Key]) > 0 {
			l.err = nil // it is one of those that stand below
		}
		b.WriteString(p.step(l) + p.failures(s, failed[s.Key], l.depth+1))
	}
	return b.String()
}

func (p page) step(l *line) string {
	if p.width == 0 {
		return stepLine(p.style, l, mark(l.status), l.took())
	}
	return liveLine(p.style, l, p.width, p.now) + "\n"
}

// failures are the first of the steps that failed in a loop's items.
func (p page) failures(loop engine.StepRun, items []engine.StepRun, depth int) string {
	var b strings.Builder
	for i, s := range items {
		if i == shownItems {
			name := cmp.Or(loop.ID, strings.TrimPrefix(loop.Key, "/"))
			b.WriteString(indent(depth) + p.style.faint(fmt.Sprintf("… and %d more: --step %s", len(items)-i, words.Argument(name))) + "\n")
			break
		}
		text := words.Clean(strings.TrimPrefix(s.Key, "/")) + ": " + review.Brief(s.Error)
		if p.width > 0 {
			text = cut(text, p.width-2*depth-5)
		}
		b.WriteString(indent(depth) + p.style.red("✗") + " " + text + "\n")
	}
	return b.String()
}

// stepPage is what a run keeps of one step: each time it ran. More says how many times are left out.
func stepPage(p page, runs []engine.StepRun, more int) string {
	var b strings.Builder
	for _, s := range runs {
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
	}
	if more > 0 {
		fmt.Fprintf(&b, "… and %d more: all of them with --json, one by its key, such as --step %s\n", more, words.Argument(runs[len(runs)-1].Key))
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
