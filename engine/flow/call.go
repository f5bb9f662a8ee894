package flow

import (
	"strconv"

	"snrun/jobs"
	"snrun/steps"
)

// call makes the call of a step, page by page where it is a walk.
func (f *frame) call(s *jobs.Step, b *jobs.Call, note Note) (result, error) {
	if err := f.maskDerived(b.Derived(f.names)); err != nil {
		return result{}, err
	}
	input, err := b.Input(f.names)
	if err != nil {
		return result{}, err
	}
	c := Call{
		StepKey: note.Key, Step: s, Input: input, Item: f.item, Cleanup: f.cleanup, Deadline: f.deadline, Reads: s.Reads,
		Unsafe:  s.Kind.Safe != nil && !s.Kind.Safe(input) && !b.Policy(s).Unsafe,
		Changes: s.Kind.Changes != nil && s.Kind.Changes(input),
	}
	if s.Kind.Walks != nil && s.Kind.Walks(input) {
		return f.walk(b, c, note)
	}
	c.Key = note.Key
	got, tries, err := f.do(b, c, note)
	return result{output: got.Value, names: withAttempts(got.Names, tries), tries: tries, before: got.Before}, err
}

// walk reads all pages of a request, each a call of its own.
func (f *frame) walk(b *jobs.Call, c Call, note Note) (result, error) {
	all := []any{}
	c.Page = true
	r := result{tries: 1, counts: Counts{Total: -1}}
	for page := 1; ; page++ {
		c.Key = note.Key + "/page:" + strconv.Itoa(page)
		got, tries, err := f.do(b, c, note)
		r.tries += tries - 1
		r.before = got.Before
		if err != nil {
			return r, err
		}
		items, _ := got.Value.([]any)
		all = append(all, items...)
		r.counts = Counts{Pages: page, Total: got.Total, Succeeded: len(all)}
		read := note
		read.Type, read.Page, read.Counts = PageRead, page, r.counts
		f.h.Tell(read)
		if got.Next == nil {
			r.counts.Total = len(all)
			r.output, r.names = all, withAttempts(got.Names, r.tries)
			return r, nil
		}
		c.Cursor = got.Next
	}
}

// do makes one call, and again as its policy says. It gives the number of tries.
func (f *frame) do(b *jobs.Call, c Call, note Note) (Result, int, error) {
	key := c.Key
	t := tries{policy: b.Policy(c.Step), safe: !c.Unsafe, try: 1}
	for ; ; t.try++ {
		c.Key, c.Attempt = TryKey(key, t.try), t.try
		got, err := f.h.Do(c)
		if t.try == 1 {
			t.first = got.Started
		}
		t.last = got.Ended
		if err == nil {
			return got, t.try, nil
		}
		note.Key = key
		if err := f.waitAgain(&t, note, err); err != nil {
			return got, t.try, tried(err, t.try, key)
		}
	}
}

// tried says in a failure whose it is, and how often the call was made.
func tried(err error, tries int, key string) error {
	failure, isStep := err.(*steps.Error)
	if !isStep {
		return err
	}
	counted := *failure
	counted.Attempts, counted.Calls = tries, []string{key}
	return &counted
}

func withAttempts(names map[string]any, tries int) map[string]any {
	if names == nil {
		names = map[string]any{}
	}
	names["attempts"] = tries
	return names
}
