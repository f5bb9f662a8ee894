package flow

import (
	"fmt"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// wait lets time pass.
func (f *frame) wait(b *jobs.Wait, note Note) (result, error) {
	length, until, err := b.Over(f.names)
	if err != nil {
		return result{}, err
	}
	r := result{about: jobs.FormatDuration(length)}
	if !until.IsZero() {
		r.about = "until " + until.Format(time.RFC3339)
	}
	return r, f.sleep(Wait{Key: note.Key, For: length, Until: until, Cleanup: f.cleanup})
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
