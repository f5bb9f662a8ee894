package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// certificateOf reads the client's certificate with its chain and its key.
func certificateOf(t TLS, dir string) (*tls.Certificate, error) {
	if t.PKCS12File != "" {
		return fromPKCS12(t, dir)
	}
	return fromPEM(t, dir)
}

func fromPEM(t TLS, dir string) (*tls.Certificate, error) {
	chain, err := os.ReadFile(within(dir, t.CertFile))
	if err != nil {
		return nil, fmt.Errorf("tls.cert_file: %w", err)
	}
	name, where, key := t.CertFile, "cert_file", chain
	if t.KeyFile != "" {
		name, where = t.KeyFile, "key_file"
		if key, err = os.ReadFile(within(dir, t.KeyFile)); err != nil {
			return nil, fmt.Errorf("tls.key_file: %w", err)
		}
	}
	if encryptedKey(key) {
		return nil, fmt.Errorf("tls.%s: the key in %s is encrypted: decrypt it (openssl pkey), or use pkcs12_file with pkcs12_password", where, name)
	}
	certificate, err := tls.X509KeyPair(chain, key)
	switch {
	case err == nil:
		return &certificate, nil
	case strings.Contains(err.Error(), "does not match"):
		return nil, fmt.Errorf("tls.%s: the key in %s is not that of the first certificate in %s", where, name, t.CertFile)
	case strings.Contains(err.Error(), "PRIVATE KEY"), strings.Contains(err.Error(), "rather than a key"):
		return nil, fmt.Errorf("tls.%s: there is no PEM private key in %s", where, name)
	}
	return nil, fmt.Errorf("tls.cert_file: %w", err)
}

// encryptedKey says whether a file's private key needs a password.
func encryptedKey(data []byte) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
	return false
}

// fromPKCS12 reads a .p12 or .pfx file (RFC 7292), of old encryptions too.
func fromPKCS12(t TLS, dir string) (*tls.Certificate, error) {
	data, err := os.ReadFile(within(dir, t.PKCS12File))
	if err != nil {
		return nil, fmt.Errorf("tls.pkcs12_file: %w", err)
	}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return nil, fmt.Errorf("tls.pkcs12_file: %s is a PEM file: name it in cert_file", t.PKCS12File)
	}
	key, first, others, err := pkcs12.DecodeChain(data, t.PKCS12Password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return nil, fmt.Errorf("tls.pkcs12_password: it does not open %s", t.PKCS12File)
	case err != nil:
		return nil, fmt.Errorf("tls.pkcs12_file: reading %s: %w", t.PKCS12File, err)
	}
	chain := chainOf(key, append([]*x509.Certificate{first}, others...))
	if chain == nil {
		return nil, fmt.Errorf("tls.pkcs12_file: the key in %s is not that of a certificate in it", t.PKCS12File)
	}
	certificate := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		certificate.Certificate = append(certificate.Certificate, c.Raw)
	}
	return certificate, nil
}

// chainOf puts the certificates of a file, which come in any order, in that of a handshake (RFC 5246 §7.4.2): the key's own first,
// each signed by the one that follows. What does not belong to it is left out, and so is the root.
func chainOf(key any, all []*x509.Certificate) []*x509.Certificate {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return nil
	}
	at := slices.IndexFunc(all, func(c *x509.Certificate) bool { return public.Equal(c.PublicKey) })
	if at < 0 {
		return nil
	}
	chain := []*x509.Certificate{all[at]}
	for range all {
		last := chain[len(chain)-1]
		at := slices.IndexFunc(all, func(c *x509.Certificate) bool {
			return !slices.Contains(chain, c) && !bytes.Equal(c.RawSubject, c.RawIssuer) && last.CheckSignatureFrom(c) == nil
		})
		if at < 0 {
			break
		}
		chain = append(chain, all[at])
	}
	return chain
}

// shows has a config show a certificate to whoever asks for one. A list of certificates in its place would be searched for one
// whose issuer the server names, and the server be told in silence that there is none.
func shows(p Profile, certificate *tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	part := "tls.cert_file"
	if p.TLS.PKCS12File != "" {
		part = "tls.pkcs12_file"
	}
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if end := certificate.Leaf.NotAfter; time.Now().After(end) {
			return nil, &SigningError{
				Profile: p.Name, Part: part, Cause: fmt.Errorf("the client's certificate expired on %s", end.UTC().Format(time.DateOnly)),
				help: "put a new certificate in its place; if this one is the new one, check this machine's clock",
			}
		}
		return certificate, nil
	}
}

// connectionEnded says whether a server ended the connection without an answer, which is how many refuse a client's certificate: the
// word that they send before is often overtaken. The text is net/http's for a connection that ended before its first request; it
// has no error for that.
func connectionEnded(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) ||
		err != nil && strings.Contains(err.Error(), "http2: client conn could not be established")
}

// hideFromProxy keeps the client's certificate from a proxy that is spoken to over TLS: net/http would use the same configuration
// for both.
func (w *wire) hideFromProxy(p Profile, withCert, without *tls.Config) {
	spoken := false
	for _, u := range p.originURLs() {
		proxy, err := w.own.Proxy(&http.Request{URL: u})
		spoken = spoken || err == nil && proxy != nil && proxy.Scheme == "https"
	}
	if !spoken {
		return
	}
	withCert = withCert.Clone()
	withCert.NextProtos = []string{"h2", "http/1.1"} // net/http does not add them to a dialer that is not its own
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	w.own.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		config := without
		if host, port, err := net.SplitHostPort(address); err == nil && w.origins[originOf("https", host, port)] {
			config = withCert
		}
		return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, network, address)
	}
}
