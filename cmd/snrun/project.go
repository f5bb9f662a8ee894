package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
)

// project is a folder of jobs with all that running them needs.
type project struct {
	*jobs.Project
	store   *store.Place // where secrets and tokens are kept; nil where the settings name no place for it
	secrets *auth.Secrets
	missing map[string]string // the secrets that cannot be had, by what was said of each
}

// openProject reads the project that a folder is in. Where its files have mistakes the error is of type source.Errors;
// the project can be used to look for further ones, unless it is nil.
func (a *app) openProject(from string) (*project, error) {
	dir, settings, err := a.settings(from)
	if err != nil {
		return nil, err
	}
	p := &project{missing: map[string]string{}}
	var exit *exitError
	p.store, err = a.storePlace(settings)
	if errors.As(err, &exit) && exit.code == exitUsage { // where the history has no place either, a run says so
		return nil, err
	}
	p.secrets = a.secretsOf(dir, settings, p.store)
	p.Project, err = jobs.Open(dir, settings, jobs.Options{Kinds: kinds(), Secret: p.hasSecret})
	if p.Project == nil {
		return nil, err
	}
	return p, err
}

// secretsOf gives the secrets of the project in dir.
func (a *app) secretsOf(dir string, s jobs.Settings, place *store.Place) *auth.Secrets {
	return auth.NewSecrets(auth.SecretsOptions{
		Environ: a.environ, Dir: s.SecretsDir, Exec: s.SecretsExec, ExecDir: dir, Store: place, Program: a.name, Redactor: a.redactor,
	})
}

// givenSecrets gives the secrets that the project was opened with.
func (p *project) givenSecrets() *auth.Secrets { return p.secrets }

// hasSecret says why a secret cannot be had, nil when it can. It runs no command for it.
func (p *project) hasSecret(name string) error {
	_, err := p.secrets.Origin(name)
	if err != nil {
		p.missing[err.Error()] = name
	}
	return err
}

// needsSandbox says whether one of the missing secrets is of those that `run --sandbox` brings along.
func (p *project) needsSandbox() bool {
	for _, name := range p.missing {
		if slices.Contains(sandboxSecrets[:], name) {
			return true
		}
	}
	return false
}

// settings gives the project's folder and its settings: what a flag or a variable says goes before snrun.yaml.
func (a *app) settings(from string) (dir string, s jobs.Settings, err error) {
	if dir, err = a.projectFolder(from); err != nil {
		return "", s, err
	}
	if s, err = jobs.ReadSettings(dir); err != nil {
		a.hideSettings(dir) // a mistake is shown with its line
		return "", s, err
	}
	s.SecretsDir = within(dir, s.SecretsDir)
	s.Database = databaseAt(dir, s.Database)
	s.Server.CertFile, s.Server.KeyFile = within(dir, s.Server.CertFile), within(dir, s.Server.KeyFile)
	for _, file := range []*string{&s.Temporal.TLS.CAFile, &s.Temporal.TLS.CertFile, &s.Temporal.TLS.KeyFile} {
		*file = within(dir, *file)
	}
	for _, f := range []struct {
		setting *string
		flag    string
	}{{&s.Jobs, a.jobs}, {&s.Profiles, a.profiles}, {&s.SecretsDir, a.secretsDir}} {
		if f.flag == "" {
			continue
		}
		if *f.setting, err = filepath.Abs(f.flag); err != nil {
			return "", s, err
		}
	}
	if a.database != "" {
		s.Database = absoluteDatabase(a.database)
	}
	if a.profiles != "" && !isFound(s.Profiles) {
		return "", s, usageError("name the file that holds the profiles", "--profiles %s: there is no such file", words.Argument(a.profiles))
	}
	return dir, s, nil
}

// projectFolder gives the project that --project names, else the one that a folder is in.
func (a *app) projectFolder(from string) (string, error) {
	if a.project == "" {
		dir, err := filepath.Abs(from)
		return jobs.FindProject(dir), err
	}
	info, err := os.Stat(a.project)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", usageError("name the folder that holds snrun.yaml", "--project %s: there is no such folder", words.Argument(a.project))
	case err != nil:
		return "", usageError("", "--project: %w", err)
	case !info.IsDir():
		return "", usageError("name the folder that holds snrun.yaml", "--project %s is not a folder", words.Argument(a.project))
	}
	return filepath.Abs(a.project)
}

// isFound says whether there is a file or folder of a name.
func isFound(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// within gives a path that may be relative to a folder.
func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// invalid makes mistakes in files end the program as such, below what they led to; other errors stay as they are.
func invalid(outcome string, err error) error {
	var mistakes source.Errors
	if errors.As(err, &mistakes) {
		return &exitError{code: exitInvalid, err: fmt.Errorf("%s:\n\n%w", outcome, mistakes)}
	}
	return err
}
