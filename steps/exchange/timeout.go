package exchange

import (
	"context"
	"crypto/tls"
	"io"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"snrun/steps"
)

// limits are how long the parts of one attempt may take; 0 is without limit.
type limits struct{ connect, idle, total time.Duration }

func (c Call) limits() limits {
	l := limits{defaultConnect, defaultIdle, c.Manner.Total}
	switch t := c.In["timeout"].(type) {
	case time.Duration:
		l.total = t
	case steps.Input:
		for name, limit := range map[string]*time.Duration{"connect": &l.connect, "idle": &l.idle, "total": &l.total} {
			if d, there := t[name].(time.Duration); there {
				*limit = d
			}
		}
	}
	return l
}

// timeoutError says which limit struck. It is the cause of a context that a watch cancels.
type timeoutError struct {
	what  string // the key under timeout:
	limit time.Duration
}

func (e *timeoutError) Error() string {
	switch e.what {
	case "connect":
		return "no connection within " + durationText(e.limit)
	case "idle":
		return "not a byte from the server for " + durationText(e.limit)
	}
	return "not done within " + durationText(e.limit)
}

// durationText writes 5m0s as 5m, as a job file would.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// watch follows one attempt through its phases and cancels it when one of them takes too long. The phases begin and end
// on the goroutines of net/http, so all moments are atomic: nanoseconds from started on, 0 for what has not happened.
type watch struct {
	started time.Time
	limits  limits
	cancel  context.CancelCauseFunc
	timer   *time.Timer

	setOut    atomic.Int64 // it set out: a connection was asked for the first time
	asked     atomic.Int64 // a connection was asked for
	connected atomic.Int64 // it was there
	sent      atomic.Int64 // the whole request was written
	heard     atomic.Int64 // the first byte of the answer came
	last      atomic.Int64 // the last bytes of the answer came
	connect   atomic.Int64 // nanoseconds that the connection took, 0 when one was open
	// wrote says that a request's header was written: from here on the server may have acted.
	wrote     atomic.Bool
	handshake atomic.Bool // TLS was being set up
}

// start gives the context of the attempt, with its trace.
func (w *watch) start(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	w.started, w.cancel = time.Now(), cancel
	if d := w.poll(); d > 0 {
		w.timer = time.AfterFunc(time.Hour, w.look)
		w.timer.Reset(d) // only now: look reads the field
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              w.getConn,
		GotConn:              w.gotConn,
		TLSHandshakeStart:    func() { w.handshake.Store(true) },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { w.handshake.Store(err != nil) },
		WroteHeaders:         func() { w.wrote.Store(true) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { w.sent.Store(w.now()) },
		GotFirstResponseByte: func() { w.heard.Store(w.now()) },
	})
}

// stop ends the watch and frees what the attempt holds.
func (w *watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.cancel(nil)
}

// beginning is the moment at which a watch starts: not 0, which is a moment that has not come.
const beginning = 1

func (w *watch) now() int64 { return beginning + int64(time.Since(w.started)) }

// began is when the request set out, or would have.
func (w *watch) began() time.Time {
	return w.started.Add(time.Duration(max(0, w.setOut.Load()-beginning)))
}

// getConn notes that a connection is asked for. What was before the first counts for no limit: the profile held the request back.
func (w *watch) getConn(string) {
	now := w.now()
	w.setOut.CompareAndSwap(0, now)
	w.asked.Store(now)
	w.connected.Store(0)
	w.sent.Store(0)
}

func (w *watch) gotConn(info httptrace.GotConnInfo) {
	now := w.now()
	if !info.Reused {
		w.connect.Store(now - w.asked.Load())
	}
	w.connected.Store(now)
}

// look runs when the timer fires: it cancels the attempt when a limit has passed, else it looks again when the next one may.
func (w *watch) look() {
	what, limit, left := w.next()
	if left <= 0 {
		w.cancel(&timeoutError{what, limit})
		return
	}
	w.timer.Reset(left)
}

// next gives the limit that will strike first as things stand, and how long that is from now.
func (w *watch) next() (what string, limit, left time.Duration) {
	now := time.Duration(w.now())
	what, left = "", w.poll()
	consider := func(name string, l time.Duration, since int64) {
		if l > 0 && time.Duration(since)+l-now < left {
			what, limit, left = name, l, time.Duration(since)+l-now
		}
	}
	if setOut := w.setOut.Load(); setOut > 0 {
		consider("total", w.limits.total, setOut)
	}
	if asked := w.asked.Load(); asked > 0 && w.connected.Load() == 0 {
		consider("connect", w.limits.connect, asked)
	}
	if since := max(w.sent.Load(), w.last.Load()); since > 0 && w.connected.Load() > 0 {
		consider("idle", w.limits.idle, max(since, w.heard.Load()))
	}
	return what, limit, left
}

// poll is the shortest limit: looking that often, no limit is missed whenever its phase begins.
func (w *watch) poll() time.Duration {
	shortest := time.Duration(0)
	for _, l := range []time.Duration{w.limits.connect, w.limits.idle, w.limits.total} {
		if l > 0 && (shortest == 0 || l < shortest) {
			shortest = l
		}
	}
	return shortest
}

// watched is a body whose reading the watch follows.
type watched struct {
	io.Reader
	watch *watch
}

// Read reads on and notes when bytes came.
func (r watched) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.watch.last.Store(r.watch.now())
	}
	return n, err
}
