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

// past is the job of a run as it was, and what became of it.
type past struct {
	run     *engine.Run
	project *project // in which the job is
	began   texts    // as the run began with them
	last    texts    // as its last attempt had them
	file    string   // where the job is now, "" where it is nowhere
	wrong   error    // the mistakes in the project's own files
}

// texts are those of a job and of the jobs that it calls, as they were.
type texts struct {
	job    string // the job's file
	byFile map[string]string
}

// textsIn gives the texts of a list whose first is the job's own. A project may have been moved.
func textsIn(p *project, list []engine.Text) texts {
	t := texts{within(p.Dir, list[0].File), map[string]string{}}
	for _, one := range list {
		t.byFile[within(p.Dir, one.File)] = one.Text
	}
	return t
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
	j := &past{run: run, project: p, wrong: err}
	j.began = textsIn(p, append([]engine.Text{{File: run.File, Text: run.Text}}, run.Called...))
	if j.last = j.began; run.Latest != nil {
		j.last = textsIn(p, run.Latest)
	}
	j.file = j.find()
	return j, nil
}

// find gives where the job is now: where it was, else where the project has a job of its name.
func (j *past) find() string {
	if isFound(j.last.job) {
		return j.last.job
	}
	file, err := j.project.Find(j.run.Job)
	if err != nil {
		return ""
	}
	return absolute(file)
}

// changed gives the first of the files that is not as it was.
func (j *past) changed(t texts) (file string, changed bool) {
	for _, file := range slices.Sorted(maps.Keys(t.byFile)) {
		now := file
		if file == t.job && j.file != "" {
			now = j.file
		}
		if data, err := os.ReadFile(now); err != nil || string(data) != t.byFile[file] {
			return now, true
		}
	}
	return "", false
}

// load loads the job as it was.
func (j *past) load(t texts) (*jobs.Job, error) { return j.project.WithTexts(t.byFile).Load(t.job) }

// goesOn is what a run goes on with.
type goesOn struct {
	*past
	job      *jobs.Job
	original *jobs.Job // as the run began with it, where job is another text and that one can still be read
	notes    []string  // what a person must know of it
}

// jobFor loads the job that a run goes on with.
func (a *app) jobFor(run *engine.Run, o resumeOptions) (*goesOn, error) {
	past, err := a.pastOf(run)
	if err != nil {
		return nil, err
	}
	g := &goesOn{past: past}
	switch o.job {
	case "current":
		err = g.loadCurrent()
	case "original":
		err = g.loadPast(past.began, "that it began with")
	default:
		err = g.loadLast()
	}
	if err != nil && past.project.needsSandbox() {
		return nil, &exitError{exitInvalid, err, "the sandbox brings its own secrets along: add --sandbox; " + newSandbox}
	}
	return g, err
}

// loadLast loads the job as the last attempt had it. What was done with another one is gone on from only as far as it does for this.
func (g *goesOn) loadLast() error {
	if g.run.Latest == nil {
		return g.loadPast(g.began, "that it began with")
	}
	if err := g.loadPast(g.last, "of its last attempt"); err != nil {
		return err
	}
	original, err := g.load(g.began)
	g.original = original
	return mistakes(notGoneOn, nil, err)
}

// loadPast loads the job as it was.
func (g *goesOn) loadPast(t texts, which string) (err error) {
	g.job, err = g.load(t)
	if err = mistakes(notGoneOn, g.wrong, err); err != nil {
		return err
	}
	switch file, changed := g.changed(t); {
	case g.file == "":
		g.notes = append(g.notes, shown(t.job)+" is not there any more: the run goes on with the text "+which)
	case changed:
		g.notes = append(g.notes, shown(file)+" has changed since: the run goes on with the text "+which+", not with that of now (--job current)")
	}
	return nil
}

func (g *goesOn) loadCurrent() (err error) {
	if g.file == "" {
		return &exitError{exitFailed, fmt.Errorf("%s is not there any more, and the project has no other job %s", words.Argument(shown(g.last.job)), words.Argument(g.run.Job)),
			"without --job current the run goes on with the text that it had"}
	}
	g.job, err = g.project.Load(g.file)
	if err = mistakes(notGoneOn, g.wrong, err); err != nil {
		return err
	}
	if g.job.Name != g.run.Job {
		return &exitError{exitFailed, fmt.Errorf("%s is the job %s now, and run %s is one of %s", shown(g.file), words.Argument(g.job.Name), g.run.ID, words.Argument(g.run.Job)),
			"without --job current the run goes on with the text that it had"}
	}
	if _, changed := g.changed(g.began); changed {
		g.original, _ = g.load(g.began) // one that does not fit today's profiles any more is no help
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
