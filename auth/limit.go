package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"snrun/auth/store"
)

// Rate is how many requests may be made in how long. The zero value is any number.
type Rate struct {
	Limit int
	Per   time.Duration
}

// Limits hold back the requests of profiles, each by its name: those of all keyrings that share them. What a profile itself limits is held
// back together with other processes, where the keyring has a store on a server. The zero value is ready.
type Limits struct {
	mu    sync.Mutex
	gates map[string]*gate
}

// gate gives the gate of a profile, as the profile now wants it. Nil for requests without one: their hosts have nothing in common.
func (l *Limits) gate(p Profile, place *store.Place) *gate {
	if p.Name == "" {
		return nil
	}
	name, shared := p.Name, newSharing(p, place)
	if shared != nil { // a profile that is pointed at another server has nothing in common with the one before
		name += "\n" + shared.name + "\n" + shared.at.Name()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.gates[name]
	if g == nil {
		g = &gate{profile: p.Name, shared: shared}
		if l.gates == nil {
			l.gates = map[string]*gate{}
		}
		l.gates[name] = g
	}
	g.set(p)
	return g
}

// Close gives back what other processes may use by now. No request is made any more.
func (l *Limits) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all sync.WaitGroup
	for _, g := range l.gates {
		all.Go(g.giveBack)
	}
	all.Wait()
	for _, g := range l.gates {
		if g.shared != nil {
			g.shared.at.Close()
		}
	}
}

// Wait is a request that is held back. It is told of when it begins, again when it lasts longer or is for another reason, and
// when it is over.
type Wait struct {
	Profile string
	Reason  string    // such as "rate 100 per 1m"
	Until   time.Time // zero where that is not known
	Over    bool      // the request goes on, or is given up
}

// aMoment is how long a request may be held back without anybody being told.
const aMoment = 200 * time.Millisecond

type waitsKey struct{}

// WithWaits gives a context whose requests tell when they are held back by a limit for longer than a moment. What is told comes
// on the request's own goroutine.
func WithWaits(ctx context.Context, told func(Wait)) context.Context {
	return context.WithValue(ctx, waitsKey{}, told)
}

// telling is what was told of one request that is held back.
type telling struct {
	tell  func(Wait)
	since time.Time
	last  Wait // zero when nothing was
}

func newTelling(ctx context.Context) *telling {
	tell, _ := ctx.Value(waitsKey{}).(func(Wait))
	return &telling{tell: tell, since: time.Now()}
}

// waits tells of a wait of at least d, -1 where that is not known, if it is news. It gives how long nothing need be told.
func (t *telling) waits(w Wait, d time.Duration) time.Duration {
	now := time.Now()
	if d >= 0 {
		w.Until = now.Add(d)
	}
	left := aMoment - now.Sub(t.since)
	switch {
	case t.tell == nil:
	case t.last.Profile == "" && left > 0 && d < aMoment:
		return left
	case t.last.Profile == "", t.last.Reason != w.Reason, w.Until.Sub(t.last.Until) >= time.Second:
		t.last = w
		t.tell(w)
	}
	return time.Hour
}

func (t *telling) over() {
	if t.last.Profile != "" {
		t.last.Over = true
		t.tell(t.last)
	}
}

// HeldError says that a request was not sent: it would have been held back for longer than its time allows.
type HeldError struct {
	Wait Wait
	For  time.Duration // how long it would have been held back
	Left time.Duration // how much time it had
}

// Error names the profile, the limit and both times.
func (e *HeldError) Error() string {
	return fmt.Sprintf("not sent: profile %s would hold it back for %s (%s), and it has %s left",
		e.Wait.Profile, e.For.Round(time.Millisecond), e.Wait.Reason, e.Left.Round(time.Millisecond))
}

// Held is how long the request would have been held back.
func (e *HeldError) Held() time.Duration { return e.For }

// Help says what a person can do.
func (e *HeldError) Help() string {
	return "give the step a longer timeout, or make fewer requests at once"
}
