package auth

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"snrun/auth/store"
)

const keptMasked = 16 // tokens of a profile that stay masked

// token is an access token in use. Only its marks change.
type token struct {
	header    string // the value of Authorization
	access    string
	issued    time.Time // by our clock
	expires   time.Time
	refreshAt time.Time // from here on it is renewed before it is used
	aheadAt   time.Time // from here on it is renewed while it is used

	// afterRejection: in place of one that the server rejected. same: and it is the same text.
	afterRejection, same bool
	accepted, rejected   atomic.Bool

	came TokenEvent // how it came to be in use
}

// fresh, as of a record: one that was issued in the future comes of a clock that has been set back since.
func (t *token) fresh(now time.Time) bool {
	return t != nil && !t.rejected.Load() && now.Before(t.refreshAt) && t.issued.Before(now.Add(maxClockError))
}

func (t *token) usable(now time.Time) bool {
	return t != nil && !t.rejected.Load() && now.Before(t.expires)
}

// tokenSource gives the access tokens of one profile. It holds the current one in memory; a new one comes from a flight: one
// goroutine that looks into the vault and, if need be, asks the server, while all others wait for it. Who gives up waiting does
// not end the flight: an answer that holds a new refresh token must not get lost.
type tokenSource struct {
	endpoint *endpoint
	place    *store.Place // nil: tokens are in memory only
	hangar   *hangar
	notify   func(TokenEvent)

	id          string // of the sign-in in the store
	fingerprint string // of all settings of the profile
	seed        string // the digest of a refresh token that stands in the profile

	current atomic.Pointer[token]
	hold    atomic.Pointer[hold] // why no flight is started for now

	mu      sync.Mutex
	flight  *flight
	unsaved *record  // what came of the last request and could not be written
	masked  []string // the tokens that the redactor knows, the last used at the end

	opening sync.Mutex // apart from mu: a keyring may take seconds, and who gives up waiting for a token does not wait for it
	vault   vault      // nil until it is needed
}

// hold is a failure that whoever asks is told again, without a look into the vault.
type hold struct {
	failed *SignInError
	until  time.Time // zero: for good
}

// newTokenSource makes the source of a profile that has been checked.
func newTokenSource(e *endpoint, p Profile, k *Keyring) *tokenSource {
	s := &tokenSource{
		endpoint: e, place: k.store, hangar: k.hangar, notify: k.notify,
		id: identity(p), fingerprint: fingerprint(p),
	}
	if text := p.Settings.text("refresh_token"); text != "" {
		s.seed = hashOf(text)
	}
	return s
}

// token gives a token that is good for now: the one there is, or a new one. The error is a *SignInError, or that of ctx.
func (s *tokenSource) token(ctx context.Context) (*token, error) {
	now := time.Now()
	t := s.current.Load()
	if t.fresh(now) {
		if now.After(t.aheadAt) && s.held(now) == nil {
			s.join(order{replace: t})
		}
		return t, nil
	}
	if failed := s.held(now); failed != nil {
		return orOld(t, failed)
	}
	for {
		f, started := s.join(order{})
		if !started && t.usable(now) { // somebody is renewing it already
			return t, nil
		}
		got, err := f.wait(ctx)
		if err == nil {
			tellSignIn(ctx, got.came)
		}
		if err != nil || started || !got.rejected.Load() {
			return got, err
		}
		// The flight had found its token good before the server rejected it: the next one will not.
	}
}

// held gives the failure that is to be told without asking again, nil when there is none.
func (s *tokenSource) held(now time.Time) *SignInError {
	h := s.hold.Load()
	if h == nil || !h.until.IsZero() && !ahead(h.until, now) {
		return nil
	}
	return h.failed
}

// orOld gives the token that is about to expire as long as it lives, then the error.
func orOld(old *token, failed *SignInError) (*token, error) {
	if old.usable(time.Now()) {
		return old, nil
	}
	return nil, failed
}

// reject marks a token that the server did not accept. It says false where asking for another would be asking in a loop:
// the server gave this one in place of another that it had rejected too.
func (s *tokenSource) reject(t *token) bool {
	if t.same || t.afterRejection && !t.accepted.Load() {
		return false
	}
	if t.rejected.CompareAndSwap(false, true) {
		s.notify(s.event(TokenRejected, t))
	}
	return true
}

// use makes the token of a record the current one.
func (s *tokenSource) use(r *record, what string) *token {
	old := s.current.Load()
	t := &token{header: "Bearer " + r.Access, access: r.Access, issued: r.Issued, expires: r.Expires, refreshAt: r.refreshAt(s.endpoint.settings)}
	t.aheadAt = t.refreshAt
	if window := t.refreshAt.Sub(r.Issued) / 10; window > 0 { // each process at a time of its own
		t.aheadAt = t.refreshAt.Add(-window/2 - rand.N(window/2+1))
	}
	if old != nil {
		t.afterRejection = old.rejected.Load()
		t.same = t.afterRejection && old.access == t.access
	}
	s.mask(r.Access)
	s.mask(r.Refresh)
	t.came = s.event(what, t)
	s.current.Store(t)
	s.hold.Store(nil)
	s.notify(t.came)
	return t
}

func (s *tokenSource) event(what string, t *token) TokenEvent {
	return TokenEvent{Profile: s.endpoint.profile, Grant: s.endpoint.grant.Name, What: what, Expires: t.expires}
}

// mask has the redactor know a token, and forget the one that was longest out of use where there are many.
func (s *tokenSource) mask(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == "" {
		return
	}
	if at := slices.Index(s.masked, token); at >= 0 { // a refresh token may outlive many access tokens
		s.masked = append(slices.Delete(s.masked, at, at+1), token)
		return
	}
	s.endpoint.redactor.Add(token)
	s.masked = append(s.masked, token)
	if len(s.masked) > keptMasked {
		s.endpoint.redactor.forget(s.masked[0])
		s.masked = s.masked[1:]
	}
}
