package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// wire carries a profile's requests: with its trusted authorities and proxy everywhere, with its client certificate to its
// own origins only.
type wire struct {
	origins map[string]bool
	own     *http.Transport
	other   *http.Transport // the same as own where there is no certificate
}

// newWire reads the profile's TLS files.
func newWire(p Profile, dir string) (*wire, error) {
	w := &wire{origins: make(map[string]bool)}
	for _, o := range p.origins() {
		w.origins[o] = true
	}
	proxy, err := proxyOf(p)
	if err != nil {
		return nil, err
	}
	config, err := trustOf(p.TLS, dir)
	if err != nil {
		return nil, err
	}
	w.other = newTransport(config, proxy)
	w.own = w.other
	if p.TLS.CertFile == "" && p.TLS.PKCS12File == "" {
		return w, nil
	}
	certificate, err := certificateOf(p.TLS, dir)
	if err != nil {
		return nil, err
	}
	withCert := config.Clone()
	withCert.GetClientCertificate = shows(p, certificate)
	w.own = newTransport(withCert, proxy)
	w.hideFromProxy(p, withCert, config)
	return w, nil
}

// ours says whether a URL is of an origin that gets the profile's credentials.
func (w *wire) ours(u *url.URL) bool { return w.origins[origin(u)] }

// RoundTrip sends a request as it is.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if w.ours(req.URL) {
		return w.own.RoundTrip(req)
	}
	return w.other.RoundTrip(req)
}

func (w *wire) closeIdle() {
	w.own.CloseIdleConnections()
	w.other.CloseIdleConnections()
}

// idlePerHost is how many connections to a host stay open for the next requests: as many as any loop has under way at once. No more
// are ever open than were in use at once, and none for longer than it is idle.
const idlePerHost = 4096

// newTransport makes a transport that sets no limit to an answer: how long one may take is the step's to say.
func newTransport(config *tls.Config, proxy func(*http.Request) (*url.URL, error)) *http.Transport {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   15 * time.Second,
		ForceAttemptHTTP2:     true, // a config or a dialer of one's own turns it off otherwise
		MaxIdleConnsPerHost:   idlePerHost,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

func proxyOf(p Profile) (func(*http.Request) (*url.URL, error), error) {
	if p.Proxy == "" {
		return http.ProxyFromEnvironment, nil
	}
	u, err := parseProxy(p.Proxy)
	if err != nil {
		return nil, err
	}
	return http.ProxyURL(u), nil
}

// parseProxy reads a proxy's URL. Its errors do not quote it, since it may hold a password.
func parseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errors.New("this is no address of a proxy")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, fmt.Errorf("a proxy speaks http, https or socks5, not %q", u.Scheme)
}

// tlsVersion gives Go's number of a TLS version; "" is 1.2.
func tlsVersion(text string) (uint16, bool) {
	versions := map[string]uint16{
		"": tls.VersionTLS12, "1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13,
	}
	version, ok := versions[text]
	return version, ok
}

// trustOf says whom to trust. An authority of one's own stands beside those of the system.
func trustOf(t TLS, dir string) (*tls.Config, error) {
	version, _ := tlsVersion(t.MinVersion)
	config := &tls.Config{MinVersion: version}
	if t.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(within(dir, t.CAFile))
	if err != nil {
		return nil, fmt.Errorf("tls.ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // a container without certificates
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tls.ca_file: there is no PEM certificate in %s", t.CAFile)
	}
	config.RootCAs = pool
	return config, nil
}

// within gives a file's name, relative ones in dir.
func within(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
