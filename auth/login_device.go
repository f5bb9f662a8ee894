package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// What a server says of a device code's life and of the pause between two questions is taken within bounds: a negative one or
// one of a million years would have the login ask without a pause, or never end.
const (
	usualInterval = 5 * time.Second // RFC 8628 §3.2
	minInterval   = time.Second
	maxInterval   = time.Minute
	slowDown      = 5 * time.Second // §3.5
	usualCodeLife = 15 * time.Minute
	minCodeLife   = time.Second
	maxCodeLife   = time.Hour
	maxUserCode   = 64 // characters
)

const noDeviceHelp = "check device_url: what answers there does not speak OAuth 2.0 for devices (RFC 8628)"

// deviceCode is what a person confirms on another device (RFC 8628 §3.2).
type deviceCode struct {
	code     string // secret
	user     string // what the person types
	page     *url.URL
	filled   bool // the page's URL holds the user's code
	interval time.Duration
	expires  time.Time
}

// loginByDevice has a person confirm a code on another device, and asks for the tokens until that is done (RFC 8628).
func (s *tokenSource) loginByDevice(ctx context.Context, p Prompt) error {
	if _, err := s.open(toKeep); err != nil {
		return err
	}
	meta, failed := s.endpoint.resolve(ctx)
	if failed != nil {
		return loginOutcome(ctx, failed)
	}
	if meta.device == nil {
		return s.endpoint.loginFailure(grantDeviceCode, s.endpoint.urls.token, &SignInError{
			kind: refused, Cause: errors.New("where codes for another device come from is not known"),
			help: "add device_url, or an issuer that tells it; without it leave --device off",
		})
	}
	device, failed := s.endpoint.deviceCode(ctx, meta.device)
	if failed != nil {
		return loginOutcome(ctx, failed)
	}
	p.Visit(Visit{URL: device.page.String(), Code: device.user, Filled: device.filled, Expires: device.expires})
	got, started, failed := s.endpoint.poll(ctx, device)
	if failed != nil {
		return loginOutcome(ctx, failed)
	}
	return s.install(ctx, got, started)
}

// deviceCode asks for a code (RFC 8628 §3.1).
func (e *endpoint) deviceCode(ctx context.Context, at *url.URL) (*deviceCode, *SignInError) {
	form := url.Values{}
	e.addScope(form)
	started := time.Now()
	defer e.forget(form) // once what the server repeats of it is masked
	members, failed := e.ask(ctx, at, form)
	if failed != nil {
		if failed.kind == unusable {
			failed.help = noDeviceHelp
		}
		return nil, e.loginFailure(grantDeviceCode, at, failed)
	}
	device, err := readDeviceCode(members, started)
	if err != nil {
		return nil, e.loginFailure(grantDeviceCode, at, &SignInError{
			Status: http.StatusOK, kind: unusable, Cause: err, help: noDeviceHelp,
		})
	}
	e.redactor.Add(device.code)
	return device, nil
}

// ask sends a form to an address beside the token endpoint, with the client's proof of who it is, and gives the members of the answer.
func (e *endpoint) ask(ctx context.Context, at *url.URL, form url.Values) (fields, *SignInError) {
	own, cancel := detach(ctx)
	defer cancel()
	resp, err := e.post(own, at, form)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &SignInError{kind: abandoned, Cause: ctx.Err()}
	case err != nil:
		return nil, wireFailure(err, false)
	}
	defer resp.Body.Close()
	body, err := readBody(resp)
	if err != nil {
		return nil, &SignInError{Status: resp.StatusCode, kind: unreachable, Cause: err}
	}
	members, err := decodeAnswer(resp.Header.Get("Content-Type"), body)
	return members, judge(resp, members, err)
}

// readDeviceCode takes a code out of the members of an answer. Its life counts from the start of the request.
func readDeviceCode(members fields, started time.Time) (*deviceCode, error) {
	code, err := members.token("device_code")
	if err != nil {
		return nil, err
	}
	user, _ := members["user_code"].(string)
	user = cleanCode(user)
	switch {
	case code == "":
		return nil, errors.New("the answer has no device_code")
	case user == "":
		return nil, errors.New("the answer has no user_code")
	}
	d := &deviceCode{code: code, user: user}
	if d.page, d.filled, err = verificationPage(members); err != nil {
		return nil, err
	}
	d.interval = usualInterval
	if seconds, ok := numberOf(members["interval"]); ok {
		d.interval = bounded(seconds, minInterval, maxInterval)
	}
	life := usualCodeLife
	if seconds, ok := numberOf(members["expires_in"]); ok && seconds > 0 {
		life = bounded(seconds, minCodeLife, maxCodeLife)
	}
	d.expires = started.Round(0).Add(life)
	return d, nil
}

// verificationPage is where the person goes: the page that knows the code already, where there is one.
func verificationPage(members fields) (page *url.URL, filled bool, err error) {
	for _, name := range []string{"verification_uri_complete", "verification_uri", "verification_url"} { // the last before RFC 8628
		text, _ := members[name].(string)
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !isHost(u.Hostname()) || u.User != nil {
			return nil, false, fmt.Errorf("the %s of the answer is no address of a web page", name)
		}
		return inert(u), name == "verification_uri_complete", nil
	}
	return nil, false, errors.New("the answer has no verification_uri")
}

// cleanCode leaves of a user's code what can be typed.
func cleanCode(text string) string {
	runes := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)))
	return string(runes[:min(len(runes), maxUserCode)])
}

// bounded is a number of seconds within bounds.
func bounded(seconds float64, least, most time.Duration) time.Duration {
	return time.Duration(min(max(seconds, least.Seconds()), most.Seconds()) * float64(time.Second))
}

// poll asks for the tokens until the person has confirmed the code, has denied it, or the code ends. A server that is out of reach
// for a while does not end it.
func (e *endpoint) poll(ctx context.Context, d *deviceCode) (got answer, started time.Time, failed *SignInError) {
	form := url.Values{"grant_type": {deviceCodeType}, "device_code": {d.code}}
	pause := d.interval
	for {
		if !sleep(ctx, min(pause, time.Until(d.expires))) {
			return got, started, &SignInError{kind: abandoned, Cause: ctx.Err()}
		}
		started = time.Now()
		if got, failed = e.exchange(ctx, form); failed == nil {
			return got, started, nil
		}
		var goesOn bool
		if pause, goesOn = d.next(pause, failed); !goesOn {
			return got, started, e.undone(failed)
		}
		if !time.Now().Before(d.expires) {
			return got, started, e.undone(&SignInError{Status: failed.Status, Code: "expired_token", kind: refused})
		}
	}
}

// next says how long to wait before the next question, and whether there is one.
func (d *deviceCode) next(pause time.Duration, failed *SignInError) (time.Duration, bool) {
	switch {
	case failed.Code == "authorization_pending":
		return d.interval, true
	case failed.Code == "slow_down":
		d.interval = min(d.interval+slowDown, maxInterval)
		return d.interval, true
	case failed.kind == unreachable, errors.Is(failed, errWebPage):
		return min(max(2*pause, failed.after), maxInterval), true
	}
	return 0, false
}

// undone completes the error of a code that gave no tokens.
func (e *endpoint) undone(failed *SignInError) *SignInError {
	switch failed.Code {
	case "expired_token":
		failed.Cause = errors.New("nobody confirmed the code in time")
		failed.help = "sign in again: " + e.loginCommand()
	case "access_denied":
		failed.help = "access was denied on the page: sign in again and allow it: " + e.loginCommand()
	case "invalid_grant":
		failed.help = "the server does not know the code any more: sign in again: " + e.loginCommand()
	}
	if failed.Profile == "" {
		return e.loginFailure(grantDeviceCode, e.urls.token, failed)
	}
	return failed
}
