package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// host is the local Host: calls are made in this process, branches are goroutines.
type host struct {
	*execution
	mark *stopMark // of the items of a chunk; nil for others
}

// brokenError ends the flow: the journal failed.
type brokenError struct{ cause error }

func (e *brokenError) Error() string { return e.cause.Error() }
func (e *brokenError) Unwrap() error { return e.cause }

// recorded ends the run when the journal gave an error: nothing more goes out that could not be recorded.
func (x *execution) recorded(err error) error {
	if err == nil {
		return nil
	}
	x.fail(err)
	return &brokenError{err}
}

// stopped gives the reason for which a context ended, nil while it has not.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	if s := suspended(ctx); s != nil {
		return s
	}
	cause := context.Cause(ctx)
	var broken *brokenError
	if errors.As(cause, &broken) {
		return broken
	}
	var reason *steps.Error
	if !errors.As(cause, &reason) {
		reason = &steps.Error{Kind: steps.Cancelled, Message: "the run was cancelled"}
		if cause != nil && cause != context.Canceled {
			reason.Message += ": " + cause.Error()
		}
	}
	return &flow.Stopped{Reason: reason}
}

// over gives the reason for which nothing more is begun: the context ended, or this process is about to.
func (x *execution) over(ctx context.Context) error {
	if err := stopped(ctx); err != nil {
		return err
	}
	select {
	case <-x.quit: // never, where it is nil
		return &Suspend{Why: "the process that carried this out was stopped"}
	default:
		return nil
	}
}

func (x *execution) contextOf(cleanup bool) context.Context {
	if cleanup {
		return x.cleanup
	}
	return x.ctx
}

// Do makes a call and commits its outcome. Before an unsafe call goes out its intent is durable. A call that was made
// before this run was gone on with gives what it gave then.
func (h *host) Do(c flow.Call) (flow.Result, error) {
	ctx := h.contextOf(c.Cleanup)
	if err := h.over(ctx); err != nil {
		return flow.Result{}, err
	}
	if h.again {
		if result, made, err := h.before(c); made || err != nil {
			return result, err
		}
	}
	if c.State != nil {
		return h.save(c)
	}
	h.underWay.Add(1)
	defer h.underWay.Add(-1)
	if c.Unsafe {
		if err := h.recorded(h.Journal.Intend(h.run.ID, c.Key)); err != nil {
			return flow.Result{}, err
		}
	}
	return h.call(ctx, c)
}

// save makes state values durable. A secret that a server gave back is not kept: state is plain text.
func (h *host) save(c flow.Call) (flow.Result, error) {
	for _, name := range slices.Sorted(maps.Keys(c.State)) {
		if h.holdsSecret(c.State[name]) {
			return flow.Result{}, &steps.Error{
				Kind: steps.BadInput, Message: "state." + name + " would hold a secret: state is kept in plain text",
				Hint: "save another value of the answer, and read the secret where it is used instead",
			}
		}
	}
	now := time.Now()
	entry := Entry{Key: c.Key, StepKey: c.StepKey, Attempt: 1, Started: now, Ended: now, Job: h.stateOf(c.Job), State: c.State}
	return flow.Result{Value: c.State, Started: now, Ended: now}, h.recorded(h.Journal.Commit(h.run.ID, entry))
}

// holdsSecret says whether a secret shows in a value.
func (h *host) holdsSecret(v any) bool {
	data, err := steps.EncodeJSON(v)
	return err == nil && h.Redactor.Contains(data)
}

// call carries out a call and commits its outcome.
func (h *host) call(ctx context.Context, c flow.Call) (flow.Result, error) {
	limited, cancel := withDeadline(ctx, c.Deadline)
	defer cancel()
	limited = h.listen(limited, c)
	limited, traced := h.traced(limited, c)
	entry := Entry{Key: c.Key, StepKey: c.StepKey, Attempt: c.Attempt, Started: time.Now()}
	var seen exchanges
	out, err := protect(limited, c, h.env(c, &seen))
	entry.Ended, entry.Beside = time.Now(), int(h.underWay.Load())-1
	o := outcome{failure: h.failure(limited, c, err), result: flow.Result{
		Value: out.Value, Names: out.Names, Next: out.Next, Total: out.Total, Items: out.Items, Started: entry.Started, Ended: entry.Ended,
	}}
	h.requested(c, seen.list)
	traced(seen.list, o.failure)
	o.doubt = c.Unsafe && o.failure != nil && !refused(o.failure, seen.list)
	halt := stopped(ctx)
	entry.Passing = c.Refetch && o.failure == nil // it failing may have been caught: that stays so
	if o.failure != nil && halt != nil {
		// It was cut off: going on makes it again or, where its intent is on record, asks about it.
		entry.Passing = true
		h.cutOff(c, o.doubt)
	}
	if o.failure != nil || !c.Item || h.samples.call(c.Step) {
		entry.Exchanges = h.maskedExchanges(seen.list)
	}
	if err := h.commit(c, o, entry); err != nil {
		if out.Items != nil {
			_ = out.Items.Close() // what failed before it is told
		}
		return flow.Result{}, err
	}
	if o.failure == nil {
		return o.result, nil
	}
	if halt != nil {
		return o.result, cmp.Or(h.unsent(c, o.doubt), halt)
	}
	o.failure.Doubt = o.doubt
	return o.result, o.failure
}

// unsent takes back the intent of a call that was cut off before it was sent, or that the server would not have: nobody need be asked about it.
func (h *host) unsent(c flow.Call, doubt bool) error {
	if !c.Unsafe || doubt {
		return nil
	}
	return h.recorded(h.Journal.Fold(h.run.ID, "", []string{c.Key}))
}

// commit makes the outcome of a call durable.
func (h *host) commit(c flow.Call, o outcome, entry Entry) error {
	entry.Error = h.masked(o.failure)
	if !entry.Passing {
		var err error
		if entry.Result, err = h.encode(c, o); err != nil {
			return &steps.Error{Kind: steps.Content, Message: "the result cannot be kept: " + err.Error()}
		}
	}
	return h.recorded(h.Journal.Commit(h.run.ID, entry))
}

// refused says whether a call that failed surely had no effect: nothing was sent, or the server would not have it.
func refused(failure *steps.Error, seen []steps.Exchange) bool {
	return failure.Repeat == steps.Always || failure.NoEffect || len(seen) == 0
}

// exchanges collects the exchanges of a call.
type exchanges struct {
	mu   sync.Mutex
	list []steps.Exchange
}

func (e *exchanges) add(x steps.Exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, x)
}

// env is what the kind's function may reach.
func (h *host) env(c flow.Call, seen *exchanges) *steps.Env {
	return &steps.Env{
		Clients: h.Clients, Dir: h.Dir, Cursor: c.Cursor, Attempt: c.Attempt, Key: c.Key, UserAgent: h.UserAgent,
		Observe: seen.add, Reads: c.Reads, Stream: c.Stream,
	}
}

// protect runs the kind's function. A panic in it is the step's error.
func protect(ctx context.Context, c flow.Call, env *steps.Env) (out steps.Output, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = flow.Defect(p)
		}
	}()
	return c.Step.Kind.Run(ctx, c.Input, env)
}

func withDeadline(ctx context.Context, d flow.Deadline) (context.Context, context.CancelFunc) {
	if d.At.IsZero() {
		return ctx, func() {}
	}
	return context.WithDeadlineCause(ctx, d.At, &deadlineError{d.Of})
}

// deadlineError is the cause of a context that ended with a step's timeout.
type deadlineError struct{ of string }

func (e *deadlineError) Error() string { return e.of + " has passed" }

// failure makes a step's error of whatever the kind's function gave, with the name of the timeout that struck.
func (h *host) failure(ctx context.Context, c flow.Call, err error) *steps.Error {
	if err == nil {
		return nil
	}
	var failure *steps.Error
	var late *deadlineError
	isStep := errors.As(err, &failure)
	if ctx.Err() != nil && errors.As(context.Cause(ctx), &late) {
		return &steps.Error{Kind: steps.Timeout, Message: late.Error(), Cause: err, NoEffect: isStep && failure.NoEffect}
	}
	if isStep {
		return placed(c, failure)
	}
	return &steps.Error{Kind: steps.Network, Message: err.Error(), Cause: err}
}

// placed says of mistakes in a call's values where they stand.
func placed(c flow.Call, failure *steps.Error) *steps.Error {
	if call, ok := c.Step.Body.(*jobs.Call); ok {
		return call.Placed(failure)
	}
	return failure
}

// Now gives the time.
func (h *host) Now(string) (time.Time, error) { return time.Now(), nil }
