package auth

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// testKeys are keys of each kind, made once.
var testKeys = sync.OnceValue(func() (keys struct {
	rsa     *rsa.PrivateKey
	p256    *ecdsa.PrivateKey
	p384    *ecdsa.PrivateKey
	ed25519 ed25519.PrivateKey
},
) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var err error
	keys.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	keys.p256, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	keys.p384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(err)
	_, keys.ed25519, err = ed25519.GenerateKey(rand.Reader)
	must(err)
	return keys
})

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// pkcs8 is a key in PKCS#8.
func pkcs8(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("PRIVATE KEY", der)
}

// pssOnlyKey is the RSA key of RFC 9421 B.1.2 in PKCS#8, marked for RSA-PSS alone.
func pssOnlyKey(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("httpsig", "testdata", "rsa-pss.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParsePrivateKey(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	sec1, err := x509.MarshalECPrivateKey(keys.p256)
	if err != nil {
		t.Fatal(err)
	}
	ec := pemText("EC PRIVATE KEY", sec1)
	tests := []struct {
		name string
		text string
		want crypto.PublicKey
	}{
		{"PKCS#8, RSA", pkcs8(t, keys.rsa), keys.rsa.Public()},
		{"PKCS#1", pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(keys.rsa)), keys.rsa.Public()},
		{"PKCS#8, P-256", pkcs8(t, keys.p256), keys.p256.Public()},
		{"PKCS#8, P-384", pkcs8(t, keys.p384), keys.p384.Public()},
		{"SEC 1", ec, keys.p256.Public()},
		{"SEC 1 behind its curve", pemText("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + ec, keys.p256.Public()},
		{"Ed25519", pkcs8(t, keys.ed25519), keys.ed25519.Public()},
		{"line breaks as \\n", strings.ReplaceAll(pkcs8(t, keys.ed25519), "\n", `\n`), keys.ed25519.Public()},
		{"line breaks of Windows", strings.ReplaceAll(pkcs8(t, keys.rsa), "\n", "\r\n"), keys.rsa.Public()},
		{"words around it", "Bag Attributes\n" + pkcs8(t, keys.p256) + "\n\n", keys.p256.Public()},
		{"no line break at its end", strings.TrimSpace(pkcs8(t, keys.p256)), keys.p256.Public()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parsePrivateKey(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(tt.want) {
				t.Error("another key came out")
			}
		})
	}
	if got, err := parsePrivateKey(pssOnlyKey(t)); err != nil || got.Public().(*rsa.PublicKey).N.BitLen() != 2048 {
		t.Errorf("a key for RSA-PSS alone: %v", err)
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	public, err := x509.MarshalPKIXPublicKey(keys.p256.Public())
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pkcs8(t, keys.rsa)
	lines := strings.Split(good, "\n")
	swapped := strings.Join(append(append([]string{lines[0], lines[2], lines[1]}, lines[3:]...), ""), "\n")
	old := "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nc2VjcmV0c2VjcmV0\n-----END RSA PRIVATE KEY-----\n"
	tests := []struct{ name, text, want string }{
		{"nothing", "", "this is no private key in PEM"},
		{"no PEM", "c2VjcmV0c2VjcmV0", "this is no private key in PEM"},
		{"encrypted", pemText("ENCRYPTED PRIVATE KEY", []byte("secretsecret")), "the private key is encrypted with a passphrase"},
		{"encrypted the old way", old, "the private key is encrypted with a passphrase"},
		{"OpenSSH", pemText("OPENSSH PRIVATE KEY", []byte("secretsecret")), "the private key is in the form of OpenSSH"},
		{"public", pemText("PUBLIC KEY", public), "this is a public key, not the private one"},
		{"certificate", pemText("CERTIFICATE", public), "this is a certificate, without its private key"},
		{"cut off", good[:len(good)/2], "the PEM is damaged"},
		{"line breaks lost", strings.ReplaceAll(good, "\n", " "), "the PEM is damaged"},
		{"a JSON key file", `{"type": "service_account", "private_key": "` + strings.ReplaceAll(good, "\n", `\n`) + `"}`, "this is JSON, not the private key in it"},
		{"out of JSON with its quotes", `"` + strings.ReplaceAll(good, "\n", `\n`) + `"`, "the private key stands in quotes"},
		{"lines swapped", swapped, "the private key is damaged, or of a kind that is not known here"},
		{"under a wrong name", strings.ReplaceAll(good, "PRIVATE KEY", "EC PRIVATE KEY"), "the private key is damaged, or of a kind that is not known here"},
		{"no key inside", pemText("PRIVATE KEY", []byte("secretsecret")), "the private key is damaged, or of a kind that is not known here"},
		{"one that cannot sign", pkcs8(t, x25519), "the private key is one that cannot sign"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parsePrivateKey(tt.text)
			if err == nil || err.Error() != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			mistake, ok := errors.AsType[*keyError](err)
			if !ok || mistake.Help() == "" {
				t.Error("the error does not say what to do")
			}
			if text := err.Error() + mistake.Help(); strings.Contains(text, "secret"+"secret") || strings.Contains(text, "c2Vjc") {
				t.Errorf("the error quotes the key: %s", text)
			}
		})
	}
}

func TestReadPrivateKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := pkcs8(t, testKeys().p256)
	if err := os.WriteFile(filepath.Join(dir, "me.pem"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	redactor := NewRedactor()
	if _, err := readPrivateKey(Settings{"private_key_file": "me.pem"}, dir, redactor); err != nil {
		t.Error(err)
	}
	if got := redactor.Text("before " + text + " after"); strings.Contains(got, strings.Split(text, "\n")[1]) {
		t.Errorf("the key of a file is not masked: %s", got)
	}
	for name, want := range map[string]string{
		"empty.pem": "auth.private_key_file: empty.pem: this is no private key in PEM",
		"none.pem":  "auth.private_key_file: open " + filepath.Join(dir, "none.pem") + ": no such file or directory",
	} {
		if _, err := readPrivateKey(Settings{"private_key_file": name}, dir, redactor); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	if _, err := readPrivateKey(Settings{"private_key": "x"}, dir, redactor); err == nil || err.Error() != "auth.private_key: this is no private key in PEM" {
		t.Errorf("no key: %v", err)
	}
}
