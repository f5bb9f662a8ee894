// Package engine runs checked jobs on this machine: it is the Host of the interpreter, with clocks, goroutines and a
// network, and it keeps each run in a Journal.
//
// Its words: a call is one try of a step's request, and has a key, its path in the flow. An intent says that an unsafe
// call is about to go out; one that has an intent and no result is in doubt. A run that is gone on with finds what it did
// before in the journal, and is then under way again. Notes are for people, the journal is for going on.
//
// The files:
//
//	engine, run, event        an Engine, the record of a run, what is told of it meanwhile
//	journal, memory, state    where runs are kept, a journal that forgets, what jobs remember
//	host, fork, wait, held    what the flow asks for: calls, branches, pauses; requests that limits hold back
//	before, resume            what a call gave before, and the calls in doubt; going on with a run
//	record, fold, seal        what the journal keeps of a call and of a loop, encrypted where a secret is in it
//	notes, sample, progress   what people are told, of how many items of a loop, and how fast it goes
//	aside                     what those are told of it who follow a run that is carried out elsewhere
//	tracer                    following calls, for traces and counts
//	slot, suspend             due times as they are decided upon; runs that stop for now, or cannot begin
//	notice                    what is wrong, and who is told
//	dry                       what a run would send, without sending it
//	part, part_gave           pieces of a run whose flow is walked elsewhere, and what is kept of them
//	part_small, part_refs     values that are too large or too secret to travel, and what stands for them
//	part_fold, part_end       where its repeats are, how it ended
//	elsewhere, halt           beginning and going on with such a run; why a piece has no end
//	id                        the ids of runs
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"snrun/auth"
	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// Config is what an Engine works with.
type Config struct {
	Journal  Journal
	Clients  steps.Clients
	Redactor *auth.Redactor // masks secrets in whatever leaves the engine
	Watch    func(Event)    // hears of everything that happens, from many goroutines; nil for nobody
	// Requested hears of each request that a step made, with its profile, "" for none, and the status of the answer, 0 where there was
	// none: of all in loops too. It is called from many goroutines, and returns soon; nil for nobody.
	Requested func(profile string, status int)
	Tracer    Tracer // follows calls; nil for nobody
	Dir       string // the project's folder, where relative file names start
	UserAgent string
	// Sealer encrypts what the journal keeps of values that hold a secret. Nil: those are not kept.
	Sealer Sealer
	// Grace is how long the steps at the end of a cancelled run may take. Default: 30 s.
	Grace time.Duration
	// Insist has the end of a run be recorded again and again, until it is on record or the context ends: where the disk was full, the run
	// would go on for ever in the eyes of all others. Nil: it is tried once.
	Insist context.Context
}

// Engine runs jobs. It may run many at once.
type Engine struct {
	Config
	ids idSource
}

// New makes an engine.
func New(c Config) *Engine {
	if c.Grace == 0 {
		c.Grace = 30 * time.Second
	}
	if c.Watch == nil {
		c.Watch = func(Event) {}
	}
	return &Engine{Config: c}
}

// Request asks for one run of a job.
type Request struct {
	Job     *jobs.Job
	Inputs  map[string]any // checked already, defaults filled in
	Trigger string         // "manual" when empty
	Due     time.Time      // when it should have started; now when zero
	Env     map[string]any // what env.NAME gives
	Secrets map[string]any // what secret.NAME gives
	// Space keeps the state of such runs apart from that of others: "sandbox". Empty for the job's own.
	Space string
	// ID is the id that a queued run has; "" for a new one. Daemon says that whoever runs it takes it up again after a crash.
	ID     string
	Daemon bool
}

// Run runs a job to its end and gives its record. The context cancels the run, which is recorded too; its cause, when
// it is a *steps.Error, becomes the run's error. The error is of the engine's own: the run could not be recorded.
func (e *Engine) Run(ctx context.Context, req Request) (*Run, error) {
	begun, x, err := e.begin(req)
	if err != nil {
		return nil, err
	}
	return x.carryOut(ctx, begun)
}

// carryOut walks a run that is on record to its end.
func (x *execution) carryOut(ctx context.Context, b begun) (*Run, error) {
	x.contexts(ctx)
	defer x.stop()
	began := time.Now()
	x.tell(Event{Type: RunStarted, Job: x.run.Job, Trigger: x.run.Trigger, Attempt: x.run.Attempt})
	out := flow.Run(&host{execution: x}, x.job, x.given(b))
	x.settle(out)
	if err := x.record(func() error { return x.finish(out) }); err != nil {
		return x.run, fmt.Errorf("recording the end of run %s: %w", x.run.ID, err)
	}
	x.tell(Event{
		Type: RunEnded, Job: x.run.Job, Status: x.run.Status, Elapsed: x.run.Ended.Sub(began), Error: x.run.Error, InDoubt: x.doubts.keys(),
	})
	return x.run, nil
}

// How long it takes until the end of a run is recorded again, at first and at most.
const insistFirst, insistLast = time.Second, 10 * time.Second

// record has the end of a run be recorded, as Insist says. What no waiting mends is tried once.
func (e *Engine) record(finish func() error) error {
	err := finish()
	if e.Insist == nil {
		return err
	}
	for wait := insistFirst; errors.Is(err, ErrFull) || errors.Is(err, ErrLocked) || errors.Is(err, fs.ErrPermission); wait = min(2*wait, insistLast) {
		select {
		case <-e.Insist.Done():
			return err
		case <-time.After(wait):
			err = finish()
		}
	}
	return err
}

// finish records how the run ended, with what going on with it starts from.
func (x *execution) finish(out flow.Outcome) error {
	var err error
	if out.Error != nil {
		err = x.keepCalls(failedKey, out.Error.Calls)
	}
	if tolerated := x.tolerated.keys(); err == nil && len(tolerated) > 0 {
		x.run.Open = true
		err = x.keepCalls(toleratedKey, tolerated)
	}
	if x.redo && (x.run.Status == OK || x.run.Status == Failed) {
		err = errors.Join(err, x.Journal.Fold(x.run.ID, "", []string{redoKey}))
	}
	return errors.Join(err, x.Journal.Finish(x.run))
}

// execution is one run under way.
type execution struct {
	*Engine
	run      *Run
	job      *jobs.Job
	space    string          // see Request
	ctx      context.Context // ends with the run's cancellation or timeout
	cleanup  context.Context // ends a grace later
	fail     func(error)     // ends both at once: the journal failed
	stop     func()          // gives back what the contexts hold
	clocks   clocks
	samples  *samples
	progress progress
	rows     openRows
	unfolded keySet       // loops whose progress cannot be kept
	underWay atomic.Int64 // calls

	// Of a run that is gone on with.
	again     bool
	assume    Assume
	redo      bool                // tolerated failures are tried again
	uncovered map[*jobs.Step]bool // what is read of their results may not have been kept
	doubts    doubts
	tolerated doubts // the calls whose failure was tolerated

	// Of a piece of a run whose flow is walked elsewhere, see Part.
	elsewhere bool
	ends      time.Time       // when the run's timeout is over
	quit      <-chan struct{} // closed when nothing more is to be begun
	secrets   map[string]any
	small     int    // see PartOf
	unsaid    unsaid // by any row here
}

// newExecution makes the record of a run that begins.
func (e *Engine) newExecution(req Request, now time.Time) (begun, *execution) {
	run := &Run{
		ID: req.ID, Daemon: req.Daemon, Job: req.Job.Name, Status: Running, Trigger: req.Trigger, Due: req.Due, Started: now,
		File: req.Job.File, Text: req.Job.Text, Attempt: 1, Process: processName(),
	}
	if run.ID == "" {
		run.ID = e.ids.next(now)
	}
	if run.Trigger == "" {
		run.Trigger = TriggerManual
	}
	if run.Due.IsZero() {
		run.Due = now
	}
	run.Inputs, _ = e.Redactor.Value(req.Inputs).(map[string]any)
	x := &execution{Engine: e, run: run, job: req.Job, space: req.Space, samples: newSamples(Sampled)}
	for _, job := range req.Job.Called() {
		run.Called = append(run.Called, Text{job.File, job.Text})
	}
	b := begun{inputs: req.Inputs, env: req.Env, secrets: req.Secrets}
	if b.inputs == nil {
		b.inputs = map[string]any{}
	}
	return b, x
}

// begin records the run as running.
func (e *Engine) begin(req Request) (begun, *execution, error) {
	b, x := e.newExecution(req, time.Now())
	var err error
	if b.states, err = x.readStates(); err != nil { // first: a run on record has an end
		return b, nil, err
	}
	given, err := x.keep(b)
	if err != nil {
		return b, nil, fmt.Errorf("keeping what the run begins with: %w", err)
	}
	if err := e.Journal.Begin(x.run, given); err != nil {
		return b, nil, fmt.Errorf("recording the run: %w", err)
	}
	return b, x, nil
}

// processName names this process for people: pid@host.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}

// contexts makes the run's context, and the one of its last steps, which outlives it by the grace.
func (x *execution) contexts(ctx context.Context) {
	cleanup, endCleanup := context.WithCancelCause(context.WithoutCancel(ctx))
	base, end := context.WithCancelCause(ctx)
	limited, endLimit := x.limited(base)
	x.ctx, x.cleanup = limited, cleanup
	x.fail = func(err error) { end(&brokenError{err}); endCleanup(&brokenError{err}) }
	grace := time.AfterFunc(time.Hour, func() { endCleanup(errGrace) })
	grace.Stop()
	unhook := context.AfterFunc(x.ctx, func() {
		if s := suspended(x.ctx); s != nil {
			endCleanup(s)
			return
		}
		grace.Reset(x.Grace)
	})
	x.stop = func() {
		unhook()
		grace.Stop()
		endLimit()
		end(nil)
		endCleanup(nil)
	}
}

// limited gives a context that ends with the run's timeout.
func (x *execution) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case x.elsewhere && !x.ends.IsZero():
		return context.WithDeadlineCause(ctx, x.ends, OutOfTime(x.job))
	case x.elsewhere || x.job.Timeout == 0:
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, x.job.Timeout, OutOfTime(x.job))
}

// OutOfTime is the error of a run that took longer than its job's timeout.
func OutOfTime(job *jobs.Job) *steps.Error {
	return &steps.Error{Kind: steps.Timeout, Message: "the run took longer than its timeout of " + jobs.FormatDuration(job.Timeout)}
}

var errGrace = errors.New("the run was ending, and its last steps took too long")

// given is what the flow starts with.
func (x *execution) given(b begun) flow.Given {
	run := map[string]any{
		"id": x.run.ID, "job": x.run.Job, "trigger": x.run.Trigger, "attempt": x.run.Attempt,
		"due": x.run.Due.Format(time.RFC3339), "started": x.run.Started.Format(time.RFC3339),
	}
	return flow.Given{
		Inputs: b.inputs, State: b.states[x.job.Name], States: b.states, Run: run, Env: b.env, Secrets: b.secrets, Redo: x.redo,
		Mask: x.Redactor.AddDerived, Hide: x.Redactor.Text,
	}
}

// settle turns the flow's outcome into the run's record.
func (x *execution) settle(out flow.Outcome) {
	x.run.Ended = time.Now()
	x.run.Output = x.Redactor.Value(out.Output)
	x.run.Status = OK
	failure := out.Error
	var broken *brokenError
	if errors.As(context.Cause(x.cleanup), &broken) { // also when the flow had nothing more to ask, and never heard of it
		out.Halt = broken
	}
	if out.Halt != nil {
		failure = x.halted(out.Halt)
	}
	if failure == nil {
		return
	}
	x.run.Status, x.run.Output = Failed, nil
	var stop *inDoubt
	var later *Suspend
	switch {
	case errors.As(out.Halt, &stop), errors.As(out.Halt, &later):
		x.run.Status = Interrupted
	case failure.Kind == steps.Cancelled:
		x.run.Status = Cancelled
	}
	x.run.Error = x.masked(failure)
}

// halted says why the host ended the run.
func (x *execution) halted(halt error) *steps.Error {
	var stop *inDoubt
	if errors.As(halt, &stop) {
		return x.doubtful(stop)
	}
	var later *Suspend
	if errors.As(halt, &later) {
		return x.interruption(later)
	}
	var stopped *flow.Stopped
	if errors.As(halt, &stopped) {
		return x.cutShort(stopped.Reason)
	}
	return &steps.Error{Kind: steps.Limit, Message: "the run could not be recorded any further: " + halt.Error()}
}

// masked is a copy of an error in which no secret shows.
func (x *execution) masked(e *steps.Error) *steps.Error {
	if e == nil {
		return nil
	}
	m := *e
	m.Message, m.Hint, m.Step = x.Redactor.Text(e.Message), x.Redactor.Text(e.Hint), x.Redactor.Text(e.Step)
	m.Fields, _ = x.Redactor.Value(e.Fields).(map[string]any)
	m.Response, m.Cause = nil, nil // as they came
	return &m
}

func (x *execution) tell(e Event) {
	e.Run = x.run.ID
	e.Time = time.Now()
	x.Watch(e)
}
