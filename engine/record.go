package engine

import (
	"bytes"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// outcome is what the journal keeps of a call.
type outcome struct {
	result  flow.Result
	failure *steps.Error
	doubt   bool // it failed, and may have had its effect all the same
	read    bool // it did no more than read, in an item or a round
	kept    bool // false: only that it is over is known
	// unanswered says that it failed with an answer that decides upon another try, and could not be kept.
	unanswered bool
}

// encode gives what the journal keeps of an outcome for going on from there; nil where it may not be kept. Of what the
// call gave that is what is read of it: a key that is not there says that it was not kept, which is not null.
func (x *execution) encode(c flow.Call, o outcome) ([]byte, error) {
	kept := make(steps.Pairs, 0, 4)
	if of, read := c.Reads.Of("output"); read && o.failure == nil {
		value, err := valueOf(o.result)
		if err != nil {
			return nil, err
		}
		kept = append(kept, steps.Pair{Key: "value", Value: steps.Project(value, of)})
	}
	if len(o.result.Names) > 0 && o.failure == nil {
		if names, _ := steps.Project(o.result.Names, c.Reads).(map[string]any); len(names) > 0 {
			kept = append(kept, steps.Pair{Key: "names", Value: names})
		}
	}
	if o.result.Next != nil {
		kept = append(kept, steps.Pair{Key: "next", Value: o.result.Next})
	}
	if c.Cursor != nil || o.result.Next != nil {
		kept = append(kept, steps.Pair{Key: "total", Value: o.result.Total})
	}
	if o.failure != nil {
		kept = append(kept, steps.Pair{Key: "error", Value: encodeFailure(c, o.failure)})
	}
	if c.Item && !c.Changes && c.Stream == nil { // the page of a loop belongs to how far the loop is
		kept = append(kept, steps.Pair{Key: "read", Value: true})
	}
	if o.doubt {
		kept = append(kept, steps.Pair{Key: "doubt", Value: true})
	}
	if o.failure == nil {
		return x.seal(c.Key, kept)
	}
	return x.sealFailure(c, o, kept)
}

// sealFailure gives what the journal keeps of a call that failed: in any case that it did. A message may hold no more than
// the beginning of a secret, which shows in nothing but in its being masked.
func (x *execution) sealFailure(c flow.Call, o outcome, kept steps.Pairs) ([]byte, error) {
	masked := x.masked(o.failure)
	seal := x.seal
	if masked.Message != o.failure.Message || masked.Hint != o.failure.Hint {
		seal = x.encrypted
	}
	data, err := seal(c.Key, kept)
	if err != nil || data != nil {
		return data, err
	}
	e := encodeFailure(c, masked)
	if o.failure.Response != nil && readsResponse(c) {
		e = append(e, steps.Pair{Key: "unanswered", Value: true})
	}
	return x.seal(c.Key, steps.Pairs{{Key: "error", Value: e}, {Key: "doubt", Value: o.doubt}, {Key: "read", Value: c.Item && !c.Changes}})
}

// readsResponse says whether the answer decides upon another try of a call.
func readsResponse(c flow.Call) bool {
	body, calls := c.Step.Body.(*jobs.Call)
	return calls && body.Policy(c.Step).When != nil
}

// valueOf gives what a call gave. The items of a page are kept as they came: to decode and encode them takes longer than all
// that is done with most of them. A text that has its own way of escaping may hide a secret: that one is written anew.
func valueOf(r flow.Result) (any, error) {
	if r.Items == nil {
		return r.Value, nil
	}
	text, err := r.Items.Text()
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte(`\u`)) || bytes.Contains(text, []byte(`\/`)) {
		return steps.DecodeJSON(text)
	}
	return steps.JSON(text), nil
}

// encodeFailure gives a failure with all that deciding upon another try reads.
func encodeFailure(c flow.Call, e *steps.Error) steps.Pairs {
	p := steps.Pairs{{Key: "kind", Value: e.Kind}, {Key: "message", Value: e.Message}}
	add := func(key string, value any, given bool) {
		if given {
			p = append(p, steps.Pair{Key: key, Value: value})
		}
	}
	add("status", e.Status, e.Status != 0)
	add("hint", e.Hint, e.Hint != "")
	add("fields", e.Fields, e.Fields != nil)
	add("repeat", int(e.Repeat), e.Repeat != steps.Never)
	add("retry_after", int(e.RetryAfter), e.RetryAfter != 0)
	add("response", e.Response, e.Response != nil && readsResponse(c))
	return p
}

// decode gives back the outcome that encode was given.
func (x *execution) decode(key string, entry Entry) (outcome, error) {
	if entry.Result == nil {
		return outcome{}, nil
	}
	v, err := x.open(key, entry.Result)
	if err != nil {
		return outcome{}, err
	}
	m, _ := v.(map[string]any)
	value, kept := m["value"]
	o := outcome{kept: kept, result: flow.Result{Value: value, Next: m["next"], Total: -1, Started: entry.Started, Ended: entry.Ended, Before: true}}
	o.result.Names, _ = m["names"].(map[string]any)
	o.doubt, _ = m["doubt"].(bool)
	o.read, _ = m["read"].(bool)
	if total, there := m["total"]; there {
		o.result.Total = flow.Whole(total)
	}
	if failure, ok := m["error"].(map[string]any); ok {
		o.failure = decodeFailure(failure)
		o.unanswered, _ = failure["unanswered"].(bool)
		o.kept = true
	}
	return o, nil
}

func decodeFailure(m map[string]any) *steps.Error {
	e := &steps.Error{}
	e.Kind, _ = m["kind"].(string)
	e.Message, _ = m["message"].(string)
	e.Hint, _ = m["hint"].(string)
	e.Fields, _ = m["fields"].(map[string]any)
	e.Response, _ = m["response"].(map[string]any)
	e.Status = flow.Whole(m["status"])
	e.Repeat = steps.Repeat(flow.Whole(m["repeat"]))
	e.RetryAfter = time.Duration(flow.Whole(m["retry_after"]))
	return e
}
