package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"snrun/auth/store"
)

const (
	maxTries     = 3
	firstBackoff = 200 * time.Millisecond
	maxWait      = 5 * time.Second // the longest Retry-After that is waited out in place
	maxPause     = time.Hour       // the longest Retry-After that is honoured at all
	minHold      = time.Second
	maxHold      = time.Minute // the longest that a server is left alone which did not ask for it
	glance       = time.Second // how long a failure is told again without a look at what other processes have done
)

// fly gives a token that is good: the one of the vault, where another process may have put one, else one that the server is asked for.
// A failure is held for those who ask next, so that a loop over ten thousand items does not ask ten thousand times.
func (s *tokenSource) fly(ctx context.Context, o order) (*token, error) {
	t, failed := s.find(ctx, o)
	if failed == nil {
		return t, nil
	}
	h := &hold{failed: failed, until: failed.until}
	if soon := time.Now().Add(glance); s.mayChange() && (h.until.IsZero() || soon.Before(h.until)) {
		h.until = soon
	}
	s.hold.Store(h)
	if o.anew { // who signs in wants to know
		return nil, failed
	}
	return orOld(s.current.Load(), failed)
}

// mayChange says whether another process may mend what is held.
func (s *tokenSource) mayChange() bool {
	s.opening.Lock()
	defer s.opening.Unlock()
	return s.vault == nil || s.vault.durable()
}

// find looks into the vault, and asks the server where that has no good token.
func (s *tokenSource) find(ctx context.Context, o order) (*token, *SignInError) {
	why := toUse
	if o.anew || s.seed != "" { // what comes in place of a refresh token that was pasted must not get lost
		why = toKeep
	}
	v, err := s.open(why)
	if err != nil {
		return nil, s.storeFailure(err)
	}
	held, release, err := v.lock(ctx)
	if err != nil {
		return nil, s.storeFailure(err)
	}
	defer release()
	r, err := s.read(v)
	if err != nil {
		return nil, s.storeFailure(err)
	}
	if t := s.adopt(r, o); t != nil {
		return t, nil
	}
	if o.again || o.anew {
		r.Failure = nil
	}
	if r.Failure.holds(time.Now()) {
		return nil, s.heldFailure(r, v.durable())
	}
	n := &renewal{tokenSource: s, vault: v, held: held, record: r, old: s.current.Load(), anew: o.anew}
	return n.run(ctx)
}

// heldFailure tells the failure of a record again, and how to have the server asked all the same. What only this process knows, no
// other one can have asked again.
func (s *tokenSource) heldFailure(r *record, durable bool) *SignInError {
	failed := r.Failure.err(s.endpoint.profile)
	failed.until = r.Failure.Until
	failed.held = &held{at: r.Failure.At, until: r.Failure.Until, login: r.State == StateReauth && s.seed == ""}
	switch {
	case !durable || failed.until.IsZero(): // the help says already what to do
	case failed.help == "" && failed.kind == unreachable:
		failed.help = "wait until then, or ask now: " + s.endpoint.testCommand()
	default:
		failed.help = failed.Help() + "; to ask now: " + s.endpoint.testCommand()
	}
	return failed
}

// settle brings a record up to date with the profile, and with a request whose process did not live to see its end.
func (s *tokenSource) settle(r *record) {
	if r.Failure != nil && r.Failure.Fingerprint != s.fingerprint {
		r.Failure = nil
	}
	if s.seed != r.Seed && s.seed != "" { // another refresh token was pasted into the profile, perhaps another user's
		r.Access, r.Issued, r.Expires = "", time.Time{}, time.Time{}
		r.Refresh, r.RefreshExpires, r.Seed = s.endpoint.settings.text("refresh_token"), time.Time{}, s.seed
		r.Lost, r.Intent = time.Time{}, time.Time{}
	}
	if !r.Intent.IsZero() {
		if r.Refresh != "" && r.Lost.IsZero() {
			r.Lost = r.Intent
		}
		r.Intent = time.Time{}
	}
	s.mask(r.Refresh)
}

// adopt uses the token of a record, nil where it is not good for what is ordered.
func (s *tokenSource) adopt(r *record, o order) *token {
	old := s.current.Load()
	now := time.Now()
	switch {
	case o.anew:
		return nil
	case old != nil && old != o.replace && old.fresh(now): // of the flight before
		return old
	case old != nil && old.access == r.Access, !r.fresh(s.endpoint.settings, now):
		return nil
	case old == nil:
		return s.use(r, TokenKept)
	}
	return s.use(r, TokenRefreshed)
}

// renewal is one way to a new token from the server. It holds the vault's lock.
type renewal struct {
	*tokenSource
	vault  vault
	held   context.Context // ends with the lock
	record *record
	old    *token
	anew   bool // a login: what is in the profile is to be proven, not a refresh token that came of it
}

// run asks for a token: with the refresh token where there is one, with the grant where there is none or it is refused.
func (n *renewal) run(ctx context.Context) (*token, *SignInError) {
	failed := n.ask(ctx)
	if failed != nil {
		return nil, failed
	}
	what := TokenFetched
	if n.old != nil {
		what = TokenRefreshed
	}
	return n.use(n.record, what), nil
}

func (n *renewal) ask(ctx context.Context) *SignInError {
	r, e := n.record, n.endpoint
	ended := !r.RefreshExpires.IsZero() && time.Now().After(r.RefreshExpires)
	if r.Refresh != "" && !ended && (e.grant.keeps || !n.anew) {
		failed := n.request(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.Refresh}})
		if failed == nil || failed.kind != refused || e.grant.keeps || failed.ofClient() {
			return failed
		}
	}
	if e.grant.keeps {
		return n.signedOut(ended)
	}
	r.Refresh, r.RefreshExpires = "", time.Time{}
	return n.request(ctx, e.grant.form(e.settings))
}

// signedOut is the error of a profile that a person has to sign in.
func (n *renewal) signedOut(ended bool) *SignInError {
	e := n.endpoint
	failed := &SignInError{Profile: e.profile, Grant: e.grant.Name, kind: refused, help: e.loginHelp()}
	failed.Cause = errors.New("nobody has signed in yet")
	if ended {
		failed.Cause = fmt.Errorf("the sign-in ended at %s, as the server had said", n.record.RefreshExpires.Format(time.RFC3339))
	}
	return failed
}

// request makes a token request, and a few more where the endpoint is out of reach for a moment and there is no token to go on
// with. Where what is shown could not be had anew, that it is made is durable before, and what came of it before it is used.
func (n *renewal) request(ctx context.Context, form url.Values) *SignInError {
	r, refresh := n.record, form.Get("refresh_token")
	if n.held.Err() != nil { // somebody else may be at it
		return n.storeFailure(errLockLost)
	}
	cannotBeHadAnew := refresh != "" && n.endpoint.grant.keeps
	r.Intent, r.State = time.Now(), StateRefresh
	if err := n.vault.commit(r); err != nil && cannotBeHadAnew {
		return n.storeFailure(err)
	}
	started, got, failed := n.try(ctx, form)
	if failed != nil {
		n.fail(failed, refresh != "")
		return failed
	}
	n.take(got, started)
	if err := overwrite(n.vault, r); err != nil {
		n.keepLate(r)
		if r.rotated = cannotBeHadAnew && r.Refresh != refresh; r.rotated { // the server has forgotten the old one
			return n.storeFailure(fmt.Errorf("the new refresh token cannot be kept: %w", err))
		}
	}
	return nil
}

// errLockLost says that the server of the store ended the lock, or is gone.
var errLockLost = errors.New("the connection that held the lock of this sign-in is lost")

// try asks until there is an answer, or it is enough. The caller's giving up does not end a request with a refresh token.
func (n *renewal) try(ctx context.Context, form url.Values) (started time.Time, got answer, failed *SignInError) {
	tries, own, refreshes := maxTries, ctx, form.Has("refresh_token")
	if n.old.usable(time.Now()) || refreshes && !n.record.Lost.IsZero() {
		tries = 1
	}
	if refreshes {
		own = context.WithoutCancel(ctx)
	}
	for try := 1; ; try++ {
		started = time.Now()
		if got, failed = n.endpoint.exchange(own, form); failed == nil {
			return started, got, nil
		}
		if refreshes && failed.lost && n.record.Lost.IsZero() {
			n.record.Lost = started
			tries = min(tries, try+1) // the server may have replaced the token: one careful try tells
		}
		if try >= tries || !failed.passesSoon() || !sleep(ctx, failed.pause(try)) {
			return started, got, failed
		}
	}
}

// passesSoon says whether it is worth waiting for in place. An endpoint that took its whole time would take it again.
func (e *SignInError) passesSoon() bool {
	return e.kind == unreachable && e.after <= maxWait && !errors.Is(e, errTooSlow)
}

// pause is how long to wait after the nth try: what the server asked for, else more from try to try, and not the same for all who wait.
func (e *SignInError) pause(try int) time.Duration {
	if e.after > 0 {
		return e.after
	}
	return firstBackoff<<(try-1)/2 + rand.N(firstBackoff)
}

// take puts an answer into the record. A token's life counts from the start of the request, by the clock on the wall: the
// monotonic one stands still while a laptop sleeps.
func (n *renewal) take(got answer, started time.Time) {
	r, settings := n.record, n.endpoint.settings
	life := got.life
	if life == 0 {
		life = settings.duration("assume_ttl")
	}
	r.Access, r.Issued = got.access, started.Round(0)
	r.Expires = r.Issued.Add(life)
	if got.refresh != "" && (n.endpoint.grant.refreshes || n.endpoint.grant.keeps) {
		r.Refresh, r.RefreshExpires = got.refresh, time.Time{}
	}
	if got.refreshLife > 0 && r.Refresh != "" {
		r.RefreshExpires = r.Issued.Add(got.refreshLife)
	}
	r.State, r.LastOK, r.GoodFor, r.Seed = StateOK, time.Now().Round(0), n.fingerprint, n.seed
	r.Failure, r.Intent, r.Lost = nil, time.Time{}, time.Time{}
	n.mask(r.Access)
	n.mask(r.Refresh)
}

// fail puts a failure into the record. That it cannot be written is no news beside it. Nor is it news to whoever has written another
// record since, with a token in it perhaps.
func (n *renewal) fail(failed *SignInError, refreshes bool) {
	if failed.kind == abandoned {
		return
	}
	r, now := n.record, time.Now().Round(0)
	count := 1
	if r.Failure != nil {
		count += r.Failure.Count
	}
	r.Intent, r.State = time.Time{}, StateBackoff
	if failed.kind == refused {
		r.State = n.verdict(failed, refreshes)
		if r.State == StateReauth && n.old != nil && n.old.rejected.Load() && n.old.access == r.Access { // no other process need try it
			r.Access, r.Expires = "", time.Time{}
		}
	} else {
		failed.until = now.Add(pauseAfter(failed, count))
	}
	r.Failure = mishapOf(failed, now, n.fingerprint)
	r.Failure.Until, r.Failure.Count = failed.until, count
	if err := n.vault.commit(r); err != nil && !errors.Is(err, store.ErrConflict) {
		n.keepLate(r)
	}
}

// pauseAfter is how long a server is left alone.
func pauseAfter(failed *SignInError, count int) time.Duration {
	pause := min(minHold<<min(count-1, 10), maxHold)
	if failed.kind == unusable {
		pause = maxHold
	}
	return min(max(failed.after, pause), maxPause)
}

// verdict tells what a refusal means: that the refresh token is dead, or that something in the profile is wrong.
func (n *renewal) verdict(failed *SignInError, refreshes bool) State {
	r := n.record
	if !refreshes || !failed.deadGrant() && (failed.ofProfile() || r.GoodFor != n.fingerprint) {
		help := failed.Help()
		if n.vault.durable() && !strings.HasSuffix(help, n.endpoint.testCommand()) { // it may have been mended on the server
			failed.help = help + "; then: " + n.endpoint.testCommand()
		}
		return StateConfig
	}
	failed.help = n.endpoint.loginHelp()
	switch {
	case !r.Lost.IsZero():
		failed.Cause = fmt.Errorf("the answer to the refresh at %s was lost, and with it most likely a new refresh token", r.Lost.Format(time.RFC3339))
	case failed.Cause == nil:
		failed.Cause = errors.New("the refresh token is no longer accepted")
	}
	return StateReauth
}

// storeFailure is the error where the vault stands in the way.
func (s *tokenSource) storeFailure(err error) *SignInError {
	failed := &SignInError{Profile: s.endpoint.profile, Grant: s.endpoint.grant.Name, Cause: err, kind: unreachable}
	failed.until = time.Now().Add(minHold)
	if errors.Is(err, context.Canceled) {
		failed.kind = abandoned
	}
	var helpful interface{ Help() string }
	if errors.As(err, &helpful) {
		failed.help = helpful.Help()
	}
	_, noKey := errors.AsType[*store.KeyError](err)
	damaged, isDamaged := errors.AsType[*store.DamagedError](err)
	file, isFile := errors.AsType[*store.FileError](err)
	switch {
	case isDamaged && damaged.ID != "":
		failed.kind, failed.help = refused, "forget it and sign in anew: "+s.endpoint.program+" auth reset "+s.endpoint.profile
	case noKey, isDamaged, isFile && file.Lasting():
		failed.kind = refused
	case errors.Is(err, fs.ErrNotExist):
		failed.kind, failed.Cause, failed.help = refused, errors.New("nobody has signed in yet"), s.endpoint.loginHelp()
	}
	return failed
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
