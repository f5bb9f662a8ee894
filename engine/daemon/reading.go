package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"snrun/engine"
	"snrun/jobs"
	"snrun/jobs/source"
)

// reading is one time that the files of a project are read.
type reading struct {
	library *Library
	now     time.Time
	project *Project
	books   map[string]*edition // by file
	names   map[string]*edition
	broken  []Broken
	errs    source.Errors // all mistakes
}

// readProject reads settings and profiles. Where they have mistakes the project stays as it was; the error is that of the first time.
func (r *reading) readProject() error {
	p, err := r.library.open()
	switch {
	case err != nil && r.project == nil && r.library.bare == nil:
		return err
	case err != nil && r.project == nil:
		r.project = r.library.bare()
		r.breaks(projectFile(err, r.project), "", err)
	case err != nil:
		r.breaks(projectFile(err, r.project), "", err)
	case r.project == nil, r.project.Mistaken, p.Digest != r.project.Digest:
		r.project = p
	}
	return nil
}

// projectFile is the file that an error of settings or profiles is about.
func projectFile(err error, p *Project) string {
	var all source.Errors
	if errors.As(err, &all) && len(all) > 0 {
		return all[0].File
	}
	return p.Dir
}

// breaks notes that a file has mistakes.
func (r *reading) breaks(file, job string, err error) {
	var all source.Errors
	errors.As(err, &all)
	r.errs = append(r.errs, all...)
	for i := range r.broken {
		if r.broken[i].File == file {
			r.broken[i].Mistakes = append(r.broken[i].Mistakes, mistakesOf(file, err)...)
			return
		}
	}
	r.broken = append(r.broken, Broken{File: file, Job: job, Since: r.now, Mistakes: mistakesOf(file, err)})
}

// readJobs reads the job files, and checks those that have changed. Where the folder itself cannot be read all stays as it was.
func (r *reading) readJobs() {
	if r.project.Mistaken { // what its jobs need is not known
		return
	}
	folder := folderOf(r.project)
	if _, err := os.ReadDir(folder); err != nil && !(errors.Is(err, fs.ErrNotExist) && r.library.project == nil) {
		r.breaks(folder, "", err)
		maps.Copy(r.books, r.library.books)
		return
	}
	texts, unread := r.texts()
	var changed []string
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		if before := r.library.books[file]; before.stands(r.project, texts, file) {
			r.books[file] = before
		} else {
			changed = append(changed, file)
		}
	}
	if len(changed) > 0 {
		r.check(changed, texts)
	}
	for _, file := range slices.Sorted(maps.Keys(unread)) {
		r.keep(file, unread[file])
	}
}

// check reads the texts of files that have changed.
func (r *reading) check(changed []string, texts map[string]string) {
	problems := make([]error, len(changed))
	LoadEach(r.project.WithTexts(texts), changed, func(i int, job *jobs.Job, err error) {
		if problems[i] = err; err == nil {
			r.books[changed[i]] = r.edition(changed[i], job, texts)
		}
	})
	for i, err := range problems {
		if err != nil {
			r.keep(changed[i], err)
		}
	}
}

// edition is what is kept of a job.
func (r *reading) edition(file string, job *jobs.Job, texts map[string]string) *edition {
	e := &edition{
		project: r.project, job: job.Name, file: file, text: texts[file], schedules: job.Schedules, onInterrupt: job.OnInterrupt,
		profiles: job.Profiles,
	}
	for _, c := range job.Called() {
		e.called = append(e.called, engine.Text{File: c.File, Text: cmp.Or(texts[c.File], c.Text)}) // one copy of it
	}
	return e
}

// texts reads the job files, and gives why some could not be read.
func (r *reading) texts() (texts map[string]string, unread map[string]error) {
	texts, unread = map[string]string{}, map[string]error{}
	for _, file := range r.project.Files() {
		text, there, err := readFile(file)
		switch before := r.library.books[file]; {
		case err != nil:
			unread[file] = err
		case !there:
		case before != nil && before.text == text:
			texts[file] = before.text // so that there is one copy of it
		default:
			texts[file] = text
		}
	}
	return texts, unread
}

// keep leaves a file that has mistakes as it was before.
func (r *reading) keep(file string, err error) {
	before, job := r.library.books[file], ""
	if before != nil {
		r.books[file], job = before, before.job
	}
	r.breaks(file, job, err)
}

// stands says whether a job is what it would be if it were read again.
func (e *edition) stands(p *Project, texts map[string]string, file string) bool {
	if e == nil || e.project != p || e.text != texts[file] {
		return false
	}
	for _, c := range e.called {
		if text, there := texts[c.File]; !there || text != c.Text {
			return false
		}
	}
	return true
}

// settleNames finds the job of each name. Of several the one stays that had the name before; where none had it, none gets it: nobody knows
// which is meant.
func (r *reading) settleNames() {
	r.names = map[string]*edition{}
	files := map[string][]string{}
	for file, e := range r.books {
		files[e.job] = append(files[e.job], file)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list := files[name]
		slices.Sort(list)
		if len(list) == 1 {
			r.names[name] = r.books[list[0]]
			continue
		}
		stays := ""
		if before := r.library.named(name); before != nil && slices.Contains(list, before.file) {
			stays = before.file
			r.names[name] = r.books[stays]
		}
		r.sameName(name, list, stays)
	}
	slices.SortStableFunc(r.broken, func(a, b Broken) int { return cmp.Compare(a.File, b.File) })
}

// sameName reports files whose jobs have one name.
func (r *reading) sameName(name string, files []string, stays string) {
	for _, file := range files {
		other := files[0]
		if other == file {
			other = files[1]
		}
		err := &source.Error{Pos: source.Pos{File: file, Line: 1, Column: 1}}
		err.Message = fmt.Sprintf("the job %s is in %s too", name, other)
		err.Hint = "give each a name of its own; until then neither is run"
		job := ""
		if stays != "" {
			err.Hint = "give each a name of its own; until then the one in " + stays + " is run"
		}
		if stays == file {
			job = name
		}
		r.breaks(file, job, source.Errors{err})
	}
}

// nothing is the error where there is no job to run.
func (r *reading) nothing() error {
	if len(r.errs) > 0 {
		return r.errs
	}
	for _, b := range r.broken {
		return fmt.Errorf("%w: %s", ErrNothing, b.Mistakes[0])
	}
	return fmt.Errorf("%w: there is no job file in %s", ErrNothing, folderOf(r.project))
}
