package auth

import (
	"context"
	"errors"
)

// Status tells how it stands with a profile's sign-in, without asking the server.
func (k *Keyring) Status(profile string) (Status, error) { return Status{}, errors.ErrUnsupported }

// Authorization gives the value of the Authorization header that requests of an oauth2 profile carry now, with a token that is
// good. A failure that is held is forgotten first: the server is asked. The error is as that of Client's Do.
func (k *Keyring) Authorization(ctx context.Context, profile string) (Secret, error) {
	return Secret{}, errors.ErrUnsupported
}

// Reset forgets a profile's tokens, and has the server revoke them where it can (RFC 7009). Revoked says whether it did; why
// not, says the error beside forgotten tokens, a *RevokeError.
func (k *Keyring) Reset(ctx context.Context, profile string) (revoked bool, err error) {
	return false, errors.ErrUnsupported
}
