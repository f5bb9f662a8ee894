package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"snrun/auth"
	"snrun/engine/daemon"
	"snrun/history/web"
	"snrun/jobs"
	"snrun/jobs/source"
)

// accessOf says by which ways pages are reached that are served by these settings, which are checked.
func accessOf(s jobs.Server) web.Access {
	a := web.Access{TLS: s.CertFile != "", Hosts: s.Hosts, Public: s.Public()}
	if s.BehindProxy != "" {
		a.External, _ = jobs.ParseExternal(s.BehindProxy)
	}
	return a
}

// certificate reads the certificate that the address has; nil where it has none.
func (s *serving) certificate() (*daemon.Certificate, error) {
	if s.server.CertFile == "" {
		return nil, nil
	}
	c, err := daemon.ReadCertificate(s.server.CertFile, s.server.KeyFile, s.log)
	if err != nil {
		return nil, &exitError{exitInvalid, err, "name the certificate and its key, both as PEM: --tls-cert, --tls-key"}
	}
	return c, nil
}

// admission lets in those whom the settings name, as they are.
type admission struct {
	*serving
	site *web.Site

	mu     sync.Mutex
	digest string // of the settings that it went by last
	people map[string]web.Person
}

// letIn has a site let in those whom the settings name, also when they are read again. An error keeps the daemon from starting.
func (s *serving) letIn(site *web.Site) error {
	place, err := s.storePlace(s.settings)
	if err != nil {
		return err
	}
	from := s.secretsOf(s.dir, s.settings, place)
	if err := s.settings.Server.CheckAccess(func(name string) error { _, err := from.Origin(name); return err }); err != nil {
		return err
	}
	a := &admission{serving: s, site: site, digest: s.digest(s.settings)}
	if problems := a.admit(s.settings.Server.Access, from); len(problems) > 0 {
		return inAccess(problems[0])
	}
	s.admission = a
	loaded := s.daemon.Loaded
	s.daemon.Loaded = func(p *daemon.Project, names []string) {
		loaded(p, names)
		a.renew(p)
	}
	return nil
}

// inAccess makes what is wrong with a password keep a daemon from starting as a mistake in the settings does.
func inAccess(err error) error {
	var mistakes source.Errors
	if errors.As(err, &mistakes) {
		return err
	}
	return &exitError{exitInvalid, err, "see server.access in snrun.yaml: each person there has a password of its own"}
}

// again has the project that is read next looked at, whether or not its settings have changed: its secrets may have.
func (a *admission) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.digest = ""
}

// renew admits those of a project that was read again.
func (a *admission) renew(p *daemon.Project) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.digest == p.Digest {
		return
	}
	a.digest = p.Digest
	before := maps.Clone(a.people)
	defer func() {
		if !maps.Equal(before, a.people) {
			a.log.Info("who may come in has changed", "people", len(a.people))
		}
	}()
	for _, err := range a.admit(p.Settings.Server.Access, p.Secrets(a.redactor)) {
		var mistakes source.Errors
		if !errors.As(err, &mistakes) {
			a.log.Error("somebody comes in as before only, if at all", "error", err)
		}
		for _, e := range mistakes {
			a.log.Error("somebody comes in as before only, if at all", "mistake", e.Pos.String()+": "+e.Message, "hint", e.Hint)
		}
	}
}

// admit lets in those of a list and nobody else. One whose password cannot be had comes in as before.
func (a *admission) admit(list []*jobs.Person, from *auth.Secrets) (problems []error) {
	people, owners := map[string]web.Person{}, map[string]string{}
	for _, p := range list {
		password, err := a.password(p, from)
		if other := owners[password]; err == nil && other != "" {
			err = fmt.Errorf("%s and %s have the same password: a program that brings it could be either", other, p.Name)
		}
		if err == nil {
			owners[password] = p.Name
			people[p.Name] = web.NewPerson(p.Name, web.Role(p.Role), password)
			continue
		}
		problems = append(problems, err)
		if before, known := a.people[p.Name]; known {
			before.Role = web.Role(p.Role)
			people[p.Name] = before
		}
	}
	a.people = people
	a.site.Admit(slices.Collect(maps.Values(people)))
	return problems
}

// password looks up the password of one, which never shows from then on.
func (a *admission) password(p *jobs.Person, from *auth.Secrets) (string, error) {
	secrets := map[string]any{}
	for _, name := range p.Secrets() {
		secret, err := from.Lookup(context.Background(), name)
		if err != nil {
			return "", err
		}
		secrets[name] = secret.Reveal()
	}
	names := map[string]any{"env": a.environment(), "secret": secrets}
	derived, err := p.Derived(names)
	if err != nil {
		return "", err
	}
	for _, text := range derived {
		a.redactor.AddDerived(text)
	}
	return p.Password(names)
}
