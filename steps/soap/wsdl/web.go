package wsdl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"snrun/steps/soap/xsd"
)

const (
	readTime     = 60 * time.Second // for one document
	loadTime     = 5 * time.Minute  // for all documents of a WSDL: each may come slowly
	maxRedirects = 5
)

// StatusError is the error of a document that a server did not give.
type StatusError struct {
	Status int
	From   string // the address without its query
}

// Error says how the server answered.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		text += ": it wants another sign-in"
	}
	return strings.TrimSpace(text)
}

// UnreachedError is the error of a document for which there was no whole answer: the network, the sign-in, a limit or the end of the
// context was in the way.
type UnreachedError struct{ Cause error }

// Error gives the cause.
func (e *UnreachedError) Error() string { return e.Cause.Error() }

// Unwrap gives the cause.
func (e *UnreachedError) Unwrap() error { return e.Cause }

// isAddress says whether a location is one of the web.
func isAddress(location string) bool {
	return strings.HasPrefix(location, "http://") || strings.HasPrefix(location, "https://")
}

// Web gives the source of a WSDL on the web. Locations are addresses. Only those of the origin of base (its scheme, host and port) are
// read, redirects included, with GET and the client: 16 MB each when decompressed, in 60 seconds, status 200. The time that limits of
// the client hold a request back for does not count.
func Web(client *http.Client, base *url.URL) xsd.Source {
	w := &web{origin: originOf(base), moved: map[string]string{}}
	copied := *client
	copied.CheckRedirect = w.redirect
	w.client = &copied
	return w
}

type web struct {
	client *http.Client
	origin string

	mu    sync.Mutex
	moved map[string]string // where the server redirected to, by location
}

// originOf gives scheme, host and port of an address.
func originOf(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// otherOriginError is the error of an address that may not be read.
type otherOriginError struct {
	address *url.URL
	what    string
}

func (e *otherOriginError) Error() string {
	return fmt.Sprintf("%s %s://%s, which is another origin than that of the WSDL", e.what, e.address.Scheme, e.address.Host)
}

var errTooOften = fmt.Errorf("the server redirects more than %d times", maxRedirects)

func (w *web) redirect(to *http.Request, via []*http.Request) error {
	switch {
	case originOf(to.URL) != w.origin:
		return &otherOriginError{to.URL, "the server redirects to"}
	case len(via) > maxRedirects:
		return errTooOften
	}
	return nil
}

// Resolve gives the address that a document names.
func (w *web) Resolve(from, named string) (string, error) {
	w.mu.Lock()
	base, err := url.Parse(cmp.Or(w.moved[from], from))
	w.mu.Unlock()
	if err != nil {
		return "", errors.New("the address of the document is none")
	}
	u, err := base.Parse(strings.TrimSpace(named))
	switch {
	case err != nil:
		return "", errors.New("this is no address")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("it is of %s:, and a WSDL on the web may import what its own server has only", u.Scheme)
	case originOf(u) != w.origin:
		return "", &otherOriginError{u, "it is at"}
	case u.User != nil:
		return "", errors.New("there is a user in the address")
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}

// Read asks the server for a document.
func (w *web) Read(ctx context.Context, location string) ([]byte, error) {
	ctx, stop := timed(ctx)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, errors.New("this is no address")
	}
	if originOf(req.URL) != w.origin {
		return nil, &otherOriginError{req.URL, "it is at"}
	}
	req.Header.Set("User-Agent", "snrun")
	req.Header.Set("Accept", "text/xml, application/xml, application/wsdl+xml, */*;q=0.5")
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{resp.StatusCode, withoutQuery(resp.Request.URL)}
	}
	if at := resp.Request.URL.String(); at != location {
		w.mu.Lock()
		w.moved[location] = at
		w.mu.Unlock()
	}
	data, err := readAll(resp.Body)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	return data, nil
}

// timed gives a context that ends when a document takes too long, counted from when its request sets out: before that a limit of the
// profile may hold it back.
func timed(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	slow := fmt.Errorf("the server took more than %s: %w", readTime, context.DeadlineExceeded)
	timer := time.AfterFunc(math.MaxInt64, func() { cancel(slow) })
	var setsOut sync.Once
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { setsOut.Do(func() { timer.Reset(readTime) }) },
	})
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}

// unsent gives the error of a request without its address, whose query may hold a secret.
func unsent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &UnreachedError{context.Cause(ctx)}
	}
	if at, ok := errors.AsType[*url.Error](err); ok {
		err = at.Err
	}
	if _, refused := errors.AsType[*otherOriginError](err); refused || errors.Is(err, errTooOften) || errors.Is(err, errTooLarge) {
		return err
	}
	return &UnreachedError{err}
}

func withoutQuery(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return shown.String()
}

// Shown gives a location, or a reference to one, as a person may see it: without a user, and with the query of an address only where it
// says no more than which document that is.
func Shown(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Scheme == "file" || u.User == nil && isHarmless(u) {
		return location
	}
	u.User = nil
	if !isHarmless(u) {
		u.RawQuery = ""
	}
	return u.String()
}

func isHarmless(u *url.URL) bool {
	for key := range u.Query() {
		switch strings.ToLower(key) {
		case "wsdl", "singlewsdl", "xsd", "disco", "schema":
		default:
			return false
		}
	}
	return true
}

// shown gives mistakes with their locations as a person may see them.
func shown(err error) error {
	switch e := err.(type) {
	case *xsd.Error:
		copied := *e
		copied.Location = Shown(e.Location)
		return &copied
	case interface{ Unwrap() []error }:
		var all []error
		for _, one := range e.Unwrap() {
			all = append(all, shown(one))
		}
		return errors.Join(all...)
	}
	return err
}
