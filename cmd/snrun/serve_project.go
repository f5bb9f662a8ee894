package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"reflect"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/engine/daemon"
	"snrun/jobs"
)

// projects gives the function that reads the project again, each time that it is called. Tokens and secrets stay in the same place:
// that of the database, which is not changed while the daemon runs.
func (s *serving) projects() (func() (*daemon.Project, error), error) {
	place, err := s.storePlace(s.settings)
	if err != nil {
		return nil, err
	}
	told := s.settings.Server
	return func() (*daemon.Project, error) {
		_, settings, err := s.app.settings(s.dir)
		if err != nil {
			return nil, err
		}
		if !startsAlike(settings.Server, told) || settings.Database != s.settings.Database {
			told = settings.Server
			s.log.Warn("server, but for access, and database are read when the daemon starts: start it anew for what has changed there")
		}
		return s.project(settings, place)
	}, nil
}

// startsAlike says whether a daemon is started alike with both settings: who may come in is read again while it runs.
func startsAlike(a, b jobs.Server) bool {
	a.Access, b.Access = nil, nil
	return reflect.DeepEqual(a, b)
}

// project reads the profiles of the project.
func (s *serving) project(settings jobs.Settings, place *store.Place) (*daemon.Project, error) {
	digest := s.digest(settings) // before they are read: a change meanwhile is seen next time
	p, err := jobs.Open(s.dir, settings, jobs.Options{Kinds: kinds()})
	if err != nil {
		return nil, err
	}
	project := &daemon.Project{Project: p, Digest: digest, Sealer: sealerOf(place), Tokens: place}
	if s.sandbox { // whose tokens end with it
		project.Tokens = nil
	} else if remote, err := s.temporalOver(settings.Temporal, remoteOptions{}); err != nil {
		return nil, err
	} else {
		project.Elsewhere = remote.Address
	}
	if s.fires && project.Elsewhere != "" && project.Elsewhere != s.elsewhere {
		s.log.Info("jobs are run by their schedules there and not here", "temporal", project.Elsewhere, "see", s.name+" apply")
	}
	s.elsewhere = project.Elsewhere
	project.Secrets = func(r *auth.Redactor) *auth.Secrets {
		one := *s.app
		one.redactor = r
		return one.secretsOf(s.dir, settings, place)
	}
	return project, nil
}

// digest tells the settings and profiles of the project from those before.
func (s *serving) digest(settings jobs.Settings) string {
	return digestOf(filepath.Join(s.dir, jobs.SettingsFile), within(s.dir, settings.Profiles))
}

// digestOf tells the contents of files apart.
func digestOf(files ...string) string {
	all := sha256.New()
	for _, file := range files {
		data, _ := jobs.ReadFile(file)
		one := sha256.Sum256(data)
		all.Write(one[:])
	}
	return hex.EncodeToString(all.Sum(nil))
}
