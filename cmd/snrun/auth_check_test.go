package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/examples/sandbox"
	"snrun/history/review"
)

// TestAuthTest asks systems that answer in all the ways that a person should be told of.
func TestAuthTest(t *testing.T) {
	t.Parallel()
	answer := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Location", "https://login.example.com/")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	tests := []struct {
		name    string
		path    string // test_path, "" for none
		handler http.HandlerFunc
		code    int
		want    []string
	}{
		{"it works", "/api/x?a=1", answer(200, "application/json", "{}"), exitOK, []string{"sign-in   basic\n", "/base/api/x?a=1\n", "answer    200 OK, application/json, 2 B", "profile p works\n"}},
		{"no slash", "api/x", answer(200, "application/json", "{}"), exitOK, []string{"/base/api/x\n"}},
		{"a path that is escaped", "/a%2Fb", answer(200, "application/json", "{}"), exitOK, []string{"/base/a%2Fb\n"}},
		{"not signed in", "/x", answer(401, "application/json", "{}"), exitSignIn, []string{"the system does not accept the sign-in", "check what stands under auth"}},
		{"not allowed", "/x", answer(403, "application/json", "{}"), exitSignIn, []string{"accepted, but not for this", "check the roles"}},
		{"not there", "/x", answer(404, "application/json", "{}"), exitSignIn, []string{"there is nothing at test_path", "check base_url and test_path"}},
		{"busy", "/x", answer(429, "application/json", "{}"), exitTransient, []string{"out of order, or busy", "try again later"}},
		{"down", "/x", answer(503, "text/html", "<html>"), exitTransient, []string{"out of order, or busy"}},
		{"a web page", "/x", answer(200, "text/html", "<html>Log in</html>"), exitSignIn, []string{"the answer is a web page", "open base_url in a browser"}},
		{"a web page in disguise", "/x", answer(200, "application/json", "\n<!DOCTYPE html>"), exitSignIn, []string{"the answer is a web page"}},
		{"sent away", "/x", answer(302, "text/plain", ""), exitSignIn, []string{"302 Found", "sends away from test_path"}},
		{"refused otherwise", "/x", answer(400, "application/json", "{}"), exitSignIn, []string{"does not answer test_path as it should"}},
		{"no test_path", "", answer(404, "text/plain", ""), exitOK, []string{"whether it accepts the sign-in cannot be told", "write test_path"}},
		{"no test_path, a web page", "", answer(200, "text/html", "<html>"), exitOK, []string{"whether it accepts the sign-in cannot be told", "write test_path"}},
		{"no test_path, not allowed", "", answer(403, "text/plain", ""), exitSignIn, []string{"does not let the sign-in see base_url", "write test_path"}},
		{"no test_path, not signed in", "", answer(401, "text/plain", ""), exitSignIn, []string{"does not accept the sign-in"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tt.handler)
			t.Cleanup(server.Close)
			checkTest(t, profileAt(server.URL+"/base", tt.path), tt.code, tt.want)
		})
	}
}

// TestAuthTestWithoutAnswer asks where nobody answers.
func TestAuthTestWithoutAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	go func() { // whoever connects is hung up on
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	secured := httptest.NewUnstartedServer(http.NotFoundHandler())
	secured.Config.ErrorLog = log.New(io.Discard, "", 0)
	secured.StartTLS()
	t.Cleanup(secured.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	tests := []struct {
		name, url string
		code      int
		want      []string
	}{
		{"nobody listens", gone.URL, exitTransient, []string{"connection refused", "nobody listens there: check host and port in base_url"}},
		{"hung up", "http://" + silent.Addr().String(), exitTransient, []string{"no answer", "try again later"}},
		{"no such name", "http://nobody.invalid", exitTransient, []string{"no answer", "the name nobody.invalid cannot be resolved here"}},
		{"a certificate of one's own", secured.URL, exitSignIn, []string{"certificate", "name its file in tls.ca_file"}},
		{"a certificate of another host", strings.Replace(secured.URL, "127.0.0.1", "localhost", 1), exitSignIn, []string{"that of another host: check the host in base_url"}},
		{"TLS where there is none", strings.Replace(plain.URL, "http:", "https:", 1), exitSignIn, []string{"does not speak TLS there"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkTest(t, profileAt(tt.url, "/x"), tt.code, tt.want)
		})
	}
}

func profileAt(base, path string) string {
	text := fmt.Sprintf("version: 1\nprofiles:\n  p:\n    base_url: %s\n    auth: {type: basic, username: ann, password: \"${secret.PW}\"}\n", base)
	if path != "" {
		text += "    test_path: " + path + "\n"
	}
	return text
}

// checkTest runs `auth test` for the profile p of a profiles file.
func checkTest(t *testing.T, profiles string, code int, want []string) {
	t.Helper()
	u := &user{t: t, dir: t.TempDir(), written: new(writings), environ: []string{secretVariable + "PW=the-password", "NO_PROXY=*"}}
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	u.write("profiles.yaml", profiles)
	got := u.must(code, "auth", "test", "p")
	for _, text := range want {
		if !strings.Contains(got.stdout+got.stderr, text) {
			t.Errorf("it does not say %q:\n%s%s", text, got.stdout, got.stderr)
		}
	}
	u.checkHidden([]string{"the-password"})
}

// TestRefreshColumn holds that a refresh token which is no longer accepted does not show as a good one.
func TestRefreshColumn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	end := now.Add(time.Hour)
	ok, reauth := string(auth.StateOK), string(auth.StateReauth)
	for want, r := range map[string]review.SignIn{
		"":     {State: &reauth},
		"kept": {State: &ok, Refresh: true},
		"1h":   {State: &ok, Refresh: true, RefreshExpires: &end},
		"dead": {State: &reauth, Refresh: true, RefreshExpires: &end},
	} {
		if got := refreshLeft(r, now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestWhatIsWrong is what stands below the table of auth status.
func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later, before, failed := now.Add(time.Minute), now.Add(-time.Minute), "profile p: status 503"
	reauth, fresh, help := string(auth.StateReauth), string(auth.StateNew), "run: snrun auth login p"
	for _, test := range []struct {
		record review.SignIn
		want   string
	}{
		{review.SignIn{}, ""},
		{review.SignIn{LastError: &failed, Retry: &later}, "status 503 (not asked again before 12:01:00)"},
		{review.SignIn{LastError: &failed, Retry: &before}, "status 503"},
		{review.SignIn{State: &reauth, Help: &help}, "the sign-in has ended"},
		{review.SignIn{State: &fresh, Help: &help}, "nobody has signed in yet"},
	} {
		test.record.Profile = "p"
		if got := test.record.Wrong(now); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestStatusSaysOnceWhatIsCommon holds that profiles with the same trouble share its note.
func TestStatusSaysOnceWhatIsCommon(t *testing.T) {
	t.Parallel()
	failed, other, help := "no token", "another", "look"
	list := []review.SignIn{
		{Profile: "a", LastError: &failed, Help: &help},
		{Profile: "b", LastError: &other},
		{Profile: "c", LastError: &failed, Help: &help},
		{Profile: "d"},
	}
	if got, want := new(app).statusNotes(nil, list, time.Now()), "a, c: no token\n  look\nb: another\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestStatusTellsOfAWrongKey holds that what ends the next run shows before it: a key that is none, and one that is not the store's.
func TestStatusTellsOfAWrongKey(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	plain := u.environ
	for _, test := range []struct{ key, want string }{
		{"abc", "SNRUN_KEY has no key"}, // there is no store yet
		{storeKey, ""},
		{strings.Repeat("6162", 16), "the key from SNRUN_KEY is not that of the store"},
	} {
		u.environ = append(slices.Clip(plain), store.KeyVariable+"="+test.key)
		got := u.must(exitOK, "auth", "status", "servicenow")
		if told := strings.Contains(got.stdout, "  not known"); told != (test.want != "") || !strings.Contains(got.stderr, test.want) {
			t.Errorf("%s: got\n%s%s", test.key, got.stdout, got.stderr)
		}
		if test.want != "" {
			var list []review.SignIn
			u.decode(&list, "auth", "status", "--json", "servicenow")
			if len(list) != 1 || list[0].State != nil || list[0].Help == nil {
				t.Errorf("%s: got %+v", test.key, list)
			}
			u.must(exitSignIn, "auth", "test", "servicenow")
		} else {
			u.must(exitOK, "auth", "test", "servicenow") // makes the store
		}
	}
}

// keyringOf is a keyring of the system with one answer.
type keyringOf struct{ err error }

func (k keyringOf) Get(string) (string, error) { return "", k.err }
func (k keyringOf) Set(string, string) error   { return k.err }
func (k keyringOf) Delete(string) error        { return k.err }

// TestNoKeyNote holds that who has no key is told so, unless the first login makes one.
func TestNoKeyNote(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		keyring store.Keyring
		want    string
	}{
		{"none", nil, "the keyring of this system is switched off"},
		{"mute", keyringOf{errors.New("it does not answer")}, "the keyring of this system cannot be used: it does not answer"},
		{"empty", keyringOf{fs.ErrNotExist}, ""},
		{"full", keyringOf{}, ""},
	} {
		got := new(app).noKeyNote(&store.Place{File: filepath.Join(t.TempDir(), "auth.db"), Keyring: test.keyring})
		if strings.Contains(got, "tokens are not kept") != (test.want != "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want it to say %q", test.name, got, test.want)
		}
	}
	file := filepath.Join(t.TempDir(), "auth.db")
	placeOf := func(key string) *store.Place {
		return &store.Place{File: file, Getenv: func(string) string { return key }}
	}
	first := placeOf(storeKey)
	defer first.Close()
	if _, err := first.Open(); err != nil {
		t.Fatal(err)
	}
	if got := new(app).noKeyNote(placeOf(strings.Repeat("6162", 16))); !strings.Contains(got, "tokens are not kept: the key from SNRUN_KEY is not that of the store") {
		t.Errorf("another key: got %q", got)
	}
}

// TestResetTellsOfTheServer holds that nobody takes tokens for revoked that the server still accepts.
func TestResetTellsOfTheServer(t *testing.T) {
	t.Parallel()
	t.Run("it refuses", func(t *testing.T) {
		t.Parallel()
		u := newSignedOut(t, sandbox.Options{Faults: []sandbox.Fault{{Kind: sandbox.Unavailable, Path: "/oauth_revoke_token.do"}}})
		u.must(exitOK, "auth", "test", "servicenow")
		if got := u.must(exitFailed, "auth", "reset", "servicenow"); !strings.Contains(got.stderr, "are forgotten, but the server has not revoked them") || !strings.Contains(got.stderr, "status 503") {
			t.Errorf("got %q", got.stderr)
		}
		u.must(exitOK, "auth", "test", "servicenow")
		checkRequests(t, u, "POST", "/oauth_token.do", 2)
	})
	t.Run("they cannot be read", func(t *testing.T) {
		t.Parallel()
		u := newSignedOut(t, sandbox.Options{})
		u.must(exitOK, "auth", "test", "servicenow")
		db, err := sql.Open("sqlite3", filepath.Join(u.dir, "runs-auth.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("UPDATE entries SET sealed = zeroblob(length(sealed))"); err != nil {
			t.Fatal(err)
		}
		if got := u.must(exitSignIn, "auth", "test", "servicenow"); !strings.Contains(got.stderr, "snrun auth reset servicenow") {
			t.Errorf("before the reset: got %q", got.stderr)
		}
		if got := u.must(exitOK, "auth", "reset", "servicenow"); !strings.Contains(got.stderr, "are forgotten; the server was not asked to revoke them: they could not be read") {
			t.Errorf("got %q", got.stderr)
		}
		u.must(exitOK, "auth", "test", "servicenow")
		checkRequests(t, u, "POST", "/oauth_revoke_token.do", 0)
	})
	t.Run("it is not asked", func(t *testing.T) {
		t.Parallel()
		u := newSignedOut(t, sandbox.Options{})
		u.write("profiles.yaml", "version: 1\nprofiles:\n  p:\n    base_url: ${env.SANDBOX_URL}\n    test_path: /api/now/table/incident\n"+
			"    auth: {type: oauth2, token_url: /oauth_token.do, client_id: snrun, client_secret: \"${secret.SANDBOX_CLIENT_SECRET}\"}\n")
		u.must(exitOK, "auth", "test", "p")
		if got := u.must(exitOK, "auth", "reset", "p"); !strings.Contains(got.stderr, "the server was not asked to revoke them: the profile has no revoke_url") {
			t.Errorf("got %q", got.stderr)
		}
	})
}
