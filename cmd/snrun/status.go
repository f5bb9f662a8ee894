package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs/source"
)

func (a *app) statusCommand() *cobra.Command {
	var o output
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what is broken and since when, what is late, and what comes next",
		Long: `Show how it stands with the jobs of the project: which fail, since when and with what first error; which runs wait for somebody;
what is late or was missed; which sign-ins are needed; which files have mistakes; what runs now and what is due next. Each
comes with the command that shows more of it, or helps.

No daemon is needed for that, and no server is asked but a Temporal server that settings name, for seconds: what became of its runs, and
whether it has the schedules as they are now. Commands of secrets.exec are run. Exit code 0 also where something is wrong.`,
		Example: `  snrun status
  snrun status --json | jq -e '.failing + .late + .sign_ins == []'
  snrun status --jq '.failing[] | .job + ": " + .first.error'`,
		Args: exactly(0, "status takes no argument: history show shows a run, schedule why the due times of a job"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), o) },
	}
	o.bind(cmd, "it", review.Overview{})
	return cmd
}

// notKnown is what mistakes in the settings lead to.
const notKnown = "how it stands is not known"

func (a *app) status(ctx context.Context, out output) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	p, wrong := a.scheduledProject(notKnown)
	if p == nil && a.database == "" {
		return wrong
	}
	now := time.Now()
	v := &statusView{page: a.page(), app: a}
	o, err := a.overview(p, v, now)
	if err != nil {
		return err
	}
	v.Overview = o
	if wrong != nil {
		o.Broken = append([]review.BrokenFile{brokenFile("", errors.Unwrap(wrong))}, o.Broken...)
	}
	note := ""
	if p != nil && wrong == nil {
		if note, err = a.addSignIns(ctx, o); err != nil {
			return err
		}
	}
	if out.asJSON {
		err = a.printOutput(ctx, out, o)
	} else {
		err = a.print(v.text())
	}
	io.WriteString(a.err, note)
	if err == nil && !out.asJSON && p != nil {
		a.tellElsewhere(ctx, p, v.scheduled)
	}
	return err
}

// overview reads how it stands with the jobs of a project, with all on record where it is nil.
func (a *app) overview(p *project, v *statusView, now time.Time) (*review.Overview, error) {
	var broken []review.BrokenFile
	var list []review.Job
	var names []string
	book := &book{Book: review.Book{}}
	if p != nil {
		list = a.projectJobs(p, nil, func(file string, err error) { broken = append(broken, brokenFile(file, err)) })
		for i := range list {
			names = append(names, list[i].Job)
		}
		var err error
		if book, err = a.readBook(p, list); err != nil {
			return nil, err
		}
	}
	v.jobs = len(list)
	v.scheduled = slices.DeleteFunc(slices.Clone(list), func(j review.Job) bool { return j.Broken || len(j.Times) == 0 })
	store, next, err := a.readHistory()
	book.Commands, v.next = next, next
	o := review.NewOverview(now)
	if err != nil && !errors.Is(err, history.ErrNoRuns) {
		return nil, err
	}
	if err == nil {
		defer store.Close()
		if o, err = review.ReadOverview(store, names, now); err != nil {
			return nil, err
		}
	}
	for i := range list {
		book.Fill(&list[i], now)
	}
	o.AddJobs(list)
	o.Broken = append(o.Broken, broken...)
	if p != nil {
		unwell := ""
		if book.status != nil {
			unwell = book.status.Database
		}
		o.AddDaemon(&book.Book, unwell)
	}
	return o, nil
}

// brokenFile is a file with mistakes.
func brokenFile(file string, err error) review.BrokenFile {
	b := review.BrokenFile{File: file, Mistakes: []review.FileMistake{}}
	var all source.Errors
	if !errors.As(err, &all) || len(all) == 0 {
		b.Mistakes = append(b.Mistakes, review.FileMistake{File: file, Message: words.FirstLine(err.Error())})
		return b
	}
	for _, e := range all {
		if b.File == "" {
			b.File = absolute(e.File)
		}
		b.Mistakes = append(b.Mistakes, review.FileMistake{File: e.File, Line: e.Line, Column: e.Column, Message: e.Message, Hint: e.Hint})
	}
	return b
}

// addSignIns adds the sign-ins that somebody has to do something about. The note is why that is not known.
func (a *app) addSignIns(ctx context.Context, o *review.Overview) (note string, err error) {
	p, err := a.openProject(".")
	if p == nil || err != nil { // a secret is missing that the profiles need as they are read
		return "how it stands with the sign-ins is not known: " + words.FirstLine(err.Error()) + "\n  see: " + a.name + " auth status\n", nil
	}
	var list []review.SignIn
	used := profileUses(p)
	for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
		r, err := a.signInRecord(ctx, p, p.Profiles[name])
		if err != nil {
			return "", err
		}
		r.UsedBy = append(r.UsedBy, used[name]...)
		list = append(list, r)
	}
	o.AddSignIns(list)
	return "", nil
}
