package temporal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/steps"
)

// walk is one run as a workflow walks it, from its beginning or since it was renewed.
type walk struct {
	*limits
	order     Order
	run       string
	ends      time.Time
	rows      *rows
	recall    map[string]json.RawMessage // what finished units gave
	times     map[string]time.Time       // what the flow was told of the time
	doubts    []string
	tolerated []string
	underWay  int // bytes of what activities were asked for that have not answered yet
	carried   int // activities since the workflow began
	least     int // how many there are at least before it is renewed: else it would never get further than what is recalled
	renewing  bool
	ending    bool            // nobody but the end tells people of steps any more
	renewed   workflow.Future // is there once it is to be renewed
	renew     workflow.Settable
}

// host is the Host of one branch of the flow: that of one coroutine.
type host struct {
	*walk
	here workflow.Context // of the coroutine
}

// errRenew ends the flow without an end of the run: a new workflow walks on.
var errRenew = errors.New("the workflow goes on as a new one")

// over says why nothing more is begun; nil where it is.
func (w *walk) over(cleanup bool) error {
	if err := w.stopped(cleanup); err != nil {
		return err
	}
	if w.renewing {
		return errRenew
	}
	return nil
}

// goesOn says why a call is not begun. Before each it is seen whether the server wants a new workflow.
func (h *host) goesOn(cleanup bool) error {
	if err := h.stopped(cleanup); err != nil {
		return err
	}
	if !h.renewing && h.carried >= h.least && workflow.GetInfo(h.here).GetContinueAsNewSuggested() {
		h.renewing = true
		h.renew.SetValue(true)
	}
	return h.walk.over(cleanup)
}

// Elsewhere has a unit carried out by an activity, unless it was finished before the workflow was renewed.
func (h *host) Elsewhere(u flow.Unit) (flow.Handed, error) {
	if err := h.goesOn(u.Scope.Cleanup); err != nil {
		return flow.Handed{}, err
	}
	data, there := h.recall[u.Key]
	if !there {
		what, err := flow.EncodeUnit(u)
		if err != nil {
			return flow.Handed{}, err
		}
		got, err := h.perform(unitActivity, u.Key, u.Scope.Cleanup, what)
		if err != nil {
			return flow.Handed{}, err
		}
		data = got.What
	}
	got, err := flow.DecodeHanded(data)
	if err != nil {
		return got, fmt.Errorf("what %s gave cannot be read: %w", u.Key, err)
	}
	h.doubts = append(h.doubts, got.Doubts...)
	h.tolerated = append(h.tolerated, got.Tolerated...)
	h.rows.took(u, got)
	return got, nil
}

// Do keeps what branches saved at once: nothing else that the flow does here makes a call.
func (h *host) Do(c flow.Call) (flow.Result, error) {
	if err := h.goesOn(c.Cleanup); err != nil {
		return flow.Result{}, err
	}
	what, err := flow.EncodeSave(c)
	if err != nil {
		return flow.Result{}, err
	}
	got, err := h.perform(saveActivity, c.Key, c.Cleanup, what)
	if err != nil {
		return flow.Result{}, err
	}
	if failure, err := flow.DecodeError(got.What); failure != nil || err != nil {
		return flow.Result{}, orFailure(failure, err)
	}
	now := workflow.Now(h.here)
	return flow.Result{Value: c.State, Started: now, Ended: now}, nil
}

func orFailure(failure *steps.Error, err error) error {
	if failure != nil {
		return failure
	}
	return err
}

// Fold keeps where a loop is.
func (h *host) Fold(f flow.Fold) error {
	if err := h.goesOn(f.Cleanup); err != nil {
		return err
	}
	what, err := flow.EncodeFold(f)
	if err != nil {
		return err
	}
	_, err = h.perform(foldActivity, f.Key+"@fold:"+f.Below, f.Cleanup, what)
	maps.DeleteFunc(h.times, func(key string, _ time.Time) bool { return err == nil && f.Below != "" && engine.Below(key, f.Below) })
	return err
}

// Kept gives where a loop was.
func (h *host) Kept(key string) (flow.Kept, error) {
	if !h.order.Again {
		return flow.Kept{}, nil
	}
	t := h.task(key + "@kept")
	t.Loop, t.Rows = key, h.rows.along(key)
	got, err := h.ask(h.limits.of(true), keptActivity, t)
	if err != nil {
		return flow.Kept{}, err
	}
	return flow.DecodeKept(got.What)
}

// Tell takes note of what happens to a step.
func (h *host) Tell(n flow.Note) {
	if h.renewing {
		return // what ends now goes on in the next workflow
	}
	now := workflow.Now(h.here)
	switch n.Type {
	case flow.Began:
		h.rows.began(n, h.beginning(n.Key, now))
	case flow.Ended:
		h.rows.ended(n, now)
	case flow.ItemEnded, flow.PageRead:
		h.rows.counted(n, now)
	case flow.RetryWaits:
		h.rows.retried(n, now)
	case flow.Tolerated:
		h.tolerated = append(h.tolerated, n.Error.Calls...)
	}
}

// beginning gives when a step began: before the workflow was renewed, where it was under way then.
func (w *walk) beginning(key string, now time.Time) time.Time {
	if w.order.Went != nil {
		if at, under := w.order.Went.Open[key]; under {
			return at
		}
	}
	return now
}

// perform has an activity carried out for the run, and gives its answer. An answer with a halt is the error that ends the run.
func (h *host) perform(name, key string, cleanup bool, what []byte) (answer, error) {
	t := h.task(key)
	t.What, t.Rows = what, h.rows.along(key)
	return h.ask(h.limits.of(cleanup), name, t)
}

func (w *walk) task(key string) task {
	return task{Run: w.run, Attempt: max(w.order.Attempt, 1), Key: key, Assume: w.order.Assume, Redo: w.order.Redo, Space: w.order.Space, Ends: w.ends}
}

// ask has an activity carried out, as a context has it.
func (h *host) ask(of workflow.Context, name string, t task) (answer, error) {
	if size := weight(t.What); size > heaviest {
		return answer{}, tooHeavy(t.Key, size)
	}
	leave, err := h.room(t)
	if err != nil {
		return answer{}, err
	}
	defer leave()
	h.carried++
	var got answer
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(of, activityOptions()), name, t).Get(h.here, &got)
	switch {
	case temporal.IsCanceledError(err):
		if why := h.stopped(false); why != nil {
			return got, why
		}
		return got, h.stopped(true)
	case err != nil:
		return got, fmt.Errorf("%s: %w", t.Key, err)
	}
	misplaced(got.To, t.address())
	if got.Halt != nil {
		return got, h.halted(got.Halt)
	}
	return got, nil
}

// halted is the error that ends the flow where an activity's answer does. Why a run was ended from outside is known best here.
func (h *host) halted(halt *engine.Halt) error {
	h.doubts = append(h.doubts, halt.Doubts...)
	err := halt.Err()
	stopped, is := errors.AsType[*flow.Stopped](err)
	if !is {
		return err
	}
	if why := h.stopped(false); why != nil {
		return why
	}
	return stopped
}

// How long an activity may be silent, how long it may take, and how it is repeated when its worker is lost. What fails in a step is no
// matter of these.
const (
	silence     = 5 * time.Second
	longest     = 365 * 24 * time.Hour
	repeatFirst = 200 * time.Millisecond
	repeatLast  = 10 * time.Second
)

func activityOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: longest, HeartbeatTimeout: silence, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: repeatFirst, BackoffCoefficient: 2, MaximumInterval: repeatLast},
	}
}

var _ flow.Remote = (*host)(nil)
