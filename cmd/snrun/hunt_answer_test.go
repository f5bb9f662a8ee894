package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// TestTokenAnswersOfNoUse has the whole program read answers that are no token, or none that may be used.
func TestTokenAnswersOfNoUse(t *testing.T) {
	t.Parallel()
	token := rand.Text()
	for _, tt := range []struct {
		name, media, body string
		code              int
		says              string
	}{
		{"CR LF", "application/json", `{"access_token":"` + token + `\r\nX-Admin: 1"}`, exitSignIn, "access_token has a character that no token may have"},
		{"CR LF in the refresh token", "application/json", `{"access_token":"` + token + `","refresh_token":"` + token + `\r\n"}`, exitSignIn, "refresh_token has a character"},
		{"5 MB", "application/json", `{"access_token":"` + token + `","x":"` + strings.Repeat("x", 5<<20) + `"}`, exitSignIn, "larger than 1 MB"},
		{"5 MB of token", "text/plain", strings.Repeat(token, 5<<20/len(token)), exitSignIn, "larger than 1 MB"},
		{"a page", "text/html", "<html><title>" + token, exitTransient, "the answer is a web page"},
		{"an error", "application/json", `{"access_token":"` + token + `","error":{"code":7}}`, exitSignIn, `{"code":7}`},
		{"another type", "application/json", `{"access_token":"` + token + `","token_type":"mac"}`, exitSignIn, "only bearer is known"},
		{"broken", "application/json", `{"access_token":"` + token + `"`, exitSignIn, "broken JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			home := newPlace(t, false, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, tt.media, tt.body) })
			u := newUser(t, sandbox.Options{})
			u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+home.URL+", auth: {type: oauth2, token_url: /token, client_id: me, client_auth: none}}\n")
			u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: p, path: /x}\n    retry: none\n")
			if got := u.must(tt.code, "run", "ask"); !strings.Contains(got.stderr, tt.says) || len(got.stderr) > 2000 {
				t.Errorf("the error of %d bytes does not say %q:\n%.2000s", len(got.stderr), tt.says, got.stderr)
			}
			u.must(exitOK, "history", "show", "--http", "--json", "@last")
			if got := home.arrived("/x"); got != nil {
				t.Errorf("the API got %q", got)
			}
			u.checkHidden([]string{token})
		})
	}
}

// TestTokenOfThreeCharacters is masked like others, and what is printed stays whole all the same.
func TestTokenOfThreeCharacters(t *testing.T) {
	t.Parallel()
	u, c := newUser(t, sandbox.Options{}), newChatter(t, 100, func(int) (string, string) { return "tok", "" })
	u.environ = append(u.environ, "SNRUN_KEY="+storeKey)
	u.write("profiles.yaml", strings.Replace(chatterProfile, "URL", c.URL, 1))
	u.write("ask.yaml", "version: 1\nsteps:\n  - id: ask\n    rest: {profile: p, path: /x}\noutput: {said: \"${steps.ask.output}\", ended: 1}\n")
	got := u.must(exitOK, "run", "ask")
	var output struct {
		Said  struct{ You, ID string }
		Ended int
	}
	if err := json.Unmarshal([]byte(got.stdout), &output); err != nil || output.Said.You != "Bearer ***" || output.Said.ID != "incident" || output.Ended != 1 {
		t.Errorf("%v: got %s", err, got.stdout)
	}
	for _, args := range [][]string{{"run", "--json", "ask"}, {"history", "show", "--http", "--json", "@last"}, {"auth", "status", "--json"}} {
		if got := u.must(exitOK, args...); !json.Valid([]byte(got.stdout)) || strings.Contains(got.stdout, "tok\"") {
			t.Errorf("snrun %s: got %s", args, got.stdout)
		}
	}
}

// TestPasswordOfAProxyShowsNowhere has proxies that refuse, that are not there, and whose address is broken.
func TestPasswordOfAProxyShowsNowhere(t *testing.T) {
	t.Parallel()
	const password = "pass-of-proxy"
	refusing := newPlace(t, false, func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusProxyAuthRequired, "text/plain", fmt.Sprint("not ", r.Header, password))
	})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, tt := range []struct{ name, address string }{
		{"refuses", "http://ann:" + password + "@" + refusing.Listener.Addr().String()},
		{"is gone", "http://ann:" + password + "@" + gone.Addr().String()},
		{"is broken", "http://ann:" + password + "#@proxy.example.com:3128"},
		{"has no port", "http://ann:" + password + "%zz@proxy.example.com:3128"},
	} {
		for _, from := range []string{"profile", "environment"} {
			if from == "environment" && strings.Contains(tt.address, "example.com") {
				continue // which net/http leaves out, and would ask the network
			}
			t.Run(tt.name+" "+from, func(t *testing.T) {
				t.Parallel()
				u := newUser(t, sandbox.Options{})
				proxy := ""
				if from == "profile" {
					u.environ = append(u.environ, secretVariable+"PROXY="+tt.address)
					proxy = "proxy: \"${secret.PROXY}\", "
				} else {
					u.environ = append(u.environ, "HTTP_PROXY="+tt.address, "https_proxy="+tt.address)
				}
				u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: \"http://api.example.com\", "+proxy+
					"auth: {type: oauth2, token_url: /token, client_id: me, client_auth: none}}\n  q: {base_url: \"https://api.example.com\", "+proxy+"auth: {type: none}}\n")
				u.write("ask.yaml", "version: 1\nsteps:\n  - try: [{rest: {profile: p, path: /x}, retry: none}]\n    catch: [{steps: [{log: \"${error.message}\"}]}]\n"+
					"  - rest: {profile: q, path: /x}\n    retry: none\n")
				if got := u.run("run", "ask"); got.code == exitOK {
					t.Errorf("the run went well:\n%s", got.stderr)
				}
				u.run("auth", "test", "p")
				u.run("auth", "test", "q")
				u.run("auth", "status", "--json")
				u.run("history", "show", "--http", "--json", "@last")
				u.checkHidden([]string{password})
			})
		}
	}
}

// TestSecretCommandIsToldNoKey looks at what a command of secrets.exec can see, and at what it says.
func TestSecretCommandIsToldNoKey(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	seen := filepath.Join(t.TempDir(), "seen")
	u.environ = append(u.environ, "SNRUN_KEY="+storeKey, "SNRUN_KEY_FILE=a-file", "SEEN="+seen, "VALUE="+nasty["SLASHES"], secretVariable+"VAULT="+nasty["MARKUP"])
	u.write("snrun.yaml", `version: 1
jobs: .
database: runs.db
secrets:
  exec:
    GOOD: [sh, -c, 'env > "$SEEN"; printf "%s" "$VALUE"']
    BAD: [sh, -c, 'echo "no access with $SNRUN_SECRET_VAULT to the vault" >&2; exit 3']
`)
	u.keep("OTHER", nasty["QUOTES"])
	u.write("good.yaml", "version: 1\nsteps:\n  - log: \"${secret.GOOD} ${secret.OTHER} ${toJSON(env)}\"\n")
	u.write("bad.yaml", "version: 1\nsteps:\n  - log: \"${secret.GOOD} ${secret.BAD}\"\n")
	u.environ = append(u.environ, "PRINTED="+nasty["QUOTES"]) // a secret that stands in a plain variable too
	u.must(exitOK, "run", "good")
	got := u.must(exitInvalid, "run", "bad")
	if !strings.Contains(got.stderr, "exit code 3: no access with *** to the vault") {
		t.Errorf("got %s", got.stderr)
	}
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "VALUE=") || strings.Contains(string(text), "SNRUN_KEY=") || strings.Contains(string(text), "SNRUN_KEY_FILE") || strings.Contains(string(text), storeKey) {
		t.Errorf("the command was told\n%s", text)
	}
	u.checkHidden([]string{nasty["SLASHES"], nasty["QUOTES"], nasty["MARKUP"], storeKey})
}
