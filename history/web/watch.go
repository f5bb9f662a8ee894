package web

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"snrun/engine"
	"snrun/history"
)

const (
	lookEvery   = 300 * time.Millisecond // between looks for changes while somebody looks at a page
	settleEvery = 3 * time.Second        // a process that dies changes nothing in the history: runs are asked for anyway
)

// beat is how what a page shows stands: it is shown anew where the mark is another one.
type beat struct {
	mark   string
	data   []byte        // JSON
	status engine.Status // of the run; "" for all of them
}

// watchers look for changes in the history for those who look at pages: one goroutine for all of them, and none while there is nobody.
type watchers struct {
	store *history.Store
	every time.Duration

	mu      sync.Mutex
	viewers map[*viewer]bool
	looking bool
	ended   sync.WaitGroup
}

// viewer is who looks at a page, of a run or, without one, of all of them.
type viewer struct {
	run   string
	beats chan beat // has room for one: the last
}

// join begins to tell a viewer of changes. Leave ends that.
func (w *watchers) join(run string) *viewer {
	v := &viewer{run: run, beats: make(chan beat, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.viewers == nil {
		w.viewers = map[*viewer]bool{}
	}
	w.viewers[v] = true
	if !w.looking {
		w.looking = true
		w.ended.Go(w.look)
	}
	return v
}

// leave tells the viewer of no more changes.
func (w *watchers) leave(v *viewer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.viewers, v)
}

// look looks for changes until nobody wants to know of them.
func (w *watchers) look() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	lookout, err := w.store.Lookout(ctx)
	if err == nil {
		defer lookout.Close()
	}
	var asked time.Time
	for ; ; <-tick.C {
		if !w.anybody() {
			return
		}
		changed := true
		if lookout != nil {
			changed, err = lookout.Changed(ctx)
		}
		if changed || err != nil || time.Since(asked) > settleEvery {
			asked = time.Now()
			w.tell()
		}
	}
}

// anybody says whether somebody looks still. Once it has said no, the next who comes begins to look anew.
func (w *watchers) anybody() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looking = len(w.viewers) > 0
	return w.looking
}

// tell asks once for each run that is looked at, and hands on what it hears.
func (w *watchers) tell() {
	w.mu.Lock()
	viewers := make(map[string][]*viewer)
	for v := range w.viewers {
		viewers[v.run] = append(viewers[v.run], v)
	}
	w.mu.Unlock()
	for run, list := range viewers {
		b, err := beatOf(w.store, run)
		if err != nil {
			continue // it is asked again soon; who opens the page anew reads why
		}
		for _, v := range list {
			v.hand(b)
		}
	}
}

// hand puts a beat in place of one that was not taken yet.
func (v *viewer) hand(b beat) {
	for {
		select {
		case v.beats <- b:
			return
		default:
		}
		select {
		case <-v.beats:
		default:
		}
	}
}

// beatOf asks how a run stands, or all of them.
func beatOf(store *history.Store, run string) (beat, error) {
	if run == "" {
		text, err := store.PulseOfAll()
		return beat{mark: markOf(text), data: []byte("{}")}, err
	}
	p, err := store.Pulse(run)
	if err != nil {
		return beat{}, err
	}
	data, err := json.Marshal(p)
	return beat{mark: markOf(p.Mark()), data: data, status: p.Status}, err
}

// hasEnded says whether a run goes on no more, unless a person has it go on.
func hasEnded(s engine.Status) bool { return s != engine.Queued && s != engine.Running }
