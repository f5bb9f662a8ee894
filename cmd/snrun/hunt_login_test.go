package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"snrun/auth/store"
	"snrun/examples/sandbox"
)

// TestLoginsShowNoSecrets signs in, renews with rotation, loses an answer and dies, with the store searched all along. What the
// sandbox and the tests of all users look for are the tokens, codes, states, verifiers and device codes.
func TestLoginsShowNoSecrets(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"servicenow_user", "servicenow_device"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			u := newSignedOut(t, sandbox.Options{RotateRefresh: true, StandardErrors: true, DeviceInterval: time.Second})
			u.write("ask.yaml", strings.Replace(signsIn, "profile: servicenow,", "profile: "+profile+",", 1))
			l := u.startLogin("--no-browser", profile)
			back := ""
			if profile == "servicenow_user" {
				back = click(t, l.page)
				fmt.Fprintln(l.in, strings.Replace(back, "state=", "state=x", 1)) // is refused, and not quoted
				fmt.Fprintln(l.in, back)
			} else if err := sandbox.Answer(t.Context(), l.page, true); err != nil {
				t.Fatal(err)
			}
			if got := l.rest(); got.code != exitOK || !saysSignedIn.MatchString(got.stderr) {
				t.Fatalf("exit code %d\n%s", got.code, got.stderr)
			}
			u.checkHidden(u.server.secrets())
			for _, how := range []string{"--progress=json", "--progress=plain", "--json"} {
				u.server.sandbox.ExpireTokens() // which the next request hears of
				u.must(exitOK, "run", how, "ask")
			}
			u.must(exitOK, "auth", "status", "--json")
			u.must(exitOK, "auth", "test", profile)
			u.server.sandbox.ExpireTokens()
			u.server.sandbox.Inject(sandbox.Fault{Kind: sandbox.Lost, Path: "/oauth_token.do", On: sandbox.Nth(1)})
			got := u.must(exitSignIn, "run", "--progress=json", "ask")
			if !strings.Contains(got.stderr, "snrun auth login "+profile) {
				t.Errorf("the error does not say what to do:\n%s", got.stderr)
			}
			u.must(exitOK, "history", "show", "--http", "--json", "@last")
			u.must(exitOK, "auth", "status")
			u.must(exitOK, "auth", "status", "--json")
			u.must(exitOK, "auth", "reset", profile)
			secrets := u.server.secrets()
			if len(secrets) < 12 {
				t.Errorf("the sandbox knows of %d secrets only", len(secrets))
			}
			if u, err := url.Parse(back); err != nil || back != "" && u.Query().Get("code") == "" {
				t.Errorf("no code was given: %v", err)
			}
		})
	}
}

// TestLandingShowsNoSecrets looks at the pages that the browser ends at, whatever it brings.
func TestLandingShowsNoSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(q url.Values)
		code   int
		status int
		page   string
	}{
		{"signed in", func(url.Values) {}, exitOK, 200, "Signed in"},
		{"denied, and told too much", func(q url.Values) {
			q.Set("error", "access_denied")
			q.Set("error_description", "no to "+q.Get("code")+" of "+q.Get("state"))
			q.Set("error_uri", "https://example.com/?code="+q.Get("code"))
		}, exitSignIn, 400, "access_denied"},
		{"an error of its own", func(q url.Values) {
			q.Set("error", q.Get("code")+" "+q.Get("state"))
		}, exitSignIn, 400, "Not signed in"},
		{"of somebody else", func(q url.Values) { q.Set("iss", "https://example.com/"+q.Get("state")) }, exitOK, 200, "Signed in"},
		{"a code that does not work", func(q url.Values) { q.Set("code", q.Get("code")+"x") }, exitSignIn, 400, "did not take the code"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := newSignedOut(t, sandbox.Options{StandardErrors: true})
			l := u.startLogin("servicenow_user")
			back, err := url.Parse(click(t, l.page))
			if err != nil {
				t.Fatal(err)
			}
			q := back.Query()
			tt.change(q)
			back.RawQuery = q.Encode()
			for _, wrong := range []string{"state", "code"} { // comes before, and does not end the wait
				stray := *back
				stray.RawQuery = strings.Replace(back.RawQuery, "state=", "state=another", 1) + "&" + wrong + "=" + q.Get(wrong)
				if status, page := look(t, stray.String()); status != http.StatusBadRequest || strings.Contains(page, q.Get("state")) {
					t.Errorf("a stray got %d\n%s", status, page)
				}
			}
			status, page := look(t, back.String())
			if status != tt.status || !strings.Contains(page, tt.page) && tt.page != "did not take the code" {
				t.Errorf("the page has the status %d, want %d, and %q:\n%s", status, tt.status, tt.page, page)
			}
			u.written.keep([]byte(page))
			if got := l.rest(); got.code != tt.code {
				t.Errorf("exit code %d\n%s", got.code, got.stderr)
			}
			u.run("auth", "status", "--json")
			u.checkHidden([]string{q.Get("state")})
			if code := q.Get("code"); code != "" {
				u.checkHidden([]string{code})
			}
		})
	}
}

// look opens a page as a browser does, and gives what it shows and what it says beside.
func look(t *testing.T, address string) (status int, page string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, fmt.Sprint(resp.Header, string(body))
}

// TestBrowserIsToldLittle looks at what a program that opens pages can see: its arguments, and its environment.
func TestBrowserIsToldLittle(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	seen := filepath.Join(t.TempDir(), "seen")
	u.environ = append(u.environ, "SEEN="+seen, "SNRUN_KEY_FILE=a-file-with-a-key")
	u.withBrowser("allow").must(exitOK, "auth", "login", "servicenow_user")
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "DISPLAY=") || !strings.Contains(string(text), "state=") || strings.Contains(string(text), store.KeyFileVariable) {
		t.Errorf("the browser was told\n%s", text)
	}
	state := regexp.MustCompile(`state=([\w-]+)`).FindSubmatch(text)
	var secrets []string
	for _, secret := range append(u.server.secrets(), storeKey) {
		if secret != string(state[1]) { // which is told to the browser, and to nobody else
			secrets = append(secrets, secret)
		}
	}
	reportFinds(t, "the browser", text, disguisesOf(secrets), 0)
}

// TestKeysOfTheStoreShowNowhere has the key in a file, in both of its forms, in a variable, and wrong.
func TestKeysOfTheStoreShowNowhere(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	outside, plain := t.TempDir(), u.environ
	file := filepath.Join(outside, "key")
	u.must(exitOK, "key", "new", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(text))
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{key, hex.EncodeToString(raw), string(raw), nasty["SLASHES"]}
	u.write("ask.yaml", "version: 1\nsteps:\n  - log: \"${secret.X} ${env.SNRUN_KEY ?? \\\"no key\\\"} ${toJSON(env)}\"\n")
	u.write("say.yaml", "version: 1\ninputs: {text: {type: string}}\nsteps:\n  - log: \"${inputs.text}\"\n")
	for i, variable := range []string{"SNRUN_KEY_FILE=" + file, "SNRUN_KEY=" + key, "SNRUN_KEY=" + hex.EncodeToString(raw)} {
		u.environ = append(plain[:len(plain):len(plain)], variable)
		if i == 0 {
			u.keep("X", nasty["SLASHES"])
		}
		u.must(exitOK, "run", "--progress", "json", "ask")
		if i > 0 { // whoever gives it to a job by mistake
			_, given, _ := strings.Cut(variable, "=")
			u.must(exitOK, "run", "--progress", "json", "-i", "text="+given, "say")
		}
		u.must(exitOK, "secret", "list", "--json")
		u.must(exitOK, "auth", "status", "--json")
		u.must(exitOK, "history", "show", "@last", "--json")
	}
	for _, wrong := range []string{"SNRUN_KEY=" + key[1:], "SNRUN_KEY=" + key + key, "SNRUN_KEY=not " + key, "SNRUN_KEY=" + strings.ToUpper(hex.EncodeToString(raw))[:60], "SNRUN_KEY_FILE=" + key} {
		u.environ = append(plain[:len(plain):len(plain)], wrong)
		u.run("run", "ask")
		u.run("secret", "list")
		u.run("auth", "status")
		u.run("key", "rotate", filepath.Join(outside, "other"))
	}
	u.environ = append(plain, "SNRUN_KEY_FILE="+file)
	u.must(exitOK, "key", "rotate", filepath.Join(outside, "second"))
	second, err := os.ReadFile(filepath.Join(outside, "second"))
	if err != nil {
		t.Fatal(err)
	}
	u.checkHidden(append(secrets, key[1:], strings.TrimSpace(string(second))))
}

// TestDevicePageThatGossips has a server put what it was sent into what a person is to see.
func TestDevicePageThatGossips(t *testing.T) {
	t.Parallel()
	for _, complete := range []string{"", "_complete"} {
		t.Run("verification_uri"+complete, func(t *testing.T) {
			t.Parallel()
			server := newPlace(t, false, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					reply(w, 400, "application/json", object("error", "access_denied", "error_description", "not "+r.PostFormValue("device_code")))
					return
				}
				page := "https://example.com/" + url.PathEscape(r.PostFormValue("client_secret")) + "?c=the-code-of-the-device&s=" + url.QueryEscape(r.PostFormValue("client_secret"))
				reply(w, 200, "application/json", object("device_code", "the-code-of-the-device", "user_code", "ABCD-EFGH "+r.PostFormValue("client_secret"),
					"verification_uri"+complete, page, "interval", 1))
			})
			u := newSignedOut(t, sandbox.Options{})
			u.environ = append(u.environ, secretVariable+"MARKUP="+nasty["MARKUP"])
			u.write("profiles.yaml", "version: 1\nprofiles:\n  p:\n    base_url: "+server.URL+"\n    auth: {type: oauth2, grant: device_code, device_url: /device, token_url: /token, "+
				"client_id: me, client_auth: body, client_secret: \"${secret.MARKUP}\"}\n")
			got := u.must(exitSignIn, "auth", "login", "p")
			if !strings.Contains(got.stderr, "https://example.com/***") || !strings.Contains(got.stderr, "ABCD-EFGH") {
				t.Errorf("got %s", got.stderr)
			}
			u.checkHidden([]string{nasty["MARKUP"], "the-code-of-the-device"})
		})
	}
}
