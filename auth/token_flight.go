package auth

import (
	"context"
	"errors"
	"sync"
)

// flight is one way to a new token, for all who wait for it.
type flight struct {
	done  chan struct{} // closed when token and err are there
	token *token
	err   error
}

// wait gives what comes of the flight; the error may be that of ctx.
func (f *flight) wait(ctx context.Context) (*token, error) {
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// order says what a flight is for. The zero order is for a token that is good.
type order struct {
	replace *token // for another one than this, though this is good still
	again   bool   // ask the server though a failure says not to
	anew    bool   // ask the server whatever there is
}

// join gives the flight that is under way, and starts one where there is none.
func (s *tokenSource) join(o order) (f *flight, started bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil {
		return s.flight, false
	}
	f = &flight{done: make(chan struct{})}
	off := s.hangar.start(func(ctx context.Context) {
		f.token, f.err = s.fly(ctx, o)
		s.mu.Lock()
		s.flight = nil
		s.mu.Unlock()
		close(f.done)
	})
	if off {
		s.flight = f
		return f, true
	}
	f.token, f.err = orOld(s.current.Load(), &SignInError{
		Profile: s.endpoint.profile, Grant: s.endpoint.grant.Name, kind: abandoned, Cause: errShut, help: "run it again",
	})
	close(f.done)
	return f, true
}

// after gives the result of a flight of one's own, behind those that are under way.
func (s *tokenSource) after(ctx context.Context, o order) (*token, error) {
	for {
		f, started := s.join(o)
		t, err := f.wait(ctx)
		if started || ctx.Err() != nil {
			return t, err
		}
	}
}

// hangar is where the flights of a keyring come home to.
type hangar struct {
	ctx   context.Context // ends when the keyring is closed
	close context.CancelFunc

	mu      sync.Mutex // no flight starts while the hangar is being shut
	flights sync.WaitGroup
}

var errShut = errors.New("the keyring is closed")

func newHangar() *hangar {
	h := &hangar{}
	h.ctx, h.close = context.WithCancel(context.Background())
	return h
}

// start says false where the hangar is shut: nothing flies any more.
func (h *hangar) start(fly func(ctx context.Context)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.flights.Go(func() { fly(h.ctx) })
	return true
}

// shut ends what waits, and returns when the requests that may not be cut off have come to their end, which is bounded.
func (h *hangar) shut() {
	h.mu.Lock()
	h.close()
	h.mu.Unlock()
	h.flights.Wait()
}
