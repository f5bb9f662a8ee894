package temporaltest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.temporal.io/sdk/client"
)

// Guard is what a server asks of those who come, beside speaking TLS.
type Guard struct {
	Certificates bool // a certificate of its authority
	Keys         bool // an API key; see Running.Key
}

// The files of a guarded server that clients need; see Running.File.
const (
	CA         = "ca.pem"     // of the authority that the server's certificate is from
	ClientCert = "client.pem" // a certificate of that authority
	ClientKey  = "client.key" // its key
	OtherCert  = "other.pem"  // a certificate of an authority that it does not trust
	OtherKey   = "other.key"  // its key
	serverCert = "server.pem"
	serverKey  = "server.key"
	keySet     = "keys.json" // what signs API keys, as a JWKS (RFC 7517)
)

// ServerName is a name that the certificate of a guarded server has; it has the address too.
const ServerName = "temporal.example.com"

// guard is a Guard and what it tells people by.
type guard struct {
	Guard
	tls    *tls.Config       // of a client that may come in
	signer *ecdsa.PrivateKey // of API keys
}

// Guarded starts a server of its own for a test, as Own does, that lets only some in. Clients find what they need in its files.
func Guarded(t testing.TB, wanted Guard) *Running {
	t.Helper()
	return own(t, &guard{Guard: wanted})
}

// File gives the path of a file that a guarded server has for its clients.
func (r *Running) File(name string) string { return r.file(name) }

// Key signs an API key (a JWT, RFC 7519) for a role in a namespace, which is "read", "write" or "admin".
func (r *Running) Key(t testing.TB, namespace, role string, expires time.Time) string {
	t.Helper()
	key, err := r.guard.sign(namespace+":"+role, expires)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Rekey has another signer sign API keys. Those that there are hold no more once the server, which is not running, starts.
func (r *Running) Rekey(t testing.TB) {
	t.Helper()
	if err := r.guard.newSigner(r.file); err != nil {
		t.Fatal(err)
	}
}

// prepare makes the files of a guarded server.
func (g *guard) prepare(file func(name string) string) error {
	authority, err := newCertificate(file(CA), file("ca.key"), &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		cert, key string
		of        x509.Certificate
		by        *signer
	}{
		{serverCert, serverKey, x509.Certificate{DNSNames: []string{ServerName}, IPAddresses: loopback, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, authority},
		{ClientCert, ClientKey, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, authority},
		{OtherCert, OtherKey, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, nil},
	} {
		if _, err := newCertificate(file(c.cert), file(c.key), &c.of, c.by); err != nil {
			return err
		}
	}
	pair, err := tls.LoadX509KeyPair(file(ClientCert), file(ClientKey))
	if err != nil {
		return err
	}
	g.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool(), Certificates: []tls.Certificate{pair}}
	g.tls.RootCAs.AddCert(authority.cert)
	return g.newSigner(file)
}

// newSigner makes what signs API keys.
func (g *guard) newSigner(file func(name string) string) (err error) {
	if g.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	return os.WriteFile(file(keySet), g.keySet(), 0o600)
}

// enter adds what a client comes in with.
func (g *guard) enter(o client.Options) (client.Options, error) {
	if g == nil {
		return o, nil
	}
	o.ConnectionOptions.TLS = g.tls
	if !g.Keys {
		return o, nil
	}
	key, err := g.sign("temporal-system:admin", time.Now().Add(time.Hour))
	o.Credentials = client.NewAPIKeyStaticCredentials(key)
	return o, err
}

const signerName = "test"

func (g *guard) keySet() []byte {
	public, _ := g.signer.PublicKey.Bytes() // of a curve that is known; 4, x, y
	half := len(public) / 2
	text, _ := json.Marshal(map[string]any{"keys": []any{map[string]string{ // of texts
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": signerName, "x": coded(public[1 : half+1]), "y": coded(public[half+1:]),
	}}})
	return text
}

func (g *guard) sign(permission string, expires time.Time) (string, error) {
	if g == nil || g.signer == nil {
		return "", errors.New("the server asks for no API keys")
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"sub": "snrun", "permissions": []string{permission}, "exp": expires.Unix()})
	token.Header["kid"] = signerName
	return token.SignedString(g.signer)
}

func coded(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// signer signs certificates.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newCertificate makes a certificate and its key, and files of both. By is nil for one that signs itself.
func newCertificate(certFile, keyFile string, of *x509.Certificate, by *signer) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	of.SerialNumber, of.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "test"}
	of.NotBefore, of.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	s := &signer{of, key}
	if by == nil {
		by = s
	}
	der, err := x509.CreateCertificate(rand.Reader, of, by.cert, &key.PublicKey, by.key)
	if err != nil {
		return nil, err
	}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return s, errors.Join(writePEM(certFile, "CERTIFICATE", der), writePEM(keyFile, "PRIVATE KEY", secret))
}

func writePEM(file, kind string, data []byte) error {
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
		return fmt.Errorf("a file of a guarded server: %w", err)
	}
	return nil
}
