package auth

import (
	"errors"
	"time"
)

// record is all that is kept of a profile's sign-in.
type record struct {
	State   State     `json:"state,omitempty"`
	Access  string    `json:"access,omitempty"`
	Issued  time.Time `json:"issued,omitzero"` // the start of the request that gave it
	Expires time.Time `json:"expires,omitzero"`

	Refresh        string    `json:"refresh,omitempty"`
	RefreshExpires time.Time `json:"refresh_expires,omitzero"` // zero where the server did not say
	// Seed is the digest of the refresh token that stood in the profile when Refresh was started from it.
	Seed string `json:"seed,omitempty"`

	// Intent is the start of a request for a token whose end is not known yet: it is under way, or was when its process died.
	Intent time.Time `json:"intent,omitzero"`
	// Lost is when a request with the refresh token went out whose answer never came. The server may have replaced the token then.
	Lost time.Time `json:"lost,omitzero"`

	LastOK  time.Time `json:"last_ok,omitzero"`
	GoodFor string    `json:"good_for,omitempty"` // the fingerprint of the profile when it last went well
	Failure *mishap   `json:"failure,omitempty"`  // what the last request ended with, nil when it went well

	generation int64 // of the entry in the store, 0 for a new one
	rotated    bool  // Refresh came in place of another, and is nowhere else yet
}

// refreshAt is from when on the token counts as expired: early by the skew, at most half its life.
func (r *record) refreshAt(s Settings) time.Time {
	return r.Expires.Add(-min(s.duration("skew"), r.Expires.Sub(r.Issued)/2))
}

// fresh says whether the token is good. One that was issued in the future comes of a clock that has been set back since: how long
// it lives cannot be told.
func (r *record) fresh(s Settings, now time.Time) bool {
	return r.Access != "" && now.Before(r.refreshAt(s)) && r.Issued.Before(now.Add(maxClockError))
}

// follows says whether a record that could not be written is newer than the one that is there: nobody has signed in since, nor out.
func (r *record) follows(there *record) bool {
	removed := r.generation != 0 && there.generation == 0
	return !removed && !there.LastOK.After(r.LastOK)
}

// maxClockError is how far the clocks of two processes may differ.
const maxClockError = time.Minute

// mishap is a SignInError as it is kept. Its texts are masked.
type mishap struct {
	Grant       string    `json:"grant,omitempty"`
	Endpoint    string    `json:"endpoint,omitempty"`
	Status      int       `json:"status,omitempty"`
	Code        string    `json:"code,omitempty"`
	Description string    `json:"description,omitempty"`
	Cause       string    `json:"cause,omitempty"`
	Help        string    `json:"help,omitempty"`
	Kind        failure   `json:"kind"`
	At          time.Time `json:"at"`
	Until       time.Time `json:"until,omitzero"` // no request before; zero: not before the profile changes
	Count       int       `json:"count"`          // failures in a row
	Fingerprint string    `json:"fingerprint"`    // of the profile
}

// mishapOf keeps an error.
func mishapOf(e *SignInError, at time.Time, fingerprint string) *mishap {
	m := &mishap{
		Grant: e.Grant, Endpoint: e.Endpoint, Status: e.Status, Code: e.Code, Description: e.Description,
		Help: e.help, Kind: e.kind, At: at, Count: 1, Fingerprint: fingerprint,
	}
	if e.Cause != nil {
		m.Cause = e.Cause.Error()
	}
	return m
}

// err gives the error again.
func (m *mishap) err(profile string) *SignInError {
	e := &SignInError{
		Profile: profile, Grant: m.Grant, Endpoint: m.Endpoint, Status: m.Status, Code: m.Code, Description: m.Description,
		kind: m.Kind, help: m.Help,
	}
	if m.Cause != "" {
		e.Cause = errors.New(m.Cause)
	}
	if wait := time.Until(m.Until); e.kind == unreachable && wait > 0 {
		e.after = wait
	}
	return e
}

// holds says whether no request may be made yet.
func (m *mishap) holds(now time.Time) bool {
	return m != nil && (m.Until.IsZero() || ahead(m.Until, now))
}

// ahead says whether the end of a pause is yet to come. One beyond all pauses comes from a clock that has been set back since.
func ahead(until, now time.Time) bool {
	return now.Before(until) && until.Sub(now) <= maxPause+time.Second
}
