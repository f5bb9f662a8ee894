package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// authority is an authorization server whose page needs no click: it sends the browser back at once.
type authority struct {
	*httptest.Server
	system
	asked url.Values // the last request of the page

	// answer changes what the browser is sent back with.
	answer func(url.Values)
}

const codeOfTests = "the-code/with+signs"

// newAuthority checks the token request as a strict server does.
func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.give = func(w http.ResponseWriter, _ int, form url.Values) {
		challenge := sha256.Sum256([]byte(form.Get("code_verifier")))
		switch {
		case form.Get("grant_type") != "authorization_code", form.Get("code") != codeOfTests,
			form.Get("redirect_uri") != a.asked.Get("redirect_uri"), a.asked.Get("code_challenge_method") != "S256",
			base64.RawURLEncoding.EncodeToString(challenge[:]) != a.asked.Get("code_challenge"):
			refuse(w, http.StatusBadRequest, "invalid_grant")
		default:
			grant(w, "T1-token", 3600, "refresh_token", "R1-token")
		}
	}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/authorize":
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"authorization_response_iss_parameter_supported":true}`,
				a.URL, a.URL+"/authorize", a.URL+"/token")
			return
		default:
			a.system.ServeHTTP(w, req)
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked = req.URL.Query()
		back, err := url.Parse(a.asked.Get("redirect_uri"))
		if err != nil {
			t.Error(err)
		}
		q := url.Values{"code": {codeOfTests}, "state": {a.asked.Get("state")}}
		if a.answer != nil {
			a.answer(q)
		}
		back.RawQuery = q.Encode()
		http.Redirect(w, req, back.String(), http.StatusFound)
	}))
	t.Cleanup(a.Close)
	return a
}

// keyring has the profile p of the authority, and the settings more.
func (a *authority) keyring(t *testing.T, o Options, more Settings) *Keyring {
	t.Helper()
	settings := Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize?tenant=t1"}
	for name, value := range more {
		settings[name] = value
	}
	p := oauthProfile(t, a.URL, settings)
	for name, value := range p.Settings {
		if value == nil { // left out
			delete(p.Settings, name)
		}
	}
	return keyringOf(t, o, p)
}

// browsing is a person who opens the page in a browser: what it shows in the end goes to shown.
func browsing(t *testing.T, shown chan<- page) func(Visit) {
	return func(v Visit) {
		go func() { shown <- browse(t, v.URL) }()
	}
}

// page is what a browser shows.
type page struct {
	status int
	header http.Header
	text   string
	at     *url.URL
}

func browse(t *testing.T, address string) page {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Errorf("the browser: %v", err)
		return page{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("the browser: %v", err)
	}
	return page{resp.StatusCode, resp.Header, string(text), resp.Request.URL}
}

func TestLoginInBrowser(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	r := NewRedactor()
	k := a.keyring(t, Options{Redactor: r}, Settings{
		"scope": []string{"read", "write"}, "authorize_params": [][2]string{{"prompt", "login"}},
		"resource": []string{"https://one.example.com", "https://two.example.com"},
	})
	shown := make(chan page, 1)
	if err := k.Login(t.Context(), "p", Prompt{Visit: browsing(t, shown)}); err != nil {
		t.Fatal(err)
	}
	end := <-shown
	if end.status != http.StatusOK || !strings.Contains(end.text, "Signed in") {
		t.Errorf("the browser shows %d %q", end.status, end.text)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Type": "text/html; charset=utf-8"} {
		if got := end.header.Get(name); got != want {
			t.Errorf("%s of the page: got %q, want %q", name, got, want)
		}
	}
	if csp := end.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the page's policy is %q", csp)
	}
	if end.at.Hostname() != "127.0.0.1" || end.at.Path != "/callback" {
		t.Errorf("the browser ended at %s", place(end.at))
	}
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "client", "scope": "read write", "prompt": "login", "tenant": "t1", "code_challenge_method": "S256",
	} {
		if got := a.asked.Get(name); got != want {
			t.Errorf("%s: asked with %q, want %q", name, got, want)
		}
	}
	if got := fmt.Sprint(a.asked["resource"]); got != "[https://one.example.com https://two.example.com]" {
		t.Errorf("resource: got %s", got)
	}
	state, err := base64.RawURLEncoding.DecodeString(a.asked.Get("state"))
	if err != nil || len(state) != 32 {
		t.Errorf("the state has %d bytes (%v), want 32", len(state), err)
	}
	for _, secret := range []string{a.asked.Get("state"), a.forms[0].Get("code_verifier"), codeOfTests, "T1-token", "R1-token"} {
		if r.Text(secret) != Mask {
			t.Errorf("the redactor does not know %q", secret)
		}
	}
	get(t, clientOf(t, k, "p"), a.URL+"/api")
	if a.used["T1-token"] != 1 || len(a.forms) != 1 {
		t.Errorf("tokens used: %v after %d token requests, want T1-token once after one", a.used, len(a.forms))
	}
}

// TestPublicClientSignsIn has no secret to show.
func TestPublicClientSignsIn(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	p := oauthProfile(t, a.URL, Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize", "client_auth": "none"})
	delete(p.Settings, "client_secret")
	shown := make(chan page, 1)
	if err := keyringOf(t, Options{}, p).Login(t.Context(), "p", Prompt{Visit: browsing(t, shown)}); err != nil {
		t.Fatal(err)
	}
	<-shown
	if form := a.forms[0]; form.Get("client_id") != "client" || form.Has("client_secret") || a.header[0].Get("Authorization") != "" {
		t.Errorf("the token request has the names %v and Authorization %q", form, a.header[0].Get("Authorization"))
	}
}

func TestLoginThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings Settings
		answer   func(url.Values)
		want     []string // in the error
		help     string
	}{
		{"denied", nil, func(q url.Values) { deny(q, "access_denied", "<b>Not</b> you") },
			[]string{"/authorize (grant authorization_code): access_denied: <b>Not</b> you"}, "sign in again and allow it: snrun auth login p"},
		{"a scope there is not", nil, func(q url.Values) { deny(q, "invalid_scope", "") }, []string{"invalid_scope"}, "check scope"},
		{"a client that may not", nil, func(q url.Values) { deny(q, "unauthorized_client", "") }, []string{"unauthorized_client"}, "allow this client the grant"},
		{"neither code nor error", nil, func(q url.Values) { q.Del("code") }, []string{"neither a code nor an error"}, "check authorize_url"},
		{"a code of two lines", nil, func(q url.Values) { q.Set("code", "a\r\nb") }, []string{"neither a code"}, "check authorize_url"},
		{"a code that the server does not know", nil, func(q url.Values) { q.Set("code", "another") },
			[]string{"/token (grant authorization_code): status 400: invalid_grant"}, "sign in again: snrun auth login p"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			a.answer = tt.answer
			shown := make(chan page, 1)
			err := a.keyring(t, Options{}, tt.settings).Login(t.Context(), "p", Prompt{Visit: browsing(t, shown)})
			end := <-shown
			failed, ok := errors.AsType[*SignInError](err)
			if !ok {
				t.Fatalf("got the error %v, want a SignInError", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(failed.Error(), want) {
					t.Errorf("got %q, want %q in it", failed, want)
				}
			}
			if !strings.Contains(failed.Help(), tt.help) {
				t.Errorf("help: got %q, want %q in it", failed.Help(), tt.help)
			}
			if end.status != http.StatusBadRequest || !strings.Contains(end.text, "Not signed in") || strings.Contains(end.text, "<b>") {
				t.Errorf("the browser shows %d %q", end.status, end.text)
			}
			if strings.Contains(failed.Error(), "?") {
				t.Errorf("the error quotes a query: %v", failed)
			}
		})
	}
}

func deny(q url.Values, code, description string) {
	q.Del("code")
	q.Set("error", code)
	if description != "" {
		q.Set("error_description", description)
	}
}

// TestIssuerOfAnAnswer holds RFC 9207: whoever answers must be who was asked.
func TestIssuerOfAnAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		meta   metadata
		values url.Values
		want   string // in the error
	}{
		{"not said, not promised", metadata{issuer: "https://as.example.com"}, url.Values{"state": {"s"}, "code": {"c"}}, ""},
		{"the right one", metadata{issuer: "https://as.example.com", iss: true},
			url.Values{"state": {"s"}, "code": {"c"}, "iss": {"https://as.example.com"}}, ""},
		{"one that nobody knows", metadata{}, url.Values{"state": {"s"}, "code": {"c"}, "iss": {"https://as.example.com"}}, ""},
		{"another", metadata{issuer: "https://as.example.com"}, url.Values{"state": {"s"}, "code": {"c"}, "iss": {"https://evil.example.com"}},
			"comes from the issuer https://evil.example.com"},
		{"another by a slash", metadata{issuer: "https://as.example.com"}, url.Values{"state": {"s"}, "code": {"c"}, "iss": {"https://as.example.com/"}},
			"comes from the issuer"},
		{"another that says an error", metadata{issuer: "https://as.example.com"},
			url.Values{"state": {"s"}, "error": {"access_denied"}, "iss": {"https://evil.example.com"}}, "comes from the issuer"},
		{"promised, not said", metadata{issuer: "https://as.example.com", iss: true}, url.Values{"state": {"s"}, "code": {"c"}}, "does not say which issuer"},
		{"promised, but only the code was pasted", metadata{issuer: "https://as.example.com", iss: true}, url.Values{"code": {"c"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newCodeLogin(inBubble(t, &system{}, nil).endpoint, tt.meta)
			code, failed := l.code(tt.values)
			if tt.want == "" {
				if failed != nil || code != "c" {
					t.Errorf("got %q, %v", code, failed)
				}
				return
			}
			if failed == nil || !strings.Contains(failed.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", failed, tt.want)
			}
		})
	}
}

// TestLandingTakesOneAnswer asks the listener whatever a page that found its port could ask.
func TestLandingTakesOneAnswer(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	exchanging, release := make(chan bool), make(chan bool)
	a.give = func(w http.ResponseWriter, _ int, _ url.Values) {
		close(exchanging)
		<-release
		grant(w, "T1-token", 3600)
	}
	k := a.keyring(t, Options{}, nil)
	visits := make(chan Visit, 1)
	ended := make(chan error, 1)
	go func() { ended <- k.Login(t.Context(), "p", Prompt{Visit: func(v Visit) { visits <- v }}) }()
	visit, err := url.Parse((<-visits).URL)
	if err != nil {
		t.Fatal(err)
	}
	back, state := visit.Query().Get("redirect_uri"), visit.Query().Get("state")
	right := url.Values{"state": {state}, "code": {codeOfTests}}.Encode()
	tests := []struct {
		name, method, address, host string
		status                      int
	}{
		{"another path", "GET", strings.TrimSuffix(back, "callback") + "?" + right, "", 404},
		{"a path below", "GET", back + "/x?" + right, "", 404},
		{"the icon", "GET", strings.TrimSuffix(back, "callback") + "favicon.ico", "", 404},
		{"POST", "POST", back + "?" + right, "", 405},
		{"HEAD", "HEAD", back + "?" + right, "", 405},
		{"OPTIONS", "OPTIONS", back + "?" + right, "", 405},
		{"a name that points here", "GET", back + "?" + right, "evil.example.com", 403},
		{"the name with our port", "GET", back + "?" + right, strings.Replace(strings.TrimPrefix(strings.TrimSuffix(back, "/callback"), "http://"), "127.0.0.1", "localhost", 1), 403},
		{"no state", "GET", back + "?code=" + url.QueryEscape(codeOfTests), "", 400},
		{"another state", "GET", back + "?code=x&state=" + strings.Repeat("A", 43), "", 400},
		{"the start of the state", "GET", back + "?code=x&state=" + state[:42], "", 400},
		{"two states", "GET", back + "?" + right + "&state=x", "", 400},
		{"two codes", "GET", back + "?" + right + "&code=x", "", 400},
		{"a broken query", "GET", back + "?" + right + "&%zz", "", 400},
		{"an error without state", "GET", back + "?error=access_denied", "", 400},
	}
	for _, tt := range tests {
		if got := visitAs(t, tt.method, tt.address, tt.host); got != tt.status {
			t.Errorf("%s: got status %d, want %d", tt.name, got, tt.status)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the login ended: %v", err)
	default:
	}
	first := make(chan int, 1)
	go func() { first <- visitAs(t, "GET", back+"?"+right, "") }()
	<-exchanging
	if got := visitAs(t, "GET", back+"?"+right, ""); got != http.StatusConflict {
		t.Errorf("the same answer again: got status %d, want %d", got, http.StatusConflict)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := <-first; got != http.StatusOK || len(a.forms) != 1 {
		t.Errorf("the first answer: got status %d and %d token requests, want 200 and 1", got, len(a.forms))
	}
}

func visitAs(t *testing.T, method, address, host string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("%s: %v", method, err)
		return 0
	}
	defer resp.Body.Close()
	if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s: the page has the headers %v", method, resp.Header)
	}
	return resp.StatusCode
}

func TestRedirectURLs(t *testing.T) {
	t.Parallel()
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return port
	}
	port := free()
	tests := []struct {
		name, url string
		listens   bool
		want      string // PORT is any
	}{
		{"none", "", true, "http://127.0.0.1:PORT/callback"},
		{"with a port", "http://127.0.0.1:" + port + "/oauth/cb", true, "http://127.0.0.1:" + port + "/oauth/cb"},
		{"without a path", "http://127.0.0.1", true, "http://127.0.0.1:PORT"},
		{"without a port", "http://127.0.0.1/cb", true, "http://127.0.0.1:PORT/cb"},
		{"localhost", "http://localhost/cb", true, "http://localhost:PORT/cb"},
		{"capitals", "http://LocalHost/cb", true, "http://LocalHost:PORT/cb"},
		{"the other loopback address", "http://[::1]/cb", true, "http://[::1]:PORT/cb"},
		{"with a query", "http://127.0.0.1/cb?a=1", true, "http://127.0.0.1:PORT/cb?a=1"},
		{"elsewhere", "https://example.com/cb", false, "https://example.com/cb"},
		{"loopback over TLS", "https://127.0.0.1:8443/cb", false, "https://127.0.0.1:8443/cb"},
		{"a name below localhost", "http://localhost.example.com/cb", false, "http://localhost.example.com/cb"},
		{"out of band", "urn:ietf:wg:oauth:2.0:oob", false, "urn:ietf:wg:oauth:2.0:oob"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := newLanding(tt.url, func(url.Values) error { return nil })
			if err != nil && strings.Contains(tt.url, "[::1]") {
				t.Skipf("this machine has no IPv6: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer l.close()
			if l.listens() != tt.listens {
				t.Fatalf("listens: got %v, want %v", l.listens(), tt.listens)
			}
			got := l.redirect
			if tt.listens && strings.Contains(tt.want, "PORT") {
				u := mustURL(t, got)
				got = strings.Replace(got, ":"+u.Port(), ":PORT", 1)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if !tt.listens {
				return
			}
			go func() {
				back := <-l.answers
				back.outcome <- nil
			}()
			// As browsers write it: Go asks a proxy for LocalHost.
			if status := visitFor(t.Context(), strings.ToLower(l.redirect)); status != http.StatusOK {
				t.Errorf("at the redirect URL: status %d", status)
			}
		})
	}
}

func visitFor(ctx context.Context, address string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return -1
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestPortThatIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	a := newAuthority(t)
	k := a.keyring(t, Options{}, Settings{"redirect_url": "http://" + taken.Addr().String() + "/callback"})
	err = k.Login(t.Context(), "p", Prompt{Visit: func(Visit) { t.Error("the person was sent to the page") }})
	failed, ok := errors.AsType[*SignInError](err)
	if !ok || !strings.Contains(failed.Error(), "address already in use") || !strings.Contains(failed.Help(), "another port") {
		t.Errorf("got %v", err)
	}
}

// pasting is a person who pastes one text after the other, then nothing more.
func pasting(texts ...string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if len(texts) == 0 {
			return "", io.EOF
		}
		text := texts[0]
		texts = texts[1:]
		return text, nil
	}
}

func TestWhatIsPasted(t *testing.T) {
	t.Parallel()
	l := newCodeLogin(inBubble(t, &system{}, nil).endpoint, metadata{})
	l.state = "the-state"
	tests := []struct {
		name, text string
		code       string
		want       string // the error
	}{
		{"a code", "  4/0Ab_c-d~e\n", "4/0Ab_c-d~e", ""},
		{"a code with equal signs", "abc==", "abc==", ""},
		{"the address", "http://127.0.0.1:4711/callback?code=a%2Fb&state=the-state", "a/b", ""},
		{"the address elsewhere", "https://example.com/cb?state=the-state&code=c#top", "c", ""},
		{"without scheme", "127.0.0.1:4711/callback?code=c&state=the-state", "c", ""},
		{"only the query", "?code=c&state=the-state", "c", ""},
		{"only the query, bare", "code=c&state=the-state", "c", ""},
		{"nothing", " \n", "", "nothing was pasted"},
		{"a sentence", "I cannot find it", "", "what was pasted is neither a code nor an address: a code has no spaces"},
		{"another state", "http://127.0.0.1:4711/callback?code=c&state=other", "", "the address that was pasted is no answer to this sign-in: its state is that of another one"},
		{"no state", "http://127.0.0.1:4711/callback?code=c", "", "the address that was pasted is no answer to this sign-in: it has no state"},
		{"two codes", "http://127.0.0.1:4711/callback?code=c&code=d&state=the-state", "", "the address that was pasted is no answer to this sign-in: it has more than one code"},
		{"the page itself", "https://as.example.com/authorize?code_challenge=x&state=the-state", "", "what was pasted is the address of the page to sign in at: paste the one that the browser ends at"},
		{"some address", "https://as.example.com/home", "", "the address that was pasted has no code in it: paste the one that the browser ends at"},
		{"a broken one", "https://as.example.com/cb?code=%zz&state=the-state", "", "what was pasted is a broken address"},
		{"a novel", strings.Repeat("x", maxPasted+1), "", "what was pasted is too long to be a code or an address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			values, err := l.pasted(tt.text)
			if got := fmt.Sprint(err); err != nil && got != tt.want || err == nil && tt.want != "" {
				t.Fatalf("got the error %v, want %q", err, tt.want)
			}
			if got := values.Get("code"); got != tt.code {
				t.Errorf("got the code %q, want %q", got, tt.code)
			}
		})
	}
}

// FuzzPasted holds that no address without the state of the login is taken, and no code that is none.
func FuzzPasted(f *testing.F) {
	for _, text := range []string{"abc", "http://127.0.0.1/cb?code=a&state=the-state", "?state=the-state&error=x", "code=%00&state=the-state", "a b"} {
		f.Add(text)
	}
	e := inBubble(f, &system{}, nil).endpoint
	f.Fuzz(func(t *testing.T, text string) {
		l := newCodeLogin(e, metadata{})
		l.state = "the-state"
		values, err := l.pasted(text)
		if err != nil {
			return
		}
		if isAddress(strings.TrimSpace(text)) && values.Get("state") != "the-state" {
			t.Errorf("taken without the state: %q", text)
		}
		if code, failed := l.code(values); failed == nil && !isCode(code) {
			t.Errorf("taken as a code: %q", code)
		}
	})
}

func TestLoginByPasting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		texts func(state string) []string
	}{
		{"the code", func(string) []string { return []string{codeOfTests} }},
		{"the address", func(state string) []string {
			return []string{"https://example.com/cb?" + url.Values{"state": {state}, "code": {codeOfTests}}.Encode()}
		}},
		{"after mistakes", func(string) []string { return []string{"", "https://example.com/cb?code=x&state=y", codeOfTests} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			k := a.keyring(t, Options{}, Settings{"redirect_url": "https://example.com/cb"})
			var paste func(context.Context) (string, error)
			var refused int
			err := k.Login(t.Context(), "p", Prompt{
				Visit: func(v Visit) {
					if v.Returns {
						t.Error("the person is told that the browser comes back by itself")
					}
					u := mustURL(t, v.URL)
					a.asked = u.Query()
					paste = pasting(tt.texts(a.asked.Get("state"))...)
				},
				Paste:   func(ctx context.Context) (string, error) { return paste(ctx) },
				Refused: func(error) { refused++ },
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := a.forms[0].Get("redirect_uri"); got != "https://example.com/cb" {
				t.Errorf("redirect_uri: got %s", got)
			}
			if want := len(tt.texts("")) - 1; refused != want {
				t.Errorf("refused %d times, want %d", refused, want)
			}
		})
	}
}

// TestPastingBesideTheBrowser has a browser on another machine end at an address where nobody is.
func TestPastingBesideTheBrowser(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	k := a.keyring(t, Options{}, nil)
	var ended string
	err := k.Login(t.Context(), "p", Prompt{
		Visit: func(v Visit) {
			a.asked = mustURL(t, v.URL).Query()
			ended = a.asked.Get("redirect_uri") + "?" + url.Values{"state": {a.asked.Get("state")}, "code": {codeOfTests}}.Encode()
		},
		Paste: func(context.Context) (string, error) { return ended, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.forms) != 1 {
		t.Errorf("%d token requests, want 1", len(a.forms))
	}
}

// TestNobodyPastes has nothing come on standard input: the browser may still come back, where it can.
func TestNobodyPastes(t *testing.T) {
	t.Parallel()
	t.Run("the browser does", func(t *testing.T) {
		t.Parallel()
		a := newAuthority(t)
		shown := make(chan page, 1)
		gone := make(chan bool)
		open := browsing(t, shown)
		err := a.keyring(t, Options{}, nil).Login(t.Context(), "p", Prompt{
			Visit: func(v Visit) { go func() { <-gone; open(v) }() },
			Paste: func(context.Context) (string, error) { close(gone); return "", io.EOF },
		})
		if err != nil {
			t.Fatal(err)
		}
		<-shown
	})
	t.Run("nor does the browser", func(t *testing.T) {
		t.Parallel()
		a := newAuthority(t)
		err := a.keyring(t, Options{}, Settings{"redirect_url": "https://example.com/cb"}).Login(t.Context(), "p", Prompt{
			Visit: func(Visit) {}, Paste: pasting("not a code"),
		})
		if err == nil || !strings.Contains(err.Error(), "neither a code nor an address") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("somebody pastes what is of no use", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // the browser is waited for longer
		defer cancel()
		err := newAuthority(t).keyring(t, Options{}, nil).Login(ctx, "p", Prompt{
			Visit: func(Visit) {}, Paste: pasting(slices.Repeat([]string{"not a code"}, maxPastes)...),
		})
		failed, ok := errors.AsType[*SignInError](err)
		if !ok || !strings.Contains(failed.Error(), "of no use 5 times over") || !strings.Contains(failed.Help(), "snrun auth login p") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("and nobody could", func(t *testing.T) {
		t.Parallel()
		a := newAuthority(t)
		err := a.keyring(t, Options{}, Settings{"redirect_url": "https://example.com/cb"}).Login(t.Context(), "p", Prompt{
			Visit: func(Visit) { t.Error("the person was sent to the page") },
		})
		if failed, ok := errors.AsType[*SignInError](err); !ok || !strings.Contains(failed.Help(), "in a terminal") {
			t.Errorf("got %v", err)
		}
	})
}

func TestLoginWaitsFiveMinutes(t *testing.T) {
	t.Parallel()
	forever := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	settings := Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize", "redirect_url": "https://example.com/cb"}
	t.Run("then says so", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			started := time.Now()
			err := inBubble(t, &system{}, settings).loginInBrowser(t.Context(), Prompt{Visit: func(Visit) {}, Paste: forever})
			if took := time.Since(started); took != 5*time.Minute {
				t.Errorf("it took %v", took)
			}
			failed, ok := errors.AsType[*SignInError](err)
			if !ok || !strings.Contains(failed.Error(), "within 5 minutes") || !strings.Contains(failed.Help(), "snrun auth login p") {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("or until it is stopped", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Minute, cancel)
			err := inBubble(t, &system{}, settings).loginInBrowser(ctx, Prompt{Visit: func(Visit) {}, Paste: forever})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestBadStateIsTold has an answer come back whose state is another one: the wait goes on, and its error tells.
func TestBadStateIsTold(t *testing.T) {
	t.Parallel()
	l := newCodeLogin(inBubble(t, &system{}, nil).endpoint, metadata{})
	var err error
	if l.landing, err = newLanding("", l.ours); err != nil {
		t.Fatal(err)
	}
	defer l.landing.close()
	if status := visitFor(t.Context(), l.landing.redirect+"?code=c&state=another"); status != http.StatusBadRequest {
		t.Errorf("got status %d", status)
	}
	if got := l.nobody(); !strings.Contains(got.Error(), "did not belong to this sign-in: 1") {
		t.Errorf("got %v", got)
	}
}

// TestRedirectThatTheServerDoesNotKnow has nobody come back: the help must name an address that stays the same.
func TestRedirectThatTheServerDoesNotKnow(t *testing.T) {
	t.Parallel()
	const own = "https://example.com/cb"
	tests := []struct{ redirect, want string }{
		{"", "write a redirect_url into the profile, http://127.0.0.1:8912/callback or the like, and register the same one at the server"},
		{own, "register " + own + " at the server, letter for letter"},
	}
	for _, tt := range tests {
		l := newCodeLogin(inBubble(t, &system{}, Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize", "redirect_url": tt.redirect}).endpoint, metadata{})
		l.landing = &landing{redirect: cmp.Or(tt.redirect, "http://127.0.0.1:40123/callback")}
		want := "sign in again: snrun auth login p; if the page spoke of a wrong redirect URI, " + tt.want
		if got := l.nobody().Help(); got != want {
			t.Errorf("redirect_url %q: got\n%s\nwant\n%s", tt.redirect, got, want)
		}
	}
}

// TestCodeIsExchangedOnce asks again only where the request was not carried out: a server ends what came of a code that comes twice.
func TestCodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter) // to the first request
		asked  int
		want   string // the error
	}{
		{"the endpoint is down for a moment", down, 2, ""},
		{"a gateway lost the answer", func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }, 1, "status 502"},
		{"a web page", webPage, 1, "a web page"},
		{"the code is not good", says("invalid_grant"), 1, "invalid_grant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
					if n == 1 {
						tt.answer(w)
						return
					}
					tokens(w)
				}}
				source := inBubble(t, s, Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize", "redirect_url": "https://example.com/cb"})
				err := source.loginInBrowser(t.Context(), Prompt{Visit: func(Visit) {}, Paste: pasting(codeOfTests)})
				if err == nil != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				if s.asked() != tt.asked {
					t.Errorf("%d token requests, want %d", s.asked(), tt.asked)
				}
			})
		})
	}
}

// TestLoginByDiscovery has all addresses come from the issuer, and holds the answer to its name.
func TestLoginByDiscovery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, iss, want string }{
		{"the issuer's answer", "SELF", ""},
		{"somebody else's", "https://evil.example.com", "comes from the issuer https://evil.example.com"},
		{"nobody's", "", "does not say which issuer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			a.answer = func(q url.Values) {
				if tt.iss != "" {
					q.Set("iss", strings.Replace(tt.iss, "SELF", a.URL, 1))
				}
			}
			k := a.keyring(t, Options{}, Settings{"issuer": a.URL, "token_url": nil, "authorize_url": nil})
			shown := make(chan page, 1)
			err := k.Login(t.Context(), "p", Prompt{Visit: browsing(t, shown)})
			<-shown
			if err == nil != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestLocalhostIsBothAddresses holds that nobody else can be given the code where a browser tries ::1 first.
func TestLocalhostIsBothAddresses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	if l, err := newLanding("http://localhost:"+port+"/cb", nil); err == nil {
		l.close()
		t.Error("somebody else listens at ::1, and that is no error")
	}
	l, err := newLanding("http://localhost/cb", func(url.Values) error { return errors.New("not ours") })
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		address := strings.Replace(l.redirect, "localhost", host, 1)
		if status := visitAs(t, http.MethodGet, address, mustURL(t, l.redirect).Host); status != http.StatusBadRequest {
			t.Errorf("at %s: status %d", host, status)
		}
	}
}
