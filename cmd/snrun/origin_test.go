package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"snrun/examples/sandbox"
)

// TestKeyInTheQueryGoesNowhereElse has a server give back the key that it was asked with, wherever servers do so.
func TestKeyInTheQueryGoesNowhereElse(t *testing.T) {
	t.Parallel()
	const key = "key/of+the=query"
	var mu sync.Mutex
	var elsewhere, received bytes.Buffer
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(&elsewhere, r.URL.RequestURI(), r.Header)
		echo(http.StatusOK, "application/json")(w, r)
	}))
	t.Cleanup(away.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		fmt.Fprintln(&received, r.URL.Query().Get("key"))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, away.URL+"/there?"+r.URL.RawQuery, http.StatusFound)
		case "/within":
			http.Redirect(w, r, "/items?"+r.URL.RawQuery, http.StatusFound)
		case "/items":
			if r.URL.Query().Get("p") == "" {
				w.Header().Set("Link", fmt.Sprintf(`<http://%s/items?%s&p=2>; rel="next"`, r.Host, r.URL.RawQuery))
			}
			fmt.Fprint(w, `[1]`)
		case "/next":
			w.Header().Set("Link", fmt.Sprintf(`<%s/items?%s&p=2>; rel="next"`, away.URL, r.URL.RawQuery))
			fmt.Fprint(w, `[1]`)
		default:
			w.Header().Set("Location", r.URL.RequestURI())
			http.Error(w, "what is "+r.URL.RequestURI()+"?", http.StatusTeapot)
		}
	}))
	t.Cleanup(server.Close)
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"KEY="+key)
	u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+server.URL+", auth: {type: api_key, in: query, name: key, value: \"${secret.KEY}\"}}\n")
	u.write("ask.yaml", `version: 1
steps:
  - rest: {profile: p, path: /away}
  - id: given
    rest: {profile: p, path: /away, redirects: 0, accept: text, expect: response.status == 302}
  - log: "${steps.given.headers.location}"
  - id: within
    rest: {profile: p, path: /within}
  - log: "${steps.within.url}"
  - id: all
    rest: {profile: p, path: /items, paginate: {type: link}}
  - try: [{rest: {profile: p, path: /next, paginate: {type: link}}}]
    catch: [{steps: [{log: "${error.message}"}]}]
  - rest: {profile: p, path: /refuse}
`)
	got := u.must(exitFailed, "run", "ask")
	if !strings.Contains(got.stderr, "another origin") || !strings.Contains(got.stderr, "418") {
		t.Errorf("got %s", got.stderr)
	}
	u.must(exitOK, "history", "show", "--http", "@last")
	u.must(exitOK, "history", "show", "--http", "--json", "@last")
	if n := strings.Count(received.String(), key+"\n"); n != 8 || strings.Count(received.String(), "\n") != n {
		t.Errorf("%d of the requests to the profile's origin were signed:\n%s", n, received.String())
	}
	if strings.Contains(elsewhere.String(), "key") || strings.Count(elsewhere.String(), "\n") != 1 {
		t.Errorf("another origin got %s", elsewhere.String())
	}
	u.checkHidden([]string{key})
}
