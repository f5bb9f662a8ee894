package main

import (
	"context"
	"errors"
	"sync/atomic"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/notify"
	"snrun/engine/schedule"
	"snrun/jobs"
	"snrun/jobs/source"
)

// notifying tells people what is wrong, by the settings as they are.
type notifying struct {
	*serving
	digest  string // of the settings that now goes by
	now     atomic.Pointer[notify.Notifier]
	renewed chan struct{} // has room for one: now is another one
}

// tellPeople has those told who are to know what is wrong, as a daemon with this configuration finds out.
func (s *serving) tellPeople(c *daemon.Config) {
	n := &notifying{serving: s, renewed: make(chan struct{}, 1)}
	n.now.Store(n.notifier(nil))
	loaded, watch, scheduled, token := c.Loaded, c.Watch, c.Scheduled, c.Token
	c.Loaded = func(p *daemon.Project, names []string) {
		loaded(p, names)
		n.renew(p)
	}
	c.Watch = func(e engine.Event) {
		watch(e)
		switch e.Type {
		case engine.RunStarted:
			n.now.Load().RunStarted(e)
		case engine.RunEnded:
			n.now.Load().RunEnded(e)
		}
	}
	c.Doubted = func(e engine.Event) { n.now.Load().RunEnded(e) }
	c.Scheduled = func(e schedule.Event) {
		scheduled(e)
		n.now.Load().Scheduled(e)
	}
	c.Token = func(e auth.TokenEvent) {
		token(e)
		if e.What == auth.TokenFetched || e.What == auth.TokenRefreshed {
			n.now.Load().SignedIn(e.Profile)
		}
	}
	c.Tasks = append(c.Tasks, daemon.Task{Name: "notices", Run: n.run})
}

// renew goes by the settings of a project, where they are others than before.
func (n *notifying) renew(p *daemon.Project) {
	if p.Digest == n.digest {
		return
	}
	n.digest = p.Digest
	n.complain(p)
	n.now.Store(n.notifier(n.app.targets(&targetProject{Project: p.Project, tokens: p.Tokens, secrets: p.Secrets})))
	select {
	case n.renewed <- struct{}{}:
	default:
	}
}

// complain tells what is wrong with the targets of a project. Jobs run all the same, and what can be told is told.
func (n *notifying) complain(p *daemon.Project) {
	warnings, err := p.CheckNotify()
	var mistakes source.Errors
	errors.As(err, &mistakes)
	for _, e := range append(mistakes, warnings...) {
		n.log.Warn("somebody may not be told what is wrong", "mistake", e.Pos.String()+": "+e.Message, "hint", e.Hint) // without its line: an address there may be a secret
	}
	secrets := p.Secrets(n.redactor)
	for _, t := range p.Settings.Notify {
		for _, name := range t.Secrets() {
			if _, err := secrets.Origin(name); err != nil {
				n.log.Warn("a target cannot be told what is wrong", "target", t.Name, "error", err, "next", jobs.SecretHint(err))
			}
		}
	}
}

func (n *notifying) notifier(targets []*notify.Target) *notify.Notifier {
	return notify.New(notify.Config{
		Targets: targets, Store: n.store, Redactor: n.redactor, Commands: notifierCommands(n.next), Project: n.dir, LateAfter: n.server.LateAfter,
		UserAgent: userAgent, Log: n.log,
	})
}

// run delivers notices until the context ends.
func (n *notifying) run(ctx context.Context) error {
	for ctx.Err() == nil {
		deliver, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			n.now.Load().Run(deliver)
		}()
		select {
		case <-ctx.Done():
		case <-n.renewed:
		}
		stop()
		<-ended
	}
	return nil
}
