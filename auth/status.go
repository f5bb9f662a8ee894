package auth

import "time"

// State is how it stands with the sign-in of a profile.
type State string

// The states of a sign-in that has tokens.
const (
	StateNew     State = "new"             // there was no token yet
	StateOK      State = "ok"              // the last request for a token went well
	StateRefresh State = "refreshing"      // a request for a token is under way, or broke off
	StateBackoff State = "backoff"         // the server was out of reach; it is asked again later
	StateReauth  State = "reauth_required" // a person must sign in anew
	StateConfig  State = "config_error"    // the server refused the profile; it is not asked before the profile changes
)

// Status is what is known of a profile's sign-in.
type Status struct {
	Profile        string
	Type           string
	Grant          string // of oauth2
	State          State  // "" for a sign-in without tokens
	AccessExpires  time.Time
	RefreshExpires time.Time // zero where the server does not say, or gave no refresh token
	HasRefresh     bool
	Retry          time.Time // in StateBackoff: no request before
	LastOK         time.Time
	LastError      string
	LastErrorAt    time.Time
	Help           string // what a person should do next
	Kept           bool   // tokens are kept in the store; else in memory only
}

// Status tells how it stands with a profile's sign-in, without asking the server. The error is that of the store.
func (k *Keyring) Status(profile string) (Status, error) {
	s, err := k.source(profile)
	if err != nil {
		return Status{}, err
	}
	st := Status{Profile: profile, Type: k.types[profile]}
	if s == nil {
		return st, nil
	}
	st.Grant, st.State = s.endpoint.grant.Name, StateNew
	v, err := s.open(toLook)
	if err == nil && s.place != nil && !v.durable() {
		err = s.place.CheckKey() // who comes to use it would make the store with that
	}
	if err != nil {
		return st, err
	}
	r, err := v.load()
	if err != nil {
		return st, s.storeFailure(err)
	}
	st.Kept = v.durable()
	s.describe(&st, r)
	if t := s.current.Load(); t.usable(time.Now()) && t.expires.After(st.AccessExpires) { // it could not be kept
		st.State, st.AccessExpires, st.Kept = StateOK, t.expires, false
	}
	return st, nil
}

// describe fills in what a record says.
func (s *tokenSource) describe(st *Status, r *record) {
	now := time.Now()
	if s.seed != "" && r.Seed != s.seed { // what is kept came of another refresh token
		r = &record{LastOK: r.LastOK}
	}
	changed := r.Failure != nil && r.Failure.Fingerprint != s.fingerprint
	switch {
	case changed && r.Access != "": // then the failure is that of another profile
		st.State = StateOK
	case changed:
		st.State = StateNew
	case r.State != "":
		st.State = r.State
	}
	if at := r.Intent; st.State == StateRefresh && now.Sub(at) > maxTries*exchangeTimeout {
		st.Help = "a request for a token broke off at " + at.Format(time.RFC3339) + ": the next run, or " + s.endpoint.program + " auth test " + st.Profile + ", asks again"
	}
	st.AccessExpires, st.RefreshExpires, st.HasRefresh, st.LastOK = r.Expires, r.RefreshExpires, r.Refresh != "", r.LastOK
	if r.Failure != nil && !changed {
		failed := r.Failure.err(st.Profile)
		st.LastError, st.LastErrorAt, st.Help = failed.Error(), r.Failure.At, failed.Help()
		if st.State == StateBackoff {
			st.Retry = r.Failure.Until
		}
	}
	if s.needsPerson(r, now) {
		st.Help = s.endpoint.loginHelp()
		if r.Access != "" {
			st.State = StateReauth
		}
	}
}

// needsPerson says whether there is nothing left that a token could be had with.
func (s *tokenSource) needsPerson(r *record, now time.Time) bool {
	ended := !r.RefreshExpires.IsZero() && now.After(r.RefreshExpires) || r.Refresh == ""
	return s.endpoint.grant.keeps && s.seed == "" && now.After(r.Expires) && ended
}
