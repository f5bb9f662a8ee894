package auth

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	maxTries     = 3
	firstBackoff = 200 * time.Millisecond
	maxWait      = 5 * time.Second // the longest Retry-After that is waited out in place
	maxPause     = 5 * time.Minute // the longest Retry-After that is honoured at all
	unusableHold = time.Minute
	minHold      = time.Second
	keptMasked   = 16 // tokens of a profile that stay masked
)

// token is an access token in use. Only its marks change.
type token struct {
	header    string // the value of Authorization
	access    string
	expires   time.Time
	refreshAt time.Time // from here on it is renewed before it is used

	// afterRejection: fetched because the server rejected its predecessor. same: and it is the same text.
	afterRejection, same bool
	accepted, rejected   atomic.Bool
}

func (t *token) fresh(now time.Time) bool {
	return t != nil && !t.rejected.Load() && now.Before(t.refreshAt)
}

func (t *token) usable(now time.Time) bool {
	return t != nil && !t.rejected.Load() && now.Before(t.expires)
}

// tokenSource keeps the token of one profile: in memory, fetched by one goroutine while the others wait for it.
type tokenSource struct {
	endpoint *endpoint
	notify   func(TokenEvent)
	current  atomic.Pointer[token]

	// turn has room for one: who puts something in may fetch, and use the fields below.
	turn    chan struct{}
	refresh string       // the refresh token, "" for none
	failed  *SignInError // what the last fetch ended with, nil when it went well
	until   time.Time    // no fetch before; zero is never
	masked  []string     // the tokens that the redactor knows, the oldest first
}

func newTokenSource(e *endpoint, k *Keyring) *tokenSource {
	return &tokenSource{endpoint: e, notify: k.notify, turn: make(chan struct{}, 1)}
}

// token gives a token that is good for now: the one there is, or a new one. The error is a *SignInError, or that of ctx.
func (s *tokenSource) token(ctx context.Context) (*token, error) {
	t := s.current.Load()
	if t.fresh(time.Now()) {
		return t, nil
	}
	select {
	case s.turn <- struct{}{}:
	default:
		if t.usable(time.Now()) { // somebody is renewing it already
			return t, nil
		}
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-s.turn }()
	return s.next(ctx)
}

// next gives a token to whoever has the turn.
func (s *tokenSource) next(ctx context.Context) (*token, error) {
	old := s.current.Load()
	if old.fresh(time.Now()) { // another goroutine had its turn before
		return old, nil
	}
	if s.failed != nil && (s.until.IsZero() || time.Now().Before(s.until)) {
		return s.orOld(old)
	}
	renewed, failed := s.renew(ctx, old)
	if failed != nil && failed.kind == abandoned {
		return nil, ctx.Err() // the next in line tries for itself
	}
	s.hold(failed)
	if failed != nil {
		return s.orOld(old)
	}
	s.current.Store(renewed)
	return renewed, nil
}

// reject marks a token that the server did not accept. It says false where asking for another would be asking in a loop:
// the server gave this one in place of another that it had rejected too.
func (s *tokenSource) reject(t *token) bool {
	if t.same || t.afterRejection && !t.accepted.Load() {
		return false
	}
	if t.rejected.CompareAndSwap(false, true) {
		s.notify(TokenEvent{Profile: s.endpoint.profile, Grant: s.endpoint.grant.Name, What: TokenRejected, Expires: t.expires})
	}
	return true
}

// orOld gives the token that is about to expire as long as it lives, then the error of the last fetch.
func (s *tokenSource) orOld(old *token) (*token, error) {
	if old.usable(time.Now()) {
		return old, nil
	}
	return nil, s.failed
}

// hold keeps a failure for those who ask next, so that a loop over ten thousand items does not ask ten thousand times: for
// ever where the server refused, since asking again with a wrong secret only locks accounts.
func (s *tokenSource) hold(failed *SignInError) {
	s.failed = failed
	switch {
	case failed == nil || failed.kind == refused:
		s.until = time.Time{}
	case failed.kind == unusable:
		s.until = time.Now().Add(unusableHold)
	default:
		s.until = time.Now().Add(min(max(failed.after, minHold), maxPause))
	}
}

// renew fetches a token: with the refresh token where there is one, with the grant where there is none or it is refused.
func (s *tokenSource) renew(ctx context.Context, old *token) (*token, *SignInError) {
	if s.refresh != "" {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refresh}}
		renewed, failed := s.fetch(ctx, form, old)
		if failed == nil || failed.kind != refused {
			return renewed, failed
		}
		s.refresh = ""
	}
	form, err := s.endpoint.grant.form(s.endpoint)
	if err != nil {
		return nil, s.endpoint.describe(&SignInError{kind: refused, Cause: err}, form)
	}
	return s.fetch(ctx, form, old)
}

// fetch makes a token request, and a few more where the endpoint is out of reach for a moment and there is no token to go on with.
func (s *tokenSource) fetch(ctx context.Context, form url.Values, old *token) (*token, *SignInError) {
	tries := maxTries
	if old.usable(time.Now()) {
		tries = 1
	}
	for try := 1; ; try++ {
		started := time.Now()
		got, failed := s.endpoint.exchange(ctx, form)
		if failed == nil {
			return s.take(got, started, old), nil
		}
		if failed.kind != unreachable || try >= tries || failed.after > maxWait || errors.Is(failed, errTooSlow) {
			return nil, failed
		}
		pause := failed.after
		if pause == 0 {
			pause = firstBackoff<<(try-1)/2 + rand.N(firstBackoff)
		}
		if !sleep(ctx, pause) {
			return nil, &SignInError{kind: abandoned}
		}
	}
}

// take makes the token of an answer. Its life counts from the start of the request, by the clock on the wall: the monotonic one
// stands still while a laptop sleeps.
func (s *tokenSource) take(got answer, started time.Time, old *token) *token {
	life := got.life
	if life == 0 {
		life = s.endpoint.settings.duration("assume_ttl")
	}
	t := &token{header: "Bearer " + got.access, access: got.access}
	t.expires = started.Round(0).Add(life)
	t.refreshAt = t.expires.Add(-min(s.endpoint.settings.duration("skew"), life/2))

	event := TokenEvent{Profile: s.endpoint.profile, Grant: s.endpoint.grant.Name, What: TokenFetched, Expires: t.expires}
	if old != nil {
		event.What = TokenRefreshed
		t.afterRejection = old.rejected.Load()
		t.same = t.afterRejection && old.access == t.access
	}
	s.mask(got.access)
	if s.endpoint.grant.refreshes && got.refresh != "" {
		s.refresh = got.refresh
		s.mask(got.refresh)
	}
	s.notify(event)
	return t
}

// mask has the redactor know a token, and forget the oldest where there are many.
func (s *tokenSource) mask(token string) {
	s.endpoint.redactor.Add(token)
	s.masked = append(s.masked, token)
	if len(s.masked) > keptMasked {
		s.endpoint.redactor.forget(s.masked[0])
		s.masked = s.masked[1:]
	}
}

// sleep waits, and says false where ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
