package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/auth"
	"snrun/examples/sandbox"
)

// browserCommand is what the tests have for xdg-open: it chatters, notes in $SEEN what it was told, and presses the button that
// $BUTTON names.
func browserCommand() {
	fmt.Println("browser chatter")
	fmt.Fprintln(os.Stderr, "browser chatter")
	if seen := os.Getenv("SEEN"); seen != "" {
		_ = os.WriteFile(seen, []byte(strings.Join(append(os.Args, os.Environ()...), "\n")), 0o600)
	}
	if os.Getenv("BUTTON") == "" {
		os.Exit(1)
	}
	_ = sandbox.Answer(context.Background(), os.Args[1], os.Getenv("BUTTON") == "allow")
}

// newSignedOut is a user who has a key for the store.
func newSignedOut(t *testing.T, o sandbox.Options) *user {
	u := newUser(t, o)
	u.environ = append(u.environ, "SNRUN_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	return u
}

// withBrowser is the same user with a screen, and a browser in which a button is pressed.
func (u *user) withBrowser(button string) *user {
	seen := *u
	seen.environ = append(append([]string{}, u.environ...), "DISPLAY=:1", "BUTTON="+button)
	return &seen
}

// login is a login that waits for its person.
type login struct {
	page string // the address to open
	said string // what was written before it

	in     io.WriteCloser
	until  func(text string) // reads up to a line that has the text
	signal func(syscall.Signal) error
	rest   func() outcome
}

// startLogin starts `auth login`, and reads until it names the page.
func (u *user) startLogin(args ...string) *login {
	u.t.Helper()
	cmd := snrun(u.dir, append([]string{"auth", "login"}, args...)...)
	cmd.Env = append(cmd.Env, u.environ...)
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	in, err := cmd.StdinPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	l := &login{in: in, signal: func(s syscall.Signal) error { return cmd.Process.Signal(s) }}
	lines := bufio.NewReader(stderr)
	for l.page == "" {
		line, err := lines.ReadString('\n')
		if strings.HasPrefix(line, "http") {
			l.page = strings.TrimSpace(line)
			break
		}
		l.said += line
		if err != nil {
			break
		}
	}
	l.until = func(text string) {
		u.t.Helper()
		for line := ""; !strings.Contains(line, text); l.said += line {
			if line, err = lines.ReadString('\n'); err != nil {
				u.t.Fatalf("it does not say %q: %s", text, l.said)
			}
		}
	}
	l.rest = func() outcome {
		u.t.Helper()
		text, _ := io.ReadAll(lines)
		code := exitCodeOf(u.t, cmd.Wait())
		u.written.keep(stdout.Bytes(), []byte(l.said), text)
		return outcome{stdout.String(), string(text), code}
	}
	if l.page == "" {
		u.t.Fatalf("no page was named: %s%s", l.said, l.rest().stderr)
	}
	return l
}

// click presses Allow on the sandbox's page, and gives where the browser is sent, without going there.
func click(t *testing.T, page string) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	shown, err := client.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(shown.Body)
	shown.Body.Close()
	consent := regexp.MustCompile(`name="consent" value="([^"]+)"`).FindSubmatch(text)
	if consent == nil {
		t.Fatalf("the page has no button:\n%s", text)
	}
	action, err := shown.Request.URL.Parse("/oauth_auth.do")
	if err != nil {
		t.Fatal(err)
	}
	sent, err := client.PostForm(action.String(), url.Values{"consent": {string(consent[1])}, "decision": {"allow"}})
	if err != nil {
		t.Fatal(err)
	}
	sent.Body.Close()
	return sent.Header.Get("Location")
}

var saysSignedIn = regexp.MustCompile(`(?m)^signed in as (\w+) \((\w+), token lives (29m5\d|30m)s?, refresh token kept\)$`)

// TestLoginThenWork signs in once, and goes on with what is kept.
func TestLoginThenWork(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	got := u.withBrowser("allow").must(exitOK, "auth", "login", "servicenow_user")
	if !saysSignedIn.MatchString(got.stderr) || got.stdout != "" || strings.Contains(got.stderr, "chatter") {
		t.Errorf("the login says %q and %q", got.stdout, got.stderr)
	}
	if !strings.Contains(got.stderr, "opening your browser") || !regexp.MustCompile(`(?m)^http://127\.0\.0\.1:\d+/oauth_auth\.do\?\S*state=[\w-]{43}\b`).MatchString(got.stderr) {
		t.Errorf("the address does not stand on a line of its own, or not whole:\n%s", got.stderr)
	}
	got = u.must(exitOK, "auth", "test", "servicenow_user")
	for _, want := range []string{"authorization_code, lives 29m", "/api/now/table/sys_user?sysparm_limit=1&sysparm_fields=sys_id", "200 OK, application/json", "profile servicenow_user works"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("the test does not say %q:\n%s", want, got.stdout)
		}
	}
	u.write("ask.yaml", strings.Replace(signsIn, "profile: servicenow,", "profile: servicenow_user,", 1))
	u.must(exitOK, "run", "ask")
	checkRequests(t, u, "POST", "/oauth_token.do", 1)

	got = u.must(exitOK, "auth", "reset", "servicenow_user")
	if !strings.Contains(got.stderr, "the tokens of servicenow_user are forgotten, and the server has revoked them") ||
		!strings.Contains(got.stderr, "snrun auth login servicenow_user") {
		t.Errorf("the reset says %q", got.stderr)
	}
	checkRequests(t, u, "POST", "/oauth_revoke_token.do", 1)
	got = u.must(exitSignIn, "auth", "test", "servicenow_user")
	if !strings.Contains(got.stderr, "nobody has signed in yet") || !strings.Contains(got.stderr, "snrun auth login servicenow_user") {
		t.Errorf("after the reset the test says %q", got.stderr)
	}
	if got = u.must(exitSignIn, "run", "ask"); !strings.Contains(got.stderr, "snrun auth login servicenow_user") {
		t.Errorf("after the reset a run says %q", got.stderr)
	}
	if got = u.must(exitOK, "auth", "reset", "servicenow_user"); !strings.Contains(got.stderr, "there are no tokens of servicenow_user") {
		t.Errorf("the second reset says %q", got.stderr)
	}
}

// TestLoginOutlivesItsToken runs a job again when the token of the login has expired: nobody is asked, and the next one is kept too.
func TestLoginOutlivesItsToken(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{RotateRefresh: true})
	u.withBrowser("allow").must(exitOK, "auth", "login", "servicenow_user")
	u.write("ask.yaml", strings.Replace(signsIn, "profile: servicenow,", "profile: servicenow_user,", 1))
	for round := 1; round <= 3; round++ {
		resp, err := http.Post(u.server.URL+"/sandbox/expire", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		u.must(exitOK, "run", "ask")
		checkRequests(t, u, "POST", "/oauth_token.do", 1+round)
	}
}

func TestLoginIsDenied(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	got := u.withBrowser("deny").must(exitSignIn, "auth", "login", "servicenow_user")
	for _, want := range []string{"profile servicenow_user", "/oauth_auth.do (grant authorization_code): access_denied: the user said no", "allow it: snrun auth login servicenow_user"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 0)
}

// TestLoginWithoutScreen has the person open the address themselves; then the browser comes back by itself, or what it ended at is
// pasted.
func TestLoginWithoutScreen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		flags []string
		done  func(t *testing.T, l *login)
	}{
		{"the browser comes back", nil, func(t *testing.T, l *login) {
			if err := sandbox.Answer(t.Context(), l.page, true); err != nil {
				t.Fatal(err)
			}
		}},
		{"the address is pasted", []string{"--no-browser"}, func(t *testing.T, l *login) { fmt.Fprintln(l.in, click(t, l.page)) }},
		{"the code is pasted", []string{"--no-browser"}, func(t *testing.T, l *login) {
			back, err := url.Parse(click(t, l.page))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(l.in, back.Query().Get("code"))
		}},
		{"after something else", []string{"--no-browser"}, func(t *testing.T, l *login) {
			fmt.Fprintln(l.in, l.page)
			fmt.Fprintln(l.in, click(t, l.page))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := newSignedOut(t, sandbox.Options{})
			l := u.startLogin(append(tt.flags, "servicenow_user")...)
			if strings.Contains(l.said, "opening") {
				t.Errorf("a browser is opened: %s", l.said)
			}
			tt.done(t, l)
			got := l.rest()
			if got.code != exitOK || !saysSignedIn.MatchString(got.stderr) {
				t.Errorf("exit code %d, %q", got.code, got.stderr)
			}
			if asked := strings.Contains(got.stderr, "paste the address"); asked != (tt.flags != nil) {
				t.Errorf("the person is asked to paste an address: %v\n%s", asked, got.stderr)
			}
			if wrong := strings.Contains(got.stderr, "is the address of the page to sign in at"); wrong != (tt.name == "after something else") {
				t.Errorf("what was pasted is refused: %v\n%s", wrong, got.stderr)
			}
		})
	}
}

// TestLoginWithoutBrowser has the program that should open the page fail: the person is told to, and the login goes on.
func TestLoginWithoutBrowser(t *testing.T) {
	t.Parallel()
	l := newSignedOut(t, sandbox.Options{}).withBrowser("").startLogin("servicenow_user")
	l.until("no browser could be opened: open the address above yourself")
	if err := sandbox.Answer(t.Context(), l.page, true); err != nil {
		t.Fatal(err)
	}
	if got := l.rest(); got.code != exitOK || !saysSignedIn.MatchString(got.stderr) {
		t.Errorf("exit code %d, %q", got.code, got.stderr)
	}
}

func TestLoginByDevice(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{DeviceInterval: time.Second})
	l := u.withBrowser("deny").startLogin("--device", "servicenow_device") // no browser opens in which Deny could be pressed
	if err := sandbox.Answer(t.Context(), l.page, true); err != nil {
		t.Fatal(err)
	}
	got := l.rest()
	if got.code != exitOK || !saysSignedIn.MatchString(got.stderr) || !strings.Contains(got.stderr, "the code") {
		t.Errorf("exit code %d, %q", got.code, got.stderr)
	}
}

// TestLoginIsStopped ends a login that nobody finishes.
func TestLoginIsStopped(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	l := u.startLogin("servicenow_user")
	if err := l.signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := l.rest(); got.code != 130 {
		t.Errorf("exit code %d, %q", got.code, got.stderr)
	}
}

func TestLoginThatCannotBe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		environ string
		args    []string
		code    int
		want    []string
	}{
		{"no such profile", "", []string{"servicenow_usr"}, exitUsage, []string{`there is no profile "servicenow_usr"`, `did you mean "servicenow_user"?`}},
		{"no tokens", "", []string{"oncall"}, exitUsage, []string{"profile oncall signs in with type api_key, which has no tokens"}},
		{"no person", "", []string{"--device", "servicenow"}, exitSignIn, []string{"this grant signs in without a person", "leave --device off"}},
		{"no device", "", []string{"--device", "servicenow_user"}, exitSignIn, []string{"where codes for another device come from is not known", "add device_url"}},
		{"a wrong secret", secretVariable + "SANDBOX_CLIENT_SECRET=of-another-instance", []string{"servicenow"}, exitSignIn,
			[]string{"no token from", "(grant client_credentials): status 401", "access_denied"}},
		{"no secret", secretVariable + "SANDBOX_CLIENT_SECRET=", []string{"servicenow"}, exitInvalid, []string{"profile servicenow: secret SANDBOX_CLIENT_SECRET is missing", "the sandbox prints in another terminal: snrun sandbox; or", "snrun secret set"}},
		{"a key that is none", "SNRUN_KEY=abc", []string{"servicenow_user"}, exitSignIn, []string{"SNRUN_KEY has no key", "snrun key new"}},
		{"no profile named", "", nil, exitUsage, []string{"auth login takes one profile"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := newSignedOut(t, sandbox.Options{})
			u.environ = append(u.environ, tt.environ)
			got := u.must(tt.code, append([]string{"auth", "login"}, tt.args...)...)
			for _, want := range tt.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("the error does not say %q:\n%s", want, got.stderr)
				}
			}
			if strings.Contains(got.stderr, "http://127.0.0.1") && strings.Contains(got.stderr, "oauth_auth.do") {
				t.Errorf("the person was sent to the page:\n%s", got.stderr)
			}
		})
	}
}

// TestLoginWhileTheServerIsDown ends with the code for what may pass.
func TestLoginWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"servicenow", "servicenow_user", "servicenow_device"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			u := newSignedOut(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: sandbox.Unavailable, Path: "/oauth_token.do"}, {Kind: sandbox.Unavailable, Path: "/oauth_device.do"}}})
			got := u.withBrowser("allow").must(exitTransient, "auth", "login", profile)
			if !strings.Contains(got.stderr, "status 503") || !strings.Contains(got.stderr, "try again later") {
				t.Errorf("got %q", got.stderr)
			}
		})
	}
}

// TestResetForgetsARefusal mends a profile without changing it.
func TestResetForgetsARefusal(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	wrong := *u
	wrong.environ = append(append([]string{}, u.environ...), secretVariable+"SANDBOX_CLIENT_SECRET=of-another-instance")
	wrong.must(exitSignIn, "auth", "test", "servicenow")
	got := wrong.must(exitOK, "auth", "reset", "servicenow")
	if want := "there are no tokens of servicenow; its last failure is forgotten, and the server will be asked again\n"; got.stderr != want {
		t.Errorf("got %q, want %q", got.stderr, want)
	}
	if got := wrong.must(exitOK, "auth", "status", "servicenow"); strings.Contains(got.stdout, "access_denied") {
		t.Errorf("the refusal is still there:\n%s", got.stdout)
	}
}

// TestTokenIsShownOnlyOnDemand prints the one secret that snrun ever prints.
func TestTokenIsShownOnlyOnDemand(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	got := u.must(exitUsage, "auth", "token", "servicenow", "--header")
	if got.stdout != "" || !strings.Contains(got.stderr, "the token is a secret") || !strings.Contains(got.stderr, "--reveal") {
		t.Errorf("without --reveal: %q, %q", got.stdout, got.stderr)
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 0)
	reveal := func(args ...string) string { // past the hunt for secrets
		cmd := snrun(u.dir, append([]string{"auth", "token", "servicenow", "--reveal"}, args...)...)
		cmd.Env = append(cmd.Env, u.environ...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	header, bare := reveal("--header"), reveal()
	if header != "Authorization: Bearer "+bare {
		t.Errorf("got %q and %q", header, bare)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.server.URL+"/api/now/table/incident?sysparm_limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(strings.TrimSpace(header), ": ")
	req.Header.Set(name, value)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("with the header: status %d", resp.StatusCode)
	}
}

func TestAuthStatus(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	u.write("nightly.yaml", "version: 1\nsteps:\n  - rest: {profile: servicenow_user, path: /x}\n  - rest: {profile: oncall, path: /x}\n")
	u.write("broken.yaml", "version: 1\nsteps:\n  - rest: {profile: oncall, pth: /x}\n")
	u.withBrowser("allow").must(exitOK, "auth", "login", "servicenow_user")
	u.environ = append(u.environ, secretVariable+"SANDBOX_PASSWORD=")
	requests := u.server.seen()
	got := u.must(exitOK, "auth", "status")
	for _, want := range []string{
		`(?m)^PROFILE +SIGN-IN +STATE +ACCESS +REFRESH +LAST OK +USED BY$`,
		`(?m)^servicenow_user +authorization_code +ok +29m5\ds +kept +\d+s ago +nightly$`,
		`(?m)^servicenow +client_credentials +new$`,
		`(?m)^oncall +api_key +- +broken \+1$`,
		`(?m)^servicenow_password +password +secret missing$`,
	} {
		if !regexp.MustCompile(want).MatchString(got.stdout) {
			t.Errorf("the table has no line %s:\n%s", want, got.stdout)
		}
	}
	for _, want := range []string{
		"servicenow_device: nobody has signed in yet\n  run: ", "snrun auth login servicenow_device\n", "files, servicenow_password, servicenow_soap, warehouse: secret SANDBOX_PASSWORD is missing",
	} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the notes do not say %q:\n%s", want, got.stderr)
		}
	}
	if got := u.server.seen(); got != requests {
		t.Errorf("%d requests were made", got-requests)
	}
	u.must(exitUsage, "auth", "status", "servicenow", "nobody")
}

// TestAuthStatusAsJSON holds the contract: each key is there, and what there is not is null.
func TestAuthStatusAsJSON(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	u.withBrowser("allow").must(exitOK, "auth", "login", "servicenow_user")
	u.environ = append(u.environ, secretVariable+"SANDBOX_PASSWORD=")
	var list []map[string]any
	u.decode(&list, "auth", "status", "--json", "servicenow_user", "oncall", "servicenow_password")
	if len(list) != 3 {
		t.Fatalf("got %v", list)
	}
	for _, r := range list {
		for _, key := range []string{"profile", "type", "grant", "state", "access_expires", "refresh_expires", "last_ok", "last_error", "used_by"} {
			if _, ok := r[key]; !ok {
				t.Errorf("%v has no %s", r["profile"], key)
			}
		}
	}
	user, plain, missing := list[0], list[1], list[2]
	if user["state"] != "ok" || user["grant"] != "authorization_code" || user["refresh"] != true || user["kept"] != true || user["last_error"] != nil {
		t.Errorf("the profile that is signed in: %v", user)
	}
	for _, key := range []string{"access_expires", "last_ok"} {
		text, _ := user[key].(string)
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if plain["state"] != nil || plain["grant"] != nil || plain["access_expires"] != nil || plain["type"] != "api_key" {
		t.Errorf("the profile without tokens: %v", plain)
	}
	if text, _ := missing["last_error"].(string); missing["state"] != nil || !strings.Contains(text, "SANDBOX_PASSWORD is missing") {
		t.Errorf("the profile without its secret: %v", missing)
	}
	if text, err := json.Marshal(plain["used_by"]); err != nil || string(text) != "[]" {
		t.Errorf("used_by: got %s", text)
	}
}

func TestLoginFacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		status auth.Status
		want   string
	}{
		{auth.Status{Grant: "authorization_code", AccessExpires: now.Add(90 * time.Second), HasRefresh: true, Kept: true}, "authorization_code, token lives 1m30s, refresh token kept"},
		{auth.Status{Grant: "authorization_code", Kept: true}, "authorization_code, no refresh token: the sign-in ends with the token"},
		{auth.Status{Grant: "device_code", Kept: true}, "device_code, no refresh token: the sign-in ends with the token"},
		{auth.Status{Grant: "client_credentials", Kept: true}, "client_credentials"},
		{auth.Status{Grant: "password", HasRefresh: true}, "password, nothing kept: there is no store that could be written"},
	} {
		if got := strings.Join(loginFacts(test.status, now), ", "); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
