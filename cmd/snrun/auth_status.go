package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"snrun/history/review"
	"snrun/jobs"
)

func (a *app) authStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [PROFILE...]",
		Short: "Show how it stands with the profiles' sign-ins",
		Long: `Show how it stands with the sign-ins of all profiles, or of those named: how long their tokens live, when the last request
for one went well, what the last error was, and which jobs use them. No server is asked; commands of secrets.exec are run.

The states are new, ok, refreshing, backoff, reauth_required (sign in again) and config_error (mend the profile);
with --json null where there is none, and help is null where nothing is to be done: a check for monitoring.`,
		Example: `  snrun auth status
  snrun auth status --json | jq -e 'all(.help == null)'
  snrun auth status --json | jq -r '.[] | select(.help) | "\(.last_error // .profile): \(.help)"'`,
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.authStatus(cmd.Context(), args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON array of {profile, type, grant, state, access_expires, refresh_expires, last_ok, last_error, used_by, last_error_at, refresh, kept, retry, help}")
	return cmd
}

func (a *app) authStatus(ctx context.Context, names []string, asJSON bool) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	p, err := a.openProject(".")
	if p == nil {
		return invalid("the settings have mistakes", err)
	}
	if err != nil {
		return invalid("the profiles have mistakes", err)
	}
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(p.Profiles))
	}
	used := profileUses(p)
	list := []review.SignIn{}
	for _, name := range names {
		profile, ok := p.Profiles[name]
		if !ok {
			return a.noProfile(p, name)
		}
		r, err := a.signInRecord(ctx, p, profile)
		if err != nil {
			return err
		}
		r.UsedBy = append(r.UsedBy, used[name]...)
		list = append(list, r)
	}
	notes := a.statusNotes(p, list, time.Now())
	defer func() { io.WriteString(a.err, notes) }()
	switch {
	case asJSON:
		return a.printJSON(list)
	case len(list) == 0:
		notes = "the project has no profiles\n"
		return nil
	}
	return a.print(signInTable(a.page(), list))
}

// profileUses gives the jobs that use each profile, themselves or through a loop, sorted.
func profileUses(p *project) map[string][]string {
	used := map[string][]string{}
	plain, _ := jobs.Open(p.Dir, p.Settings, jobs.Options{Kinds: kinds()}) // its secrets are of no interest here
	if plain == nil {
		return used
	}
	for _, file := range plain.Files() {
		job, _ := plain.Load(file) // one with mistakes uses what it names all the same
		if job == nil {
			continue
		}
		for _, name := range job.Profiles {
			used[name] = append(used[name], job.Name)
		}
	}
	return used
}

// signInRecord tells how it stands with a profile. One that cannot be opened, for want of a secret, is told of too.
func (a *app) signInRecord(ctx context.Context, p *project, profile *jobs.Profile) (review.SignIn, error) {
	r := review.SignInOf(profile)
	o, err := a.open(ctx, p, profile)
	if ctx.Err() != nil {
		return r, stopped(ctx, err)
	}
	if err != nil {
		r.Refuse(err, helpWith(err))
		return r, nil
	}
	defer o.keys.Close()
	s, err := o.keys.Status(profile.Name)
	r.Fill(s)
	if err != nil {
		r.Unread(err, helpWith(err))
	}
	return r, nil
}

// helpWith is what an error of opening a profile says should be done.
func helpWith(err error) string {
	if exit, ok := errors.AsType[*exitError](err); ok && exit.hint != "" {
		return exit.hint
	}
	return helpOf(err)
}
