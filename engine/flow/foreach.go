package flow

import (
	"fmt"
	"sort"
	"strconv"
	"sync"

	"snrun/jobs"
	"snrun/steps"
)

// loop is one foreach under way.
type loop struct {
	*jobs.Foreach
	note  Note
	items []any
	keys  []string

	outputs  []any
	failures []*steps.Error
	saved    []saves

	mu     sync.Mutex
	counts Counts
}

// foreach runs a loop's steps for each item.
func (f *frame) foreach(s *jobs.Step, b *jobs.Foreach, note Note) (result, error) {
	limit, err := b.Concurrency(f.names)
	if err != nil {
		return result{}, err
	}
	l, err := f.newLoop(b, note)
	if err != nil {
		return result{}, err
	}
	err = f.h.Fork(len(l.items), limit, f.cleanup, func(i int, h Host) error { return f.turn(l, i, h, limit) })
	if limit > 1 { // else each item's are visible to the next already
		if saveErr := f.join(s, note.Key, l.saved); err == nil {
			err = saveErr
		}
	}
	r := result{output: l.outputs, counts: l.counts, names: map[string]any{
		"total": len(l.items), "succeeded": l.counts.Succeeded, "failed": l.counts.Failed,
	}}
	return r, l.verdict(err)
}

func (f *frame) newLoop(b *jobs.Foreach, note Note) (*loop, error) {
	v, err := f.eval(b.In)
	if err != nil {
		return nil, err
	}
	items, err := itemsOf(v)
	if err != nil {
		return nil, err
	}
	if b.Batch > 0 {
		items = batches(items, b.Batch)
	}
	l := &loop{Foreach: b, note: note, items: items, counts: Counts{Total: len(items)}}
	l.outputs = make([]any, len(items))
	l.failures = make([]*steps.Error, len(items))
	l.saved = make([]saves, len(items))
	l.keys, err = f.itemKeys(l)
	return l, err
}

// itemsOf takes a list as it is, and a map as a list of {key, value}, sorted.
func itemsOf(v any) ([]any, error) {
	switch in := v.(type) {
	case []any:
		return in, nil
	case map[string]any:
		keys := make([]string, 0, len(in))
		for k := range in {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		items := make([]any, len(keys))
		for i, k := range keys {
			items[i] = map[string]any{"key": k, "value": in[k]}
		}
		return items, nil
	}
	e := &steps.Error{Kind: steps.BadInput, Message: "foreach.in must be a list or a map, not " + jobs.Describe(v)}
	if v == nil {
		e.Hint = "write `?? []` where nothing means no items"
	}
	return nil, e
}

func batches(items []any, size int) []any {
	var out []any
	for start := 0; start < len(items); start += size {
		out = append(out, items[start:min(start+size, len(items))])
	}
	return out
}

// itemKeys names the items. Items whose keys are equal are told apart by their order.
func (f *frame) itemKeys(l *loop) ([]string, error) {
	keys := make([]string, len(l.items))
	if l.Key == nil {
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		return keys, nil
	}
	apart := make(distinct, len(keys))
	inner := f.child(f.h, "")
	for i, item := range l.items {
		inner.bind(l.Foreach, i, item)
		key, err := inner.text(l.Key)
		if err != nil {
			return nil, err
		}
		if f.hide(key) != key {
			key = "***" // told apart below; a key goes where no secret may
		}
		if key == "" {
			return nil, &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("the key of item %d is empty", i)}
		}
		keys[i] = apart.name(key)
	}
	return keys, nil
}

// distinct holds the names given so far, and how far the counting of those that came again has got.
type distinct map[string]int

// name gives a key that no item before has: the one wanted, else that with a number.
func (d distinct) name(key string) string {
	name := key
	for n := d[key]; d[name] > 0; d[key] = n {
		n++
		name = key + "~" + strconv.Itoa(n)
	}
	d[name] = 1
	return name
}

func (f *frame) bind(b *jobs.Foreach, i int, item any) {
	f.names[b.As] = item
	if b.Index != "" {
		f.names[b.Index] = i
	}
}

// turn runs the steps for one item. Its failure is kept; the loop's error is decided by how many there are.
func (f *frame) turn(l *loop, i int, h Host, limit int) error {
	c := f.child(h, l.note.Key[len(f.path):]+"["+l.keys[i]+"]")
	c.item, c.saved = true, saves{}
	c.bind(l.Foreach, i, l.items[i])
	out, err := c.block(l.Steps)
	if err == nil && l.Collect != nil {
		out, err = c.eval(l.Collect)
	}
	if limit == 1 {
		f.remember(c.saved)
	}
	l.saved[i] = c.saved
	failure, isStep := err.(*steps.Error)
	if err != nil && !isStep {
		return err
	}
	l.outputs[i], l.failures[i] = out, failure
	note, tolerable := l.count(failure)
	h.Tell(note)
	if !tolerable {
		return failure
	}
	return nil
}

// count takes an item's end into account, and says whether the loop can go on.
func (l *loop) count(failure *steps.Error) (Note, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if failure == nil {
		l.counts.Succeeded++
	} else {
		l.counts.Failed++
	}
	note := l.note
	note.Type, note.Counts = ItemEnded, l.counts
	return note, l.Tolerate.Allows(l.counts.Failed, len(l.items))
}

// verdict is the loop's error: the first failure in the order of the items, where there are more than are tolerated.
func (l *loop) verdict(err error) error {
	if _, isStep := err.(*steps.Error); err == nil || !isStep {
		return err
	}
	for i, failure := range l.failures {
		if failure == nil {
			continue
		}
		first := *failure
		first.Message = fmt.Sprintf("%d of %d items failed; [%s]: %s", l.counts.Failed, len(l.items), l.keys[i], failure.Message)
		return &first
	}
	return err
}
