package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// Triggers is a history in which a run that a person wants now can wait.
type Triggers interface {
	Enqueue(now time.Time, maxQueue int, ofNobody bool, c engine.Claim) (engine.Verdict, error)
}

// ClaimOf asks for a run of a job that a person wants now.
func ClaimOf(job *jobs.Job, overlap string) engine.Claim {
	now := time.Now()
	return engine.Claim{
		Run: engine.New(engine.Config{}).NewID(now), Job: job.Name, File: job.File, Trigger: engine.TriggerManual, Due: now, Overlap: overlap,
	}
}

// Trigger has a run of a job wait that a person wants now: for the end of others of the job, unless all of its schedules say overlap: allow.
// One of nobody is taken up by a daemon of the project.
func Trigger(t Triggers, job *jobs.Job, inputs map[string]any, maxQueue int, ofNobody bool) (engine.Claim, engine.Verdict, error) {
	c := ClaimOf(job, "queue")
	c.Inputs = inputs
	if MayOverlap(job.Schedules) {
		c.Overlap = "allow"
	}
	verdict, err := t.Enqueue(c.Due, maxQueue, ofNobody, c)
	return c, verdict, err
}

// MayOverlap says whether runs of a job with these schedules may go on beside each other.
func MayOverlap(schedules []jobs.Schedule) bool {
	return len(schedules) > 0 && !slices.ContainsFunc(schedules, func(s jobs.Schedule) bool { return s.Overlap != "allow" })
}

// SecretIn gives the name of the first of the inputs that holds a secret which masks know, "" for none.
func SecretIn(inputs map[string]any, masks *auth.Redactor) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		text, err := steps.EncodeJSON(inputs[name])
		if err != nil {
			return "", fmt.Errorf("the input %s: %w", name, err)
		}
		if masks.Contains(text) {
			return name, nil
		}
	}
	return "", nil
}

// Job gives a job of the project as it was when its file had no mistakes last. The error is a *review.Refusal.
func (d *Daemon) Job(name string) (*jobs.Job, error) {
	if _, why := d.usable(); why != nil {
		return nil, why
	}
	e := d.library.named(name)
	if e == nil {
		return nil, d.noJob(name)
	}
	job, err := e.parse()
	if err != nil {
		return nil, misfit("the job has mistakes", err, "mend its file")
	}
	return job, nil
}

// noJob is the Refusal where a job is not there, or has mistakes.
func (d *Daemon) noJob(name string) *review.Refusal {
	for _, b := range d.library.Broken() {
		if b.Job == "" && len(b.Mistakes) > 0 && d.library.Project().NameOf(b.File) == name {
			return &review.Refusal{Reason: review.Invalid, Message: "the job has mistakes: " + b.Mistakes[0].String(), Hint: orWord(b.Mistakes[0].Hint, "mend its file")}
		}
	}
	return &review.Refusal{Reason: review.Unknown, Message: "the project has no job " + words.Argument(name)}
}

// usable gives the project, and the Refusal where its settings or profiles have had mistakes ever since this process began.
func (d *Daemon) usable() (*Project, error) {
	p := d.library.Project()
	if !p.Mistaken {
		return p, nil
	}
	why := &review.Refusal{Reason: review.Invalid, Message: "nothing can be run: the project's settings or profiles have mistakes"}
	for _, b := range d.library.Broken() {
		if len(b.Mistakes) > 0 {
			why.Message, why.Hint = "nothing can be run: "+b.Mistakes[0].String(), b.Mistakes[0].Hint
			break
		}
	}
	return p, why
}

// RunJob has a run of a job wait for its turn, as schedule trigger does, and gives its id. The error is a *review.Refusal where it is not
// to be run.
func (d *Daemon) RunJob(ctx context.Context, name string, inputs map[string]any) (run string, err error) {
	job, err := d.Job(name)
	if err != nil {
		return "", err
	}
	if _, problems := job.Inputs.Check(inputs); len(problems) > 0 {
		return "", &review.Refusal{Reason: review.Invalid, Message: fmt.Sprintf("the inputs do not fit the job %s: %s", name, problemsText(problems))}
	}
	if err := d.noSecretsIn(ctx, job, inputs); err != nil {
		return "", err
	}
	if d.draining.Load() {
		return "", ending()
	}
	c, verdict, err := Trigger(d.Store, job, inputs, max(d.MaxQueue, 1), !d.Idle)
	switch {
	case err != nil:
		return "", err
	case verdict.Status == engine.Skipped:
		return c.Run, &review.Refusal{
			Reason: review.Unavailable, Message: fmt.Sprintf("run %s was skipped: %s", c.Run, verdict.Detail), Hint: "how it stands: " + d.Commands.Show(c.Run),
		}
	case !d.Idle:
		d.scheduler.Wake()
		return c.Run, nil
	}
	queued := engine.QueuedRun{
		Run: c.Run, Job: c.Job, File: c.File, Inputs: c.Inputs, Trigger: c.Trigger, Due: c.Due, Alone: verdict.Alone, Reason: verdict.Detail,
	}
	if !d.scheduler.Await(queued, nil) { // it began to end just now
		d.withdrawOwn(c.Run)
		return "", ending()
	}
	return c.Run, nil
}

// problemsText says what is wrong with inputs.
func problemsText(problems []jobs.InputProblem) string {
	messages := make([]string, len(problems))
	for i := range problems {
		messages[i] = problems[i].Error()
	}
	return strings.Join(messages, "; ")
}

// noSecretsIn refuses inputs that hold one of the job's secrets, or another one that is known: what waits is kept as plain text.
func (d *Daemon) noSecretsIn(ctx context.Context, job *jobs.Job, inputs map[string]any) error {
	if len(inputs) == 0 {
		return nil
	}
	masks := d.Redactor.Branch()
	defer masks.CutOff()
	from := d.library.Project().Secrets(masks)
	for _, name := range job.Secrets {
		_, _ = from.Lookup(ctx, name) // a run that cannot have one says so
	}
	name, err := SecretIn(inputs, masks)
	if err != nil || name == "" {
		return err
	}
	return &review.Refusal{
		Reason: review.Invalid, Message: "the input " + name + " holds a secret: the inputs of a run that waits are kept as plain text",
		Hint: "write secret.NAME where the job needs it; or run it in a terminal: " + d.Commands.Run(job.Name),
	}
}

// Rerun has the job of a run be run with the same inputs, as RunJob does.
func (d *Daemon) Rerun(ctx context.Context, id string) (run string, err error) {
	before, err := d.Store.Head(id)
	if err != nil {
		return "", err
	}
	project, why := d.usable()
	switch {
	case why != nil:
		return "", why
	case !d.owns(project, before):
		return "", &review.Refusal{
			Reason: review.Unfit, Message: "run " + id + " is one of another project: its job is in " + before.File, Hint: "run it there: " + d.Commands.Run(before.Job),
		}
	}
	name, err := masked(before.Inputs)
	if err != nil {
		return "", err
	}
	if name != "" {
		return "", &review.Refusal{
			Reason: review.Unfit, Message: "the input " + name + " of run " + id + " held a secret, which is not on record", Hint: "give it anew: " + d.Commands.Run(before.Job),
		}
	}
	return d.RunJob(ctx, before.Job, before.Inputs)
}

// masked gives the name of the first of the inputs in which something is masked, "" for none.
func masked(inputs map[string]any) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		text, err := steps.EncodeJSON(inputs[name])
		if err != nil {
			return "", err
		}
		if strings.Contains(string(text), auth.Mask) {
			return name, nil
		}
	}
	return "", nil
}

// Cancel ends a run, whoever runs it on this machine, for somebody: Running says that it is told to end, Cancelled that it has not begun and
// will not, any other that it was to go on here, waited for that, and stays as it was. The error is a *review.Refusal where it has ended.
func (d *Daemon) Cancel(id, who string) (engine.Status, error) {
	run, err := d.Store.Head(id)
	if err != nil {
		return "", err
	}
	if d.scheduler.Forget(id) {
		d.wishes.forget(id, who)
		return run.Status, nil
	}
	if run.Status != engine.Running && run.Status != engine.Queued {
		return "", review.HasEnded(run, d.Commands, time.Now())
	}
	if run.Workflow != "" {
		if err := d.cancelElsewhere(run); err != nil {
			return "", err
		}
	}
	status, err := d.Store.Cancel(time.Now(), id, who)
	if err != nil {
		return "", err
	}
	d.scheduler.Wake()
	switch status {
	case engine.Queued: // it has ended by that
		return engine.Cancelled, nil
	case engine.Running:
		return status, nil
	}
	told := run.Workflow != ""
	if run, err = d.Store.Head(id); err != nil {
		return "", err
	}
	if told && run.Status == engine.Cancelled { // it was quicker to end than this to put on record who asked for it
		return run.Status, nil
	}
	return "", review.HasEnded(run, d.Commands, time.Now())
}

// forget takes a wish back, for somebody.
func (w *wishes) forget(run, who string) {
	w.mu.Lock()
	wish := w.runs[run]
	delete(w.runs, run)
	w.mu.Unlock()
	if wish != nil {
		wish.tell(&review.Refusal{Reason: review.Taken, Message: "run " + run + " does not go on: cancelled by " + who})
	}
}
