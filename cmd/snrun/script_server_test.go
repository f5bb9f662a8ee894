package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/examples/sandbox"
)

// TestScriptsOnAServer runs the pages in testdata/script_server, each with a database of its own on a server.
func TestScriptsOnAServer(t *testing.T) {
	t.Parallel()
	postgrestest.Server(t) // or the test ends here
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script_server",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               onServer(t),
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "plain": plain},
	})
}

// TestScriptsOfFilesOnAServer runs the pages in testdata/script again, each with a database on a server: what a person sees is the same.
func TestScriptsOfFilesOnAServer(t *testing.T) {
	t.Parallel()
	postgrestest.Server(t) // or the test ends here
	pages, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	pages = slices.DeleteFunc(pages, func(page string) bool { return ofFiles[filepath.Base(page)] != "" })
	testscript.Run(t, testscript.Params{
		Files:               pages,
		RequireExplicitExec: true,
		Setup:               onServer(t),
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "plain": plain},
	})
}

// onServer gives each page a database of its own on a server.
func onServer(t *testing.T) func(*testscript.Env) error {
	return func(e *testscript.Env) error {
		e.Setenv("TZ", "UTC")
		e.Setenv("GORACE", "atexit_sleep_ms=0")
		e.Setenv("SNRUN_DATABASE", postgrestest.Server(t).URL)
		e.Setenv(keyringVariable, "off")
		return nil
	}
}

// ofFiles are the pages that do not hold on a server, and why. What they say of one stands in script_server.
var ofFiles = map[string]string{
	"key.txtar":      "it names the file of the store",
	"secret.txtar":   "it names the file of the store",
	"secrets.txtar":  "it looks into the file of the history",
	"validate.txtar": "it names the file of the store",
}

// TestLoginOnAServer signs in on one machine, and works on another one: what both share is the database and the key.
func TestLoginOnAServer(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{RotateRefresh: true})
	u.environ = append(u.environ, databaseVariable+"="+postgrestest.Server(t).URL)
	got := u.withBrowser("allow").must(exitOK, "auth", "login", "servicenow_user")
	if !saysSignedIn.MatchString(got.stderr) {
		t.Errorf("the login says %q", got.stderr)
	}
	other := *u
	other.dir = t.TempDir()
	for _, name := range []string{"snrun.yaml", "profiles.yaml"} {
		other.write(name, readText(t, u.dir+"/"+name))
	}
	got = other.must(exitOK, "auth", "status", "servicenow_user")
	if !regexp.MustCompile(`servicenow_user +authorization_code +ok`).MatchString(got.stdout) {
		t.Errorf("the other machine says\n%s", got.stdout)
	}
	for round := 1; round <= 3; round++ {
		resp, err := http.Post(u.server.URL+"/sandbox/expire", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		other.must(exitOK, "auth", "test", "servicenow_user")
		u.must(exitOK, "auth", "test", "servicenow_user")
		checkRequests(t, u, "POST", "/oauth_token.do", 1+round)
	}
	got = other.must(exitOK, "auth", "reset", "servicenow_user")
	if !strings.Contains(got.stderr, "the tokens of servicenow_user are forgotten, and the server has revoked them") {
		t.Errorf("the reset says %q", got.stderr)
	}
	if got = u.must(exitSignIn, "auth", "test", "servicenow_user"); !strings.Contains(got.stderr, "nobody has signed in yet") {
		t.Errorf("after the reset the first machine says %q", got.stderr)
	}
}
