package enginetest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// Carry carries a run of a job from its beginning to its end on record, over the journal of an engine, and gives its record.
type Carry func(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run

// Hosts tests that runs are carried out as on one machine by the local Host: jobs of all kinds end the same way, with the same calls under
// the same keys, the same state and the same story for people. Open opens an empty journal.
func Hosts(t *testing.T, open func(t *testing.T) engine.Journal, carry Carry) {
	t.Helper()
	all := maps.Clone(corpus)
	for _, more := range []map[string]string{sources, manners, flows} {
		maps.Copy(all, more)
	}
	for _, name := range sortedKeys(all) {
		for _, concurrency := range []int{1, 4} {
			text := strings.ReplaceAll(all[name], "LIMIT", strconv.Itoa(concurrency))
			if concurrency > 1 && (text == all[name] || name == "a first attempt that fails") { // how far others came depends on time
				continue
			}
			t.Run(fmt.Sprintf("%s, %d at once", name, concurrency), func(t *testing.T) {
				t.Parallel()
				want := carriedOut(t, text, open, Locally)
				got := carriedOut(t, text, open, carry)
				got.compare(t, want)
			})
		}
	}
}

// Locally carries a run out by the local Host.
func Locally(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
	t.Helper()
	run, err := e.Run(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// told is what became of a run: all that must be the same wherever it was carried out.
type told struct {
	end   string   // status, output, error
	calls []string // on the wire
	state string
	steps []string // as people see them
}

func carriedOut(t *testing.T, text string, open func(t *testing.T) engine.Journal, carry Carry) told {
	t.Helper()
	w := &world{t: t, text: text, dir: t.TempDir(), server: &server{}}
	j := open(t)
	e := engine.New(engine.Config{Journal: j, Redactor: auth.NewRedactor(), Dir: w.dir})
	run := carry(t, e, engine.Request{Job: w.job(), Inputs: map[string]any{}})
	got := told{end: endOf(run), calls: w.server.sorted()}
	state := map[string]any{}
	for _, job := range []string{"killed", "other"} {
		values, err := j.State(job)
		if err != nil {
			t.Fatal(err)
		}
		state[job] = values
	}
	got.state = encoded(state)
	if kept, keeps := j.(interface{ Run(id string) *engine.Run }); keeps {
		run = kept.Run(run.ID)
	}
	for _, s := range run.Steps {
		got.steps = append(got.steps, story(s))
	}
	slices.Sort(got.steps)
	return got.without(filepath.Dir(w.job().File))
}

// without leaves out what differs from one time to another: the folder of the job, and which of very many items that went well are kept
// for people.
func (got told) without(dir string) told {
	got.end = strings.ReplaceAll(got.end, dir, "")
	if len(got.steps) > engine.Sampled {
		got.steps = slices.DeleteFunc(got.steps, func(s string) bool { return strings.Contains(s, "]/") && strings.Contains(s, " ok ") })
	}
	for i, s := range got.steps {
		got.steps[i] = strings.ReplaceAll(s, dir, "")
	}
	return got
}

func endOf(run *engine.Run) string {
	return fmt.Sprintf("%s, %s, %s", run.Status, encoded(run.Output), failure(run.Error))
}

func failure(e *steps.Error) string {
	if e == nil {
		return "no error"
	}
	return fmt.Sprintf("%s: %s (%s, %d, %d tries)", e.Kind, e.Message, e.Step, e.Status, e.Attempts)
}

// story is a step as people see it, but for its times.
func story(s engine.StepRun) string {
	counts := ""
	if s.Counts != nil {
		counts = fmt.Sprintf(" %d/%d/%d/%d", s.Counts.Pages, s.Counts.Total, s.Counts.Succeeded, s.Counts.Failed)
	}
	ended := ""
	if s.Ended.IsZero() || s.Started.IsZero() || s.Ended.Before(s.Started) {
		ended = " with odd times"
	}
	return fmt.Sprintf("%s %s %s %s %d%s %q %s%s", s.Key, s.ID, s.Kind, s.Status, s.Attempts, counts, s.Message, failure(s.Error), ended)
}

func (got told) compare(t *testing.T, want told) {
	t.Helper()
	if got.end != want.end {
		t.Errorf("the run ended with\n%s, want\n%s", got.end, want.end)
	}
	differ(t, "calls", got.calls, want.calls)
	differ(t, "steps", got.steps, want.steps)
	if got.state != want.state {
		t.Errorf("the state is %s, want %s", got.state, want.state)
	}
}

// differ reports what one list has more of than another.
func differ(t *testing.T, of string, got, want []string) {
	t.Helper()
	count := map[string]int{}
	for _, item := range got {
		count[item]++
	}
	for _, item := range want {
		count[item]--
	}
	for _, item := range sortedKeys(count) {
		switch n := count[item]; {
		case n > 0:
			t.Errorf("%s: %d too many of %s", of, n, item)
		case n < 0:
			t.Errorf("%s: %d too few of %s", of, -n, item)
		}
	}
}
