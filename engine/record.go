package engine

import (
	"snrun/engine/flow"
	"snrun/steps"
)

// encode gives what the journal keeps of an outcome for going on from there, as JSON: nil where a secret is in it.
func (h *host) encode(r flow.Result, failure *steps.Error) []byte {
	kept := steps.Pairs{{Key: "value", Value: r.Value}}
	if len(r.Names) > 0 {
		kept = append(kept, steps.Pair{Key: "names", Value: r.Names})
	}
	if r.Next != nil {
		kept = append(kept, steps.Pair{Key: "next", Value: r.Next}, steps.Pair{Key: "total", Value: r.Total})
	}
	if failure != nil {
		if h.Redactor.Text(failure.Message) != failure.Message { // it may hold no more than the beginning of a secret
			return nil
		}
		kept = append(kept, steps.Pair{Key: "error", Value: map[string]any{
			"kind": failure.Kind, "message": failure.Message, "status": failure.Status,
		}})
	}
	data, err := steps.EncodeJSON(kept)
	if err != nil || h.Redactor.Contains(data) {
		return nil
	}
	return data
}
