package auth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// source gives the token source of a profile, nil where its type has no tokens.
func (k *Keyring) source(profile string) (*tokenSource, error) {
	s, ok := k.sources[profile]
	if !ok {
		return nil, fmt.Errorf("there is no profile named %q", profile)
	}
	return s, nil
}

// Authorization gives the value of the Authorization header that requests of an oauth2 profile carry now, with a token that is
// good. A failure that is held is forgotten first: the server is asked.
func (k *Keyring) Authorization(ctx context.Context, profile string) (Secret, error) {
	s, err := k.source(profile)
	if err != nil {
		return Secret{}, err
	}
	if s == nil {
		return Secret{}, fmt.Errorf("profile %s signs in with %s, which has no tokens", profile, k.types[profile])
	}
	t := s.current.Load()
	if !t.fresh(time.Now()) {
		if t, err = s.after(ctx, order{again: true}); err != nil {
			return Secret{}, err
		}
	}
	return NewSecret(t.header), nil
}

// loginAlone gets a new token with a grant that needs no person, and keeps it where there is a store.
func (s *tokenSource) loginAlone(ctx context.Context) error {
	_, err := s.after(ctx, order{anew: true})
	return err
}

// install keeps the tokens that a login gave, whatever was there before.
func (s *tokenSource) install(ctx context.Context, got answer, started time.Time) error {
	v, err := s.open(toKeep)
	if err != nil {
		return err
	}
	_, release, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	r := &record{}
	if there, err := v.load(); err == nil {
		r.generation = there.generation
	} else if err := v.forget(); err != nil { // it cannot be read, and is not needed any more
		return err
	}
	n := &renewal{tokenSource: s, vault: v, record: r}
	n.take(got, started)
	if err := overwrite(v, r); err != nil {
		return fmt.Errorf("profile %s: keeping the tokens: %w", s.endpoint.profile, err)
	}
	s.keepLate(nil)
	s.use(r, TokenFetched)
	return nil
}

// Reset forgets a profile's tokens, and has the server revoke them where the profile has a revoke_url (RFC 7009). Revoked says
// whether it did. The error is a *RevokeError where the server would not; the tokens are forgotten then too.
func (k *Keyring) Reset(ctx context.Context, profile string) (revoked bool, err error) {
	s, err := k.source(profile)
	if err != nil || s == nil {
		return false, err
	}
	v, err := s.open(toLook)
	if err != nil {
		return false, err
	}
	_, release, err := v.lock(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	r, err := v.load()
	if err != nil { // it cannot be read: then there is nothing to revoke it with
		r = &record{}
	}
	if late := s.late(); late != nil && late.follows(r) {
		r = late
	}
	if err := v.forget(); err != nil {
		return false, err
	}
	s.keepLate(nil)
	s.current.Store(nil)
	s.hold.Store(nil)
	return s.revokeAll(ctx, r)
}

// revokeAll has the server end the tokens of a record: the refresh token takes the access token with it.
func (s *tokenSource) revokeAll(ctx context.Context, r *record) (bool, error) {
	token, hint := r.Refresh, "refresh_token"
	if token == "" {
		token, hint = r.Access, "access_token"
	}
	if token == "" {
		return false, nil
	}
	s.mask(token)
	err := s.endpoint.revoke(ctx, token, hint)
	if errors.Is(err, errNoRevocation) {
		return false, nil
	}
	return err == nil, err
}
