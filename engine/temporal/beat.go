package temporal

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"snrun/engine"
)

// beatEvery is how often the server hears that an activity lives, and how soon an activity hears that it is cancelled.
const beatEvery = time.Second

// alive tells the server that an activity lives until stop is called. The context that it gives ends where the run is cancelled, and,
// with an engine.Suspend for its cause, where nobody waits for the activity any more or this worker's time is up. It does not end where
// the server cannot be reached for a while: what goes on here would only be cut off.
func (w *Worker) alive(ctx context.Context) (live context.Context, stop func()) {
	live, end := context.WithCancelCause(context.WithoutCancel(ctx))
	done := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.beats(ctx, end, done)
	}()
	return live, func() {
		close(done)
		<-over
		end(nil)
	}
}

// beats tells the server again and again, until done is closed.
func (w *Worker) beats(ctx context.Context, end func(error), done <-chan struct{}) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	ended := ctx.Done()
	for {
		select {
		case <-done:
			return
		case <-ended:
			ended = nil // once
			if cause := leaving(context.Cause(ctx)); cause != nil {
				end(cause)
			}
		case <-ticker.C:
			if cause := leaving(w.beatOnce(ctx, done)); cause != nil {
				end(cause)
			}
		}
	}
}

// beatOnce tells the server once. What is done with it does not wait for the answer.
func (w *Worker) beatOnce(ctx context.Context, done <-chan struct{}) error {
	once, cancel := context.WithTimeout(context.WithoutCancel(ctx), silence)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-done:
			cancel()
		case <-stop:
		}
	}()
	return w.beat(once)
}

// recordHeartbeat tells the server, and gives what it answers.
func (w *Worker) recordHeartbeat(ctx context.Context) error {
	return w.config.Client.RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken)
}

// leaving gives the cause with which work ends here, for what the server answered or why an activity's own context ended; nil where it
// goes on.
func leaving(why error) error {
	var gone *serviceerror.NotFound
	var moved *serviceerror.NamespaceNotActive
	switch {
	case why == nil:
		return nil
	case temporal.IsCanceledError(why):
		return context.Canceled
	case errors.As(why, &gone), errors.As(why, &moved), errors.Is(why, worker.ErrWorkerShutdown),
		errors.Is(why, activity.ErrActivityPaused), errors.Is(why, activity.ErrActivityReset):
		return &engine.Suspend{Why: errElsewhere.Error()}
	}
	return nil
}

// leaves says whether a context ended because others go on with its work.
func leaves(ctx context.Context) bool {
	_, suspended := errors.AsType[*engine.Suspend](context.Cause(ctx))
	return suspended
}
