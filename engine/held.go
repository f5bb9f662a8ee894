package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"snrun/auth"
	"snrun/engine/flow"
)

// noted is how long a step must wait for its row of history to say that it does.
const noted = time.Second

// listen gives a call a context in which the limits of its profile tell that they hold its requests back.
func (h *host) listen(ctx context.Context, c flow.Call) context.Context {
	if h.elsewhere {
		ctx = auth.WithSignIns(ctx, func(e auth.TokenEvent) { h.signedIn(c, e) })
	}
	fresh := true // one request at a time is held back
	return auth.WithWaits(ctx, func(w auth.Wait) {
		h.heldBack(c, w, fresh)
		fresh = w.Over
	})
}

// heldBack tells that a request waits for a limit, or goes on.
func (h *host) heldBack(c flow.Call, w auth.Wait, fresh bool) {
	e := Event{
		Type: LimitWaits, Key: c.StepKey, ID: c.Step.ID, Name: c.Step.Name, Kind: c.Step.Kind.Name, Item: c.Item, Status: Waiting,
		Profile: h.Redactor.Text(w.Profile), Message: h.Redactor.Text(w.Reason),
	}
	now := time.Now()
	switch {
	case w.Over:
		e.Status = Running
		if c.Item {
			return // others in the loop wait on
		}
	case !w.Until.IsZero():
		e.Wait = max(0, w.Until.Sub(now)).Round(time.Millisecond)
	}
	if w.Over || h.progress.limited(c.StepKey, c.Item, fresh, now) {
		h.tell(e)
		h.aside(e, false)
	}
	switch {
	case w.Over:
		h.resting(c.StepKey, Running)
	case w.Until.IsZero() || e.Wait >= noted:
		h.resting(c.StepKey, Waiting)
	}
}

// asleep has the history say that a step waits. What it gives ends that.
func (h *host) asleep(w flow.Wait) (awake func()) {
	if w.For < noted && time.Until(w.Until) < noted {
		return func() {}
	}
	key, _, _ := strings.Cut(w.Key, "@")
	key = withoutPage(withoutTry(key))
	h.resting(key, Waiting)
	return func() { h.resting(key, Running) }
}

// resting has the row of a step that is under way say that it waits, or that it goes on. Items of loops have no say in it: there
// may be very many of them, and few leave a row.
func (h *host) resting(key string, status Status) {
	if row, changed := h.rows.turn(key, status); changed {
		_ = h.recorded(h.Journal.Note(h.run.ID, row))
	}
}

// openRows are the rows of the steps under way, outside of loops' items.
type openRows struct {
	mu   sync.Mutex
	rows map[string]StepRun
	kept map[string]time.Time // when it was last said how far each is
}

// keep remembers the row of a step that is under way, and forgets that of one that ended.
func (o *openRows) keep(row StepRun) {
	if strings.Contains(row.Key, "[") {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if row.Status != Running {
		delete(o.rows, row.Key)
		delete(o.kept, row.Key)
		return
	}
	if o.rows == nil {
		o.rows = map[string]StepRun{}
	}
	o.rows[row.Key] = row
}

// counted gives the row of a step with how far it is, if that was not kept within the last second.
func (o *openRows) counted(key string, counts *Counts, now time.Time) (row StepRun, due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row, known := o.rows[key]
	if !known || now.Sub(o.kept[key]) < noted {
		return row, false
	}
	if o.kept == nil {
		o.kept = map[string]time.Time{}
	}
	copied := *counts
	row.Counts = &copied
	o.rows[key], o.kept[key] = row, now
	return row, true
}

// turn gives the row of a step with another status, if it is under way and had not that one already.
func (o *openRows) turn(key string, status Status) (row StepRun, changed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row, known := o.rows[key]
	if !known || row.Status == status {
		return row, false
	}
	row.Status = status
	o.rows[key] = row
	return row, true
}
