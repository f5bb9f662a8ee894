package flow

import (
	"fmt"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// wait lets time pass.
func (f *frame) wait(s *jobs.Step, b *jobs.Wait, note Note) (result, error) {
	length, until, err := f.pauseOf(s, b, note.Key)
	if err != nil {
		return result{}, err
	}
	r := result{about: jobs.FormatDuration(length)}
	if !until.IsZero() {
		r.about = "until " + until.Format(time.RFC3339)
	}
	return r, f.sleep(Wait{Key: note.Key, For: length, Until: until, Cleanup: f.cleanup})
}

// pauseOf gives how long to wait, or until when.
func (f *frame) pauseOf(s *jobs.Step, b *jobs.Wait, key string) (length time.Duration, until time.Time, err error) {
	r := f.remote()
	if r == nil || !f.touches(b.Uses()...) {
		return b.Over(f.names)
	}
	v, err := f.ask(r, slot{s, slotPause, key}, (&jobs.Uses{}).And(b.Uses()...))
	if text, isTime := v.(string); isTime && err == nil {
		until, err = time.Parse(time.RFC3339Nano, text)
	}
	return time.Duration(Whole(v)), until, err
}

// pauseValue is what pauseOf asks for: a time as text, or nanoseconds.
func (f *frame) pauseValue(b *jobs.Wait) (any, error) {
	length, until, err := b.Over(f.names)
	if err != nil || until.IsZero() {
		return int(length), err
	}
	return timeText(until), nil
}

// sleep waits, but not where a timeout would pass meanwhile: that is known beforehand.
func (f *frame) sleep(w Wait) error {
	if f.deadline.At.IsZero() {
		return f.h.Sleep(w)
	}
	end := w.Until
	if end.IsZero() {
		now, err := f.h.Now(w.Key + "@start")
		if err != nil {
			return err
		}
		end = now.Add(w.For)
	}
	if !end.After(f.deadline.At) {
		return f.h.Sleep(w)
	}
	what := "a wait of " + jobs.FormatDuration(w.For)
	if !w.Until.IsZero() {
		what = "a wait until " + w.Until.Format(time.RFC3339)
	}
	return &steps.Error{Kind: steps.Timeout, Message: fmt.Sprintf("%s would end after %s", what, f.deadline.Of)}
}
