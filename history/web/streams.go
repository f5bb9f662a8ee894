package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	manyStreams = 64 // open at once
	manyOfOne   = 4  // of one session: a browser makes six connections to a server, and pages need some of them
)

// streams counts the answers that go on while somebody looks at a page. The zero value has none.
type streams struct {
	mu   sync.Mutex
	open int
}

// stream makes the answer to a request one that may go on for long: it has no deadline of its own any more, so whoever writes to it sets one
// for each write. The context ends with the request, and when the visitor signs out. Whoever got it calls done.
// The error is a Problem where too many go on already.
func (s *Site) stream(w http.ResponseWriter, r *http.Request) (ctx context.Context, done func(), err error) {
	session := visitorOf(r).session
	if !s.streams.take(session) {
		return nil, nil, &Problem{
			Status: http.StatusServiceUnavailable, Message: fmt.Sprintf("too many pages are kept up to date at once: %d at most, %d of one visitor", manyStreams, manyOfOne),
			Hint: "close one of them, or load the page again to see what has changed",
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a recorder in a test has none
	if session == nil {
		ctx, cancel := context.WithCancel(r.Context())
		return ctx, func() { cancel(); s.streams.release(nil) }, nil
	}
	ctx, cancel := context.WithDeadline(r.Context(), session.began.Add(sessionLife))
	stop := context.AfterFunc(session.over, cancel)
	return ctx, func() { stop(); cancel(); s.streams.release(session) }, nil
}

// take counts a stream, of a session or of none. It says whether there is room.
func (s *streams) take(of *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= manyStreams || of != nil && of.streams >= manyOfOne {
		return false
	}
	s.open++
	if of != nil {
		of.streams++
	}
	return true
}

func (s *streams) release(of *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if of != nil {
		of.streams--
	}
}
