package soap

import (
	"context"
	"sync"
	"time"

	"snrun/steps/soap/wsdl"
)

// A WSDL is fetched again after an hour, for processes that live long. Where it cannot be had then, the one that is there does, and
// it is asked for again a minute later.
const (
	freshFor   = time.Hour
	againAfter = time.Minute
)

// subscription is a WSDL that is fetched. The zero value is one that was not had yet.
type subscription struct {
	mu      sync.Mutex
	defs    *wsdl.Definitions
	stale   time.Time // when it is to be fetched again
	pending *delivery // nil while nobody fetches it
}

// delivery is a WSDL on its way. What came of it may be read once done is closed: neither a WSDL nor an error where whoever fetched it
// only had no time left.
type delivery struct {
	done chan struct{}
	defs *wsdl.Definitions
	err  error
}

// get gives the WSDL. Whoever wants it first fetches it; the others wait for that, as long as their own time allows, and share what
// came of it.
func (s *subscription) get(ctx context.Context, fetch func() (*wsdl.Definitions, error)) (*wsdl.Definitions, error) {
	for {
		s.mu.Lock()
		defs, d := s.defs, s.pending
		if d == nil && (defs == nil || !time.Now().Before(s.stale)) {
			s.pending = &delivery{done: make(chan struct{})}
			s.mu.Unlock()
			if got, err := s.deliver(ctx, fetch); err == nil || defs == nil {
				return got, err
			}
			return defs, nil
		}
		s.mu.Unlock()
		if defs != nil {
			return defs, nil
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if d.defs != nil || d.err != nil {
			return d.defs, d.err
		}
	}
}

// deliver fetches the WSDL for all who wait for it.
func (s *subscription) deliver(ctx context.Context, fetch func() (*wsdl.Definitions, error)) (*wsdl.Definitions, error) {
	d := s.pending
	defer func() { // also where it panics: nobody waits for ever
		s.mu.Lock()
		s.pending = nil
		if d.defs != nil {
			s.defs, s.stale = d.defs, time.Now().Add(freshFor)
		} else {
			s.stale = time.Now().Add(againAfter)
		}
		s.mu.Unlock()
		close(d.done)
	}()
	defs, err := fetch()
	if err == nil || ctx.Err() == nil {
		d.defs, d.err = defs, err
	}
	return defs, err
}
