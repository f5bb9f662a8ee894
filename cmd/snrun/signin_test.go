package main

import (
	"slices"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// signsIn asks the sandbox with a token, eight times at once.
const signsIn = `version: 1
steps:
  - foreach:
      in: ${[1, 2, 3, 4, 5, 6, 7, 8]}
      concurrency: 8
      steps:
        - rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 1}}
`

func TestWrongClientSecretIsTriedOnce(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"SANDBOX_CLIENT_SECRET=of-another-instance")
	u.write("ask.yaml", signsIn)
	got := u.must(exitSignIn, "run", "ask")
	for _, want := range []string{"profile servicenow", "/oauth_token.do", "client_credentials", "401", "access_denied", "check client_id, client_secret"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 1)
	checkRequests(t, u, "GET", "/api/now/table/incident", 0)
	u.checkHidden([]string{"of-another-instance"})
}

func TestTokenEndpointThatIsDown(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.Unavailable, sandbox.Hibernating, sandbox.Cut} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: kind, Path: "/oauth_token.do"}}})
			u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: servicenow, path: /api/now/table/incident}\n    retry: {attempts: 2, backoff: {initial: 1ms}}\n")
			got := u.must(exitTransient, "run", "ask")
			if !strings.Contains(got.stderr, "profile servicenow") || !strings.Contains(got.stderr, "/oauth_token.do") {
				t.Errorf("the error does not name profile and address:\n%s", got.stderr)
			}
			checkRequests(t, u, "GET", "/api/now/table/incident", 0)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		u := newUser(t, sandbox.Options{})
		u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: servicenow, path: /api/now/table/incident}\n    retry: none\n")
		u.server.Close()
		if got := u.must(exitTransient, "run", "ask"); !strings.Contains(got.stderr, "refused") {
			t.Errorf("the error does not say why:\n%s", got.stderr)
		}
	})
}

// TestExpiredTokenIsRenewedOnce has every request of a token rejected from the third on.
func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: sandbox.Expired, Path: "/api/now", On: sandbox.Nth(3)}}})
	u.write("ask.yaml", strings.Replace(signsIn, "concurrency: 8", "concurrency: 1", 1))
	u.must(exitOK, "run", "ask")
	checkRequests(t, u, "POST", "/oauth_token.do", 2)
	var seen []string
	for _, r := range u.server.sandbox.Requests() {
		if r.Method == "GET" {
			seen = append(seen, r.Auth)
		}
	}
	first, second := []string{"token-1", "token-1", "token-1"}, slices.Repeat([]string{"token-2"}, 6)
	if want := append(first, second...); !slices.Equal(seen, want) {
		t.Errorf("the requests came with %v, want %v", seen, want)
	}
}
