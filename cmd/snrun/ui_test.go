package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"snrun/examples/sandbox"
)

// visitor looks at pages as a browser does, and follows no redirect.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
}

// enter follows a link to the pages.
func enter(t *testing.T, link string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	base, _, _ := strings.Cut(link, "/enter?key=")
	v := &visitor{t, base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if status, to, text := v.ask(http.MethodGet, strings.TrimPrefix(link, base)); status != http.StatusSeeOther || to != "/" {
		t.Fatalf("the link gives %d, to %q:\n%s", status, to, text)
	}
	return v
}

// ask asks for a page, or sends a form, and gives the status, where that leads, and the text.
func (v *visitor) ask(method, path string, form ...string) (status int, to, text string) {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	req, err := http.NewRequest(method, v.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(body)
}

// does sends a form, which must be carried out, and gives the page that it leads to.
func (v *visitor) does(path string, form ...string) (to, page string) {
	v.t.Helper()
	status, to, text := v.ask(http.MethodPost, path, form...)
	if status != http.StatusSeeOther {
		v.t.Fatalf("%s gives %d:\n%s", path, status, text)
	}
	_, _, page = v.ask(http.MethodGet, to)
	return to, page
}

// ui starts `snrun ui`, and gives the link that it prints.
func (u *user) ui(flags ...string) (s *server, link string) {
	u.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		u.t.Fatal(err)
	}
	s = u.background(nil, w, append([]string{"ui", "--no-open"}, flags...)...)
	w.Close()
	link, err = bufio.NewReader(r).ReadString('\n')
	if err != nil {
		u.t.Fatalf("no link is printed: %v\n%s", err, s.text())
	}
	u.t.Cleanup(func() { r.Close() })
	return s, strings.TrimSpace(link)
}

// gated is a project whose job asks a system for x, which does not do at first, and then for y, which waits for as long as the gate is shut.
func gated(t *testing.T) (u *user, asked chan string, open func()) {
	u = newUser(t, sandbox.Options{})
	asked, gate := make(chan string, 100), make(chan struct{})
	var mended atomic.Bool
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		switch {
		case r.URL.Path == "/x" && !mended.Swap(true):
			w.WriteHeader(http.StatusBadRequest)
		case r.URL.Path == "/y":
			select {
			case <-gate:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(system.Close)
	u.write("profiles.yaml", "version: 1\nprofiles: {gate: {base_url: \""+system.URL+"\"}}\n")
	u.write("a.yaml", "version: 1\nschedule: {cron: \"0 3 1 1 *\"}\nsteps: [{id: x, rest: {profile: gate, path: /x}}, {id: y, rest: {profile: gate, path: /y}}]\n")
	u.run("run", "a")
	return u, asked, func() { close(gate) }
}

// TestPagesThatAreKilled holds that a run which a person had go on, on pages that are killed then, goes on from there; and that the pages fire
// and list nothing themselves.
func TestPagesThatAreKilled(t *testing.T) {
	t.Parallel()
	u, asked, open := gated(t)
	run := u.history()[0].ID
	s, link := u.ui()
	v := enter(t, link)
	if to, _ := v.does("/runs/" + run + "/resume"); to != "/runs/"+run+"?done=resumed" {
		t.Errorf("it leads to %s", to)
	}
	for path := ""; path != "/y"; path = <-asked {
	}
	if out := u.must(exitOK, "schedule", "list"); !strings.Contains(out.stdout, "no daemon is running") {
		t.Errorf("the pages are listed as a daemon:\n%s", out.stdout)
	}
	s.signal(syscall.SIGKILL)
	<-s.done
	_ = s.cmd.Wait()
	if r := u.history()[0]; r.Status != "interrupted" {
		t.Errorf("the run is %s", r.Status)
	}
	open()
	u.must(exitOK, "resume", run)
	if r := u.history()[0]; r.Status != "ok" || r.Attempt != 3 {
		t.Errorf("the run is %s in attempt %d", r.Status, r.Attempt)
	}
	close(asked)
	for path := range asked {
		if path == "/x" {
			t.Error("it asked for x once more")
		}
	}
}

// TestPagesThatEnd holds that the pages end by a signal as a daemon does: what runs is interrupted where it is, and is not called lost.
func TestPagesThatEnd(t *testing.T) {
	t.Parallel()
	u, asked, open := gated(t)
	u.write("snrun.yaml", "version: 1\njobs: .\ndatabase: runs.db\nserver: {grace: 0s}\n")
	run := u.history()[0].ID
	s, link := u.ui()
	enter(t, link).does("/runs/" + run + "/resume")
	for path := ""; path != "/y"; path = <-asked {
	}
	s.signal(syscall.SIGINT)
	s.ends(exitOK)
	if r := u.history()[0]; r.Status != "interrupted" || r.Error == nil || r.Error.Message != "the pages ended before the run did" {
		t.Errorf("the run is %s, %+v", r.Status, r.Error)
	}
	open()
	u.must(exitOK, "resume", run)
}

// TestLinksToADaemon holds that ui gives a link to the pages of the daemon that runs, which lets in one person once, and that no log has a key.
func TestLinksToADaemon(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	runtime, err := os.MkdirTemp("", "snrun") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	u.environ = append(u.environ, "XDG_RUNTIME_DIR="+runtime)
	u.write("a.yaml", "version: 1\nschedule: {cron: \"0 3 * * *\"}\nsteps: [{log: a}]\n")
	s := u.serve(nil, "--listen", "127.0.0.1:0", "--log-level", "debug")
	s.sees("msg=pages", "snrun ui", "gives one")
	link := strings.TrimSpace(u.must(exitOK, "ui", "--no-open").stdout)
	_, key, _ := strings.Cut(link, "/enter?key=")
	v := enter(t, link)
	v.does("/jobs/a/pause", "why", "a test")
	if status, _, _ := v.ask(http.MethodGet, strings.TrimPrefix(link, v.base)); status != http.StatusUnauthorized {
		t.Errorf("the link gives %d the second time", status)
	}
	viewer := enter(t, strings.TrimSpace(u.must(exitOK, "ui", "--no-open", "--viewer").stdout))
	if status, _, _ := viewer.ask(http.MethodPost, "/jobs/a/unpause"); status != http.StatusForbidden {
		t.Errorf("a viewer's press gives %d", status)
	}
	own, second := u.ui("--listen", "127.0.0.1:0")
	if strings.HasPrefix(second, v.base+"/") {
		t.Errorf("with --listen the link leads to the daemon, %s", second)
	}
	own.signal(syscall.SIGTERM)
	own.ends(exitOK)
	s.signal(syscall.SIGTERM)
	if log := s.ends(exitOK); key == "" || strings.Contains(log, key) || strings.Contains(log, "/enter?key") {
		t.Errorf("the log has the key of a link:\n%s", log)
	}
	audit := u.must(exitOK, "history", "audit").stdout
	for _, want := range []string{"pause", "a test", "refused"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit does not say %q:\n%s", want, audit)
		}
	}
}

// TestProfilesOnPages holds that a test on the pages says what the command says, and that runs get a new token after a reset.
func TestProfilesOnPages(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("a.yaml", "version: 1\nsteps: [{rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 1}}}]\n")
	s, link := u.ui()
	v := enter(t, link)
	tokens := func() int { return u.server.requests(http.MethodPost, "/oauth_token.do") }
	runs := func(want int) {
		t.Helper()
		to, _ := v.does("/jobs/a/run")
		run, _, _ := strings.Cut(strings.TrimPrefix(to, "/runs/"), "?")
		u.await("the run's end", func() bool {
			for _, r := range u.history() {
				if r.ID == run {
					return r.Status == "ok"
				}
			}
			return false
		})
		if n := tokens(); n != want {
			t.Errorf("%d tokens were asked for, want %d", n, want)
		}
	}
	runs(1)
	if _, page := v.does("/profiles/servicenow/test"); !strings.Contains(page, "profile servicenow works") || tokens() != 1 {
		t.Errorf("after %d tokens the test says\n%s", tokens(), page)
	}
	runs(1)
	if _, page := v.does("/profiles/servicenow/reset"); !strings.Contains(page, "the tokens of servicenow are forgotten") {
		t.Errorf("the reset says\n%s", page)
	}
	runs(2)
	if status, _, text := v.ask(http.MethodPost, "/profiles/nope/test"); status != http.StatusNotFound {
		t.Errorf("a test of a profile that is not there gives %d\n%s", status, text)
	}
	_, page := v.does("/profiles/oncall/reset")
	if !strings.Contains(page, "has no tokens") {
		t.Errorf("the reset of a profile without tokens says\n%s", page)
	}
	s.signal(syscall.SIGINT)
	s.ends(exitOK)
}

// TestPagesOfWhatIsBroken holds that runs can be looked at where the settings cannot be read.
func TestPagesOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("a.yaml", "version: 1\nsteps: [{fail: no}]\n")
	u.must(exitFailed, "run", "a")
	run := u.history()[0].ID
	u.write("snrun.yaml", "version: 1\nnope: 1\n")
	if out := u.must(exitInvalid, "ui", "--no-open"); !strings.Contains(out.stderr, "--db FILE") {
		t.Errorf("it says\n%s", out.stderr)
	}
	s, link := u.ui("--db", "runs.db")
	v := enter(t, link)
	if status, _, page := v.ask(http.MethodGet, "/runs/"+run); status != http.StatusOK {
		t.Errorf("the page of the run gives %d\n%s", status, page)
	}
	if status, _, page := v.ask(http.MethodPost, "/runs/"+run+"/resume"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "snrun.yaml:2") {
		t.Errorf("going on gives %d\n%s", status, page)
	}
	s.signal(syscall.SIGINT)
	s.ends(exitOK)
	u.must(exitUsage, "ui", "--listen", "0.0.0.0:0")
	u.must(exitUsage, "ui", "a")
}
