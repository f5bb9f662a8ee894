package engine

import (
	"context"

	"snrun/engine/flow"
	"snrun/steps"
)

// Tracer follows the calls of runs, beside what Watch hears of their steps. Its method is called from many goroutines.
type Tracer interface {
	// Call hears of a call that is about to be made, after Watch heard that its step began. Its requests go out with the context
	// that it gives. End hears how the call ended, before Watch hears that the step did.
	Call(ctx context.Context, c Traced) (inner context.Context, end func(sent []Sent, failure *steps.Error))
}

// Traced is a call that a Tracer hears of: one try of a step, or of one page of it.
type Traced struct {
	Run     string
	Key     string
	StepKey string // of the step that makes it
	Attempt int    // from 1
	Profile string // "" for none
}

// Sent is a request that a call made. No secret shows in it.
type Sent struct {
	Method string
	URL    string // where it was first sent to
	Status int    // of the answer, 0 where there was none
}

// nobody hears how a call ended.
func nobody([]steps.Exchange, *steps.Error) {}

// traced has the tracer follow a call.
func (h *host) traced(ctx context.Context, c flow.Call) (context.Context, func([]steps.Exchange, *steps.Error)) {
	if h.Tracer == nil {
		return ctx, nobody
	}
	inner, end := h.Tracer.Call(ctx, Traced{
		Run: h.run.ID, Key: c.Key, StepKey: c.StepKey, Attempt: c.Attempt, Profile: profileOf(c),
	})
	return inner, func(seen []steps.Exchange, failure *steps.Error) {
		sent := make([]Sent, 0, len(seen))
		for _, x := range seen {
			sent = append(sent, Sent{Method: x.Method, URL: h.Redactor.Text(x.URL), Status: x.Status})
		}
		end(sent, h.masked(failure))
	}
}

// requested tells of the requests that a call made.
func (h *host) requested(c flow.Call, seen []steps.Exchange) {
	if h.Requested == nil {
		return
	}
	for _, x := range seen {
		h.Requested(profileOf(c), x.Status)
	}
}

// profileOf is the profile that a call names, "" where it names none.
func profileOf(c flow.Call) string { return c.Input.Text("profile") }
