package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRejectedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		give   func(n int) string
		accept func(token string) bool
		status []int // of three requests
		asked  []int // token requests after each
		calls  int   // of the API
	}{
		{"revoked", nil, func(token string) bool { return token != "T1-token" }, []int{200, 200, 200}, []int{2, 2, 2}, 4},
		{"rejected for ever", nil, func(string) bool { return false }, []int{401, 401, 401}, []int{2, 2, 2}, 4},
		{"the same again", func(int) string { return "T" }, func(string) bool { return false }, []int{401, 401, 401}, []int{2, 2, 2}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &system{accept: tt.accept}
			if tt.give != nil {
				s.give = func(w http.ResponseWriter, n int, _ url.Values) { grant(w, tt.give(n), 3600) }
			}
			client, base := overWire(t, s, nil)
			for i, want := range tt.status {
				if got := get(t, client, base).StatusCode; got != want {
					t.Errorf("request %d: status %d, want %d", i+1, got, want)
				}
				if got := s.asked(); got != tt.asked[i] {
					t.Errorf("request %d: %d token requests, want %d", i+1, got, tt.asked[i])
				}
			}
			if s.calls != tt.calls {
				t.Errorf("%d requests reached the API, want %d", s.calls, tt.calls)
			}
		})
	}
}

// A flight may have found a token good just before the server rejected it. Whoever waits for that flight must not get it.
func TestRejectedWhileAFlightBringsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := inBubble(t, &system{}, nil)
		first, err := source.token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		late := &flight{done: make(chan struct{}), token: first}
		source.flight = late
		source.reject(first)
		given := make(chan *token, 1)
		go func() {
			got, _ := source.token(t.Context())
			given <- got
		}()
		synctest.Wait()
		source.mu.Lock()
		source.flight = nil
		source.mu.Unlock()
		close(late.done)
		if got := <-given; got == nil || got.access != "T2-token" {
			t.Errorf("got %+v, want the second token", got)
		}
	})
}

func TestRejectedTwiceButAcceptedBetween(t *testing.T) {
	t.Parallel()
	good := "T1-token"
	s := &system{}
	s.accept = func(token string) bool { return token == good }
	client, base := overWire(t, s, nil)
	for n := 1; n <= 4; n++ {
		s.mu.Lock()
		good = fmt.Sprintf("T%d-token", n) // whatever came before is revoked
		s.mu.Unlock()
		for range 2 {
			if got := get(t, client, base).StatusCode; got != http.StatusOK {
				t.Errorf("token %d: status %d, want 200", n, got)
			}
		}
	}
	if got := s.asked(); got != 4 {
		t.Errorf("%d token requests, want 4", got)
	}
}

func TestReplaySendsTheBodyAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		body   func() io.Reader
		length int64 // -1 where it is not told: net/http mends one that does not fit
		status int
		echo   string
	}{
		{"a text", func() io.Reader { return strings.NewReader("the body") }, 8, http.StatusOK, "the body"},
		{"a text of any length", func() io.Reader { return strings.NewReader("the body") }, -1, http.StatusOK, "the body"},
		{"none", func() io.Reader { return http.NoBody }, 0, http.StatusOK, ""},
		{"a stream", func() io.Reader { return io.MultiReader(strings.NewReader("the body")) }, -1, http.StatusUnauthorized, "the body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &system{accept: func(token string) bool { return token != "T1-token" }}
			client, base := overWire(t, s, nil)
			for try, want := range []int{tt.status, http.StatusOK} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/x", tt.body())
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = tt.length
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				echo, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != want || string(echo) != tt.echo {
					t.Errorf("try %d: got %d and %q, want %d and %q", try+1, resp.StatusCode, echo, want, tt.echo)
				}
			}
			if got := s.asked(); got != 2 {
				t.Errorf("%d token requests, want 2", got)
			}
		})
	}
}

func TestRefreshWhen(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "an answer") })
	tokens := &system{}
	tokenServer := httptest.NewServer(tokens)
	t.Cleanup(tokenServer.Close)
	p := oauthProfile(t, server.URL, Settings{"token_url": tokenServer.URL + "/token"})
	var answers atomic.Int32
	p.RefreshWhen = func(resp *http.Response) (bool, error) {
		switch answers.Add(1) {
		case 1:
			return true, nil
		case 3:
			return false, errors.New("no such field")
		}
		return false, nil
	}
	client := clientOf(t, keyringOf(t, Options{}, p), "p")
	get(t, client, server.URL)
	if got := server.last(t).Header.Get("Authorization"); got != "Bearer T2-token" || server.count() != 2 {
		t.Errorf("after %d requests the last had %q, want T2-token in the second", server.count(), got)
	}
	if _, err := client.Get(server.URL); err == nil || !strings.Contains(err.Error(), "profile p: refresh_when: no such field") {
		t.Errorf("got %v", err)
	}
	get(t, client, server.URL)
	// An answer that is not given to the caller would hold its connection for ever.
	for _, req := range server.requests {
		if req.RemoteAddr != server.requests[0].RemoteAddr {
			t.Errorf("a request came over another connection than the one before it")
		}
	}
}

func TestTokenEvents(t *testing.T) {
	t.Parallel()
	s := &system{accept: func(token string) bool { return token != "T1-token" }}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	var got []string
	k := keyringOf(t, Options{Notify: func(e TokenEvent) {
		if left := time.Until(e.Expires); left < 59*time.Minute || left > time.Hour {
			t.Errorf("expires in %v, want an hour", left)
		}
		got = append(got, e.Profile+" "+e.Grant+" "+e.What)
	}}, oauthProfile(t, server.URL, nil))
	get(t, clientOf(t, k, "p"), server.URL)
	want := "p client_credentials fetched, p client_credentials rejected, p client_credentials refreshed"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestSignInErrorOutOfAClient(t *testing.T) {
	t.Parallel()
	const secret = "the client's secret"
	target := newRecorder(t, nil)
	tests := []struct {
		name string
		give func(w http.ResponseWriter, n int, form url.Values)
		says string
		help string
	}{
		{"a server that repeats the secret", func(w http.ResponseWriter, _ int, form url.Values) {
			refuse(w, 401, "wrong: "+form.Get("client_secret"))
		}, "status 401: wrong: ***", "check client_id, client_secret and client_auth, and that the server allows this client the grant client_credentials"},
		{"a server that explains with the secret", func(w http.ResponseWriter, _ int, form url.Values) {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": "not " + form.Get("client_secret")})
		}, "status 401: invalid_client: not ***", "check client_id, client_secret and client_auth, and that the server allows this client the grant client_credentials"},
		{"a redirect", func(w http.ResponseWriter, _ int, _ url.Values) {
			w.Header().Set("Location", target.URL+"/take?s="+url.QueryEscape(secret))
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "status 307: redirected to " + target.URL + "/take, which a token request never follows", "write the address where tokens are given today into token_url"},
		{"another grant", func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "unauthorized_client") },
			"status 400: unauthorized_client", "check grant in the profile: the server does not allow this client the grant client_credentials"},
		{"a scope", func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "invalid_scope") },
			"status 400: invalid_scope", "check scope in the profile: the server does not grant it to this client"},
		{"not found", func(w http.ResponseWriter, _ int, _ url.Values) { w.WriteHeader(http.StatusNotFound) },
			"status 404", "check token_url: what answers there does not speak OAuth 2.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &system{give: tt.give}
			client, base := overWire(t, s, Settings{"token_url": "/token?tenant=7"})
			_, err := client.Post(base+"/x", "text/plain", io.MultiReader(strings.NewReader("body")))
			var failed interface {
				error
				Temporary() bool
				Help() string
			}
			if !errors.As(errors.Unwrap(err), &failed) || failed.Temporary() {
				t.Fatalf("got %v", err)
			}
			if want := "profile p: no token from " + base + "/token (grant client_credentials): " + tt.says; failed.Error() != want {
				t.Errorf("got  %s\nwant %s", failed, want)
			}
			if failed.Help() != tt.help {
				t.Errorf("help: got  %s\nwant %s", failed.Help(), tt.help)
			}
			if strings.Contains(err.Error(), secret) || s.calls > 0 || target.count() > 0 {
				t.Errorf("the secret shows, or a request went out unsigned (%d), or to the redirect's target (%d)", s.calls, target.count())
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	client := clientOf(t, keyringOf(t, Options{}, oauthProfile(t, server.URL, nil)), "p")
	_, err := client.Get(server.URL)
	var failed *SignInError
	if !errors.As(err, &failed) || !failed.Temporary() || failed.Status != 0 {
		t.Errorf("got %v, want a temporary SignInError", err)
	}
}

func TestSlowEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := inBubble(t, &system{}, nil)
		source.endpoint.wire = roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		start := time.Now()
		_, err := source.token(t.Context())
		if !errors.Is(err, errTooSlow) || time.Since(start) != exchangeTimeout {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A request whose token the server has just rejected may come upon a flight that began before, and brings that very token.
func TestFlightThatBringsWhatWasRejectedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := inBubble(t, &system{}, nil)
		mustToken(t, source, "T1-token")
		early := &flight{done: make(chan struct{})}
		source.flight, early.token = early, source.current.Load()
		source.reject(early.token)
		go func() {
			synctest.Wait() // somebody waits for it
			source.mu.Lock()
			source.flight = nil
			source.mu.Unlock()
			close(early.done)
		}()
		mustToken(t, source, "T2-token")
	})
}
