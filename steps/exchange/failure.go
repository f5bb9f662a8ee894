package exchange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"snrun/steps"
)

// BadInput is a mistake in what the step was given.
func BadInput(format string, args ...any) *steps.Error {
	err := fmt.Errorf(format, args...)
	return &steps.Error{Kind: steps.BadInput, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Hinted adds the next step for the person who reads the error.
func Hinted(err *steps.Error, hint string) *steps.Error {
	err.Hint = hint
	return err
}

// WrapInput makes an error about a field one of kind input; nil stays nil.
func WrapInput(field string, err error) error {
	if err == nil {
		return nil
	}
	var done *steps.Error
	if errors.As(err, &done) {
		return err
	}
	return BadInput("%s: %w", field, err)
}

// Errorf makes an error of this request.
func (t *Trip) Errorf(kind, format string, args ...any) *steps.Error {
	err := fmt.Errorf(format, args...)
	e := &steps.Error{Kind: kind, Message: t.Req.Method + " " + Shown(t.URL) + ": " + err.Error(), Cause: errors.Unwrap(err)}
	if t.Resp != nil {
		e.Status = t.Status()
	}
	return e
}

// failure says why there was no answer. ctx is the one the request was made with.
func (t *Trip) failure(ctx context.Context, err error) *steps.Error {
	if re, ok := asRedirectError(err); ok {
		return Hinted(t.Errorf(re.kind, "%w", re), re.hint)
	}
	if stopped := t.stopped(ctx); stopped != nil {
		return stopped
	}
	var signIn steps.SignInError
	if errors.As(err, &signIn) {
		return t.signInFailure(signIn)
	}
	var held steps.HeldError
	if errors.As(err, &held) {
		return Hinted(t.Errorf(steps.Timeout, "%w", held), held.Help())
	}
	// The profile's own expressions, such as refresh_when, fail inside its client.
	var known *steps.Error
	if errors.As(err, &known) {
		return Hinted(t.Errorf(known.Kind, "%w", known), known.Hint)
	}
	if text, hint := tlsText(err); text != "" || t.handshake.Load() || tlsRefused(err) {
		return t.tlsFailure(err, text, hint)
	}
	text, hint := networkText(err)
	e := Hinted(t.Errorf(steps.Network, "%s", text), hint)
	e.Cause, e.Repeat = err, steps.IfSafe
	if !t.wrote.Load() {
		e.Repeat = steps.Always
	}
	return e
}

// weigh says in a failure as whom the request was made, and whether it surely had no effect. One that a redirect answered by leading elsewhere, as a
// POST is with 303, had its effect before that: whatever became of the request behind it.
func (t *Trip) weigh(err error) {
	var e *steps.Error
	if !errors.As(err, &e) {
		return
	}
	e.Profile = t.Call.In.Text("profile")
	if !t.moved {
		e.NoEffect = e.NoEffect || !t.wrote.Load() || t.Resp != nil && turnedAway(t.Status())
		return
	}
	e.NoEffect = false
	if e.Repeat == steps.Always {
		e.Repeat = steps.IfSafe
	}
}

// turnedAway says whether a status means that the server did nothing. With 408 and 499 a gateway says that it waited no longer
// for the server behind it.
func turnedAway(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != 499
}

// noClient says why a profile has no client: its sign-in, or a mistake in its settings.
func (t *Trip) noClient(err error) *steps.Error {
	e := Hinted(t.Errorf(steps.BadInput, "%w", err), "check the profile")
	var signIn steps.SignInError
	if errors.As(err, &signIn) {
		e = t.signInFailure(signIn)
	}
	e.Profile = t.Call.In.Text("profile")
	return e
}

// stopped says that a limit struck, or that the run was ended around the request; nil when neither.
func (t *Trip) stopped(ctx context.Context) *steps.Error {
	cause := context.Cause(ctx)
	var limit *timeoutError
	switch {
	case cause == nil:
		return nil
	case errors.As(cause, &limit):
		e := Hinted(t.Errorf(steps.Timeout, "%w", limit), "raise timeout."+limit.what+" if the server may take longer")
		e.Repeat = steps.IfSafe
		if !t.wrote.Load() {
			e.Repeat = steps.Always
		}
		return e
	case errors.Is(cause, context.DeadlineExceeded):
		e := t.Errorf(steps.Timeout, "the time of the step or of the run was up")
		e.Cause = cause
		return e
	}
	e := t.Errorf(steps.Cancelled, "cancelled")
	if !errors.Is(cause, context.Canceled) {
		e = t.Errorf(steps.Cancelled, "cancelled: %w", cause)
	}
	e.Cause = cause
	return e
}

func (t *Trip) signInFailure(err steps.SignInError) *steps.Error {
	e := &steps.Error{Kind: steps.Auth, Message: err.Error(), Hint: err.Help(), Cause: err}
	// The request itself did not go out, or was turned away for want of a sign-in.
	e.NoEffect = true
	if err.Temporary() {
		e.Repeat, e.RetryAfter = steps.Always, err.RetryAfter()
	}
	return e
}

// Unreached says of which kind the failure is of a request that is made beside that of the step, such as for a WSDL: it did no more
// than read.
func Unreached(err error) *steps.Error {
	e := &steps.Error{Kind: steps.Network, Message: err.Error(), Cause: err, Repeat: steps.Always, NoEffect: true}
	var signIn steps.SignInError
	var held steps.HeldError
	text, hint := tlsText(err)
	switch {
	case errors.As(err, &signIn):
		e.Kind, e.Hint, e.Repeat = steps.Auth, signIn.Help(), steps.Never
		if signIn.Temporary() {
			e.Repeat, e.RetryAfter = steps.Always, signIn.RetryAfter()
		}
	case errors.As(err, &held):
		e.Kind, e.Hint, e.Repeat = steps.Timeout, held.Help(), steps.Never
	case errors.Is(err, context.Canceled):
		e.Kind, e.Repeat = steps.Cancelled, steps.Never
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind = steps.Timeout
	case text != "":
		e.Kind, e.Message, e.Hint, e.Repeat = steps.TLS, text, hint, steps.Never
	default:
		e.Message, e.Hint = networkText(err)
	}
	return e
}

func (t *Trip) tlsFailure(err error, text, hint string) *steps.Error {
	if text == "" {
		e := t.Errorf(steps.TLS, "setting up TLS: %s", plainText(err))
		e.Cause, e.Repeat = err, steps.IfSafe
		switch {
		case strings.Contains(err.Error(), "certificate"):
			e.Hint = "the server may want a client certificate: tls: {cert_file, key_file} in the profile"
			e.Repeat, e.NoEffect = steps.Never, true
		case !t.wrote.Load():
			e.Repeat = steps.Always
		}
		return e
	}
	e := Hinted(t.Errorf(steps.TLS, "%s", text), hint)
	e.Cause = err
	return e
}

// tlsRefused says whether the server ended the connection by a TLS alert. In TLS 1.3 it refuses a client's certificate only
// after the client has sent its request.
func tlsRefused(err error) bool { return strings.Contains(err.Error(), "remote error: tls: ") }

// tlsText explains the certificate errors that trying again does not mend.
func tlsText(err error) (text, hint string) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return "the server's certificate is signed by an authority that is not known here", "name its CA in the profile: tls: {ca_file: …}"
	case errors.As(err, &host):
		return "the server's certificate is for another host: " + Clean(host.Error(), 200), "check the host name in base_url or url"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + Clean(invalid.Error(), 200), "check the certificate's dates and this machine's clock"
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "the server does not speak TLS on this port", "write http:// if that is meant, or the port for https"
	}
	return "", ""
}

// networkText puts the usual errors of the network in plain words.
func networkText(err error) (text, hint string) {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("no host is named %q", dns.Name), "check the host name in base_url or url"
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %q could not be looked up", dns.Name), "check the name server of this machine"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", "check host and port, and that the server is running"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the server broke the connection", ""
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed idle connection"):
		return "the server closed the connection without an answer", ""
	}
	return plainText(err), ""
}

// plainText is the text of an error without the request, which stands before it already, and which may show more of the
// address than a message should.
func plainText(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return Clean(err.Error(), 300)
}

// BrokenOff says that the answer began and did not end.
func (t *Trip) BrokenOff(ctx context.Context, err error, got int64) error {
	if stopped := t.stopped(ctx); stopped != nil {
		return stopped
	}
	of := ""
	if n := t.Resp.ContentLength; n > 0 {
		of = fmt.Sprintf(" of %d", n)
	}
	e := t.Errorf(steps.Network, "the connection broke after %d%s bytes of the answer", got, of)
	e.Cause, e.Repeat = err, steps.IfSafe
	return e
}

// ContentError says that the body is not what was asked for, with its type, its size and its first characters.
func (t *Trip) ContentError(what, hint string) *steps.Error {
	media := MediaType(t.Resp.Header.Get("Content-Type"))
	if media == "" {
		media = "no Content-Type"
	}
	size := "of unknown size"
	if t.Size >= 0 {
		size = fmt.Sprintf("%d bytes", t.Size)
	}
	text := fmt.Sprintf("%d: %s (%s, %s)", t.Status(), what, Clean(media, 80), size)
	if begins := t.excerpt(); begins != "" {
		text += ": " + begins
	}
	return Hinted(t.Errorf(steps.Content, "%s", text), hint)
}

// StatusError says that the server refused, in the server's own words.
func (t *Trip) StatusError() *steps.Error {
	text := strings.TrimSpace(fmt.Sprint(t.Status(), " ", http.StatusText(t.Status())))
	if said := t.said(); said != "" {
		text += ": " + said
	}
	e := Hinted(t.Errorf(steps.Status, "%s", text), t.statusHint())
	wait, asked := RetryAfter(t.Resp.Header, t.started)
	e.RetryAfter = wait
	switch t.Status() {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e.Repeat = steps.IfSafe
		if asked {
			e.Repeat = steps.Always
		}
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		e.Repeat = steps.IfSafe
	}
	return e
}

func (t *Trip) statusHint() string {
	location := t.Resp.Header.Get("Location")
	switch s := t.Status(); {
	case s == http.StatusUnauthorized && t.Call.In.Text("auth") == "none":
		return "the step leaves the profile's sign-in off, and the server asks for one: leave out auth: none"
	case s == http.StatusUnauthorized && t.Call.In.Has("profile"):
		return "the server asks for another sign-in than that of the profile " + t.Call.In.Text("profile") + ": check its auth in profiles.yaml"
	case s == http.StatusUnauthorized:
		return "name a profile that signs in"
	case s == http.StatusForbidden:
		return "the sign-in is known but may not do this: ask for the right in the other system"
	case s == http.StatusNotFound:
		return "check the path; if a missing one is no mistake, allow it with expect: response.status in [200, 404]"
	case s >= 300 && s < 400 && location != "":
		return "it points to " + Clean(WithoutQuery(location), 200)
	}
	return ""
}
