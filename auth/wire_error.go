package auth

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// wireFailure is the error of a request that got no answer. A certificate that is not trusted today will not be in a second, be it
// the server's or ours.
func wireFailure(err error, sent bool) *SignInError {
	failed := &SignInError{kind: unreachable, Cause: worded(err), lost: sent}
	if help := handshakeHelp(err); help != "" {
		failed.kind, failed.lost, failed.help = unusable, false, help
	}
	if speaksNoTLS(err) {
		failed.Cause = &wordedError{"the server does not speak TLS there", err}
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok && name.IsNotFound {
		failed.help = "check the name of the host in the profile, and the network of this machine"
	}
	return failed
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
