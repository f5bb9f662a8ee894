package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// elsewhereOptions are the flags of the commands that have a Temporal server carry a run out.
type elsewhereOptions struct {
	remoteOptions
	detach bool
	here   bool // of a run that has a past
}

// elsewhereFlags adds the flags.
func (a *app) elsewhereFlags(flags *pflag.FlagSet, o *elsewhereOptions) {
	a.remoteFlags(flags, &o.remoteOptions, "have the workers of the Temporal server at `HOST:PORT` carry the run out")
	flags.BoolVar(&o.detach, "detach", false, "with --temporal: print the id of the run once it is handed over, and do not wait for its end")
}

// hereFlag adds --here.
func (a *app) hereFlag(flags *pflag.FlagSet, o *elsewhereOptions) {
	flags.BoolVar(&o.here, "here", false, "go on in this process, also where Temporal carried the run out before")
}

// check says what is wrong with the flags.
func (o elsewhereOptions) check(e executeOptions) error {
	switch {
	case o.here && o.asked:
		return usageError("give one of them", "--here and --temporal exclude each other")
	case o.detach && !o.asked:
		return usageError("add --temporal, or have a daemon run it: snrun schedule trigger JOB", "--detach is for runs that a Temporal server carries out")
	case o.namespace != "" && !o.asked:
		return usageError("add --temporal", "--namespace is for runs that a Temporal server carries out")
	case o.asked && e.sandbox:
		return usageError("start a sandbox by itself, with snrun sandbox, and give the workers its address", "--sandbox starts one for this process, which workers do not reach")
	}
	return nil
}

// carryOutAsAsked carries a run out here, or has a Temporal server do so.
func (a *app) carryOutAsAsked(ctx context.Context, o executeOptions, w elsewhereOptions, prepare func(context.Context) (*prepared, error)) error {
	if w.asked {
		return a.carryOutElsewhere(ctx, o, w, prepare)
	}
	return a.carryOut(ctx, o, prepare)
}

// handOver puts a run on record as one that a workflow carries out, and gives what that starts with.
type handOver func(e *engine.Engine, workflow func(run string) string) (*engine.Run, temporal.Order, error)

// carryOutElsewhere prepares a run, has a Temporal server carry it out, follows it to its end and prints what it gave.
func (a *app) carryOutElsewhere(ctx context.Context, o executeOptions, w elsewhereOptions, prepare func(context.Context) (*prepared, error)) error {
	if err := checkProgress(o.progress); err != nil {
		return err
	}
	left := &parting{app: a}
	ctx, stop := signalled(ctx, left.exit)
	defer stop()
	r, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer r.store.Close()
	c, run, err := a.handedOver(ctx, r, w.remoteOptions)
	if err != nil {
		return err
	}
	defer c.Close()
	left.run, left.next = run.ID, r.next
	if w.detach {
		return a.print(run.ID + "\n")
	}
	r.store.Conduct(c.conductor())
	if run, err = a.followHere(ctx, r, c, run, o); err != nil {
		return err
	}
	if err := a.printRun(r, run, o.asJSON); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return exitWith(exitCode(run, context.Cause(ctx)))
}

// handedOver has a Temporal server carry a run out. Whoever asked closes the connection.
func (a *app) handedOver(ctx context.Context, r *prepared, o remoteOptions) (*cluster, *engine.Run, error) {
	if err := shared(r.database); err != nil {
		return nil, nil, err
	}
	c, err := a.connect(ctx, clusterOptions{remoteOptions: o, settings: r.project.Settings, secrets: r.project.givenSecrets, place: r.project.store})
	if err != nil {
		return nil, nil, stopped(ctx, err)
	}
	run, err := c.start(ctx, a.recorderOf(r), starting{r.store, r.next, r.handOver})
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, run, nil
}

// parting is what a second signal leads to: the run is left to the server.
type parting struct {
	*app
	run  string
	next review.Commands
}

func (p *parting) exit(code int) {
	if p.run != "" {
		io.WriteString(p.err, "run "+p.run+" was told to end, and is left to the Temporal server: how far it is: "+p.next.Show(p.run)+"\n")
	}
	os.Exit(code)
}

// starting is what the start of a workflow takes.
type starting struct {
	store *history.Store
	next  review.Commands
	hand  handOver
}

// start puts a run on record and starts its workflow. A run whose workflow does not start is on record as failed.
func (c *cluster) start(ctx context.Context, e *engine.Engine, s starting) (*engine.Run, error) {
	run, order, err := s.hand(e, func(run string) string { return temporal.WorkflowName(c.Space(), temporal.WorkflowID(run)) })
	if err != nil {
		return nil, err
	}
	if err := s.store.Commenced(run.ID, c.server, ""); err != nil {
		return nil, err
	}
	began, err := c.begin(ctx, run.ID, order)
	if err == nil {
		return run, s.store.Commenced(run.ID, c.server, began)
	}
	why := &steps.Error{Kind: steps.Network, Message: "the run was not handed over to the Temporal server at " + c.Address + ": " + err.Error(), Hint: s.next.Resume(run.ID)}
	if ended := e.RefuseElsewhere(run, why); ended != nil {
		return nil, errors.Join(err, ended)
	}
	code, hint := exitTransient, "run "+run.ID+" is on record as failed; try it again: "+why.Hint
	if refused, isRefused := errors.AsType[*exitError](refusal(c.Temporal, err)); isRefused {
		code, hint = refused.code, refused.hint+"; then try run "+run.ID+" again: "+why.Hint
	}
	return nil, &exitError{code, errors.New(why.Message), hint}
}

// goingOn hands over a run that goes on.
func goingOn(r engine.Resumption) handOver {
	return func(e *engine.Engine, workflow func(run string) string) (*engine.Run, temporal.Order, error) {
		run, err := e.GoOnElsewhere(r, workflow(r.Run.ID))
		if err != nil {
			return nil, temporal.Order{}, err
		}
		return run, temporal.Order{Run: run.ID, Job: run.Job, Attempt: run.Attempt, Again: true, Assume: r.Assume, Redo: r.FailedItems}, nil
	}
}

// recorderOf makes the engine that puts a run on record which somebody else carries out.
func (a *app) recorderOf(r *prepared) *engine.Engine {
	return engine.New(engine.Config{
		Journal: r.store, Redactor: a.redactor, Dir: r.project.Dir, UserAgent: userAgent, Sealer: sealerOf(r.project.store),
	})
}

// begin starts the workflow of a run, and gives the id that the server has given it.
func (c *cluster) begin(ctx context.Context, run string, order temporal.Order) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	began, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: temporal.WorkflowID(run), TaskQueue: c.Queue(), WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, temporal.WorkflowType, order)
	if _, already := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); already {
		return "", fmt.Errorf("a workflow %s goes on there already", temporal.WorkflowID(run))
	}
	if err != nil {
		return "", err
	}
	return began.GetRunID(), nil
}

// noWorkerAfter is how long a run waits before somebody is told that no worker asks for it.
const noWorkerAfter = 5 * time.Second

// followHere shows how the run goes until it has ended. The first signal has it cancelled.
func (a *app) followHere(ctx context.Context, r *prepared, c *cluster, run *engine.Run, o executeOptions) (*engine.Run, error) {
	v := a.newView(o.progress, r.next)
	defer v.close()
	f, err := newFollower(r.store, run, v)
	if err != nil {
		return nil, err
	}
	for _, note := range r.notes {
		f.say(note)
	}
	waits := &waiting{cluster: c, follower: f, since: time.Now()}
	ended, err := f.until(ctx, waits.see)
	if ctx.Err() != nil && err != nil {
		f.say("stopping; a second signal leaves the run to the Temporal server")
		if err := c.cancel(r, run.ID, a.person()); err != nil {
			f.say("the run could not be cancelled: " + err.Error())
		}
		ended, err = f.until(context.WithoutCancel(ctx), waits.see)
	}
	if err != nil {
		return nil, &exitError{exitFailed, fmt.Errorf("the run goes on without being looked at: %w", err), "how far it is: " + r.next.Show(run.ID)}
	}
	f.ended(ended)
	return ended, nil
}

// cancel has a run be cancelled, for somebody.
func (c *cluster) cancel(r *prepared, run, who string) error {
	if _, err := r.store.Cancel(time.Now(), run, who); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	return c.cancelWorkflow(ctx, temporal.WorkflowID(run))
}

// cancelWorkflow asks for the end of a workflow. One that has ended needs nothing.
func (c *cluster) cancelWorkflow(ctx context.Context, id string) error {
	err := c.CancelWorkflow(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	return c.orRefusal(err)
}

// waiting tells a person why a run does not begin.
type waiting struct {
	*cluster
	*follower
	since time.Time // when it was asked last, at first when the run began to wait
	told  bool
}

// see looks at a run that goes on. One that nobody takes is told of, once.
func (w *waiting) see(run *engine.Run) {
	if run.Status != engine.Queued || w.told || time.Since(w.since) < noWorkerAfter {
		return
	}
	w.since = time.Now()
	if there, err := w.hasWorker(context.Background()); err == nil && !there {
		w.told = true
		w.say(fmt.Sprintf("the run waits: no worker takes runs from the task queue %s in the namespace %s; start one: snrun worker", w.Queue(), w.Space()))
	}
}
