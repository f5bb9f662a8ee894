package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// Called gives the jobs that the job calls, and those that they call, sorted by file, each once.
func (j *Job) Called() []*Job {
	seen := map[string]bool{j.File: true}
	var all []*Job
	var gather func(list []*Job)
	gather = func(list []*Job) {
		for _, c := range list {
			if !seen[c.File] {
				seen[c.File] = true
				all = append(all, c)
				gather(c.calls)
			}
		}
	}
	gather(j.calls)
	sort.Slice(all, func(a, b int) bool { return all[a].File < all[b].File })
	return all
}

// library reads the jobs that a job calls, each once.
type library struct {
	project *Project
	files   []string           // of the project, once they were looked for
	names   map[string]string  // of the jobs, by file
	read    map[string]*called // by file, and the inputs that are secret
	rings   map[*source.Error]bool
}

// link is a job in a chain of those that call each other, and where it calls the next.
type link struct {
	name string
	at   *source.Node
}

func newLibrary(p *Project) *library {
	return &library{project: p, names: map[string]string{}, read: map[string]*called{}, rings: map[*source.Error]bool{}}
}

// called is a job that was read for a call.
type called struct {
	job      *Job
	used     usage
	mistakes source.Errors
}

// calledJob reads the job of a name, which stands at a node. Secret names its inputs that are computed from secrets. It
// gives nil where the job cannot be called, which is reported; what is wrong with its own file is reported there.
func (d *decoder) calledJob(at *source.Node, name string, secret []string) *Job {
	chain := slices.Clone(d.chain)
	chain[len(chain)-1].at = at
	if d.ring(chain, name) {
		return nil
	}
	file := d.library.find(d, at, name)
	if file == "" {
		return nil
	}
	c, err := d.library.load(d, append(chain, link{name: name}), file, secret)
	if err != nil {
		d.r.Errorf(at, "the job %q cannot be read: %s", name, err)
		return nil
	}
	if len(c.mistakes) > 0 {
		d.notCallable(at, name, c.mistakes, secret)
		return nil
	}
	d.used.merge(c.used)
	if !slices.Contains(d.calls, c.job) {
		d.calls = append(d.calls, c.job)
	}
	return c.job
}

// ring reports a job that would run as a part of itself, where it first calls another.
func (d *decoder) ring(chain []link, name string) bool {
	first := slices.IndexFunc(chain, func(l link) bool { return l.name == name })
	if first < 0 {
		return false
	}
	var names []string
	for _, l := range chain[first:] {
		names = append(names, l.name)
	}
	e := d.r.Errorf(chain[first].at, "a job cannot run as a part of itself: %s", strings.Join(append(names, name), " calls "))
	e.Hint = "move what both need into a job of its own"
	d.library.rings[e] = true
	return true
}

// notCallable reports the mistakes of a job that is called, each at its own place, and the call: it needs no mention where
// there is nothing but a ring of calls that it is a part of.
func (d *decoder) notCallable(at *source.Node, name string, mistakes source.Errors, secret []string) {
	own := false
	for _, e := range mistakes {
		d.r.Add(e)
		own = own || !d.library.rings[e]
	}
	if own {
		e := d.r.Errorf(at, "the job %q cannot be called, as it has mistakes itself", name)
		if e.Hint = "they are told at their own places"; len(secret) > 0 {
			e.Hint += "; its inputs hold a secret here: " + strings.Join(secret, ", ")
		}
	}
}

// load reads the job in a file, the last of a chain.
func (l *library) load(d *decoder, chain []link, file string, secret []string) (*called, error) {
	key := file + "\x00" + strings.Join(secret, " ")
	if c := l.read[key]; c != nil {
		return c, nil
	}
	data, err := l.project.read(file)
	if err != nil {
		return nil, err
	}
	inner := newDecoder(d.kinds, d.profiles)
	inner.library, inner.known, inner.chain, inner.secret = l, d.known, chain, secret
	c := &called{job: inner.job(display(file), data), used: inner.used}
	errors.As(inner.err(), &c.mistakes)
	l.read[key] = c
	return c, nil
}

// find gives the file of the job of a name: in the project, else beside the file that calls it. "" where there is none,
// which is reported.
func (l *library) find(d *decoder, at *source.Node, name string) string {
	if strings.ContainsAny(name, `/\`) || isYAML(name) {
		d.r.Errorf(at, "call takes the name of a job, not its file").Hint = "write job: " + baseName(name)
		return ""
	}
	kept := l.project.keptAs(name)
	switch {
	case len(kept) == 1:
		return kept[0]
	case len(kept) > 1:
		d.severalNamed(at, name, kept)
		return ""
	}
	if l.files == nil {
		l.files = l.project.Files()
	}
	files, folder := l.files, l.project.path(l.project.Settings.Jobs)
	if len(files) == 0 {
		folder = filepath.Dir(d.file)
	}
	named := l.filesOf(files, name)
	if len(named) == 0 {
		files = append(slices.Clip(files), l.project.filesBeside(filepath.Dir(d.file))...)
		named = l.filesOf(files, name)
	}
	switch len(named) {
	case 1:
		return named[0]
	case 0:
		names := make([]string, len(files))
		for i, file := range files {
			names[i] = l.name(file)
		}
		slices.Sort(names)
		d.r.Errorf(at, "there is no job %q in %s", name, display(folder)).Hint = steps.Hint(name, slices.Compact(names))
	default:
		d.severalNamed(at, name, named)
	}
	return ""
}

// severalNamed reports a name that more than one job has.
func (d *decoder) severalNamed(at *source.Node, name string, files []string) {
	d.r.Errorf(at, "%d jobs have the name %q", len(files), name).Hint = fmt.Sprintf("give each its own: %s and %s", display(files[0]), display(files[1]))
}

// name is that of the job in a file.
func (l *library) name(file string) string {
	name, known := l.names[file]
	if !known {
		name = l.project.NameOf(file)
		l.names[file] = name
	}
	return name
}

// filesOf gives the files of the jobs that have a name.
func (l *library) filesOf(files []string, name string) []string {
	var named []string
	for _, file := range files {
		if l.name(file) == name {
			named = append(named, file)
		}
	}
	return named
}

// filesBeside gives the files of jobs in one folder, sorted.
func (p *Project) filesBeside(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var files []string
	for _, e := range entries {
		file := filepath.Join(dir, e.Name())
		if !e.IsDir() && isYAML(file) && e.Name() != SettingsFile && e.Name() != filepath.Base(p.Settings.Profiles) {
			files = append(files, file)
		}
	}
	return files
}

// merge adds what another job needs.
func (u *usage) merge(other usage) {
	for name := range other.profiles {
		u.profiles[name] = true
	}
	u.secrets = append(u.secrets, other.secrets...)
	u.env = append(u.env, other.env...)
}
