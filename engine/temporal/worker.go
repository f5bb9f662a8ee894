package temporal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"snrun/engine"
)

// Config is what a Worker works with.
type Config struct {
	Client    client.Client // of Connection.Connect
	TaskQueue string        // DefaultTaskQueue when empty
	Runs      Runs
	// Commenced keeps that this server carries out a run which a schedule starts; nil: that is not kept.
	Commenced func(run string) error
	// Prepare gives what a run is carried out with on this machine. Its texts say which job it is; it may have no id yet. It is called
	// once for a run, as a rule. An error that is a *steps.Error means that the run cannot be carried out by any worker, and ends it
	// as failed; any other is tried again, by this worker or another.
	Prepare func(context.Context, *engine.Run) (*Prepared, error)
	// Engine records runs that cannot be carried out here, and names those that schedules start.
	Engine *engine.Engine
	Holder Holder       // of units; nil: each is begun at once
	Book   Book         // decides upon the slots of schedules; nil where no schedule starts runs
	Log    *slog.Logger // nil: nothing is logged
	// Version pins runs to workers of one version; the zero value is for workers that carry out whatever comes.
	Version Version
	// Drain is how long calls in flight may take once the worker is to stop. Default: 20 s.
	Drain time.Duration
	// Slots are how many activities go on at once. Default: 100.
	Slots int
}

// Runs reads the records of runs.
type Runs interface {
	// Run gives the record of a run, with the texts of its jobs; nil without an error where there is none.
	Run(ctx context.Context, id string) (*engine.Run, error)
}

// Holder has a unit of a run be carried out by one process at a time.
type Holder interface {
	// Hold waits until no other process holds the unit. What it gives ends when the hold is lost, or with the context.
	Hold(ctx context.Context, run, unit string) (held context.Context, release func(), err error)
}

// Worker carries runs out for a Temporal server.
type Worker struct {
	config   Config
	prepared preparedRuns
	beat     func(ctx context.Context) error // tells the server that an activity lives
	// renewAfter is how many activities a workflow has at least before it is renewed.
	renewAfter int
}

// New makes a worker.
func New(c Config) *Worker {
	c.TaskQueue = cmp.Or(c.TaskQueue, DefaultTaskQueue)
	c.Drain = cmp.Or(c.Drain, 20*time.Second)
	c.Slots = cmp.Or(c.Slots, 100)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Worker{config: c, renewAfter: renewAfter}
	w.prepared.prepare = c.Prepare
	w.beat = w.recordHeartbeat
	return w
}

// Run carries runs out until the context ends. Then it takes no more, lets the calls in flight come to their end, and hands what is left
// of its units to other workers. The error says why it could not begin, or stopped by itself.
func (w *Worker) Run(ctx context.Context) error {
	fatal := make(chan error, 1)
	o := w.options()
	o.OnFatalError = func(err error) {
		select {
		case fatal <- err:
		default:
		}
	}
	made := worker.New(w.config.Client, w.config.TaskQueue, o)
	w.register(made)
	if err := made.Start(); err != nil {
		return fmt.Errorf("starting a worker for the task queue %s: %w", w.config.TaskQueue, err)
	}
	defer w.prepared.close()
	defer made.Stop()
	adopting := make(chan struct{})
	inside, leave := context.WithCancel(ctx)
	go func() {
		defer close(adopting)
		w.adopt(inside)
	}()
	defer func() { leave(); <-adopting }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return fmt.Errorf("the worker stopped: %w", err)
	}
}

func (w *Worker) options() worker.Options {
	return worker.Options{
		MaxConcurrentActivityExecutionSize: w.config.Slots, WorkerStopTimeout: w.config.Drain, DisableRegistrationAliasing: true,
		DeadlockDetectionTimeout: deadlock, DeploymentOptions: w.config.Version.options(),
	}
}

// deadlock is how long a piece of a workflow may take without asking for anything: where a job is loaded in it, its WSDL is read too.
const deadlock = 10 * time.Second

// registry is where a worker, the tests' environment and a replayer take what they carry out.
type registry interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}

// activities is what a registry may take besides.
type activities interface {
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}

// register makes the workflow and the activities known under their names.
func (w *Worker) register(r registry) {
	r.RegisterWorkflowWithOptions(w.carryOut, workflow.RegisterOptions{Name: WorkflowType})
	also, takes := r.(activities)
	if !takes {
		return
	}
	add := func(name string, a any) { also.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: name}) }
	add(turnActivity, w.turn)
	add(beginActivity, w.beginRun)
	add(unitActivity, w.unit)
	add(saveActivity, w.save)
	add(foldActivity, w.fold)
	add(keptActivity, w.kept)
	add(wakesActivity, w.wakes)
	add(noteActivity, w.note)
	add(finishActivity, w.finishRun)
	add(recallActivity, w.recallOn)
}

// errNoPrepare is the error of a worker that was not told how to prepare runs.
var errNoPrepare = errors.New("the worker has no way to prepare runs")
