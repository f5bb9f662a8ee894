package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	lifetime     = 24 * time.Hour // of a notice
	pingLifetime = time.Hour      // a ping that comes later than this says nothing
	firstPause   = 10 * time.Second
	longestPause = time.Hour
	lease        = 2 * time.Minute  // a process that was to send a notice is given so long
	lookEvery    = 30 * time.Second // for what other processes have posted
	sweepEvery   = time.Hour
)

// deliver sends the notices of one target, one after the other, until the context ends.
func (n *Notifier) deliver(ctx context.Context, t *Target) {
	for ctx.Err() == nil {
		pause, err := n.next(ctx, t)
		if err != nil {
			n.complain(err)
			pause = lookEvery
		}
		n.rest(ctx, t, pause)
	}
}

// rest waits, but not beyond what is posted meanwhile.
func (n *Notifier) rest(ctx context.Context, t *Target, pause time.Duration) {
	if pause <= 0 {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-n.wake[n.key(t)]:
	}
}

// next sends the next notice of a target where its time has come, and gives how long to wait for the one after it.
func (n *Notifier) next(ctx context.Context, t *Target) (time.Duration, error) {
	p, err := n.Store.NextPost(n.key(t))
	if err != nil || p == nil {
		return lookEvery, err
	}
	now := n.Now()
	// A time that is further off than any pause was set by a clock that has been set back since.
	if wait := p.Next.Sub(now); wait > 0 && wait <= longestPause {
		return min(wait, lookEvery), nil
	}
	mine, err := n.Store.ClaimPost(p, now.Add(lease))
	if err != nil || !mine {
		return lookEvery, err
	}
	p.Attempts++
	return 0, n.settle(ctx, t, p, n.send(ctx, t, p))
}

// send makes one attempt at a notice.
func (n *Notifier) send(ctx context.Context, t *Target, p *engine.Post) error {
	var notice Notice
	if err := json.Unmarshal(p.Notice, &notice); err != nil {
		return &refusal{why: fmt.Errorf("the notice cannot be read: %w", err), final: true}
	}
	return n.tries.send(ctx, t, notice)
}

// settle records what became of an attempt.
func (n *Notifier) settle(ctx context.Context, t *Target, p *engine.Post, err error) error {
	if err == nil {
		n.Log.Debug("a notice was delivered", "target", t.Name, "attempt", p.Attempts)
		return n.Store.Delivered(p.ID)
	}
	now := n.Now()
	if ctx.Err() != nil { // it was broken off, and is sent by the next one
		return n.Store.PutOff(p.ID, now, "broken off: this snrun ended, or has other settings now")
	}
	why := err.Error()
	next := now.Add(pauseAfter(p.Attempts, err))
	if final(err) || next.After(p.Posted.Add(t.lifetime())) {
		n.Log.Error("a notice was given up", "target", t.Name, "attempts", p.Attempts, "error", why)
		return n.Store.PutOff(p.ID, time.Time{}, why)
	}
	n.Log.Warn("a notice was not delivered, and is tried again", "target", t.Name, "attempts", p.Attempts, "error", why, "next", next)
	return n.Store.PutOff(p.ID, next, why)
}

// pauseAfter is how long to wait after so many attempts that failed: twice as long each time, and as long as the target asks for.
func pauseAfter(attempts int, err error) time.Duration {
	pause := longestPause
	if attempts < 10 { // 10 s · 2⁹ is more than an hour
		pause = min(firstPause<<(attempts-1), longestPause)
	}
	var r *refusal
	if errors.As(err, &r) {
		pause = max(pause, min(r.after, longestPause))
	}
	return pause
}

// refusal is an error of a target that says more than that it failed.
type refusal struct {
	why   error
	final bool          // trying again does not help
	after time.Duration // the target asks for so much time
}

// Error says why.
func (r *refusal) Error() string { return r.why.Error() }

func final(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.final
}

// lifetime is how long a notice to the target is tried.
func (t *Target) lifetime() time.Duration {
	if t.Type == "ping" {
		return pingLifetime
	}
	return lifetime
}

// sweep gives up notices that nobody sent in time: their targets are in no settings any more.
func (n *Notifier) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		n.complain(n.Store.GiveUp(n.Now().Add(-lifetime)))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
