package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// errNoRevocation says that nobody knows where the tokens of a profile are revoked.
var errNoRevocation = errors.New("no revoke_url is known")

// RevokeError says that a token was forgotten here, but that the server did not revoke it.
type RevokeError struct {
	Profile     string
	Endpoint    string // the revocation endpoint, without its query
	Status      int    // of its answer, 0 when there was none
	Code        string // the server's `error`, "" when it gave none
	Description string // the server's `error_description`
	Cause       error  // what was wrong where it was not the server that said so
}

// Error names the profile, the endpoint, the status and the cause.
func (e *RevokeError) Error() string {
	where := ""
	if e.Endpoint != "" {
		where = " at " + e.Endpoint
	}
	return fmt.Sprintf("profile %s: the token was not revoked%s: %s", e.Profile, where, reason(e.Status, e.Code, e.Description, e.Cause))
}

// Unwrap gives the cause.
func (e *RevokeError) Unwrap() error { return e.Cause }

// Help says what a person should do next.
func (e *RevokeError) Help() string {
	switch {
	case e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed || e.Status >= 300 && e.Status < 400:
		return "check revoke_url"
	case e.Code == "unsupported_token_type":
		return "the server revokes no tokens of this kind: it lives on there until it expires"
	}
	return "revoke it in the server's own pages, if it must not live on until it expires"
}

// revoke has the server revoke a token (RFC 7009). The hint is access_token or refresh_token. The error is
// errNoRevocation, a *RevokeError, or that of ctx.
func (e *endpoint) revoke(ctx context.Context, token, hint string) error {
	own, cancel := detach(ctx)
	defer cancel()
	m, failed := e.metadata(own)
	switch {
	case failed != nil:
		return e.notRevoked(ctx, &RevokeError{Endpoint: failed.Endpoint, Status: failed.Status, Cause: failed.Cause})
	case m.revoke == nil:
		return errNoRevocation
	}
	form := url.Values{"token": {token}, "token_type_hint": {hint}}
	resp, err := e.post(own, m.revoke, form)
	defer e.forget(form)
	if err != nil {
		return e.notRevoked(ctx, &RevokeError{Endpoint: place(m.revoke), Cause: err})
	}
	defer resp.Body.Close()
	if failed := judgeRevocation(resp); failed != nil {
		failed.Endpoint = place(m.revoke)
		return e.notRevoked(ctx, failed)
	}
	return nil
}

// judgeRevocation reads the answer: 200 says it all (RFC 7009 §2.2), also for a token that was not known.
func judgeRevocation(resp *http.Response) *RevokeError {
	failed := &RevokeError{Status: resp.StatusCode}
	body, err := readBody(resp)
	if err != nil {
		failed.Cause = err
		return failed
	}
	members, err := decodeAnswer(resp.Header.Get("Content-Type"), body)
	failed.Code, failed.Description = quoted(members["error"]), members.description()
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		failed.Cause = fmt.Errorf("redirected to %s, which is never followed", target(resp))
	case errors.Is(err, errWebPage):
		failed.Cause = errors.New("the answer is a web page")
	case resp.StatusCode < 300 && failed.Code == "":
		return nil
	}
	return failed
}

func (e *endpoint) notRevoked(ctx context.Context, failed *RevokeError) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed.Profile = e.profile
	failed.Code, failed.Description = e.quote(failed.Code), e.quote(failed.Description)
	failed.Cause = e.masked(failed.Cause)
	return failed
}

// post sends a form to an address of the authorization server other than the token endpoint, with the client's proof of who it is
// as in token requests, which it adds to the form. It follows no redirect. Afterwards the caller has that forgotten (forget).
func (e *endpoint) post(ctx context.Context, address *url.URL, form url.Values) (*http.Response, error) {
	audience := address
	if token, failed := e.tokenURL(ctx); failed == nil {
		audience = token // which is what servers compare, whatever the endpoint
	}
	if err := e.authenticate(form, audience); err != nil {
		return nil, err
	}
	id, secret := e.settings.text("client_id"), ""
	if e.clientAuth.secret {
		secret = e.settings.text("client_secret")
	}
	if e.clientAuth.style == oauth2.AuthStyleInParams {
		form.Set("client_id", id)
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if e.clientAuth.style == oauth2.AuthStyleInHeader {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	e.addHeaders(req)
	return e.roundTrip(req)
}

// roundTrip sends a request within the time of an exchange; the error is errTooSlow where that was over. It is no client, which would
// follow redirects.
func (e *endpoint) roundTrip(req *http.Request) (*http.Response, error) {
	resp, err := e.wire.RoundTrip(req)
	if err != nil && errors.Is(context.Cause(req.Context()), errTooSlow) {
		return nil, errTooSlow
	}
	return resp, err
}
