package notify_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine/notify"
	"snrun/steps/steptest"
)

// sample is a notice with all that makes trouble in JSON, in a chat and in a header.
var sample = notify.Notice{
	ID: "ID1", Kind: "failure", Job: "sync", Run: "06c3k", Status: "failed", Command: "snrun history show 06c3k",
	Error: notify.Failure{Kind: "content", Message: "<b>\"A & B\"</b>\n", Step: "alerts", Status: 503},
	Text:  "Job sync failed: <b>\"A & B\"</b>. Look at it: snrun history show 06c3k",
}

// tryOne sends the sample to one target over loopback, and gives the request that came.
func tryOne(t *testing.T, text, path string, notice notify.Notice) steptest.Request {
	t.Helper()
	server := steptest.NewServer(t).On(path, steptest.Text(204, ""))
	c := configOf(t, nil, targetsOf(t, text, server.URL+"/base", map[string]any{"KEY": "k-4711"}))
	c.UserAgent = "snrun/test"
	if err := notify.New(c).Try(t.Context(), c.Targets[0], notice); err != nil {
		t.Fatal(err)
	}
	return server.Last()
}

// TestWebhook holds what a webhook gets: the notice as it is, or what the target says.
func TestWebhook(t *testing.T) {
	t.Parallel()
	got := tryOne(t, `  {type: webhook, url: "${env.BASE}/hook"}`, "POST /base/hook", sample)
	var back notify.Notice
	if err := json.Unmarshal([]byte(got.Body), &back); err != nil || back != sample {
		t.Errorf("got %s, %v", got.Body, err)
	}
	for name, want := range map[string]string{"Idempotency-Key": "ID1", "User-Agent": "snrun/test", "Content-Type": "application/json"} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("got the header %s: %q, want %q", name, got, want)
		}
	}
	got = tryOne(t, `
  - type: webhook
    url: /hook/${notice.job}?a=1
    profile: chat
    headers: {X-Key: "${secret.KEY}", X-Kind: "${notice.kind}"}
    json: {text: "${notice.job}: ${notice.error.message}", status: "${notice.error.status}", list: [1, 007], since: "${notice.since}"}
`, "POST /base/hook/sync", sample)
	if want := `{"text":"sync: <b>\"A & B\"</b>\n","status":503,"list":[1,7],"since":""}`; got.Body != want || got.Raw != "a=1" {
		t.Errorf("got ?%s and %s\nwant %s", got.Raw, got.Body, want)
	}
	if got.Header.Get("X-Key") != "k-4711" || got.Header.Get("X-Kind") != "failure" {
		t.Errorf("got the headers %v", got.Header)
	}
}

// TestChat holds that a message is one text with its command as code, and that nothing in it is taken for markup.
func TestChat(t *testing.T) {
	t.Parallel()
	got := tryOne(t, `  {type: slack, url: "${env.BASE}/hook"}`, "POST /base/hook", sample)
	var back map[string]string
	if err := json.Unmarshal([]byte(got.Body), &back); err != nil || len(back) != 1 {
		t.Fatalf("got %s, %v", got.Body, err)
	}
	if want := "Job sync failed: &lt;b&gt;\"A &amp; B\"&lt;/b&gt;.\n`snrun history show 06c3k`"; back["text"] != want {
		t.Errorf("got %q\nwant %q", back["text"], want)
	}
}

// TestPing holds what a service gets that waits for signs of life: the paths, and one UUID for what belongs to one run.
func TestPing(t *testing.T) {
	t.Parallel()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, test := range []struct{ kind, run, route, body string }{
		{"start", "06c3k", "GET /base/ping/1/start", ""},
		{"success", "06c3k", "GET /base/ping/1", ""},
		{"failure", "06c3k", "POST /base/ping/1/fail", sample.Text},
		{"failure", "06c3m", "POST /base/ping/1/fail", sample.Text},
		{"test", "", "POST /base/ping/1/log", sample.Text},
	} {
		notice := sample
		notice.Kind, notice.Run = test.kind, test.run
		got := tryOne(t, `  {type: ping, url: "${env.BASE}/ping/1?create=1"}`, test.route, notice)
		query, err := url.ParseQuery(got.Raw)
		rid := query.Get("rid")
		if err != nil || query.Get("create") != "1" || uuid.MatchString(rid) != (test.run != "") || got.Body != test.body {
			t.Errorf("%s: got ?%s with %q", test.kind, got.Raw, got.Body)
		}
		seen[rid] = true
	}
	if len(seen) != 3 {
		t.Errorf("got the ids %v, want one a run and none", seen)
	}
}

// TestSignedInTarget holds that a target's profile signs its requests in, but for those to another origin.
func TestSignedInTarget(t *testing.T) {
	t.Parallel()
	server := steptest.NewServer(t).On("POST /v1/hook", steptest.Text(200, ""))
	base, err := url.Parse(server.URL + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.NewKeyring([]auth.Profile{{Name: "chat", BaseURL: base, Auth: "bearer", Settings: auth.Settings{"token": "t-4711"}}}, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keys.Close)
	c := configOf(t, nil, targetsOf(t, "  {type: slack, url: hook, profile: chat}", server.URL+"/v1", nil))
	over(c.Targets, keys)
	if err := notify.New(c).Try(t.Context(), c.Targets[0], sample); err != nil {
		t.Fatal(err)
	}
	if got := server.Last().Header.Get("Authorization"); got != "Bearer t-4711" {
		t.Errorf("got the sign-in %q", got)
	}
	other := steptest.NewServer(t).On("POST /hook", steptest.Text(200, ""))
	c = configOf(t, nil, targetsOf(t, `  {type: slack, url: "${env.BASE}/hook", profile: chat}`, other.URL, nil))
	over(c.Targets, keys)
	_ = notify.New(c).Try(t.Context(), c.Targets[0], sample) // which may be refused as well
	for _, r := range other.Requests() {
		if got := r.Header.Get("Authorization"); got != "" {
			t.Errorf("another origin got the sign-in %q", got)
		}
	}
}

// TestUnusableTargets holds what is said of a target that expressions made unusable, and that it is not tried again.
func TestUnusableTargets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{type: slack, url: "${env.NONE}"}`:                                        "target slack: url is null",
		`{type: slack, url: "x-${env.BASE}"}`:                                      "its url is no whole URL",
		`{type: slack, url: "http://a b/${env.BASE}"}`:                             "its url cannot be used: ",
		`{type: webhook, url: "http://x", json: {a: "${int(notice.job)}"}}`:        "target webhook: ",
		`{type: webhook, url: "http://x", headers: {A: "${notice.text + env.B}"}}`: "target webhook: ",
	} {
		c := configOf(t, nil, targetsOf(t, "  "+text, "/plain", nil))
		err := notify.New(c).Try(t.Context(), c.Targets[0], sample)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s …", text, err, want)
		}
	}
}

// TestNoRedirectIsFollowed holds that a notice reaches nobody who is not in the settings.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	other := steptest.NewServer(t)
	for _, status := range []int{301, 302, 307, 308} {
		server := steptest.NewServer(t).On("POST /hook", steptest.Answer{Status: status, Header: http.Header{"Location": {other.URL}}})
		c := configOf(t, nil, targetsOf(t, `  {type: slack, url: "${env.BASE}/hook"}`, server.URL, nil))
		if err := notify.New(c).Try(t.Context(), c.Targets[0], sample); err == nil || !strings.Contains(err.Error(), "it points elsewhere") {
			t.Errorf("%d: got %v", status, err)
		}
	}
	if got := other.Requests(); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}
