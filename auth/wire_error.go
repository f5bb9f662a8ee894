package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// wireFailure is the error of a request that got no answer. A certificate that is not trusted today will not be in a second, be it
// the server's or ours.
func wireFailure(err error, sent bool) *SignInError {
	failed := &SignInError{kind: unreachable, Cause: worded(err), lost: sent}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		failed.kind, failed.lost = unusable, false
		failed.help = "if the server's certificate comes from an authority of your own, name its file in tls.ca_file"
	}
	// In TLS 1.3 the server judges the client's certificate after the request has left. It has not read it then.
	alert, ok := errors.AsType[*net.OpError](err)
	if ok && alert.Op == "remote error" && strings.Contains(alert.Error(), "certificate") {
		failed.kind, failed.lost = unusable, false
		failed.help = "the server ends the connection: check that it knows the client's certificate in tls"
	}
	return failed
}

// handshake tells apart why no connection came about: what a person has to mend is no outage, and trying again no help.
func (e *SignInError) handshake() {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	unknown, isUnknown := errors.AsType[*net.DNSError](e.Cause)
	remote, isRemote := errors.AsType[*net.OpError](e.Cause)
	switch {
	case e.kind != unreachable && e.kind != unusable:
	case isPlain(e.Cause):
		e.kind, e.lost = unusable, false
		e.help = "check scheme and port in " + e.Endpoint
	case errors.As(e.Cause, &name):
		e.help = "the certificate is that of another host: check the host in " + e.Endpoint
	case errors.As(e.Cause, &invalid) && invalid.Reason == x509.Expired:
		e.help = "check the clock of this machine; if it is right, whoever runs the server has to renew its certificate"
	case isRemote && remote.Op == "remote error" && strings.Contains(remote.Error(), "certificate required"):
		e.help = "the server wants to see a client's certificate: name yours in tls.cert_file and tls.key_file"
	case isUnknown && unknown.IsNotFound && e.help == "":
		e.help = fmt.Sprintf("check the host in %s, and proxy: the name %s cannot be resolved here", e.Endpoint, clean(unknown.Name))
	}
}

// isPlain says whether a server answered without TLS where that was asked for.
func isPlain(err error) bool {
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	return notTLS || errors.Is(err, http.ErrSchemeMismatch)
}

// worded puts the usual errors of the network in plain words.
func worded(err error) error {
	name, isName := errors.AsType[*net.DNSError](err)
	text := ""
	switch {
	case isName && name.IsNotFound:
		text = fmt.Sprintf("no host is named %q", name.Name)
	case isName:
		text = fmt.Sprintf("the name %q could not be looked up", name.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		text = "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		text = "the server broke the connection"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		text = "the server closed the connection without an answer"
	case isPlain(err):
		text = "the server does not speak TLS there"
	default:
		return err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		text = "the proxy: " + text
	}
	return &wordedError{text, err}
}

// wordedError is an error in other words.
type wordedError struct {
	text  string
	cause error
}

func (e *wordedError) Error() string { return e.text }

func (e *wordedError) Unwrap() error { return e.cause }
