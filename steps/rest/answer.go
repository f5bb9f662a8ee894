package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"snrun/steps"
)

// answer is what came back: the status and headers, and the body as data.
type answer struct {
	*trip
	body    any  // what the step gives: decoded, or what was saved
	partial bool // body is only what is read of it
	elapsed time.Duration
	saved   bool // the body went to a file
	headers map[string]any
}

// errTooLarge stops reading a body.
var errTooLarge = errors.New("the body is larger than allowed")

// read takes the answer in and judges it.
func (t *trip) read(ctx context.Context) (*answer, error) {
	a := &answer{trip: t}
	in := t.call.in
	if in.Has("save_to") && t.req.Method != http.MethodHead && a.status() < 400 {
		return a.save(ctx, in.Text("save_to"))
	}
	bodyErr := a.take(ctx)
	if err := a.judge(bodyErr); err != nil {
		return nil, err
	}
	return a, nil
}

// take receives the body and decodes it.
func (a *answer) take(ctx context.Context) error {
	defer func() { a.elapsed = time.Since(a.began()) }()
	if a.isSplit() {
		return a.receivePage(ctx)
	}
	if err := a.receive(ctx); err != nil || a.req.Method == http.MethodHead {
		return err
	}
	return a.decode()
}

// receive reads the body into memory, as far as max_body allows. It goes on after what was received already.
func (t *trip) receive(ctx context.Context) error {
	t.size = t.resp.ContentLength
	if err := t.readAll(maxBody(t.call.in)); err != nil {
		return t.bodyError(ctx, err, int64(len(t.received)))
	}
	t.size = int64(len(t.received))
	return nil
}

// bodyError says why a body did not come as a whole. Got is how many bytes of it came.
func (t *trip) bodyError(ctx context.Context, err error, got int64) error {
	if errors.Is(err, errInflated) {
		return t.contentError(err.Error(), "write max_body: with what a page may be, or ask for smaller pages")
	}
	if errors.Is(err, errTooLarge) {
		return t.contentError(fmt.Sprintf("the body is larger than max_body (%s)", sizeText(maxBody(t.call.in))), "raise max_body, ask for less at once, or stream it to a file with save_to")
	}
	return t.brokenOff(ctx, err, got)
}

// readAll reads at most limit bytes, into a slice of the right size where the server tells it.
func (t *trip) readAll(limit int64) error {
	if n := t.resp.ContentLength; n == 0 || t.req.Method == http.MethodHead {
		return nil
	} else if n > 0 && n <= limit && len(t.received) == 0 {
		data := make([]byte, n)
		got, err := io.ReadFull(watched{t.resp.Body, &t.watch}, data)
		t.received = data[:got]
		return err
	}
	data, err := io.ReadAll(io.LimitReader(watched{t.resp.Body, &t.watch}, limit+1-int64(len(t.received))))
	t.received = append(t.received, data...)
	if err == nil && int64(len(t.received)) > limit {
		t.received = t.received[:limit]
		return errTooLarge
	}
	return err
}

func maxBody(in steps.Input) int64 {
	if in.Has("max_body") {
		return in.Size("max_body")
	}
	return defaultMaxBody
}

func (t *trip) status() int { return t.resp.StatusCode }

// response gives what `response` is in expressions: of its fields those that are used, or all for "*".
func (a *answer) response(uses ...string) map[string]any {
	m := make(map[string]any, len(uses))
	for _, name := range uses {
		if name == "*" {
			a.reveal()
			return a.response("status", "headers", "all_headers", "body", "url", "elapsed", "page")
		}
		switch name {
		case "status":
			m[name] = a.status()
		case "headers":
			m[name] = a.firstHeaders()
		case "all_headers":
			m[name] = a.allHeaders()
		case "body":
			m[name] = a.visibleBody()
		case "url":
			m[name] = a.url.String()
		case "elapsed":
			m[name] = int(a.elapsed.Milliseconds())
		case "page":
			m[name] = a.pageNumber()
		}
	}
	return m
}

// reveal decodes the whole body where only what is read of it was decoded: an error shows all of it. A page in a file has
// no more than what stands beside its items.
func (a *answer) reveal() {
	if !a.partial || a.cut != nil && a.cut.file != nil {
		return
	}
	if body, err := decodeJSON(a.received, a.resp.Header.Get("Content-Type"), nil); err == nil {
		a.body, a.partial = body, false
	}
}

// visibleBody is `response.body`: null when the body went to a file.
func (a *answer) visibleBody() any {
	if a.saved {
		return nil
	}
	return a.body
}

// pageNumber is null outside of a walk.
func (a *answer) pageNumber() any {
	if a.call.page == 0 {
		return nil
	}
	return a.call.page
}

func (a *answer) firstHeaders() map[string]any {
	if a.headers == nil {
		a.headers = make(map[string]any, len(a.resp.Header))
		for name, values := range a.resp.Header {
			a.headers[strings.ToLower(name)] = values[0]
		}
	}
	return a.headers
}

func (a *answer) allHeaders() map[string]any {
	m := make(map[string]any, len(a.resp.Header))
	for name, values := range a.resp.Header {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		m[strings.ToLower(name)] = list
	}
	return m
}

// outputNames are the further names of `steps.ID`, those that are read.
func (a *answer) outputNames() map[string]any {
	var names map[string]any
	add := func(name string, value func() any) {
		if _, read := a.call.env.Reads.Of(name); !read {
			return
		}
		if names == nil {
			names = map[string]any{}
		}
		names[name] = value()
	}
	add("status", func() any { return a.status() })
	add("headers", func() any { return a.firstHeaders() })
	add("url", func() any { return a.url.String() })
	return names
}
