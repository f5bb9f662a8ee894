package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
)

// start carries out a queued run to its end, or records why it could not begin.
func (d *Daemon) start(ctx context.Context, q engine.QueuedRun) {
	defer d.Store.Abandon(q.Run)
	r := d.newRun()
	defer r.end()
	req := engine.Request{
		Job: &jobs.Job{Name: q.Job, File: q.File}, Inputs: q.Inputs, Trigger: q.Trigger, Due: q.Due, ID: q.Run, Daemon: !d.Idle,
		Env: d.Env, Space: d.Space,
	}
	why := r.prepare(ctx, &req)
	switch {
	case ctx.Err() != nil:
		d.withdraw(ctx, q)
	case why != nil:
		_, err := r.engine.Refuse(req, why)
		d.ended(q, err)
	default:
		run, err := r.engine.Run(ctx, req)
		d.ended(q, err)
		d.cutOff.know(run, err)
	}
}

// withdraw has a run whose context ended before it began be cancelled; one that is only suspended stays queued, for the next daemon.
func (d *Daemon) withdraw(ctx context.Context, q engine.QueuedRun) {
	var later *engine.Suspend
	if errors.As(context.Cause(ctx), &later) {
		return
	}
	_, err := d.Store.Withdraw(time.Now(), q.Run, engine.Cancelled, context.Cause(ctx).Error())
	d.ended(q, err)
}

// ended tells what became of a run where that is not on record. One that does not wait here any more was cancelled just now.
func (d *Daemon) ended(q engine.QueuedRun, err error) {
	if err != nil && !errors.Is(err, engine.ErrNotQueued) {
		d.Log.Error("the run could not be recorded", "run", q.Run, "job", q.Job, "error", err)
	}
}

// oneRun is what one run works with: its engine, and what it gives back at its end.
type oneRun struct {
	daemon  *Daemon
	engine  *engine.Engine
	clients *clients
}

func (d *Daemon) newRun() *oneRun {
	r := &oneRun{daemon: d}
	project := d.library.Project()
	r.engine = engine.New(engine.Config{
		Journal: d.Store, Redactor: d.Redactor.Branch(), Watch: d.Watch, Dir: project.Dir, UserAgent: d.UserAgent, Sealer: project.Sealer,
		Requested: d.Requested, Tracer: d.Tracer,
	})
	return r
}

// end gives back what the run has.
func (r *oneRun) end() {
	if r.clients != nil {
		r.clients.giveBack()
	}
	r.engine.Redactor.CutOff()
}

// prepare completes a request by all that it needs, and says why the run cannot begin, nil where it can.
func (r *oneRun) prepare(ctx context.Context, req *engine.Request) *steps.Error {
	e := r.daemon.library.named(req.Job.Name)
	if e == nil {
		return refusal(fmt.Errorf("the project has no job %s any more", req.Job.Name), "")
	}
	job, err := e.parse()
	if err != nil {
		return refusal(err, "")
	}
	req.Job = job
	inputs, problems := job.Inputs.Check(req.Inputs)
	if len(problems) > 0 {
		messages := make([]string, len(problems))
		for i := range problems {
			messages[i] = problems[i].Error()
		}
		return refusal(fmt.Errorf("the inputs do not fit the job %s: %s", job.Name, strings.Join(messages, "; ")), "")
	}
	req.Inputs = inputs
	req.Secrets, err = r.equip(ctx, e.project, job)
	return refusal(err, "")
}

// equip gives the secrets of a job, and has its engine sign in as the job's profiles.
func (r *oneRun) equip(ctx context.Context, p *Project, job *jobs.Job) (map[string]any, error) {
	secrets := map[string]any{}
	from := p.Secrets(r.engine.Redactor)
	for _, name := range job.Secrets {
		secret, err := from.Lookup(ctx, name)
		if err != nil {
			return nil, &steps.Error{Kind: steps.BadInput, Message: err.Error(), Hint: jobs.SecretHint(err), Cause: err}
		}
		secrets[name] = secret.Reveal()
	}
	profiles, err := p.SignIns(job.Profiles, map[string]any{"env": r.daemon.Env, "secret": secrets}, r.engine.Redactor.AddDerived)
	if err != nil {
		return nil, err
	}
	if r.clients, err = r.daemon.keyrings.borrow(profiles, p.Digest); err != nil {
		return nil, err
	}
	r.engine.Clients = r.clients
	return secrets, r.daemon.signInFirst(ctx, r.clients, profiles)
}

// refusal makes an error that of a run, nil of nil.
func refusal(err error, hint string) *steps.Error {
	if err == nil {
		return nil
	}
	var known *steps.Error
	var mistakes source.Errors
	if errors.As(err, &known) && !errors.As(err, &mistakes) {
		e := *known
		e.Message = "the run did not begin: " + err.Error()
		return &e
	}
	return &steps.Error{Kind: steps.BadInput, Message: "the run did not begin: " + err.Error(), Hint: hint, Cause: err}
}

// signInFirst signs in as profiles that are new, where Config says how.
func (d *Daemon) signInFirst(ctx context.Context, c *clients, profiles []auth.Profile) error {
	if d.SignIn == nil {
		return nil
	}
	for _, p := range profiles {
		s := c.held[p.Name]
		s.signedIn.Do(func() { s.err = d.SignIn(ctx, s.Keyring, p) })
		if s.err != nil {
			return s.err
		}
	}
	return nil
}
