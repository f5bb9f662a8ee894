package flow

import (
	"fmt"
	"strconv"
	"strings"

	"snrun/jobs"
	"snrun/steps"
)

// How many items of a page are decoded and worked on before further ones are: a page may be of any size, and who works on
// few at once need not hold many.
const (
	chunkMost   = 1000
	chunkOfEach = 32 // of those worked on at once
)

// pages is a foreach over the pages of a request. While one page is worked on the next is read, never more than one.
type pages struct {
	*loop
	walk    *jobs.Call
	ask     Call // what asks for a page, but for its key and its cursor
	longest int  // how many items the longest page had
	place        // where the loop is
}

// place is where a loop over pages is between two of them.
type place struct {
	page   int          // the next one's number, from 1
	cursor any          // where it starts
	ended  bool         // there is none
	carry  []any        // items that wait for their batch to become full
	kept   saves        // what was saved so far
	out    []any        // what was collected so far
	folded int          // how much of that is kept already
	failed []failedItem // of this page
	parts  []outPart    // what was collected by runs before this one
}

// outPart is what was collected of a page: out[from:to].
type outPart struct {
	name     string
	from, to int
}

// page is one page that was read.
type page struct {
	items steps.Items
	next  any
}

// overPages runs a loop's steps for each item of a walk.
func (f *frame) overPages(l *loop) (result, error) {
	p, err := f.startPages(l)
	if err != nil {
		return result{}, err
	}
	err = f.takeUp(p)
	if err == nil && !p.ended {
		err = f.eachPage(p)
	}
	r := p.result()
	if r.counts.Total = p.tally.came; p.wanted() {
		r.output = p.out
	}
	return r, err
}

// startPages evaluates what asks for the pages.
func (f *frame) startPages(l *loop) (*pages, error) {
	body, isCall := l.Source.Body.(*jobs.Call)
	if !isCall {
		return nil, fmt.Errorf("step %s: the flow knows no source %T", l.step.Label(), l.Source.Body)
	}
	if err := f.maskDerived(body.Derived(f.names)); err != nil {
		return nil, err
	}
	input, err := body.Input(f.names)
	if err != nil {
		return nil, err
	}
	p := &pages{loop: l, walk: body, place: place{page: 1, kept: saves{}, out: []any{}}}
	l.tally.counts.Total = -1
	kind := l.Source.Kind
	p.ask = Call{
		StepKey: l.note.Key, Step: l.Source, Input: input, Page: true, Item: true, Cleanup: f.cleanup, Deadline: f.deadline,
		Unsafe: kind.Safe != nil && !kind.Safe(input) && !body.Policy(l.Source).Unsafe,
		Stream: &steps.Stream{Item: l.Item},
	}
	// Items that are told apart by their places only must be found there again.
	p.ask.Refetch = !p.ask.Unsafe && (l.Key != nil || !l.Acts)
	return p, nil
}

// eachPage reads and works on one page after the other.
func (f *frame) eachPage(p *pages) error {
	now, err := f.read(p, p.page, p.cursor)
	if err != nil {
		return err
	}
	for {
		next, err := f.onePage(p, now)
		closed := now.items.Close()
		if err == nil && closed != nil {
			err = &steps.Error{Kind: steps.Content, Message: closed.Error()}
		}
		if err == nil {
			err = f.fold(p, now)
		}
		if err != nil || next == nil {
			if next != nil {
				_ = next.items.Close() // what failed is told
			}
			return err
		}
		now = next
	}
}

// onePage works on a page while the next is read. That is read in any case, so that it does not depend on time which calls are
// made.
func (f *frame) onePage(p *pages, now *page) (next *page, err error) {
	var failed error
	worker, reader := f.child(f.h, ""), f.child(f.h, "")
	err = f.h.Fork(2, 2, f.cleanup, func(i int, h Host) (err error) {
		switch {
		case i == 0:
			worker.h, worker.saved = h, saves{}
			err = worker.workPage(p, now)
			if _, isStep := err.(*steps.Error); isStep {
				failed, err = err, nil
			}
		case now.next != nil:
			reader.h = h
			next, err = reader.read(p, p.page+1, now.next)
		}
		return err
	})
	f.remember(worker.saved)
	p.kept = p.kept.and(worker.saved)
	if _, isStep := err.(*steps.Error); failed != nil && (err == nil || isStep) {
		err = failed
	}
	return next, err
}

// read gets one page.
func (f *frame) read(p *pages, number int, cursor any) (*page, error) {
	c := p.ask
	c.Key, c.Cursor = pageKey(p.note.Key, number), cursor
	got, _, err := f.do(p.walk, c, p.note)
	if err != nil {
		return nil, err
	}
	items := got.Items
	if items == nil {
		list, _ := got.Value.([]any)
		items = steps.ItemsOf(list)
	}
	note := p.note
	note.Type, note.Page, note.Counts = PageRead, number, p.tally.read(number, p.units(got.Total, items.Len()))
	f.h.Tell(note)
	return &page{items: items, next: got.Next}, nil
}

// units gives how many times the steps will run in all, where the server told how many items there are, else -1. Whole pages
// are taken to be as long as the longest so far.
func (p *pages) units(total, length int) int {
	size := max(p.Batch, 1)
	if p.ByPage {
		p.longest = max(p.longest, length)
		size = p.longest
	}
	if total < 0 || size < 1 {
		return -1
	}
	return (total + size - 1) / size
}

func pageKey(key string, number int) string { return key + "/page:" + strconv.Itoa(number) }

// read takes a page that was read into account.
func (t *tally) read(number, total int) Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Pages = number
	if total >= 0 {
		t.counts.Total = total
	}
	return t.counts
}

// come takes items that are about to be worked on into account, and gives how many came before.
func (t *tally) come(n int) (before int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before = t.came
	t.came += n
	return before
}

// workPage runs the steps for the items of a page.
func (f *frame) workPage(p *pages, now *page) error {
	if p.ByPage {
		return f.wholePage(p, now)
	}
	return f.chunks(p, now)
}

// wholePage hands a page over as it came. One without items is none.
func (f *frame) wholePage(p *pages, now *page) error {
	all, err := take(now.items, 0, now.items.Len())
	if err != nil || len(all) == 0 {
		return err
	}
	return f.some(p, []any{all}, distinct{})
}

// chunks works on the items of a page, some at a time. Of those that fill no batch the rest waits for the next page.
func (f *frame) chunks(p *pages, now *page) error {
	n, apart := now.items.Len(), distinct{}
	chunk := min(chunkMost, chunkOfEach*max(p.limit, 1))
	for start := 0; start < n; start += chunk {
		items, err := take(now.items, start, min(start+chunk, n))
		if err != nil {
			return err
		}
		if p.Batch > 0 {
			p.carry = append(p.carry, items...)
			full := len(p.carry) - len(p.carry)%p.Batch
			items, p.carry = batches(p.carry[:full], p.Batch), p.carry[full:]
		}
		if err := f.some(p, items, apart); err != nil {
			return err
		}
	}
	if now.next != nil || len(p.carry) == 0 {
		return nil
	}
	rest := p.carry
	p.carry = nil
	return f.some(p, []any{rest}, apart)
}

// take decodes some items of a page.
func take(items steps.Items, from, to int) ([]any, error) {
	list := make([]any, to-from)
	for i := range list {
		item, err := items.At(from + i)
		if err != nil {
			return nil, &steps.Error{Kind: steps.Content, Message: fmt.Sprintf("item %d of the page: %s", from+i, err)}
		}
		list[i] = item
	}
	return list, nil
}

// some runs the steps for some items of a page.
func (f *frame) some(p *pages, items []any, apart distinct) error {
	l := *p.loop
	l.key, l.items, l.first = pageKey(p.note.Key, p.page), items, p.tally.come(len(items))
	var err error
	if l.keys, err = f.itemKeys(&l, apart); err != nil {
		return err
	}
	err = l.verdict(f.work(&l))
	if p.wanted() {
		p.out = append(p.out, l.outputs...)
	}
	for i := range items {
		if item, isFailed := l.left(i); isFailed {
			p.failed = append(p.failed, item)
		}
	}
	return err
}

// fold ends a page: what is kept of its calls makes room for where the loop is now.
func (f *frame) fold(p *pages, done *page) error {
	key := pageKey(p.note.Key, p.page)
	var parts []Part
	var keep []string
	f.standing(p, p.failed)
	for _, item := range p.failed {
		parts = append(parts, item.part(p.note.Key))
		keep = append(keep, item.key)
	}
	if p.wanted() {
		parts = append(parts, Part{Name: "out:" + strconv.Itoa(p.page), Value: p.out[p.folded:]})
		p.folded = len(p.out)
	}
	p.failed = nil
	p.page, p.cursor, p.ended = p.page+1, done.next, done.next == nil
	return f.h.Fold(Fold{Key: p.note.Key, Below: key, Keep: keep, Progress: p.progress(), Parts: parts, Cleanup: f.cleanup})
}

// progress is where the loop is, as plain data.
func (p *pages) progress() map[string]any {
	c := p.tally.counts
	m := map[string]any{
		"page": p.page, "ended": p.ended, "came": p.tally.came, "pages": c.Pages, "total": c.Total, "succeeded": c.Succeeded, "failed": c.Failed,
	}
	if p.cursor != nil {
		m["cursor"] = p.cursor
	}
	if len(p.carry) > 0 {
		m["carry"] = p.carry
	}
	if len(p.kept) > 0 {
		m["saved"] = p.kept.plain()
	}
	return m
}

// takeUp goes on where a run before this one was, and tries again what failed then where that is asked for.
func (f *frame) takeUp(p *pages) error {
	kept, err := f.h.Kept(p.note.Key)
	m, begun := kept.Progress.(map[string]any)
	if err != nil || !begun {
		return err
	}
	p.page, p.cursor = Whole(m["page"]), m["cursor"]
	p.ended, _ = m["ended"].(bool)
	p.carry, _ = m["carry"].([]any)
	p.kept = savesOf(m["saved"])
	f.remember(p.kept)
	p.tally.came = Whole(m["came"])
	p.tally.counts = Counts{Pages: Whole(m["pages"]), Total: Whole(m["total"]), Succeeded: Whole(m["succeeded"]), Failed: Whole(m["failed"])}
	var failed []failedItem
	for _, part := range kept.Parts {
		if strings.HasPrefix(part.Name, "out:") {
			some, _ := part.Value.([]any)
			p.parts = append(p.parts, outPart{part.Name, len(p.out), len(p.out) + len(some)})
			p.out = append(p.out, some...)
		} else if item, ok := failedItemOf(part, p.note.Key); ok {
			failed = append(failed, item)
		}
	}
	p.folded = len(p.out)
	if !f.redo {
		f.standing(p, failed)
		return nil
	}
	return f.tryAgain(p, failed)
}
