package enginetest

import (
	"context"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
)

// Apart is how runs are carried out whose flows are walked apart from their calls, as a workflow engine does: all that goes between the two
// travels as it would there, and the calls are made by several engines over one store in turn.
type Apart struct {
	Engines []*engine.Engine
	Small   int  // see engine.PartOf
	Again   bool // all is asked for twice, as where an answer is lost
	// Lost has a unit be carried out by another engine where the journal of one cannot be used any more.
	Lost bool
	Told func(text []byte) // hears of all that travels; nil for nobody
}

// Run runs a job to its end, as engine.Engine.Run does.
func (a Apart) Run(ctx context.Context, t *testing.T, req engine.Request) (*engine.Run, error) {
	t.Helper()
	run, err := a.last().Enlist(req, apartIn)
	if err != nil {
		return nil, err
	}
	return a.walk(ctx, t, engine.PartOf{Run: run, Job: req.Job, Env: req.Env, Secrets: req.Secrets, Space: req.Space})
}

// Resume goes on with a run, as engine.Engine.Resume does.
func (a Apart) Resume(ctx context.Context, t *testing.T, r engine.Resumption) (*engine.Run, error) {
	t.Helper()
	run, err := a.last().GoOnElsewhere(r, apartIn)
	if err != nil {
		return nil, err
	}
	return a.walk(ctx, t, engine.PartOf{
		Run: run, Job: r.Job, Env: r.Environ, Secrets: r.Secrets, Space: r.Space, Assume: r.Assume, Redo: r.FailedItems,
	})
}

// apartIn is the workflow that such runs are recorded with.
const apartIn = "default/apart"

// last is the engine whose journal is not lost.
func (a Apart) last() *engine.Engine { return a.Engines[len(a.Engines)-1] }

// walk walks the flow of a run that is on record to its end.
func (a Apart) walk(ctx context.Context, t *testing.T, of engine.PartOf) (*engine.Run, error) {
	t.Helper()
	began := time.Now()
	if err := a.last().BeginElsewhere(of.Run); err != nil {
		return nil, err
	}
	of.Small = a.Small
	if of.Job.Timeout > 0 {
		of.Ends = began.Add(of.Job.Timeout)
		limited, stop := context.WithDeadlineCause(ctx, of.Ends, engine.OutOfTime(of.Job))
		defer stop()
		ctx = limited
	}
	w := &walker{Apart: a, t: t, ctx: ctx, open: map[string]time.Time{}}
	for _, e := range a.Engines {
		part, err := e.Part(of)
		if err != nil {
			return nil, err
		}
		w.parts = append(w.parts, part)
	}
	given := travels(w, w.parts[0].Opening(), flow.EncodeGiven, flow.DecodeGiven)
	out := flow.Run(w, of.Job, given)
	travels(w, flow.Handed{Value: out.Output, Error: out.Error}, flow.EncodeHanded, flow.DecodeHanded)
	end := engine.Ending{Outcome: out, Doubts: w.doubts, Tolerated: w.tolerated, Started: began, Ended: time.Now()}
	var run *engine.Run
	err := w.somewhere(func(p *engine.Part) (err error) {
		run, err = p.Finish(end)
		return err
	})
	return run, err
}
