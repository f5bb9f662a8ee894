package daemon

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// writeCertificate writes a certificate for this machine that has a number, and its key.
func writeCertificate(t *testing.T, certFile, keyFile string, number int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(100, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Time{}, time.Unix(number, 0)); err != nil { // also on a disk whose times are coarse
			t.Fatal(err)
		}
	}
}

// TestCertificate holds that a certificate that is replaced is taken within seconds, and that files which are none leave the one before.
func TestCertificate(t *testing.T) {
	t.Parallel()
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		writeCertificate(t, certFile, keyFile, 1)
		c, err := ReadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		is := func(want int64) {
			t.Helper()
			if got := c.current().Leaf.SerialNumber.Int64(); got != want {
				t.Errorf("it is certificate %d, want %d", got, want)
			}
		}
		is(1)
		writeCertificate(t, certFile, keyFile, 2)
		is(1)
		time.Sleep(lookEvery)
		is(2)
		writeCertificate(t, certFile, keyFile+"-later", 3) // the key is still that of the one before
		time.Sleep(lookEvery)
		is(2)
		if err := os.Rename(keyFile+"-later", keyFile); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		is(3)
		if err := os.Remove(certFile); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		is(3)
		if n := strings.Count(log.String(), "the certificate has changed and cannot be read"); n != 2 || strings.Contains(log.String(), "PRIVATE") {
			t.Errorf("the log tells of %d certificates that cannot be read:\n%s", n, &log)
		}
	})
	if _, err := ReadCertificate(certFile, keyFile, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), certFile) {
		t.Errorf("one that is not there: %v", err)
	}
}

// TestEncrypted holds that an address with a certificate encrypts, with HTTP/2 too, that one without knows HTTP/1 only, and that an
// address which others reach tells them little.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	writeCertificate(t, certFile, keyFile, 1)
	for _, encrypted := range []bool{false, true} {
		d := standingDaemon(t)
		d.Listen, d.Public = "127.0.0.1:0", true
		scheme, proto := "http", "HTTP/1.1"
		if encrypted {
			c, err := ReadCertificate(certFile, keyFile, d.Log)
			if err != nil {
				t.Fatal(err)
			}
			d.Certificate, scheme, proto = c, "https", "HTTP/2.0"
		}
		closeAll, err := d.listen()
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		pemText, _ := os.ReadFile(certFile)
		roots.AppendCertsFromPEM(pemText)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
		resp, err := client.Get(scheme + "://" + d.address + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		body.ReadFrom(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Proto != proto || strings.TrimSpace(body.String()) != `{"status":"ready"}` {
			t.Errorf("%s: %s %s %s", scheme, resp.Proto, resp.Status, &body)
		}
		if encrypted {
			old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11}}}
			if _, err := old.Get("https://" + d.address + "/healthz"); err == nil {
				t.Error("TLS 1.1 is spoken")
			}
			if resp, err := http.Get("http://" + d.address + "/healthz"); err != nil || resp.StatusCode != http.StatusBadRequest {
				t.Errorf("without TLS: %v, %v", resp, err)
			}
		}
		client.CloseIdleConnections()
		closeAll()
	}
}
