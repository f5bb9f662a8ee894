package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// holder is a certificate with its key.
type holder struct {
	*x509.Certificate
	key crypto.Signer
}

// issue makes a certificate, signed by an issuer or by itself.
func issue(t testing.TB, name string, by *holder, change func(*x509.Certificate)) *holder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(4711), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true,
	}
	if change != nil {
		change(template)
	}
	made := &holder{template, key}
	if by == nil {
		by = made
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Certificate, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	if made.Certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return made
}

func keyPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// chainServer asks for a client certificate of an authority that it names, and says in a header what names it was shown.
func chainServer(t testing.TB, version uint16) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		for _, c := range req.TLS.PeerCertificates {
			w.Header().Add("X-Chain", c.Subject.CommonName)
		}
		if to := req.URL.Query().Get("to"); to != "" {
			http.Redirect(w, req, to, http.StatusFound)
		}
	}))
	server.Config.ErrorLog = quiet()
	named := x509.NewCertPool()
	named.AddCert(issue(t, "an authority that none of the clients knows", nil, nil).Certificate)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, ClientCAs: named, MaxVersion: version}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func shownTo(t *testing.T, server *httptest.Server, dir string, config TLS) string {
	t.Helper()
	writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
	config.CAFile = "ca.pem"
	k := keyringOf(t, Options{Dir: dir}, Profile{Name: "p", BaseURL: mustURL(t, server.URL), TLS: config})
	return strings.Join(get(t, clientOf(t, k, "p"), server.URL).Header.Values("X-Chain"), ", ")
}

// The files are made by OpenSSL 3.0 (AES-256), by the same with -legacy (RC2 and 3DES) and by keytool of Java 17, each with the
// certificate, the one between it and the root, and the root.
func TestPKCS12(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openssl3.p12", "openssl1.p12", "keytool.p12"} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%s %s", name, tls.VersionName(version)), func(t *testing.T) {
				t.Parallel()
				data, err := os.ReadFile("testdata/" + name)
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				writeFile(t, dir, "me.p12", string(data))
				got := shownTo(t, chainServer(t, version), dir, TLS{PKCS12File: "me.p12", PKCS12Password: "pass-of-p12"})
				if want := "snrun test client, middle"; got != want {
					t.Errorf("the server was shown %q, want %q", got, want)
				}
			})
		}
	}
}

// The certificate of the key is shown first, wherever it stands in the file, and without those that do not belong to it.
func TestPKCS12InAnyOrder(t *testing.T) {
	t.Parallel()
	root := issue(t, "root", nil, nil)
	upper := issue(t, "upper", root, nil)
	lower := issue(t, "lower", upper, nil)
	me, stranger := issue(t, "me", lower, nil), issue(t, "stranger", nil, nil)
	data, err := pkcs12.Modern.Encode(me.key, upper.Certificate, []*x509.Certificate{stranger.Certificate, root.Certificate, me.Certificate, lower.Certificate}, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeFile(t, dir, "me.p12", string(data))
	if got, want := shownTo(t, chainServer(t, 0), dir, TLS{PKCS12File: "me.p12"}), "me, lower, upper"; got != want {
		t.Errorf("the server was shown %q, want %q", got, want)
	}
}

func TestPEMChain(t *testing.T) {
	t.Parallel()
	root := issue(t, "root", nil, nil)
	middle := issue(t, "middle", root, nil)
	me := issue(t, "me", middle, nil)
	dir := t.TempDir()
	writeFile(t, dir, "me.pem", keyPEM(t, me.key)+certificatePEM(me.Raw)+certificatePEM(middle.Raw))
	if got, want := shownTo(t, chainServer(t, 0), dir, TLS{CertFile: "me.pem"}), "me, middle"; got != want {
		t.Errorf("the server was shown %q, want %q", got, want)
	}
}

func TestCertificateErrors(t *testing.T) {
	t.Parallel()
	me, other := issue(t, "me", nil, nil), issue(t, "other", nil, nil)
	dir := t.TempDir()
	p12 := func(name string, key any, c *holder) {
		data, err := pkcs12.Modern.Encode(key, c.Certificate, nil, "pass-of-p12")
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, dir, name, string(data))
	}
	p12("me.p12", me.key, me)
	p12("mixed.p12", other.key, me)
	whole, err := os.ReadFile(dir + "/me.p12")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "half.p12", string(whole[:len(whole)/2]))
	writeFile(t, dir, "me.pem", certificatePEM(me.Raw))
	writeFile(t, dir, "me.key", keyPEM(t, me.key))
	writeFile(t, dir, "other.key", keyPEM(t, other.key))
	writeFile(t, dir, "locked.key", string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})))
	writeFile(t, dir, "locked1.key", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x")})))
	for _, tt := range []struct {
		name string
		tls  TLS
		want string
	}{
		{"wrong password", TLS{PKCS12File: "me.p12", PKCS12Password: "pass-of-another"}, "tls.pkcs12_password: it does not open me.p12"},
		{"no password", TLS{PKCS12File: "me.p12"}, "tls.pkcs12_password: it does not open me.p12"},
		{"cut off", TLS{PKCS12File: "half.p12", PKCS12Password: "pass-of-p12"}, "tls.pkcs12_file: reading half.p12: pkcs12: error reading P12 data"},
		{"PEM in place of PKCS#12", TLS{PKCS12File: "me.pem"}, "tls.pkcs12_file: me.pem is a PEM file: name it in cert_file"},
		{"not there", TLS{PKCS12File: "absent.p12"}, "tls.pkcs12_file: open "},
		{"the key of another, in PKCS#12", TLS{PKCS12File: "mixed.p12", PKCS12Password: "pass-of-p12"}, "tls.pkcs12_file: the key in mixed.p12 is not that of a certificate in it"},
		{"the key of another", TLS{CertFile: "me.pem", KeyFile: "other.key"}, "tls.key_file: the key in other.key is not that of the first certificate in me.pem"},
		{"no key", TLS{CertFile: "me.pem"}, "tls.cert_file: there is no PEM private key in me.pem"},
		{"the wrong way round", TLS{CertFile: "me.key", KeyFile: "me.pem"}, "tls.cert_file: tls: "},
		{"a locked key", TLS{CertFile: "me.pem", KeyFile: "locked.key"}, "tls.key_file: the key in locked.key is encrypted: decrypt it (openssl pkey), or use pkcs12_file"},
		{"a key that was locked long ago", TLS{CertFile: "me.pem", KeyFile: "locked1.key"}, "tls.key_file: the key in locked1.key is encrypted"},
		{"a key that is not there", TLS{CertFile: "me.pem", KeyFile: "absent.key"}, "tls.key_file: open "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := NewKeyring([]Profile{{Name: "p", BaseURL: mustURL(t, "https://api.example.com"), TLS: tt.tls}}, Options{Dir: dir})
			if err == nil || !strings.HasPrefix(err.Error(), "profile p: "+tt.want) || strings.Contains(err.Error(), "pass-of") {
				t.Errorf("got  %v\nwant profile p: %s", err, tt.want)
			}
		})
	}
}

// A certificate that is too old is told of where a server asks for it, and not elsewhere.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	me := issue(t, "me", nil, func(c *x509.Certificate) {
		c.NotAfter = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		c.NotBefore = c.NotAfter.AddDate(-1, 0, 0)
	})
	dir := t.TempDir()
	writeFile(t, dir, "me.pem", keyPEM(t, me.key)+certificatePEM(me.Raw))
	asks := chainServer(t, 0)
	other := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	writeFile(t, dir, "ca.pem", certificatePEM(asks.Certificate().Raw))
	k := keyringOf(t, Options{Dir: dir}, Profile{
		Name: "erp", BaseURL: mustURL(t, asks.URL), Origins: []string{other.URL}, TLS: TLS{CAFile: "ca.pem", CertFile: "me.pem"},
	})
	_, err := clientOf(t, k, "erp").Get(asks.URL)
	var failed *SigningError
	if !errors.As(err, &failed) || failed.Error() != "profile erp: tls.cert_file: the client's certificate expired on 2024-02-29" || !strings.Contains(failed.Help(), "clock") {
		t.Errorf("got %v", err)
	}
	if resp := get(t, clientOf(t, k, "erp"), other.URL); resp.StatusCode != http.StatusNotFound {
		t.Errorf("where nobody asks for it: got %d", resp.StatusCode)
	}
}

func TestCertificateStaysWithinOrigins(t *testing.T) {
	t.Parallel()
	me := issue(t, "me", nil, nil)
	dir := t.TempDir()
	writeFile(t, dir, "me.pem", keyPEM(t, me.key)+certificatePEM(me.Raw))
	server, further, away := chainServer(t, 0), chainServer(t, 0), chainServer(t, 0)
	writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
	k := keyringOf(t, Options{Dir: dir}, Profile{
		Name: "p", BaseURL: mustURL(t, server.URL), Origins: []string{further.URL}, TLS: TLS{CAFile: "ca.pem", CertFile: "me.pem"},
	})
	for _, tt := range []struct{ name, address, want string }{
		{"its base URL", server.URL, "me"},
		{"a further origin", further.URL, "me"},
		{"another port", away.URL, ""},
		{"a redirect within", server.URL + "?to=" + further.URL, "me"},
		{"a redirect away", server.URL + "?to=" + away.URL, ""},
		{"a redirect away and back", server.URL + "?to=" + away.URL + "?to=" + server.URL, "me"},
		{"another name", strings.Replace(server.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), ""},
	} {
		if got := strings.Join(get(t, clientOf(t, k, "p"), tt.address).Header.Values("X-Chain"), ", "); got != tt.want {
			t.Errorf("%s: the server was shown %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A proxy that is spoken to over TLS asks for a certificate too, and gets none.
func TestCertificateIsHiddenFromAProxy(t *testing.T) {
	t.Parallel()
	me := issue(t, "me", nil, nil)
	dir := t.TempDir()
	writeFile(t, dir, "me.pem", keyPEM(t, me.key)+certificatePEM(me.Raw))
	server := chainServer(t, 0)
	writeFile(t, dir, "ca.pem", certificatePEM(server.Certificate().Raw))
	var asked, shown atomic.Int32
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		shown.Add(int32(len(req.TLS.PeerCertificates)))
		tunnel(w, req)
	}))
	proxy.Config.ErrorLog = quiet()
	proxy.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	k := keyringOf(t, Options{Dir: dir}, Profile{
		Name: "p", BaseURL: mustURL(t, server.URL), Proxy: proxy.URL, TLS: TLS{CAFile: "ca.pem", CertFile: "me.pem"},
	})
	if got := get(t, clientOf(t, k, "p"), server.URL).Header.Get("X-Chain"); got != "me" || asked.Load() != 1 {
		t.Errorf("the server was shown %q, by way of %d proxies", got, asked.Load())
	}
	if shown.Load() != 0 {
		t.Error("the proxy was shown the certificate")
	}
}

// tunnel answers a CONNECT.
func tunnel(w http.ResponseWriter, req *http.Request) {
	out, err := net.Dial("tcp", req.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	in, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		out.Close()
		return
	}
	_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(out, buffered)
		out.Close()
	}()
	_, _ = io.Copy(in, out)
	in.Close()
}

func TestCheckTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		tls  TLS
		want string
	}{
		{"PEM", TLS{CertFile: "a", KeyFile: "b"}, ""},
		{"PKCS#12", TLS{PKCS12File: "a", PKCS12Password: "b"}, ""},
		{"PKCS#12 without a password", TLS{PKCS12File: "a"}, ""},
		{"a key alone", TLS{KeyFile: "a"}, "tls.key_file: a key needs its certificate"},
		{"both", TLS{PKCS12File: "a", CertFile: "b", KeyFile: "c"}, "tls.pkcs12_file: there are two client certificates"},
		{"a key beside PKCS#12", TLS{PKCS12File: "a", KeyFile: "b"}, "tls.key_file: the file named in pkcs12_file has the key in it"},
		{"a password for nothing", TLS{PKCS12Password: "a", CertFile: "b"}, "tls.pkcs12_password: there is no file that it opens"},
	} {
		if got := problemsOf(Profile{TLS: tt.tls}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestChainOfStrangers(t *testing.T) {
	t.Parallel()
	me, other := issue(t, "me", nil, nil), issue(t, "other", nil, nil)
	if got := chainOf(other.key, []*x509.Certificate{me.Certificate}); got != nil {
		t.Errorf("got %d certificates for the key of another", len(got))
	}
	if got := chainOf("no key", []*x509.Certificate{me.Certificate}); got != nil {
		t.Error("a text was taken for a key")
	}
	if got := chainOf(me.key, []*x509.Certificate{other.Certificate, me.Certificate}); len(got) != 1 || !bytes.Equal(got[0].Raw, me.Raw) {
		t.Errorf("got %d certificates, want that of the key", len(got))
	}
}
