package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

// book is what is known of a project's jobs.
type book struct {
	review.Book
	status *daemon.Status // of the project's daemon; nil where it does not answer
	wrong  string         // what is wrong with the project's own files
}

// readBook reads what the database knows of jobs.
func (a *app) readBook(p *project, list []review.Job) (*book, error) {
	server, err := a.waitingSettings(p.Settings.Server)
	if err != nil {
		return nil, err
	}
	remote, err := a.temporalOver(p.Settings.Temporal, remoteOptions{})
	if err != nil {
		return nil, err
	}
	store, next, err := a.readHistory()
	b := &book{Book: review.Book{Commands: next, Folder: p.Dir, LateAfter: server.LateAfter, Elsewhere: remote.Address}}
	if errors.Is(err, history.ErrNoRuns) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var names []string
	for _, r := range list {
		names = append(names, r.Job)
	}
	if err := b.Read(store, names, time.Now()); err != nil {
		return nil, err
	}
	b.ask(b.Daemon())
	return b, nil
}

// ask asks the project's daemon how it stands, and what it goes on with though it has mistakes.
func (b *book) ask(d *engine.Daemon) {
	if b.status = statusOf(d); b.status == nil {
		return
	}
	b.Kept = map[string]review.Kept{}
	for _, broken := range b.status.Broken {
		if broken.Job != "" {
			b.Kept[within(b.Folder, broken.File)] = review.Kept{Since: broken.Since, Next: broken.Next}
		}
	}
}

// daemonLines say which daemons there are, the project's own first.
func (b *book) daemonLines(p page) string {
	var own, others strings.Builder
	for i := range b.Daemons {
		d := &b.Daemons[i]
		line := fmt.Sprintf("daemon %s, since %s (%s), last sign of life %s", words.Clean(d.Process), d.Started.Local().Format(time.DateTime), words.Ago(d.Started, p.now), words.Ago(d.Seen, p.now))
		if review.Hangs(d, p.now) {
			line += p.style.red(": it hangs")
		}
		if b.Owns(d) {
			own.WriteString(line + "\n")
			continue
		}
		others.WriteString(line + ", for another project: " + words.Clean(shown(d.Project)) + "\n")
	}
	switch {
	case b.Elsewhere != "":
		own.WriteString("the Temporal server at " + words.Clean(b.Elsewhere) + " runs them, as they were applied last: " + b.Commands.Program + " apply --dry-run shows what has changed since\n")
	case own.Len() == 0:
		own.WriteString("no daemon is running for this project: start one with " + b.Commands.Serve() + "\n")
	}
	return own.String() + others.String() + b.trouble(p)
}

// trouble is what is wrong with the project and with its daemon beside what is wrong with single jobs.
func (b *book) trouble(p page) string {
	text := ""
	if b.wrong != "" {
		text = p.style.red(words.Clean(b.wrong)) + "\n"
	}
	switch s := b.status; {
	case s == nil:
	case s.Database != "":
		text += p.style.red("the daemon cannot use its database: "+words.InLine(s.Database)) + "\n"
	case s.State == "draining":
		text += "the daemon is ending: it starts nothing any more\n"
	}
	return text
}
