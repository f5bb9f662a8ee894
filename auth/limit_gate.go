package auth

import (
	"container/list"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// burst is the share of a Rate that may be used up at once: the more there is of it, the more requests a server that
// counts by fixed windows may see in one of them.
const burst = 10

// For calm after a pause requests start with a gap between them, where the profile has no rate: all that it held back, and those
// that are tried again, would run into the same limit all at once. The gap is shorter where more wait than fit in.
const (
	calm    = time.Second
	calmGap = calm / 32
)

// gate holds the requests of one profile back. They go through in the order in which they came, each when
//
//   - the server has not asked to wait,
//   - fewer than max_concurrent are under way,
//   - the rate allows it. After a pause it allows no burst.
type gate struct {
	profile string
	shared  *sharing // with other processes; nil where the limits are this one's alone

	mu      sync.Mutex
	rate    Rate
	step    time.Duration // between two requests at the rate; 0 for any rate
	burst   time.Duration // how far requests may run ahead of the rate
	due     time.Time     // of the next request, if none ran ahead; where it is shared, as was heard last
	slots   int           // how many may be under way; 0 for any number
	busy    int           // how many are, of those that count
	last    time.Time     // when the last one was let through
	paused  time.Time     // nobody is let through before
	why     string
	waiting list.List // of *waiter
}

// waiter is a request that is held back.
type waiter struct {
	place *list.Element
	since time.Time
	until time.Time     // it gives up then; zero for never
	ahead int           // how many were before it when it came, until it has to look again
	wake  chan struct{} // has something in it when the waiter should look again
}

// set takes over the limits of a profile.
func (g *gate) set(p Profile) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rate, g.slots, g.step, g.burst = p.Rate, p.MaxConcurrent, 0, 0
	if r := p.Rate; r.Limit > 0 && r.Per > 0 {
		g.step = max(1, (r.Per+time.Duration(r.Limit)-1)/time.Duration(r.Limit))
		g.burst = time.Duration(max(1, r.Limit/burst)-1) * g.step
	}
	g.consult()
	g.wakeAll()
}

// enter waits until a request may be made. Leave, where it is not nil, must be called when its answer is done with. The error is
// that of the context, or a *HeldError where the wait would outlast it.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, leave := g.join(ctx)
	if w == nil {
		return leave, nil
	}
	told := newTelling(ctx)
	defer told.over()
	for {
		leave, wait, reason, through := g.try(w)
		if through {
			return leave, nil
		}
		held := Wait{Profile: g.profile, Reason: reason}
		if end, limited := ctx.Deadline(); limited && wait > 0 && time.Until(end) < wait {
			g.quit(w)
			return nil, &HeldError{held, wait, time.Until(end)}
		}
		patience, err := g.patience(w)
		if err != nil {
			g.quit(w)
			return nil, err
		}
		pause := min(told.waits(held, wait), patience)
		if wait >= 0 && g.isFirst(w) {
			pause = min(pause, wait)
		}
		select {
		case <-w.wake:
		case <-time.After(pause):
		case <-ctx.Done():
			g.quit(w)
			return nil, ctx.Err()
		}
	}
}

// join lets a request through at once, or gives it a place among those that wait.
func (g *gate) join(ctx context.Context) (*waiter, func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if wait, _ := g.hold(now, 0); g.waiting.Len() == 0 && wait == 0 {
		return nil, g.start(now)
	}
	w := &waiter{since: now, ahead: g.waiting.Len(), wake: make(chan struct{}, 1)}
	w.until, _ = ctx.Deadline()
	w.place = g.waiting.PushBack(w)
	g.consult()
	return w, nil
}

// try lets a waiter through if it is its turn. Else wait is how long it is held back at least, -1 where that is not known.
func (g *gate) try(w *waiter) (leave func(), wait time.Duration, reason string, through bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	first := g.waiting.Front() == w.place
	wait, reason = g.hold(now, w.ahead)
	w.ahead = 0 // some of those before it may give up: from here on its wait is only known to be no shorter
	switch {
	case first && wait == 0:
		g.waiting.Remove(w.place)
		leave = g.start(now)
		g.wakeFirst()
		return leave, 0, "", true
	case wait == 0:
		wait = -1
	}
	return nil, wait, reason, false
}

// quit takes a waiter out of the queue.
func (g *gate) quit(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting.Remove(w.place)
	g.consult()
	g.wakeFirst()
}

func (g *gate) isFirst(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting.Front() == w.place
}

// hold says how long a request with so many before it is held back, and why; -1 where only others can tell.
func (g *gate) hold(now time.Time, ahead int) (time.Duration, string) {
	free := now
	known := true
	if g.step > 0 {
		free, known = g.free(now, ahead)
	}
	switch {
	case g.paused.After(now):
		if g.paused.After(free) {
			free = g.paused
		}
		return free.Sub(now), g.why
	case g.full(now):
		return -1, g.elsewhere(fmt.Sprintf("max_concurrent %d", g.slots))
	case g.step > 0 && !known:
		return -1, g.elsewhere(g.rateText())
	case g.step > 0:
		return max(0, free.Sub(now)), g.rateText()
	}
	if left := g.paused.Add(calm).Sub(now); left > 0 {
		gap := min(calmGap, left/time.Duration(g.waiting.Len()+1))
		return max(0, g.last.Add(gap).Sub(now)), g.why
	}
	return 0, ""
}

func (g *gate) rateText() string {
	return fmt.Sprintf("rate %d per %s", g.rate.Limit, short(g.rate.Per))
}

// free says when a request with so many before it may be made by the rate; false where only others can tell.
func (g *gate) free(now time.Time, ahead int) (time.Time, bool) {
	if g.shared != nil {
		return g.shared.free(g, now, ahead)
	}
	return g.due.Add(time.Duration(ahead)*g.step - g.burst), true
}

// full says that no further request may be under way.
func (g *gate) full(now time.Time) bool {
	return g.slots > 0 && (g.busy >= g.slots || g.shared != nil && !g.shared.hasPlace(g.busy, now))
}

// start counts a request that is let through.
func (g *gate) start(now time.Time) (leave func()) {
	g.last = now
	switch {
	case g.shared != nil:
		g.shared.use(now)
		defer g.consult()
	case g.step > 0:
		if g.due.Before(now) {
			g.due = now
		}
		g.due = g.due.Add(g.step)
	}
	if g.slots == 0 {
		return nil
	}
	g.busy++
	return sync.OnceFunc(g.leave)
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	g.consult()
	g.wakeFirst()
}

// pause lets nobody through before a time, and has other processes know.
func (g *gate) pause(until time.Time, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pauseHere(until, why) && g.shared != nil {
		g.shared.paused, g.shared.why = until, why
		g.consult()
	}
}

// pauseHere says whether it is any longer than before.
func (g *gate) pauseHere(until time.Time, why string) bool {
	if !until.After(g.paused) {
		return false
	}
	news := until.Sub(g.paused) > aMoment // else those that wait find out in time
	g.paused, g.why = until, why
	if restart := until.Add(g.burst); g.step > 0 && g.due.Before(restart) {
		g.due = restart
	}
	if news {
		g.wakeAll()
	}
	return true
}

func (g *gate) wakeFirst() {
	if e := g.waiting.Front(); e != nil {
		e.Value.(*waiter).look()
	}
}

func (g *gate) wakeAll() {
	for e := g.waiting.Front(); e != nil; e = e.Next() {
		e.Value.(*waiter).look()
	}
}

func (w *waiter) look() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// short writes 1m0s as 1m, as a profile would.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
