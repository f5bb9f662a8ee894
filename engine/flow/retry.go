package flow

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// TryKey is the key of a try of a call: the first has the call's own.
func TryKey(key string, try int) string {
	if try == 1 {
		return key
	}
	return key + "#" + strconv.Itoa(try)
}

// tries is the course of one thing that is tried until it succeeds or its policy gives up.
type tries struct {
	policy *jobs.Retry
	safe   bool // trying again does no harm
	try    int
	first  time.Time // when the first try began, where that is known
	last   time.Time // when the last one ended
}

// again runs a block's body under the step's retry.
func (f *frame) again(s *jobs.Step, note Note, once func(*jobs.Step, Note) (result, error)) (result, error) {
	if s.Retry == nil {
		return once(s, note)
	}
	t := tries{policy: s.Retry, safe: true, try: 1}
	if err := f.clock(&t.first, &t, note.Key+"@start"); err != nil {
		return result{}, err
	}
	for ; ; t.try++ {
		attempt := note
		attempt.Key = TryKey(note.Key, t.try)
		r, err := once(s, attempt)
		r.tries = t.try
		if err == nil {
			return r, nil
		}
		if err := f.clock(&t.last, &t, attempt.Key+"@end"); err != nil {
			return r, err
		}
		if err := f.waitAgain(&t, note, err); err != nil {
			return r, err
		}
	}
}

// clock reads the time for tries that end at a certain one; it is not known from their calls where a block is tried.
func (f *frame) clock(at *time.Time, t *tries, key string) (err error) {
	if t.policy.MaxElapsed > 0 || !f.deadline.At.IsZero() {
		*at, err = f.h.Now(key)
	}
	return err
}

// waitAgain waits for the next try, or gives the error that ends them.
func (f *frame) waitAgain(t *tries, note Note, err error) error {
	failure, isStep := err.(*steps.Error)
	if !isStep {
		return err
	}
	if wanted, err := f.repeatable(t, note, failure); err != nil {
		return undecided(failure, err)
	} else if !wanted {
		return f.final(t, note, failure)
	}
	wait := failure.RetryAfter
	switch {
	case wait > t.policy.RetryAfterMax:
		return tooLong(failure, t.policy.RetryAfterMax)
	case wait == 0:
		wait = t.policy.Backoff.Wait(t.try, f.spread(note.Key, t.try))
	}
	if limit := f.passes(t, wait); limit != "" {
		return tooLate(failure, limit)
	}
	note.Type, note.Tries, note.Wait, note.Error = RetryWaits, t.try, wait, failure
	f.h.Tell(note)
	return f.h.Sleep(Wait{Key: TryKey(note.Key, t.try+1) + "@wait", For: wait, Cleanup: f.cleanup})
}

// undecided is a failure whose retry's condition failed too: what went wrong first stays what went wrong.
func undecided(failure *steps.Error, err error) error {
	cause, isStep := err.(*steps.Error)
	if !isStep {
		return err
	}
	e := *failure
	e.Message += "; whether to try again cannot be told: " + cause.Message
	e.Hint = cause.Hint
	return &e
}

// repeatable says whether the policy has another try for this failure.
func (f *frame) repeatable(t *tries, note Note, failure *steps.Error) (bool, error) {
	switch {
	case !t.left(failure) || !t.harmless(failure):
		return false, nil
	case t.policy.When == nil:
		return failure.Repeat != steps.Never, nil
	}
	return f.when(t, note, failure)
}

// left says whether there may be another try at all.
func (t *tries) left(failure *steps.Error) bool {
	return t.try < t.policy.Attempts && failure.Kind != steps.Cancelled
}

// harmless says whether another try does no harm.
func (t *tries) harmless(failure *steps.Error) bool {
	return t.safe || t.policy.Unsafe || failure.Repeat == steps.Always
}

// when says whether the policy's condition wants another try.
func (f *frame) when(t *tries, note Note, failure *steps.Error) (bool, error) {
	inner := f.child(f.h, "")
	inner.names["error"] = f.errorValue(failure)
	inner.names["response"] = nil
	if failure.Response != nil {
		inner.names["response"] = failure.Response
	}
	return inner.whether(slot{note.Step, slotAgain, TryKey(note.Key, t.try)}, t.policy.When)
}

// final is a failure that is not tried again. Where the job says when to do so, but not that it does no harm, it says what is missing.
func (f *frame) final(t *tries, note Note, failure *steps.Error) error {
	if t.policy.When == nil || !t.left(failure) || t.harmless(failure) {
		return failure
	}
	if wanted, err := f.when(t, note, failure); err != nil || !wanted {
		return failure
	}
	e := *failure
	e.Message += " (not tried again, though it is what retry.when asks for: `unsafe: true` there says that twice does no harm)"
	return &e
}

// passes names the limit that would have passed at the end of a wait, "" when none.
func (f *frame) passes(t *tries, wait time.Duration) string {
	switch limit, end := t.policy.MaxElapsed, t.last.Add(wait); {
	case limit > 0 && !t.first.IsZero() && end.Sub(t.first) > limit:
		return "max_elapsed of " + jobs.FormatDuration(limit)
	case !f.deadline.At.IsZero() && !t.last.IsZero() && end.After(f.deadline.At):
		return f.deadline.Of
	}
	return ""
}

// tooLate is a failure that is not tried again for want of time.
func tooLate(failure *steps.Error, limit string) error {
	e := *failure
	e.Message += " (not tried again: the next try would come after " + limit + ")"
	return &e
}

// tooLong is the failure of a server that asks for a longer wait than the policy allows.
func tooLong(failure *steps.Error, limit time.Duration) error {
	e := *failure
	e.Message += fmt.Sprintf(" (the server asks to wait %s, more than retry_after.max of %s)",
		jobs.FormatDuration(failure.RetryAfter), jobs.FormatDuration(limit))
	e.Hint = "run the job later, or allow the wait with `retry: {retry_after: {max: …}}`"
	return &e
}

// spread places a wait within its jitter: evenly over runs and keys, and the same whenever a run is walked again.
func (f *frame) spread(key string, try int) float64 {
	hash := fnv.New64a()
	run, _ := f.names["run"].(map[string]any)
	fmt.Fprint(hash, run["id"], key, try)
	// FNV leaves the high bits of similar texts alike: mix them before taking them.
	mixed := hash.Sum64()
	mixed ^= mixed >> 33
	mixed *= 0xff51afd7ed558ccd
	mixed ^= mixed >> 33
	return float64(mixed>>11) / (1 << 53)
}
