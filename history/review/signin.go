package review

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"snrun/auth"
	"snrun/jobs"
)

// SignIn is a profile's sign-in. What there is not, is null.
type SignIn struct {
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

	Problem string `json:"-"` // why the profile cannot be used, in a word
}

// ProblemStore is the problem of a profile whose store cannot be read.
const ProblemStore = "not known"

// SignInOf gives what a profile's file says of its sign-in.
func SignInOf(p *jobs.Profile) SignIn {
	return SignIn{Profile: p.Name, Type: cmp.Or(p.AuthType, "none"), Grant: given(p.Grant()), UsedBy: []string{}}
}

// Refuse says why a profile cannot be used, for want of a secret for example, and what to do.
func (s *SignIn) Refuse(err error, help string) {
	s.Problem = "cannot be used"
	if _, missing := errors.AsType[*auth.MissingSecretError](err); missing {
		s.Problem = "secret missing"
	}
	s.fail(err, help)
}

// Unread says that it cannot be read how it stands with a profile, and what to do.
func (s *SignIn) Unread(err error, help string) {
	s.State, s.Problem = nil, ProblemStore
	s.fail(err, help)
}

func (s *SignIn) fail(err error, help string) { s.LastError, s.Help = given(err.Error()), given(help) }

// Fill says how it stands with a profile.
func (s *SignIn) Fill(st auth.Status) {
	s.Grant, s.State, s.LastError, s.Help = given(st.Grant), given(string(st.State)), given(st.LastError), given(st.Help)
	s.AccessExpires, s.RefreshExpires, s.LastOK, s.Retry = timeOf(st.AccessExpires), timeOf(st.RefreshExpires), timeOf(st.LastOK), timeOf(st.Retry)
	s.Refresh, s.Kept, s.LastErrorAt = st.HasRefresh, st.Kept, timeOf(st.LastErrorAt)
}

// Wrong says what is wrong with a sign-in, "" for nothing.
func (s *SignIn) Wrong(now time.Time) string {
	text := strings.TrimPrefix(textOf(s.LastError), "profile "+s.Profile+": ")
	switch {
	case text != "" && s.Retry != nil && s.Retry.After(now):
		return text + " (not asked again before " + s.Retry.Format(time.TimeOnly) + ")"
	case text != "" || s.Help == nil:
		return text
	case auth.State(textOf(s.State)) == auth.StateReauth:
		return "the sign-in has ended"
	}
	return "nobody has signed in yet"
}

// Standing is the state of a sign-in in a word: its problem, else its state, else "-".
func (s *SignIn) Standing() string {
	return cmp.Or(s.Problem, textOf(s.State), "-")
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
