package auth

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// exchangeTimeout is how long one request to a token endpoint may take, its answer included.
const exchangeTimeout = 30 * time.Second

var errTooSlow = errors.New("no whole answer within 30 seconds")

// endpoint is a token endpoint as one profile uses it.
type endpoint struct {
	profile   string
	settings  Settings
	grant     Grant
	url       *url.URL
	wire      http.RoundTripper
	redactor  *Redactor
	userAgent string
	program   string
	product   product
}

// newEndpoint makes the endpoint of a profile that has been checked.
func newEndpoint(p Profile, k *Keyring) *endpoint {
	grant, _ := grantNamed(p.Settings.text("grant"))
	address, _ := tokenURL(p)
	if p.Settings.text("client_auth") == "header" {
		id, secret := p.Settings.text("client_id"), p.Settings.text("client_secret")
		pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
		k.redactor.Add(base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return &endpoint{
		profile: p.Name, settings: p.Settings, grant: grant, url: address,
		wire: k.wires[p.Name], redactor: k.redactor, userAgent: k.userAgent, program: k.program,
		product: product{p.Product, p.Causes},
	}
}

// exchange makes one token request: exactly one, that follows no redirect. Where the caller gave up the error is of kind abandoned.
func (e *endpoint) exchange(ctx context.Context, form url.Values) (answer, *SignInError) {
	reader := &answerReader{wire: e.wire, userAgent: e.userAgent}
	own, cancel := detach(ctx)
	defer cancel()
	own = context.WithValue(own, oauth2.HTTPClient, &http.Client{Transport: reader})

	config := e.config(form)
	_, err := config.Token(own)
	switch {
	case err == nil:
		return reader.got, nil
	case ctx.Err() != nil:
		return answer{}, e.describe(&SignInError{kind: abandoned, Cause: ctx.Err()}, form)
	case errors.Is(context.Cause(own), errTooSlow):
		return answer{}, e.describe(&SignInError{kind: unreachable, Cause: errTooSlow}, form)
	case reader.failed == nil:
		return answer{}, e.describe(&SignInError{kind: unusable, Cause: err}, form)
	}
	return answer{}, e.describe(reader.failed, form)
}

// config has the library make the request. Its configuration for client credentials is the only one that lets a request have
// parameters of its own, grant_type among them, so every grant goes through it.
func (e *endpoint) config(form url.Values) *clientcredentials.Config {
	params := maps.Clone(form)
	for _, pair := range e.settings.pairs("params") {
		params.Add(pair[0], pair[1])
	}
	style := oauth2.AuthStyleInParams // for "none" too: the id goes into the body, and there is no secret
	if e.settings.text("client_auth") == "header" {
		style = oauth2.AuthStyleInHeader
	}
	return &clientcredentials.Config{
		ClientID:       e.settings.text("client_id"),
		ClientSecret:   e.settings.text("client_secret"),
		TokenURL:       e.url.String(),
		Scopes:         e.settings.list("scope"),
		EndpointParams: params,
		AuthStyle:      style,
	}
}

// describe completes an error with what it is about, and masks what the server or the network put into it.
func (e *endpoint) describe(failed *SignInError, form url.Values) *SignInError {
	failed.Profile, failed.Grant, failed.Endpoint = e.profile, form.Get("grant_type"), place(e.url)
	e.suspect(failed, form.Get("grant_type"))
	failed.Code = e.redactor.Text(failed.Code)
	failed.Description = e.redactor.Text(failed.Description)
	if failed.Cause == nil {
		return failed
	}
	text := failed.Cause.Error()
	if masked := e.redactor.Text(text); masked != text {
		failed.Cause = errors.New(masked)
	}
	return failed
}

// detach gives a context that ends with ctx, or when an exchange has had its time. It has none of the values of ctx: an
// httptrace in them belongs to another request.
func detach(ctx context.Context) (context.Context, func()) {
	own, cancel := context.WithTimeoutCause(context.Background(), exchangeTimeout, errTooSlow)
	stop := context.AfterFunc(ctx, cancel)
	return own, func() { stop(); cancel() }
}

// answerReader reads the answer of one token request in place of the library, to which it gives the little that it insists on.
type answerReader struct {
	wire      http.RoundTripper
	userAgent string

	got    answer
	failed *SignInError
}

// RoundTrip gives an error for every answer without a usable token; a redirect is one of them.
func (r *answerReader) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", r.userAgent)
	resp, err := r.wire.RoundTrip(req)
	if err != nil {
		r.failed = wireFailure(err)
		return nil, r.failed
	}
	defer resp.Body.Close()
	if r.got, r.failed = readAnswer(resp); r.failed != nil {
		return nil, r.failed
	}
	body, err := json.Marshal(map[string]string{"access_token": r.got.access})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(body)),
		Request:    req,
	}, nil
}

// wireFailure is the error of a request that got no answer. A certificate that is not trusted today will not be in a second.
func wireFailure(err error) *SignInError {
	failed := &SignInError{kind: unreachable, Cause: err}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		failed.kind = unusable
		failed.help = "if the server's certificate comes from an authority of your own, name its file in tls.ca_file"
	}
	return failed
}
