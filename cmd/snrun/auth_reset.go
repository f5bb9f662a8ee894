package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"snrun/auth"
)

func (a *app) authResetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reset PROFILE",
		Short: "Forget a profile's tokens, and have the server revoke them",
		Long: `Forget a profile's tokens, and what is held against it after a refusal. Where the profile knows where tokens are
revoked (revoke_url, or its issuer does) the server is asked to end them too.`,
		Args:              exactly(1, "auth reset takes one profile"),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTokens(cmd.Context(), args[0], "to forget", a.resetProfile)
		},
	}
}

func (a *app) resetProfile(ctx context.Context, p *opened) error {
	name := p.Name
	before, statusErr := p.keys.Status(name)
	revoked, err := p.keys.Reset(ctx, name)
	refused, isRefused := errors.AsType[*auth.RevokeError](err)
	if err != nil && !isRefused {
		return signInFailure(ctx, err)
	}
	text := "the tokens of " + name + " are forgotten"
	switch {
	case statusErr != nil:
		text += "; the server was not asked to revoke them: they could not be read"
	case before.AccessExpires.IsZero() && !before.HasRefresh:
		text = "there are no tokens of " + name
		if before.LastError != "" {
			text += "; its last failure is forgotten, and the server will be asked again"
		}
	case revoked:
		text += ", and the server has revoked them"
	case isRefused:
		text += ", but the server has not revoked them"
	default:
		text += "; the server was not asked to revoke them: the profile has no revoke_url"
	}
	io.WriteString(a.err, text+"\n")
	if isRefused {
		return &exitError{exitFailed, refused, refused.Help()}
	}
	if before.Grant == "authorization_code" || before.Grant == "device_code" {
		fmt.Fprintf(a.err, "  sign in again: %s auth login %s\n", a.name, name)
	}
	return nil
}
