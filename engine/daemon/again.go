package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"snrun/auth/store"
	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// GoingOn is how a person wants a run to go on.
type GoingOn struct {
	Who         string        // for whoever wants the same
	Assume      engine.Assume // of the requests in doubt
	Current     bool          // with the job as it is now, not as the last attempt had it
	Original    bool          // with the job as the run began with it
	FailedItems bool          // the items of loops that failed are tried again, and nothing else
}

// Wish is a run that a person has had go on here.
type Wish struct {
	Note string // what a person should know of it; "" for nothing

	daemon *Daemon
	run    string
	who    string
	since  time.Time
	told   sync.Once
	begun  chan error // has one: nil once it goes on, else why it does not
}

// wishes are the runs that people have had go on here and that have not ended again.
type wishes struct {
	mu   sync.Mutex
	runs map[string]*Wish
}

// Resume has a run go on in this process, as soon as it may: it waits for its turn like those that are queued, and unless the job's
// schedules say overlap: allow, for the end of other runs of its job. The error is a *review.Refusal.
func (d *Daemon) Resume(id string, g GoingOn) (*Wish, error) {
	run, err := d.Store.Run(id)
	if err != nil {
		return nil, err
	}
	if before := d.wishes.of(id); before != nil {
		return nil, d.wished(before)
	}
	if why := review.MayGoOn(run, d.Commands, g.FailedItems); why != nil {
		return nil, why
	}
	a, err := d.again(run, g)
	if err != nil {
		return nil, err
	}
	if run.Workflow != "" {
		return d.goOnElsewhere(a, g.Who)
	}
	w := &Wish{Note: a.note, daemon: d, run: id, who: g.Who, since: time.Now(), begun: make(chan error, 1)}
	if before := d.wishes.add(w); before != nil {
		return nil, d.wished(before)
	}
	queued := engine.QueuedRun{Run: id, Job: run.Job, File: run.File, Trigger: run.Trigger, Due: w.since, Alone: !a.overlaps}
	if !d.scheduler.Await(queued, func(ctx context.Context) { d.carryOn(ctx, a, w) }) {
		d.wishes.remove(id)
		if d.draining.Load() {
			return nil, ending()
		}
		return nil, &review.Refusal{Reason: review.Taken, Message: "run " + id + " goes on by itself as soon as it may", Hint: "how far it is: " + d.Commands.Show(id)}
	}
	return w, nil
}

// ending is the Refusal of a daemon that ends.
func ending() *review.Refusal {
	return &review.Refusal{Reason: review.Unavailable, Message: "this snrun is ending: it starts nothing any more", Hint: "ask the next one"}
}

// wished is the Refusal where a person has had a run go on here already.
func (d *Daemon) wished(w *Wish) *review.Refusal {
	return &review.Refusal{
		Reason: review.Taken, Message: fmt.Sprintf("%s had run %s go on %s", words.Clean(w.who), w.run, words.Ago(w.since, time.Now())),
		Hint: "how far it is: " + d.Commands.Show(w.run), Cause: engine.ErrRunning,
	}
}

// of gives the wish about a run, nil where there is none.
func (w *wishes) of(run string) *Wish {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[run]
}

// add takes down a wish, unless there is one about the run, which it gives then.
func (w *wishes) add(wish *Wish) (before *Wish) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if before := w.runs[wish.run]; before != nil {
		return before
	}
	if w.runs == nil {
		w.runs = map[string]*Wish{}
	}
	w.runs[wish.run] = wish
	return nil
}

// remove forgets a wish.
func (w *wishes) remove(run string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.runs, run)
}

// Wished says who has had a run go on here that has not ended again, "" for nobody, and what it waits for, "" where it goes on.
func (d *Daemon) Wished(run string) (who, waits string) {
	w := d.wishes.of(run)
	if w == nil {
		return "", ""
	}
	return w.who, w.waits()
}

// Begun waits until the run goes on, or the context ends, and gives what it waits for then, "" for nothing. The error is a *review.Refusal:
// why the run does not go on.
func (w *Wish) Begun(ctx context.Context) (waits string, err error) {
	select {
	case err = <-w.begun:
		w.begun <- err // whoever asks again is told the same
		return "", err
	case <-ctx.Done():
	}
	return w.waits(), nil
}

// waits says what the run waits for, "" for nothing.
func (w *Wish) waits() string {
	for _, q := range w.daemon.scheduler.Standing().Queued {
		if q.Run == w.run {
			return orWord(q.Why, "it waits for its turn")
		}
	}
	return ""
}

func orWord(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// tell says once whether the run goes on.
func (w *Wish) tell(err error) { w.told.Do(func() { w.begun <- err }) }

// again is a run that is to go on, with all that can be known before.
type again struct {
	run           *engine.Run
	job, original *jobs.Job
	project       *Project
	how           GoingOn
	overlaps      bool
	note          string
}

// again finds out what a run goes on with.
func (d *Daemon) again(run *engine.Run, g GoingOn) (*again, error) {
	project, why := d.usable()
	if why != nil {
		return nil, why
	}
	if !d.owns(project, run) {
		return nil, &review.Refusal{
			Reason: review.Unfit, Message: "run " + run.ID + " is one of another project: " + filepath.Dir(run.File),
			Hint: "have it go on there: " + d.Commands.Resume(run.ID),
		}
	}
	if why := d.doubt(run, g); why != nil {
		return nil, why
	}
	a := &again{run: run, project: project, how: g}
	e := d.library.named(run.Job)
	a.overlaps = e != nil && e.mayOverlap()
	var err error
	switch {
	case g.Current:
		err = a.loadCurrent(d, e)
	default:
		if g.Original {
			began := *run
			began.Latest, a.run = nil, &began
		}
		if a.job, a.original, err = project.loadLast(a.run); err != nil {
			err = misfit("the job as it was when the run began does not fit the project any more", err, "mend what it needs, or go on with the job as it is now")
		}
		a.note = changedSince(a.run, e)
	}
	return a, err
}

// loadLast loads the job of a run as its last attempt had it, and where the run began with another one, that one: what was done
// with it is gone on from only as far as it does for the other.
func (p *Project) loadLast(run *engine.Run) (job, original *jobs.Job, err error) {
	if run.Latest == nil {
		job, err = p.loadOriginal(run)
		return job, nil, err
	}
	if job, err = p.loadTexts(run.Latest[0].File, run.Latest); err == nil {
		original, err = p.loadOriginal(run)
	}
	return job, original, err
}

// loadOriginal loads the job of a run as it was when the run began.
func (p *Project) loadOriginal(run *engine.Run) (*jobs.Job, error) {
	return p.loadTexts(run.File, append([]engine.Text{{File: run.File, Text: run.Text}}, run.Called...))
}

// loadTexts loads the job of a file with texts in the place of files.
func (p *Project) loadTexts(file string, list []engine.Text) (*jobs.Job, error) {
	texts := map[string]string{}
	for _, t := range list {
		texts[t.File] = t.Text
	}
	return p.WithTexts(texts).Load(file)
}

// loadCurrent loads the job of a run as it is now.
func (a *again) loadCurrent(d *Daemon, e *edition) error {
	if e == nil {
		return &review.Refusal{
			Reason: review.Unfit, Message: "the project has no job " + a.run.Job + " any more", Hint: "go on with the job as the run began with it",
		}
	}
	for _, b := range d.library.Broken() {
		if b.File == e.file && len(b.Mistakes) > 0 {
			m := b.Mistakes[0]
			return &review.Refusal{Reason: review.Invalid, Message: "the job has mistakes: " + m.String(), Hint: orWord(m.Hint, "mend its file, then go on")}
		}
	}
	job, err := e.parse()
	if err != nil {
		return misfit("the job has mistakes", err, "mend its file, then go on")
	}
	a.job, a.project = job, e.project
	if e.text != a.run.Text || !slices.Equal(e.called, a.run.Called) {
		a.original, _ = e.project.loadOriginal(a.run) // one that does not fit today's profiles any more is no help
	}
	return nil
}

// changedSince says that a job is another one than the last attempt of a run had, "" where it is not.
func changedSince(run *engine.Run, e *edition) string {
	with := "the run goes on with the text that it began with"
	if run.Latest != nil {
		with = "the run goes on with the text of its last attempt"
	}
	switch {
	case e == nil:
		return "the project has no job " + run.Job + " any more: " + with
	case !run.Had(append([]engine.Text{{File: e.file, Text: e.text}}, e.called...)):
		return "the job has changed since: " + with + ", not with that of now"
	}
	return ""
}

// misfit is the Refusal because of mistakes in files.
func misfit(what string, err error, hint string) *review.Refusal {
	list := mistakesOf("", err)
	text := err.Error()
	if len(list) > 0 && list[0].File != "" {
		text = list[0].String() // without the line of the file, in which a secret may stand
		hint = orWord(list[0].Hint, hint)
	}
	return &review.Refusal{Reason: review.Invalid, Message: what + ": " + text, Hint: hint, Cause: err}
}

// doubt is the Refusal where nobody has said what became of the requests in doubt, nil else.
func (d *Daemon) doubt(run *engine.Run, g GoingOn) error {
	if g.Assume != engine.AssumeNothing {
		return nil
	}
	calls, err := d.Store.InDoubt(run.ID)
	if err != nil || len(calls) == 0 {
		return err
	}
	return &review.Refusal{
		Reason: review.Unfit, Message: fmt.Sprintf("of run %s it is not known whether %s was carried out", run.ID, strings.Join(calls, ", ")),
		Hint: "look in the other system, then say whether it was: " + strings.Join(d.GoOn(run.ID, true), "; "),
	}
}

// owns says whether a run is one of a project: by where its job's file is, or was.
func (d *Daemon) owns(p *Project, run *engine.Run) bool {
	if e := d.library.named(run.Job); e != nil && e.file == run.File || !filepath.IsAbs(run.File) {
		return true
	}
	dir := filepath.Dir(run.File)
	if !isFolder(dir) { // it was moved, perhaps to here
		return d.library.named(run.Job) != nil
	}
	return jobs.FindProject(dir) == p.Dir || within(dir, p.Dir) || within(dir, folderOf(p))
}

// within says whether a folder is another one or below it.
func within(dir, folder string) bool {
	rel, err := filepath.Rel(folder, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// isFolder says whether a folder is there.
func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// carryOn goes on with a run to its end.
func (d *Daemon) carryOn(ctx context.Context, a *again, w *Wish) {
	defer d.wishes.remove(w.run)
	defer d.Store.Abandon(w.run)
	defer w.tell(&review.Refusal{Reason: review.Unavailable, Message: "run " + w.run + " did not go on"}) // where what follows breaks down
	r := d.newRun()
	defer r.end()
	watch := r.engine.Watch
	r.engine.Watch = func(e engine.Event) {
		if e.Type == engine.RunStarted {
			w.tell(nil)
		}
		watch(e)
	}
	ended, err := r.goOn(ctx, a)
	d.cutOff.know(ended, err)
	if err == nil || ended != nil {
		return
	}
	why := d.notResumed(err, a.run)
	w.tell(why)
	if ctx.Err() == nil {
		d.Log.Warn("a run does not go on", "run", w.run, "job", a.run.Job, "who", w.who, "error", why, "next", why.Hint)
	}
}

// goOn equips a run that is to go on, and carries it out.
func (r *oneRun) goOn(ctx context.Context, a *again) (*engine.Run, error) {
	secrets, err := r.equip(ctx, a.project, a.job)
	if err != nil {
		return nil, err
	}
	return r.engine.Resume(ctx, engine.Resumption{
		Run: a.run, Job: a.job, Original: a.original, Assume: a.how.Assume, FailedItems: a.how.FailedItems, Secrets: secrets,
		Environ: r.daemon.Env, Env: r.daemon.Renewed, Space: r.daemon.Space, Daemon: !r.daemon.Idle,
	})
}

// notResumed says why a run does not go on.
func (d *Daemon) notResumed(err error, run *engine.Run) *review.Refusal {
	why := &review.Refusal{Reason: review.Unfit, Message: "run " + run.ID + " does not go on: " + err.Error(), Cause: err}
	var step *steps.Error
	switch {
	case errors.Is(err, engine.ErrRunning): // another process was quicker
		if now, err := d.Store.Head(run.ID); err == nil && now.Status == engine.Running {
			return review.IsRunning(now, d.Commands)
		}
		why.Reason, why.Hint = review.Taken, "look at it: "+d.Commands.Show(run.ID)
	case errors.Is(err, engine.ErrNotKept):
		why.Hint = d.Commands.Start(run)
	case errors.Is(err, engine.ErrNoKey):
		why.Hint = "set the key that the run had, in " + store.KeyVariable + " or " + store.KeyFileVariable
	case errors.Is(err, engine.ErrOtherSpace):
		why.Hint = "a run that was tried with --sandbox goes on in a sandbox only, and a real one outside it"
	case errors.Is(err, engine.ErrFull), errors.Is(err, engine.ErrLocked):
		why.Reason = review.Unavailable
	case errors.As(err, &step):
		why.Reason, why.Hint = review.Invalid, step.Hint
	}
	return why
}
