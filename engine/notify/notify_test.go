package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/notify"
	"snrun/engine/schedule"
	"snrun/history"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/steptest"
)

// targetsOf reads targets as they stand under notify, with what they see. `BASE` in env is the address of a server.
func targetsOf(t *testing.T, text, base string, secrets map[string]any) []*notify.Target {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, jobs.SettingsFile), []byte("version: 1\nnotify:\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := jobs.ReadSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []*notify.Target
	for _, n := range s.Notify {
		list = append(list, &notify.Target{Notify: n, Open: func(_ context.Context, masks *auth.Redactor) (*notify.Opened, error) {
			for _, text := range secrets {
				masks.Add(fmt.Sprint(text))
			}
			names := map[string]any{"env": map[string]any{"BASE": base}, "secret": secrets}
			o := &notify.Opened{Names: names, Clients: steptest.NewClients(t), Close: func() {}}
			if n.Profile == "" {
				return o, nil
			}
			var err error
			o.Base, err = url.Parse(base)
			return o, err
		}})
	}
	return list
}

// over has all targets told over the clients given.
func over(targets []*notify.Target, clients steps.Clients) {
	for _, target := range targets {
		open := target.Open
		target.Open = func(ctx context.Context, masks *auth.Redactor) (*notify.Opened, error) {
			o, err := open(ctx, masks)
			o.Clients = clients
			return o, err
		}
	}
}

// allKinds is a target that is told everything.
const allKinds = "  {type: webhook, url: http://hooks.example.com/all}\n"

// openHistory opens the history in a folder until the end of the test.
func openHistory(t *testing.T, dir string) *history.Store {
	t.Helper()
	s, err := history.Open(filepath.Join(dir, "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // some tests close it themselves
	return s
}

// configOf is a Notifier's configuration over a history, for what the targets' profiles do not matter to.
func configOf(t *testing.T, s *history.Store, targets []*notify.Target) notify.Config {
	return notify.Config{
		Targets: targets, Store: s, Redactor: auth.NewRedactor(), Project: "/srv/jobs",
		Commands: notify.Commands{
			Run:     func(run string) string { return "snrun history show " + run },
			Job:     func(job string) string { return "snrun schedule why " + job },
			Profile: func(profile string) string { return "snrun auth test " + profile },
		},
	}
}

// ran records a run that has ended, and gives it.
func ran(t *testing.T, s *history.Store, id, job string, status engine.Status) *engine.Run {
	t.Helper()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	run := &engine.Run{ID: id, Job: job, Trigger: engine.TriggerSchedule, Due: at, Started: at, File: "job.yaml"}
	if err := s.Begin(run); err != nil {
		t.Fatal(err)
	}
	run.Status, run.Ended = status, at.Add(time.Minute)
	if status == engine.Failed {
		run.Error = &steps.Error{Kind: steps.Status, Message: "503 Service Unavailable", Step: "alerts", Status: 503}
	}
	if err := s.Finish(run); err != nil {
		t.Fatal(err)
	}
	return run
}

// end tells of a run that has ended, with calls in doubt or without.
func end(n *notify.Notifier, run *engine.Run, inDoubt bool) {
	e := engine.Event{Type: engine.RunEnded, Run: run.ID, Job: run.Job, Status: run.Status, Error: run.Error}
	if inDoubt {
		e.InDoubt = []string{"/call"}
	}
	n.RunEnded(e)
}

// posted gives the notices that wait, the oldest first.
func posted(t *testing.T, s *history.Store) []notify.Notice {
	t.Helper()
	posts, err := s.Posts()
	if err != nil {
		t.Fatal(err)
	}
	var list []notify.Notice
	for _, p := range posts {
		var n notify.Notice
		if err := json.Unmarshal(p.Notice, &n); err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// kindsOf gives the kinds of notices and whom they are about, in one line.
func kindsOf(list []notify.Notice) string {
	var words []string
	for _, n := range list {
		word := n.Kind + " " + n.Job + n.Profile
		if n.Was != "" {
			word += " was " + n.Was
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// running runs a Notifier until the function that it gives is called, at the end of the test at the latest.
func running(t *testing.T, n *notify.Notifier) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// scheduledLate is the event of a run that waits too long.
func scheduledLate(message string) schedule.Event {
	return schedule.Event{Type: schedule.RunLate, Job: "late_sync", Run: "r2", Message: message}
}
