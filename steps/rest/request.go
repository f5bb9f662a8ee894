package rest

import (
	"context"

	"snrun/steps"
	"snrun/steps/exchange"
)

// call is one run of a step: of a walk, one page.
type call struct {
	exchange.Call
	split *split // of a walk: how its page is cut, nil when it is decoded as a whole
	pages *pagePool
}

// request is what a step is about to send, still open to what a walk puts into it.
type request struct {
	exchange.Request
	// field is the step's field that gives the body, "" without one, and content what stands in it.
	field   string
	content any
}

// newRequest makes the request that the step's fields describe.
func newRequest(in steps.Input) (*request, error) {
	if p := checkBody(in); len(p) > 0 {
		return nil, exchange.Hinted(exchange.BadInput("%s %s", p[0].Path, p[0].Message), p[0].Hint)
	}
	sent, err := exchange.NewRequest(method(in), in)
	if err != nil {
		return nil, err
	}
	r := &request{Request: *sent}
	for _, e := range in.Pairs("query") {
		r.Query = r.Query.Add(e.Key, e.Value)
	}
	for _, name := range bodies {
		if value, there := in[name]; there {
			r.field, r.content = name, value
		}
	}
	if a := acceptHeader(in); a != "" {
		r.Header["Accept"] = []string{a}
	}
	return r, r.SetHeaders(in, "headers")
}

// acceptHeader says what the step wants. Under `auto` with a profile nothing is said, so that an Accept header of the
// profile, which its client adds where there is none, holds.
func acceptHeader(in steps.Input) string {
	switch in.Text("accept") {
	case "json":
		return "application/json, application/*+json, */*;q=0.1"
	case "xml":
		return "application/xml, text/xml, application/*+xml, */*;q=0.1"
	case "text":
		return "text/plain, text/*;q=0.9, */*;q=0.1"
	case "bytes":
		return "*/*"
	}
	if in.Has("profile") || in.Has("save_to") {
		return ""
	}
	return "application/json, */*;q=0.1"
}

// exchange sends a request, reads the answer and asks whether it is what the step expects.
func (c *call) exchange(ctx context.Context, r *request) (*answer, error) {
	var err error
	if r.Body, err = encodeBody(r.field, r.content, c.Env.Dir); err != nil {
		return nil, err
	}
	a := &answer{call: c}
	if err := exchange.Send(ctx, c.Call, &r.Request, a.read); err != nil {
		if a.cut != nil {
			a.cut.Close()
		}
		return nil, err
	}
	return a, nil
}
