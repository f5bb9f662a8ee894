package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// What the journal keeps of a run as a whole.
const (
	givenKey     = "@given"     // what it began with
	failedKey    = "@failed"    // the calls whose failure ended it
	toleratedKey = "@tolerated" // the calls whose failure was tolerated
	redoKey      = "@redo"      // that those are being tried again
)

// Resumption asks for a run that has ended to go on. A call that was made is not made again.
type Resumption struct {
	Run      *Run      // as the journal has it
	Job      *jobs.Job // what it goes on with
	Original *jobs.Job // the job as the run began with it, where Job is another; else nil
	From     string    // the segment of a top-level step: it and all after it are carried out anew; "" for none
	Assume   Assume
	// FailedItems asks for the items of loops that failed and were tolerated to be tried again.
	FailedItems bool
	Secrets     map[string]any
	Environ     map[string]any // the variables of now: profiles are those of now, and read them
	Env         map[string]any // variables that are others now: they take the place of those that the run began with
	Space       string         // as in Request; it must be the same
	Daemon      bool           // as in Request; a run that had it keeps it
}

// Resume goes on with a run that failed, was cancelled or was interrupted, under its id and as its next attempt. It gives
// its record like Run. The error wraps ErrRunning when the run goes on already, and ErrNotKept when what it needs was not kept.
func (e *Engine) Resume(ctx context.Context, r Resumption) (*Run, error) {
	x, b, err := e.takeUp(r, "")
	if err != nil {
		return nil, err
	}
	b.secrets = r.Secrets
	return x.carryOut(ctx, b)
}

// latest gives the texts that an attempt of a run with a job has, nil where those are what the run began with.
func latest(run Run, job *jobs.Job) []Text {
	texts := []Text{{job.File, job.Text}}
	for _, called := range job.Called() {
		texts = append(texts, Text{called.File, called.Text})
	}
	if run.Latest = nil; run.Had(texts) {
		return nil
	}
	return texts
}

// keepRedo keeps that failed items are tried again until that is through, however often it is interrupted.
func (x *execution) keepRedo() error {
	if x.redo {
		return x.keepCalls(redoKey, []string{redoKey})
	}
	_, mark, err := x.Journal.Lookup(x.run.ID, redoKey)
	x.redo = mark == Done
	return err
}

// changedLoop refuses a loop that reads more than was kept of its pages, or does not know the items again that were done.
func (x *execution) changedLoop() error {
	for step := range x.uncovered {
		if _, loops := step.Body.(*jobs.Foreach); loops {
			return fmt.Errorf("the loop %s has changed so much that what was kept of its items does not do: go on with the job as it was, or with this step anew", step.Label())
		}
	}
	return nil
}

// ErrNotKept is the error of Resume when what the run began with is not on record.
var ErrNotKept = errors.New("what the run began with was not kept")

// begun is what a run began with.
type begun struct {
	space                string
	inputs, env, secrets map[string]any
	states               map[string]map[string]any // by job
}

// ErrOtherSpace is the error of Resume when the run began in another space.
var ErrOtherSpace = errors.New("the run began elsewhere")

// fits completes what the run began with by what is new, and sees whether the job takes it.
func (b *begun) fits(r Resumption) (err error) {
	if b.space != r.Space {
		return fmt.Errorf("%w: its space is %q, not %q", ErrOtherSpace, b.space, r.Space)
	}
	env := map[string]any{}
	for _, variables := range []map[string]any{r.Environ, b.env, r.Env} {
		maps.Copy(env, variables)
	}
	b.env = env
	if r.Original != nil {
		b.inputs, err = (&jobs.RunJob{Job: r.Job}).Check(b.inputs) // it may ask for more than the one before it
	}
	return err
}

// keep gives the journal's entry of what the run begins with.
func (x *execution) keep(b begun) (Entry, error) {
	env, states := map[string]any{}, map[string]any{}
	for _, job := range append([]*jobs.Job{x.job}, x.job.Called()...) {
		for _, name := range job.Env {
			env[name] = b.env[name]
		}
	}
	for job, values := range b.states {
		states[job] = values
	}
	now := time.Now()
	data, err := x.seal(givenKey, map[string]any{"inputs": b.inputs, "states": states, "env": env, "space": x.space})
	return Entry{Key: givenKey, Result: data, Started: now, Ended: now}, err
}

// begun reads what the run began with.
func (x *execution) begun() (begun, error) {
	entry, mark, err := x.Journal.Lookup(x.run.ID, givenKey)
	switch {
	case err != nil:
		return begun{}, err
	case mark != Done:
		return begun{}, fmt.Errorf("%w: its journal is gone", ErrNotKept)
	case entry.Result == nil:
		return begun{}, fmt.Errorf("%w: a secret is in it, and there was no key to encrypt it with", ErrNotKept)
	}
	v, err := x.open(givenKey, entry.Result)
	if err != nil {
		return begun{}, fmt.Errorf("reading what run %s began with: %w", x.run.ID, err)
	}
	m, _ := v.(map[string]any)
	var b begun
	b.inputs, _ = m["inputs"].(map[string]any)
	states, _ := m["states"].(map[string]any)
	b.states = map[string]map[string]any{}
	for job, values := range states {
		b.states[job], _ = values.(map[string]any)
	}
	b.space, _ = m["space"].(string)
	if b.env, _ = m["env"].(map[string]any); b.env == nil {
		b.env = map[string]any{}
	}
	return b, nil
}

// forgets gives the keys of the calls that are made again, and of those of them that are in doubt.
func (x *execution) forgets(r Resumption) (forget, doubtful []string, err error) {
	failed, err := x.callsUnder(failedKey)
	if err != nil {
		return nil, nil, err
	}
	if r.FailedItems {
		tolerated, err := x.callsUnder(toleratedKey)
		if err != nil {
			return nil, nil, err
		}
		failed = append(failed, tolerated...)
	}
	if failed, err = x.itemsOpened(failed); err != nil {
		return nil, nil, err
	}
	for _, key := range failed {
		if block, isBlock := strings.CutSuffix(key, "/"); isBlock {
			forget = append(forget, block)
			continue
		}
		doubt, err := x.endedInDoubt(key)
		if err != nil {
			return nil, nil, err
		}
		if doubt {
			doubtful = append(doubtful, key)
		}
		forget = append(forget, key+"#") // without the items of a page that could not be read again
	}
	forget = append(forget, failedKey, toleratedKey)
	for _, end := range [...]string{"/on_failure", "/on_success", "/finally"} {
		if x.run.Status != Interrupted { // else it did not get to its end: what was done of that stays done
			forget = append(forget, flow.EndKey(r.Job, end))
		}
	}
	if r.From == "" {
		return forget, doubtful, nil
	}
	at := slices.IndexFunc(r.Job.Steps, func(s *jobs.Step) bool { return s.Segment == r.From })
	if at < 0 {
		return nil, nil, fmt.Errorf("the job has no step %q", r.From)
	}
	for _, s := range r.Job.Steps[at:] {
		forget = append(forget, "/"+s.Segment)
	}
	return forget, slices.DeleteFunc(doubtful, func(key string) bool { return belowAny(key, forget[len(forget)-len(r.Job.Steps[at:]):]) }), nil
}

// itemsOpened puts, in place of the key of an item or a round, those of its calls that did no more than read: what they read may
// be other now. All else that was finished in it stays so, and how far its own loops are.
func (x *execution) itemsOpened(failed []string) ([]string, error) {
	var keys []string
	items, prefix := map[string]bool{}, ""
	for _, key := range failed {
		if !strings.HasSuffix(key, "]") {
			keys = append(keys, key)
			continue
		}
		if len(items) == 0 {
			prefix = key
		}
		items[key], prefix = true, common(prefix, key)
	}
	if len(items) == 0 {
		return keys, nil
	}
	entries, err := x.Journal.Kept(x.run.ID, prefix) // at once: there may be very many items
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !within(items, e.Key) {
			continue
		}
		if o, err := x.decode(e.Key, e); err == nil && o.read {
			keys = append(keys, e.Key)
		}
	}
	return keys, nil
}

// common is what two texts begin with.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// endedInDoubt says whether the last try of a call failed without an answer that says what became of it.
func (x *execution) endedInDoubt(key string) (doubt bool, err error) {
	for try := 1; ; try++ {
		at := flow.TryKey(key, try)
		entry, mark, err := x.Journal.Lookup(x.run.ID, at)
		if err != nil || mark == Unknown {
			return doubt, err
		}
		o, _ := x.decode(at, entry)
		doubt = mark == Intended || o.doubt
	}
}

func belowAny(key string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return Below(key, root) })
}

// callsUnder reads a list of keys that the journal keeps.
func (x *execution) callsUnder(key string) ([]string, error) {
	entry, mark, err := x.Journal.Lookup(x.run.ID, key)
	if err != nil || mark != Done || entry.Result == nil {
		return nil, err
	}
	v, err := x.open(key, entry.Result)
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	var keys []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			keys = append(keys, text)
		}
	}
	return keys, nil
}

// keepCalls keeps a list of keys.
func (x *execution) keepCalls(key string, calls []string) error {
	if len(calls) == 0 {
		return nil
	}
	list := make([]any, len(calls))
	for i, call := range calls {
		list[i] = call
	}
	data, err := steps.EncodeJSON(list)
	if err != nil {
		return err
	}
	now := time.Now()
	return x.Journal.Commit(x.run.ID, Entry{Key: key, Result: data, Started: now, Ended: now})
}
