package auth

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestHandshakes has token endpoints to which no connection comes about, over real TLS.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	quiet := func(config *tls.Config) *httptest.Server {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog, server.TLS = log.New(io.Discard, "", 0), config
		server.StartTLS()
		t.Cleanup(server.Close)
		return server
	}
	secured := quiet(nil)
	strict := quiet(&tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13})
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secured.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), authority, 0o600); err != nil {
		t.Fatal(err)
	}
	const named = "https://localhost:" // the certificate is for 127.0.0.1 and example.com
	tests := []struct {
		name, base, ca, help string
	}{
		{"another authority", secured.URL, "", "if the server's certificate comes from an authority of your own, name its file in tls.ca_file"},
		{"another host", named + mustURL(t, secured.URL).Port(), "ca.pem", "the certificate is that of another host: check the host of the address"},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1), "", "check scheme and port of the address"},
		{"no client's certificate", strict.URL, "ca.pem", "the server wants to see a client's certificate: name yours in tls.cert_file and tls.key_file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := oauthProfile(t, tt.base, nil)
			p.TLS.CAFile = tt.ca
			k := keyringOf(t, Options{Dir: dir}, p)
			failed := mustFail(t, k.sources["p"])
			if failed.Temporary() || failed.lost || failed.Help() != tt.help {
				t.Errorf("got %v: %s", failed, failed.Help())
			}
		})
	}
}

// TestHandshakesThatNoServerOfOursHas are the errors that a certificate out of date and a name that is unknown lead to.
func TestHandshakesThatNoServerOfOursHas(t *testing.T) {
	t.Parallel()
	expired := &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}
	tests := []struct {
		name      string
		err       error
		temporary bool
		help      string
	}{
		{"a certificate out of date", expired, false, "check the clock of this machine; if it is right, whoever runs the server has to renew its certificate"},
		{"a name that is unknown", &net.OpError{Op: "dial", Err: &net.DNSError{Name: "nobody.invalid", IsNotFound: true}}, true,
			"check the name of the host in the profile, and the network of this machine"},
		{"a name server that is silent", &net.DNSError{Name: "nobody.invalid", IsTimeout: true}, true,
			"try again later; if it goes on, check token_url, proxy and the state of the server"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source := inBubble(t, &system{}, Settings{"token_url": "https://idp.example.com/token"})
				source.endpoint.wire = roundTripper(func(*http.Request) (*http.Response, error) {
					time.Sleep(time.Millisecond)
					return nil, tt.err
				})
				failed := mustFail(t, source)
				if failed.Temporary() != tt.temporary || failed.Help() != tt.help {
					t.Errorf("got %v, temporary %v: %s", failed, failed.Temporary(), failed.Help())
				}
			})
		})
	}
}
