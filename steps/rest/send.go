package rest

import (
	"context"
	"net/http"
	"net/url"

	"snrun/steps"
)

// call is one run of a step: of a walk, one page.
type call struct {
	in    steps.Input
	env   *steps.Env
	page  int    // of a walk, from 1; else 0
	split *split // of a walk: how its page is cut, nil when it is decoded as a whole
	pages *pagePool
}

// trip is a request on its way, and what is told of it.
type trip struct {
	watch
	call      *call
	req       *http.Request
	body      *body
	url       *url.URL // where the last redirect led
	redirects int
	moved     bool // a redirect answered what was asked, and led to another request
	resp      *http.Response
	// received is what of the answer's body is in memory, and size its whole length, -1 when not known.
	received []byte
	size     int64
	// checked says that the whole body is known to be JSON, though received may be only the head of it.
	checked bool
	cut     *cutPage // the page that it is, when it was cut
}

// exchange sends a request, reads the answer and asks whether it is what the step expects. History hears of it in
// any case.
func (c *call) exchange(ctx context.Context, r *request) (*answer, error) {
	req, b, err := r.build(c.in, c.env)
	if err != nil {
		return nil, err
	}
	t := &trip{call: c, req: req, body: b, url: req.URL, redirects: redirectsOf(c.in), size: -1}
	client, err := c.env.Clients.Client(ctx, c.in.Text("profile"))
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, t.noClient(err)
	}
	t.limits = limitsOf(c.in)
	a, err := t.travel(ctx, client)
	t.weigh(err)
	t.tell(err)
	if err != nil && t.cut != nil {
		t.cut.Close()
	}
	return a, err
}

// travel goes from the request to a checked answer.
func (t *trip) travel(ctx context.Context, shared *http.Client) (*answer, error) {
	client := *shared
	client.CheckRedirect = t.follow
	watchedCtx := t.start(ctx)
	defer t.stop()
	resp, err := client.Do(t.req.WithContext(watchedCtx))
	// A redirect that is not followed gives an answer, its body closed, and an error.
	t.resp = resp
	if err != nil {
		return nil, t.failure(watchedCtx, err)
	}
	defer resp.Body.Close()
	return t.read(watchedCtx)
}

func redirectsOf(in steps.Input) int {
	if n, there := in["redirects"].(int); there {
		return max(n, 0)
	}
	return defaultRedirects
}
