package wsse

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/steps"
)

// now is the time of all tests.
var now = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

// envelope is what most tests secure.
const envelope = `<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:o="urn:orders">
  <soap:Body><o:place kind="new &amp; old"><o:item>kéy &lt; 1</o:item><!-- note --><o:item/></o:place></soap:Body>
</soap:Envelope>`

// identity is a certificate with its key.
type identity struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// identities are made once: keys of RSA take their time.
var identities = sync.OnceValue(func() map[string]identity {
	all := map[string]identity{}
	for _, name := range []string{"client", "server", "stranger"} {
		all[name] = newIdentity(name, now.AddDate(1, 0, 0))
	}
	return all
})

func newIdentity(name string, until time.Time) identity {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return identity{certificate, key}
}

// folder is a project's folder with the files of all identities in it.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, id := range identities() {
		der, err := x509.MarshalPKCS8PrivateKey(id.key)
		if err != nil {
			t.Fatal(err)
		}
		writePEM(t, dir, name+".pem", "CERTIFICATE", id.certificate.Raw)
		writePEM(t, dir, name+".key", "PRIVATE KEY", der)
	}
	return dir
}

func writePEM(t *testing.T, dir, name, kind string, der []byte) {
	t.Helper()
	write(t, dir, name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// opened opens a ws_security as the language hands it over: with its defaults.
func opened(t *testing.T, dir string, in steps.Input) *Security {
	t.Helper()
	s, err := Open(withDefaults(in), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// withDefaults fills in what the tables have as defaults.
func withDefaults(in steps.Input) steps.Input {
	for name, v := range map[string]any{"password_type": "text", "must_understand": true} {
		if _, given := in[name]; !given {
			in[name] = v
		}
	}
	if verify, given := in["verify"].(steps.Input); given {
		for name, v := range map[string]any{"parts": []any{"body"}, "required": true} {
			if _, given := verify[name]; !given {
				verify[name] = v
			}
		}
	}
	return in
}

func signing(name string, parts ...any) steps.Input {
	in := steps.Input{"cert_file": name + ".pem", "key_file": name + ".key"}
	if parts != nil {
		in["parts"] = parts
	}
	return in
}

func secured(t *testing.T, s *Security, text string) string {
	t.Helper()
	out, err := s.Secure([]byte(text), now)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// within gives what stands in an element of a text.
func within(t *testing.T, text, tag string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "<"+tag)
	_, rest, open := strings.Cut(rest, ">")
	inside, _, closed := strings.Cut(rest, "</"+tag+">")
	if !found || !open || !closed {
		t.Fatalf("there is no <%s> in %s", tag, text)
	}
	return inside
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (id identity) certificatesOf() []*x509.Certificate { return []*x509.Certificate{id.certificate} }
