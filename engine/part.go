package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// PartOf says of which run pieces are carried out.
type PartOf struct {
	Run     *Run // as the journal has it
	Job     *jobs.Job
	Env     map[string]any // the variables of now; those that the run began with take their place
	Secrets map[string]any
	Assume  Assume
	Redo    bool // failures that were tolerated are tried again
	Space   string
	Ends    time.Time // when the run's own timeout is over; zero for none
	// Small is how many bytes of JSON a value has at most that travels to where the flow is walked; 0: 16 KB.
	Small int
	// Stop is closed when nothing more is to be begun here: the calls in flight come to their end. Nil for never.
	Stop <-chan struct{}
}

// Part carries out pieces of a run in this process, while its flow is walked in another one, over a journal that both have. What was
// done before, here or elsewhere, is not done again. All of it may be called from many goroutines.
type Part struct {
	engine  *Engine
	of      PartOf
	begun   begun
	samples *samples
}

// Part gives a Part of a run that was put on record by Enlist. The error wraps ErrNotKept where what the run began with is gone: it has
// ended well, or a secret is in that and there is no key.
func (e *Engine) Part(of PartOf) (*Part, error) {
	p := &Part{engine: e, of: of, samples: newSamples(Sampled)}
	if of.Small == 0 {
		p.of.Small = smallValue
	}
	var err error
	if p.begun, err = p.execution().begun(); err != nil {
		return nil, err
	}
	if err := p.begun.fits(Resumption{Space: of.Space, Environ: of.Env}); err != nil {
		return nil, err
	}
	p.begun.secrets = of.Secrets
	_, mark, err := e.Journal.Lookup(of.Run.ID, redoKey)
	p.of.Redo = of.Redo || mark == Done
	return p, err
}

// execution is the run as one piece of it sees it.
func (p *Part) execution() *execution {
	run := *p.of.Run
	return &execution{
		Engine: p.engine, run: &run, job: p.of.Job, space: p.of.Space, samples: p.samples, again: true, assume: p.of.Assume, redo: p.of.Redo,
		elsewhere: true, ends: p.of.Ends, quit: p.of.Stop, secrets: p.of.Secrets, small: p.of.Small,
	}
}

// hostOf is the Host that a unit is carried out over.
func (x *execution) hostOf(u flow.Unit) *host {
	h := &host{execution: x}
	if u.Slot == flow.Items {
		h.mark = &stopMark{key: stopKey + u.Loop}
	}
	return h
}

// Opening is what the flow is given where it is walked: small values, and Refs for the large and the secret ones.
func (p *Part) Opening() flow.Given {
	x := p.execution()
	given := x.given(p.begun)
	s := shrinker{x: x, most: x.small}
	small := func(values map[string]any, path ...string) map[string]any {
		out := make(map[string]any, len(values))
		for name, v := range values {
			out[name] = s.small(v, flow.Ref{Key: givenKey, Path: append(path, name)})
		}
		return out
	}
	given.Inputs, given.Env = small(given.Inputs, "inputs"), small(x.envRead(p.begun.env), "env")
	states := map[string]map[string]any{}
	for job, values := range given.States {
		states[job] = small(values, "states", job)
	}
	given.States, given.State = states, states[x.job.Name]
	given.Secrets = map[string]any{}
	for name := range p.begun.secrets {
		given.Secrets[name] = &flow.Ref{Key: secretRef + name}
	}
	given.Mask, given.Hide = func(string) {}, func(text string) string { return text }
	return given
}

// Carry carries a unit out, once ever: asked again it gives what it gave. Everything that it does is in the journal before it
// returns. An error is why the unit has no end: HaltOf says it in a form that travels.
func (p *Part) Carry(ctx context.Context, u flow.Unit) (flow.Handed, error) {
	x := p.execution()
	if got, known, err := x.gave(u.Key); known || err != nil {
		return got, err
	}
	scope, err := x.wholeScope(u.Scope)
	if failure, isStep := err.(*steps.Error); isStep {
		return flow.Handed{Error: x.unread(u, failure)}, nil
	} else if err != nil {
		return flow.Handed{}, x.lost(err)
	}
	whole := u
	whole.Scope = scope
	x.sampleOf(u)
	x.contexts(ctx)
	defer x.stop()
	got, err := flow.Carry(x.hostOf(u), p.of.Job, x.given(p.begun), whole)
	var broken *brokenError
	if err == nil && errors.As(context.Cause(x.cleanup), &broken) {
		err = broken
	}
	if err != nil {
		return flow.Handed{}, x.halting(err)
	}
	got.Doubts, got.Tolerated, got.Asides = x.doubts.keys(), x.tolerated.keys(), x.unsaid.all()
	got.Retries, got.LimitWaits = x.progress.troubles()
	if got, err = x.handed(u, got); err != nil {
		return flow.Handed{}, x.halting(err)
	}
	return got, nil
}

// Save makes state values durable, as Do of a Host does with a call that sets some.
func (p *Part) Save(ctx context.Context, c flow.Call) error {
	x := p.execution()
	state, err := x.resolved(c.State)
	if err != nil {
		return err
	}
	c.State, _ = state.(map[string]any)
	x.contexts(ctx)
	defer x.stop()
	_, err = (&host{execution: x}).Do(c)
	return err
}

// Wakes gives when a pause is over, and keeps it: asked again, by another attempt too, it gives the same.
func (p *Part) Wakes(w flow.Wait) (time.Time, error) {
	x := p.execution()
	x.contexts(context.Background())
	defer x.stop()
	return (&host{execution: x}).wakes(w)
}

// Note keeps rows of history of steps that are walked elsewhere, with their secrets masked.
func (p *Part) Note(rows []StepRun) error {
	x := p.execution()
	for _, row := range rows {
		row.Message, row.Error = x.Redactor.Text(row.Message), x.masked(row.Error)
		if err := x.Journal.Note(x.run.ID, row); err != nil {
			return fmt.Errorf("keeping %s in the history: %w", row.Key, err)
		}
	}
	return nil
}

// unread is the failure of a step that reads what cannot be had, for people too.
func (x *execution) unread(u flow.Unit, failure *steps.Error) *steps.Error {
	if s := x.job.Places()[u.Place]; s != nil {
		failure.Step = s.Label()
		if u.Slot == flow.WholeStep {
			now := time.Now()
			_ = x.Journal.Note(x.run.ID, StepRun{
				Key: u.Key, ID: s.ID, Name: s.Name, Kind: s.Kind.Name, Status: Failed, Attempts: 1, Started: now, Ended: now, Error: x.masked(failure),
			})
		}
	}
	return failure
}

// envRead is what the job reads of variables.
func (x *execution) envRead(env map[string]any) map[string]any {
	read := map[string]any{}
	for _, job := range append([]*jobs.Job{x.job}, x.job.Called()...) {
		for _, name := range job.Env {
			read[name] = env[name]
		}
	}
	return read
}

// sampleOf has a unit keep as much of what goes well for people as is left to it.
func (x *execution) sampleOf(u flow.Unit) {
	switch {
	case u.Quiet:
		x.samples = newSamples(0)
	case u.Slot == flow.Items:
		x.samples = newSamples(max(0, Sampled-u.From))
	}
}
