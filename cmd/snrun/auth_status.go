package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"snrun/auth"
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

// problemStore is the problem of a profile whose store cannot be read.
const problemStore = "not known"

// signInRecord is a profile's sign-in as `auth status --json` prints it. What there is not, is null.
type signInRecord struct {
	Profile        string     `json:"profile"`
	Type           string     `json:"type"`
	Grant          *string    `json:"grant"`
	State          *string    `json:"state"` // null also where the secrets are missing
	AccessExpires  *time.Time `json:"access_expires"`
	RefreshExpires *time.Time `json:"refresh_expires"` // null where the server does not say
	LastOK         *time.Time `json:"last_ok"`
	LastError      *string    `json:"last_error"`
	UsedBy         []string   `json:"used_by"`
	LastErrorAt    *time.Time `json:"last_error_at"`
	Refresh        bool       `json:"refresh"` // there is a refresh token
	Kept           bool       `json:"kept"`    // tokens outlive the program
	Retry          *time.Time `json:"retry"`   // the server is not asked before
	Help           *string    `json:"help"`

	problem string // why the profile cannot be used, in a word
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
	list := []signInRecord{}
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
func (a *app) signInRecord(ctx context.Context, p *project, profile *jobs.Profile) (signInRecord, error) {
	r := signInRecord{Profile: profile.Name, Type: cmp.Or(profile.AuthType, "none"), Grant: given(profile.Grant()), UsedBy: []string{}}
	o, err := a.open(ctx, p, profile)
	if ctx.Err() != nil {
		return r, stopped(ctx, err)
	}
	if err != nil {
		r.problem = "cannot be used"
		if _, missing := errors.AsType[*auth.MissingSecretError](err); missing {
			r.problem = "secret missing"
		}
		r.fail(err)
		return r, nil
	}
	defer o.keys.Close()
	s, err := o.keys.Status(profile.Name)
	r.fill(s)
	if err != nil {
		r.State, r.problem = nil, problemStore
		r.fail(err)
	}
	return r, nil
}

func (r *signInRecord) fail(err error) {
	r.LastError, r.Help = given(err.Error()), given(helpOf(err))
	if exit, ok := errors.AsType[*exitError](err); ok && exit.hint != "" {
		r.Help = given(exit.hint)
	}
}

func (r *signInRecord) fill(s auth.Status) {
	r.Grant, r.State, r.LastError, r.Help = given(s.Grant), given(string(s.State)), given(s.LastError), given(s.Help)
	r.AccessExpires, r.RefreshExpires, r.LastOK, r.Retry = timeOf(s.AccessExpires), timeOf(s.RefreshExpires), timeOf(s.LastOK), timeOf(s.Retry)
	r.Refresh, r.Kept, r.LastErrorAt = s.HasRefresh, s.Kept, timeOf(s.LastErrorAt)
}

// given is a text, nil where there is none.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOf is a time, nil where there is none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Local().Truncate(time.Millisecond)
	return &t
}
