package auth

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ownRedirect is the redirect URL of a profile that names none; the port is whichever is free (RFC 8252 §7.3).
const ownRedirect = "http://127.0.0.1/callback"

// farewell is how long the page that ends a login may take to reach the browser.
const farewell = time.Second

// callback is an answer of the authorization server as it came back through the person's browser.
type callback struct {
	values  url.Values
	outcome chan error // what became of the login, for the page that the browser waits for; has room for it
}

// landing is where the browser comes back to: a server on loopback that takes one answer. Whatever else it is asked, by a page
// that guesses its port or by a name that somebody pointed at 127.0.0.1, does not end the wait.
type landing struct {
	redirect string                 // the redirect URL as the server is told
	hosts    []string               // what the Host header may be
	path     string                 // the only path there is
	ours     func(url.Values) error // says why an answer is not one to this login

	taken   atomic.Bool
	strays  atomic.Int32  // answers that were not ours
	answers chan callback // has room for the one
	server  *http.Server
	running sync.WaitGroup
}

// newLanding listens where the browser is told to come back to. Where that is no address that could be listened at, nobody
// listens: the person pastes what the browser ended at.
func newLanding(redirect string, ours func(url.Values) error) (*landing, error) {
	if redirect == "" {
		redirect = ownRedirect
	}
	l := &landing{redirect: redirect, ours: ours, answers: make(chan callback, 1)}
	u, err := url.Parse(redirect)
	if err != nil {
		return nil, errors.New("the redirect_url is no URL")
	}
	if u.Scheme != "http" || !isLoopback(u.Hostname()) {
		return l, nil
	}
	listeners, err := listenAt(u.Hostname(), u.Port())
	if err != nil {
		return nil, err
	}
	if u.Port() == "" {
		_, port, _ := net.SplitHostPort(listeners[0].Addr().String())
		u.Host = net.JoinHostPort(u.Hostname(), port)
		l.redirect = u.String()
	}
	host := strings.ToLower(u.Host)
	l.hosts = []string{host}
	if host, found := strings.CutSuffix(host, ":80"); found { // browsers leave it out
		l.hosts = append(l.hosts, host)
	}
	if l.path = u.Path; l.path == "" {
		l.path = "/"
	}
	l.serve(listeners)
	return l, nil
}

// listens says whether the browser's way back ends here.
func (l *landing) listens() bool { return l.server != nil }

// isLoopback says whether a host is this machine by its name or address.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// listenAt listens at a loopback address; port "" is any. For localhost it is both addresses of that name: a browser may try
// ::1 first, and whoever listens there would be given the code.
func listenAt(host, port string) ([]net.Listener, error) {
	named := strings.EqualFold(host, "localhost")
	if named {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "0"
	}
	first, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("waiting for the browser: %w", err)
	}
	if !named {
		return []net.Listener{first}, nil
	}
	_, port, _ = net.SplitHostPort(first.Addr().String())
	second, err := net.Listen("tcp", net.JoinHostPort("::1", port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		first.Close()
		return nil, fmt.Errorf("waiting for the browser: %w", err)
	case err != nil: // a machine without IPv6
		return []net.Listener{first}, nil
	}
	return []net.Listener{first, second}, nil
}

func (l *landing) serve(listeners []net.Listener) {
	l.server = &http.Server{
		Handler: l, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // it would quote addresses with codes in them
	}
	for _, listener := range listeners {
		l.running.Go(func() { _ = l.server.Serve(listener) }) // until close
	}
}

// close ends the listening, once the last page has been sent.
func (l *landing) close() {
	if l.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close() // a browser that keeps a connection in reserve
	}
	l.running.Wait()
}

// offer hands an answer to the login, unless it has one already.
func (l *landing) offer(values url.Values) (outcome chan error, first bool) {
	if !l.taken.CompareAndSwap(false, true) {
		return nil, false
	}
	outcome = make(chan error, 1)
	l.answers <- callback{values, outcome}
	return outcome, true
}

// ServeHTTP takes the answer that the browser brings.
func (l *landing) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case !slices.Contains(l.hosts, strings.ToLower(req.Host)):
		showPage(w, http.StatusForbidden, "Not here", "This address answers under its own name only.")
	case req.URL.Path != l.path:
		showPage(w, http.StatusNotFound, "Nothing here", "There is no such page.")
	case req.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		showPage(w, http.StatusMethodNotAllowed, "Not like this", "This page is asked for with GET.")
	default:
		l.land(w, req)
	}
}

func (l *landing) land(w http.ResponseWriter, req *http.Request) {
	values, err := url.ParseQuery(req.URL.RawQuery)
	if err == nil {
		err = l.ours(values)
	}
	if err != nil {
		l.strays.Add(1)
		showPage(w, http.StatusBadRequest, "Not signed in", "This is no answer to the sign-in that is waiting: "+err.Error()+".")
		return
	}
	outcome, first := l.offer(values)
	if !first {
		showPage(w, http.StatusConflict, "Done already", "This sign-in has had its answer. You can close this page.")
		return
	}
	select {
	case err := <-outcome:
		if err != nil {
			showPage(w, http.StatusBadRequest, "Not signed in", err.Error())
			return
		}
		showPage(w, http.StatusOK, "Signed in", "You can close this page and go back to where you came from.")
	case <-req.Context().Done():
	}
}

// showPage writes a page that loads nothing, runs nothing, is kept nowhere, and tells nobody its address.
func showPage(w http.ResponseWriter, status int, title, text string) {
	page := fmt.Sprintf("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n"+
		"<body><h1>%[1]s</h1><p>%s</p></body>\n</html>\n", html.EscapeString(title), html.EscapeString(text))
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page) // a browser that is gone has seen enough
}
