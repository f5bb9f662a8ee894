package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"snrun/examples/sandbox"
)

// nasty are secrets in the shapes that escaping changes most.
var nasty = map[string]string{
	"SLASHES":   "aB/cd+eF==gh/ij+kl",
	"QUOTES":    `q"uo'te\ba\\ck"s`,
	"MARKUP":    "<k>&amp;v</k>&x=1",
	"PERCENT":   "50%25 off+%zz%2F",
	"TWO_LINES": "first half of it\nand the second half",
	"UNICODE":   "pässwörd-Ω-🔑-中文",
	"DOLLAR":    "${secret.X} $${y} {{z}}",
	"SHORT":     "§7~",
	"CONTROLS":  "stop\x03and \x1b[31mgo\u200bon\u202eback",
	"PEM": "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ3kq8Zt0pXw5n2Qb\n" +
		"c7rV1sYd4uLoM9eHfG6TiKxBaS+hRANCAAQwWm/PzUyEjNl3D5gO8vXq2I7sA1tF\n-----END PRIVATE KEY-----\n",
}

// storeKey is the key of the stores of tests.
const storeKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// mirror answers with what it was asked, in the ways in which servers do. It keeps all that it received.
type mirror struct {
	*httptest.Server
	mu       sync.Mutex
	received bytes.Buffer
	told     bytes.Buffer // to /hook
	tokens   []string
	proofs   []string // of digests
	given    int
	during   func() // called while it has a request for a page
}

func newMirror(t *testing.T) *mirror {
	m := &mirror{tokens: []string{"tok/en+one==" + rand.Text(), `to"ken\two&` + rand.Text(), "token-three." + rand.Text()}}
	mux := http.NewServeMux()
	mux.HandleFunc("/token", m.token)
	mux.HandleFunc("/challenged", m.challenge)
	mux.HandleFunc("/hook", func(_ http.ResponseWriter, r *http.Request) { io.Copy(&m.told, r.Body) })
	mux.HandleFunc("/echo", echo(http.StatusOK, "application/json"))
	mux.HandleFunc("/refuse", echo(http.StatusUnprocessableEntity, "application/json"))
	mux.HandleFunc("/broken", echo(http.StatusBadGateway, "text/plain"))
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		if m.during != nil {
			m.during()
		}
		echo(http.StatusOK, "text/html")(w, r)
	})
	mux.HandleFunc("/notjson", echo(http.StatusOK, "text/plain"))
	mux.HandleFunc("/created", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/things/"+r.URL.RawQuery)
		w.Header().Set("Set-Cookie", "session="+r.URL.RawQuery)
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo?"+r.URL.RawQuery, http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop?"+r.URL.RawQuery, http.StatusFound)
	})
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		m.mu.Lock()
		fmt.Fprintln(&m.received, r.URL.RequestURI(), r.Header, string(body))
		for _, values := range r.Header {
			fmt.Fprintln(&m.received, strings.Join(values, "\n"))
		}
		m.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

// echo answers with the request: its query as it came and decoded, its headers and its body.
func echo(status int, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Echo", r.URL.RawQuery)
		w.WriteHeader(status)
		text, _ := json.Marshal(map[string]any{
			"raw": r.URL.RawQuery, "query": r.URL.Query(), "headers": r.Header, "body": string(body),
			"error": map[string]any{"message": "you said " + r.URL.RawQuery + string(body)},
		})
		w.Write(text)
	}
}

// token gives one of its tokens to whoever asks.
func (m *mirror) token(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := m.tokens[m.given%len(m.tokens)]
	m.given++
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 1799})
}

// challenge asks for a digest, and gives what it gets.
func (m *mirror) challenge(w http.ResponseWriter, r *http.Request) {
	proof := digestProof.FindStringSubmatch(r.Header.Get("Authorization"))
	if proof == nil {
		w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	m.mu.Lock()
	m.proofs = append(m.proofs, proof[1])
	m.mu.Unlock()
	echo(http.StatusOK, "application/json")(w, r)
}

var digestProof = regexp.MustCompile(`^Digest .*response="([0-9a-f]{64})"`)

// profilesOf gives each secret to each sign-in.
func profilesOf(m *mirror) string {
	var b strings.Builder
	b.WriteString("version: 1\nprofiles:\n  open: {base_url: " + m.URL + "}\n")
	for _, name := range sortedNasty() {
		for kind, signIn := range map[string]string{
			"basic":         `type: basic, username: ann, password: "${secret.NAME}"`,
			"user":          `type: basic, username: "${secret.NAME}", password: x`,
			"bearer":        `type: bearer, token: "${secret.NAME}"`,
			"key_in_header": `type: api_key, in: header, name: X-Key, value: "${secret.NAME}"`,
			"key_in_query":  `type: api_key, in: query, name: key, value: "${secret.NAME}"`,
			"digest":        `type: digest, username: ann, password: "${secret.NAME}"`,
			"aws":           `type: aws_sigv4, access_key_id: AKID, secret_access_key: "${secret.NAME}", region: eu-central-1, service: s3`,
			"aws_token":     `type: aws_sigv4, access_key_id: AKID, secret_access_key: x-of-aws, session_token: "${secret.NAME}", region: eu-central-1, service: s3`,
			"hmac":          `type: hmac, key: "${secret.NAME}", headers: {X-Signature: "{signature}", X-Timestamp: "{timestamp}", X-Nonce: "{nonce}"}`,
			"signature":     `type: http_signature, algorithm: hmac-sha256, key_id: me, key: "${secret.NAME}"`,
			"pasted":        `type: oauth2, grant: refresh_token, token_url: /token, client_id: me, client_auth: none, refresh_token: "${secret.NAME}"`,
			"oauth_body":    `type: oauth2, grant: client_credentials, token_url: /token, client_id: me, client_secret: "${secret.NAME}", client_auth: body`,
			"oauth_header":  `type: oauth2, grant: client_credentials, token_url: /token, client_id: me, client_secret: "${secret.NAME}", client_auth: header`,
			"oauth_user":    `type: oauth2, grant: password, token_url: /token, client_id: me, client_secret: x, client_auth: body, username: ann, password: "${secret.NAME}"`,
		} {
			fmt.Fprintf(&b, "  %s_%s: {base_url: %s, auth: {%s}}\n", kind, strings.ToLower(name), m.URL, strings.ReplaceAll(signIn, "NAME", name))
		}
	}
	return b.String()
}

// waysOut are the ways by which a secret may try to leave, one step each; what fails is caught and its error logged.
var waysOut = []string{
	`log: "${secret.NAME}"`,
	`log: "<<${secret.NAME}>> twice ${secret.NAME}${secret.NAME}"`,
	`log: '${toJSON({"k": secret.NAME, "list": [secret.NAME]})}'`,
	`log: '${toJSON(toJSON({"k": secret.NAME}))}'`,
	`log: "${toBase64(secret.NAME)} ${toBase64(\"x\" + secret.NAME + \"y\")} ${toBase64(\"xy\" + secret.NAME)}"`,
	`log: "${urlEncode(secret.NAME)}"`,
	`log: "${sha256(secret.NAME)} ${upper(secret.NAME)} ${lower(secret.NAME)}"`,
	`fail: "cannot sign in with ${secret.NAME}, nor with ${sha256(secret.NAME)}"`,
	`set: {plain: "${secret.NAME}", nested: {list: ["${secret.NAME}", "${upper(secret.NAME)}"], "k": "${[secret.NAME]}"}}`,
	`set: {bad: "${int(secret.NAME)}"}`,
	`set: {bad: "${fromJSON(secret.NAME)}"}`,
	`set: {bad: "${date(secret.NAME)}"}`,
	`set: {bad: "${duration(secret.NAME)}"}`,
	`foreach: {in: ["${secret.NAME}", other], key: "${item}", tolerate: all, steps: [{fail: "no ${item}"}]}`,
	`rest: {profile: open, path: /echo, query: {k: "${secret.NAME}", list: [a, "${secret.NAME}"]}}`,
	`rest: {profile: open, path: "/echo/${secret.NAME}"}`,
	`rest: {profile: open, path: /echo, headers: {X-Secret: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /echo, method: POST, json: {k: "${secret.NAME}", text: "${toJSON({\"k\": secret.NAME})}"}}`,
	`rest: {profile: open, path: /echo, method: POST, form: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /echo, method: POST, multipart: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /echo, method: POST, xml: {k: {_: "${secret.NAME}", at: "${secret.NAME}"}}}`,
	`rest: {profile: open, path: /echo, method: POST, body: "before ${secret.NAME} after"}`,
	`rest: {profile: open, path: /echo, method: POST, body: x, idempotency_key: "${secret.NAME}"}`,
	`rest: {profile: open, path: /refuse, method: POST, json: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /refuse, method: POST, body: "${secret.NAME}"}`,
	`rest: {profile: open, path: /refuse, query: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /broken, query: {k: "${secret.NAME}"}}
        retry: none`,
	`rest: {profile: open, path: /page, query: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /notjson, query: {k: "${secret.NAME}"}, accept: json}`,
	`rest: {profile: open, path: /created, query: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /redirect, query: {k: "${secret.NAME}"}}`,
	`rest: {profile: open, path: /redirect, query: {k: "${secret.NAME}"}, redirects: 0, expect: response.status == 302}`,
	`rest: {profile: open, path: /loop, query: {k: "${secret.NAME}"}, redirects: 2}`,
	`rest: {profile: open, path: /echo, query: {k: "${secret.NAME}"}, expect: response.body.raw == "nothing"}`,
	`rest: {profile: open, path: /echo, query: {k: "${secret.NAME}"}, max_body: 1}`,
	`rest: {profile: open, path: /echo, save_to: "out/${secret.NAME}/x"}`,
	`rest: {url: "${secret.NAME}"}`,
	`rest: {url: "http://127.0.0.1:1/${secret.NAME}"}
        retry: none`,
	`rest: {url: "http://ann:${secret.NAME}@127.0.0.1:1/"}
        retry: none`,
	`rest: {profile: basic_LOWER, path: /echo}`,
	`rest: {profile: user_LOWER, path: /echo}`,
	`rest: {profile: bearer_LOWER, path: /echo}`,
	`rest: {profile: key_in_header_LOWER, path: /echo}`,
	`rest: {profile: key_in_query_LOWER, path: /echo}`,
	`rest: {profile: key_in_query_LOWER, path: /refuse}`,
	`rest: {profile: digest_LOWER, path: /challenged, method: POST, json: {k: "${secret.NAME}"}}`,
	`rest: {profile: digest_LOWER, path: /challenged, query: {q: 1}}`,
	`rest: {profile: aws_LOWER, path: /echo}`,
	`rest: {profile: aws_token_LOWER, path: /echo}`,
	`rest: {profile: hmac_LOWER, path: /echo}`,
	`rest: {profile: signature_LOWER, path: /refuse}`,
	`rest: {profile: pasted_LOWER, path: /refuse}`,
	`rest: {profile: oauth_body_LOWER, path: /echo}`,
	`rest: {profile: oauth_header_LOWER, path: /refuse}`,
	`rest: {profile: oauth_user_LOWER, path: /page}`,
}

// leakyJob tries all ways out for every secret, and gives what it has as its output.
func leakyJob() string {
	var b strings.Builder
	b.WriteString("version: 1\ninputs:\n  note: {type: string, default: none}\nsteps:\n")
	for _, name := range sortedNasty() {
		for i, way := range waysOut {
			way = strings.NewReplacer("NAME", name, "LOWER", strings.ToLower(name)).Replace(way)
			if strings.ContainsAny(nasty[name], "\n\x03") && (strings.Contains(way, "bearer_") || strings.Contains(way, "key_in_header_") || strings.Contains(way, "aws_")) {
				way = "log: refused before the run starts, which a test of its own sees"
			}
			id := fmt.Sprintf("way_%s_%d", strings.ToLower(name), i)
			fmt.Fprintf(&b, "  - id: %s\n    try:\n      - %s\n    catch:\n      - steps: [{log: \"${error.message}\"}]\n", id, way)
		}
	}
	b.WriteString("  - log: \"${inputs.note}\"\noutput:\n  note: ${inputs.note}\n")
	for _, name := range sortedNasty() {
		fmt.Fprintf(&b, "  %s: [\"${secret.%s}\", \"${toBase64(secret.%s)}\", \"x${secret.%s}\"]\n", name, name, name, name)
		for i := range waysOut {
			fmt.Fprintf(&b, "  %s_%d: ${steps.way_%s_%d.output}\n", name, i, strings.ToLower(name), i)
		}
	}
	return b.String()
}

func sortedNasty() []string {
	names := make([]string, 0, len(nasty))
	for name := range nasty {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// secretive is a user with the nasty secrets, whose jobs talk to a mirror.
func secretive(t *testing.T) (*user, *mirror) {
	t.Helper()
	u, m := newUser(t, sandbox.Options{}), newMirror(t)
	for name, secret := range nasty {
		u.environ = append(u.environ, secretVariable+name+"="+secret)
	}
	u.write("profiles.yaml", profilesOf(m))
	return u, m
}

// hidden are the secrets, what is computed of them, and the tokens: none of these may show.
func hidden(m *mirror) []string {
	list := slices.Concat(m.tokens, m.proofs)
	for _, name := range sortedNasty() {
		secret := nasty[name]
		sum := sha256.Sum256([]byte(secret))
		list = append(list, secret, hex.EncodeToString(sum[:]))
		if len(secret) > 8 {
			list = append(list, strings.ToUpper(secret), strings.ToLower(secret))
		}
	}
	return list
}

func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	u.write("leaky.yaml", leakyJob())
	for _, mode := range []string{"plain", "json", "tty"} {
		got := u.must(exitOK, "run", "--progress", mode, "leaky", "-i", "note=it is "+nasty["SLASHES"])
		if strings.Count(got.stdout, "***") < len(nasty)*3 || !strings.Contains(got.stderr, "***") {
			t.Errorf("--progress %s: nothing was masked\n%s", mode, got.stderr)
		}
	}
	u.must(exitOK, "run", "--progress", "none", "--json", "leaky")
	u.must(exitOK, "history", "list", "--json")
	u.must(exitOK, "history", "show", "--http", "@last")
	u.must(exitOK, "history", "show", "--http", "--json", "@last")
	checkSent(t, m)
	u.checkHidden(hidden(m))
}

// TestKeptSecretsShowNowhere has the secrets in the encrypted store, and some from commands. The files are searched while
// secrets are written and read too: the store's journal must not show them either.
func TestKeptSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	u, m := newUser(t, sandbox.Options{}), newMirror(t)
	u.write("profiles.yaml", profilesOf(m))
	u.write("leaky.yaml", leakyJob())
	u.environ = append(u.environ, "SNRUN_KEY="+storeKey)
	secrets := append(hidden(m), storeKey, "0123456789abcdef0123456789abcdef")
	needles := disguisesOf(secrets)
	search := func() {
		found := false
		for name, content := range u.files() {
			reportFinds(t, name, content, needles, shortestInFile)
			found = found || name == "runs-auth.db"
		}
		if !found {
			t.Error("there is no store")
		}
	}
	commands := "version: 1\njobs: .\ndatabase: runs.db\nsecrets:\n  exec:\n"
	for i, name := range sortedNasty() {
		if i%3 == 0 {
			u.environ = append(u.environ, "VAULT_"+name+"="+nasty[name])
			commands += "    " + name + ": [sh, -c, 'printf \"%s\\n\" \"$VAULT_" + name + "\"']\n"
			continue
		}
		u.keep(name, nasty[name]+"\n")
		search()
	}
	u.write("snrun.yaml", commands)
	u.must(exitOK, "secret", "list")
	m.during = search
	var wg sync.WaitGroup
	wg.Go(func() {
		if got := u.run("run", "--progress", "plain", "leaky", "-i", "note=it is "+nasty["SLASHES"]); got.code != exitOK {
			t.Errorf("exit code %d\n%s", got.code, got.stderr)
		}
	})
	for range 5 {
		u.keep("SLASHES", nasty["SLASHES"])
		search()
	}
	wg.Wait()
	u.must(exitOK, "history", "show", "--http", "--json", "@last")
	u.must(exitOK, "secret", "list", "--json")
	checkSent(t, m)
	u.must(exitOK, "secret", "rm", "SLASHES")
	u.run("run", "leaky")
	u.checkHidden(secrets)
}

// keep has snrun keep a secret in the store.
func (u *user) keep(name, input string) {
	u.t.Helper()
	cmd := snrun(u.dir, "secret", "set", name)
	cmd.Env = append(cmd.Env, u.environ...)
	cmd.Stdin = strings.NewReader(input)
	written, err := cmd.CombinedOutput()
	u.written.keep(written)
	if err != nil {
		u.t.Fatalf("secret set %s: %v\n%s", name, err, written)
	}
}

// files gives the files of the project as they are now. Some may go away meanwhile.
func (u *user) files() map[string][]byte {
	u.t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(u.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
			return nil
		}
		content, readErr := os.ReadFile(path)
		if readErr == nil {
			all[filepath.Base(path)] = content
		} else if !errors.Is(readErr, fs.ErrNotExist) {
			return readErr
		}
		return err
	})
	if err != nil {
		u.t.Error(err)
	}
	return all
}

// checkSent proves that the secrets went out, so that it says something when they show nowhere.
func checkSent(t *testing.T, m *mirror) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range sortedNasty() {
		sent := 0
		for needle := range disguises(nasty[name]) {
			if len(needle) >= 3 && bytes.Contains(m.received.Bytes(), []byte(needle)) {
				sent++
			}
		}
		if sent < 3 {
			t.Errorf("the secret %s was received in %d forms, want at least 3", name, sent)
		}
	}
	if len(m.proofs) == 0 {
		t.Error("no digest was asked for")
	}
	for i, token := range m.tokens {
		if !bytes.Contains(m.received.Bytes(), []byte("Bearer "+token)) {
			t.Errorf("token %d was not used", i)
		}
	}
}

// TestSecretsShowInNoFailure ends runs by errors that have secrets in them.
func TestSecretsShowInNoFailure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, job string
		code      int
		masked    bool // what history shows
	}{
		{"a message", "steps:\n  - fail: it is ${secret.PEM} or ${secret.QUOTES}\n", exitFailed, true},
		{"a refusal", "steps:\n  - rest: {profile: open, path: /refuse, query: {k: \"${secret.MARKUP}\"}}\n", exitFailed, true},
		{"a transient failure", "steps:\n  - rest: {profile: open, path: /broken, query: {k: \"${secret.SLASHES}\"}}\n    retry: {attempts: 2, backoff: {initial: 1ms}}\n", exitTransient, true},
		{"an address", "steps:\n  - rest: {url: \"${secret.UNICODE}\"}\n", exitFailed, true},
		{"a header", "steps:\n  - rest: {profile: bearer_pem, path: /echo}\n", exitInvalid, false},
		{"an expression", "steps:\n  - set: {n: \"${int(secret.PERCENT)}\"}\n", exitFailed, false},
		{"an expression in the output", "steps:\n  - log: x\noutput: ${int(secret.DOLLAR)}\n", exitFailed, false},
		{"the last steps", "steps:\n  - fail: ${secret.TWO_LINES}\non_failure:\n  - log: \"${error.message}\"\nfinally:\n  - fail: \"${secret.SHORT}\"\n", exitFailed, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, m := secretive(t)
			u.write("fails.yaml", "version: 1\n"+test.job)
			u.must(test.code, "run", "fails")
			u.must(test.code, "run", "--json", "--progress", "json", "fails")
			if shown := u.run("history", "show", "--http", "@last"); test.masked && !strings.Contains(shown.stdout, "***") {
				t.Errorf("nothing was masked:\n%s", shown.stdout)
			}
			u.must(exitOK, "history", "list")
			u.checkHidden(hidden(m))
		})
	}
}

// TestSecretsCannotBeSearched looks for each secret in what runs left behind that sent and got all of them.
func TestSecretsCannotBeSearched(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	u.write("leaky.yaml", leakyJob())
	u.must(exitOK, "run", "leaky", "-i", "note=it is "+nasty["SLASHES"])
	if got := u.must(exitOK, "history", "search", "***", "--jq", ".[].places[].where"); !strings.Contains(got.stdout, "log") {
		t.Errorf("*** is found in %q: nothing was kept", got.stdout)
	}
	for _, name := range sortedNasty() {
		for _, text := range []string{nasty[name], `"` + nasty[name] + `"`, url.QueryEscape(nasty[name])} {
			if got := u.must(exitOK, "history", "search", "--json", "--", text); got.stdout != "[]\n" {
				t.Errorf("%s is found: %s", name, got.stdout)
			}
		}
	}
	u.checkHidden(hidden(m))
}

// TestSecretsShowInNoCutText has bodies and messages cut at each place of a secret: its beginning must not show either.
func TestSecretsShowInNoCutText(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	secret := nasty["SLASHES"]
	u.write("profiles.yaml", "version: 1\nprofiles:\n  open: {base_url: "+m.URL+", history: {bodies: 1KB}}\n")
	var b strings.Builder
	b.WriteString("version: 1\nsteps:\n")
	for _, length := range []int{64, 100, 128, 200, 240, 256, 300, 400, 500, 512, 1000, 1024} {
		for at := length - len(secret) - 20; at <= length; at++ {
			fmt.Fprintf(&b, "  - try:\n      - rest: {profile: open, path: /refuse, method: POST, body: \"%s${secret.SLASHES}\"}\n"+
				"    catch:\n      - steps: [{log: \"${error.message}\"}]\n", strings.Repeat("-", max(at, 0)))
		}
	}
	u.write("cut.yaml", b.String())
	u.must(exitOK, "run", "cut")
	u.must(exitOK, "history", "show", "@last", "--http")
	u.checkHidden([]string{secret[:8], secret})
}

// TestSecretsTravelInNoError has errors told to a third party.
func TestSecretsTravelInNoError(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	u.write("tells.yaml", `version: 1
steps:
  - try:
      - rest: {profile: open, path: /refuse, query: {k: "${secret.MARKUP}"}}
    catch:
      - steps: [{rest: {profile: open, path: /hook, method: POST, json: {text: "${error.message}", all: "${error}"}}}]
  - fail: it is ${secret.QUOTES}
on_failure:
  - rest: {profile: open, path: /hook, method: POST, form: {text: "${error.message}"}}
`)
	u.must(exitFailed, "run", "tells")
	told := m.told.String()
	if strings.Count(told, "you said k=***") != 2 || !strings.Contains(told, "it+is+%2A%2A%2A") {
		t.Errorf("the third party was told\n%s\nwant both errors, masked", told)
	}
}

// TestSecretsAreNotSaved keeps them out of the state, which is not encrypted.
func TestSecretsAreNotSaved(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	u.write("saves.yaml", "version: 1\nstate:\n  token: {initial: none}\nsteps:\n  - save: {token: \"${secret.SLASHES}\"}\n")
	u.run("run", "saves")
	u.write("echoes.yaml", "version: 1\nstate:\n  token: {initial: none}\nsteps:\n  - id: ask\n    rest: {profile: open, path: /echo, query: {k: \"${secret.SLASHES}\"}}\n"+
		"  - save: {token: \"${steps.ask.output.query.k[0]}\"}\n")
	u.run("run", "echoes")
	u.checkHidden(hidden(m))
}

// TestSecretsShowInNoMistake has secrets in what is refused before a run starts.
func TestSecretsShowInNoMistake(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	u.write("profiles.yaml", "version: 1\nprofiles:\n  wrong: {base_url: \"${secret.QUOTES}\"}\n  worse: {base_url: \"http://${secret.MARKUP}:x\", auth: {type: bearer, token: \"${int(secret.PEM)}\"}}\n")
	u.write("wrong.yaml", "version: 1\ninputs:\n  n: {type: integer, default: 1}\nsteps:\n  - rest: {profile: wrong, path: \"/${secret.SLASHES}\"}\n")
	u.write("worse.yaml", "version: 1\nsteps:\n  - rest: {profile: worse, path: /}\n")
	u.write("typo.yaml", "version: 1\nsteps:\n  - log: ${secret.SLASHES + nothing}\n  - rest: {profile: wrong, path: \"${secret.MARKUP + 1}\"}\n")
	for _, args := range [][]string{{"run", "wrong"}, {"run", "worse"}, {"run", "typo"}, {"validate"}, {"validate", "--json"}, {"run", "wrong", "-i", "n=" + nasty["SLASHES"]}} {
		if got := u.run(args...); got.code != exitInvalid && got.code != exitUsage {
			t.Errorf("snrun %s: exit code %d\n%s", args[0:2], got.code, got.stderr)
		}
	}
	u.checkHidden(hidden(m))
	if _, err := os.Stat(u.dir + "/runs.db"); err == nil {
		t.Error("a run was recorded of a job that does not check")
	}
}
