package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"snrun/examples/sandbox"
)

// desk is a server that answers every request with a document, refuses some, and keeps what was asked of it.
type desk struct {
	*httptest.Server

	mu      sync.Mutex
	asked   []string        // "METHOD /path"
	refused map[string]bool // the paths that get a 422
	hung    map[string]chan struct{}
}

func newDesk(t *testing.T, refused ...string) *desk {
	d := &desk{refused: map[string]bool{}, hung: map[string]chan struct{}{}}
	for _, path := range refused {
		d.refused[path] = true
	}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // else the server would not notice that the client is gone
	d.mu.Lock()
	d.asked = append(d.asked, r.Method+" "+r.URL.Path)
	refused, hung := d.refused[r.URL.Path], d.hung[r.URL.Path]
	d.mu.Unlock()
	if hung != nil {
		close(hung)
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if refused {
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	fmt.Fprintf(w, `{"path": %q}`, r.URL.Path)
}

// mend lets the server take all requests.
func (d *desk) mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.refused)
	clear(d.hung)
}

// hang has requests to a path wait for ever. The channel hears of the first.
func (d *desk) hang(path string) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hung[path] = make(chan struct{})
	return d.hung[path]
}

// requests gives what was asked so far, and forgets it.
func (d *desk) requests() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := strings.Join(d.asked, ", ")
	d.asked = nil
	return text
}

// threeCalls asks for a, posts b and c.
func threeCalls(url string) string {
	return `version: 1
steps:
  - id: a
    rest: {url: "` + url + `/a"}
  - id: b
    rest: {url: "` + url + `/b", method: POST, json: {from: "${steps.a.output.path}"}}
  - id: c
    rest: {url: "` + url + `/c", method: POST, json: {from: "${steps.b.output?.path}"}}
output: ${steps.c.output?.path}
`
}

func TestResumeAfterTheServerIsMended(t *testing.T) {
	t.Parallel()
	u, d := newUser(t, sandbox.Options{}), newDesk(t, "/c")
	u.write("chain.yaml", threeCalls(d.URL))
	failed := u.must(exitFailed, "run", "chain")
	if !strings.Contains(failed.stderr, "\n  go on: snrun resume "+u.history()[0].ID+"\n") {
		t.Errorf("the end of the run does not say how it goes on:\n%s", failed.stderr)
	}
	d.mend()
	d.requests()
	got := u.must(exitOK, "resume", "@last")
	if asked := d.requests(); asked != "POST /c" {
		t.Errorf("the second attempt asked for %s, want only what failed", asked)
	}
	if got.stdout != "\"/c\"\n" || !strings.Contains(got.stderr, "attempt 2") {
		t.Errorf("got %s and\n%s\nwant the job's output, and that it was the second attempt", got.stdout, got.stderr)
	}
	if runs := u.history(); len(runs) != 1 || runs[0].Status != "ok" || runs[0].Error != nil {
		t.Errorf("history has %+v, want one run, ok", runs)
	}
	u.must(exitFailed, "resume", "@last")
}

func TestResumeFromAStep(t *testing.T) {
	t.Parallel()
	u, d := newUser(t, sandbox.Options{}), newDesk(t, "/c")
	u.write("chain.yaml", threeCalls(d.URL))
	u.must(exitFailed, "run", "chain")
	d.mend()
	d.requests()
	u.must(exitOK, "resume", "@last", "--from", "b")
	if asked := d.requests(); asked != "POST /b, POST /c" {
		t.Errorf("the second attempt asked for %s, want b and what comes after it", asked)
	}
}

// TestResumeInDoubt holds that a request that may have arrived is not repeated before a person says what holds.
func TestResumeInDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ assume, asked string }{{"done", "POST /c"}, {"redo", "POST /b, POST /c"}} {
		t.Run(test.assume, func(t *testing.T) {
			t.Parallel()
			u, d := newUser(t, sandbox.Options{}), newDesk(t)
			u.write("chain.yaml", threeCalls(d.URL))
			arrived := d.hang("/b")
			process, wait := u.start("run", "chain")
			<-arrived
			kill(t, process)
			wait()
			d.mend()
			d.requests()
			id := u.history()[0].ID
			if page := u.must(exitOK, "history", "show", id).stdout; !strings.Contains(page, "snrun resume "+id+" --assume done\n") {
				t.Errorf("the page does not say how the run goes on:\n%s", page)
			}
			got := u.must(exitFailed, "resume", id)
			for _, want := range []string{"interrupted", "/b", "snrun resume " + id + " --assume done\n", "snrun resume " + id + " --assume redo\n"} {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("stderr does not say %q:\n%s", want, got.stderr)
				}
			}
			if asked := d.requests(); asked != "" {
				t.Errorf("without a word from a person it asked for %s", asked)
			}
			u.must(exitOK, "resume", id, "--assume", test.assume)
			if asked := d.requests(); asked != test.asked {
				t.Errorf("with --assume %s it asked for %s, want %s", test.assume, asked, test.asked)
			}
		})
	}
}

func TestRetryOfFailedItems(t *testing.T) {
	t.Parallel()
	u, d := newUser(t, sandbox.Options{}), newDesk(t, "/items/2", "/items/4")
	u.write("items.yaml", `version: 1
steps:
  - id: each
    foreach:
      in: [1, 2, 3, 4]
      as: n
      key: k${n}
      tolerate: all
      steps:
        - rest: {url: "`+d.URL+`/items/${n}", method: POST, json: {}}
output: ${steps.each.failed}
`)
	if got := u.must(exitOK, "run", "items"); got.stdout != "2\n" {
		t.Fatalf("%s items failed, want 2", got.stdout)
	}
	d.mend()
	d.requests()
	got := u.must(exitOK, "retry", "@last", "--failed-items")
	if asked := d.requests(); asked != "POST /items/2, POST /items/4" {
		t.Errorf("it asked for %s, want the items that failed", asked)
	}
	if got.stdout != "0\n" || !strings.Contains(got.stderr, "trying 2 failed items again") {
		t.Errorf("got %s and\n%s\nwant that none fails any more, and how many are tried", got.stdout, got.stderr)
	}
	if got := u.must(exitOK, "retry", "@last", "--failed-items"); !strings.Contains(got.stderr, "nothing to try again") || d.requests() != "" {
		t.Errorf("where none fails any more it says\n%s\nand does something", got.stderr)
	}
}

func TestResumeOfARunThatIsRunning(t *testing.T) {
	t.Parallel()
	u, d := newUser(t, sandbox.Options{}), newDesk(t)
	u.write("chain.yaml", threeCalls(d.URL))
	arrived := d.hang("/a")
	process, wait := u.start("run", "chain")
	<-arrived
	u.await("the run on record", func() bool { return len(u.history()) == 1 })
	if got := u.must(exitFailed, "resume", "@last"); !strings.Contains(got.stderr, " is running, ") || got.stdout != "" {
		t.Errorf("got %s and\n%s\nwant that it is running", got.stdout, got.stderr)
	}
	kill(t, process)
	wait()
}

// TestResumeInTheSandbox holds that a run that was made with --sandbox goes on with a new one, and says so where it has none.
func TestResumeInTheSandbox(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.environ = nil
	u.write("job.yaml", "version: 1\nsteps:\n  - rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 1}}\n  - fail: no more\n")
	if got := u.must(exitFailed, "run", "--sandbox", "job"); !strings.Contains(got.stderr, "go on: snrun resume --sandbox ") {
		t.Errorf("the end of the run does not name the sandbox:\n%s", got.stderr)
	}
	if got := u.must(exitInvalid, "resume", "@last"); !strings.Contains(got.stderr, "--sandbox") {
		t.Errorf("without a sandbox: got\n%s\nwant that it lacks one", got.stderr)
	}
	if got := u.must(exitFailed, "resume", "--sandbox", "@last"); !strings.Contains(got.stderr, "no more") {
		t.Errorf("in a new sandbox: got\n%s", got.stderr)
	}
}

// TestResumeOfAnotherProject holds that the project is that of the job, and the command shown is enough to go on from here.
func TestResumeOfAnotherProject(t *testing.T) {
	t.Parallel()
	u, d := newUser(t, sandbox.Options{}), newDesk(t, "/c")
	job := filepath.Join("project one", "jobs", "chain.yaml")
	u.write(filepath.Join("project one", "snrun.yaml"), "version: 1\ndatabase: one.db\n")
	u.write(filepath.Join("project one", "profiles.yaml"), "version: 1\nprofiles:\n  desk: {base_url: \""+d.URL+"\"}\n")
	u.write(job, strings.ReplaceAll(threeCalls(""), "url: \"/", "profile: desk, path: \"/"))
	failed := u.must(exitFailed, "run", job)
	_, command, found := strings.Cut(failed.stderr, "go on: snrun resume --db '")
	command, _, _ = strings.Cut(command, "\n")
	file, id, _ := strings.Cut(command, "' ")
	if !found || !strings.HasSuffix(file, "/one.db") {
		t.Fatalf("the end of the run is\n%s\nwant the command with its database", failed.stderr)
	}
	d.mend()
	if got := u.must(exitOK, "resume", "--db", file, id); got.stdout != "\"/c\"\n" {
		t.Errorf("got %s and\n%s", got.stdout, got.stderr)
	}
}

// TestResumeOfAJobThatHasChanged holds that a run goes on with the text that it began with, from wherever it is called.
func TestResumeOfAJobThatHasChanged(t *testing.T) {
	t.Parallel()
	u, d := newUser(t, sandbox.Options{}), newDesk(t, "/c")
	u.write("sub/chain.yaml", threeCalls(d.URL))
	u.must(exitFailed, "run", "chain")
	d.mend()
	if err := os.Remove(filepath.Join(u.dir, "sub", "chain.yaml")); err != nil {
		t.Fatal(err)
	}
	if got := u.must(exitOK, "resume", "@last"); got.stdout != "\"/c\"\n" || !strings.Contains(got.stderr, "sub/chain.yaml is not there any more") {
		t.Errorf("got %s and\n%s", got.stdout, got.stderr)
	}
}

// TestResumeWithTheTextOfTheLastAttempt holds that a run which went on with the job of now goes on with that text, or the one that it
// began with where a person says so, and that both are there when the file is another one again.
func TestResumeWithTheTextOfTheLastAttempt(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	job := func(says string) { u.write("jobs/a.yaml", "version: 1\nsteps:\n  - fail: "+says+"\n") }
	fails := func(says, note string, args ...string) {
		t.Helper()
		if got := u.must(exitFailed, args...); !strings.Contains(got.stderr, says) || !strings.Contains(got.stderr, note) {
			t.Errorf("%q does not say %q and %q:\n%s", args, says, note, got.stderr)
		}
	}
	job("one")
	fails("one", "", "run", "a")
	job("two")
	fails("two", "", "resume", "@last", "--job", "current")
	fails("two", "", "resume", "@last")
	job("three")
	fails("two", "jobs/a.yaml has changed since: the run goes on with the text of its last attempt, not with that of now", "resume", "@last")
	fails("one", "the text that it began with", "resume", "@last", "--job", "original")
	fails("one", "the text that it began with", "resume", "@last")
}
