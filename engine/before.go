package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"snrun/engine/flow"
	"snrun/steps"
)

// Assume says what holds of unsafe calls whose outcome is not known.
type Assume int

// Nothing is assumed unless a person says so; then such calls count as done, with a null answer, or are made again.
const (
	AssumeNothing Assume = iota
	AssumeDone
	AssumeRedo
)

// doubts are the unsafe calls of which it is not known whether they had their effect.
type doubts struct {
	mu    sync.Mutex
	calls []string
	steps map[string]bool // the keys of their steps
	first string          // the step that came first
}

func (d *doubts) add(c flow.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.steps == nil {
		d.steps = map[string]bool{}
	}
	if d.calls = append(d.calls, c.Key); d.first == "" {
		d.first = c.Step.Label()
	}
	d.steps[c.StepKey] = true
}

// addAll adds calls by their keys.
func (d *doubts) addAll(keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, keys...)
}

// of says whether a step made one of the calls.
func (d *doubts) of(step string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps[step]
}

// keys gives the calls, sorted, each once.
func (d *doubts) keys() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(d.calls)))
}

// inDoubt ends a run that cannot go on without a person's word.
type inDoubt struct {
	why  string
	step string // that made the call
}

func (e *inDoubt) Error() string { return e.why }

// before gives what a call gave before the run was gone on with, and whether it was made at all.
func (h *host) before(c flow.Call) (result flow.Result, made bool, err error) {
	entry, mark, err := h.Journal.Lookup(h.run.ID, c.Key)
	if err != nil {
		return result, false, h.recorded(err)
	}
	switch {
	case mark == Done && c.State != nil:
		return flow.Result{Value: c.State, Started: entry.Started, Ended: entry.Ended, Before: true}, true, nil
	case mark == Done:
		return h.made(c, entry)
	case mark == Intended && c.Unsafe:
		return h.unknown(c, "it is not known whether it was carried out")
	}
	return result, false, nil
}

// made gives what a call gave whose end is on record.
func (h *host) made(c flow.Call, entry Entry) (flow.Result, bool, error) {
	o, err := h.decode(c.Key, entry)
	if err != nil && !c.Unsafe {
		return flow.Result{}, false, nil // it can be made again
	}
	_, wanted := c.Reads.Of("output")
	switch {
	case err != nil:
		return h.unknown(c, "its answer cannot be read: "+err.Error())
	case o.unanswered && !c.Unsafe: // whether it is tried again can be told by another answer only
		return flow.Result{}, false, nil
	case o.failure != nil:
		o.failure.Doubt = o.doubt
		return o.result, true, o.failure
	case wanted && !o.kept || h.uncovered[c.Step]:
		if !c.Unsafe {
			return flow.Result{}, false, nil
		}
		return h.unknown(c, "it was carried out, but what is read of its answer was not kept")
	}
	return o.result, true, nil
}

// unknown does with an unsafe call what a person said, and ends the run where nobody did.
func (h *host) unknown(c flow.Call, why string) (flow.Result, bool, error) {
	switch h.assume {
	case AssumeRedo:
		return flow.Result{}, false, nil
	case AssumeDone:
		if c.Page {
			break // what else it lists, and the pages behind it, would be left out in silence
		}
		o := outcome{result: flow.Result{Total: -1, Before: true}}
		data, err := h.encode(c, o)
		if err == nil {
			err = h.recorded(h.Journal.Commit(h.run.ID, Entry{Key: c.Key, Result: data}))
		}
		return o.result, true, err
	}
	if c.Page {
		why += ", and it cannot count as done: what it lists is worked on. Go on with --assume redo"
	}
	h.doubts.add(c)
	return flow.Result{}, false, &inDoubt{why: c.Key + ": " + why, step: c.Step.Label()}
}

// cutOff remembers an unsafe call that was on its way when the run was stopped.
func (h *host) cutOff(c flow.Call, doubt bool) {
	if doubt {
		h.doubts.add(c)
	}
}

// cutShort is why a run was ended from outside, with the calls that this left in doubt.
func (x *execution) cutShort(reason *steps.Error) *steps.Error {
	keys := x.doubts.keys()
	if len(keys) == 0 {
		return reason
	}
	e := *reason
	e.Message += "; it is not known whether this was carried out: " + several(keys)
	return &e
}

// doubtful is the error of a run that stopped over calls in doubt. It names all of them, for a person's word is on all.
func (x *execution) doubtful(stop *inDoubt) *steps.Error {
	keys, _ := x.Journal.InDoubt(x.run.ID)
	keys = append(keys, x.doubts.keys()...) // those whose answer was not kept have no intent any more
	slices.Sort(keys)
	keys = slices.Compact(keys)
	e := &steps.Error{Kind: steps.Cancelled, Step: cmp.Or(x.doubts.first, stop.step)}
	if len(keys) == 1 {
		why := strings.TrimPrefix(stop.why, keys[0]+": ")
		e.Message = "a call is in doubt: " + keys[0] + ". " + strings.ToUpper(why[:1]) + why[1:]
		e.Hint = "look in the other system, then go on with --assume done where it was carried out, else with --assume redo"
		return e
	}
	e.Message = fmt.Sprintf("%d calls are in doubt: %s. %s", len(keys), several(keys), stop.why)
	e.Hint = "look in the other system, then go on with --assume done where they were carried out, else with --assume redo"
	return e
}

// several names calls, the first few of many.
func several(keys []string) string {
	if len(keys) <= 10 {
		return strings.Join(keys, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(keys[:10], ", "), len(keys)-10)
}
