package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/examples/sandbox"
	"snrun/steps"
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
	for _, want := range []string{"profile servicenow", "/oauth_token.do", "client_credentials", "401", "access_denied", "1. client_id and client_secret are those of"} {
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

// A token request that is redirected stays where it is: neither the other port nor anybody else sees the client's secret.
func TestTokenRequestFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := newTap(t, sandbox.New(sandbox.Options{}))
	u := newUser(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: sandbox.Redirect, Path: "/oauth_token.do", To: elsewhere.URL}}})
	u.write("ask.yaml", signsIn)
	got := u.must(exitSignIn, "run", "ask")
	for _, want := range []string{"profile servicenow", "status 307", "redirected to " + elsewhere.URL + "/oauth_token.do", "token_url"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 1)
	if n := elsewhere.seen(); n != 0 {
		t.Errorf("%d requests came to the other port, want none", n)
	}
}

// A request for a token harms nobody when it is made twice: after an answer that was lost, or is late, the run goes on.
func TestTokenAnswerThatIsLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault sandbox.Fault
		asked int
	}{
		{sandbox.Fault{Kind: sandbox.Lost}, 2},
		{sandbox.Fault{Kind: sandbox.Drop}, 2},
		{sandbox.Fault{Kind: sandbox.Slow, Delay: 50 * time.Millisecond}, 1},
	} {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			t.Parallel()
			tt.fault.Path, tt.fault.On = "/oauth_token.do", sandbox.Nth(1)
			u := newUser(t, sandbox.Options{Faults: []sandbox.Fault{tt.fault}})
			u.write("ask.yaml", signsIn)
			u.must(exitOK, "run", "ask")
			checkRequests(t, u, "POST", "/oauth_token.do", tt.asked)
			checkRequests(t, u, "GET", "/api/now/table/incident", 8)
		})
	}
}

func TestTokenWithoutLifetimeIsAssumedToHaveOne(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: sandbox.NoLifetime, Path: "/oauth_token.do"}}})
	u.write("ask.yaml", signsIn)
	got := u.must(exitOK, "run", "ask", "--progress", "plain")
	if text := steady(got.stderr); !strings.Contains(text, "token lives 30m") && !strings.Contains(text, "token lives 29m59s") {
		t.Errorf("the log does not tell of assume_ttl:\n%s", got.stderr)
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 1)
}

// TestRunAtTheSandboxSignsIn has the sandbox's own button pressed, in the browser's place and in that of another device.
func TestRunAtTheSandboxSignsIn(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"servicenow_user", "servicenow_device"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.write("ask.yaml", strings.Replace(signsIn, "profile: servicenow,", "profile: "+profile+",", 1))
			got := u.must(exitOK, "run", "--sandbox", "--progress", "plain", "ask")
			if n := strings.Count(got.stderr, "signed in as "+profile); n != 1 {
				t.Errorf("the log tells of %d sign-ins, want one:\n%s", n, got.stderr)
			}
			if n := u.server.seen(); n != 0 {
				t.Errorf("%d requests went to another sandbox, want none", n)
			}
		})
	}
}

// A login that would lead away from the sandbox is not made by itself.
func TestRunAtTheSandboxSignsInNowhereElse(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("profiles.yaml", `version: 1
profiles:
  servicenow:
    base_url: https://dev1.example.com
    auth: {type: oauth2, grant: authorization_code, authorize_url: /oauth_auth.do, token_url: /oauth_token.do, client_id: me, client_auth: none}
`)
	u.write("ask.yaml", signsIn)
	got := u.must(exitSignIn, "run", "--sandbox", "ask")
	for _, want := range []string{"profile servicenow: answering a login: the page is none of a sandbox", "with --sandbox a login must be one at the sandbox"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
}

// TestSandboxFlags starts the sandbox as a person does who wants to see tokens end.
func TestSandboxFlags(t *testing.T) {
	t.Parallel()
	cmd := snrun(t.TempDir(), "sandbox", "--token-lifetime", "20s", "--refresh-lifetime", "1d", "--rotate-refresh", "--standard-errors")
	cmd.Env = append(cmd.Env, secretVariable+"SANDBOX_CLIENT_SECRET=c", secretVariable+"SANDBOX_PASSWORD=p")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewScanner(stdout)
	address := ""
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), sandboxVariable+"=")
	}
	ask := func(form url.Values) (answer struct {
		Refresh string `json:"refresh_token"`
		Expires int    `json:"expires_in"`
		Error   string
	}) {
		t.Helper()
		form.Set("client_id", "snrun")
		form.Set("client_secret", "c")
		response, err := http.PostForm(address+"/oauth_token.do", form)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	first := ask(url.Values{"grant_type": {"password"}, "username": {sandbox.DefaultUser}, "password": {"p"}})
	renew := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}
	second, third := ask(renew), ask(renew)
	if first.Expires != 20 || second.Refresh == first.Refresh || second.Refresh == "" || third.Error != "invalid_grant" {
		t.Errorf("a token of %d s; rotated: %v; then %q", first.Expires, second.Refresh != first.Refresh, third.Error)
	}
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

// TestTokensRejectedForEver has every token be refused by the system: one new one is asked for, and then no more.
func TestTokensRejectedForEver(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: sandbox.Expired, Path: "/api/now"}}})
	u.write("ask.yaml", strings.Replace(signsIn, "concurrency: 8", "tolerate: all", 1))
	got := u.must(exitOK, "run", "ask", "--progress", "plain")
	if !strings.Contains(got.stderr, "8 failed") {
		t.Errorf("got %s", got.stderr)
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 2)
	checkRequests(t, u, "GET", "/api/now/table/incident", 9) // the first one twice
}

// A kind of step knows the errors of a sign-in by their methods: package steps may not know package auth.
var (
	_ steps.SignInError = (*auth.SignInError)(nil)
	_ steps.SignInError = (*auth.SigningError)(nil)
)

// told is a view that keeps what it is told.
type told []string

func (v *told) event(e engine.Event) { *v = append(*v, string(e.Type)+" "+e.Profile+": "+e.Message) }
func (v *told) close()               {}

// TestTokenEvent tells of each token that a run gets, and how it came by it; of one that is rejected the next one tells.
func TestTokenEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got told
		end := time.Now().Add(29*time.Minute + 59*time.Second)
		for _, e := range []auth.TokenEvent{
			{Profile: "crm", Grant: "client_credentials", What: auth.TokenFetched, Expires: end},
			{Profile: "crm", Grant: "client_credentials", What: auth.TokenRejected, Expires: end},
			{Profile: "crm", Grant: "client_credentials", What: auth.TokenRefreshed, Expires: end},
			{Profile: "crm", Grant: "password", What: auth.TokenKept},
		} {
			tokenEvent(&got, e)
		}
		want := []string{"crm: client_credentials, token lives 29m59s", "crm: client_credentials again, token lives 29m59s", "crm: password, kept"}
		for i := range want {
			want[i] = string(engine.TokenFetched) + " " + want[i]
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestHeaderMadeOfASecretShowsNowhere has a system give back a header of the profile that is computed from a secret.
func TestHeaderMadeOfASecretShowsNowhere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no such key: "+r.Header.Get("X-Key"), http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"WHOLE=the-whole-key")
	u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: \""+server.URL+"\", headers: {X-Key: \"${upper(secret.WHOLE)}\"}}\n")
	u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: p, path: /x}\n")
	u.must(exitFailed, "run", "ask")
	if got := u.must(exitOK, "history", "show", "@last", "--http"); !strings.Contains(got.stdout, "no such key: ***") {
		t.Errorf("the answer is not on record:\n%s", got.stdout)
	}
	u.checkHidden([]string{"THE-WHOLE-KEY"})
}
