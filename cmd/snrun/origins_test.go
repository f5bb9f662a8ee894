package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// place is a server of one origin. It notes what each request brought along.
type place struct {
	*httptest.Server
	mu   sync.Mutex
	came []string // method, address and proofs
}

// newPlace starts a server with TLS, which asks for a client certificate, or without.
func newPlace(t *testing.T, secure bool, handle http.HandlerFunc) *place {
	t.Helper()
	p := &place{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		p.mu.Lock()
		p.came = append(p.came, fmt.Sprintf("%s %s: %s", r.Method, r.URL.Path, strings.Join(proofs(r, string(body)), " ")))
		p.mu.Unlock()
		if handle != nil {
			handle(w, r)
		}
	}))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		p.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	return p
}

// proofs are the names of all on a request that shows who sends it, or where from.
func proofs(r *http.Request, body string) []string {
	var list []string
	for name := range r.Header {
		switch {
		case name == "Authorization":
			scheme, _, _ := strings.Cut(r.Header.Get(name), " ")
			list = append(list, strings.TrimSuffix(scheme, ","))
		case slices.Contains([]string{"Cookie", "Referer", "X-Key", "X-Signature", "Signature", "Signature-Input", "X-Amz-Date", "X-Amz-Security-Token", "X-Own", "X-Step"}, name):
			list = append(list, name)
		}
	}
	if r.URL.Query().Has("key") {
		list = append(list, "?key")
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		list = append(list, "certificate")
	}
	form, _ := url.ParseQuery(body)
	for _, name := range []string{"client_secret", "token", "refresh_token", "code_verifier", "password"} {
		if form.Has(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// arrived is what came, below a path.
func (p *place) arrived(below string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, line := range p.came {
		if strings.Contains(line, " "+below) {
			list = append(list, line)
		}
	}
	return list
}

// certificate writes ca.pem, me.pem and me.key into the project.
func (u *user) certificate(ca *httptest.Server) {
	u.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		u.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(4711), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		u.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		u.t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}, "me.pem": {Type: "CERTIFICATE", Bytes: der}, "me.key": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		u.write(name, string(pem.EncodeToMemory(block)))
	}
}

// proofOf is what each sign-in puts on a request.
var proofOf = map[string]struct{ signIn, proof string }{
	"basic":     {`type: basic, username: ann, password: "${secret.KEY}"`, "Basic"},
	"bearer":    {`type: bearer, token: "${secret.KEY}"`, "Bearer"},
	"header":    {`type: api_key, in: header, name: X-Key, value: "${secret.KEY}"`, "X-Key"},
	"query":     {`type: api_key, in: query, name: key, value: "${secret.KEY}"`, "?key"},
	"oauth2":    {`type: oauth2, grant: client_credentials, token_url: "ISSUER/token", client_id: me, client_auth: body, client_secret: "${secret.KEY}"`, "Bearer"},
	"aws":       {`type: aws_sigv4, access_key_id: AKID, secret_access_key: "${secret.KEY}", session_token: "${secret.KEY}", region: eu-central-1, service: s3`, "AWS4-HMAC-SHA256 X-Amz-Date X-Amz-Security-Token"},
	"hmac":      {`type: hmac, key: "${secret.KEY}", template: "{method}", headers: {X-Signature: "{signature}"}`, "X-Signature"},
	"signature": {`type: http_signature, algorithm: hmac-sha256, key_id: me, key: "${secret.KEY}"`, "Signature Signature-Input"},
	"digest":    {`type: digest, username: ann, password: "${secret.KEY}"`, "Digest"},
}

// leaving are the ways by which a request may come to another origin, one step each. AWAY is that origin, HOST its host, HTTP one without TLS.
var leaving = []string{
	`rest: {profile: P, path: /chain, headers: {X-Step: "1"}, expect: response.status == 200}`,
	`rest: {profile: P, path: /there, headers: {X-Step: "1"}, expect: response.status == 401}`,
	`rest: {profile: P, path: /inside, expect: response.status == 200}`,
	`rest: {profile: P, method: POST, path: /there307, json: {a: 1}}`,
	`rest: {profile: P, method: POST, path: /there303, json: {a: 1}, expect: response.status == 401}`,
	`rest: {profile: P, path: /plain}`,
	`rest: {profile: P, url: "AWAY/P/direct", expect: response.status == 401}`,
	`rest: {profile: P, url: "HTTP/P/direct", expect: response.status == 401}`,
	`rest: {profile: P, path: /page, paginate: {type: link, items: "${response.body.items}"}}`,
	`rest: {profile: P, path: /cursor, paginate: {type: cursor, items: "${response.body.items}", next: "${response.body.next}", inject: query.cursor}}`,
	`rest: {profile: P, path: "AWAY/P/path"}`,
	`rest: {profile: P, path: "@HOST/P/path"}`,
}

// TestCredentialsStayAtHome has every sign-in, with a client certificate beside it, led to other origins in every way.
func TestCredentialsStayAtHome(t *testing.T) {
	t.Parallel()
	challenge := func(w http.ResponseWriter) {
		w.Header().Add("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256`)
		reply(w, http.StatusUnauthorized, "text/plain", "who are you?")
	}
	var home, away, plain *place
	plain = newPlace(t, false, func(w http.ResponseWriter, _ *http.Request) { challenge(w) })
	away = newPlace(t, true, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/hop") {
			http.Redirect(w, r, strings.TrimSuffix(home.URL+r.URL.Path, "hop")+"back?"+r.URL.RawQuery, http.StatusFound)
			return
		}
		challenge(w)
	})
	home = newPlace(t, true, func(w http.ResponseWriter, r *http.Request) {
		name, path, _ := strings.Cut(r.URL.Path[1:], "/")
		to := func(base, path string, status int) {
			u, _ := url.Parse(base + "/" + name + "/" + path + "?" + r.URL.RawQuery)
			u.User = url.UserPassword("ann", "pw")
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
			http.Redirect(w, r, u.String(), status)
		}
		switch {
		case name == "digest" && r.Header.Get("Authorization") == "":
			challenge(w)
		case path == "chain":
			to(away.URL, "hop", http.StatusFound)
		case path == "there":
			to(away.URL, "x", http.StatusMovedPermanently)
		case path == "inside":
			to(home.URL, "within", http.StatusTemporaryRedirect)
		case path == "there307":
			to(away.URL, "x", http.StatusTemporaryRedirect)
		case path == "there303":
			to(away.URL, "x", http.StatusSeeOther)
		case path == "plain":
			to(plain.URL, "x", http.StatusFound)
		case path == "page":
			w.Header().Set("Link", "<"+away.URL+"/"+name+"/next?"+r.URL.RawQuery+`>; rel="next"`)
			reply(w, 200, "application/json", object("items", []int{1}, "next", away.URL+"/"+name+"/next?"+r.URL.RawQuery))
		case path == "cursor" && !r.URL.Query().Has("cursor"):
			reply(w, 200, "application/json", object("items", []int{1}, "next", away.URL+"/"+name+"/next"))
		default:
			reply(w, 200, "application/json", object("items", []int{2}, "next", nil))
		}
	})
	issuer := newPlace(t, true, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, "application/json", object("access_token", "access-of-me", "expires_in", 3600))
	})
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"KEY=the-key-of-all-sign-ins")
	u.certificate(home.Server)
	profiles, job := "version: 1\nprofiles:\n", "version: 1\nsteps:\n"
	for _, name := range slices.Sorted(maps.Keys(proofOf)) {
		profiles += fmt.Sprintf("  %s: {base_url: %s/%[1]s, headers: {X-Own: me}, tls: {ca_file: ca.pem, cert_file: me.pem, key_file: me.key}, auth: {%[3]s}}\n", name, home.URL,
			strings.ReplaceAll(proofOf[name].signIn, "ISSUER", issuer.URL))
		for _, way := range leaving {
			job += "  - try: [{" + strings.NewReplacer("P,", name+",", "AWAY/P", away.URL+"/"+name, "HTTP/P", plain.URL+"/"+name, "HOST/P", away.Listener.Addr().String()+"/"+name).Replace(way) +
				"}]\n    catch: [{steps: [{log: \"" + name + " ${error.message}\"}]}]\n"
		}
	}
	u.write("profiles.yaml", profiles)
	u.write("leave.yaml", job)
	got := u.must(exitOK, "run", "leave", "--progress", "plain")
	u.must(exitOK, "history", "show", "@last", "--http", "--json")
	for name, want := range proofOf {
		if n := strings.Count(got.stderr, "│ "+name+" "); n != 4 {
			t.Errorf("%s: %d of the ways were refused, want four:\n%s", name, n, got.stderr)
		}
		checkAtHome(t, name, want.proof, home, away, plain)
	}
	if got, want := issuer.arrived("/token"), []string{"POST /token: client_secret"}; !slices.Equal(got, want) {
		t.Errorf("the issuer got %q, want %q", got, want)
	}
	u.checkHidden([]string{"the-key-of-all-sign-ins", "access-of-me"})
}

// checkAtHome wants all requests signed at home, and none elsewhere.
func checkAtHome(t *testing.T, name, proof string, home, away, plain *place) {
	signed := 0
	for _, line := range home.arrived("/" + name + "/") {
		asking := name == "digest" && !strings.Contains(line, "Digest")
		if !asking && !strings.Contains(line, proof) || !strings.Contains(line, "X-Own") || !strings.Contains(line, "certificate") || strings.Contains(line, "Cookie") {
			t.Errorf("at home came %s", line)
		}
		if !asking {
			signed++
		}
	}
	if signed < 10 {
		t.Errorf("%d signed requests came home", signed)
	}
	want := []string{"GET /N/hop: ", "GET /N/x: ", "GET /N/x: ", "GET /N/direct: "}
	for i := range want {
		want[i] = strings.Replace(want[i], "N", name, 1)
	}
	if got := away.arrived("/" + name + "/"); !slices.Equal(got, want) {
		t.Errorf("another origin got %q, want %q", got, want)
	}
	if got := plain.arrived("/" + name + "/"); !slices.Equal(got, []string{"GET /" + name + "/direct: "}) {
		t.Errorf("the origin without TLS got %q", got)
	}
}

// TestDiscoveredEndpoints has an issuer name endpoints at other origins.
func TestDiscoveredEndpoints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		document func(issuer, elsewhere, plain string) string
		code     int
		says     string
		at       []string // what came to the other origin
	}{
		{"another host", func(issuer, elsewhere, _ string) string {
			return object("issuer", issuer, "token_endpoint", elsewhere+"/token")
		}, exitOK, "",
			[]string{"POST /token: client_secret"}},
		{"without TLS", func(issuer, _, plain string) string {
			return object("issuer", issuer, "token_endpoint", plain+"/token")
		}, exitSignIn,
			"token_endpoint in the discovery document is not an https address", nil},
		{"revoked without TLS", func(issuer, elsewhere, plain string) string {
			return object("issuer", issuer, "token_endpoint", elsewhere+"/token", "revocation_endpoint", plain+"/revoke")
		}, exitSignIn, "revocation_endpoint in the discovery document is not an https address", nil},
		{"with a password", func(issuer, elsewhere, _ string) string {
			return object("issuer", issuer, "token_endpoint", strings.Replace(elsewhere, "//", "//ann:pw@", 1)+"/token")
		}, exitSignIn, "token_endpoint in the discovery document is no address of a web server", nil},
		{"of somebody else", func(_, elsewhere, _ string) string {
			return object("issuer", elsewhere, "token_endpoint", elsewhere+"/token")
		}, exitSignIn,
			"the document is that of issuer", nil},
		{"moved", nil, exitSignIn, "which discovery never follows", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			give := func(w http.ResponseWriter, _ *http.Request) {
				reply(w, 200, "application/json", object("access_token", "access-of-me", "expires_in", 3600))
			}
			home, elsewhere, plain := newPlace(t, true, nil), newPlace(t, true, give), newPlace(t, false, give)
			var issuer *place
			issuer = newPlace(t, true, func(w http.ResponseWriter, r *http.Request) {
				if tt.document == nil {
					http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
					return
				}
				reply(w, 200, "application/json", tt.document(issuer.URL, elsewhere.URL, plain.URL))
			})
			u := newUser(t, sandbox.Options{})
			u.environ = append(u.environ, secretVariable+"KEY=the-key-of-the-client")
			u.certificate(home.Server)
			u.write("profiles.yaml", "version: 1\nprofiles:\n  p:\n    base_url: "+home.URL+"\n    tls: {ca_file: ca.pem, cert_file: me.pem, key_file: me.key}\n    auth: {type: oauth2, issuer: \""+
				issuer.URL+"\", client_id: me, client_secret: \"${secret.KEY}\", client_auth: body}\n")
			u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: p, path: /x}\n    retry: none\n")
			if got := u.must(tt.code, "run", "ask"); !strings.Contains(got.stderr, tt.says) {
				t.Errorf("the error does not say %q:\n%s", tt.says, got.stderr)
			}
			if got := elsewhere.arrived(""); !slices.Equal(got, tt.at) {
				t.Errorf("the other origin got %q, want %q", got, tt.at)
			}
			if got := plain.arrived(""); got != nil {
				t.Errorf("the origin without TLS got %q", got)
			}
			for _, line := range issuer.arrived("") {
				if !regexp.MustCompile(`^GET /\.well-known/[a-z-]+: $`).MatchString(line) {
					t.Errorf("the issuer got %q", line)
				}
			}
			u.checkHidden([]string{"the-key-of-the-client", "access-of-me"})
		})
	}
}

// TestEndpointsOfAProfileElsewhere has the page, the token endpoint and the revocation each at an origin of its own.
func TestEndpointsOfAProfileElsewhere(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	at := func() *place { return newPlace(t, false, u.server.ServeHTTP) }
	home, page, token, revoke := at(), at(), at(), at()
	u.write("profiles.yaml", fmt.Sprintf(`version: 1
profiles:
  p:
    base_url: %s
    test_path: /api/now/table/incident?sysparm_limit=1
    auth: {type: oauth2, grant: authorization_code, authorize_url: "%s/oauth_auth.do", token_url: "%s/oauth_token.do", revoke_url: "%s/oauth_revoke_token.do",
      client_id: snrun, client_secret: "${secret.SANDBOX_CLIENT_SECRET}", client_auth: body}
`, home.URL, page.URL, token.URL, revoke.URL))
	u.withBrowser("allow").must(exitOK, "auth", "login", "p")
	u.must(exitOK, "auth", "test", "p")
	u.must(exitOK, "auth", "reset", "p")
	for _, tt := range []struct {
		name string
		at   *place
		want []string
	}{
		{"the page", page, []string{"GET /oauth_auth.do: ", "POST /oauth_auth.do: "}},
		{"the token endpoint", token, []string{"POST /oauth_token.do: client_secret code_verifier"}},
		{"the system", home, []string{"GET /api/now/table/incident: Bearer"}},
		{"the revocation", revoke, []string{"POST /oauth_revoke_token.do: client_secret token"}},
	} {
		if got := tt.at.arrived(""); !slices.Equal(got, tt.want) {
			t.Errorf("%s got %q, want %q", tt.name, got, tt.want)
		}
	}
}
