package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
	"snrun/examples/sandbox"
	"snrun/history/review"
)

// newRefuser is a server that signs in whoever asks, and refuses what it is asked as often as that says, before it answers.
func newRefuser(t testing.TB) *httptest.Server {
	var mu sync.Mutex
	refused := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/token" {
			fmt.Fprint(w, `{"access_token": "the-token-of-the-flaky", "token_type": "Bearer", "expires_in": 3600}`)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		refused[r.URL.String()]++
		if most := 0; r.URL.Query().Has("fails") {
			fmt.Sscan(r.URL.Query().Get("fails"), &most)
			if refused[r.URL.String()] <= most {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
		next := "null"
		if r.URL.Path == "/slow" && !r.URL.Query().Has("cursor") {
			next = `"more"`
		}
		fmt.Fprintf(w, `{"items": [1], "next": %s}`, next)
	}))
	t.Cleanup(s.Close)
	return s
}

const flakyJob = `version: 1
steps:
  - id: once
    rest: {profile: flaky, path: /once, query: {fails: 2}}
    retry: {attempts: 4, backoff: {initial: 200ms, jitter: none}}
  - id: block
    retry: {attempts: 3, backoff: {initial: 1s, multiplier: 1, jitter: none}}
    steps:
      - rest: {profile: flaky, path: /block, query: {fails: 1}, expect: response.status == 200}
        retry: none
  - id: few
    foreach:
      in: [1, 2, 3]
      steps:
        - rest: {profile: flaky, path: "/few/${item}", query: {fails: "${item - 1}"}}
          retry: {attempts: 3, backoff: {initial: 10ms, jitter: none}}
  - id: many
    foreach:
      in: ${1..60}
      concurrency: 4
      steps:
        - rest: {profile: flaky, path: "/many/${item}", query: {fails: "${item % 2}"}}
          retry: {attempts: 2, backoff: {initial: 10ms, jitter: none}}
  - id: slow
    rest:
      profile: slow
      path: /slow
      paginate: {type: cursor, next: "${response.body.next}", inject: query.cursor, items: "${response.body.items}"}
`

// TestClusterFollowed follows a run with sign-ins, tries, limits and troubles in loops: what is said of it is what is said on one machine.
func TestClusterFollowed(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	alone := newUser(t, sandbox.Options{})
	for _, u := range []*user{c.user, alone} {
		u.environ = append(u.environ, "FLAKY_URL="+newRefuser(t).URL, "SNRUN_SECRET_CLIENT=the-secret-of-the-client")
		u.write("flaky.yaml", flakyJob)
		u.write("profiles.yaml", `version: 1
profiles:
  flaky:
    base_url: ${env.FLAKY_URL}
    auth: {type: oauth2, token_url: /token, client_id: me, client_secret: "${secret.CLIENT}"}
  slow: {base_url: "${env.FLAKY_URL}", rate: {limit: 1, per: 2s}}
`)
	}
	c.work(1)
	gotText, got := c.watched("run", "--temporal", "--progress", "json", "flaky")
	wantText, want := alone.watched("run", "--progress", "json", "flaky")
	if gotText != wantText {
		t.Errorf("followed it is\n%s\non one machine\n%s", gotText, wantText)
	}
	for _, words := range []string{"signed in as flaky", "try 2 failed", "30 retries", "waits TIME: rate"} {
		if !strings.Contains(gotText, words) {
			t.Errorf("nothing is said of %q", words)
		}
	}
	for _, event := range want {
		if !slices.Contains(got, event) {
			t.Errorf("not followed: %s", event)
		}
	}
	for _, event := range got {
		if !slices.Contains(want, event) {
			t.Errorf("followed, and not on one machine: %s", event)
		}
	}
}

var (
	spans = regexp.MustCompile(` *\d[\d.]*m?s`)
	port  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	// far is how far a step is, which is told now and then.
	far = regexp.MustCompile(`(?m)^ *… .*\n`)
)

// watched has a run be watched by a program. It gives what a person would see of it, without times, and what happened outside of items.
func (u *user) watched(args ...string) (text string, events []string) {
	u.t.Helper()
	got := u.must(exitOK, args...)
	if secrets := regexp.MustCompile(`the-(token|secret)-of-the-\w+`).FindString(got.stderr); secrets != "" {
		u.t.Errorf("%s shows", secrets)
	}
	var shown bytes.Buffer
	view := newPlainView(&shown, style{}, review.Commands{Program: "snrun"})
	for line := range strings.Lines(got.stderr) {
		var e engine.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			u.t.Fatalf("%v: %s", err, line)
		}
		e.Wait, e.Elapsed, e.Run = e.Wait*time.Millisecond, e.Elapsed*time.Millisecond, ""
		if e.Type == "version" {
			continue
		}
		view.event(e)
		if e.Type == engine.RetryWaits && !e.Item {
			events = append(events, fmt.Sprint(e.Type, e.Key, e.ID, e.Kind, e.Attempt, e.Depth, e.Wait, port.ReplaceAllString(fmt.Sprintf("%+v", *e.Error), "SERVER")))
		}
		if e.Type == engine.LimitWaits || e.Type == engine.TokenFetched {
			events = append(events, fmt.Sprint(e.Type, e.Key, e.ID, e.Kind, e.Status, e.Depth, e.Profile, spans.ReplaceAllString(e.Message, " TIME")))
		}
	}
	return spans.ReplaceAllString(port.ReplaceAllString(far.ReplaceAllString(shown.String(), ""), "SERVER"), " TIME"), events
}
