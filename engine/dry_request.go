package engine

import (
	"slices"
	"sync"

	"snrun/auth"
	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// call tells what a step would send.
func (f *dryFrame) call(s *jobs.Step, b *jobs.Call, line *DryStep) dryValue {
	if why := f.lacks(b.Uses()...); why != "" {
		return line.told(f, dryValue{why: why})
	}
	if err := f.maskDerived(b.Derived(f.names)); err != nil {
		return dryValue{err: asFailure(err)}
	}
	input, err := b.Input(f.names)
	if err != nil {
		return dryValue{err: asFailure(err)}
	}
	c := flow.Call{Key: line.Key, StepKey: line.Key, Step: s, Attempt: 1, Input: input, Reads: s.Reads}
	out, asked, failure := f.ask(c)
	line.Requests = asked
	unsent := slices.ContainsFunc(asked, func(r DryRequest) bool { return !r.Fetched })
	switch {
	case !unsent && failure != nil:
		return dryValue{err: failure}
	case !unsent:
		return line.told(f, dryValue{value: out.Value, names: out.Names})
	}
	line.Status = DrySends
	if s.Kind.Walks != nil && s.Kind.Walks(input) {
		line.Message = also(line.Message, "the first page")
	}
	return dryValue{why: "the answer to " + s.Label()}
}

// ask has a kind make its call with clients that send nothing, and gives the requests that it made of them.
func (f *dryFrame) ask(c flow.Call) (steps.Output, []DryRequest, *steps.Error) {
	var seen exchanges
	var asked asked
	h := &host{execution: f.execution}
	out, err := protect(auth.WithDry(f.ctx, asked.add), c, h.env(c, &seen))
	requests := make([]DryRequest, 0, len(asked.list))
	for _, r := range asked.list {
		x := steps.Exchange{Method: r.Request.Method, URL: r.Request.URL.String(), Request: steps.Message{Size: r.Request.ContentLength}}
		same := func(x steps.Exchange) bool {
			return x.Method == r.Request.Method && x.URL == r.Request.URL.String()
		}
		if i := slices.IndexFunc(seen.list, same); i >= 0 {
			x.Request = seen.list[i].Request
			seen.list = slices.Delete(seen.list, i, i+1)
		}
		x.Request.Header = r.Request.Header
		requests = append(requests, DryRequest{Exchange: h.maskedExchange(x), SignIn: r.SignIn, Fetched: r.Sent})
	}
	return out, requests, h.failure(f.ctx, c, err)
}

// asked are the requests that clients were asked for.
type asked struct {
	mu   sync.Mutex
	list []auth.DryRequest
}

func (a *asked) add(r auth.DryRequest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, r)
}
