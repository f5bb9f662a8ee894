package temporal

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"go.temporal.io/sdk/workflow"

	"snrun/engine"
	"snrun/engine/flow"
)

// renewAfter is how many activities a workflow has at least before it is renewed.
const renewAfter = 100

// How many bytes of what finished units gave travel at once, and how many a workflow is given in all when it begins again. It asks for the
// rest one by one.
const (
	recallMost = 512 << 10
	recallAll  = 4 << 20
)

// asNew gives the error that has a new workflow go on with the run. What was finished is in the journal, and so are the ends of waits.
func (h *host) asNew(ctx workflow.Context) error {
	last, err := h.lastRows()
	if err != nil {
		return err
	}
	h.sendRows(last)
	next := Order{
		Run: h.run, Job: h.order.Job, Attempt: h.order.Attempt, Again: true, Assume: h.order.Assume, Redo: h.order.Redo, Space: h.order.Space,
		Went: &Went{Times: 1, Ends: h.ends, Started: workflow.GetInfo(ctx).WorkflowStartTime},
	}
	if h.order.Went != nil {
		next.Went.Times, next.Went.Started = h.order.Went.Times+1, h.order.Went.Started
	}
	next.Went.Open, next.Went.Noted = h.rows.went()
	next.Went.Clock = h.times
	next.Went.Cancelled = ctx.Err() != nil
	return workflow.NewContinueAsNewError(ctx, WorkflowType, next)
}

// recallMore asks for what finished units gave, from a key on; "" for none.
func (h *host) recallMore(from string) error {
	for size := 0; from != "" && size < recallAll; {
		t := h.task("@recall")
		t.Loop = from
		got, err := h.ask(h.tail, recallActivity, t)
		if err != nil {
			return err
		}
		var more remembered
		if err := json.Unmarshal(got.What, &more); err != nil {
			return err
		}
		maps.Copy(h.recall, more.Gave)
		size, from = size+len(got.What), more.From
	}
	return nil
}

// remembered is some of what finished units gave, by their keys, and the key from which there is more; "" where there is none.
type remembered struct {
	Gave map[string]json.RawMessage `json:"gave"`
	From string                     `json:"from,omitempty"`
}

// recalled gives what finished units gave from a key on, as much as may travel.
func recalled(part *engine.Part, from string) (remembered, error) {
	all, err := part.Recall()
	if err != nil {
		return remembered{}, err
	}
	r, size := remembered{Gave: map[string]json.RawMessage{}}, 0
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if key < from {
			continue
		}
		data, err := flow.EncodeHanded(all[key])
		if err != nil {
			return r, err
		}
		if size += len(key) + len(data); size > recallMost && len(r.Gave) > 0 {
			r.From = key
			return r, nil
		}
		r.Gave[key] = data
	}
	return r, nil
}

// recallOn gives what finished units gave, from a key on.
func (w *Worker) recallOn(ctx context.Context, t task) (answer, error) {
	return w.serve(ctx, t, func(_ context.Context, p *engine.Part) (answer, error) {
		r, err := recalled(p, t.Loop)
		if err != nil {
			return answer{}, err
		}
		data, err := json.Marshal(r)
		return answer{What: data}, err
	})
}
