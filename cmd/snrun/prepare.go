package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/engine"
	"snrun/engine/trace"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
)

// prepared is a run of which all is known but how it goes. Its store is open.
type prepared struct {
	project  *project
	job      *jobs.Job
	env      map[string]any // what env.NAME gives
	secrets  map[string]any // what secret.NAME gives
	profiles []auth.Profile
	store    *history.Store
	tokens   *store.Place // where tokens are kept, nil for nowhere
	next     review.Commands
	tracer   *trace.Tracer // nil for none
	attempt  int           // of a run that goes on: which one this is; else 0
	notes    []string      // what a person must know of it
	carryOut func(context.Context, *engine.Engine) (*engine.Run, error)
	handOver handOver // in place of carryOut, where it is carried out elsewhere
	database string   // of the store
}

// ready fills in what a job needs: its secrets and its sign-ins. The outcome is what it leads to when they cannot be had.
func (a *app) ready(ctx context.Context, p *project, job *jobs.Job, o executeOptions, outcome string) (*prepared, error) {
	r := &prepared{project: p, job: job, env: a.environment(), secrets: map[string]any{}}
	for _, name := range job.Secrets {
		secret, err := p.secrets.Lookup(ctx, name)
		if err != nil {
			return nil, secretFailure(ctx, err, outcome)
		}
		r.secrets[name] = secret.Reveal()
	}
	var err error
	r.profiles, err = p.SignIns(job.Profiles, map[string]any{"env": r.env, "secret": r.secrets}, a.redactor.AddDerived)
	if err != nil {
		return nil, &exitError{exitInvalid, fmt.Errorf("%s: %w", outcome, err), signInHint(err, o)}
	}
	if !o.sandbox { // whose tokens end with it
		r.tokens = p.store
	}
	return r, nil
}

// record opens the history in a file for the run: one that cannot be recorded does not start, nor go on.
func (a *app) record(r *prepared, file, outcome string) error {
	var err error
	if r.store, err = a.openHistory(file); err != nil {
		return &exitError{exitFailed, err, outcome + ", because it could not be recorded; another database is chosen with --db"}
	}
	r.next, r.database = a.commandsFor(file), file
	return nil
}

// secretFailure ends the program because a secret cannot be had, or because a signal came while a command was asked for it.
func secretFailure(ctx context.Context, err error, outcome string) error {
	var sig *signalError
	if errors.As(context.Cause(ctx), &sig) {
		return &exitError{code: exitSignal + int(sig.signal), err: err}
	}
	return &exitError{exitInvalid, fmt.Errorf("%s: %w", outcome, err), jobs.SecretHint(err)}
}

// loadJob reads a job by its name or its file, and the project around it.
func (a *app) loadJob(name string) (*project, *jobs.Job, error) {
	from := "."
	if isFile(name) {
		from = filepath.Dir(name)
	}
	p, err := a.openProject(from)
	if p == nil {
		return nil, nil, invalid(notStarted, err)
	}
	job, jobErr := p.Load(name)
	if more := (source.Errors)(nil); jobErr != nil && !errors.As(jobErr, &more) {
		return nil, nil, usageError(a.noJobHint(p, name), "%w", jobErr)
	}
	return p, job, mistakes(notStarted, err, jobErr)
}

// proposeSandbox says of an error of loadJob that the sandbox would have the secrets that are missing, where it has.
func (a *app) proposeSandbox(p *project, name string, err error) error {
	if p == nil || !p.needsSandbox() {
		return err
	}
	return &exitError{exitInvalid, err, "the sandbox brings its own secrets along: " + a.name + " run --sandbox " + words.Argument(name)}
}

// mistakes makes those of a project and of its job end the program, below what they led to; nil where there are none.
func mistakes(outcome string, ofProject, ofJob error) error {
	var all, more source.Errors
	errors.As(ofProject, &all)
	switch {
	case errors.As(ofJob, &more):
		return invalid(outcome, append(all, more...))
	case ofJob != nil:
		return ofJob
	}
	return invalid(outcome, ofProject)
}

// noJobHint is what to do where there is no job of a name.
func (a *app) noJobHint(p *project, name string) string {
	names, hint := p.Names(), ""
	switch {
	case isFile(name):
		return "see: " + a.name + " run --help"
	case len(names) == 0:
		hint = "write one; " + a.name + " init writes an example"
	case len(names) > 10:
		hint = "the jobs are: " + strings.Join(names[:10], ", ") + ", …"
	default:
		hint = "the jobs are: " + strings.Join(names, ", ")
	}
	if isFound(filepath.Join(p.Dir, jobs.SettingsFile)) {
		return hint
	}
	return hint + "; or go to your project: no " + jobs.SettingsFile + " is in this folder or above it"
}

// notStarted is what mistakes in the files of a job lead to.
const notStarted = "the run was not started"

// isFile says whether a job is named by its file.
func isFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || isYAML(name)
}

// signInHint is what to do about a profile that could not be filled in.
func signInHint(err error, o executeOptions) string {
	var e *steps.Error
	if !errors.As(err, &e) || e.Hint == "" {
		return ""
	}
	if !o.sandbox && strings.Contains(e.Hint, sandboxVariable) {
		return e.Hint + "; " + sandboxVariable + " comes with --sandbox"
	}
	return e.Hint
}
