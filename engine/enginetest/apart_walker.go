package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/steps"
)

// walker is the Host of a flow that is walked apart from all that is done in it: what it asks for travels to one of two Parts.
type walker struct {
	Apart
	t     *testing.T
	parts []*engine.Part
	ctx   context.Context

	next      atomic.Int64
	mu        sync.Mutex
	open      map[string]time.Time
	tolerated []string
	doubts    []string
}

// somewhere has something done by one of the Parts: in turn or, where they may be lost, by the first that is not.
func (w *walker) somewhere(do func(*engine.Part) error) error {
	if !w.Lost {
		return do(w.parts[int(w.next.Add(1))%len(w.parts)])
	}
	var err error
	for i := int(w.next.Load()); i < len(w.parts); i++ {
		if err = do(w.parts[i]); err == nil || engine.HaltOf(err).Kind != engine.HaltedBroken {
			return err
		}
		w.next.Store(int64(i + 1))
	}
	return err
}

// travels gives what is left of a thing that travels.
func travels[T any](w *walker, v T, encode func(T) ([]byte, error), decode func([]byte) (T, error)) T {
	w.t.Helper()
	data, err := encode(v)
	if err != nil {
		w.t.Errorf("it cannot travel: %v", err)
	}
	if w.Told != nil {
		w.Told(data)
	}
	got, err := decode(data)
	if err != nil {
		w.t.Errorf("%s cannot be read: %v", data, err)
	}
	return got
}

// halt is what is left of an error on its way.
func (w *walker) halt(err error) error {
	if err == nil {
		return nil
	}
	data, _ := json.Marshal(engine.HaltOf(err))
	var h engine.Halt
	if err := json.Unmarshal(data, &h); err != nil {
		w.t.Error(err)
	}
	if w.Told != nil {
		w.Told(data)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doubts = append(w.doubts, h.Doubts...)
	return h.Err()
}

func (w *walker) context(cleanup bool) context.Context {
	if cleanup {
		return context.WithoutCancel(w.ctx)
	}
	return w.ctx
}

func (w *walker) stopped(cleanup bool) error {
	ctx := w.context(cleanup)
	if ctx.Err() == nil {
		return nil
	}
	var reason *steps.Error
	if !errors.As(context.Cause(ctx), &reason) {
		reason = &steps.Error{Kind: steps.Cancelled, Message: "the run was cancelled"}
	}
	return &flow.Stopped{Reason: reason}
}

// Elsewhere has a unit carried out.
func (w *walker) Elsewhere(u flow.Unit) (flow.Handed, error) {
	if err := w.stopped(u.Scope.Cleanup); err != nil {
		return flow.Handed{}, err
	}
	u = travels(w, u, flow.EncodeUnit, flow.DecodeUnit)
	carry := func() (got flow.Handed, err error) {
		err = w.somewhere(func(p *engine.Part) (err error) {
			got, err = p.Carry(w.context(u.Scope.Cleanup), u)
			return err
		})
		return got, err
	}
	got, err := carry()
	if err != nil {
		return flow.Handed{}, w.halt(err)
	}
	if w.Again {
		second, err := carry()
		if a, b := text(got), text(second); err != nil || a != b {
			w.t.Errorf("%s: the second time it gave\n%s, %v, the first time\n%s", u.Key, b, err, a)
		}
	}
	got = travels(w, got, flow.EncodeHanded, flow.DecodeHanded)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tolerated, w.doubts = append(w.tolerated, got.Tolerated...), append(w.doubts, got.Doubts...)
	return got, nil
}

func text(got flow.Handed) string {
	data, _ := flow.EncodeHanded(got)
	return string(data)
}

// Do saves.
func (w *walker) Do(c flow.Call) (flow.Result, error) {
	if err := w.stopped(c.Cleanup); err != nil {
		return flow.Result{}, err
	}
	kept := travels(w, c, flow.EncodeSave, flow.DecodeSave)
	kept.Step = c.Step
	return flow.Result{Value: c.State}, w.halt(w.somewhere(func(p *engine.Part) error { return p.Save(w.context(c.Cleanup), kept) }))
}

// Sleep waits.
func (w *walker) Sleep(pause flow.Wait) error {
	if err := w.stopped(pause.Cleanup); err != nil {
		return err
	}
	length := pause.For
	switch {
	case !pause.Until.IsZero():
		length = time.Until(pause.Until)
	case length >= time.Second:
		var at time.Time
		travelled := travels(w, pause, flow.EncodeWait, flow.DecodeWait)
		err := w.somewhere(func(p *engine.Part) (err error) {
			at, err = p.Wakes(travelled)
			return err
		})
		if err != nil {
			return w.halt(err)
		}
		length = min(length, time.Until(at))
	}
	select {
	case <-time.After(length):
		return nil
	case <-w.context(pause.Cleanup).Done():
		return w.stopped(pause.Cleanup)
	}
}

// Now gives the time.
func (w *walker) Now(string) (time.Time, error) { return time.Now(), nil }

// Fold keeps where a loop is.
func (w *walker) Fold(f flow.Fold) error {
	f = travels(w, f, flow.EncodeFold, flow.DecodeFold)
	fold := func(p *engine.Part) error { return p.Fold(f) }
	if w.Again {
		if err := w.somewhere(fold); err != nil {
			return w.halt(err)
		}
	}
	return w.halt(w.somewhere(fold))
}

// Kept gives where a loop was.
func (w *walker) Kept(key string) (flow.Kept, error) {
	var kept flow.Kept
	err := w.somewhere(func(p *engine.Part) (err error) {
		kept, err = p.Kept(key)
		return err
	})
	if err != nil {
		return kept, w.halt(err)
	}
	return travels(w, kept, flow.EncodeKept, flow.DecodeKept), nil
}

// Fork runs branches.
func (w *walker) Fork(n, limit int, cleanup bool, branch func(i int, h flow.Host) error) error {
	var mu sync.Mutex
	errs, next, over := make([]error, n), 0, false
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if over || next == n || w.stopped(cleanup) != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	var all sync.WaitGroup
	for range max(1, min(limit, n)) {
		all.Go(func() {
			for i, more := take(); more; i, more = take() {
				err := branch(i, w)
				mu.Lock()
				errs[i], over = err, over || err != nil
				mu.Unlock()
			}
		})
	}
	all.Wait()
	failure := flow.FirstError(errs)
	if err := w.stopped(cleanup); err != nil && next < n && failure == nil {
		return err
	}
	return failure
}

// Tell keeps rows of history.
func (w *walker) Tell(n flow.Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	row := engine.StepRun{Key: n.Key, ID: n.Step.ID, Name: n.Step.Name, Kind: n.Step.Kind.Name, Status: engine.Running, Started: time.Now(), Before: n.Before}
	switch n.Type {
	case flow.Began:
		w.open[n.Key] = row.Started
	case flow.Ended:
		if began, is := w.open[n.Key]; is {
			row.Started = began
		}
		row.Ended, row.Status, row.Attempts, row.Error, row.Message = time.Now(), engine.StatusOf(n), n.Tries, n.Error, n.Message
		row.Counts = engine.CountsOf(n)
	case flow.Tolerated:
		w.tolerated = append(w.tolerated, n.Error.Calls...)
		return
	default:
		return
	}
	if err := w.somewhere(func(p *engine.Part) error { return p.Note([]engine.StepRun{row}) }); err != nil {
		w.t.Error(err)
	}
}
