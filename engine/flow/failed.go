package flow

import (
	"strings"

	"snrun/steps"
)

// failedItem is an item of a page that failed without the loop failing. It is kept, so that it can be tried again when its
// page is long over.
type failedItem struct {
	key     string // its path in the flow
	index   int
	value   any
	failure *steps.Error
}

const failedPart = "failed"

// part is what is kept of a failed item of the loop with a key, beside its calls.
func (i failedItem) part(loop string) Part {
	return Part{Name: i.name(loop), Value: map[string]any{"index": i.index, "item": i.value, "calls": texts(i.failure.Calls)}}
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
	item := failedItem{key: loop + path, index: whole(m["index"]), value: m["item"], failure: &steps.Error{}}
	calls, _ := m["calls"].([]any)
	for _, call := range calls {
		if text, ok := call.(string); ok {
			item.failure.Calls = append(item.failure.Calls, text)
		}
	}
	return item, true
}

// standing tells that there are failed items that can be tried again.
func (f *frame) standing(p *pages, failed []failedItem) {
	for _, item := range failed {
		f.h.Tell(Note{Type: Tolerated, Key: p.note.Key, Step: p.step, Error: item.failure})
	}
}

// tryAgain runs the steps for items that failed, one after the other: they are few, and each is over for itself.
func (f *frame) tryAgain(p *pages, failed []failedItem) error {
	for _, item := range failed {
		l := p.alone(item)
		p.tally.counts.Failed-- // it counts anew
		err := f.work(l)
		if _, isStep := err.(*steps.Error); err != nil && !isStep {
			return err
		}
		if item.failure = l.failures[0]; item.failure != nil {
			f.standing(p, []failedItem{item})
			continue
		}
		if err == nil {
			err = f.h.Fold(p.mended(item, l.outputs[0], f.cleanup))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// alone is the loop with a failed item for its only one.
func (p *pages) alone(item failedItem) *loop {
	l := *p.loop
	at := len(p.note.Key) + strings.IndexByte(item.key[len(p.note.Key):], '[')
	l.key, l.keys = item.key[:at], []string{item.key[at+1 : len(item.key)-1]}
	l.items, l.first, l.limit = []any{item.value}, item.index, 1
	return &l
}

// mended is what is kept when an item that had failed went well.
func (p *pages) mended(item failedItem, output any, cleanup bool) Fold {
	fold := Fold{Key: p.note.Key, Below: item.key, Progress: p.progress(), Drop: []string{item.name(p.note.Key)}, Cleanup: cleanup}
	for _, part := range p.parts {
		if part.from <= item.index && item.index < part.to {
			p.out[item.index] = output
			fold.Parts = []Part{{part.name, p.out[part.from:part.to]}}
		}
	}
	return fold
}
