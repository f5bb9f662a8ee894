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
	manyOfOne   = 4  // of one session, or of the programs with one password: a browser makes six connections to a server, and pages need some of them
)

// streams counts the answers that go on while somebody looks at a page. The zero value has none.
type streams struct {
	mu   sync.Mutex
	open int
	of   map[holder]int // by who has them; those that have none are not in it
}

// holder is who has a stream: a session, or all programs that bring the password of one person.
type holder struct {
	session *session
	name    string
}

// holder gives whom the streams of a visitor count for.
func (v visitor) holder() holder {
	if v.session != nil {
		return holder{session: v.session}
	}
	return holder{name: v.Name}
}

// stream makes the answer to a request one that may go on for long: it has no deadline of its own any more, so whoever writes to it sets one
// for each write. The context ends with the request, and when the visitor signs out. Whoever got it calls done.
// The error is a Problem where too many go on already.
func (s *Site) stream(w http.ResponseWriter, r *http.Request) (ctx context.Context, done func(), err error) {
	v := visitorOf(r)
	who := v.holder()
	if !s.streams.take(who) {
		return nil, nil, &Problem{
			Status: http.StatusServiceUnavailable, Message: fmt.Sprintf("too many pages are kept up to date at once: %d at most, %d of one visitor", manyStreams, manyOfOne),
			Hint: "close one of them, or load the page again to see what has changed",
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a recorder in a test has none
	if v.session == nil {
		ctx, cancel := context.WithCancel(r.Context())
		return ctx, func() { cancel(); s.streams.release(who) }, nil
	}
	ctx, cancel := context.WithDeadline(r.Context(), v.session.began.Add(sessionLife))
	stop := context.AfterFunc(v.session.over, cancel)
	return ctx, func() { stop(); cancel(); s.streams.release(who) }, nil
}

// take counts a stream of somebody. It says whether there is room.
func (s *streams) take(who holder) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= manyStreams || s.of[who] >= manyOfOne {
		return false
	}
	if s.of == nil {
		s.of = map[holder]int{}
	}
	s.open++
	s.of[who]++
	return true
}

func (s *streams) release(who holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.of[who]--; s.of[who] <= 0 {
		delete(s.of, who)
	}
}
