package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/history/review"
	"snrun/history/words"
)

// diffPage is what is different in a run, for people: the answer, then what it rests on.
func diffPage(p page, d *review.Diff, next review.Commands) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s\n", p.style.bold("run "+d.Run.ID), words.Clean(d.Run.Job), p.compared(d.Run))
	against := "  against " + d.Base.ID
	if d.Base.Job != d.Run.Job {
		against += "  " + words.Clean(d.Base.Job)
	}
	b.WriteString(against + "  " + p.compared(d.Base) + "\n\n")
	b.WriteString(p.style.bold(p.wrapped(words.Clean(d.Says))) + "\n")
	for _, f := range d.Findings {
		if !strings.Contains(d.Says, f.Text) {
			b.WriteString("  · " + p.wrapped(words.Clean(f.Text)) + "\n")
		}
	}
	for _, t := range d.Texts {
		b.WriteString("\n" + p.textDiff(t))
	}
	b.WriteString(p.inputChanges(d.Inputs))
	b.WriteString(p.stepDiffs(d.Steps))
	if len(d.Output) > 0 {
		b.WriteString("\n" + p.style.faint("output") + "\n" + p.shapes(d.Output))
	}
	if len(d.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, note := range d.Notes {
		b.WriteString(p.style.faint(p.wrapped("note: "+words.Clean(note))) + "\n")
	}
	b.WriteString("\nlook closer: " + next.Show(d.Run.ID) + "\n")
	return b.String()
}

// compared says how one of the runs ended, and when.
func (p page) compared(c review.Compared) string {
	text := p.statusColour(c.Status, statusWord(c.Status))
	if !c.Started.IsZero() {
		text += fmt.Sprintf("  %s (%s), took %s", c.Started.Local().Format(secondsAndZone), words.Ago(c.Started, p.now),
			words.Span(time.Duration(c.Duration)*time.Millisecond))
	}
	return text
}

// textDiff is what is different in the text of a job, as patches are written.
func (p page) textDiff(t review.TextDiff) string {
	var b strings.Builder
	head := shown(t.File)
	if t.Change != "changed" {
		head += ", " + t.Change
	}
	fmt.Fprintf(&b, "%s\n", p.style.faint("job text  "+words.Clean(head)))
	for _, h := range t.Hunks {
		fmt.Fprintf(&b, "  %s\n", p.style.faint(fmt.Sprintf("line %d", h.RunLine)))
		for _, l := range h.Lines {
			text := l.Op + " " + words.Clean(l.Text)
			if p.width > 0 {
				text = cut(text, p.width-3)
			}
			b.WriteString(strings.TrimRight("  "+p.changeColour(l.Op, text), " ") + "\n")
		}
	}
	return b.String()
}

// changeColour colours what came and what went.
func (p page) changeColour(op, text string) string {
	switch op {
	case "+":
		return p.style.green(text)
	case "-":
		return p.style.red(text)
	}
	return text
}

// inputChanges are the inputs that are different.
func (p page) inputChanges(changes []review.Change) string {
	if len(changes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n" + p.style.faint("inputs") + "\n")
	for _, c := range changes {
		op, text := "~", words.Clean(c.Path)+": "+oneLine(c.Base)+" → "+oneLine(c.Run)
		switch c.Change {
		case "added":
			op, text = "+", words.Clean(c.Path)+": "+oneLine(c.Run)
		case "removed":
			op, text = "-", words.Clean(c.Path)+": "+oneLine(c.Base)
		}
		if p.width > 0 {
			text = cut(text, p.width-5)
		}
		b.WriteString("  " + p.changeColour(op, op+" "+text) + "\n")
	}
	return b.String()
}

// stepDiffs are the steps that are different, with what is.
func (p page) stepDiffs(steps []review.StepDiff) string {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s review.StepDiff) bool { return !s.Differs })
	if len(steps) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n" + p.style.faint("steps that differ") + "\n")
	for _, s := range steps {
		name := words.Clean(cmp.Or(s.ID, strings.TrimPrefix(s.Key, "/")))
		text := strings.Join(tallyWords(s), ", ")
		if p.width > 0 {
			text = strings.Join(wrap(text, max(20, p.width-titleWidth-4)), "\n"+strings.Repeat(" ", titleWidth+4))
		}
		b.WriteString(strings.TrimRight("  "+pad(name, titleWidth)+"  "+text, " ") + "\n")
		for _, h := range s.Hosts {
			op := map[string]string{"new": "+", "gone": "-"}[h.Change]
			b.WriteString("    " + p.changeColour(op, op+" "+words.Clean(h.Origin)) + "\n")
		}
		b.WriteString(p.shapes(s.Shapes))
	}
	return b.String()
}

// tallyWords say which numbers of a step are different.
func tallyWords(s review.StepDiff) []string {
	var parts []string
	for _, n := range []struct {
		name      string
		base, run int
	}{
		{"times", s.Base.Times, s.Run.Times}, {"ok", s.Base.OK, s.Run.OK}, {"failed", s.Base.Failed, s.Run.Failed},
		{"skipped", s.Base.Skipped, s.Run.Skipped}, {"items", s.Base.Items, s.Run.Items},
		{"failed items", s.Base.ItemsFailed, s.Run.ItemsFailed}, {"pages", s.Base.Pages, s.Run.Pages},
		{"retries", s.Base.Retries, s.Run.Retries}, {"waits", s.Base.Waits, s.Run.Waits},
	} {
		if n.base != n.run {
			parts = append(parts, fmt.Sprintf("%s %d → %d", n.name, n.base, n.run))
		}
	}
	for _, c := range s.Statuses {
		switch {
		case c.Run == c.Base:
		case c.Status == 0:
			parts = append(parts, fmt.Sprintf("no answer: %d → %d", c.Base, c.Run))
		default:
			parts = append(parts, fmt.Sprintf("%d: %d → %d", c.Status, c.Base, c.Run))
		}
	}
	return parts
}

// shapes are the places in bodies that are different.
func (p page) shapes(changes []review.ShapeChange) string {
	var b strings.Builder
	for _, c := range changes {
		op, was, is := "~", strings.Join(c.Base, " or "), strings.Join(c.Run, " or ")
		path := words.Clean(cmp.Or(c.Path, "the whole"))
		text := path + ": " + was + " → " + is
		switch c.Change {
		case "gone":
			op, text = "-", path+": "+was
		case "new":
			op, text = "+", path+": "+is
		case "missing":
			text = fmt.Sprintf("%s: missing in %d of %d", path, c.Of-c.Has, c.Of)
		case "empty":
			text = path + ": empty"
		}
		if text = c.Side + "  " + op + " " + text; p.width > 0 {
			text = cut(text, p.width-5)
		}
		b.WriteString("    " + p.changeColour(op, text) + "\n")
	}
	return b.String()
}
