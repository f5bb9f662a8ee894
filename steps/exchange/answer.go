package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// ErrTooLarge stops reading a body that is larger than max_body.
var ErrTooLarge = errors.New("the body is larger than allowed")

// Receive reads the body into memory, as far as max_body allows. It goes on after what was received already.
func (t *Trip) Receive(ctx context.Context) error {
	t.Size = t.Resp.ContentLength
	if err := t.readAll(t.Call.MaxBody()); err != nil {
		return t.BodyError(ctx, err, int64(len(t.Received)))
	}
	t.Size = int64(len(t.Received))
	return nil
}

// BodyError says why a body did not come as a whole: it is too large for err ErrTooLarge, else the connection broke. Got is how many
// bytes of it came.
func (t *Trip) BodyError(ctx context.Context, err error, got int64) error {
	if errors.Is(err, ErrTooLarge) {
		return t.ContentError(fmt.Sprintf("the body is larger than max_body (%s)", SizeText(t.Call.MaxBody())), t.Call.Manner.TooLarge)
	}
	return t.BrokenOff(ctx, err, got)
}

// firstRead is the room for an answer of which nobody says how long it is: most of them are shorter.
const firstRead = 4 << 10

// readAll reads at most limit bytes, into a slice of the right size where the server tells it.
func (t *Trip) readAll(limit int64) error {
	if n := t.Resp.ContentLength; n == 0 || t.Req.Method == http.MethodHead {
		return nil
	} else if n > 0 && n <= limit && len(t.Received) == 0 {
		data := make([]byte, n)
		got, err := io.ReadFull(t.Body(), data)
		t.Received = data[:got]
		return err
	}
	received := bytes.NewBuffer(t.Received)
	if cap(t.Received) == 0 {
		received.Grow(firstRead)
	}
	_, err := received.ReadFrom(io.LimitReader(t.Body(), limit+1-int64(len(t.Received))))
	t.Received = received.Bytes()
	if err == nil && int64(len(t.Received)) > limit {
		t.Received = t.Received[:limit]
		return ErrTooLarge
	}
	return err
}

// Peek reads the beginning of a body that is refused, for the message.
func (t *Trip) Peek() {
	t.Received, _ = io.ReadAll(io.LimitReader(t.Body(), 8*ExcerptLength))
}

// Answer is what came back: the status and headers, and the body as data.
type Answer struct {
	*Trip
	// Value is what the step gives, and `response.body`: the body decoded. Saved says that it went to a file instead, so that
	// `response.body` is null.
	Value any
	Saved bool
	// Took is how long the whole answer took; it is `response.elapsed`.
	Took time.Duration
	// More are further names of `response` and of `steps.ID`, such as the fault of a SOAP answer.
	More map[string]any
	// Reveal completes Value where only what is read of it was decoded: an error shows all of it. Nil where it is complete.
	Reveal func()

	headers map[string]any
}

// Response gives what `response` is in expressions: of its fields those that are used, or all for "*".
func (a *Answer) Response(uses ...string) map[string]any {
	m := make(map[string]any, len(uses))
	for _, name := range uses {
		switch name {
		case "*":
			return a.wholeResponse()
		case "status":
			m[name] = a.Status()
		case "headers":
			m[name] = a.firstHeaders()
		case "all_headers":
			m[name] = a.allHeaders()
		case "body":
			m[name] = a.visibleBody()
		case "url":
			m[name] = a.URL.String()
		case "elapsed":
			m[name] = int(a.Took.Milliseconds())
		case "page":
			m[name] = a.pageNumber()
		default:
			if value, there := a.More[name]; there {
				m[name] = value
			}
		}
	}
	return m
}

func (a *Answer) wholeResponse() map[string]any {
	if a.Reveal != nil {
		a.Reveal()
	}
	m := a.Response("status", "headers", "all_headers", "body", "url", "elapsed", "page")
	maps.Copy(m, a.More)
	return m
}

// visibleBody is `response.body`: null when the body went to a file.
func (a *Answer) visibleBody() any {
	if a.Saved {
		return nil
	}
	return a.Value
}

// pageNumber is null outside of a walk.
func (a *Answer) pageNumber() any {
	if a.Call.Page == 0 {
		return nil
	}
	return a.Call.Page
}

func (a *Answer) firstHeaders() map[string]any {
	if a.headers == nil {
		a.headers = make(map[string]any, len(a.Resp.Header))
		for name, values := range a.Resp.Header {
			a.headers[strings.ToLower(name)] = values[0]
		}
	}
	return a.headers
}

func (a *Answer) allHeaders() map[string]any {
	m := make(map[string]any, len(a.Resp.Header))
	for name, values := range a.Resp.Header {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		m[strings.ToLower(name)] = list
	}
	return m
}

// OutputNames are the further names of `steps.ID`, those that are read: status, headers, url, and what More has.
func (a *Answer) OutputNames() map[string]any {
	reads := a.Call.Env.Reads
	var names map[string]any
	add := func(name string, value func() any) {
		if _, read := reads.Of(name); !read {
			return
		}
		if names == nil {
			names = map[string]any{}
		}
		names[name] = value()
	}
	add("status", func() any { return a.Status() })
	add("headers", func() any { return a.firstHeaders() })
	add("url", func() any { return a.URL.String() })
	for name, value := range a.More {
		add(name, func() any { return value })
	}
	return names
}
