package auth

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestClientAuth(t *testing.T) {
	t.Parallel()
	key := pkcs8(t, testKeys().p256)
	const secret = "s&c ret:/+ü"
	tests := []struct {
		way    string
		more   Settings
		form   string // of a request for a token; without the assertion
		header string // the user and the password of Authorization, as they stand in it
	}{
		{"body", Settings{"client_secret": secret}, "client_id=a%3Ab+c&client_secret=" + url.QueryEscape(secret), ""},
		// RFC 6749 §2.3.1: both are form-encoded before they are joined with a colon, so that an id may hold one.
		{"header", Settings{"client_secret": secret}, "", "a%3Ab+c " + url.QueryEscape(secret)},
		{"none", nil, "client_id=a%3Ab+c", ""},
		{"private_key_jwt", Settings{"private_key": key, "key_id": "k"}, "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_id=a%3Ab+c", ""},
	}
	for _, tt := range tests {
		for _, asks := range []string{"token", "revocation"} {
			t.Run(tt.way+" "+asks, func(t *testing.T) {
				t.Parallel()
				rec := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) { grant(w, "T", 60) })
				p := Profile{Name: "p", BaseURL: mustURL(t, rec.URL), Auth: "oauth2", Settings: Settings{
					"token_url": "/token?a=1", "revoke_url": "/revoke", "client_id": "a:b c", "client_auth": tt.way,
				}}
				for name, value := range tt.more {
					p.Settings[name] = value
				}
				e := endpointOf(t, Options{}, p)
				own := "grant_type=client_credentials"
				if asks == "token" {
					if _, failed := exchangeOf(t, e); failed != nil {
						t.Fatal(failed)
					}
				} else {
					own = "token=T&token_type_hint=access_token"
					if err := e.revoke(t.Context(), "T", "access_token"); err != nil {
						t.Fatal(err)
					}
				}
				form, err := url.ParseQuery(rec.bodies[0])
				if err != nil || rec.count() != 1 {
					t.Fatalf("%d requests, %v", rec.count(), err)
				}
				if tt.way == "private_key_jwt" {
					got := takeApart(t, form.Get("client_assertion"))
					got.verify(t, testKeys().p256.Public())
					checkFresh(t, got.claims, clientAssertionLife)
					// Whatever the endpoint: what servers compare is the address where tokens are given.
					if c := got.claims; c["iss"] != "a:b c" || c["sub"] != "a:b c" || c["aud"] != rec.URL+"/token?a=1" || len(c) != 3 {
						t.Errorf("claims %v", c)
					}
					form.Del("client_assertion")
				}
				if got, want := form.Encode(), sorted(t, own+"&"+tt.form); got != want {
					t.Errorf("form:\n got %s\nwant %s", got, want)
				}
				user, password, _ := rec.last(t).BasicAuth()
				if got := strings.TrimSpace(user + " " + password); got != tt.header {
					t.Errorf("Authorization: got %s, want %s", got, tt.header)
				}
				if got := rec.last(t).Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" || rec.last(t).ContentLength < 0 {
					t.Errorf("sent as %s, of length %d", got, rec.last(t).ContentLength)
				}
			})
		}
	}
}

// certificateServer is a token endpoint that tells which certificates it was shown. Where it demands one, it ends connections without.
func certificateServer(t testing.TB, demands bool) (server *httptest.Server, shown *[]string) {
	t.Helper()
	shown = &[]string{}
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		serial := "none"
		if len(req.TLS.PeerCertificates) > 0 {
			serial = req.TLS.PeerCertificates[0].SerialNumber.String()
		}
		*shown = append(*shown, req.URL.Path+" "+serial+" "+string(body))
		grant(w, "T", 60)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	if demands {
		server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, shown
}

// The certificate is shown to the token endpoint of client_auth mtls, wherever that is, and to no other endpoint of strangers.
func TestClientCertificateAsClientAuth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ way, want string }{
		{"mtls", "/token 4711 client_id=client&grant_type=client_credentials"},
		{"none", "/token none client_id=client&grant_type=client_credentials"},
	} {
		t.Run(tt.way, func(t *testing.T) {
			t.Parallel()
			server, shown := certificateServer(t, false)
			dir := t.TempDir()
			writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
			clientCertificate(t, dir)
			p := oauthProfile(t, baseOfTests, Settings{"client_auth": tt.way, "token_url": server.URL + "/token"})
			delete(p.Settings, "client_secret")
			p.TLS = TLS{CAFile: "ca.pem", CertFile: "me.pem", KeyFile: "me.key"}
			if _, failed := exchangeOf(t, endpointOf(t, Options{Dir: dir}, p)); failed != nil {
				t.Fatal(failed)
			}
			if !slices.Equal(*shown, []string{tt.want}) {
				t.Errorf("got %q, want %q", *shown, tt.want)
			}
		})
	}
}

// A server that does not take the certificate says so after the request has left, and ends the connection: either may be seen first.
// The request was not carried out, and what is said leads to the certificate.
func TestClientCertificateThatIsNotTaken(t *testing.T) {
	t.Parallel()
	server, shown := certificateServer(t, true)
	dir := t.TempDir()
	writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
	clientCertificate(t, dir)
	p := oauthProfile(t, server.URL, Settings{"client_auth": "mtls"})
	delete(p.Settings, "client_secret")
	p.TLS = TLS{CAFile: "ca.pem", CertFile: "me.pem", KeyFile: "me.key"}
	_, failed := exchangeOf(t, endpointOf(t, Options{Dir: dir}, p))
	if failed == nil || failed.kind == refused || failed.Status != 0 || !strings.Contains(failed.Help(), "client's certificate") {
		t.Errorf("got %+v: %v", failed, failed)
	}
	if len(*shown) != 0 {
		t.Errorf("the server took %q", *shown)
	}
}

// A certificate that is not taken is not asked about again in a second, and nothing is lost with its request.
func TestAlertOverAClientCertificate(t *testing.T) {
	t.Parallel()
	server, _ := certificateServer(t, true)
	dir := t.TempDir()
	clientCertificate(t, dir)
	certificate, err := tls.LoadX509KeyPair(dir+"/me.pem", dir+"/me.key")
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AddCert(server.Certificate())
	config := &tls.Config{RootCAs: authorities, ServerName: "example.com", Certificates: []tls.Certificate{certificate}}
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, alert := conn.Read(make([]byte, 1))
	failed := wireFailure(alert, true)
	if failed.kind != unusable || failed.lost || !strings.Contains(failed.Help(), "client's certificate") {
		t.Errorf("got %+v: %v", failed, failed)
	}
}

// A connection that ends without an answer is a matter of certificates only where the client shows one.
func TestConnectionThatEnds(t *testing.T) {
	t.Parallel()
	for _, mutual := range []bool{false, true} {
		for _, err := range []error{syscall.ECONNRESET, syscall.EPIPE, io.ErrUnexpectedEOF, io.EOF, syscall.ECONNREFUSED} {
			e := &endpoint{mutual: mutual, redactor: NewRedactor()}
			failed := e.describe(wireFailure(&net.OpError{Op: "read", Err: err}, true), nil)
			hint := strings.Contains(failed.Help(), "client's certificate")
			if want := mutual && err != syscall.ECONNREFUSED && err != io.ErrUnexpectedEOF; hint != want || failed.kind != unreachable || !failed.lost {
				t.Errorf("%v, with a certificate %v: got %+v, %s", err, mutual, failed, failed.Help())
			}
		}
	}
}

func TestHelpOfClientAuth(t *testing.T) {
	t.Parallel()
	for way, want := range map[string]string{
		"body":            "check client_id, client_secret and client_auth",
		"private_key_jwt": "check client_id, key_id and algorithm",
	} {
		s := &system{give: func(w http.ResponseWriter, _ int, form url.Values) {
			refuse(w, http.StatusUnauthorized, "invalid_client")
		}}
		p := oauthProfile(t, baseOfTests, Settings{"client_auth": way, "private_key": pkcs8(t, testKeys().p256)})
		delete(p.Settings, map[string]string{"body": "private_key", "private_key_jwt": "client_secret"}[way])
		e := endpointOf(t, Options{}, p)
		e.wire = direct{s}
		if _, failed := exchangeOf(t, e); !strings.HasPrefix(failed.Help(), want) {
			t.Errorf("%s: got help %q, want %q", way, failed.Help(), want)
		}
	}
}

// A server that repeats an assertion in its error does not get it into ours, not even the part that fits into it.
func TestAssertionsDoNotShow(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"cut off": pkcs8(t, testKeys().rsa), "whole": pkcs8(t, testKeys().p256)} {
		s := &system{give: func(w http.ResponseWriter, _ int, form url.Values) {
			refuse(w, http.StatusUnauthorized, "no: "+form.Get("assertion"))
		}}
		e := inBubble(t, s, Settings{"grant": "jwt_bearer", "private_key": key}).endpoint
		_, failed := exchangeOf(t, e)
		sent := s.forms[0].Get("assertion")
		if strings.Contains(failed.Error(), sent[:20]) || !strings.Contains(failed.Error(), "no: "+Mask) {
			t.Errorf("%s: got %s", name, failed.Error())
		}
	}
}
