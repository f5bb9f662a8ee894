package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// newTLSServer starts a server that asks for a client certificate and says in a header whether it got one.
func newTLSServer(t testing.TB, version uint16) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("X-Proto", req.Proto)
		if len(req.TLS.PeerCertificates) > 0 {
			w.Header().Set("X-Client", req.TLS.PeerCertificates[0].SerialNumber.String())
		}
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MaxVersion: version}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// clientCertificate writes me.pem, me.key and both.pem.
func clientCertificate(t testing.TB, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(4711), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	writeFile(t, dir, "me.pem", certificatePEM(der))
	writeFile(t, dir, "me.key", keyPEM)
	writeFile(t, dir, "both.pem", certificatePEM(der)+keyPEM)
}

func TestTLSFiles(t *testing.T) {
	t.Parallel()
	server, other := newTLSServer(t, 0), newTLSServer(t, 0)
	dir := t.TempDir()
	writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw)) // that of both
	clientCertificate(t, dir)
	base := mustURL(t, server.URL)
	k := keyringOf(t, Options{Dir: dir},
		Profile{Name: "ca", BaseURL: base, TLS: TLS{CAFile: "ca.pem"}},
		Profile{Name: "cert", BaseURL: base, TLS: TLS{CAFile: "ca.pem", CertFile: "me.pem", KeyFile: "me.key"}},
		Profile{Name: "both", BaseURL: base, TLS: TLS{CAFile: "ca.pem", CertFile: "both.pem"}},
		Profile{Name: "plain", BaseURL: base},
	)
	tests := []struct {
		profile, url, off string
		client            string
	}{
		{"ca", server.URL, "", ""},
		{"cert", server.URL, "", "4711"},
		{"both", server.URL, "", "4711"},
		{"cert", server.URL, "none", ""},
		{"cert", other.URL, "", ""},
	}
	for _, tt := range tests {
		resp := get(t, clientOf(t, k, tt.profile), tt.url, SignInHeader, tt.off)
		if got := resp.Header.Get("X-Client"); got != tt.client {
			t.Errorf("%s to %s, sign-in %q: the server saw certificate %q, want %q", tt.profile, tt.url, tt.off, got, tt.client)
		}
		if got := resp.Header.Get("X-Proto"); got != "HTTP/2.0" {
			t.Errorf("%s: spoke %s, want HTTP/2.0", tt.profile, got)
		}
	}
	_, err := clientOf(t, k, "plain").Get(server.URL)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("without the authority: got %v, want a refusal", err)
	}
}

func TestTLSMinVersion(t *testing.T) {
	t.Parallel()
	server := newTLSServer(t, tls.VersionTLS12)
	dir := t.TempDir()
	writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
	base := mustURL(t, server.URL)
	k := keyringOf(t, Options{Dir: dir},
		Profile{Name: "1.2", BaseURL: base, TLS: TLS{CAFile: "ca.pem"}},
		Profile{Name: "1.3", BaseURL: base, TLS: TLS{CAFile: "ca.pem", MinVersion: "1.3"}})
	get(t, clientOf(t, k, "1.2"), server.URL)
	if resp, err := clientOf(t, k, "1.3").Get(server.URL); err == nil {
		resp.Body.Close()
		t.Error("TLS 1.2 was accepted in spite of min_version 1.3")
	}
}

func TestUntrustedTokenEndpoint(t *testing.T) {
	t.Parallel()
	server := newTLSServer(t, 0)
	client := clientOf(t, keyringOf(t, Options{}, oauthProfile(t, server.URL, nil)), "p")
	_, err := client.Get(server.URL)
	var failed *SignInError
	if !errors.As(err, &failed) || failed.Temporary() || !strings.Contains(failed.Help(), "tls.ca_file") {
		t.Errorf("got %v", err)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := newRecorder(t, nil)
	u := mustURL(t, proxy.URL)
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, "http://api.example.com"), Proxy: "http://u:pw-of-proxy@" + u.Host})
	get(t, clientOf(t, k, "p"), "http://api.example.com/x")
	get(t, clientOf(t, k, "p"), "http://other.example/y")
	if got := proxy.last(t); proxy.count() != 2 || got.RequestURI != "http://other.example/y" || got.Header.Get("Proxy-Authorization") == "" {
		t.Errorf("the proxy got %d requests, the last %s", proxy.count(), got.RequestURI)
	}
}

func TestNewKeyringErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "empty.pem", "not PEM")
	_, err := NewKeyring([]Profile{
		{Name: "a", TLS: TLS{CAFile: "absent.pem"}},
		{Name: "b", TLS: TLS{CAFile: "empty.pem"}},
		{Name: "c", TLS: TLS{CertFile: "empty.pem"}},
		{Name: "d", Auth: "basic", Proxy: "ftp://u:pw@h"},
		{Name: "e"},
		{Name: "e"},
	}, Options{Dir: dir})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"profile a: tls.ca_file: open " + dir + "/absent.pem: no such file or directory",
		"profile b: tls.ca_file: there is no PEM certificate in empty.pem",
		"profile c: tls.cert_file: tls: failed to find any PEM data in certificate input",
		"profile d: proxy: a proxy speaks http, https or socks5",
		"auth.username: basic needs username",
		"profile e: there are two profiles of this name",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "pw") {
		t.Error("the proxy's password shows")
	}
}

// quiet is a log for servers whose clients break off on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
