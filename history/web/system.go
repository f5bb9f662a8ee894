package web

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
)

// auditShown is how many actions a page lists.
const auditShown = 100

// systemPage is what the program, its database and its project are like.
type systemPage struct {
	review.System
	Audit       []history.Audit
	First, Next string
}

// system shows what the program and its database are like, and who did what.
func (s *Site) system(w http.ResponseWriter, r *http.Request) error {
	before, err := numberOf(r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	doc, err := s.systemOf(time.Now())
	if err != nil {
		return err
	}
	body := systemPage{System: *doc}
	if body.Audit, err = s.Store.Audits(history.AuditFilter{Limit: auditShown + 1}, before); err != nil {
		return err
	}
	if before > 0 {
		body.First = "/system#audit"
	}
	if len(body.Audit) > auditShown {
		body.Audit = body.Audit[:auditShown]
		body.Next = addressOf("/system", "before", strconv.FormatInt(body.Audit[auditShown-1].ID, 10)) + "#audit"
	}
	return s.show(w, r, "system", page{Title: "System", Here: "/system", Body: body, Command: s.Commands.Program + " version"})
}

// numberOf reads the number of a row that a page begins before; 0 for none.
func numberOf(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, &Problem{Status: http.StatusBadRequest, Message: "before is no number of a row: " + quoted(text), Hint: "go by the links of the page"}
	}
	return n, nil
}

// systemOf gathers what is known of the program, its database and its project.
func (s *Site) systemOf(now time.Time) (*review.System, error) {
	b, err := s.book(nil, now)
	if err != nil {
		return nil, err
	}
	doc := &review.System{
		Version: s.Version, Go: runtime.Version(), Process: daemon.ProcessName(), Started: s.started, Idle: s.Daemon.Idle, Jobs: len(s.Daemon.Jobs()),
		Daemons: b.Daemons, Keeps: []string{},
	}
	if doc.Database, err = s.Store.Extent(); err != nil {
		return nil, err
	}
	var settings jobs.Settings
	p := s.Daemon.Project()
	if p != nil {
		settings, doc.Project, doc.Keeps = p.Settings, p.Dir, review.Keeps(p.Settings.Keep)
	}
	doc.Settings = s.settings(settings)
	newest, err := s.newest()
	if err != nil {
		return nil, err
	}
	doc.Checks = append(review.CheckDatabase(doc.Database, s.Daemon.Unwell()), b.CheckDaemon(now), review.CheckClock(newest, now))
	doc.Checks = append(doc.Checks, s.checkKey(p), s.checkFolder(p), s.checkFiles())
	return doc, nil
}

// newest gives when the newest run came to be.
func (s *Site) newest() (time.Time, error) {
	runs, err := s.Store.Runs(history.Filter{Limit: 1})
	if err != nil || len(runs) == 0 {
		return time.Time{}, err
	}
	return engine.TimeOf(runs[0].ID), nil
}

// settings are those in force. None of them is a secret.
func (s *Site) settings(p jobs.Settings) []review.Setting {
	list := []review.Setting{
		{Name: "jobs", Value: p.Jobs}, {Name: "profiles", Value: p.Profiles}, {Name: "secrets.dir", Value: p.SecretsDir},
		{Name: "server.listen", Value: orNone(s.Daemon.Listen)}, {Name: "server.max_runs", Value: number(s.Daemon.MaxRuns)},
		{Name: "server.max_queue", Value: number(s.Daemon.MaxQueue)}, {Name: "server.grace", Value: jobs.FormatDuration(s.Daemon.Grace)},
		{Name: "server.late_after", Value: jobs.FormatDuration(s.Daemon.LateAfter)},
	}
	var told []string
	for _, n := range p.Notify {
		told = append(told, n.Name+" ("+n.Type+")")
	}
	return append(list, review.Setting{Name: "notify", Value: orNone(strings.Join(told, ", "))})
}

func number(n int) string { return words.Thousands(n) }

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// checkKey looks whether tokens and secrets can be kept.
func (s *Site) checkKey(p *daemon.Project) review.Check {
	c := review.Check{Name: "key", Ok: true, Says: "tokens and secrets are kept, encrypted"}
	switch {
	case p == nil || p.Tokens == nil:
		c.Says = "tokens end with this process"
	default:
		if err := p.Tokens.CheckKey(); err != nil {
			c.Ok, c.Says, c.Help = false, "tokens are not kept: "+err.Error(), "make a key: "+s.Commands.Program+" key new FILE, and paste the line that it prints"
		}
	}
	return c
}

// checkFolder looks whether the folder of the jobs can be read.
func (s *Site) checkFolder(p *daemon.Project) review.Check {
	if p == nil {
		return review.Check{Name: "jobs", Says: "the project cannot be read"}
	}
	folder := p.Settings.Jobs
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(p.Dir, folder)
	}
	if _, err := os.ReadDir(folder); err != nil {
		return review.Check{Name: "jobs", Says: "their folder cannot be read: " + err.Error(), Help: "make the folder, or name another one: jobs in snrun.yaml"}
	}
	return review.Check{Name: "jobs", Ok: true, Says: folder}
}

// checkFiles looks whether files have mistakes.
func (s *Site) checkFiles() review.Check {
	broken := s.Daemon.Broken()
	if len(broken) == 0 {
		return review.Check{Name: "files", Ok: true, Says: "none has mistakes"}
	}
	return review.Check{
		Name: "files", Says: fmt.Sprintf("%s with mistakes: %s", words.Plural(len(broken), "file"), mistakesText(broken[0].Mistakes)),
		Help: "see: " + s.Commands.Program + " validate",
	}
}

// subjectLink is what something was done to, and where that is shown.
type subjectLink struct{ Text, Link string }

// subject tells what an action was about.
func subject(text string) subjectLink {
	kind, name, _ := strings.Cut(text, ":")
	switch kind {
	case "run", "job":
		return subjectLink{kind + " " + name, path(kind+"s", name)}
	case "profile":
		return subjectLink{kind + " " + name, "/profiles#profile-" + name}
	}
	return subjectLink{Text: text}
}
