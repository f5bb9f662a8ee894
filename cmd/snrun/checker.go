package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snrun/jobs"
	"snrun/jobs/source"
)

// checker collects the mistakes of files. Each file is checked once, with the project that it is in.
type checker struct {
	*app
	projects map[string]*project // by folder; nil for one whose settings have mistakes
	seen     map[string]bool     // files, by their absolute path
	said     map[string]bool     // secrets, once one is told to be missing
	told     map[string]bool     // mistakes: those of a job that others call are found with theirs too
	mistakes source.Errors
	files    int // how many were checked
	errors   int // how many of the mistakes are no warnings
}

func newChecker(a *app) *checker {
	return &checker{app: a, projects: map[string]*project{}, seen: map[string]bool{}, said: map[string]bool{}, told: map[string]bool{}}
}

// path checks a file, or all files of a folder.
func (c *checker) path(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usageError("see: "+c.app.name+" validate --help", "there is no file or folder %s", path)
	case err != nil:
		return err
	case !info.IsDir():
		return c.file(path)
	}
	if _, err := os.Stat(filepath.Join(path, jobs.SettingsFile)); err == nil {
		return c.project(path)
	}
	return c.folder(path)
}

// project checks the settings, the profiles and all jobs of the project that a folder is in.
func (c *checker) project(from string) error {
	p, err := c.open(from)
	if p == nil || err != nil {
		return err
	}
	for _, file := range p.Files() {
		if err := c.job(p, file); err != nil {
			return err
		}
	}
	return nil
}

// folder checks the files in a folder and below.
func (c *checker) folder(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != dir && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && isYAML(path):
			return c.file(path)
		}
		return nil
	})
}

// file checks a job; settings and profiles are checked with their project.
func (c *checker) file(path string) error {
	p, err := c.open(filepath.Dir(path))
	if p == nil || err != nil {
		return err
	}
	switch full := absolute(path); full {
	case absolute(within(p.Dir, p.Settings.Profiles)), filepath.Join(absolute(p.Dir), jobs.SettingsFile):
		return nil
	}
	return c.job(p, path)
}

// open reads the project that a folder is in, and keeps the mistakes of its settings and profiles. It gives nil when the
// settings have mistakes.
func (c *checker) open(from string) (*project, error) {
	dir, err := c.projectFolder(from)
	if err != nil {
		return nil, err
	}
	if p, ok := c.projects[dir]; ok {
		return p, nil
	}
	p, err := c.openProject(from)
	c.projects[dir] = p
	if p != nil {
		c.count(within(p.Dir, p.Settings.Profiles))
		c.mistakes = append(append(c.mistakes, p.CheckKeep()...), p.Warnings...)
	}
	c.count(filepath.Join(dir, jobs.SettingsFile))
	if p == nil {
		return p, c.keep(p, err)
	}
	warnings, notifyErr := p.CheckNotify()
	c.mistakes = append(c.mistakes, warnings...)
	return p, errors.Join(c.keep(p, err), c.keep(p, notifyErr), c.keep(p, p.Settings.Server.CheckAccess(p.hasSecret)))
}

func (c *checker) job(p *project, file string) error {
	if full := absolute(file); c.seen[full] {
		return nil
	}
	c.count(file)
	_, err := p.Load(file)
	return c.keep(p, err)
}

// count counts a file that is there.
func (c *checker) count(file string) {
	if _, err := os.Stat(file); err == nil && !c.seen[absolute(file)] {
		c.seen[absolute(file)] = true
		c.files++
	}
}

// keep takes the mistakes out of an error; it gives back an error of another kind.
func (c *checker) keep(p *project, err error) error {
	var mistakes source.Errors
	if !errors.As(err, &mistakes) {
		return err
	}
	for _, e := range mistakes {
		if p != nil && p.missing[e.Message] != "" {
			c.missing(p.missing[e.Message], e)
			continue
		}
		place := e.Pos.String() + e.Message
		if c.told[place] {
			continue
		}
		c.told[place] = true
		if !e.Warning {
			c.errors++
		}
		c.mistakes = append(c.mistakes, e)
	}
	return nil
}

// missing keeps that a secret is not on this machine, once, as a warning: no file is wrong for that. The sandbox's
// secrets come with the sandbox.
func (c *checker) missing(secret string, e *source.Error) {
	if c.said[secret] || slices.Contains(sandboxSecrets[:], secret) {
		return
	}
	c.said[secret] = true
	e.Warning = true
	c.mistakes = append(c.mistakes, e)
}

// absolute gives a path from the root; the path itself where the current folder is gone.
func absolute(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return full
}

func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}
