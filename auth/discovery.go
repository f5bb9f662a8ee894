package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// discovery is what an issuer tells of itself. It is asked when something is first needed of it, and again after an hour, for processes
// that live long; where it cannot tell then, what it told before does, and it is asked again a minute later.
type discovery struct {
	issuer string
	turn   chan struct{} // has room for one: who puts something in may ask, and use what follows
	found  *document
	stale  time.Time // when it is to be asked again
}

const (
	freshFor     = time.Hour
	againAfter   = time.Minute
	refreshLimit = 5 * time.Second
)

func newDiscovery(issuer string) *discovery {
	return &discovery{issuer: issuer, turn: make(chan struct{}, 1)}
}

// document is a discovery document: OpenID Connect Discovery §3, RFC 8414 §2.
type document struct {
	Issuer    string   `json:"issuer"`
	Token     string   `json:"token_endpoint"`
	Authorize string   `json:"authorization_endpoint"`
	Device    string   `json:"device_authorization_endpoint"`
	Revoke    string   `json:"revocation_endpoint"`
	ISS       bool     `json:"authorization_response_iss_parameter_supported"`
	MTLS      mtlsURLs `json:"mtls_endpoint_aliases"`
}

// mtlsURLs stand in for those of the document where the client shows a certificate (RFC 8705 §5).
type mtlsURLs struct {
	Token  string `json:"token_endpoint"`
	Device string `json:"device_authorization_endpoint"`
	Revoke string `json:"revocation_endpoint"`
}

var errNoDocument = errors.New("the discovery document is broken, or no JSON")

// resolve gives the addresses of the server: those that the profile names, and the rest from its issuer. Where the caller gave up
// the error is of kind abandoned.
func (e *endpoint) resolve(ctx context.Context) (metadata, *SignInError) {
	own, cancel := detach(ctx)
	defer cancel()
	m, failed := e.metadata(own)
	if failed != nil && ctx.Err() != nil {
		failed.kind, failed.Cause = abandoned, ctx.Err()
	}
	return m, failed
}

// metadata is resolve within the time of an exchange.
func (e *endpoint) metadata(ctx context.Context) (metadata, *SignInError) {
	if e.discovery == nil {
		return e.urls, nil
	}
	found, failed := e.discover(ctx)
	if failed != nil {
		return metadata{}, failed
	}
	m := e.urls
	m.iss = found.ISS
	token, device, revoke := found.Token, found.Device, found.Revoke
	if e.clientAuth.certificate {
		token, device, revoke = cmp.Or(found.MTLS.Token, token), cmp.Or(found.MTLS.Device, device), cmp.Or(found.MTLS.Revoke, revoke)
	}
	for _, address := range []struct {
		to   **url.URL
		text string
	}{{&m.token, token}, {&m.authorize, found.Authorize}, {&m.device, device}, {&m.revoke, revoke}} {
		if *address.to == nil && address.text != "" {
			*address.to, _ = url.Parse(address.text) // it was parsed before
		}
	}
	return m, nil
}

// tokenURL is the token endpoint. Where the profile names it nothing is asked for.
func (e *endpoint) tokenURL(ctx context.Context) (*url.URL, *SignInError) {
	if e.urls.token != nil {
		return e.urls.token, nil
	}
	m, failed := e.metadata(ctx)
	if failed == nil && m.token == nil {
		failed = &SignInError{
			Endpoint: e.discovery.issuer, kind: unusable, Cause: errors.New("the discovery document names no token_endpoint"), help: "write token_url",
		}
	}
	return m.token, failed
}

// discover gives the issuer's document, fetched once for all. The error names the document's address.
func (e *endpoint) discover(ctx context.Context) (*document, *SignInError) {
	d := e.discovery
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, &SignInError{Endpoint: d.issuer, kind: unreachable, Cause: context.Cause(ctx)}
	}
	if d.found != nil && time.Now().Before(d.stale) {
		return d.found, nil
	}
	if d.found != nil { // there must be time left to go on with that
		short, cancel := context.WithTimeout(ctx, refreshLimit)
		defer cancel()
		ctx = short
	}
	found, failed := e.search(ctx)
	if failed == nil {
		d.found, d.stale = found, time.Now().Add(freshFor)
		return found, nil
	}
	if d.found == nil {
		return nil, failed
	}
	d.stale = time.Now().Add(againAfter)
	return d.found, nil
}

// search looks for the document where it may be. Of several failures it gives the one that says most: a document that is wrong,
// before a server that is out of order, before an address where nothing is.
func (e *endpoint) search(ctx context.Context) (*document, *SignInError) {
	var worst *SignInError
	for _, address := range discoveryURLs(e.discovery.issuer) {
		found, failed := e.fetchDocument(ctx, address)
		if failed == nil {
			return found, nil
		}
		failed.Endpoint = address
		if failed.help == "" && failed.kind == unusable {
			failed.help = "check issuer, or write token_url and the like in its place: there is no usable discovery document"
		}
		if worst == nil || !worst.wrongDocument() && (failed.wrongDocument() || failed.kind == unreachable) {
			worst = failed
		}
		if failed.kind == unreachable {
			break
		}
	}
	return nil, worst
}

// wrongDocument says that there is a discovery document, and what it says will not do.
func (e *SignInError) wrongDocument() bool {
	return e.Status == http.StatusOK && e.kind == unusable && !errors.Is(e.Cause, errNoDocument)
}

// discoveryURLs are where a document may be: OpenID Connect puts its path behind the issuer's, RFC 8414 §3 before it, and servers mix
// the two.
func discoveryURLs(issuer string) []string {
	const openID, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	host := u.Scheme + "://" + u.Host
	if path == "" {
		return []string{host + openID, host + oauth}
	}
	return []string{host + path + openID, host + oauth + path, host + openID + path, host + path + oauth}
}

func (e *endpoint) fetchDocument(ctx context.Context, address string) (*document, *SignInError) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &SignInError{kind: unusable, Cause: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", e.userAgent)
	resp, err := e.roundTrip(req)
	if err != nil {
		return nil, wireFailure(err, false)
	}
	defer resp.Body.Close()
	body, err := readBody(resp)
	if err != nil {
		return nil, &SignInError{Status: resp.StatusCode, kind: unreachable, Cause: err}
	}
	failed := &SignInError{Status: resp.StatusCode, kind: unusable}
	switch status := resp.StatusCode; {
	case status >= 300 && status < 400:
		failed.Cause = fmt.Errorf("redirected to %s, which discovery never follows", target(resp))
	case passes(status):
		failed.kind, failed.after = unreachable, retryAfter(resp)
	case status != http.StatusOK:
	default:
		found, err := readDocument(body, e.discovery.issuer)
		if err == nil {
			return found, nil
		}
		failed.Cause = err
		if suggested, ok := errors.AsType[*otherIssuer](err); ok {
			failed.help = suggested.Help()
		}
	}
	return nil, failed
}

// otherIssuer says that a document is that of somebody else.
type otherIssuer struct{ want, got string }

// Error names both.
func (e *otherIssuer) Error() string {
	return fmt.Sprintf("the document is that of issuer %s, not of %s", clean(e.got), e.want)
}

// Help says what to write where the two differ in their last slash only.
func (e *otherIssuer) Help() string {
	if strings.TrimSuffix(e.got, "/") == strings.TrimSuffix(e.want, "/") {
		return "write issuer: " + clean(e.got)
	}
	return "check issuer: it must be, letter by letter, the name that the server gives itself"
}

// readDocument reads a discovery document. It must be that of the issuer, and its addresses must be no less safe than that.
func readDocument(body []byte, issuer string) (*document, error) {
	if len(body) > maxAnswer {
		return nil, errors.New("the discovery document is larger than 1 MB")
	}
	var found document
	if err := json.Unmarshal(body, &found); err != nil {
		return nil, errNoDocument
	}
	if found.Issuer != issuer {
		return nil, &otherIssuer{want: issuer, got: found.Issuer}
	}
	for _, address := range []struct{ name, text string }{
		{"token_endpoint", found.Token},
		{"authorization_endpoint", found.Authorize},
		{"device_authorization_endpoint", found.Device},
		{"revocation_endpoint", found.Revoke},
		{"mtls_endpoint_aliases.token_endpoint", found.MTLS.Token},
		{"mtls_endpoint_aliases.device_authorization_endpoint", found.MTLS.Device},
		{"mtls_endpoint_aliases.revocation_endpoint", found.MTLS.Revoke},
	} {
		if err := checkDiscovered(address.text, issuer); err != nil {
			return nil, fmt.Errorf("%s in the discovery document %w", address.name, err)
		}
	}
	return &found, nil
}

func checkDiscovered(text, issuer string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || checkURL("", u) != nil || !isHost(u.Hostname()) || u.Fragment != "" {
		return errors.New("is no address of a web server")
	}
	if u.Scheme != "https" && !strings.HasPrefix(strings.ToLower(issuer), "http://") {
		return errors.New("is not an https address")
	}
	return nil
}
