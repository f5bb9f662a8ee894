package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// exchangeTimeout is how long one request to a token endpoint may take, its answer included.
const exchangeTimeout = 30 * time.Second

var errTooSlow = errors.New("no whole answer within 30 seconds")

// endpoint is an authorization server as one profile uses it.
type endpoint struct {
	profile    string
	settings   Settings
	grant      Grant
	clientAuth clientAuth
	key        *signingKey // for assertions, nil where none are made
	urls       metadata    // what the profile names
	discovery  *discovery  // for the rest, nil where the profile names no issuer
	wire       http.RoundTripper
	mutual     bool // the profile has a client certificate
	redactor   *Redactor
	userAgent  string
	program    string
	product    product
}

// newEndpoint makes the endpoint of a profile that has been checked. It reads the file of its key.
func newEndpoint(p Profile, k *Keyring) (*endpoint, error) {
	s, w := p.Settings, k.wires[p.Name]
	grant, _ := grantNamed(s.text("grant"))
	e := &endpoint{
		profile: p.Name, settings: s, grant: grant, clientAuth: clientAuthNamed(s.text("client_auth")), urls: urlsOf(p),
		wire: w, mutual: w.own != w.other, redactor: k.redactor, userAgent: k.userAgent, program: k.program,
		product: product{p.Product, p.Causes},
	}
	if s.has("issuer") {
		e.discovery = newDiscovery(s.text("issuer"))
	}
	if e.clientAuth.certificate {
		e.wire = w.own // also where tokens come from another origin than the profile's
	}
	if e.clientAuth.style == oauth2.AuthStyleInHeader {
		pair := url.QueryEscape(s.text("client_id")) + ":" + url.QueryEscape(s.text("client_secret"))
		k.redactor.Add(base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	if e.clientAuth.assertion || e.grant.assertion != nil {
		var err error
		e.key, err = newSigningKey(s, k.dir, k.redactor)
		return e, err
	}
	return e, nil
}

// exchange makes one token request: exactly one, that follows no redirect. Where the caller gave up the error is of kind abandoned.
// The error's lost says whether the request may have been carried out.
func (e *endpoint) exchange(ctx context.Context, form url.Values) (answer, *SignInError) {
	own, cancel := detach(ctx)
	defer cancel()
	var got answer
	address, failed := e.tokenURL(own)
	if failed == nil {
		got, failed = e.exchangeAt(own, address, form)
	}
	if failed == nil {
		return got, nil
	}
	if failed.kind != refused && ctx.Err() != nil {
		failed.kind, failed.Cause = abandoned, ctx.Err()
	}
	return answer{}, e.describe(failed, form)
}

// exchangeAt has the library make the request, and reads the answer in its place.
func (e *endpoint) exchangeAt(ctx context.Context, address *url.URL, form url.Values) (answer, *SignInError) {
	form, err := e.request(address, form)
	if err != nil {
		return answer{}, &SignInError{Endpoint: place(address), kind: unusable, Cause: err, help: "check private_key and algorithm"}
	}
	defer e.forget(form) // which an error may quote until it is masked
	reader := &answerReader{endpoint: e}
	ctx = httptrace.WithClientTrace(ctx, reader.trace())
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: reader})
	_, err = e.config(address, form).Token(ctx)
	failed := reader.failed
	switch {
	case err == nil:
		return reader.got, nil
	case failed != nil && failed.kind == refused:
	case errors.Is(context.Cause(ctx), errTooSlow):
		failed = &SignInError{kind: unreachable, Cause: errTooSlow, lost: reader.sent.Load()}
	case failed == nil:
		failed = &SignInError{kind: unusable, Cause: err}
	}
	failed.Endpoint = place(address)
	return answer{}, e.mask(failed)
}

// request gives the parameters of one token request: those of the grant and of the profile, and what is made afresh for each.
func (e *endpoint) request(address *url.URL, form url.Values) (url.Values, error) {
	form = maps.Clone(form)
	for _, pair := range e.settings.pairs("params") {
		form.Add(pair[0], pair[1])
	}
	if audience := e.settings.text("audience"); audience != "" {
		form.Set("audience", audience)
	}
	for _, resource := range e.settings.list("resource") {
		form.Add("resource", resource) // RFC 8707 §2.2
	}
	if e.grant.assertion != nil && form.Get("grant_type") == jwtBearerType {
		assertion, err := e.grant.assertion(e, address)
		if err != nil {
			return nil, err
		}
		e.redactor.Add(assertion)
		form.Set("assertion", assertion)
	}
	return form, e.authenticate(form, address)
}

// authenticate adds the client's proof of who it is, where that is made afresh for each request.
func (e *endpoint) authenticate(form url.Values, address *url.URL) error {
	if !e.clientAuth.assertion {
		return nil
	}
	assertion, err := e.key.clientAssertion(e.settings.text("client_id"), address.String())
	if err != nil {
		return err
	}
	e.redactor.Add(assertion)
	form.Set("client_assertion_type", clientAssertionType)
	form.Set("client_assertion", assertion)
	return nil
}

// forget has the redactor forget the assertions that were made for a request that is over: there is no end to them. A client_assertion
// in params is the profile's own, and stays a secret.
func (e *endpoint) forget(form url.Values) {
	made := map[string]bool{"assertion": e.grant.assertion != nil, "client_assertion": e.clientAuth.assertion}
	for _, name := range []string{"assertion", "client_assertion"} {
		if text := form.Get(name); text != "" && made[name] {
			e.redactor.forget(text)
		}
	}
}

// config has the library make the request. Its configuration for client credentials is the only one that lets a request have
// parameters of its own, grant_type among them, so every grant goes through it.
func (e *endpoint) config(address *url.URL, form url.Values) *clientcredentials.Config {
	c := &clientcredentials.Config{
		ClientID:       e.settings.text("client_id"),
		TokenURL:       address.String(),
		EndpointParams: form,
		AuthStyle:      e.clientAuth.style,
	}
	if e.clientAuth.secret {
		c.ClientSecret = e.settings.text("client_secret")
	}
	// A code and a device code stand for the scopes that were asked for with them.
	if kind := form.Get("grant_type"); kind != "authorization_code" && kind != deviceCodeType {
		c.Scopes = e.settings.list("scope")
	}
	return c
}

// describe completes an error with what it is about, and masks what the server or the network put into it.
func (e *endpoint) describe(failed *SignInError, form url.Values) *SignInError {
	failed.Profile, failed.Grant = e.profile, form.Get("grant_type")
	switch failed.Grant {
	case jwtBearerType:
		failed.Grant = "jwt_bearer"
	case deviceCodeType:
		failed.Grant = "device_code"
	}
	if failed.Endpoint == "" && e.urls.token != nil {
		failed.Endpoint = place(e.urls.token)
	}
	if failed.help == "" && failed.ofClient() {
		failed.help = e.clientAuth.help
	}
	if failed.help == "" && failed.kind == unreachable && e.mutual && connectionEnded(failed.Cause) {
		failed.help = "try again later; if it goes on, check that the server knows the client's certificate in tls"
	}
	e.suspect(failed)
	return e.mask(failed)
}

func (e *endpoint) mask(failed *SignInError) *SignInError {
	if !slices.Contains(oauthErrors, failed.Code) { // a word of the protocol gives nothing away, and is compared later
		failed.Code = e.quote(failed.Code)
	}
	failed.Description = e.quote(failed.Description)
	failed.Cause = e.masked(failed.Cause)
	return failed
}

// quote masks a server's text, also where it was cut off in the middle of a secret.
func (e *endpoint) quote(text string) string {
	if start, isCut := strings.CutSuffix(text, ellipsis); isCut {
		return string(e.redactor.Cut([]byte(start))) + ellipsis
	}
	return e.redactor.Text(text)
}

// masked is an error without secrets in its text.
func (e *endpoint) masked(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); e.redactor.Text(text) != text {
		return errors.New(e.redactor.Text(text))
	}
	return err
}

// detach gives a context that ends with ctx, or when an exchange has had its time. It has none of the values of ctx: an
// httptrace in them belongs to another request.
func detach(ctx context.Context) (context.Context, func()) {
	own, end := context.WithCancelCause(context.Background())
	stop := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	own, cancel := context.WithTimeoutCause(own, exchangeTimeout, errTooSlow)
	return own, func() { stop(); cancel(); end(nil) }
}

// answerReader reads the answer of one token request in place of the library, to which it gives the little that it insists on.
type answerReader struct {
	endpoint *endpoint
	got      answer
	failed   *SignInError
	sent     atomic.Bool // the request, or a part of it, has left
}

// trace watches the request leave. A request that goes out on another connection was not carried out on the one before: the
// transport repeats it only then.
func (r *answerReader) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:      func(string) { r.sent.Store(false) },
		WroteHeaders: func() { r.sent.Store(true) },
	}
}

// RoundTrip gives an error for every answer without a usable token; a redirect is one of them.
func (r *answerReader) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	r.endpoint.addHeaders(req)
	resp, err := r.endpoint.wire.RoundTrip(req)
	if err != nil {
		r.failed = wireFailure(err, r.sent.Load())
		return nil, r.failed
	}
	r.sent.Store(true)
	defer resp.Body.Close()
	s := r.endpoint.settings
	if r.got, r.failed = readAnswer(resp, answerForm{s.text("token_path"), s.text("expires_unit")}); r.failed != nil {
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

// addHeaders puts on a request to the authorization server what all of them carry.
func (e *endpoint) addHeaders(req *http.Request) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", e.userAgent)
	for _, pair := range e.settings.pairs("token_headers") {
		req.Header.Set(pair[0], pair[1])
	}
}
