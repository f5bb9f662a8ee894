package exchange

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Trip is a request on its way, and what is told of it.
type Trip struct {
	watch
	Call Call
	Req  *http.Request
	URL  *url.URL       // where the last redirect led
	Resp *http.Response // nil while there is none
	// Received is what of the answer's body is in memory, and Size its whole length, -1 when not known.
	Received []byte
	Size     int64
	// Head says that the whole body is known to be JSON, though Received may be only the head of it.
	Head bool

	body  *Body
	moved bool // a redirect answered what was asked, and led to another request
	told  *told
}

// told is what is said of a body in place of what was received.
type told struct {
	contentType string
	data        []byte
}

// Send sends a request and hands the answer to read once its header is there. An error of the request or of read is complete: it
// says whether the request surely had no effect. History hears of the exchange whatever becomes of it, but not of a request that has
// no client or whose body cannot be opened. What read leaves of the body is not read.
func Send(ctx context.Context, c Call, r *Request, read func(ctx context.Context, t *Trip) error) error {
	req, err := r.build(c.Env)
	if err != nil {
		return err
	}
	t := &Trip{Call: c, Req: req, body: r.Body, URL: req.URL, Size: -1}
	client, err := c.Env.Clients.Client(ctx, c.In.Text("profile"))
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return t.noClient(err)
	}
	t.limits = c.limits()
	err = t.travel(ctx, client, read)
	t.weigh(err)
	t.tell(err)
	return err
}

// travel goes from the request to an answer that was read.
func (t *Trip) travel(ctx context.Context, shared *http.Client, read func(context.Context, *Trip) error) error {
	client := *shared
	client.CheckRedirect = t.follow
	watchedCtx := t.start(ctx)
	defer t.stop()
	resp, err := client.Do(t.Req.WithContext(watchedCtx))
	// A redirect that is not followed gives an answer, its body closed, and an error.
	t.Resp = resp
	if err != nil {
		return t.failure(watchedCtx, err)
	}
	defer resp.Body.Close()
	return read(watchedCtx, t)
}

// Status is the status of the answer; there must be one.
func (t *Trip) Status() int { return t.Resp.StatusCode }

// Body is the body of the answer, as it comes in: reading it keeps the idle limit from striking.
func (t *Trip) Body() io.Reader { return watched{t.Resp.Body, &t.watch} }

// Elapsed is how long the request has taken so far, without what the profile held it back for.
func (t *Trip) Elapsed() time.Duration { return time.Since(t.began()) }

// Tell has history and messages show this of the answer's body, in place of all that was received: such as the text of a body that
// came with attachments. It is masked as a body of this type is.
func (t *Trip) Tell(contentType string, data []byte) { t.told = &told{contentType, data} }
