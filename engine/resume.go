package engine

import (
	"context"
	"strings"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// Assume says what holds of unsafe calls whose outcome is not known.
type Assume int

// What may hold of such a call.
const (
	AssumeNothing Assume = iota // the run stops there, and says so
	AssumeDone                  // it was carried out: it is not made again
	AssumeRedo                  // it was not: it is made again
)

// Resumption asks for a run to go on.
type Resumption struct {
	Run         *Run      // as the history has it
	Job         *jobs.Job // what it goes on with
	Original    *jobs.Job // the job as the run began with it, where Job is another text; else nil
	From        string    // a top-level step: it and all after it are carried out anew; "" for none
	Assume      Assume    // what holds of unsafe calls whose outcome is not known
	FailedItems bool      // only items of loops that failed are tried again
	Secrets     map[string]any
	Space       string // as in Request
}

// Sealer encrypts what the journal keeps of values in which a secret is. About is authenticated with it.
type Sealer interface {
	Seal(plain []byte, about string) ([]byte, error)
	Open(sealed []byte, about string) ([]byte, error)
}

// Resume is a stub: what goes on is the part of it that commands need.
func (e *Engine) Resume(ctx context.Context, r Resumption) (*Run, error) {
	run := *r.Run
	run.Status, run.Attempt, run.Error, run.Output = Running, max(run.Attempt, 1)+1, nil, nil
	x := &execution{Engine: e, run: &run, job: r.Job, state: r.Job.Name, again: true, assume: r.Assume}
	if r.Space != "" {
		x.state += "@" + r.Space
	}
	var forget []string
	for i, s := range r.Job.Steps {
		if s.Segment != r.From {
			continue
		}
		for _, later := range r.Job.Steps[i:] {
			forget = append(forget, "/"+later.Segment)
		}
	}
	if err := e.Journal.Continue(&run, forget); err != nil {
		return nil, err
	}
	x.contexts(ctx)
	defer x.stop()
	x.tell(Event{Type: RunStarted, Job: run.Job, Attempt: run.Attempt})
	out := flow.Run(&host{execution: x}, r.Job, x.given(Request{Job: r.Job, Inputs: run.Inputs, Secrets: r.Secrets}))
	x.settle(out)
	if x.doubt != "" {
		x.run.Status = Interrupted
	}
	if err := e.Journal.Finish(x.run); err != nil {
		return x.run, err
	}
	x.tell(Event{Type: RunEnded, Job: run.Job, Status: x.run.Status, Elapsed: x.run.Ended.Sub(x.run.Started), Error: x.run.Error})
	return x.run, nil
}

// before gives what is known of a call that was made before.
func (h *host) before(c flow.Call) (flow.Result, bool, error) {
	entry, mark, err := h.Journal.Lookup(h.run.ID, c.Key)
	switch {
	case err != nil:
		return flow.Result{}, false, h.recorded(err)
	case mark == Intended && c.Unsafe && h.assume == AssumeDone:
		return flow.Result{}, true, nil
	case mark == Intended && c.Unsafe && h.assume == AssumeNothing:
		h.doubt = c.Key
		return flow.Result{}, false, &flow.Stopped{Reason: &steps.Error{Kind: steps.Cancelled, Step: strings.TrimPrefix(c.StepKey, "/"),
			Message: "it is not known whether this was carried out: " + c.Key, Calls: []string{c.Key}}}
	case mark != Done:
		return flow.Result{}, false, nil
	}
	v, err := steps.DecodeJSON(entry.Result)
	kept, isMap := v.(map[string]any)
	if err != nil || !isMap || kept["error"] != nil {
		return flow.Result{}, false, nil
	}
	names, _ := kept["names"].(map[string]any)
	return flow.Result{Value: kept["value"], Names: names, Next: kept["next"], Before: true, Started: entry.Started, Ended: entry.Ended}, true, nil
}
