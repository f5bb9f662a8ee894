package engine

import (
	"snrun/engine/flow"
	"snrun/steps"
)

// encode gives what the journal keeps of an outcome for going on from there, as JSON: nil where a secret is in it. Of what
// the call gave that is what is read of it; a key that is not there says that it was not kept, which is not null.
func (h *host) encode(r flow.Result, reads steps.Reads, failure *steps.Error) []byte {
	var kept steps.Pairs
	if of, read := reads.Of("output"); read {
		kept = append(kept, steps.Pair{Key: "value", Value: steps.Project(r.Value, of)})
	}
	if names := steps.Project(r.Names, reads).(map[string]any); len(names) > 0 {
		kept = append(kept, steps.Pair{Key: "names", Value: names})
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
