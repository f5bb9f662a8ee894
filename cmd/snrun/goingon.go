package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
)

// notGoneOn is what mistakes in the files of a job lead to whose run was to go on.
const notGoneOn = "the run does not go on"

// historyOf opens the history in which a person looks for a run.
func (a *app) historyOf(ref string) (*history.Store, review.Commands, error) {
	store, next, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		err = &exitError{exitFailed, fmt.Errorf("run %q: there are no runs yet", ref), "start one: " + a.name + " run JOB; another database is named with --db FILE"}
	}
	return store, next, err
}

// pastRun reads a run, and gives the file of its history.
func (a *app) pastRun(ref string) (file string, run *engine.Run, err error) {
	if file, err = a.historyFile(); err != nil {
		return "", nil, err
	}
	store, next, err := a.historyOf(ref)
	if err != nil {
		return "", nil, err
	}
	defer store.Close()
	id, err := store.Find(ref)
	if err != nil {
		return "", nil, unfound(next, err)
	}
	run, err = store.Run(id)
	return file, run, err
}

// past is the job of a run as it was when the run began, and what became of it.
type past struct {
	run     *engine.Run
	project *project          // in which the job is
	texts   map[string]string // as they were, by their files: of the job and of those that it calls
	origin  string            // the job's file
	file    string            // where the job is now, "" where it is nowhere
	wrong   error             // the mistakes in the project's own files
}

// pastOf finds out what became of a run's job. The error is one that no other text of the job would mend.
func (a *app) pastOf(run *engine.Run) (*past, error) {
	from := "."
	if dir := filepath.Dir(run.File); filepath.IsAbs(run.File) && isFound(dir) { // else the project was moved: perhaps to here
		from = dir
	}
	p, err := a.openProject(from)
	if p == nil {
		return nil, invalid(notGoneOn, err)
	}
	j := &past{run: run, project: p, wrong: err, origin: within(p.Dir, run.File)}
	j.texts = map[string]string{j.origin: run.Text}
	for _, t := range run.Called {
		j.texts[within(p.Dir, t.File)] = t.Text
	}
	j.file = j.find()
	return j, nil
}

// find gives where the job is now: where it was, else where the project has a job of its name.
func (j *past) find() string {
	if isFound(j.origin) {
		return j.origin
	}
	file, err := j.project.Find(j.run.Job)
	if err != nil {
		return ""
	}
	return absolute(file)
}

// changed gives the first of the files that is not as it was when the run began.
func (j *past) changed() (file string, changed bool) {
	for _, file := range slices.Sorted(maps.Keys(j.texts)) {
		now := file
		if file == j.origin && j.file != "" {
			now = j.file
		}
		if data, err := os.ReadFile(now); err != nil || string(data) != j.texts[file] {
			return now, true
		}
	}
	return "", false
}

// original loads the job as it was.
func (j *past) original() (*jobs.Job, error) { return j.project.WithTexts(j.texts).Load(j.origin) }

// goesOn is what a run goes on with.
type goesOn struct {
	*past
	job      *jobs.Job
	original *jobs.Job // as it was, where job is another text and that one can still be read
	notes    []string  // what a person must know of it
}

// jobFor loads the job that a run goes on with.
func (a *app) jobFor(run *engine.Run, o resumeOptions) (*goesOn, error) {
	past, err := a.pastOf(run)
	if err != nil {
		return nil, err
	}
	g := &goesOn{past: past}
	if o.job == "current" {
		err = g.loadCurrent()
	} else {
		err = g.loadOriginal()
	}
	if err != nil && past.project.needsSandbox() {
		return nil, &exitError{exitInvalid, err, "the sandbox brings its own secrets along: add --sandbox; " + newSandbox}
	}
	return g, err
}

func (g *goesOn) loadOriginal() (err error) {
	g.job, err = g.past.original()
	if err = mistakes(notGoneOn, g.wrong, err); err != nil {
		return err
	}
	switch file, changed := g.changed(); {
	case g.file == "":
		g.notes = append(g.notes, shown(g.origin)+" is not there any more: the run goes on with the text that it began with")
	case changed:
		g.notes = append(g.notes, shown(file)+" has changed since: the run goes on with the text that it began with, not with that of now (--job current)")
	}
	return nil
}

func (g *goesOn) loadCurrent() (err error) {
	if g.file == "" {
		return &exitError{exitFailed, fmt.Errorf("%s is not there any more, and the project has no other job %s", words.Argument(shown(g.origin)), words.Argument(g.run.Job)),
			"without --job current the run goes on with the text that it began with"}
	}
	g.job, err = g.project.Load(g.file)
	if err = mistakes(notGoneOn, g.wrong, err); err != nil {
		return err
	}
	if g.job.Name != g.run.Job {
		return &exitError{exitFailed, fmt.Errorf("%s is the job %s now, and run %s is one of %s", shown(g.file), words.Argument(g.job.Name), g.run.ID, words.Argument(g.run.Job)),
			"without --job current the run goes on with the text that it began with"}
	}
	if _, changed := g.changed(); changed {
		g.original, _ = g.past.original() // one that does not fit today's profiles any more is no help
	}
	return nil
}

// shown gives a path as a person would write it from here.
func shown(file string) string {
	if !filepath.IsAbs(file) {
		return file
	}
	rel, err := filepath.Rel(absolute("."), file)
	if err != nil || strings.HasPrefix(rel, "..") {
		return file
	}
	return rel
}
