package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// SignInError says that a profile could not be signed in. It comes out of http.Client.Do within a *url.Error. Its texts are
// masked.
type SignInError struct {
	Profile     string
	Grant       string // what was shown: client_credentials, password, refresh_token, jwt_bearer, …
	Endpoint    string // the token endpoint, without its query
	Status      int    // of its answer, 0 when there was none
	Code        string // the server's `error` (RFC 6749 §5.2), "" when it gave none
	Description string // the server's `error_description`
	Cause       error  // what was wrong where it was not the server that said so

	kind  failure
	after time.Duration // what the server asked to wait
	lost  bool          // the request may have been carried out, and what was in its answer is gone
	help  string
	until time.Time // no request before
	held  *held     // nil where the server was asked just now
}

// failure tells apart what may help after a token request failed.
type failure int

// A token request failed because the endpoint was unreachable, because it refused, because its answer was not one that
// tokens come in, or because the caller gave up on it.
const (
	unreachable failure = iota
	refused
	unusable
	abandoned
)

// Error names the profile, the grant, the endpoint, the status and the cause.
func (e *SignInError) Error() string {
	why := reason(e.Status, e.Code, e.Description, e.Cause)
	if e.held != nil {
		why += " (" + e.held.String() + ")"
	}
	if e.Endpoint == "" {
		return fmt.Sprintf("profile %s: %s", e.Profile, why)
	}
	return fmt.Sprintf("profile %s: no token from %s (grant %s): %s", e.Profile, e.Endpoint, e.Grant, why)
}

// held says that an error is that of an earlier request, told again: the server was not asked this time.
type held struct {
	at    time.Time // of the request
	until time.Time // when the server is asked again; zero: not by itself
	login bool      // a login makes it be asked again, else a changed profile
}

// String says when the server was asked, and when it is asked again. Times are local, with their date where that is not today's.
func (h *held) String() string {
	now := time.Now()
	next := "before the profile changes"
	switch {
	case !h.until.IsZero():
		next = "before " + clock(h.until, now)
	case h.login:
		next = "before you sign in"
	}
	return "asked at " + clock(h.at, now) + ", not again " + next
}

// clock is a time as a person reads it.
func clock(t, now time.Time) string {
	if t.Local().Format(time.DateOnly) == now.Local().Format(time.DateOnly) {
		return t.Local().Format(time.TimeOnly)
	}
	return t.Local().Format(time.DateTime)
}

// reason joins what is known of why a server did not do what it was asked for.
func reason(status int, code, description string, cause error) string {
	var parts []string
	if status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", status))
	}
	for _, text := range []string{code, description} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if cause != nil {
		parts = append(parts, cause.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the cause.
func (e *SignInError) Unwrap() error { return e.Cause }

// Temporary says that the token endpoint was out of reach or out of order: trying later may help.
func (e *SignInError) Temporary() bool { return e.kind == unreachable }

// deadGrant says that what was shown, a refresh token as a rule, is used up, expired or revoked, or that a person has to confirm it:
// showing it again will not help. The last names are those of GitHub and Slack.
func (e *SignInError) deadGrant() bool {
	if e.kind != refused {
		return false
	}
	switch e.Code {
	case "invalid_grant", "interaction_required", "login_required", "consent_required", "bad_refresh_token", "invalid_refresh_token":
		return true
	}
	return false
}

// ofClient says that the server does not know the client, or does not believe it: whatever it shows beside that does not count.
func (e *SignInError) ofClient() bool { return e.kind == refused && e.Code == "invalid_client" }

// ofProfile says that the server names something that is the profile's to mend, whatever was shown.
func (e *SignInError) ofProfile() bool {
	switch e.Code {
	case "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_target", "invalid_request":
		return e.kind == refused
	}
	return false
}

// RetryAfter is what the token endpoint asked to wait, 0 when it asked for nothing.
func (e *SignInError) RetryAfter() time.Duration { return e.after }

// Help says what a person should do next.
func (e *SignInError) Help() string {
	switch {
	case e.help != "":
		return e.help
	case e.kind == unreachable && e.after > maxWait: // less is waited out in place
		return "try again in " + inWords(min(e.after, maxPause)) + ": the server asks to be left alone for a while"
	case e.kind == unreachable:
		return "try again later; if it goes on, check token_url, proxy and the state of the server"
	case e.Status == http.StatusProxyAuthRequired:
		return "write the proxy's user and password into the address in proxy"
	case e.kind == unusable:
		return "check token_url: what answers there does not speak OAuth 2.0"
	case e.Code == "invalid_scope":
		return "check scope in the profile: the server does not grant it to this client"
	case e.Code == "unsupported_grant_type" || e.Code == "unauthorized_client":
		return "check grant in the profile: the server does not allow this client the grant " + e.Grant
	case e.Grant == "refresh_token" && e.deadGrant():
		return "the refresh token has expired, was used up or revoked: a new one is needed where refresh_token comes from"
	case e.Grant == "refresh_token":
		return "check client_id, client_secret and client_auth, and that the refresh token is still good"
	case e.Grant == "jwt_bearer":
		return "check client_id, subject, claims and key_id, the clock of this machine, and that the server knows the key"
	case e.Grant == "password":
		return "check client_id, client_secret, username and password, and that the server allows this client the grant password"
	}
	return "check client_id, client_secret and client_auth, and that the server allows this client the grant " + e.Grant
}

// place is a URL as an error may name it: without user, query and fragment.
func place(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// inWords is a time to wait as a person would say it, rounded up.
func inWords(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d seconds", (d+time.Second-1)/time.Second)
	}
	return fmt.Sprintf("%d minutes", (d+time.Minute-1)/time.Minute)
}
