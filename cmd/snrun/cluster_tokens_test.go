package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"snrun/engine/temporal/temporaltest"
)

// issuer gives tokens that live for a while, and an API that takes them.
type issuer struct {
	*httptest.Server
	life time.Duration

	mu      sync.Mutex
	issued  []time.Time
	last    string
	refused int
}

func newIssuer(t testing.TB, life time.Duration) *issuer {
	s := &issuer{life: life}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP forgets the token before when it gives a new one, as many a server does.
func (s *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/token" {
		<-time.After(20 * time.Millisecond)
		if !s.takes(r.Header.Get("Authorization")) {
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, `{}`)
		return
	}
	fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "expires_in": %d}`, s.issue(), int(s.life.Seconds()))
}

func (s *issuer) issue() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued = append(s.issued, time.Now())
	s.last = fmt.Sprintf("token-%d-of-the-issuer", len(s.issued))
	return s.last
}

// takes says whether a request is signed in: by the last token, or by the one before it for a moment.
func (s *issuer) takes(header string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.issued); i > 0; i-- {
		if header == fmt.Sprintf("Bearer token-%d-of-the-issuer", i) && time.Since(s.issued[i-1]) < s.life+30*time.Second {
			return true
		}
	}
	s.refused++
	return false
}

// signedIn are a profile that signs in with the issuer, and a job of so many items.
func (c *crew) signedIn(s *issuer, items int) {
	c.environ = append(c.environ, "SNRUN_SECRET_CLIENT=the-secret-of-the-client")
	c.write("profiles.yaml", `version: 1
profiles:
  api:
    base_url: `+s.URL+`
    auth: {type: oauth2, grant: client_credentials, token_url: /token, client_id: snrun, client_secret: "${secret.CLIENT}"}
`)
	c.write("signed_in.yaml", fmt.Sprintf(`version: 1
steps:
  - id: all
    foreach:
      in: ${1..%d}
      key: ${string(item)}
      concurrency: 4
      steps: [{rest: {profile: api, path: "things/${item}"}}]
output: {all: "${steps.all.succeeded}"}
`, items))
}

// TestClusterRefreshesOnce holds that workers share tokens: each expiry has one refresh, whoever of them meets it.
func TestClusterRefreshesOnce(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	s := newIssuer(t, 4*time.Second)
	const items = 1500
	c.signedIn(s, items)
	c.work(2)
	c.endedWell(c.begin("run", "--temporal", "signed_in")(), fmt.Sprintf(`{"all":%d}`, items))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.issued) < 3 || s.refused > 0 {
		t.Errorf("%d tokens were asked for, want some; %d requests were refused, want none", len(s.issued), s.refused)
	}
	// A token counts as old after half its life, and is renewed a tenth of it ahead.
	for i := 1; i < len(s.issued); i++ {
		if apart := s.issued[i].Sub(s.issued[i-1]); apart < s.life*35/100 {
			t.Errorf("token %d was asked for %v after the one before", i+1, apart)
		}
	}
	t.Logf("%d tokens", len(s.issued))
}
