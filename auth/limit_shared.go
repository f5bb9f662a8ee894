package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"snrun/auth/store"
)

// What a profile limits is kept on a server that all processes ask, where there is one. A process asks for permits to make requests
// at the rate, those of the next tenth of a second, when requests wait; and for places for requests that are under way, which it keeps while it
// has use for them and gives back one by one as others want theirs. No request waits for a trip to the server that need not: one goroutine of a
// gate asks, for as long as there is something to ask for.
const (
	// horizon is how far ahead a permit is asked for. One that is had and not used, since its process ended, holds the others up.
	horizon = 10 * time.Second
	// stale is how long after its time a permit may still be used: later it would make a burst.
	stale = 250 * time.Millisecond
	// pulse is between two looks at whether others want places too; poll is that of a process that waits for one, hurry between any two questions
	// about places.
	pulse = 100 * time.Millisecond
	poll  = 50 * time.Millisecond
	hurry = 20 * time.Millisecond
	// troubled is between two tries to reach the server, and enough how long a request waits for that.
	troubled = 200 * time.Millisecond
	enough   = 30 * time.Second
	// parting is how long the end of a process waits for its places to be given back; else they are free when they are missed.
	parting = 2 * time.Second
)

// sharing is what a gate knows of its limits that other processes keep too. The lock of the gate guards it.
type sharing struct {
	at   *store.Limits
	name string

	permits int           // to make requests, the first one next, the others one each step later
	next    time.Time     //
	step    time.Duration // when they were given
	given   time.Time     // when that was
	block   int           // how many there were
	spent   time.Time     // when the last of them was used; zero where some were not

	places int       // how many requests may be under way
	lease  time.Time // until when more may be begun
	share  int       // to how many places it is to come down
	told   int       // how many the server thinks that it has
	idle   time.Time // since when it has no use for them; zero where it has

	paused time.Time // what the server has to hear of yet: nobody is let through before; zero for nothing
	why    string

	asked  time.Time // when it asked last
	wanted int       // for how many places
	again  time.Time // when it may ask for one that it did not get
	sleeps time.Time // until when the goroutine that asks does nothing
	nudge  chan struct{}
	ended  chan struct{} // closed at its end; nil where there is none
	over   bool          // the process ends
	cancel context.CancelFunc

	trouble error     // why the server does not answer; nil where it does
	since   time.Time // the first time
	heard   time.Time // and the last
}

// newSharing gives what a new gate knows; nil where the profile limits nothing, or there is no server.
func newSharing(p Profile, place *store.Place) *sharing {
	if place == nil || p.Rate.Limit <= 0 && p.MaxConcurrent <= 0 {
		return nil
	}
	at := place.Limits()
	if at == nil {
		return nil
	}
	return &sharing{at: at, name: limitName(p), nudge: make(chan struct{}, 1)}
}

// limitName names a profile's limits on a server: by its name and where it leads to, since two projects may have profiles of one name.
func limitName(p Profile) string {
	who := []any{p.Name}
	if p.BaseURL != nil {
		who = append(who, p.BaseURL.String())
	}
	sum := sha256.Sum256(canonical(who))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// free says when a request with so many before it has its permit; false where it must be asked for. Those who have asked before may be more
// than was heard of.
func (s *sharing) free(g *gate, now time.Time, ahead int) (time.Time, bool) {
	s.expire(now)
	if ahead < s.permits {
		return s.next.Add(time.Duration(ahead) * s.step), true
	}
	at := g.due.Add(time.Duration(ahead-s.permits)*g.step - g.burst)
	return at, at.After(now)
}

// expire drops permits that were not used in time.
func (s *sharing) expire(now time.Time) {
	if now.Before(s.given.Add(stale)) {
		return
	}
	for s.permits > 0 && now.After(s.next.Add(stale)) {
		s.permits--
		s.next = s.next.Add(s.step)
	}
}

// use takes a permit.
func (s *sharing) use(now time.Time) {
	if s.permits == 0 {
		return
	}
	s.next = s.next.Add(s.step)
	if s.permits--; s.permits == 0 {
		s.spent = now
	}
}

// wish is how many permits are asked for: for those that wait, and where the last ones were used up at once for those that come next.
func (s *sharing) wish(waiting int) int {
	switch took := s.spent.Sub(s.given); {
	case took < 0 || took > 2*pulse:
		return waiting
	case took > pulse:
		return max(waiting, s.block)
	}
	return max(waiting, 2*s.block)
}

// hasPlace says whether a request more may be under way.
func (s *sharing) hasPlace(busy int, now time.Time) bool {
	return busy < s.places && now.Before(s.lease)
}

// consult has the server be asked, where there is something to ask for.
func (g *gate) consult() {
	s := g.shared
	if s == nil {
		return
	}
	now := time.Now()
	s.comeDown(g.busy)
	switch {
	case g.busy > 0 || g.waiting.Len() > 0:
		s.idle = time.Time{}
	case s.idle.IsZero():
		s.idle = now
	}
	at, due := g.plan(now)
	switch {
	case !due:
	case s.ended == nil:
		s.ended = make(chan struct{})
		ctx, cancel := context.WithCancel(context.Background())
		s.cancel = cancel
		go g.ask(ctx, s.ended)
	case at.Before(s.sleeps):
		select {
		case s.nudge <- struct{}{}:
		default:
		}
	}
}

// comeDown gives up places that others should have, as soon as no request is under way there.
func (s *sharing) comeDown(busy int) {
	if s.places > s.share {
		s.places = max(s.share, busy)
	}
}

// plan says when the server is to be asked next; false where there is nothing to ask for.
func (g *gate) plan(now time.Time) (at time.Time, due bool) {
	s := g.shared
	consider := func(t time.Time) {
		if !due || t.Before(at) {
			at, due = t, true
		}
	}
	waiting := g.waiting.Len() > 0
	s.expire(now)
	if s.over {
		return now, s.told > 0 || s.paused.After(now)
	}
	if s.paused.After(now) {
		consider(now)
	}
	if g.step > 0 && waiting && s.permits == 0 && !g.paused.After(now) && !g.full(now) {
		consider(g.due.Add(-g.burst - g.patienceOfFirst(now)))
	}
	if g.slots > 0 {
		if t, due := g.planPlaces(now); due {
			consider(t)
		}
	}
	if again := s.heard.Add(troubled); s.trouble != nil && at.Before(again) {
		at = again
	}
	return at, due
}

// planPlaces says when places are to be asked for, or given back.
func (g *gate) planPlaces(now time.Time) (at time.Time, due bool) {
	s, wants := g.shared, g.wants()
	waits := g.waiting.Len() > 0 && !g.paused.After(now)
	short := waits && g.busy >= s.places && s.places < g.slots
	switch {
	case s.told > s.places, short && wants > s.wanted, waits && !now.Before(s.lease):
		return s.asked.Add(hurry), true
	case short && (s.places == 0 || s.places < s.share):
		return s.again, true
	case wants > 0:
		return s.asked.Add(pulse), true
	case s.told > 0:
		return s.idle.Add(pulse), true
	}
	return at, false
}

// wants is how many places there is use for.
func (g *gate) wants() int { return min(g.slots, g.busy+g.waiting.Len()) }

// patienceOfFirst is how long the first request that waits would wait for a permit at most.
func (g *gate) patienceOfFirst(now time.Time) time.Duration {
	patience := horizon
	if first := g.waiting.Front(); first != nil {
		if until := first.Value.(*waiter).until; !until.IsZero() {
			patience = min(patience, until.Sub(now))
		}
	}
	return patience
}

// ask asks the server for as long as there is something to ask for. It is the gate's one goroutine that does.
func (g *gate) ask(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	for {
		question, pause, more := g.question()
		switch {
		case !more:
			return
		case pause > 0:
			select {
			case <-g.shared.nudge:
			case <-time.After(pause):
			}
		default:
			sent := time.Now()
			answer, err := g.shared.at.Ask(ctx, g.shared.name, question)
			g.hear(question, answer, err, sent)
		}
	}
}

// question gives what is to be asked now, or how long nothing is; more is false where there is nothing to ask for.
func (g *gate) question() (question store.Ask, pause time.Duration, more bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, now := g.shared, time.Now()
	at, due := g.plan(now)
	if !due {
		s.cancel()
		s.ended = nil
		return question, 0, false
	}
	if at.After(now) {
		s.sleeps = at
		return question, at.Sub(now), true
	}
	question = store.Ask{Step: g.step, Burst: g.burst, Patience: g.patienceOfFirst(now), Most: g.slots, Wants: g.wants()}
	if s.permits == 0 && !g.paused.After(now) {
		question.Permits = s.wish(g.waiting.Len())
	}
	if s.over || question.Wants == 0 { // a lease that is not used is given back
		s.places = 0
	}
	question.Held, question.Busy = s.places, g.busy
	if s.over {
		question.Busy, question.Wants, question.Permits = 0, 0, 0
	}
	if s.paused.After(now) {
		question.Pause, question.Why = s.paused.Sub(now), s.why
	}
	s.asked, s.again, s.wanted, s.sleeps = now, now.Add(poll-rand.N(poll/4)), question.Wants, time.Time{}
	return question, 0, true
}

// hear takes in what the server answered to a question that was sent then.
func (g *gate) hear(question store.Ask, answer store.Answer, err error, sent time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, now := g.shared, time.Now()
	s.heard = now
	if err != nil {
		g.despair(err)
		return
	}
	if s.trouble != nil {
		s.trouble = nil
		g.wakeAll()
	}
	if question.Pause > 0 && !s.paused.After(now.Add(question.Pause)) {
		s.paused = time.Time{}
	}
	s.places, s.told, s.share, s.lease = answer.Places, answer.Places, answer.Share, sent.Add(store.Lease)
	s.comeDown(g.busy)
	if question.Step > 0 {
		g.due = now.Add(answer.Due)
	}
	if answer.Permits > 0 {
		s.permits, s.next, s.step = answer.Permits, now.Add(answer.First), question.Step
		s.given, s.block, s.spent = now, answer.Permits, time.Time{}
	}
	if answer.Pause > 0 {
		g.pauseHere(now.Add(answer.Pause), answer.Why)
	}
	g.wakeFirst()
}

// despair takes in that the server gave no answer. What it thinks that the process has it will forget, where there is no more use for it.
func (g *gate) despair(err error) {
	s := g.shared
	if s.trouble == nil {
		s.since = s.heard
	}
	s.trouble = err
	if s.over || g.wants() == 0 {
		s.places, s.told = 0, 0
	}
	if s.over {
		s.paused = time.Time{}
	}
	g.wakeAll()
}

// elsewhere adds to why a request is held back that the server cannot be asked.
func (g *gate) elsewhere(reason string) string {
	if g.shared == nil || g.shared.trouble == nil {
		return reason
	}
	return reason + ", which " + g.shared.at.Name() + " keeps and cannot be asked"
}

// patience is how long a request goes on waiting for a server that gives no answer. The error is an *UnknownLimitError.
func (g *gate) patience(w *waiter) (time.Duration, error) {
	if g.shared == nil {
		return time.Hour, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s, now := g.shared, time.Now()
	if s.trouble == nil || g.paused.After(now) {
		return time.Hour, nil
	}
	began := w.since
	if s.since.After(began) {
		began = s.since
	}
	file, ok := errors.AsType[*store.FileError](s.trouble)
	waited := now.Sub(began)
	if waited < enough && !(ok && file.Lasting() && s.heard.After(w.since)) {
		return enough - waited, nil
	}
	return 0, &UnknownLimitError{Profile: g.profile, For: waited, Cause: s.trouble}
}

// giveBack gives back what the process has, and ends the goroutine that asks.
func (g *gate) giveBack() {
	s := g.shared
	if s == nil {
		return
	}
	g.mu.Lock()
	s.over = true
	g.consult()
	ended := s.ended
	if ended != nil {
		select { // it may have nothing more to ask for
		case s.nudge <- struct{}{}:
		default:
		}
		defer time.AfterFunc(parting, s.cancel).Stop()
	}
	g.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// UnknownLimitError says that a request was not sent, because the server that keeps the limits of its profile, for all machines, did not answer.
type UnknownLimitError struct {
	Profile string
	For     time.Duration // how long that was tried
	Cause   error
}

// Error names the profile and the server.
func (e *UnknownLimitError) Error() string {
	return fmt.Sprintf("not sent: the limits of profile %s hold for all machines, and could not be asked for: %v", e.Profile, e.Cause)
}

// Unwrap gives the cause.
func (e *UnknownLimitError) Unwrap() error { return e.Cause }

// Held is how long it was tried.
func (e *UnknownLimitError) Held() time.Duration { return e.For }

// Help says what a person can do.
func (e *UnknownLimitError) Help() string {
	if file, ok := errors.AsType[*store.FileError](e.Cause); ok && file.Hint != "" {
		return file.Hint
	}
	return "see whether the database can be reached"
}
