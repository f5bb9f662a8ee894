package rest

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

// badInput is a mistake in what the step was given.
func badInput(format string, args ...any) *steps.Error {
	err := fmt.Errorf(format, args...)
	return &steps.Error{Kind: steps.BadInput, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// hinted adds the next step for the person who reads the error.
func hinted(err *steps.Error, hint string) *steps.Error {
	err.Hint = hint
	return err
}

// wrapInput makes an error about a field one of kind input; nil stays nil.
func wrapInput(field string, err error) error {
	if err == nil {
		return nil
	}
	var done *steps.Error
	if errors.As(err, &done) {
		return err
	}
	return badInput("%s: %w", field, err)
}

// errorf makes an error of this request.
func (t *trip) errorf(kind, format string, args ...any) *steps.Error {
	err := fmt.Errorf(format, args...)
	e := &steps.Error{Kind: kind, Message: t.req.Method + " " + shown(t.url) + ": " + err.Error(), Cause: errors.Unwrap(err)}
	if t.resp != nil {
		e.Status = t.status()
	}
	return e
}

// failure says why there was no answer. ctx is the one the request was made with.
func (t *trip) failure(ctx context.Context, err error) *steps.Error {
	if re, ok := asRedirectError(err); ok {
		return hinted(t.errorf(re.kind, "%w", re), re.hint)
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
		return hinted(t.errorf(steps.Timeout, "%w", held), held.Help())
	}
	// The profile's own expressions, such as refresh_when, fail inside its client.
	var known *steps.Error
	if errors.As(err, &known) {
		return hinted(t.errorf(known.Kind, "%w", known), known.Hint)
	}
	if text, hint := tlsText(err); text != "" || t.handshake.Load() || tlsRefused(err) {
		return t.tlsFailure(err, text, hint)
	}
	text, hint := networkText(err)
	e := hinted(t.errorf(steps.Network, "%s", text), hint)
	e.Cause, e.Repeat = err, steps.IfSafe
	if !t.wrote.Load() {
		e.Repeat = steps.Always
	}
	return e
}

// weigh says in a failure whether the request surely had no effect. One that a redirect answered by leading elsewhere, as a
// POST is with 303, had its effect before that: whatever became of the request behind it.
func (t *trip) weigh(err error) {
	var e *steps.Error
	if !errors.As(err, &e) {
		return
	}
	if !t.moved {
		e.NoEffect = e.NoEffect || !t.wrote.Load() || t.resp != nil && turnedAway(t.status())
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
func (t *trip) noClient(err error) *steps.Error {
	var signIn steps.SignInError
	if errors.As(err, &signIn) {
		return t.signInFailure(signIn)
	}
	return hinted(t.errorf(steps.BadInput, "%w", err), "check the profile")
}

// stopped says that a limit struck, or that the run was ended around the request; nil when neither.
func (t *trip) stopped(ctx context.Context) *steps.Error {
	cause := context.Cause(ctx)
	var limit *timeoutError
	switch {
	case cause == nil:
		return nil
	case errors.As(cause, &limit):
		e := hinted(t.errorf(steps.Timeout, "%w", limit), "raise timeout."+limit.what+" if the server may take longer")
		e.Repeat = steps.IfSafe
		if !t.wrote.Load() {
			e.Repeat = steps.Always
		}
		return e
	case errors.Is(cause, context.DeadlineExceeded):
		e := t.errorf(steps.Timeout, "the time of the step or of the run was up")
		e.Cause = cause
		return e
	}
	e := t.errorf(steps.Cancelled, "cancelled")
	if !errors.Is(cause, context.Canceled) {
		e = t.errorf(steps.Cancelled, "cancelled: %w", cause)
	}
	e.Cause = cause
	return e
}

func (t *trip) signInFailure(err steps.SignInError) *steps.Error {
	e := &steps.Error{Kind: steps.Auth, Message: err.Error(), Hint: err.Help(), Cause: err}
	// The request itself did not go out, or was turned away for want of a sign-in.
	e.NoEffect = true
	if err.Temporary() {
		e.Repeat, e.RetryAfter = steps.Always, err.RetryAfter()
	}
	return e
}

func (t *trip) tlsFailure(err error, text, hint string) *steps.Error {
	if text == "" {
		e := t.errorf(steps.TLS, "setting up TLS: %s", plainText(err))
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
	e := hinted(t.errorf(steps.TLS, "%s", text), hint)
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
		return "the server's certificate is for another host: " + clean(host.Error(), 200), "check the host name in base_url or url"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + clean(invalid.Error(), 200), "check the certificate's dates and this machine's clock"
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
	return clean(err.Error(), 300)
}

// brokenOff says that the answer began and did not end.
func (t *trip) brokenOff(ctx context.Context, err error, got int64) error {
	if stopped := t.stopped(ctx); stopped != nil {
		return stopped
	}
	of := ""
	if n := t.resp.ContentLength; n > 0 {
		of = fmt.Sprintf(" of %d", n)
	}
	e := t.errorf(steps.Network, "the connection broke after %d%s bytes of the answer", got, of)
	e.Cause, e.Repeat = err, steps.IfSafe
	return e
}

// contentError says that the body is not what was asked for, with its type, its size and its first characters.
func (t *trip) contentError(what, hint string) *steps.Error {
	media := mediaType(t.resp.Header.Get("Content-Type"))
	if media == "" {
		media = "no Content-Type"
	}
	size := "of unknown size"
	if t.size >= 0 {
		size = fmt.Sprintf("%d bytes", t.size)
	}
	text := fmt.Sprintf("%d: %s (%s, %s)", t.status(), what, clean(media, 80), size)
	if begins := t.excerpt(); begins != "" {
		text += ": " + begins
	}
	return hinted(t.errorf(steps.Content, "%s", text), hint)
}

// statusError says that the server refused, in the server's own words.
func (a *answer) statusError() *steps.Error {
	text := strings.TrimSpace(fmt.Sprint(a.status(), " ", http.StatusText(a.status())))
	if said := a.said(); said != "" {
		text += ": " + said
	}
	e := hinted(a.errorf(steps.Status, "%s", text), a.statusHint())
	wait, asked := retryAfter(a.resp.Header, a.started)
	e.RetryAfter = wait
	switch a.status() {
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

func (a *answer) statusHint() string {
	location := a.resp.Header.Get("Location")
	switch s := a.status(); {
	case s == http.StatusUnauthorized && a.call.in.Text("auth") == "none":
		return "the step leaves the profile's sign-in off, and the server asks for one: leave out auth: none"
	case s == http.StatusUnauthorized && a.call.in.Has("profile"):
		return "the server asks for another sign-in than that of the profile " + a.call.in.Text("profile") + ": check its auth in profiles.yaml"
	case s == http.StatusUnauthorized:
		return "name a profile that signs in"
	case s == http.StatusForbidden:
		return "the sign-in is known but may not do this: ask for the right in the other system"
	case s == http.StatusNotFound:
		return "check the path; if a missing one is no mistake, allow it with expect: response.status in [200, 404]"
	case s >= 300 && s < 400 && location != "":
		return "it points to " + clean(withoutQuery(location), 200)
	}
	return ""
}
