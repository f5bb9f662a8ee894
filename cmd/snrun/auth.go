package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/jobs"
	"snrun/steps"
)

func (a *app) authCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Sign in, and see how it stands with the profiles' tokens",
		Long: `Sign in where a person has to, and see how it stands with the profiles' tokens.

  snrun auth login servicenow      sign in
  snrun auth status                how it stands with all profiles
  snrun auth test servicenow       get a token, and ask the system something`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(a.authLoginCommand(), a.authStatusCommand(), a.authTestCommand(), a.authResetCommand(), a.authTokenCommand())
	return cmd
}

// opened is one profile of the project with its secrets filled in, ready to sign in.
type opened struct {
	auth.Profile
	keys  *auth.Keyring
	store *store.Place
}

// openProfile opens the profile of a name. Whoever has it closes it.
func (a *app) openProfile(ctx context.Context, name string) (*opened, error) {
	p, err := a.openProject(".")
	if p == nil {
		return nil, invalid("the settings have mistakes", err)
	}
	if err != nil {
		return nil, invalid("the profiles have mistakes", err)
	}
	profile, ok := p.Profiles[name]
	if !ok {
		return nil, a.noProfile(p, name)
	}
	return a.open(ctx, p, profile)
}

// with carries out a command over the profile of a name, which a signal ends.
func (a *app) with(ctx context.Context, name string, command func(context.Context, *opened) error) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	p, err := a.openProfile(ctx, name)
	if err != nil {
		return err
	}
	defer p.close()
	return command(ctx, p)
}

// withTokens does so where the profile has tokens; else there is nothing to do what is asked for.
func (a *app) withTokens(ctx context.Context, name, nothing string, command func(context.Context, *opened) error) error {
	return a.with(ctx, name, func(ctx context.Context, p *opened) error {
		if !p.hasTokens() {
			return a.signsItself(p, nothing)
		}
		return command(ctx, p)
	})
}

// noProfile is the mistake of naming a profile that there is not.
func (a *app) noProfile(p *project, name string) error {
	names := slices.Sorted(maps.Keys(p.Profiles))
	if len(names) == 0 && !isFound(filepath.Join(p.Dir, jobs.SettingsFile)) {
		return usageError("no "+jobs.SettingsFile+" is in this folder or above it: go to your project", "there is no profile %q", name)
	}
	if len(names) == 0 {
		return usageError("write it into "+p.Settings.Profiles+"; "+a.name+" explain profile lists its keys", "there is no profile %q: the project has none", name)
	}
	return usageError(cmp.Or(steps.Hint(name, names), a.name+" auth status lists the profiles"), "there is no profile %q", name)
}

// open fills a profile in, with its own secrets only: those of others may be missing.
func (a *app) open(ctx context.Context, p *project, profile *jobs.Profile) (*opened, error) {
	if p.store == nil { // what is wrong with its settings is told, else the tokens of a login would be lost
		_, err := a.storePlace(p.Settings)
		return nil, err
	}
	secrets := map[string]any{}
	for _, name := range profile.Secrets() {
		secret, err := p.secrets.Lookup(ctx, name)
		if err != nil {
			return nil, stopped(ctx, &exitError{exitInvalid, fmt.Errorf("profile %s: %w", profile.Name, err), a.noSecretHint(name, err)})
		}
		secrets[name] = secret.Reveal()
	}
	names := map[string]any{"env": a.environment(), "secret": secrets}
	filled, err := p.SignIns([]string{profile.Name}, names, a.redactor.AddDerived)
	if err != nil {
		return nil, &exitError{exitInvalid, err, helpOf(err)}
	}
	keys, err := auth.NewKeyring(filled, auth.Options{
		Redactor: a.redactor, Dir: p.Dir, Store: p.store, Program: a.name, UserAgent: userAgent, Limits: a.limits,
	})
	if err != nil {
		return nil, &exitError{exitInvalid, err, helpOf(err)}
	}
	return &opened{filled[0], keys, p.store}, nil
}

// noSecretHint is what to do about a secret that cannot be had. Those of the sandbox nobody need make up.
func (a *app) noSecretHint(name string, err error) string {
	_, missing := errors.AsType[*auth.MissingSecretError](err)
	if missing && slices.Contains(sandboxSecrets[:], name) {
		return "paste here the lines that the sandbox prints in another terminal: " + a.name + " sandbox; or " + jobs.SecretHint(err)
	}
	return jobs.SecretHint(err)
}

// close ends what the profile's sign-in has open.
func (o *opened) close() {
	o.keys.Close()
	_ = o.store.Close() // what was written is durable
}

// hasTokens says whether the profile's sign-in gets tokens from somewhere.
func (o *opened) hasTokens() bool { return o.Auth == "oauth2" }

// grant is how the profile gets its tokens.
func (o *opened) grant() string {
	if grant, ok := o.Settings["grant"].(string); ok {
		return grant
	}
	return "client_credentials"
}

// signsItself is the mistake of asking for something that only sign-ins with tokens have.
func (a *app) signsItself(o *opened, nothing string) error {
	return usageError("see: "+a.name+" explain auth", "profile %s signs in with type %s, which has no tokens: there is nothing %s",
		o.Name, cmp.Or(o.Auth, "none"), nothing)
}

// helpOf is what an error says should be done.
func helpOf(err error) string {
	var step *steps.Error
	if errors.As(err, &step) && step.Hint != "" {
		return step.Hint
	}
	return jobs.SecretHint(err)
}

// signInFailure ends the program because of a sign-in: with the code for what a person must mend, or for what may pass.
func signInFailure(ctx context.Context, err error) error {
	code := exitSignIn
	var passing interface{ Temporary() bool }
	if errors.As(err, &passing) && passing.Temporary() {
		code = exitTransient
	}
	return stopped(ctx, &exitError{code, err, helpOf(err)})
}

// completeProfiles completes the name of a profile of the project.
func (a *app) completeProfiles(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	p, _ := a.openProject(".") // a project with mistakes has names all the same
	if p == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
		if strings.HasPrefix(name, typed) && !slices.Contains(args, name) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
