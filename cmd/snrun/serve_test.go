package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// patience is how long a test waits for what it knows to come.
const patience = time.Minute

// server is a `snrun serve` of a user.
type server struct {
	*user
	cmd  *exec.Cmd
	done chan struct{} // closed once its log has ended

	mu    sync.Mutex
	log   strings.Builder
	seen  int           // up to where the log was looked at
	grows chan struct{} // has room for one
}

// serve starts `snrun serve` with flags and further variables, and does not wait for it.
func (u *user) serve(environ []string, flags ...string) *server {
	u.t.Helper()
	return u.background(environ, nil, append([]string{"serve"}, flags...)...)
}

// background starts the program, and does not wait for it. What it writes to standard output goes to a file, nil for none.
func (u *user) background(environ []string, stdout *os.File, args ...string) *server {
	u.t.Helper()
	s := &server{user: u, cmd: snrun(u.dir, args...), done: make(chan struct{}), grows: make(chan struct{}, 1)}
	if stdout != nil {
		s.cmd.Stdout = stdout
	}
	s.cmd.Env = append(append(s.cmd.Env, u.environ...), environ...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			select {
			case s.grows <- struct{}{}:
			default:
			}
		}
	}()
	u.t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // where the test broke off
	return s
}

// ready starts a daemon that listens nowhere, and waits until it fires.
func (u *user) ready(flags ...string) *server {
	u.t.Helper()
	s := u.serve(nil, append([]string{"--listen", "none"}, flags...)...)
	s.sees("ready", "socket")
	return s
}

// sees waits for a line with all of these texts, behind the one that was waited for last, and gives it.
func (s *server) sees(texts ...string) string {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		for lines := strings.SplitAfter(s.log.String()[s.seen:], "\n"); len(lines) > 1; lines = lines[1:] {
			s.seen += len(lines[0])
			if hasAll(lines[0], texts) {
				s.mu.Unlock()
				return lines[0]
			}
		}
		s.mu.Unlock()
		select {
		case <-s.grows:
		case <-late:
			s.t.Fatalf("there is no line with %q:\n%s", texts, s.text())
		}
	}
}

func hasAll(line string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(line, text) {
			return false
		}
	}
	return true
}

func (s *server) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// signal sends the daemon a signal.
func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the daemon's end, which must be with an exit code, and gives its log.
func (s *server) ends(code int) string {
	s.t.Helper()
	<-s.done
	if got := exitCodeOf(s.t, s.cmd.Wait()); got != code {
		s.t.Errorf("snrun serve: exit code %d, want %d\n%s", got, code, s.text())
	}
	s.written.keep([]byte(s.text()))
	return s.text()
}

// TestServe holds that jobs are run when they are due, each run on record, with one token for all of them.
func TestServe(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	for _, name := range []string{"a", "b"} {
		u.write("jobs/"+name+".yaml", "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps:\n"+
			"  - {id: x, rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 1}}}\noutput: ${len(steps.x.output.result)}\n")
	}
	s := u.ready("--log-format", "json")
	for range 2 {
		s.sees(`"run ended"`, `"status":"ok"`)
		s.sees(`"run ended"`, `"status":"ok"`)
	}
	s.signal(syscall.SIGTERM)
	if log := s.ends(exitOK); !strings.Contains(log, `"msg":"ending"`) {
		t.Errorf("the log does not tell that the daemon ends:\n%s", log)
	}
	runs := u.history()
	for _, r := range runs {
		if r.Status != "ok" && r.Status != "queued" { // it may have been due while the daemon ended
			t.Errorf("run %s of %s: %s %+v", r.ID, r.Job, r.Status, r.Error)
		}
	}
	if n := u.server.requests(http.MethodPost, "/oauth_token.do"); len(runs) < 4 || n != 1 {
		t.Errorf("%d runs took %d tokens, want one for all", len(runs), n)
	}
}

// TestServeTellsSystemd holds what a service manager is told, from the start to the end.
func TestServeTellsSystemd(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("jobs/a.yaml", "version: 1\nsteps: [{log: a}]\n")
	folder, err := os.MkdirTemp("", "snrun") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(folder, "notify")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	told := func(want string) {
		t.Helper()
		for buffer := make([]byte, 4096); ; {
			n, err := l.Read(buffer)
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			if strings.HasPrefix(string(buffer[:n]), want) {
				return
			}
		}
	}
	s := u.serve([]string{"NOTIFY_SOCKET=" + l.LocalAddr().String(), "WATCHDOG_USEC=300000"}, "--listen", "none")
	told("READY=1")
	told("WATCHDOG=1")
	s.signal(syscall.SIGHUP)
	told("RELOADING=1\nMONOTONIC_USEC=")
	told("READY=1")
	told("WATCHDOG=1")
	s.signal(syscall.SIGTERM)
	told("STOPPING=1\nEXTEND_TIMEOUT_USEC=")
	s.ends(exitOK)
}

// TestServeReads holds that files are read again when they change or on a signal, and that one with mistakes goes on as it was.
func TestServeReads(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	job := func(text string) string {
		return "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{log: " + text + "}]\n"
	}
	u.write("jobs/a.yaml", job("one"))
	u.write("jobs/b.yaml", "version: 1\nstepz: []\n")
	s := u.serve(nil, "--listen", "127.0.0.1:0")
	s.sees("level=ERROR", "jobs/b.yaml:2:1: unknown key", "it is not run")
	line := s.sees("ready", "address=")
	_, address, _ := strings.Cut(line, "address=")
	address, _, _ = strings.Cut(address, " ")
	s.sees("msg=one", "job=a")
	u.write("jobs/a.yaml", job("two")) // which the folder tells
	s.sees("msg=two", "job=a")
	u.write("jobs/a.yaml", "version: 1\nsteps: [{lag: three}]\n")
	s.sees("level=ERROR", "unknown kind of step", "the job a goes on as it was before")
	s.sees("msg=two", "job=a")
	if body := get(t, "http://"+address+"/readyz"); !strings.Contains(body, `"status":"ready","jobs":1,"broken":[{"file":`) || !strings.Contains(body, `"job":"a"`) {
		t.Errorf("/readyz tells %s", body)
	}
	u.write("profiles.yaml", "version: 1\nprofile: {}\n")
	s.sees("level=ERROR", "profiles.yaml:2:1: unknown key", "what it said before goes on")
	u.write("profiles.yaml", "version: 1\nprofiles: {}\n")
	s.sees("has no mistakes any more", "profiles.yaml")
	s.signal(syscall.SIGHUP)
	s.sees("SIGHUP")
	u.write("jobs/a.yaml.new", job("four")) // as editors save
	if err := os.Rename(filepath.Join(u.dir, "jobs/a.yaml.new"), filepath.Join(u.dir, "jobs/a.yaml")); err != nil {
		t.Fatal(err)
	}
	s.sees("has no mistakes any more", "a.yaml")
	s.sees("msg=four", "job=a")
	if err := os.Remove(filepath.Join(u.dir, "jobs/a.yaml")); err != nil {
		t.Fatal(err)
	}
	s.sees("jobs read", "removed=1")
	u.write("jobs/sub/c.yaml", job("five")) // in a folder that is new
	s.sees("msg=five", "job=c")
	u.write("jobs/sub/c.yaml", job("six"))
	s.sees("msg=six", "job=c")
	s.signal(syscall.SIGTERM)
	log := s.ends(exitOK)
	if n := strings.Count(log, "jobs/b.yaml:2:1"); n != 1 {
		t.Errorf("a mistake is told %d times, want once", n)
	}
}

func get(t testing.TB, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(resp.Body).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestServeDoesNotStart holds what is said where a daemon cannot start.
func TestServeDoesNotStart(t *testing.T) {
	t.Parallel()
	taken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(taken.Close)
	port := strings.TrimPrefix(taken.URL, "http://")
	const good = "version: 1\nsteps: [{log: a}]\n"
	tests := []struct {
		name  string
		files map[string]string
		flags []string // the first may be a variable
		code  int
		want  []string
	}{
		{"the port is taken", map[string]string{"a.yaml": good}, []string{"--listen", port}, exitFailed, []string{"address already in use", "--listen none"}},
		{"an address that others reach", map[string]string{"a.yaml": good}, []string{"--listen", "0.0.0.0:7070"}, exitUsage, []string{"nothing encrypts", "--behind-proxy"}},
		{"no address", map[string]string{"a.yaml": good}, []string{"--listen", "7070"}, exitUsage, []string{"write HOST:PORT"}},
		{"no jobs", nil, nil, exitInvalid, []string{"there is no job file in"}},
		{"only mistakes", map[string]string{"a.yaml": "version: 1\nstepz: 1\n"}, nil, exitInvalid, []string{"nothing is served", "a.yaml:2:1: unknown key"}},
		{"settings with mistakes", map[string]string{"a.yaml": good, "snrun.yaml": "version: 1\nserver: {max_runs: 0}\n"}, nil, exitInvalid, []string{"max_runs must be at least 1"}},
		{"a database that is none", map[string]string{"a.yaml": good, "x.db": "no database, but some text that is long enough to be looked at as one"}, []string{"--db", "x.db"}, exitFailed, []string{"x.db", "another database is chosen with --db"}},
		{"no number", map[string]string{"a.yaml": good}, []string{"--max-runs", "many"}, exitUsage, []string{"--max-runs many", "whole number"}},
		{"no duration", map[string]string{"a.yaml": good}, []string{"--grace", "soon"}, exitUsage, []string{"--grace"}},
		{"no level", map[string]string{"a.yaml": good}, []string{"--log-level", "warm"}, exitUsage, []string{"--log-level warm", "warn"}},
		{"an address that is none in the settings", map[string]string{"a.yaml": good, "snrun.yaml": "version: 1\nserver: {listen: 127.0.0.1:70700}\n"}, nil, exitInvalid, []string{"snrun.yaml:2:18: ", `"70700" is no port`}},
		{"a wrong variable", map[string]string{"a.yaml": good}, []string{"SNRUN_MAX_QUEUE=0"}, exitUsage, []string{"SNRUN_MAX_QUEUE=0", "whole number"}},
		{"a flag in its place", map[string]string{"a.yaml": good}, []string{"SNRUN_LATE_AFTER=soon", "--late-after", "5"}, exitUsage, []string{"--late-after 5: ", "write 5s"}},
		{"a fault without a sandbox", map[string]string{"a.yaml": good}, []string{"--sandbox-fault", "503:/:1"}, exitUsage, []string{"add --sandbox"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := &user{t: t, dir: t.TempDir(), written: new(writings)}
			u.write("snrun.yaml", "version: 1\njobs: .\ndatabase: runs.db\n")
			for name, text := range test.files {
				u.write(name, text)
			}
			flags, environ := test.flags, []string{"TMPDIR=" + u.dir}
			if len(flags) > 0 && strings.HasPrefix(flags[0], "SNRUN_") {
				flags, environ = flags[1:], append(environ, flags[0])
			}
			s := u.serve(environ, flags...)
			log := s.ends(test.code)
			for _, want := range test.want {
				if !strings.Contains(log, want) {
					t.Errorf("got\n%s\nwant %q in it", log, want)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(u.dir, "snrun-*")); len(left) > 0 {
				t.Errorf("%v is left behind", left)
			}
		})
	}
}

// TestServeRefusesARun holds that a run which cannot begin is on record as failed, with what to do about it.
func TestServeRefusesARun(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.write("jobs/a.yaml", "version: 1\nsteps: [{log: a}]\n")
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	u.write("jobs/secret.yaml", "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{id: x, set: {a: \"${secret.NOWHERE}\"}}]\n")
	u.write("jobs/env.yaml", "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{rest: {profile: servicenow, path: /}}]\n")
	u.environ = append(u.environ, sandboxVariable+"=")
	s := u.ready()
	s.sees("run ended", "job=secret", "status=failed", "secret NOWHERE is missing")
	s.signal(syscall.SIGTERM)
	s.ends(exitOK)
	seen := map[string]string{}
	for _, r := range u.history() {
		if r.Error != nil {
			seen[r.Job] = r.Status + " " + r.Error.Kind + " " + r.Error.Message + " " + r.Error.Hint
		}
	}
	if got := seen["secret"]; !strings.HasPrefix(got, "failed input the run did not begin: secret NOWHERE is missing: looked at SNRUN_SECRET_NOWHERE") || !strings.Contains(got, "snrun secret set NOWHERE") {
		t.Errorf("a run without its secret: %s", got)
	}
	if got := seen["env"]; !strings.HasPrefix(got, "failed input the run did not begin: ") || !strings.Contains(got, "base_url") {
		t.Errorf("a run whose profile cannot be filled in: %s", got)
	}
}
