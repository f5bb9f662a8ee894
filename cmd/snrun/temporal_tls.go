package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"snrun/engine/daemon"
	"snrun/jobs"
)

// tlsOf gives how the connection is encrypted, nil for not at all. The certificate to come in with is read again when its files change.
func tlsOf(t jobs.Temporal, log *slog.Logger) (*tls.Config, error) {
	if !t.Encrypted() {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.TLS.ServerName}
	wrong := func(key string, err error) error {
		return &exitError{exitInvalid, fmt.Errorf("temporal.tls.%s: %w", key, err), "name files in the form PEM, which this user may read"}
	}
	if t.TLS.CAFile != "" {
		data, err := os.ReadFile(t.TLS.CAFile)
		if err != nil {
			return nil, wrong("ca_file", err)
		}
		if c.RootCAs, err = x509.SystemCertPool(); err != nil {
			c.RootCAs = x509.NewCertPool()
		}
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return nil, wrong("ca_file", fmt.Errorf("there is no certificate in %s", t.TLS.CAFile))
		}
	}
	if t.TLS.CertFile != "" {
		if log == nil {
			log = slog.New(slog.DiscardHandler)
		}
		own, err := daemon.ReadCertificate(t.TLS.CertFile, t.TLS.KeyFile, log)
		if err != nil {
			return nil, wrong("cert_file and key_file", err)
		}
		// And not Certificates, of which nothing is shown to a server that trusts other authorities: it would ask for what it got.
		c.GetClientCertificate = own.ForServer
	}
	return c, nil
}

// misfit is what stands in the way of speaking to a server at all: settings that are not what it wants.
type misfit struct{ is, hint string }

// misfitOf looks for what stands in the way, where a call has failed; nil where there is nothing, or it cannot be seen.
func misfitOf(ctx context.Context, t jobs.Temporal, c *tls.Config) *misfit {
	if c == nil {
		if err := handshake(ctx, t.Address, &tls.Config{MinVersion: tls.VersionTLS12}); err == nil || spokeTLS(err) {
			return &misfit{"wants TLS", "write tls: true below temporal in snrun.yaml, or tls: {ca_file: FILE} where its certificate is from an authority of your own"}
		}
		return nil
	}
	err := handshake(ctx, t.Address, c)
	if err == nil {
		return nil
	}
	if _, plain := errors.AsType[tls.RecordHeaderError](err); plain {
		return &misfit{"does not speak TLS", "see whether the port is right; without TLS leave temporal.tls out of snrun.yaml, and the API key"}
	}
	if m := serverMisfit(err); m != nil {
		return m
	}
	return clientMisfit(t, err)
}

// serverMisfit says what is wrong with the certificate of the server, nil where that is not it.
func serverMisfit(err error) *misfit {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, otherHost := errors.AsType[x509.HostnameError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case otherHost:
		return &misfit{"has a certificate of another name: " + causeOf(err), "set temporal.tls.server_name in snrun.yaml to a name that the certificate has"}
	case isInvalid && invalid.Reason == x509.Expired:
		return &misfit{"has a certificate that cannot be trusted: " + causeOf(err), "see whether the clock of this machine is right; if it is, the server's certificate has to be renewed"}
	case untrusted:
		return &misfit{"has a certificate that cannot be trusted: " + causeOf(err), "name the file of its authority: temporal.tls.ca_file in snrun.yaml"}
	}
	return nil
}

// clientMisfit says what a server has against the certificate of its client, nil where that is not it.
func clientMisfit(t jobs.Temporal, err error) *misfit {
	if !spokeTLS(err) || !strings.Contains(err.Error(), "certificate") {
		return nil
	}
	if t.TLS.CertFile == "" {
		return &misfit{"asks for a certificate of its clients", "name yours: temporal.tls.cert_file and key_file in snrun.yaml"}
	}
	return &misfit{"refuses the certificate in " + t.TLS.CertFile + ": " + causeOf(err), "name one that it trusts: temporal.tls.cert_file and key_file in snrun.yaml"}
}

// causeOf is an error of a handshake without what stands before its cause.
func causeOf(err error) string {
	text := err.Error()
	for _, before := range []string{"x509: ", "tls: "} {
		if _, cause, found := strings.Cut(text, before); found {
			return cause
		}
	}
	return text
}

// spokeTLS says whether the error of a handshake shows that the server speaks TLS.
func spokeTLS(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	alert, isNet := errors.AsType[*net.OpError](err)
	return untrusted || isNet && alert.Op == "remote error"
}

// handshakeLimit is how long a server has for a handshake.
const handshakeLimit = 3 * time.Second

// errUnseen says that nothing was to be seen of how a server speaks.
var errUnseen = errors.New("there was no handshake")

// handshake speaks TLS with a server and no more: of what goes wrong in a call only the text is known, which says too little.
func handshake(ctx context.Context, address string, c *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	plain, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return errUnseen
	}
	defer plain.Close()
	if err := plain.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return errUnseen
	}
	c = c.Clone()
	c.NextProtos = []string{"h2"}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(address)
	}
	spoken := tls.Client(plain, c)
	if err := spoken.HandshakeContext(ctx); err != nil {
		return err
	}
	// In TLS 1.3 the server judges the client's certificate after the handshake. It says something by itself where it likes it.
	if _, err := spoken.Read(make([]byte, 1)); err != nil && spokeTLS(err) {
		return err
	}
	return nil
}
