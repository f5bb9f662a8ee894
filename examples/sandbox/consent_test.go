package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The example of RFC 7636, appendix B.
const (
	testVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	testCallback  = "http://127.0.0.1:8/callback"
)

// authorizing gives the parameters of a request that is good, changed by "name=value"; "name=" takes one out.
func authorizing(changes ...string) url.Values {
	query := url.Values{
		"response_type": {"code"}, "client_id": {DefaultClientID}, "redirect_uri": {testCallback}, "state": {"s t&te"},
		"code_challenge": {testChallenge}, "code_challenge_method": {"S256"}, "scope": {"useraccount"},
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		if value == "" {
			query.Del(name)
		} else {
			query.Set(name, value)
		}
	}
	return query
}

// pressed opens the page and presses a button. It gives the address that the browser is sent to.
func (s *Server) pressed(t *testing.T, query url.Values, decision string) *url.URL {
	t.Helper()
	shown := s.serve("GET", "/oauth_auth.do?"+query.Encode(), "")
	if shown.status != http.StatusOK {
		t.Fatalf("the page: %d %s", shown.status, shown.body)
	}
	return location(t, s.press(shown.body, decision))
}

func (s *Server) press(page, decision string) answer {
	ticket, action := formTicket.FindStringSubmatch(page), formAction.FindStringSubmatch(page)
	if ticket == nil || action == nil {
		return answer{body: "no button: " + page}
	}
	return s.serve("POST", action[1], url.Values{"consent": {ticket[1]}, "decision": {decision}}.Encode())
}

func location(t *testing.T, a answer) *url.URL {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if a.status != http.StatusFound || err != nil || u.Host == "" {
		t.Fatalf("%d, Location %q: %s", a.status, a.header.Get("Location"), a.body)
	}
	return u
}

func redeeming(code string, changes ...string) url.Values {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testCallback}, "code_verifier": {testVerifier},
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		form.Set(name, value)
	}
	return form
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	sent := s.press(s.serve("GET", "/oauth_auth.do?"+authorizing().Encode(), "").body, "allow")
	if sent.header.Get("Cache-Control") != "no-store" || sent.header.Get("Referrer-Policy") != "no-referrer" || sent.body != "" {
		t.Errorf("the code comes with %v %s", sent.header, sent.body)
	}
	to := location(t, sent)
	query := to.Query()
	code := query.Get("code")
	if code == "" || query.Get("state") != "s t&te" || query.Get("iss") != "http://example.com" || len(query) != 3 {
		t.Errorf("the browser goes to %s", to)
	}
	if got := "http://" + to.Host + to.Path; got != testCallback {
		t.Errorf("the browser goes to %s, want %s", got, testCallback)
	}

	a := s.token(t, redeeming(code))
	if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, Cache-Control %q: %s", a.status, a.header.Get("Cache-Control"), a.body)
	}
	access, refresh := field(t, a.body, "access_token"), field(t, a.body, "refresh_token")
	if got := s.status(t, access); got != http.StatusOK {
		t.Errorf("the access token gives %d, want 200", got)
	}
	again := s.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	if got := s.status(t, field(t, again.body, "access_token")); got != http.StatusOK {
		t.Errorf("the token of the refresh gives %d, want 200", got)
	}
}

func TestAConsentPage(t *testing.T) {
	t.Parallel()
	s := New(Options{ClientID: "my <client>", User: "ann & bo"})
	a := s.serve("GET", "/oauth_auth.do?"+authorizing("client_id=my <client>", "scope=").Encode(), "")
	for _, want := range []string{"my &lt;client&gt;", "ann &amp; bo", "useraccount", testCallback, "asks for no password", `value="allow"`, `value="deny"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page does not have %q:\n%s", want, a.body)
		}
	}
	for _, not := range []string{"<script", "my <client>", testChallenge, "s t&amp;te"} {
		if strings.Contains(a.body, not) {
			t.Errorf("the page has %q:\n%s", not, a.body)
		}
	}
	_, rest, _ := strings.Cut(a.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self' http://127.0.0.1:8; frame-ancestors 'none'; base-uri 'none'",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Where client or redirect_uri are wrong, nobody may be sent anywhere.
func TestAuthorizationThatStaysOnThePage(t *testing.T) {
	t.Parallel()
	s := New(Options{RedirectURLs: []string{"https://app.example.com/done?x=1"}, Incidents: -1})
	twice := authorizing()
	twice.Add("redirect_uri", "http://127.0.0.1:9/callback")
	redirectTo := func(to string) string { return authorizing("redirect_uri=" + to).Encode() }
	tests := []struct{ name, query, want string }{
		{"unknown client", authorizing("client_id=other").Encode(), "There is no client “other” here; the client is “snrun”."},
		{"no client", authorizing("client_id=").Encode(), "client_id and redirect_uri, each once"},
		{"no redirect_uri", authorizing("redirect_uri=").Encode(), "client_id and redirect_uri, each once"},
		{"two", twice.Encode(), "client_id and redirect_uri, each once"},
		{"nothing", "", "client_id and redirect_uri, each once"},
		{"not a query", "client_id=%zz", "not well-formed"},
		{"other host", redirectTo("http://app.example.com/callback"), "is not registered"},
		{"other path", redirectTo("http://127.0.0.1:8/callback/"), "is not registered"},
		{"escaped path", redirectTo("http://127.0.0.1:8/%63allback"), "is not registered"},
		{"a query", redirectTo("http://127.0.0.1:8/callback?x=1"), "is not registered"},
		{"an empty query", redirectTo("http://127.0.0.1:8/callback?"), "is not registered"},
		{"a fragment", redirectTo("http://127.0.0.1:8/callback#x"), "is not registered"},
		{"https", redirectTo("https://127.0.0.1:8/callback"), "is not registered"},
		{"a user", redirectTo("http://127.0.0.1@app.example.com/callback"), "is not registered"},
		{"a longer host", redirectTo("http://127.0.0.1.example.com/callback"), "is not registered"},
		{"like a registered one", redirectTo("https://app.example.com/done"), "is not registered"},
		{"a script", redirectTo("javascript:alert(1)"), "is not registered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := s.serve("GET", "/oauth_auth.do?"+tt.query, "")
			if a.status != http.StatusBadRequest || a.header.Get("Location") != "" || !strings.Contains(a.body, tt.want) {
				t.Errorf("%d, Location %q, want 400, none and %q:\n%s", a.status, a.header.Get("Location"), tt.want, a.body)
			}
			if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'none'") {
				t.Errorf("the policy is %q", policy)
			}
		})
	}
}

func TestAuthorizationThatGoesBackAsAnError(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1})
	twice := authorizing()
	twice.Add("scope", "useraccount")
	tests := []struct {
		name        string
		query       url.Values
		want, state string
	}{
		{"no state", authorizing("state="), "invalid_request: state is missing", ""},
		{"no response_type", authorizing("response_type="), "invalid_request: response_type is missing", "s t&te"},
		{"a token at once", authorizing("response_type=token"), "unsupported_response_type: response_type must be code", "s t&te"},
		{"no challenge", authorizing("code_challenge="), "invalid_request: code_challenge is missing", "s t&te"},
		{"no method", authorizing("code_challenge_method="), "invalid_request: code_challenge_method must be S256", "s t&te"},
		{"plain", authorizing("code_challenge_method=plain"), "invalid_request: code_challenge_method must be S256", "s t&te"},
		{"a short challenge", authorizing("code_challenge=abc"), "invalid_request: code_challenge is not the base64url of a SHA-256", "s t&te"},
		{"a padded challenge", authorizing("code_challenge=" + testChallenge + "="), "invalid_request: code_challenge is not the base64url of a SHA-256", "s t&te"},
		{"unknown scope", authorizing("scope=admin"), "invalid_scope: the only scope is useraccount", "s t&te"},
		{"twice", twice, "invalid_request: a parameter comes twice", "s t&te"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := location(t, s.serve("GET", "/oauth_auth.do?"+tt.query.Encode(), ""))
			query := to.Query()
			if got := query.Get("error") + ": " + query.Get("error_description"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if query.Get("state") != tt.state || query.Get("iss") != "http://example.com" || query.Has("code") || to.Host != "127.0.0.1:8" {
				t.Errorf("the browser goes to %s", to)
			}
		})
	}
}

func TestRegisteredRedirects(t *testing.T) {
	t.Parallel()
	s := New(Options{RedirectURLs: []string{"https://app.example.com/done?x=1", "com.example.app:/done"}, Incidents: -1})
	tests := []struct{ redirect, want, source string }{
		{"http://localhost:8/callback", "http://localhost:8/callback?", "http://localhost:8"},
		{"http://[::1]:8/callback", "http://[::1]:8/callback?", "http:"},
		{"http://127.0.0.1/callback", "http://127.0.0.1/callback?", "http://127.0.0.1"},
		{"https://app.example.com/done?x=1", "https://app.example.com/done?", "https://app.example.com"},
		{"com.example.app:/done", "com.example.app:/done?", "com.example.app:"},
	}
	for _, tt := range tests {
		shown := s.serve("GET", "/oauth_auth.do?"+authorizing("redirect_uri="+tt.redirect).Encode(), "")
		if policy := shown.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' "+tt.source+";") {
			t.Errorf("%s: the policy is %q", tt.redirect, policy)
		}
		a := s.press(shown.body, "allow")
		to, err := url.Parse(a.header.Get("Location"))
		if err != nil || !strings.HasPrefix(to.String(), tt.want) || !to.Query().Has("code") {
			t.Errorf("%s: the browser goes to %q", tt.redirect, to)
		}
		if strings.Contains(tt.redirect, "x=1") && to.Query().Get("x") != "1" {
			t.Errorf("%s: its own query is lost: %s", tt.redirect, to)
		}
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1})
	query := s.pressed(t, authorizing(), "deny").Query()
	if query.Get("error") != "access_denied" || query.Get("state") != "s t&te" || query.Get("iss") == "" || query.Has("code") {
		t.Errorf("the answer is %v", query)
	}
}

func TestConsentWorksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Incidents: -1})
		open := func() string { return s.serve("GET", "/oauth_auth.do?"+authorizing().Encode(), "").body }
		page := open()
		location(t, s.press(page, "deny"))
		if a := s.press(page, "allow"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "answered already") {
			t.Errorf("the second time: %d %s", a.status, a.body)
		}
		page = open()
		if a := s.press(page, "maybe"); a.status != http.StatusBadRequest {
			t.Errorf("with another button: %d %s", a.status, a.body)
		}
		time.Sleep(consentLifetime - 1)
		location(t, s.press(page, "allow")) // the other button has not used it up
		page = open()
		time.Sleep(consentLifetime)
		if a := s.press(page, "allow"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "too old") {
			t.Errorf("after ten minutes: %d %s", a.status, a.body)
		}
		for _, body := range []string{"", "consent=no&decision=allow", "decision=allow", "decision=allow&decision=deny&consent=no"} {
			if a := s.serve("POST", "/oauth_auth.do", body); a.status != http.StatusBadRequest {
				t.Errorf("%q: %d %s", body, a.status, a.body)
			}
		}
	})
}

func TestCodeIsBoundToItsRequest(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1, StandardErrors: true})
	other := strings.Repeat("a", 43)
	tests := []struct {
		name   string
		change string
		want   string
		lives  bool // the code can be used afterwards
	}{
		{"other verifier", "code_verifier=" + other, "invalid_grant", false},
		{"short verifier", "code_verifier=abc", "invalid_request", true},
		{"long verifier", "code_verifier=" + strings.Repeat("a", 129), "invalid_request", true},
		{"a verifier with an odd character", "code_verifier=" + other + "!", "invalid_request", true},
		{"the challenge as verifier", "code_verifier=" + testChallenge, "invalid_grant", false},
		{"no verifier", "code_verifier=", "invalid_request", true},
		{"other redirect_uri", "redirect_uri=http://127.0.0.1:9/callback", "invalid_grant", false},
		{"no redirect_uri", "redirect_uri=", "invalid_grant", false},
		{"other code", "code=no", "invalid_grant", true},
		{"no code", "code=", "invalid_grant", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code := s.pressed(t, authorizing(), "allow").Query().Get("code")
			a := s.tokenOf(t, redeeming(code, tt.change))
			if a.status != http.StatusBadRequest || field(t, a.body, "error") != tt.want {
				t.Errorf("%d %s, want %s", a.status, a.body, tt.want)
			}
			if a := s.tokenOf(t, redeeming(code)); (a.status == http.StatusOK) != tt.lives {
				t.Errorf("afterwards: %d, the code should live: %v", a.status, tt.lives)
			}
		})
	}
	t.Run("other client", func(t *testing.T) {
		t.Parallel()
		code := s.pressed(t, authorizing(), "allow").Query().Get("code")
		form := redeeming(code, "client_id="+DefaultClientID, "client_secret=no")
		if a := s.serve("POST", tokenPath, form.Encode()); a.status != http.StatusUnauthorized {
			t.Errorf("with a wrong secret: %d %s", a.status, a.body)
		}
		if a := s.tokenOf(t, redeeming(code)); a.status != http.StatusOK {
			t.Errorf("a stranger has used the code up: %d", a.status)
		}
	})
}

func TestCodeLivesAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Incidents: -1})
		young := s.pressed(t, authorizing(), "allow").Query().Get("code")
		old := s.pressed(t, authorizing(), "allow").Query().Get("code")
		time.Sleep(time.Minute - 1)
		if a := s.tokenOf(t, redeeming(young)); a.status != http.StatusOK {
			t.Errorf("within a minute: %d %s", a.status, a.body)
		}
		time.Sleep(1)
		if a := s.tokenOf(t, redeeming(old)); a.status != http.StatusUnauthorized {
			t.Errorf("after a minute: %d, want 401", a.status)
		}
	})
}

// A code that comes twice has been seen by somebody else.
func TestCodeShownTwiceEndsItsTokens(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	code := s.pressed(t, authorizing(), "allow").Query().Get("code")
	bystander := signIn(t, s)
	given := s.token(t, redeeming(code)).body
	access := field(t, given, "access_token")
	if got := s.status(t, access); got != http.StatusOK {
		t.Fatalf("the token gives %d, want 200", got)
	}
	if a := s.token(t, redeeming(code)); a.status != http.StatusUnauthorized {
		t.Errorf("the code shown twice: %d, want 401", a.status)
	}
	if got := s.status(t, access); got != http.StatusUnauthorized {
		t.Errorf("the access token gives %d, want 401", got)
	}
	a := s.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {field(t, given, "refresh_token")}})
	if a.status != http.StatusUnauthorized {
		t.Errorf("the refresh token gives %d, want 401", a.status)
	}
	if a := ask(t, "GET", s.listURL("incident"), "", bystander); a.status != http.StatusOK {
		t.Errorf("the token of another sign-in gives %d, want 200", a.status)
	}
}

// Whatever is asked, nobody is sent anywhere but to an address that is registered.
func FuzzAuthorization(f *testing.F) {
	f.Add(authorizing().Encode())
	f.Add(authorizing("state=").Encode())
	f.Add(authorizing("redirect_uri=http://127.0.0.1:8@example.com/callback").Encode())
	f.Add("client_id=snrun&redirect_uri=http://localhost/callback&state=%0d%0aX:1")
	f.Add("client_id=snrun&redirect_uri=http://[::1]:0/callback;state")
	s := New(Options{Incidents: -1})
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := http.NewRequest("GET", "http://example.com/oauth_auth.do", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = raw
		a := s.answerTo(r)
		to := a.header.Get("Location")
		switch a.status {
		case http.StatusOK, http.StatusBadRequest:
			if to != "" {
				t.Errorf("%q: %d with Location %q", raw, a.status, to)
			}
		case http.StatusFound:
			at, _, _ := strings.Cut(to, "?")
			if !isCallback(at) || strings.ContainsAny(to, "\r\n") {
				t.Errorf("%q: sent to %q", raw, to)
			}
		default:
			t.Errorf("%q: status %d", raw, a.status)
		}
	})
}
