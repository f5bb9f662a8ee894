package exchange

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"snrun/steps"
)

// redirectError is why a redirect was not followed.
type redirectError struct {
	kind string
	text string
	hint string
}

func (e *redirectError) Error() string { return e.text }

// follow decides about one redirect: next is what net/http would send, after the requests via.
func (t *Trip) follow(next *http.Request, via []*http.Request) error {
	most := t.Call.redirects()
	if most == 0 {
		return http.ErrUseLastResponse
	}
	first, from := via[0].URL, via[len(via)-1].URL
	if len(via) > most {
		return &redirectError{steps.Limit, fmt.Sprintf("more than %d redirects, the last to %s", most, Shown(next.URL)),
			"write the final address, or allow more with redirects:"}
	}
	// Go tells the next server where it came from, query and all.
	next.Header.Del("Referer")
	// And signs in with a name and a password that a server puts into an address.
	next.URL.User = nil
	if t.Call.Manner.KeepMethod && next.Method != via[0].Method {
		return &redirectError{steps.Status, fmt.Sprintf("a redirect that makes a %s of the %s is not followed: %s", next.Method, via[0].Method, Shown(next.URL)),
			"write the final address"}
	}
	if err := allowed(first, from, next); err != nil {
		return err
	}
	if !SameOrigin(first, next.URL) {
		next.Header = leave(next.Header, "Accept", "User-Agent", signInHeader)
	}
	t.URL = next.URL
	t.moved = t.moved || next.Method != via[0].Method
	return nil
}

// allowed refuses redirects that would show more than the step meant to: a body to another origin, or plain http.
func allowed(first, from *url.URL, next *http.Request) error {
	if next.URL.Scheme != "http" && next.URL.Scheme != "https" {
		return &redirectError{steps.Status, "a redirect to something that is not http: " + Shown(next.URL), ""}
	}
	if from.Scheme == "https" && next.URL.Scheme == "http" {
		return &redirectError{steps.Status, "a redirect from https to plain http is not followed: " + Shown(next.URL), "ask for the https address of what is meant"}
	}
	if safeMethod := next.Method == http.MethodGet || next.Method == http.MethodHead; !safeMethod && !SameOrigin(first, next.URL) {
		return &redirectError{steps.Status, fmt.Sprintf("a redirect of a %s to another origin is not followed: %s", next.Method, Shown(next.URL)),
			"send the request there with url: or another profile, if that is meant"}
	}
	return nil
}

// leave gives a header with these names only.
func leave(h http.Header, names ...string) http.Header {
	kept := make(http.Header, len(names))
	for _, name := range names {
		if v, there := h[name]; there {
			kept[name] = v
		}
	}
	return kept
}

// asRedirectError finds a refused redirect in the error of a client.
func asRedirectError(err error) (*redirectError, bool) {
	var re *redirectError
	ok := errors.As(err, &re)
	return re, ok
}
