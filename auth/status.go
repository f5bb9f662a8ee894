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
