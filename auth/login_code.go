package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	loginWait = 5 * time.Minute // how long a person has to come back from the browser
	maxPastes = 5               // how often a person may paste something that is of no use
)

var errNobodyCame = errors.New("nobody came back from the browser within 5 minutes")

// codeLogin is one login by authorization code (RFC 6749 §4.1) with PKCE (RFC 7636): what was sent, and what must come back.
type codeLogin struct {
	endpoint *endpoint
	meta     metadata
	landing  *landing
	state    string // single use, 256 bits
	verifier string
}

// loginInBrowser has a person sign in with a browser, and gets tokens for the code that comes of it.
func (s *tokenSource) loginInBrowser(ctx context.Context, p Prompt) error {
	if _, err := s.open(toKeep); err != nil {
		return err
	}
	meta, failed := s.endpoint.resolve(ctx)
	if failed != nil {
		return loginOutcome(ctx, failed)
	}
	l := newCodeLogin(s.endpoint, meta)
	if meta.authorize == nil {
		return l.failure(&SignInError{
			kind: refused, Cause: errors.New("the page where people sign in is not known"), help: "add authorize_url, or an issuer that tells it",
		})
	}
	var err error
	if l.landing, err = newLanding(s.endpoint.settings.text("redirect_url"), l.ours); err != nil {
		return l.failure(&SignInError{
			kind: refused, Cause: err, help: "end what listens there, or choose another port for redirect_url, at the server too",
		})
	}
	defer l.landing.close()
	if !l.landing.listens() && p.Paste == nil {
		return l.failure(&SignInError{
			kind: refused, Cause: errors.New("the browser does not come back to this machine, and nobody is here to paste what it ended at"),
			help: "run " + s.endpoint.loginCommand() + " in a terminal",
		})
	}
	p.Visit(Visit{URL: l.address().String(), Returns: l.landing.listens()})
	back, err := l.await(ctx, p)
	if err != nil {
		return err
	}
	err = l.finish(ctx, s, back.values)
	back.outcome <- err
	return err
}

// newCodeLogin makes the secrets of a login.
func newCodeLogin(e *endpoint, meta metadata) *codeLogin {
	l := &codeLogin{endpoint: e, meta: meta, state: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier()}
	e.redactor.Add(l.state)
	e.redactor.Add(l.verifier)
	return l
}

// address is the page where the person signs in. A query that the authorize_url has stays (RFC 6749 §3.1).
func (l *codeLogin) address() *url.URL {
	s := l.endpoint.settings
	q := l.meta.authorize.Query()
	for _, pair := range s.pairs("authorize_params") {
		q.Add(pair[0], pair[1])
	}
	q.Set("response_type", "code")
	q.Set("client_id", s.text("client_id"))
	q.Set("redirect_uri", l.landing.redirect)
	q.Set("state", l.state)
	q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(l.verifier))
	q.Set("code_challenge_method", "S256")
	l.endpoint.addScope(q)
	page := *l.meta.authorize
	page.RawQuery = q.Encode()
	return inert(&page)
}

// addScope says what the tokens shall be good for.
func (e *endpoint) addScope(form url.Values) {
	if scope := strings.Join(e.settings.list("scope"), " "); scope != "" {
		form.Set("scope", scope)
	}
	if audience := e.settings.text("audience"); audience != "" {
		form.Set("audience", audience)
	}
	for _, resource := range e.settings.list("resource") { // RFC 8707 §2
		form.Add("resource", resource)
	}
}

// ours says why an answer is not one to this login. Only who was sent to the page by us knows the state.
func (l *codeLogin) ours(values url.Values) error {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(values[name]) > 1 {
			return fmt.Errorf("it has more than one %s", name)
		}
	}
	switch state := values.Get("state"); {
	case state == "":
		return errors.New("it has no state")
	case subtle.ConstantTimeCompare([]byte(state), []byte(l.state)) != 1:
		return errors.New("its state is that of another one")
	}
	return nil
}

// await waits for the answer: what the browser brings, or what the person pastes.
func (l *codeLogin) await(ctx context.Context, p Prompt) (callback, error) {
	waiting, cancel := context.WithTimeoutCause(ctx, loginWait, errNobodyCame)
	var pasting sync.WaitGroup
	defer pasting.Wait()
	defer cancel()
	given := make(chan error, 1) // the person gave up pasting
	if p.Paste != nil {
		pasting.Go(func() {
			if err := l.readPasted(waiting, p); err != nil {
				given <- err
			}
		})
	}
	for {
		select {
		case back := <-l.landing.answers:
			return back, nil
		case err := <-given:
			if (!l.landing.listens() || errors.Is(err, errUseless)) && waiting.Err() == nil {
				return callback{}, l.failure(&SignInError{kind: refused, Cause: err, help: "sign in again: " + l.endpoint.loginCommand()})
			}
		case <-waiting.Done():
			if ctx.Err() != nil {
				return callback{}, ctx.Err()
			}
			return callback{}, l.nobody()
		}
	}
}

// nobody is the error of a login for which no answer came in time.
func (l *codeLogin) nobody() *SignInError {
	cause := errNobodyCame
	if n := l.landing.strays.Load(); n > 0 {
		cause = fmt.Errorf("%w; answers that did not belong to this sign-in: %d", errNobodyCame, n)
	}
	return l.failure(&SignInError{kind: refused, Cause: cause, help: fmt.Sprintf(
		"sign in again: %s; if the page spoke of a wrong redirect URI, %s", l.endpoint.loginCommand(), l.redirectHelp(),
	)})
}

// redirectHelp is what to do where the server does not know the redirect URL. One of ours has another port every time, which only
// servers that go by RFC 8252 §7.3 do not mind.
func (l *codeLogin) redirectHelp() string {
	if l.endpoint.settings.text("redirect_url") == "" {
		return "write a redirect_url into the profile, http://127.0.0.1:8912/callback or the like, and register the same one at the server"
	}
	return "register " + l.landing.redirect + " at the server, letter for letter"
}

// finish gets the tokens for the answer of the authorization server, and keeps them.
func (l *codeLogin) finish(ctx context.Context, s *tokenSource, values url.Values) error {
	if given := values.Get("code"); isCode(given) { // also beside an error, which may quote it
		l.endpoint.redactor.Add(given)
	}
	code, failed := l.code(values)
	if failed != nil {
		return failed
	}
	form := url.Values{
		"grant_type": {grantAuthorizationCode}, "code": {code},
		"redirect_uri": {l.landing.redirect}, "code_verifier": {l.verifier},
	}
	got, started, failed := s.endpoint.exchangeSurely(ctx, form)
	if failed == nil {
		return s.install(ctx, got, started)
	}
	if failed.Code == "invalid_grant" {
		failed.help = "the server did not take the code, which lives for a minute or so: sign in again: " + l.endpoint.loginCommand()
	}
	return loginOutcome(ctx, failed)
}

// exchangeSurely makes one token request, and another one only where that surely was not carried out: what is shown works once.
func (e *endpoint) exchangeSurely(ctx context.Context, form url.Values) (got answer, started time.Time, failed *SignInError) {
	for try := 1; ; try++ {
		started = time.Now()
		got, failed = e.exchange(ctx, form)
		if failed == nil || failed.lost || !failed.passesSoon() || try == maxTries {
			return got, started, failed
		}
		if !sleep(ctx, failed.pause(try)) {
			return got, started, &SignInError{kind: abandoned, Cause: ctx.Err()}
		}
	}
}

// code takes the code out of an answer whose state was right. Who answered is asked first (RFC 9207 §2.4), of an error too.
func (l *codeLogin) code(values url.Values) (string, *SignInError) {
	iss := values.Get("iss")
	code := values.Get("code")
	bare := !values.Has("state") // a person pasted no more than the code
	switch {
	case iss != "" && l.meta.issuer != "" && iss != l.meta.issuer:
		return "", l.failure(&SignInError{kind: refused, Cause: fmt.Errorf("the answer comes from the issuer %s, not from %s", clean(iss), l.meta.issuer),
			help: "check issuer and authorize_url in the profile: another server has answered"})
	case iss == "" && l.meta.iss && !bare:
		return "", l.failure(&SignInError{kind: refused, Cause: errors.New("the answer does not say which issuer it comes from, as this server's answers do"),
			help: "check authorize_url in the profile: another server may have answered"})
	case values.Get("error") != "":
		return "", l.failure(denied(values, l.endpoint.loginCommand()))
	case !isCode(code):
		return "", l.failure(&SignInError{kind: unusable, Cause: errors.New("the answer has neither a code nor an error"),
			help: "check authorize_url in the profile: what answers there does not speak OAuth 2.0"})
	}
	return code, nil
}

// denied is what the authorization server said instead of giving a code (RFC 6749 §4.1.2.1).
func denied(values url.Values, again string) *SignInError {
	failed := &SignInError{kind: refused, Code: clean(values.Get("error")), Description: clean(values.Get("error_description"))}
	switch failed.Code {
	case "access_denied":
		failed.help = "access was denied on the page: sign in again and allow it: " + again
	case "server_error", "temporarily_unavailable":
		failed.kind = unreachable
		failed.help = "the server is out of order: sign in later: " + again
	case "invalid_scope":
		failed.help = "check scope in the profile: the server does not grant it to this client"
	case "unauthorized_client", "unsupported_response_type":
		failed.help = "allow this client the grant authorization_code at the server"
	case "login_required", "consent_required", "interaction_required":
		failed.help = "leave prompt=none out of authorize_params: a person has to see the page"
	default:
		failed.help = "check client_id, authorize_url, scope and authorize_params in the profile"
	}
	return failed
}

// isCode says whether a text can be a code (RFC 6749 §A.11), which is visible ASCII.
func isCode(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (l *codeLogin) failure(failed *SignInError) *SignInError {
	at := l.endpoint.urls.token
	if l.meta.authorize != nil {
		at = l.meta.authorize
	}
	return l.endpoint.loginFailure(grantAuthorizationCode, at, failed)
}
