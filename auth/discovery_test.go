package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// issuer is a server with discovery documents at some of its paths, and a token endpoint at /t.
type issuer struct {
	system
	documents map[string]string // by path
	asked     []string          // the paths that were asked for
	answer    http.HandlerFunc  // in place of documents, where it is set
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == "/t" {
		req.URL.Path = "/token"
		i.system.ServeHTTP(w, req)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = append(i.asked, req.URL.Path)
	if i.answer != nil {
		i.answer(w, req)
		return
	}
	document, there := i.documents[req.URL.Path]
	if !there {
		http.NotFound(w, req)
		return
	}
	_, _ = io.WriteString(w, document)
}

// discovering is an endpoint whose addresses come from an issuer.
func discovering(t testing.TB, i http.Handler, name string, settings Settings) *endpoint {
	t.Helper()
	p := oauthProfile(t, baseOfTests, settings)
	p.Settings["issuer"] = name
	if p.Settings["token_url"] == "/token" {
		delete(p.Settings, "token_url")
	}
	e := endpointOf(t, Options{}, p)
	e.wire = direct{i}
	return e
}

func documentOf(issuer string, more ...string) string {
	d := map[string]any{"issuer": issuer, "token_endpoint": "https://id.example.com/t"}
	for i := 0; i+1 < len(more); i += 2 {
		d[more[i]] = more[i+1]
	}
	text, _ := json.Marshal(d) // of texts
	return string(text)
}

const (
	openIDPath = "/.well-known/openid-configuration"
	oauthPath  = "/.well-known/oauth-authorization-server"
)

func TestDiscoveryFindsTheDocument(t *testing.T) {
	t.Parallel()
	const host = "https://id.example.com"
	tests := []struct {
		name, issuer, at string
		asked            []string
	}{
		{"OpenID Connect", host, openIDPath, []string{openIDPath}},
		{"with a slash at its end", host + "/", openIDPath, []string{openIDPath}},
		{"RFC 8414", host, oauthPath, []string{openIDPath, oauthPath}},
		{"OpenID Connect with a path", host + "/a/b", "/a/b" + openIDPath, []string{"/a/b" + openIDPath}},
		{"a path and a slash", host + "/a/", "/a" + openIDPath, []string{"/a" + openIDPath}},
		{"RFC 8414 with a path", host + "/a/b", oauthPath + "/a/b", []string{"/a/b" + openIDPath, oauthPath + "/a/b"}},
		{"OpenID Connect, the path as in RFC 8414", host + "/a", openIDPath + "/a", []string{"/a" + openIDPath, oauthPath + "/a", openIDPath + "/a"}},
		{"RFC 8414, the path as in OpenID Connect", host + "/a", "/a" + oauthPath,
			[]string{"/a" + openIDPath, oauthPath + "/a", openIDPath + "/a", "/a" + oauthPath}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := &issuer{documents: map[string]string{tt.at: documentOf(tt.issuer)}}
			e := discovering(t, i, tt.issuer, nil)
			if len(i.asked) > 0 {
				t.Fatalf("the keyring asked for %s", i.asked)
			}
			for range 3 {
				if _, failed := exchangeOf(t, e); failed != nil {
					t.Fatal(failed)
				}
			}
			if !slices.Equal(i.asked, tt.asked) {
				t.Errorf("asked for %s, want %s", i.asked, tt.asked)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const (
		host = "https://id.example.com"
		all  = `{"issuer": "https://id.example.com", "token_endpoint": "https://id.example.com/t", "authorization_endpoint": "https://login.example.com/a",
			"device_authorization_endpoint": "https://id.example.com/d", "revocation_endpoint": "https://id.example.com/r",
			"authorization_response_iss_parameter_supported": true, "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.example.com/t",
			"device_authorization_endpoint": "https://mtls.example.com/d", "revocation_endpoint": "https://mtls.example.com/r"}, "jwks_uri": 7}`
	)
	cert := Settings{"client_auth": "mtls"}
	tests := []struct {
		name     string
		settings Settings
		document string
		want     string // issuer, token, authorize, device, revoke, whether iss comes
	}{
		{"everything", nil, all, host + " " + host + "/t https://login.example.com/a " + host + "/d " + host + "/r true"},
		{"little", nil, documentOf(host), host + " " + host + "/t - - - false"},
		{"the profile has the last word", Settings{"token_url": "/tt", "authorize_url": "/aa", "device_url": "/dd", "revoke_url": "/rr"}, all,
			host + " https://api.example.com/tt https://api.example.com/aa https://api.example.com/dd https://api.example.com/rr true"},
		{"with a client certificate", cert, all, host + " https://mtls.example.com/t https://login.example.com/a https://mtls.example.com/d https://mtls.example.com/r true"},
		{"with a certificate, no addresses for that", cert, documentOf(host), host + " " + host + "/t - - - false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := oauthProfile(t, baseOfTests, tt.settings)
			e := discovering(t, &issuer{documents: map[string]string{openIDPath: tt.document}}, host, nil)
			e.clientAuth, e.urls = clientAuthNamed(p.Settings.text("client_auth")), metadata{issuer: host}
			if p.Settings.has("revoke_url") {
				e.urls = urlsOf(p)
				e.urls.issuer = host
			}
			m, failed := e.resolve(t.Context())
			if failed != nil {
				t.Fatal(failed)
			}
			got := m.issuer
			for _, u := range []*url.URL{m.token, m.authorize, m.device, m.revoke} {
				if u == nil {
					got += " -"
				} else {
					got += " " + u.String()
				}
			}
			if got += fmt.Sprint(" ", m.iss); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestResolveWithoutIssuer(t *testing.T) {
	t.Parallel()
	e := inBubble(t, &system{}, Settings{"authorize_url": "https://id.example.com/a"}).endpoint
	m, failed := e.resolve(t.Context())
	if failed != nil || m.issuer != "" || m.token.String() != baseOfTests+"/token" || m.authorize.String() != "https://id.example.com/a" || m.device != nil {
		t.Errorf("got %+v, %v", m, failed)
	}
}

func TestNoDiscoveryForWhatTheProfileSays(t *testing.T) {
	t.Parallel()
	i := &issuer{}
	e := discovering(t, i, "https://id.example.com", Settings{"token_url": "https://id.example.com/t"})
	if _, failed := exchangeOf(t, e); failed != nil || len(i.asked) > 0 {
		t.Errorf("got %v, asked for %s", failed, i.asked)
	}
}

func TestDiscoveryFails(t *testing.T) {
	t.Parallel()
	const host = "https://id.example.com"
	give := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const hint = "check issuer, or write token_url and the like in its place: there is no usable discovery document"
	tests := []struct {
		name   string
		answer http.HandlerFunc
		kind   failure
		asked  int
		says   string
		help   string
	}{
		{"nowhere", give(404, "<html>"), unusable, 2, "status 404", hint},
		{"a web page everywhere", give(200, "<html>"), unusable, 2, "status 200: the discovery document is broken, or no JSON", hint},
		{"down", give(503, "", "Retry-After", "7"), unreachable, 1, "status 503", ""},
		{"a redirect", give(302, "", "Location", "https://evil.example/x?a=1"), unusable, 2, "status 302: redirected to https://evil.example/x, which discovery never follows", hint},
		{"another issuer", give(200, documentOf("https://evil.example")), unusable, 2,
			"status 200: the document is that of issuer https://evil.example, not of https://id.example.com",
			"check issuer: it must be, letter by letter, the name that the server gives itself"},
		{"a slash too many", give(200, documentOf(host+"/")), unusable, 2,
			"status 200: the document is that of issuer https://id.example.com/, not of https://id.example.com", "write issuer: https://id.example.com/"},
		{"no issuer", give(200, `{}`), unusable, 2, "status 200: the document is that of issuer , not of https://id.example.com",
			"check issuer: it must be, letter by letter, the name that the server gives itself"},
		{"no token endpoint", give(200, `{"issuer":"https://id.example.com"}`), unusable, 1, "the discovery document names no token_endpoint", "write token_url"},
		{"in the clear", give(200, documentOf(host, "token_endpoint", "http://id.example.com/t")), unusable, 2,
			"status 200: token_endpoint in the discovery document is not an https address", hint},
		{"in the clear, on loopback", give(200, documentOf(host, "token_endpoint", "http://127.0.0.1/t")), unusable, 2,
			"status 200: token_endpoint in the discovery document is not an https address", hint},
		{"no web server", give(200, documentOf(host, "authorization_endpoint", "file:///etc/passwd")), unusable, 2,
			"status 200: authorization_endpoint in the discovery document is no address of a web server", hint},
		{"a host that a script would run", give(200, documentOf(host, "authorization_endpoint", `https://id.example.com";calc;"/`)), unusable, 2,
			"status 200: authorization_endpoint in the discovery document is no address of a web server", hint},
		{"a user in it", give(200, documentOf(host, "revocation_endpoint", "https://u:p@id.example.com/r")), unusable, 2,
			"status 200: revocation_endpoint in the discovery document is no address of a web server", hint},
		{"a path only", give(200, documentOf(host, "token_endpoint", "/t")), unusable, 2,
			"status 200: token_endpoint in the discovery document is no address of a web server", hint},
		{"another type", give(200, `{"issuer":"https://id.example.com","token_endpoint":["x"]}`), unusable, 2,
			"status 200: the discovery document is broken, or no JSON", hint},
		{"5 MB", give(200, `{"issuer":"`+strings.Repeat("x", 5<<20)+`"}`), unusable, 2, "status 200: the discovery document is larger than 1 MB", hint},
		{"control characters", give(200, documentOf("https://id.example.com\r\n\x1b[31m")), unusable, 2,
			"status 200: the document is that of issuer https://id.example.com   [31m, not of https://id.example.com", "check issuer: it must be, letter by letter, the name that the server gives itself"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			_, _ = io.WriteString(w, `{"issuer"`)
			panic(http.ErrAbortHandler)
		}, unreachable, 1, "status 200: the answer broke off: unexpected EOF", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := &issuer{answer: tt.answer}
			e := discovering(t, i, host, nil)
			if tt.name == "cut off" {
				e.wire = aborting{i}
			}
			_, failed := exchangeOf(t, e)
			if failed == nil || failed.kind != tt.kind || failed.lost {
				t.Fatalf("got %+v", failed)
			}
			if len(i.asked) != tt.asked || len(i.forms) != 0 {
				t.Errorf("asked for %s, and %d times for a token", i.asked, len(i.forms))
			}
			if !strings.HasPrefix(failed.Error(), "profile p: no token from "+host) || !strings.HasSuffix(failed.Error(), ": "+tt.says) {
				t.Errorf("got  %s\nwant %s", failed, tt.says)
			}
			if tt.help != "" && failed.Help() != tt.help {
				t.Errorf("help: got %s, want %s", failed.Help(), tt.help)
			}
		})
	}
}

// Each address of a document is looked at, also those that this profile has no use for.
func TestDiscoveredAddresses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"token_endpoint", "authorization_endpoint", "device_authorization_endpoint", "revocation_endpoint",
		"mtls_endpoint_aliases.token_endpoint", "mtls_endpoint_aliases.device_authorization_endpoint", "mtls_endpoint_aliases.revocation_endpoint",
	} {
		member := `"` + name + `":"http://id.example.com/x"`
		if within, inner, found := strings.Cut(name, "."); found {
			member = `"` + within + `":{"` + inner + `":"http://id.example.com/x"}`
		}
		_, err := readDocument([]byte(`{"issuer":"https://id.example.com",`+member+`}`), "https://id.example.com")
		if want := name + " in the discovery document is not an https address"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// aborting is direct for handlers that break off, as a server's connection does.
type aborting struct{ handler http.Handler }

func (a aborting) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil {
			resp = cutOff(responseOf(http.StatusOK, "application/json", `{"issuer"`))
		}
	}()
	return direct(a).RoundTrip(req)
}

// A failure is not kept: the next one asks again. What was found is.
func TestDiscoveryAsksAgainAfterFailures(t *testing.T) {
	t.Parallel()
	i := &issuer{documents: map[string]string{openIDPath: documentOf("https://id.example.com")}}
	e := discovering(t, i, "https://id.example.com", nil)
	i.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	if _, failed := exchangeOf(t, e); failed == nil || failed.kind != unreachable || failed.Endpoint != "https://id.example.com"+openIDPath {
		t.Fatalf("got %v", failed)
	}
	i.answer = nil
	for range 2 {
		if _, failed := exchangeOf(t, e); failed != nil {
			t.Fatal(failed)
		}
	}
	if len(i.asked) != 2 {
		t.Errorf("asked for %s, want two", i.asked)
	}
}

// TestDiscoveryGrowsOld holds that a document is asked for again after an hour, and that the one before does while there is no new one.
func TestDiscoveryGrowsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const host = "https://id.example.com"
		i := &issuer{documents: map[string]string{openIDPath: documentOf(host)}}
		e := discovering(t, i, host, nil)
		find := func(after time.Duration, asked int, token string) {
			t.Helper()
			time.Sleep(after)
			got, failed := e.discover(t.Context())
			if failed != nil || got.Token != token || len(i.asked) != asked {
				t.Errorf("got %+v, %v after %d requests, want %s after %d", got, failed, len(i.asked), token, asked)
			}
		}
		const old, next = "https://id.example.com/t", "https://id.example.com/t2"
		find(0, 1, old)
		find(59*time.Minute, 1, old)
		i.documents[openIDPath] = documentOf(host, "token_endpoint", next)
		find(2*time.Minute, 2, next)
		i.documents[openIDPath] = "out of order"
		find(2*time.Hour, 4, next)
		find(30*time.Second, 4, next)
		i.answer = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() } // and slow, too
		began := time.Now()
		find(31*time.Second, 5, next)
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("it took %s to go on with what was known", took)
		}
	})
}

func TestSlowDiscovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := discovering(t, nil, "https://id.example.com", nil)
		e.wire = roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		start := time.Now()
		ends := make(chan *SignInError, 2)
		for range 2 { // the second waits for the first
			go func() {
				_, failed := e.exchange(t.Context(), url.Values{"grant_type": {"client_credentials"}})
				ends <- failed
			}()
		}
		for range 2 {
			if failed := <-ends; failed.kind != unreachable || !errors.Is(failed, errTooSlow) || time.Since(start) != exchangeTimeout {
				t.Errorf("got %v after %v", failed, time.Since(start))
			}
		}
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, failed := e.resolve(hasty); failed.kind != abandoned || !errors.Is(failed, context.DeadlineExceeded) {
			t.Errorf("who gave up got %v", failed)
		}
	})
}

// Over real connections an issuer on loopback may speak http, and so may its endpoints.
func TestDiscoveryOnLoopback(t *testing.T) {
	t.Parallel()
	var host string
	rec := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/tenant" + openIDPath:
			_, _ = io.WriteString(w, documentOf(host+"/tenant", "token_endpoint", host+"/t"))
		case "/t":
			grant(w, "T", 60)
		default:
			http.NotFound(w, req)
		}
	})
	host = rec.URL
	p := oauthProfile(t, rec.URL, Settings{"issuer": host + "/tenant"})
	delete(p.Settings, "token_url")
	client := clientOf(t, keyringOf(t, Options{}, p), "p")
	if resp := get(t, client, rec.URL+"/t"); resp.StatusCode != http.StatusOK || rec.count() != 3 {
		t.Errorf("status %d after %d requests", resp.StatusCode, rec.count())
	}
	if got := rec.requests[0]; got.Header.Get("Accept") != "application/json" || got.Header.Get("User-Agent") != "snrun" || got.Header.Get("Authorization") != "" {
		t.Errorf("asked with %v", got.Header)
	}
}

// FuzzReadDocument looks for a document that leads anywhere but to web servers, and for one that panics.
func FuzzReadDocument(f *testing.F) {
	f.Add(documentOf("https://id.example.com"), "https://id.example.com")
	f.Add(`{"issuer":"http://127.0.0.1","token_endpoint":"http://127.0.0.1/t","mtls_endpoint_aliases":{"token_endpoint":"//x"}}`, "http://127.0.0.1")
	f.Add(`{"issuer":"https://id.example.com","ISSUER":"x","revocation_endpoint":"https:\u002f\u002fa b"}`, "https://id.example.com")
	f.Fuzz(func(t *testing.T, body, issuer string) {
		found, err := readDocument([]byte(body), issuer)
		if err != nil {
			return
		}
		if found.Issuer != issuer {
			t.Errorf("took the document of %q for that of %q", found.Issuer, issuer)
		}
		for _, text := range []string{found.Token, found.Authorize, found.Device, found.Revoke, found.MTLS.Token, found.MTLS.Device, found.MTLS.Revoke} {
			u, err := url.Parse(text)
			if text != "" && (err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http") {
				t.Errorf("took the address %q", text)
			}
		}
	})
}
