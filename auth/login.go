package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Prompt is how a person takes part in a login. Visit is called once, before the others; Paste and Refused from one goroutine.
type Prompt struct {
	// Visit tells the person which page to open, and opens it if it can. The page's URL is no secret to the person, but holds the
	// state of this login, so it belongs in no log.
	Visit func(Visit)
	// Paste gives what the person pasted: the code, or the whole address that the browser ended at. It waits for it, and
	// returns when ctx ends. Nil where nobody can paste.
	Paste func(ctx context.Context) (string, error)
	// Refused says why what was pasted is of no use, before Paste is called again. Nil tells nobody.
	Refused func(error)
	// Device has the person sign in on another device, also where the profile's grant is authorization_code.
	Device bool
}

// Visit is a page that a person has to open to sign in.
type Visit struct {
	URL     string
	Code    string    // of device_code: what the person types there, or compares with what the page shows
	Filled  bool      // the URL holds Code already
	Expires time.Time // of device_code: when the code ends
	// Returns says that the browser comes back to this machine by itself; else the person pastes what it ended at.
	Returns bool
}

// inert gives a page's URL with all encoded that could steer the terminal, or be more than one word to a script that opens browsers
// (wslview hands it to PowerShell). What remains means the same to the server (RFC 3986 §2.4).
func inert(page *url.URL) *url.URL {
	u := *page
	u.RawPath, u.RawQuery = encodeUnsafe(u.EscapedPath()), encodeUnsafe(u.RawQuery)
	return &u
}

func encodeUnsafe(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || strings.IndexByte("\"'`$\\<>^{|}()", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isHost says whether a URL's host can be one: net/url lets quotes and semicolons through. Other letters it encodes.
func isHost(name string) bool {
	const known = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%"
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r < utf8.RuneSelf && !strings.ContainsRune(known, r) })
}

// Login signs a profile in, with a person where its grant wants one, and keeps the tokens. It asks the server even where the
// tokens that are kept are good. The error is a *SignInError, a *store.KeyError where tokens cannot be kept, or that of ctx.
func (k *Keyring) Login(ctx context.Context, profile string, p Prompt) error {
	s, err := k.source(profile)
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("profile %s signs in with %s, which has no tokens that a login could get", profile, k.types[profile])
	}
	grant := s.endpoint.grant.Name
	switch {
	case grant == grantDeviceCode, p.Device && grant == grantAuthorizationCode:
		return s.loginByDevice(ctx, p)
	case p.Device:
		return s.endpoint.loginFailure(grant, s.endpoint.urls.token, &SignInError{
			kind: refused, Cause: errors.New("this grant signs in without a person, so there is no device to do it on"),
			help: "leave --device off",
		})
	case grant == grantAuthorizationCode:
		return s.loginInBrowser(ctx, p)
	}
	return s.loginAlone(ctx)
}

// loginFailure completes the error of a login that ended at an address which need not be the token endpoint's; nil is none.
func (e *endpoint) loginFailure(grant string, at *url.URL, failed *SignInError) *SignInError {
	if at != nil {
		failed.Endpoint = place(at)
	}
	return e.describe(failed, url.Values{"grant_type": {grant}})
}

// loginOutcome is the error of Login for a request that failed: that of ctx where the caller gave up.
func loginOutcome(ctx context.Context, failed *SignInError) error {
	if failed.kind == abandoned && ctx.Err() != nil {
		return ctx.Err()
	}
	return failed
}

// loginCommand is what a person types to sign in.
func (e *endpoint) loginCommand() string { return e.program + " auth login " + e.profile }

// testCommand is what a person types to have the server asked, whatever it said before.
func (e *endpoint) testCommand() string { return e.program + " auth test " + e.profile }

// loginHelp is what a person should do whose sign-in has ended. No login gives a refresh token that was got elsewhere.
func (e *endpoint) loginHelp() string {
	if e.grant.Name == grantRefreshToken {
		return "put a new refresh token where refresh_token in the profile comes from; then: " + e.testCommand()
	}
	return "run: " + e.loginCommand()
}
