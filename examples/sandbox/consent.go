package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	codeLifetime    = time.Minute
	consentLifetime = 10 * time.Minute
)

// authorization is a request for authorization (RFC 6749 section 4.1.1) in which all is right.
type authorization struct {
	redirect  string // where the code goes
	state     string
	challenge string // RFC 7636
	scope     string
}

// code is what an authorization code stands for.
type code struct {
	authorization
	of *family
}

func (s *Server) consentRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /oauth_auth.do", s.askConsent)
	mux.HandleFunc("POST /oauth_auth.do", s.takeConsent)
}

// askConsent shows the page with the button. Where client or redirect_uri are wrong nobody may be sent anywhere, so a page
// says it; all else goes to the client as an error (RFC 6749 section 4.1.2.1).
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		showMistake(w, "The address is not well-formed: "+err.Error()+".")
		return
	}
	if mistake := s.checkClient(query); mistake != "" {
		showMistake(w, mistake)
		return
	}
	a, refused, why := checkAuthorization(query)
	if refused != "" {
		answer := url.Values{"error": {string(refused)}, "error_description": {why}}
		redirect(w, r, query.Get("redirect_uri"), query.Get("state"), answer)
		return
	}
	show(w, screen{
		Title: "Let " + s.options.ClientID + " sign in?",
		Ask:   &question{Path: "/oauth_auth.do", Consent: s.consents.issue(a), Client: s.options.ClientID, User: s.options.User, Scope: a.scope, Goes: a.redirect},
	})
}

// checkClient says what is wrong with client or redirect_uri, "" for nothing.
func (s *Server) checkClient(query url.Values) string {
	ids, redirects := query["client_id"], query["redirect_uri"]
	switch {
	case len(ids) != 1 || len(redirects) != 1:
		return "The address must have client_id and redirect_uri, each once."
	case ids[0] != s.options.ClientID:
		return "There is no client " + quote(ids[0]) + " here; the client is " + quote(s.options.ClientID) + "."
	case !slices.Contains(s.options.RedirectURLs, redirects[0]) && !isCallback(redirects[0]):
		return "The redirect_uri " + quote(redirects[0]) + " is not registered; http://127.0.0.1:PORT/callback is, with any port."
	}
	return ""
}

func quote(text string) string {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return "“" + text + "”"
}

// isCallback says whether a redirect_uri is that of a program on this machine, which may listen on any port (RFC 8252 section 7.3).
func isCallback(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	loopback := slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, u.Hostname())
	return loopback && text == "http://"+u.Host+"/callback"
}

// isChallenge says whether a text is a code_challenge with the method S256: 32 bytes as base64url.
func isChallenge(text string) bool {
	return len(text) == 43 && !strings.ContainsFunc(text, notIn("_-"))
}

// isVerifier says whether a text is a code_verifier, RFC 7636 section 4.1.
func isVerifier(text string) bool {
	return len(text) >= 43 && len(text) <= 128 && !strings.ContainsFunc(text, notIn("._~-"))
}

// notIn says of a character whether it is neither a letter, a digit nor one of these.
func notIn(others string) func(rune) bool {
	return func(r rune) bool {
		alphanumeric := r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' && r < 0x80
		return !alphanumeric && !strings.ContainsRune(others, r)
	}
}

// checkAuthorization is strict: state and PKCE with S256 are demanded, and nothing may come twice.
func checkAuthorization(query url.Values) (a authorization, refused refusal, why string) {
	a = authorization{redirect: query.Get("redirect_uri"), state: query.Get("state"), challenge: query.Get("code_challenge")}
	scope, known := checkScope(query.Get("scope"))
	a.scope = scope
	switch {
	case repeats(query):
		return a, invalidRequest, "a parameter comes twice"
	case query.Get("response_type") == "":
		return a, invalidRequest, "response_type is missing"
	case query.Get("response_type") != "code":
		return a, "unsupported_response_type", "response_type must be code"
	case a.state == "":
		return a, invalidRequest, "state is missing"
	case a.challenge == "":
		return a, invalidRequest, "code_challenge is missing"
	case query.Get("code_challenge_method") != "S256":
		return a, invalidRequest, "code_challenge_method must be S256"
	case !isChallenge(a.challenge):
		return a, invalidRequest, "code_challenge is not the base64url of a SHA-256"
	case !known:
		return a, invalidScope, "the only scope is " + onlyScope
	}
	return a, "", ""
}

// takeConsent answers the button: the browser goes back to the client, with a code or an error.
func (s *Server) takeConsent(w http.ResponseWriter, r *http.Request) {
	form, ok := readForm(w, r)
	decision := form.Get("decision")
	if !ok || (decision != allow && decision != deny) {
		showMistake(w, "This is not what the buttons of the page send.")
		return
	}
	a, used := s.consents.show(form.Get("consent"))
	switch {
	case used == again:
		showMistake(w, "This page was answered already. Start the login anew.")
	case used == unknown:
		showMistake(w, "This page is too old, or of a sandbox before this one. Start the login anew.")
	case decision == deny:
		redirect(w, r, a.redirect, a.state, url.Values{"error": {string(accessDenied)}, "error_description": {"the user said no"}})
	default:
		issued := s.codes.issue(code{authorization: a, of: &family{scope: a.scope}})
		redirect(w, r, a.redirect, a.state, url.Values{"code": {issued}})
	}
}

// redirect sends the browser back to the client, which is told who sends it (RFC 9207).
func redirect(w http.ResponseWriter, r *http.Request, to, state string, answer url.Values) {
	u, err := url.Parse(to)
	if err != nil {
		showMistake(w, "The redirect_uri is not well-formed.") // one of Options.RedirectURLs
		return
	}
	query := u.Query()
	for name := range answer {
		query.Set(name, answer.Get(name))
	}
	if state != "" {
		query.Set("state", state)
	}
	query.Set("iss", issuer(r))
	u.RawQuery = query.Encode()
	noStore(w)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", u.String())
	w.WriteHeader(http.StatusFound)
}

// redeem gives what an authorization code stands for. A code works once, whether what came with it is right or not; what came
// of it dies when it is shown again (RFC 6749 section 4.1.2).
func (s *Server) redeem(form url.Values) (*family, refusal) {
	shown := form.Get("code_verifier")
	if !isVerifier(shown) {
		return nil, invalidRequest
	}
	c, used := s.codes.show(form.Get("code"))
	if used == again {
		s.tokens.end(c.of)
	}
	sum := sha256.Sum256([]byte(shown))
	switch {
	case used != good, form.Get("redirect_uri") != c.redirect, base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		return nil, invalidGrant
	}
	return c.of, ""
}
