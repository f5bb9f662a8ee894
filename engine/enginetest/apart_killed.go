package enginetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"snrun/engine"
)

// KilledApart tests the same promise as Killed where flows are walked apart from their calls: the process that carries units out is ended
// at each of its writes in turn, and another one takes over, with a journal of its own on the same store. Open may be called twice for a
// folder before what it gave is closed.
func KilledApart(t *testing.T, oneIn int, open func(t *testing.T, dir string) Closer) {
	t.Helper()
	eachKilled(t, func(t *testing.T, text string) { killApart(&world{t: t, text: text, open: open}, oneIn) })
}

// killApart runs a job on one machine, then once for each write with the first of two processes ended there.
func killApart(of *world, oneIn int) {
	t := of.t
	fresh := func() *world { return &world{t: t, text: of.text, dir: t.TempDir(), open: of.open, server: &server{}} }
	here, whole := fresh(), fresh()
	want := here.toTheEnd(never)
	got := whole.apartToTheEnd(never)
	whole.compare("carried out elsewhere", got, want, here)
	if g, e := stepsOf(got, whole), stepsOf(want, here); g != e {
		t.Errorf("carried out elsewhere the history has\n%s, want\n%s", g, e)
	}
	for write := 0; write < whole.first; write += oneIn {
		w := fresh()
		w.compare(fmt.Sprintf("ended at write %d of %d", write, whole.first), w.apartToTheEnd(write), want, here)
	}
}

// stepsOf writes the steps that history has of a run.
func stepsOf(run *engine.Run, w *world) string {
	var all []string
	for _, s := range w.steps(run) {
		all = append(all, fmt.Sprintf("%s %s %s %d", s.Key, s.Kind, s.Status, s.Attempts))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// steps reads what the journal has of a run's steps, where it can tell.
func (w *world) steps(run *engine.Run) []engine.StepRun {
	j := w.open(w.t, w.dir)
	defer j.Close()
	if records, tells := j.(interface{ Run(id string) *engine.Run }); tells {
		return records.Run(run.ID).Steps
	}
	if records, tells := j.(interface {
		Run(id string) (*engine.Run, error)
	}); tells {
		recorded, err := records.Run(run.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		return recorded.Steps
	}
	return nil
}

// apartToTheEnd runs the job until it ends well, with the first process ended at some write.
func (w *world) apartToTheEnd(until int) *engine.Run {
	run := w.apart(until, func(a Apart) (*engine.Run, error) {
		return a.Run(w.context(), w.t, engine.Request{Job: w.job(), Inputs: map[string]any{}})
	})
	for i := 0; run.Status != engine.OK && i < 6; i++ {
		r := engine.Resumption{Run: run, Job: w.job()}
		if run.Status == engine.Interrupted {
			r.Assume = w.server.whatBecame(run.Error.Message)
		}
		run = w.apart(never, func(a Apart) (*engine.Run, error) { return a.Resume(w.context(), w.t, r) })
	}
	return run
}

// apart does something with two processes, the first of which is ended at a write.
func (w *world) apart(until int, do func(Apart) (*engine.Run, error)) *engine.Run {
	w.t.Helper()
	first, second := w.journal(until), w.journal(never)
	defer first.Close()
	defer second.Close()
	run, err := do(Apart{Engines: []*engine.Engine{w.engine(first), w.engine(second)}, Small: 20, Lost: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.first = first.seen
	return run
}
