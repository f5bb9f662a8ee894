package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

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
		if settings.Server != told || settings.Database != s.settings.Database {
			told = settings.Server
			s.log.Warn("server and database are read when the daemon starts: start it anew for what has changed there")
		}
		return s.project(settings, place)
	}, nil
}

// project reads the profiles of the project.
func (s *serving) project(settings jobs.Settings, place *store.Place) (*daemon.Project, error) {
	digest := digestOf(filepath.Join(s.dir, jobs.SettingsFile), within(s.dir, settings.Profiles))
	p, err := jobs.Open(s.dir, settings, jobs.Options{Kinds: kinds()})
	if err != nil {
		return nil, err
	}
	project := &daemon.Project{Project: p, Digest: digest, Sealer: sealerOf(place), Tokens: place}
	if s.sandbox { // whose tokens end with it
		project.Tokens = nil
	}
	project.Secrets = func(r *auth.Redactor) *auth.Secrets {
		one := *s.app
		one.redactor = r
		return one.secretsOf(s.dir, settings, place)
	}
	return project, nil
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
