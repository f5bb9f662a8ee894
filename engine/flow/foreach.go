package flow

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync"

	"snrun/jobs"
	"snrun/steps"
)

// loop is a number of items of one foreach under way: all items of a list, or some of a page.
type loop struct {
	*jobs.Foreach
	step  *jobs.Step
	note  Note
	key   string // what the keys of its items begin with
	first int    // how many items came before these
	items []any
	keys  []string
	limit int // how many are worked on at once
	tally *tally

	outputs  []any
	failures []*steps.Error
	saved    []saves
	open     [][]string // the calls in each whose failure was tolerated
}

// tally counts the items of a foreach.
type tally struct {
	mu     sync.Mutex
	counts Counts
	came   int // how many items have come so far
}

// foreach runs a loop's steps for each item.
func (f *frame) foreach(s *jobs.Step, b *jobs.Foreach, note Note) (result, error) {
	l := newLoop(s, b, note)
	if r := f.remote(); r != nil {
		if far, err := f.far(r, l); err != nil || far != nil {
			return f.foreachFar(far, err)
		}
		return f.foreachHere(l)
	}
	if b.Source != nil {
		var err error
		if l.limit, err = b.Concurrency(f.names); err != nil {
			return result{}, err
		}
		return f.overPages(l)
	}
	l, err := f.listed(s, b, note)
	if err != nil {
		return result{}, err
	}
	return f.foreachHere(l)
}

func newLoop(s *jobs.Step, b *jobs.Foreach, note Note) *loop {
	return &loop{Foreach: b, step: s, note: note, key: note.Key, tally: &tally{}}
}

// listed gives a loop over a list with its items and their names.
func (f *frame) listed(s *jobs.Step, b *jobs.Foreach, note Note) (*loop, error) {
	l := newLoop(s, b, note)
	var err error
	if l.limit, err = b.Concurrency(f.names); err != nil {
		return nil, err
	}
	if l.items, err = f.listOf(b); err != nil {
		return nil, err
	}
	l.tally.came, l.tally.counts.Total = len(l.items), len(l.items)
	l.keys, err = f.itemKeys(l, distinct{})
	return l, err
}

// foreachHere runs a loop's steps for each item of a list.
func (f *frame) foreachHere(l *loop) (result, error) {
	err := f.work(l)
	r := l.result()
	if l.wanted() {
		r.output = l.outputs
	}
	if err = l.verdict(err); err == nil {
		f.tolerated(l)
	}
	return r, err
}

// wanted says whether anything reads what the loop collects.
func (l *loop) wanted() bool {
	_, read := l.step.Reads.Of("output")
	return read
}

// result is what the loop gives, but for its output.
func (l *loop) result() result {
	c := l.tally.counts
	return result{counts: c, names: map[string]any{"total": l.tally.came, "succeeded": c.Succeeded, "failed": c.Failed}}
}

// work runs the steps for all items, and makes visible what they saved.
func (f *frame) work(l *loop) error {
	n := len(l.items)
	l.outputs, l.failures, l.saved = make([]any, n), make([]*steps.Error, n), make([]saves, n)
	l.open = make([][]string, n)
	err := f.h.Fork(n, l.limit, f.cleanup, func(i int, h Host) error { return f.turn(l, i, h) })
	if l.limit > 1 { // else each item's are visible to the next already
		if saveErr := f.join(l.step, l.key, ":"+strconv.Itoa(l.first), l.saved); err == nil {
			err = saveErr
		}
	}
	return err
}

// listOf gives the items of a loop over a list.
func (f *frame) listOf(b *jobs.Foreach) ([]any, error) {
	v, err := f.eval(b.In)
	if err != nil {
		return nil, err
	}
	return ItemsOf(b, v)
}

// ItemsOf gives the items of a loop over a value, each of them a list where the loop goes by batches.
func ItemsOf(b *jobs.Foreach, v any) ([]any, error) {
	items, err := itemsOf(v)
	if b.Batch > 0 {
		items = batches(items, b.Batch)
	}
	return items, err
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

// itemKeys names the items, apart from those named before. Without a key an item's name is its place.
func (f *frame) itemKeys(l *loop, apart distinct) ([]string, error) {
	keys := make([]string, len(l.items))
	if l.Key == nil {
		for i := range keys {
			keys[i] = strconv.Itoa(apart.next())
		}
		return keys, nil
	}
	inner := f.child(f.h, "")
	for i, item := range l.items {
		inner.bind(l, i, item)
		key, err := inner.text(l.Key)
		if err != nil {
			return nil, err
		}
		key = f.hide(key) // it goes where no secret may; what stands beside one still tells items apart, whatever their order
		if key == "" {
			return nil, &steps.Error{Kind: steps.BadInput, Message: fmt.Sprintf("the key of item %d is empty", l.first+i)}
		}
		keys[i] = apart.name(nameOf(key))
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

// next gives the number of the next item, where items are told apart by nothing else.
func (d distinct) next() int {
	n := d[""]
	d[""] = n + 1
	return n
}

func (f *frame) bind(l *loop, i int, item any) {
	f.names[l.As] = item
	if l.Index != "" {
		f.names[l.Index] = l.first + i
	}
}

// turn runs the steps for one item. Its failure is kept; the loop's error is decided by how many there are.
func (f *frame) turn(l *loop, i int, h Host) error {
	c := f.child(h, l.key[len(f.path):]+"["+l.keys[i]+"]")
	c.item, c.turns, c.saved, c.open = true, true, saves{}, &opened{}
	c.bind(l, i, l.items[i])
	out, err := c.block(l.Steps)
	if err == nil && l.Collect != nil && l.wanted() {
		out, err = c.value(slot{l.step, slotCollect, c.path}, l.Collect)
	}
	if l.limit == 1 {
		f.remember(c.saved)
	}
	l.saved[i], l.open[i] = c.saved, c.open.calls
	failure, isStep := err.(*steps.Error)
	if err != nil && !isStep {
		return err
	}
	if failure != nil && len(failure.Calls) == 0 {
		named := *failure // no call failed: what was read may be other the next time
		named.Calls = []string{c.path}
		failure = &named
	}
	l.failures[i] = failure
	if l.wanted() { // else it would only take memory, for as long as the loop lasts
		l.outputs[i] = out
	}
	note, tolerable := l.count(failure)
	h.Tell(note)
	if !tolerable {
		return failure
	}
	return nil
}

// count takes an item's end into account, and says whether the loop can go on.
func (l *loop) count(failure *steps.Error) (Note, bool) {
	t := l.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	if failure == nil {
		t.counts.Succeeded++
	} else {
		t.counts.Failed++
	}
	note := l.note
	note.Type, note.Counts = ItemEnded, t.counts
	return note, l.Tolerate.Allows(t.counts.Failed, max(t.came, t.counts.Total))
}

// verdict is the loop's error: the first failure in the order of the items, where there are more than are tolerated.
func (l *loop) verdict(err error) error {
	if _, isStep := err.(*steps.Error); err == nil || !isStep {
		return err
	}
	var first *steps.Error
	for i, failure := range l.failures {
		switch {
		case failure == nil:
		case first == nil:
			copied := *failure
			first = &copied
			first.Calls = slices.Clip(failure.Calls)
			first.Message = fmt.Sprintf("%d of %d items failed; [%s]: %s", l.tally.counts.Failed, l.tally.came, l.keys[i], failure.Message)
		default:
			first.Calls = append(first.Calls, failure.Calls...)
		}
	}
	if first == nil {
		return err
	}
	return first
}

// tolerated tells which calls failed without the loop failing: a person may want them tried again.
func (f *frame) tolerated(l *loop) {
	for i, failure := range l.failures {
		if failure != nil {
			f.tolerate(l, failure.Calls)
		}
		f.open.add(l.open[i]...) // they were told of where they failed
	}
}

func (f *frame) tolerate(l *loop, calls []string) {
	f.open.add(calls...)
	f.h.Tell(Note{Type: Tolerated, Key: l.note.Key, Step: l.step, Error: &steps.Error{Calls: calls}})
}
