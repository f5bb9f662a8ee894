package auth

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"snrun/auth/store"
)

// system is a server with a token endpoint at /token and an API everywhere else. Its handler functions run with mu held.
type system struct {
	mu     sync.Mutex
	forms  []url.Values   // of the token requests
	header []http.Header  // of the token requests
	used   map[string]int // how often a token came to the API
	calls  int            // of the API

	// give answers the nth token request, from 1. Nil gives T1, T2 … for an hour.
	give func(w http.ResponseWriter, n int, form url.Values)
	// accept says whether the API takes a token. Nil takes all.
	accept func(token string) bool
}

func (s *system) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.URL.Path != "/token" {
		s.serveAPI(w, req)
		return
	}
	if err := req.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.forms, s.header = append(s.forms, req.PostForm), append(s.header, req.Header)
	if s.give != nil {
		s.give(w, len(s.forms), req.PostForm)
		return
	}
	grant(w, fmt.Sprintf("T%d-token", len(s.forms)), 3600)
}

func (s *system) serveAPI(w http.ResponseWriter, req *http.Request) {
	token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	if s.used == nil {
		s.used = make(map[string]int)
	}
	s.used[token]++
	s.calls++
	if s.accept != nil && !s.accept(token) {
		w.WriteHeader(http.StatusUnauthorized)
	}
	body, _ := io.ReadAll(req.Body)
	_, _ = w.Write(body)
}

func (s *system) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.forms)
}

func grant(w http.ResponseWriter, token string, expiresIn any, more ...string) {
	fields := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": expiresIn}
	for i := 0; i+1 < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(fields)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error":%q}`, code)
}

const baseOfTests = "https://api.example.com"

func oauthProfile(t testing.TB, base string, settings Settings) Profile {
	t.Helper()
	all := Settings{"grant": "client_credentials", "token_url": "/token", "client_id": "client", "client_secret": "the client's secret"}
	for name, value := range settings {
		all[name] = value
	}
	return Profile{Name: "p", BaseURL: mustURL(t, base), Auth: "oauth2", Settings: all}
}

// overWire serves a profile over loopback.
func overWire(t testing.TB, s *system, settings Settings) (*http.Client, string) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return clientOf(t, keyringOf(t, Options{}, oauthProfile(t, server.URL, settings)), "p"), server.URL
}

// inBubble makes a token source whose endpoint is the system itself, without sockets: in a bubble of synctest time would
// otherwise stand still.
func inBubble(t testing.TB, s *system, settings Settings) *tokenSource {
	t.Helper()
	return sourceIn(t, s, settings, nil)
}

// sourceIn is inBubble with a store.
func sourceIn(t testing.TB, s *system, settings Settings, place *store.Place) *tokenSource {
	t.Helper()
	k := keyringOf(t, Options{Store: place}, oauthProfile(t, baseOfTests, settings))
	source := k.sources["p"]
	source.endpoint.wire = direct{s}
	return source
}

type direct struct{ handler http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}
