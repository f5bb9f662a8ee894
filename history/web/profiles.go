package web

import (
	"context"
	"net/http"
	"time"

	"snrun/auth"
	"snrun/engine/daemon"
	"snrun/history/review"
)

// profilesPage is how it stands with the sign-ins.
type profilesPage struct {
	Profiles []profileCard
	Mistakes []daemon.Mistake // in the file of the profiles: then there is nothing to be seen
}

// profileCard is one profile.
type profileCard struct {
	review.SignIn
	Address string // of its system; "" where it comes of the environment
	Level   string // how well it stands: ok, failed, waiting, none
	Wrong   string // what is wrong; "" for nothing
	Tokens  bool   // it has tokens, which can be forgotten
}

// profiles shows how it stands with the sign-ins.
func (s *Site) profiles(w http.ResponseWriter, r *http.Request) error {
	list, err := s.signIns(r.Context())
	if err != nil {
		return err
	}
	now := time.Now()
	body := profilesPage{}
	for _, b := range s.Daemon.Broken() {
		if s.isSettings(b) {
			body.Mistakes = append(body.Mistakes, b.Mistakes...)
		}
	}
	for i := range list {
		body.Profiles = append(body.Profiles, profileCardOf(list[i], now))
	}
	return s.show(w, r, "profiles", page{Title: "Profiles", Here: "/profiles", Body: body, Command: s.Commands.Program + " auth status" + s.Commands.Project})
}

// signIns tells how it stands with all profiles: with none, where nobody has said how to know.
func (s *Site) signIns(ctx context.Context) ([]review.SignIn, error) {
	if s.SignIns == nil {
		return nil, nil
	}
	return s.SignIns(ctx)
}

// profileCardOf says how it stands with a profile.
func profileCardOf(signIn review.SignIn, now time.Time) profileCard {
	c := profileCard{SignIn: signIn, Wrong: signIn.Wrong(now), Level: "none", Tokens: signIn.Grant != nil}
	if signIn.Help == nil && signIn.LastError == nil && c.Wrong != "" {
		c.Wrong = ""
	}
	switch state := auth.State(deref(signIn.State)); {
	case signIn.Problem != "", state == auth.StateReauth, state == auth.StateConfig:
		c.Level = "failed"
	case state == auth.StateBackoff, state == auth.StateRefresh:
		c.Level = "waiting"
	case state == auth.StateOK:
		c.Level = "ok"
	}
	return c
}

// Sign is the sign of how well a profile stands.
func (c profileCard) Sign() string {
	switch c.Level {
	case "ok":
		return "✓"
	case "failed":
		return "✗"
	case "waiting":
		return "…"
	}
	return "○"
}

// InWords says how it stands with a profile.
func (c profileCard) InWords() string {
	if c.Problem != "" {
		return c.Problem
	}
	switch auth.State(deref(c.State)) {
	case auth.StateNew:
		return "new: there was no token yet"
	case auth.StateOK:
		return "ok"
	case auth.StateRefresh:
		return "refreshing: a request for a token is under way"
	case auth.StateBackoff:
		return "backoff: the server is asked again later"
	case auth.StateReauth:
		return "reauth required: somebody must sign in again"
	case auth.StateConfig:
		return "config error: the server refuses the profile"
	}
	return "nothing to sign in: no tokens"
}

// Refreshes says how it stands with the refresh token, "" where its time says that, or there is none.
func (c profileCard) Refreshes() string {
	switch {
	case !c.Refresh:
		return ""
	case auth.State(deref(c.State)) == auth.StateReauth:
		return "dead"
	case c.RefreshExpires == nil:
		return "kept; its server does not say how long it lives"
	}
	return ""
}
