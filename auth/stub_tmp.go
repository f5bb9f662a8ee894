package auth

import "context"
import "errors"

var errNoRevocation = errors.New("x")

func (e *endpoint) revoke(ctx context.Context, token, hint string) error { return errNoRevocation }
func (e *SignInError) deadGrant() bool                                   { return e.Code == "invalid_grant" }
func (e *SignInError) ofClient() bool                                    { return e.Code == "invalid_client" }
func (e *endpoint) loginHelp() string                                    { return "run: " + e.program + " auth login " + e.profile }
