package flow

import (
	"fmt"
	"sync"

	"snrun/jobs"
	"snrun/steps"
)

// How the items of a loop are spread over units: so many chunks of a loop are under way at once, it has about so many, and each has at
// least so many items.
const (
	chunksAtOnce = 4
	chunksInAll  = 40
	chunkLeast   = 50
)

// spread is a loop whose items are worked on elsewhere, chunk by chunk.
type spread struct {
	*loop
	total int // items
	size  int // items of a chunk

	mu     sync.Mutex
	next   int // chunk
	over   bool
	chunks []Handed
}

// far gives a loop whose items are worked on elsewhere: there are many, or what tells them is not here. Nil where they are worked on here.
func (f *frame) far(r Remote, l *loop) (*spread, error) {
	if !f.touches(l.Uses()...) {
		near, err := f.listed(l.step, l.Foreach, l.note)
		if err != nil {
			return nil, err
		}
		*l = *near
		if len(l.items) < large {
			return nil, nil
		}
		return l.spread(len(l.items), l.limit), nil
	}
	got, err := r.Elsewhere(Unit{
		Key: l.note.Key + "@" + ItemCount, Place: f.place(l.step), Slot: ItemCount, Scope: f.scope((&jobs.Uses{}).And(l.Uses()...)),
	})
	if err == nil && got.Error != nil {
		err = got.Error
	}
	if err != nil {
		return nil, err
	}
	l.tally.came, l.tally.counts.Total = got.Count, got.Count
	return l.spread(got.Count, got.Limit), nil
}

func (l *loop) spread(total, limit int) *spread {
	l.limit = limit
	size := max(chunkLeast, (total+chunksInAll-1)/chunksInAll)
	return &spread{loop: l, total: total, size: size, chunks: make([]Handed, (total+size-1)/size)}
}

// workFar has all chunks of a loop worked on. Each of those that are under way at once gets its share of how many items may be.
func (f *frame) workFar(w *spread) error {
	n := min(len(w.chunks), w.limit, chunksAtOnce)
	return f.h.Fork(n, n, f.cleanup, func(i int, h Host) error {
		limit := w.limit / n
		if i < w.limit%n {
			limit++
		}
		c := f.child(h, "")
		for k, more := w.take(); more; k, more = w.take() {
			err := c.chunk(w, k, limit)
			if n == 1 { // the next one sees what this one saved
				f.remember(w.chunks[k].Saved)
				c.states, c.names["state"] = f.states, f.states[f.job]
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// take gives the next chunk to begin, while there is one.
func (w *spread) take() (int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.next == len(w.chunks) {
		return 0, false
	}
	w.next++
	return w.next - 1, true
}

// chunk has one chunk worked on.
func (f *frame) chunk(w *spread, k, limit int) error {
	r := f.remote()
	if r == nil {
		return fmt.Errorf("step %s: a branch of the flow has another host", w.step.Label())
	}
	from, to := k*w.size, min((k+1)*w.size, w.total)
	u := Unit{
		Key: fmt.Sprintf("%s@items:%d-%d", w.note.Key, from, to), Place: f.place(w.step), Slot: Items, Loop: w.note.Key,
		From: from, To: to, Limit: limit, Failed: w.failedSoFar(), Scope: f.scope(w.step.Uses),
	}
	got, err := r.Elsewhere(u)
	if err != nil {
		return err
	}
	note, tolerable := w.done(k, got)
	f.h.Tell(note)
	if !tolerable {
		return got.Error
	}
	return nil
}

func (w *spread) failedSoFar() int {
	w.tally.mu.Lock()
	defer w.tally.mu.Unlock()
	return w.tally.counts.Failed
}

// done takes the end of a chunk into account, and says whether the loop can go on.
func (w *spread) done(k int, got Handed) (Note, bool) {
	w.mu.Lock()
	w.chunks[k] = got
	w.mu.Unlock()
	t := w.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Succeeded += got.Succeeded
	t.counts.Failed += got.Failed
	note := w.note
	note.Type, note.Counts = ItemEnded, t.counts
	tolerable := got.Error == nil || got.Failed > 0 && w.Tolerate.Allows(t.counts.Failed, w.total)
	w.mu.Lock()
	w.over = w.over || !tolerable
	w.mu.Unlock()
	return note, tolerable
}

// foreachFar runs a loop's steps for each item, elsewhere.
func (f *frame) foreachFar(w *spread, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	err = f.workFar(w)
	if w.limit > 1 {
		saved := make([]saves, len(w.chunks))
		for k, got := range w.chunks {
			saved[k] = got.Saved
		}
		if saveErr := f.join(w.step, w.key, ":0", saved); err == nil {
			err = saveErr
		}
	}
	r := w.result()
	if w.wanted() {
		r.output = w.collected()
	}
	if err = w.sum(err); err == nil {
		for _, got := range w.chunks {
			if got.Error != nil {
				f.tolerate(w.loop, got.Error.Calls)
			}
			f.open.add(got.Open...)
		}
	}
	return r, err
}

// collected is what all items gave: a list, or a Ref that stands for one.
func (w *spread) collected() any {
	all, parts, here := []any{}, []any{}, true
	for _, got := range w.chunks {
		list, isHere := got.Value.([]any)
		here = here && (isHere || got.Value == nil)
		all = append(all, list...)
		if got.Value != nil {
			parts = append(parts, got.Value)
		}
	}
	if here && len(all) < large {
		return all
	}
	return &Ref{Parts: parts}
}

// sum is the loop's error: the first failure in the order of the items, where there are more than are tolerated.
func (w *spread) sum(err error) error {
	if _, isStep := err.(*steps.Error); err == nil || !isStep {
		return err
	}
	var first *steps.Error
	for _, got := range w.chunks {
		switch {
		case got.Error == nil:
		case got.First == "": // no item failed, but what tells them
			return got.Error
		case first == nil:
			copied := *got.Error
			first = &copied
			first.Message = fmt.Sprintf("%d of %d items failed; [%s]: %s", w.tally.counts.Failed, w.total, got.First, got.Error.Message)
		default:
			first.Calls = append(first.Calls, got.Error.Calls...)
		}
	}
	if first == nil {
		return err
	}
	return first
}
