package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"snrun/history/words"
)

const (
	testTimeout = 30 * time.Second
	testBody    = 64 << 10 // bytes of the answer that are read
)

func (a *app) authTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test PROFILE",
		Short: "Sign in as a profile, and ask the system something harmless",
		Long: `Get a token, or sign a request, and ask for the profile's test_path with GET (without one for base_url), and say step by
step how that went. The token endpoint is asked also where it has refused before.

Exit codes: 0 it works, 4 something must be mended, 75 it may work later.`,
		Args:              exactly(1, "auth test takes one profile"),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), args[0], a.testProfile)
		},
	}
}

func (a *app) testProfile(ctx context.Context, p *opened) error {
	if err := a.testSignIn(ctx, p); err != nil {
		return err
	}
	address, err := testAddress(p)
	if err != nil {
		return &exitError{exitSignIn, err, "add base_url, or test_path with a base_url"}
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	answer, err := a.askTest(ctx, p, address)
	if err != nil {
		return err
	}
	if err := a.step("answer", answer.String()); err != nil {
		return err
	}
	return a.judgeTest(p, answer)
}

// step tells of a step of a test that went well.
func (a *app) step(what, text string) error {
	return a.print(pad(what, 8) + "  " + words.Clean(text) + "\n")
}

// testSignIn gets a token, where the profile has tokens.
func (a *app) testSignIn(ctx context.Context, p *opened) error {
	if !p.hasTokens() {
		return a.step("sign-in", cmp.Or(p.Auth, "none"))
	}
	if _, err := p.keys.Authorization(ctx, p.Name); err != nil {
		return signInFailure(ctx, err)
	}
	text := p.grant()
	if status, err := p.keys.Status(p.Name); err == nil && !status.AccessExpires.IsZero() {
		text += ", lives " + lifetimeLeft(status.AccessExpires, time.Now())
	}
	return a.step("token", text)
}

// testAddress is what a test asks for.
func testAddress(p *opened) (*url.URL, error) {
	if p.BaseURL == nil {
		return nil, fmt.Errorf("profile %s has no base_url, so there is nothing to ask", p.Name)
	}
	address, err := p.below(p.TestPath)
	if err != nil {
		return nil, fmt.Errorf("profile %s: test_path is no path", p.Name)
	}
	return address, nil
}

// below gives the address of a path below the profile's base_url.
func (o *opened) below(path string) (*url.URL, error) {
	address := *o.BaseURL
	if path == "" {
		return &address, nil
	}
	below, err := url.Parse("/" + strings.TrimLeft(path, "/"))
	if err != nil {
		return nil, err
	}
	address = *address.JoinPath(below.EscapedPath())
	address.RawQuery = below.RawQuery
	return &address, nil
}

// testAnswer is what came of the request of a test.
type testAnswer struct {
	*http.Response
	page bool // it is a web page
	size int
	took time.Duration
}

// String is the answer in one line.
func (t testAnswer) String() string {
	media := cmp.Or(t.Header.Get("Content-Type"), "no Content-Type")
	text := words.Size(int64(t.size))
	if t.size == testBody {
		text += " and more"
	}
	return fmt.Sprintf("%s, %s, %s, %s", t.Status, media, text, words.Span(t.took))
}

func (a *app) askTest(ctx context.Context, p *opened, address *url.URL) (testAnswer, error) {
	if err := a.step("GET", address.String()); err != nil {
		return testAnswer{}, err
	}
	shared, err := p.keys.Client(ctx, p.Name)
	if err != nil {
		return testAnswer{}, err
	}
	client := *shared
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return testAnswer{}, err
	}
	req.Header.Set("User-Agent", userAgent)
	started := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return testAnswer{}, a.noAnswer(ctx, p, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, testBody))
	if err != nil {
		return testAnswer{}, a.noAnswer(ctx, p, fmt.Errorf("the answer broke off: %w", err))
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	page := media == "text/html" || strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), 512)])), "<!DOCTYPE html")
	return testAnswer{resp, page, len(body), time.Since(started)}, nil
}

// noAnswer ends a test that got no answer.
func (a *app) noAnswer(ctx context.Context, p *opened, err error) error {
	if where, ok := errors.AsType[*url.Error](err); ok { // its address stands in the line before
		err = where.Err
	}
	code, hint := networkHint(p, err)
	if help := helpOf(err); help != "" {
		return signInFailure(ctx, err)
	}
	return stopped(ctx, &exitError{code, fmt.Errorf("no answer: %w", err), hint})
}

// networkHint is what to do about a request that got no answer, and whether it may pass by itself.
func networkHint(p *opened, err error) (code int, hint string) {
	var name *net.DNSError
	var record tls.RecordHeaderError
	var untrusted *tls.CertificateVerificationError
	var other x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return exitTransient, fmt.Sprintf("check the host in base_url: the name %s cannot be resolved here%s", words.Clean(name.Name), proxyHint(p))
	case errors.As(err, &other):
		return exitSignIn, "the certificate is that of another host: check the host in base_url"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return exitSignIn, "check the clock of this machine; if it is right, whoever runs the server has to renew its certificate"
	case errors.As(err, &untrusted):
		return exitSignIn, "if the server's certificate comes from an authority of your own, name its file in tls.ca_file"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return exitSignIn, "the server does not speak TLS there: check scheme and port in base_url"
	case errors.Is(err, syscall.ECONNREFUSED):
		return exitTransient, "nobody listens there: check host and port in base_url" + proxyHint(p)
	case errors.Is(err, context.DeadlineExceeded):
		return exitTransient, "the server did not answer within 30 seconds" + proxyHint(p)
	}
	return exitTransient, "try again later; if it goes on, check base_url and tls" + proxyHint(p)
}

func proxyHint(p *opened) string {
	if p.Proxy != "" {
		return ", and proxy"
	}
	return ""
}

// judgeTest says what an answer means for the profile.
func (a *app) judgeTest(p *opened, t testAnswer) error {
	asked := "test_path"
	if p.TestPath == "" {
		asked = "base_url"
	}
	writePath := "write test_path, a path that the profile may GET: " + a.name + " explain profile.test_path"
	fail := func(code int, text, hint string) error {
		return &exitError{code, fmt.Errorf("profile %s: %s", p.Name, text), hint}
	}
	switch {
	case t.StatusCode == http.StatusUnauthorized:
		return fail(exitSignIn, "the system does not accept the sign-in", a.rejectedHint(p))
	case t.StatusCode == http.StatusForbidden && p.TestPath == "":
		return fail(exitSignIn, "the system does not let the sign-in see base_url", writePath)
	case t.StatusCode == http.StatusForbidden:
		return fail(exitSignIn, "the sign-in is accepted, but not for this", "check the roles and the scope of whom the profile signs in as, and whether the system lets this machine's address in")
	case t.StatusCode == http.StatusTooManyRequests || t.StatusCode >= 500:
		return fail(exitTransient, "the system is out of order, or busy", "try again later")
	case p.TestPath == "" && (t.StatusCode == http.StatusNotFound || t.page || t.StatusCode/100 == 3):
		return a.print("the system answers, but whether it accepts the sign-in cannot be told from what it says to base_url\n  " + writePath + "\n")
	case t.StatusCode == http.StatusNotFound:
		return fail(exitSignIn, "there is nothing at test_path", "check base_url and test_path")
	case t.StatusCode/100 == 3:
		return fail(exitSignIn, "the system sends away from "+asked+", as a rule to a page where people sign in", "check base_url: scheme, host and path")
	case t.page:
		return fail(exitSignIn, "the answer is a web page: one where people sign in, or of an instance that sleeps",
			"check base_url and test_path, and open base_url in a browser to see the page")
	case t.StatusCode/100 != 2:
		return fail(exitSignIn, "the system does not answer "+asked+" as it should", "check base_url and test_path")
	}
	return a.print("profile " + p.Name + " works\n")
}

// rejectedHint is what to do about credentials that the system does not accept.
func (a *app) rejectedHint(p *opened) string {
	switch {
	case !p.hasTokens():
		return "check what stands under auth: the system knows it otherwise, or not at all"
	case p.grant() == "authorization_code" || p.grant() == "device_code":
		return "sign in again: " + a.name + " auth login " + p.Name + "; if that does not help, check scope, and that token_url and base_url belong to one system"
	}
	return "the token is good for the server that gave it: check scope and audience, and that token_url and base_url belong to one system"
}
