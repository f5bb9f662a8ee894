package auth

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how many requests may be made in how long. The zero value is any number.
type Rate struct {
	Limit int
	Per   time.Duration
}

// burst is the share of a Rate that may be used up at once: the more there is of it, the more requests a server that
// counts by fixed windows may see in one of them.
const burst = 10

// limits hold a profile's requests back: each waits until the rate allows it, and for one of the slots.
type limits struct {
	slots chan struct{} // one for each request that may be under way; nil for any number
	rate  *rate.Limiter // nil for any rate
}

func newLimits(p Profile) limits {
	var l limits
	if p.MaxConcurrent > 0 {
		l.slots = make(chan struct{}, p.MaxConcurrent)
	}
	if r := p.Rate; r.Limit > 0 && r.Per > 0 {
		l.rate = rate.NewLimiter(rate.Limit(float64(r.Limit)/r.Per.Seconds()), max(1, r.Limit/burst))
	}
	return l
}

// enter waits until a request may be made. What it gives must be called when the request's answer is done with.
func (l limits) enter(ctx context.Context) (leave func(), err error) {
	if l.rate != nil {
		if err := l.rate.Wait(ctx); err != nil {
			return nil, err
		}
	}
	if l.slots == nil {
		return func() {}, nil
	}
	select {
	case l.slots <- struct{}{}:
		return sync.OnceFunc(func() { <-l.slots }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
