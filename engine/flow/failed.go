package flow

import (
	"slices"
	"strings"
	"sync"

	"snrun/steps"
)

// failedItem is an item of a page that failed without the loop failing, or something in it did. It is kept, so that it can be
// tried again when its page is long over.
type failedItem struct {
	key   string // its path in the flow
	index int
	value any
	well  bool     // it did not fail itself
	calls []string // that failed
}

// opened are the calls in an item whose failure was tolerated, by loops in it.
type opened struct {
	mu    sync.Mutex
	calls []string
}

func (o *opened) add(calls ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, calls...)
}

// left gives what is to be kept of an item that was worked on, for trying it again. It is false where nothing is.
func (l *loop) left(i int) (failedItem, bool) {
	item := failedItem{key: l.key + "[" + l.keys[i] + "]", index: l.first + i, value: l.items[i], well: l.failures[i] == nil}
	if !item.well {
		item.calls = l.failures[i].Calls
	}
	item.calls = slices.Concat(item.calls, slices.Sorted(slices.Values(l.open[i])))
	return item, !item.well || len(item.calls) > 0
}

const failedPart = "failed"

// part is what is kept of a failed item of the loop with a key, beside its calls.
func (i failedItem) part(loop string) Part {
	return Part{Name: i.name(loop), Value: map[string]any{"index": i.index, "item": i.value, "well": i.well, "calls": texts(i.calls)}}
}

// texts gives texts as plain data.
func texts(list []string) []any {
	data := make([]any, len(list))
	for i, text := range list {
		data[i] = text
	}
	return data
}

func (i failedItem) name(loop string) string { return failedPart + strings.TrimPrefix(i.key, loop) }

// failedItemOf reads what part gave.
func failedItemOf(p Part, loop string) (failedItem, bool) {
	path, isFailed := strings.CutPrefix(p.Name, failedPart)
	m, isMap := p.Value.(map[string]any)
	if !isFailed || !isMap {
		return failedItem{}, false
	}
	item := failedItem{key: loop + path, index: Whole(m["index"]), value: m["item"]}
	item.well, _ = m["well"].(bool)
	calls, _ := m["calls"].([]any)
	for _, call := range calls {
		if text, ok := call.(string); ok {
			item.calls = append(item.calls, text)
		}
	}
	return item, true
}

// standing tells that there are failed items that can be tried again.
func (f *frame) standing(p *pages, failed []failedItem) {
	for _, item := range failed {
		f.tolerate(p.loop, item.calls)
	}
}

// tryAgain runs the steps for items that failed, one after the other: they are few, and each is over for itself.
func (f *frame) tryAgain(p *pages, failed []failedItem) error {
	for _, item := range failed {
		l := p.alone(item)
		p.tally.uncount(item) // it counts anew
		err := f.work(l)
		if _, isStep := err.(*steps.Error); err != nil && !isStep {
			return err
		}
		p.kept = p.kept.and(l.saved[0])
		left, isLeft := l.left(0)
		if isLeft {
			f.standing(p, []failedItem{left})
		}
		if err := f.h.Fold(p.triedAgain(l, left, isLeft, f.cleanup)); err != nil {
			return err
		}
	}
	return nil
}

// uncount takes back that an item was counted.
func (t *tally) uncount(item failedItem) {
	if item.well {
		t.counts.Succeeded--
	} else {
		t.counts.Failed--
	}
}

// alone is the loop with a failed item for its only one.
func (p *pages) alone(item failedItem) *loop {
	l := *p.loop
	at := len(p.note.Key) + strings.IndexByte(item.key[len(p.note.Key):], '[')
	l.key, l.keys = item.key[:at], []string{item.key[at+1 : len(item.key)-1]}
	l.items, l.first, l.limit = []any{item.value}, item.index, 1
	return &l
}

// triedAgain is what is kept when an item was tried again: what is left of it, or that nothing is.
func (p *pages) triedAgain(l *loop, left failedItem, isLeft, cleanup bool) Fold {
	fold := Fold{Key: p.note.Key, Progress: p.progress(), Cleanup: cleanup}
	if isLeft {
		fold.Parts = []Part{left.part(p.note.Key)}
	} else {
		fold.Below, fold.Drop = left.key, []string{left.name(p.note.Key)}
	}
	for _, part := range p.parts {
		if part.from <= left.index && left.index < part.to {
			p.out[left.index] = l.outputs[0]
			fold.Parts = append(fold.Parts, Part{part.name, p.out[part.from:part.to]})
		}
	}
	return fold
}
