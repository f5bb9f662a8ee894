package temporal

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"snrun/engine"
	"snrun/engine/flow"
)

// keptWait is how long a wait is at least for its end to be kept, so that a run that is gone on with waits for the rest only.
const keptWait = time.Second

// Sleep waits, unless the run ends before.
func (h *host) Sleep(w flow.Wait) error {
	if err := h.goesOn(w.Cleanup); err != nil {
		return err
	}
	until := w.Until
	if until.IsZero() {
		until = workflow.Now(h.here).Add(w.For)
	}
	if until.Sub(workflow.Now(h.here)) < keptWait {
		return h.pause(until, w.Cleanup)
	}
	h.rows.rest(w.Key, engine.Waiting)
	defer h.rows.rest(w.Key, engine.Running)
	if w.Until.IsZero() {
		kept, err := h.wakes(w, until)
		if err != nil {
			return err
		}
		if kept.Before(until) { // else the clock was set back
			until = kept
		}
	}
	return h.pause(until, w.Cleanup)
}

// wakes gives when a wait is over, and keeps it before anybody waits: where the run was begun before it may be kept already.
func (h *host) wakes(w flow.Wait, until time.Time) (time.Time, error) {
	w.Until = until
	what, err := flow.EncodeWait(w)
	if err != nil {
		return until, err
	}
	got, err := h.perform(wakesActivity, w.Key, w.Cleanup, what)
	return got.At, err
}

// pause waits, unless the run ends before or the workflow is renewed.
func (h *host) pause(until time.Time, cleanup bool) error {
	length := until.Sub(workflow.Now(h.here))
	if length <= 0 {
		return nil
	}
	of, end := workflow.WithCancel(h.limits.of(cleanup))
	defer end()
	s := workflow.NewSelector(h.here)
	s.AddFuture(workflow.NewTimer(of, length), func(workflow.Future) {})
	s.AddFuture(h.renewed, func(workflow.Future) {})
	s.Select(h.here)
	return h.walk.over(cleanup)
}

// timesMost is how many times of the flow a workflow is given that goes on with it. What a job asks for first counts for longest.
const timesMost = 1000

// Now gives the time: a workflow that goes on with the flow hears what the one before it heard, so that no timeout begins anew.
func (h *host) Now(key string) (time.Time, error) {
	if at, told := h.times[key]; told {
		return at, nil
	}
	now := workflow.Now(h.here)
	if len(h.times) < timesMost {
		h.times[key] = now
	}
	return now, nil
}
