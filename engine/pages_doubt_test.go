package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// TestPagesInDoubt holds that a page nobody has seen cannot count as done: the items on it, and the pages behind it, would be
// left out in silence.
func TestPagesInDoubt(t *testing.T) {
	t.Parallel()
	for name, yaml := range map[string]string{
		"a source": source("", `{id: p, probe: {value: "${x}"}}`),
		"a walk":   "steps:\n  - {id: l, probe: {pages: [[a, b, c], [d], [e, f]]}}\noutput: ${steps.l.output}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			yaml := strings.Replace(yaml, "probe: {pages", "probe: {unsafe: true, status: 500, fails: \"${run.attempt == 1 ? 9 : 0}\", pages", 1)
			w := newWorld(t)
			run := w.run(yaml)
			check(t, "first", string(run.Status), "failed")
			w.probe.calls = nil
			for _, word := range []engine.Assume{engine.AssumeNothing, engine.AssumeDone} {
				run = w.goOn(run, yaml, assume(word))
				check(t, "status", string(run.Status), "interrupted")
				check(t, "calls", strings.Join(w.probe.calls, " "), "")
			}
			if want := "cannot count as done"; !strings.Contains(run.Error.Message, want) || !strings.Contains(run.Error.Message, "--assume redo") {
				t.Errorf("the message is %q, want %q and what to do", run.Error.Message, want)
			}
			run = w.goOn(run, yaml, assume(engine.AssumeRedo))
			if got := outcome(run); !strings.HasPrefix(got, "ok [") || !strings.Contains(got, `"a","b","c","d","e","f"`) {
				t.Errorf("then %s", got)
			}
		})
	}
}

// held are items that know whether they were closed.
type held struct {
	steps.Items
	closed *int
}

func (h held) Close() error {
	*h.closed++
	return nil
}

// refusing is a journal that takes no outcome of a page.
type refusing struct{ *engine.Memory }

func (r refusing) Commit(run string, entry engine.Entry) error {
	if strings.Contains(entry.Key, "/page:") {
		return errors.New("the disk is full")
	}
	return r.Memory.Commit(run, entry)
}

// TestItemsAreClosed holds that what holds a page is given back also where the page cannot be recorded.
func TestItemsAreClosed(t *testing.T) {
	t.Parallel()
	for _, journal := range []engine.Journal{engine.NewMemory(), refusing{engine.NewMemory()}} {
		closed := 0
		kind := (&probe{}).kind()
		kind.Run = func(context.Context, steps.Input, *steps.Env) (steps.Output, error) {
			return steps.Output{Items: held{steps.ItemsOf([]any{1}), &closed}, Total: -1}, nil
		}
		e := engine.New(engine.Config{Journal: journal, Redactor: auth.NewRedactor()})
		job := loadJob(t, kind, "steps:\n  - foreach: {in: {probe: {pages: [[]]}}, steps: [{log: \"${item}\"}]}")
		_, _ = e.Run(t.Context(), engine.Request{Job: job}) // whether it is recorded is not asked here
		if closed != 1 {
			t.Errorf("the items were closed %d times, want once", closed)
		}
	}
}
