package engine

import (
	"context"
	"time"

	"snrun/engine/flow"
	"snrun/steps"
)

// keptWait is how long a wait is at least for its end to be kept, so that a run that is gone on with waits for the rest only.
const keptWait = time.Second

// Sleep waits, unless the run ends before.
func (h *host) Sleep(w flow.Wait) error {
	ctx := h.contextOf(w.Cleanup)
	if err := h.over(ctx); err != nil {
		return err
	}
	length := w.For
	switch {
	case !w.Until.IsZero():
		length = time.Until(w.Until)
	case length >= keptWait:
		wakes, err := h.wakes(w)
		if err != nil {
			return err
		}
		length = min(length, time.Until(wakes)) // the clock may have been set back
	}
	defer h.asleep(w)()
	return h.pause(ctx, length)
}

// pause waits, unless the context ends before, or this process is about to.
func (x *execution) pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	case <-x.quit:
		return x.over(ctx)
	}
}

// wakes gives when a wait is over, and keeps it before anybody waits: where the run was begun before it may be kept already.
func (h *host) wakes(w flow.Wait) (time.Time, error) {
	if h.again {
		entry, mark, err := h.Journal.Lookup(h.run.ID, w.Key)
		if err != nil {
			return time.Time{}, h.recorded(err)
		}
		if at, ok := wakeTime(entry.Result); mark == Done && ok {
			return at, nil
		}
	}
	now := time.Now()
	at := now.Add(w.For)
	if !w.Until.IsZero() { // by the clock of where the flow is walked
		at = w.Until
	}
	data, err := steps.EncodeJSON(map[string]any{"until": at.Format(time.RFC3339Nano)})
	if err != nil {
		return at, h.recorded(err)
	}
	return at, h.recorded(h.Journal.Commit(h.run.ID, Entry{Key: w.Key, Result: data, Started: now, Ended: now}))
}

// wakeTime reads what wakes kept.
func wakeTime(kept []byte) (time.Time, bool) {
	v, err := steps.DecodeJSON(kept)
	if err != nil {
		return time.Time{}, false
	}
	m, _ := v.(map[string]any)
	text, _ := m["until"].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, err == nil
}
