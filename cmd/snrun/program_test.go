package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
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

// user is someone with a project, a database and a sandbox of their own, who runs the program itself. What the program
// writes is kept: when the test ends no secret of the sandbox may show in it, nor in a file.
type user struct {
	t       testing.TB
	dir     string
	environ []string
	server  *tap

	written *writings
}

// writings are what was written to standard output and standard error.
type writings struct {
	mu sync.Mutex
	bytes.Buffer
}

// outcome is how a command ended.
type outcome struct {
	stdout, stderr string
	code           int
}

// newUser has the examples' profiles, and the sandbox's secrets in the environment.
func newUser(t testing.TB, o sandbox.Options) *user {
	t.Helper()
	u := &user{t: t, dir: t.TempDir(), server: newTap(t, sandbox.New(o)), written: new(writings)}
	u.environ = append(u.environ, sandboxVariable+"="+u.server.URL)
	for name, secret := range u.server.sandbox.Secrets() {
		u.environ = append(u.environ, secretVariable+name+"="+secret)
	}
	u.write("snrun.yaml", "version: 1\njobs: .\ndatabase: runs.db\n")
	profiles, err := os.ReadFile("../../examples/profiles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	u.write("profiles.yaml", string(profiles))
	t.Cleanup(func() { u.checkHidden(u.server.secrets()) })
	return u
}

// write makes a file of the project.
func (u *user) write(name, text string) {
	u.t.Helper()
	file := filepath.Join(u.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
}

// copyExample makes an example a job of the project.
func (u *user) copyExample(name string) {
	u.t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples", name))
	if err != nil {
		u.t.Fatal(err)
	}
	u.write(name, string(text))
}

// start starts the program. The function it gives waits for its end.
func (u *user) start(args ...string) (process *os.Process, wait func() outcome) {
	u.t.Helper()
	cmd := snrun(u.dir, args...)
	cmd.Env = append(cmd.Env, u.environ...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	return cmd.Process, func() outcome {
		u.t.Helper()
		code := exitCodeOf(u.t, cmd.Wait())
		u.written.keep(stdout.Bytes(), withoutPage(stderr.Bytes()))
		return outcome{stdout.String(), stderr.String(), code}
	}
}

// loginPage is the address that a person is to open. It is told to them as it is, on a line of its own, and holds the state.
var loginPage = regexp.MustCompile(`(?m)^http\S+[?&]state=\S+$`)

func withoutPage(text []byte) []byte { return loginPage.ReplaceAll(text, nil) }

// run runs the program to its end.
func (u *user) run(args ...string) outcome {
	u.t.Helper()
	_, wait := u.start(args...)
	return wait()
}

// must runs the program, which must end with an exit code.
func (u *user) must(code int, args ...string) outcome {
	u.t.Helper()
	got := u.run(args...)
	if got.code != code {
		u.t.Fatalf("snrun %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.stdout, got.stderr)
	}
	return got
}

func (w *writings) keep(texts ...[]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range texts {
		w.Write(text)
	}
}

// record is a run as `history show --json` tells it.
type record struct {
	ID, Job, Status string
	Output          any
	Attempt         int
	Error           *struct{ Kind, Message, Hint, Step string }
	Steps           []struct{ Key, ID, Status string }
}

// history gives the runs on record, the newest first, with their steps.
func (u *user) history() []record {
	u.t.Helper()
	var runs []record
	u.decode(&runs, "history", "list", "--json")
	for i := range runs {
		u.decode(&runs[i], "history", "show", "--json", runs[i].ID)
	}
	return runs
}

// decode runs a command that prints JSON.
func (u *user) decode(into any, args ...string) {
	u.t.Helper()
	got := u.must(exitOK, args...)
	if err := json.Unmarshal([]byte(got.stdout), into); err != nil {
		u.t.Fatalf("snrun %s: %v\n%s", strings.Join(args, " "), err, got.stdout)
	}
}

// statuses are the steps of a run with how they stand, as "key status" on one line each.
func (r record) statuses() string {
	var lines []string
	for _, s := range r.Steps {
		lines = append(lines, s.Key+" "+s.Status)
	}
	return strings.Join(lines, "\n")
}

// tap is a sandbox that listens. It keeps each request as it came, and all that is secret in sign-ins: tokens, codes, states, verifiers.
type tap struct {
	*httptest.Server
	sandbox *sandbox.Server

	mu       sync.Mutex
	count    int
	received bytes.Buffer
	kept     []string // secrets
	hooks    map[int]func()
}

func newTap(t testing.TB, s *sandbox.Server) *tap {
	w := &tap{sandbox: s, hooks: map[int]func(){}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

// at has a function called before the nth request is answered.
func (w *tap) at(n int, f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hooks[n] = f
}

// seen is how many requests there were.
func (w *tap) seen() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// ServeHTTP passes a request on to the sandbox.
func (w *tap) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	hook, whole := w.take(r)
	if hook != nil {
		hook()
	}
	if !whole {
		panic(http.ErrAbortHandler) // the client went in the middle of it
	}
	if !strings.HasPrefix(r.URL.Path, "/oauth_") {
		w.sandbox.ServeHTTP(rw, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	w.sandbox.ServeHTTP(answer, r)
	form, _ := url.ParseQuery(string(body))
	to, _ := url.Parse(answer.Header().Get("Location"))
	w.keep(secretsIn(r.URL.Query(), form, to.Query(), membersOf(answer.Body.Bytes()))...)
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	rw.Write(answer.Body.Bytes())
}

// take counts a request, keeps it, and gives what is to be done first, and whether the whole of the request came.
func (w *tap) take(r *http.Request) (hook func(), whole bool) {
	dump, err := httputil.DumpRequest(r, true)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	w.received.Write(dump)
	return w.hooks[w.count], err == nil
}

// secretsIn are the values that are secret in what a sign-in sends to and fro.
func secretsIn(all ...url.Values) []string {
	var list []string
	for _, values := range all {
		for _, name := range []string{
			"access_token", "refresh_token", "token", "code", "state", "code_verifier", "device_code", "assertion", "client_assertion",
			"client_secret", "password",
		} {
			for _, value := range values[name] {
				if value != "" {
					list = append(list, value)
				}
			}
		}
	}
	return list
}

// membersOf are the texts of a JSON object.
func membersOf(body []byte) url.Values {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return nil
	}
	values := url.Values{}
	for name, value := range members {
		if text, ok := value.(string); ok {
			values.Set(name, text)
		}
	}
	return values
}

func (w *tap) keep(secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, secret := range secrets {
		if !slices.Contains(w.kept, secret) {
			w.kept = append(w.kept, secret)
		}
	}
}

// secrets are the sandbox's secrets, and those of all sign-ins.
func (w *tap) secrets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(w.kept)
	for _, secret := range w.sandbox.Secrets() {
		list = append(list, secret)
	}
	return list
}

// sent is all that was received, as it came.
func (w *tap) sent() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.received.Bytes())
}

// requests counts the requests with a method to a path.
func (w *tap) requests(method, path string) int {
	n := 0
	for _, r := range w.sandbox.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}
