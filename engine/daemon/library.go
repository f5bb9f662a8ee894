package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/jobs"
	"snrun/jobs/source"
)

// Project is a project as its settings and profiles were at one time.
type Project struct {
	*jobs.Project
	Digest string // of both: where it is the same, so are they
	// Secrets gives those of one run, which has the Redactor mask them: a secret may be another one for the next.
	Secrets func(*auth.Redactor) *auth.Secrets
	Tokens  *store.Place  // where tokens are kept; nil for nowhere
	Sealer  engine.Sealer // encrypts what the journal keeps of secrets; nil without a key
	// Mistaken says that it stands in for one whose settings or profiles have mistakes: no job of it can be run.
	Mistaken bool
	// Elsewhere names the server that runs the jobs by their schedules; "" for the daemon itself.
	Elsewhere string
}

// Library keeps the jobs of a project as texts, each as it was when its file had no mistakes last, with the texts of the jobs that
// it calls and the profiles of that time. It is safe for concurrent use.
type Library struct {
	open func() (*Project, error)
	bare func() *Project // stands in for a project that cannot be read; nil: that is an error
	// jobless says that the files of jobs are of no use: it has the project alone.
	jobless bool

	reading sync.Mutex // held by who reads the files
	mu      sync.RWMutex
	project *Project            // the last one without mistakes
	books   map[string]*edition // by file
	names   map[string]*edition // by the name of the job
	jobs    []schedule.Job      // the same for a scheduler, sorted by name
	broken  []Broken
}

// edition is a job as it was when its file had no mistakes last.
type edition struct {
	project     *Project
	job         string
	file        string
	text        string
	called      []engine.Text
	schedules   []jobs.Schedule
	onInterrupt string
	profiles    []string // that it uses
}

// mayOverlap says whether runs of the job may go on beside each other.
func (e *edition) mayOverlap() bool { return MayOverlap(e.schedules) }

// Broken is a file with mistakes.
type Broken struct {
	File     string     `json:"file"`
	Job      string     `json:"job,omitempty"` // that goes on as it was before; "" for none
	Since    time.Time  `json:"since"`
	Mistakes []Mistake  `json:"mistakes"`
	Next     *time.Time `json:"next,omitempty"` // in a Status: when that job is due next
}

// Mistake is one mistake in a file.
type Mistake struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// String is the mistake with its place. Unlike that of a source.Error it has not the line of the file, in which a secret may stand.
func (m Mistake) String() string {
	if m.Line == 0 {
		return m.File + ": " + m.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Message)
}

// Change is what reading the files anew has changed.
type Change struct {
	Added, Changed, Removed []string // jobs, sorted
	Broken                  []Broken // files that have other mistakes than before
	Mended                  []string // files that had mistakes
	Project                 bool     // settings or profiles are others than before
}

// Any says whether anything is other than before.
func (c Change) Any() bool {
	return len(c.Added)+len(c.Changed)+len(c.Removed)+len(c.Broken)+len(c.Mended) > 0
}

// ErrNothing is the error of the first Load where the project has no job that could be run.
var ErrNothing = errors.New("no job can be run")

// NewLibrary makes an empty library of the project that open reads.
func NewLibrary(open func() (*Project, error)) *Library {
	return &Library{open: open, books: map[string]*edition{}, names: map[string]*edition{}}
}

// Load reads the project's files. What has not changed is not checked again. A file with mistakes stays as it was before and is
// among the Broken ones. The error is that of the first time, where there is no job without mistakes: of type source.Errors, or
// ErrNothing where there is no file.
func (l *Library) Load(now time.Time) (Change, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	r := &reading{library: l, now: now, project: l.project, books: map[string]*edition{}}
	if err := r.readProject(); err != nil {
		return Change{}, err
	}
	if !l.jobless {
		r.readJobs()
	}
	r.settleNames()
	if l.project == nil && l.bare == nil && !l.jobless && len(r.names) == 0 {
		return Change{}, r.nothing()
	}
	return l.take(r), nil
}

// take puts what was read in place of what was there.
func (l *Library) take(r *reading) Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := Change{Project: l.project != nil && l.project != r.project}
	for _, name := range slices.Sorted(maps.Keys(r.names)) {
		switch before := l.names[name]; {
		case before == nil:
			c.Added = append(c.Added, name)
		case before != r.names[name]:
			c.Changed = append(c.Changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.names)) {
		if r.names[name] == nil {
			c.Removed = append(c.Removed, name)
		}
	}
	c.Broken, c.Mended = compare(l.broken, r.broken)
	l.project, l.books, l.names, l.broken, l.jobs = r.project, r.books, r.names, r.broken, listed(r.project, r.names)
	return c
}

// compare gives the files that have other mistakes than before, and those that have none any more. Of those that have the same
// it is kept since when.
func compare(before, now []Broken) (news []Broken, mended []string) {
	known := map[string]Broken{}
	for _, b := range before {
		known[b.File] = b
	}
	for i, b := range now {
		was, wasBroken := known[b.File]
		if wasBroken {
			now[i].Since = was.Since
		}
		if !wasBroken || !slices.Equal(was.Mistakes, b.Mistakes) {
			news = append(news, now[i])
		}
		delete(known, b.File)
	}
	return news, slices.Sorted(maps.Keys(known))
}

// Jobs gives the jobs as a scheduler knows them, sorted by name.
func (l *Library) Jobs() []schedule.Job {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.jobs)
}

// listed gives jobs as a scheduler knows them, sorted by name: without schedules where it is not to run them by these.
func listed(project *Project, names map[string]*edition) []schedule.Job {
	list := make([]schedule.Job, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		e := names[name]
		job := schedule.Job{Name: e.job, File: e.file, Schedules: e.schedules}
		if project.Elsewhere != "" {
			job.Schedules = nil
		}
		list = append(list, job)
	}
	return list
}

// usedBy gives the names of the jobs that use each profile, sorted.
func (l *Library) usedBy() map[string][]string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	used := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(l.names)) {
		for _, profile := range l.names[name].profiles {
			used[profile] = append(used[profile], name)
		}
	}
	return used
}

// Names gives the names of the jobs, sorted.
func (l *Library) Names() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Sorted(maps.Keys(l.names))
}

// Broken gives the files with mistakes, sorted.
func (l *Library) Broken() []Broken {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.broken)
}

// due completes Broken by when the jobs are due next that go on as they were.
func (l *Library) due(list []Broken, now time.Time) []Broken {
	for i := range list {
		e := l.named(list[i].Job)
		if e == nil {
			continue
		}
		for _, s := range e.schedules {
			zone := s.Zone
			if zone == nil {
				zone = time.Local
			}
			slot, comes := s.Next(now.In(zone))
			if comes && (list[i].Next == nil || slot.At.Before(*list[i].Next)) {
				list[i].Next = &slot.At
			}
		}
	}
	return list
}

// Project gives the project as it is now.
func (l *Library) Project() *Project {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.project
}

// named gives the job of a name, nil where there is none.
func (l *Library) named(name string) *edition {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.names[name]
}

// parse gives the job itself.
func (e *edition) parse() (*jobs.Job, error) {
	texts := make(map[string]string, 1+len(e.called))
	texts[e.file] = e.text
	for _, c := range e.called {
		texts[c.File] = c.Text
	}
	return e.project.WithTexts(texts).Load(e.file)
}

// mistakesOf gives what an error says of a file.
func mistakesOf(file string, err error) []Mistake {
	var all source.Errors
	if !errors.As(err, &all) {
		return []Mistake{{File: file, Message: err.Error()}}
	}
	var list []Mistake
	for _, e := range all {
		if !e.Warning {
			list = append(list, Mistake{e.File, e.Line, e.Column, e.Message, e.Hint})
		}
	}
	return list
}

// readFile gives what is in a file. It is not there where it was removed since it was listed.
func readFile(file string) (text string, there bool, err error) {
	data, err := jobs.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return string(data), true, err
}

// folderOf gives the folder of the project's jobs.
func folderOf(p *Project) string {
	if filepath.IsAbs(p.Settings.Jobs) {
		return p.Settings.Jobs
	}
	return filepath.Join(p.Dir, p.Settings.Jobs)
}
