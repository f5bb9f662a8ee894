package main

import (
	"fmt"
	"strings"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
)

// shownOfEach is how much of each kind `status` shows: the rest is said to be there.
const shownOfEach = 20

// statusView writes how it stands.
type statusView struct {
	*review.Overview
	*app
	page      page
	next      review.Commands
	jobs      int          // of the project
	scheduled []review.Job // those of them that have a schedule
}

// text is the page of `status`: what is wrong first.
func (v *statusView) text() string {
	var b strings.Builder
	b.WriteString(v.summary() + "\n")
	if v.Trouble != nil {
		b.WriteString(v.page.style.red(words.Clean(*v.Trouble)) + "\n")
	}
	section(v, &b, "failing", v.Failing, v.failing)
	section(v, &b, "waiting for somebody", v.Interrupted, v.waiting)
	section(v, &b, "late", v.Late, func(l review.LateJob) string {
		return fmt.Sprintf("%s  due %s (%s): %s", words.Clean(l.Job), review.DueText(l.Due, true), words.Ago(l.Due, v.Now), words.Clean(l.Why)) +
			v.helps("see: "+v.next.Schedule("why", l.Job))
	})
	section(v, &b, "missed in the last 24 hours", v.NotRun, v.missed)
	section(v, &b, "sign-in needed", review.AilingOf(v.SignIns, v.Now), v.signIn)
	section(v, &b, "files with mistakes", v.Broken, v.broken)
	section(v, &b, "running", v.Running.Runs, func(r review.Unended) string { return v.unended(r, "runs") })
	section(v, &b, "queued", v.Queued.Runs, func(r review.Unended) string { return v.unended(r, "waits") })
	section(v, &b, "next", v.Next, v.due)
	if day := v.LastDay.Says(); day != "" {
		b.WriteString("\nthe last 24 hours: " + day + "\n")
	}
	return b.String()
}

// section writes what there is of one kind.
func section[T any](v *statusView, b *strings.Builder, title string, list []T, write func(T) string) {
	if len(list) == 0 {
		return
	}
	b.WriteString("\n" + v.page.style.faint(title) + "\n")
	for i, one := range list {
		if i == shownOfEach {
			fmt.Fprintf(b, "  and %s more\n", words.Thousands(len(list)-i))
			return
		}
		b.WriteString("  " + write(one) + "\n")
	}
}

// helps is a line below another one: what to do.
func (v *statusView) helps(text string) string { return "\n    " + indented(words.Clean(text)) }

// summary says in one line what is wrong, or that nothing is.
func (v *statusView) summary() string {
	var said []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{len(v.Failing), "job fails", "jobs fail"}, {len(v.Interrupted), "run waits for somebody", "runs wait for somebody"}, {len(v.Late), "job is late", "jobs are late"},
		{len(v.NotRun), "due time was missed", "due times were missed"}, {len(v.SignIns), "sign-in is needed", "sign-ins are needed"},
		{len(v.Broken), "file has mistakes", "files have mistakes"},
	} {
		switch {
		case part.n == 1:
			said = append(said, "1 "+part.one)
		case part.n > 1:
			said = append(said, words.Thousands(part.n)+" "+part.many)
		}
	}
	switch {
	case len(said) > 0:
		return v.page.style.red(strings.Join(said, ", "))
	case v.Trouble != nil:
		return "nothing fails, nothing is late, and no sign-in is needed; but:"
	}
	return v.page.style.green(fmt.Sprintf("all is well: of %s none fails, nothing is late, and no sign-in is needed", words.Plural(v.jobs, "job")))
}

// failing tells of a job that fails: since when, with what, and how to see more.
func (v *statusView) failing(f review.Failing) string {
	count := words.Plural(f.Failures, "run")
	if f.Many {
		count = "at least " + count
	}
	text := fmt.Sprintf("%s  %s since %s (%s), %s", words.Clean(f.Job), v.page.statusColour(f.Last.Status, statusWord(f.Last.Status)),
		f.Since.Format("2006-01-02 15:04:05"), words.Ago(f.Since, v.Now), count)
	if f.LastOK != nil {
		text += ", last ok " + words.Ago(f.LastOK.At, v.Now)
	} else {
		text += ", never ok"
	}
	why := words.FirstLine(f.First.Error)
	if f.First.Step != "" {
		why = words.Clean(f.First.Step) + ": " + why
	}
	if why != "" {
		text += "\n    " + v.page.style.red(why)
	}
	text += v.helps("first: " + v.next.Show(f.First.Run))
	if f.Last.Run != f.First.Run {
		text += v.helps("last:  " + v.next.Show(f.Last.Run))
	}
	return text
}

// waiting tells of a run that was cut off.
func (v *statusView) waiting(i review.Interrupted) string {
	status := engine.Interrupted
	if i.InDoubt {
		status = engine.InDoubt
	}
	text := fmt.Sprintf("%s  run %s %s %s", words.Clean(i.Job), i.Run, v.page.statusColour(status, statusWord(status)), words.Ago(i.At, v.Now))
	if i.Error != "" {
		text += ": " + words.FirstLine(i.Error)
	}
	for _, line := range v.next.GoOn(i.Run, nil, i.InDoubt) {
		text += v.helps(line)
	}
	return text
}

// missed tells of due times that were not run.
func (v *statusView) missed(n review.NotRun) string {
	text := words.Clean(n.Job) + "  " + review.DueText(n.Due, n.Due.Second() != 0)
	if n.Count > 1 {
		text += " – " + review.DueText(n.Until, n.Until.Second() != 0) + " (" + words.Thousands(n.Count) + " times)"
	}
	return text + ": " + words.FirstLine(n.Detail)
}

// signIn tells of a sign-in that somebody has to do something about.
func (v *statusView) signIn(a review.Ailing) string {
	text := words.Clean(strings.Join(a.Profiles, ", ")) + "  " + v.page.stateColour(a.First, a.First.Standing())
	if a.Wrong != "" {
		text += ": " + words.FirstLine(a.Wrong)
	}
	if used := usedBy(a.UsedBy); used != "" {
		text += " (used by " + used + ")"
	}
	if a.First.Help != nil {
		text += v.helps(*a.First.Help)
	}
	return text
}

// broken tells of a file with mistakes.
func (v *statusView) broken(f review.BrokenFile) string {
	m := f.Mistakes[0]
	text := shown(m.File)
	if m.Line > 0 {
		text += fmt.Sprintf(":%d:%d", m.Line, m.Column)
	}
	text += ": " + m.Message
	if more := len(f.Mistakes) - 1; more > 0 {
		text += " (and " + words.Plural(more, "further mistake") + ")"
	}
	return words.Clean(text) + v.helps("see: "+v.next.Validate(shown(f.File)))
}

// unended tells of a run that goes on or waits.
func (v *statusView) unended(r review.Unended, does string) string {
	text := words.Clean(r.Job) + "  run " + r.Run + " " + does
	switch {
	case r.Started != nil:
		text += " since " + r.Started.Format("15:04:05") + " (" + words.Ago(*r.Started, v.Now) + ")"
	case r.Reason != "":
		text += ": " + words.FirstLine(r.Reason)
	}
	return text
}

// due tells when a job is due next.
func (v *statusView) due(n review.NextRun) string {
	text := words.Clean(n.Job) + "  " + review.DueText(n.At, n.At.Second() != 0) + " (" + words.Ago(n.At, v.Now) + ")"
	if n.Note != "" {
		text += ": " + words.Clean(n.Note)
	}
	return text
}
