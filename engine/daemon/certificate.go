package daemon

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often it is looked whether the files of a certificate have changed, while somebody connects.
const lookEvery = 10 * time.Second

// Certificate is the certificate of an address, or of a client, as its files are: when they change it is read again. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	now    *tls.Certificate
	stamp  string
	looked time.Time
}

// ReadCertificate reads a certificate and its key, both as PEM.
func ReadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, looked: time.Now()}
	c.stamp = c.stampNow()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("the certificate %s: %w", certFile, err)
	}
	c.now = &pair
	return c, nil
}

// config is how connections are encrypted.
func (c *Certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	}
}

// ForServer gives the certificate to a server that asks its client for one, as a tls.Config has it in GetClientCertificate.
func (c *Certificate) ForServer(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return c.current(), nil
}

// current gives the certificate. Files that make none, as while they are being written, leave it as it was.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.now
	}
	c.looked = time.Now()
	stamp := c.stampNow()
	if stamp == c.stamp {
		return c.now
	}
	c.stamp = stamp
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Error("the certificate has changed and cannot be read: the one before goes on", "file", c.certFile, "error", err)
		return c.now
	}
	c.now = &pair
	c.log.Info("the certificate is read again", "file", c.certFile, "until", pair.Leaf.NotAfter)
	return c.now
}

// stampNow tells what the files are from what they were.
func (c *Certificate) stampNow() string {
	var stamp string
	for _, file := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return err.Error()
		}
		stamp += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), " ")
	}
	return stamp
}
