package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/jobs"
)

func (a *app) authStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [PROFILE...]",
		Short: "Show how it stands with the profiles' sign-ins",
		Long: `Show how it stands with the sign-ins of all profiles, or of those named: how long their tokens live, when the last request
for one went well, what the last error was, and which jobs use them. No server is asked.

The states are new, ok, refreshing, backoff, reauth_required (sign in again) and config_error (mend the profile).`,
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.authStatus(cmd.Context(), args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON array of {profile, type, grant, state, access_expires, refresh_expires, last_ok, last_error, used_by, refresh, kept, retry, help}")
	return cmd
}

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
			return noProfile(p, name)
		}
		r, err := a.signInRecord(ctx, p, profile)
		if err != nil {
			return err
		}
		r.UsedBy = append(r.UsedBy, used[name]...)
		list = append(list, r)
	}
	notes := a.statusNotes(p, list)
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
	r := signInRecord{Profile: profile.Name, Type: cmp.Or(profile.AuthType, "none"), UsedBy: []string{}}
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
		r.State, r.problem = nil, "not known"
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
	r.Refresh, r.Kept = s.HasRefresh, s.Kept
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

// statusNotes are what a person should know or do beside the table.
func (a *app) statusNotes(p *project, list []signInRecord) string {
	var b strings.Builder
	for _, r := range list {
		if r.Help != nil {
			fmt.Fprintf(&b, "%s: %s\n", r.Profile, indented(clean(*r.Help)))
		}
	}
	tokens := slices.ContainsFunc(list, func(r signInRecord) bool { return r.Grant != nil && !r.Kept })
	if tokens && p.store != nil {
		b.WriteString(a.noKeyNote(p.store))
	}
	return b.String()
}

// noKeyNote says why tokens are not kept, "" where they are or would be. It makes neither store nor key.
func (a *app) noKeyNote(place *store.Place) string {
	_, err := place.OpenExisting()
	var key *store.KeyError
	switch {
	case errors.As(err, &key):
		return "tokens are not kept: " + clean(key.Error()) + "\n  " + indented(clean(key.Help())) + "\n"
	case !errors.Is(err, fs.ErrNotExist) || a.getenv(store.KeyVariable) != "" || a.getenv(store.KeyFileVariable) != "":
		return "" // they are, or something else is wrong that stands in the table
	}
	why := "the keyring of this system is switched off"
	if place.Keyring != nil {
		_, err := place.Keyring.Get("snrun")
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return "" // the first login makes store and key
		}
		why = "the keyring of this system cannot be used: " + clean(err.Error())
	}
	return fmt.Sprintf("tokens are not kept: neither %s nor %s is set, and %s\n  make a key: %s key new FILE, and paste the line that it prints\n",
		store.KeyVariable, store.KeyFileVariable, why, a.name)
}

// signInTable lists sign-ins, one a line.
func signInTable(p page, list []signInRecord) string {
	rows := [][]string{{"PROFILE", "TYPE", "GRANT", "STATE", "ACCESS", "REFRESH", "LAST OK", "USED BY", "LAST ERROR"}}
	for _, r := range list {
		rows = append(rows, []string{
			clean(r.Profile), r.Type, textOf(r.Grant), r.state(), left(r.AccessExpires, p.now), r.refresh(p.now), r.lastOK(p.now),
			clean(strings.Join(r.UsedBy, ", ")), firstLine(textOf(r.LastError)),
		})
	}
	return p.table(rows, func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 3:
			return p.stateColour(list[row-1], text)
		}
		return text
	})
}

func (p page) stateColour(r signInRecord, text string) string {
	switch auth.State(textOf(r.State)) {
	case auth.StateOK:
		return p.style.green(text)
	case auth.StateReauth, auth.StateConfig:
		return p.style.red(text)
	case auth.StateBackoff, auth.StateRefresh:
		return p.style.yellow(text)
	}
	if r.problem != "" {
		return p.style.red(text)
	}
	return text
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (r signInRecord) state() string { return cmp.Or(r.problem, textOf(r.State), "-") }

// left is how long something still lives; "" for what there is not.
func left(end *time.Time, now time.Time) string {
	switch {
	case end == nil:
		return ""
	case !end.After(now):
		return "expired"
	}
	return lifetimeLeft(*end, now)
}

func (r signInRecord) refresh(now time.Time) string {
	if r.Refresh && r.RefreshExpires == nil {
		return "kept"
	}
	return left(r.RefreshExpires, now)
}

func (r signInRecord) lastOK(now time.Time) string {
	if r.LastOK == nil {
		return ""
	}
	return ago(*r.LastOK, now)
}
