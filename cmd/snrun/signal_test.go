package main

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// slowProject is a project whose job asks a server that does not answer, until the test ends. Asked hears of each request.
func slowProject(t *testing.T) (dir string, asked chan struct{}) {
	t.Helper()
	asked = make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	dir = t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("snrun.yaml", "version: 1\njobs: .\ndatabase: runs.db\n")
	write("slow.yaml", "version: 1\nsteps:\n  - id: call\n    rest: {url: \""+server.URL+"\"}\nfinally:\n  - log: the last words\n")
	write("stuck.yaml", "version: 1\nsteps:\n  - rest: {url: \""+server.URL+"\"}\nfinally:\n  - rest: {url: \""+server.URL+"\"}\n")
	return dir, asked
}

// snrun is the program itself, in a folder, without the variables of whoever runs the tests.
func snrun(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("snrun", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), keyringVariable + "=off",
		"GORACE=atexit_sleep_ms=0", // the race detector would wait a second at every end
	}
	return cmd
}

func exitCodeOf(t testing.TB, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

func TestSignalEndsARun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		signal syscall.Signal
		want   int
	}{{"interrupt", syscall.SIGINT, 130}, {"terminate", syscall.SIGTERM, 143}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, asked := slowProject(t)
			cmd := snrun(dir, "run", "slow")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			if got := exitCodeOf(t, cmd.Wait()); got != test.want {
				t.Errorf("exit code %d, want %d\n%s", got, test.want, &stderr)
			}
			if !strings.Contains(stderr.String(), "the last words") {
				t.Errorf("the job's last steps did not run:\n%s", &stderr)
			}
			out, err := snrun(dir, "history", "list", "--json").Output()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(out), `"status":"cancelled"`) {
				t.Errorf("history has %s, want the run as cancelled", out)
			}
		})
	}
}

func TestSignalLeavesNoHalfFile(t *testing.T) {
	t.Parallel()
	half := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(bytes.Repeat([]byte("half of it "), 100_000))
		http.NewResponseController(w).Flush()
		close(half)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	job := filepath.Join(dir, "load.yaml")
	if err := os.WriteFile(job, []byte("version: 1\nsteps:\n  - rest: {url: \""+server.URL+"\", save_to: out/got.txt}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := snrun(dir, "run", "--db", "runs.db", job)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-half
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := exitCodeOf(t, cmd.Wait()); got != 143 {
		t.Errorf("exit code %d, want 143", got)
	}
	if content := onlyFile(t, filepath.Join(dir, "out")); content != "" {
		t.Errorf("out/ holds %d bytes, want no file", len(content))
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir, asked := slowProject(t)
	cmd := snrun(dir, "run", "--progress", "json", "stuck")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
		}
	}()
	<-asked
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-asked // by the last steps
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	if got := exitCodeOf(t, pressed(cmd.Process, over)); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
	out, err := snrun(dir, "history", "list", "--json").Output()
	if err != nil || !strings.Contains(string(out), `"status":"interrupted"`) {
		t.Errorf("history has %s, %v, want the run as interrupted", out, err)
	}
}

// pressed sends SIGINT again and again, since those right after the first do not count, until the process is over.
func pressed(p *os.Process, over <-chan error) error {
	every := time.NewTicker(sameSignal / 5)
	defer every.Stop()
	for {
		select {
		case err := <-over:
			return err
		case <-every.C:
			_ = p.Signal(syscall.SIGINT)
		}
	}
}

func TestReaderThatGoesAwayIsNoError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := snrun(dir, "explain", "rest")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	if got := exitCodeOf(t, cmd.Run()); got != 0 || stderr.Len() > 0 {
		t.Errorf("exit code %d and %q, want 0 and nothing", got, &stderr)
	}
}

func TestRunWhoseReaderGoesAwayKeepsItsExitCode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	job := filepath.Join(dir, "stops.yaml")
	if err := os.WriteFile(job, []byte("version: 1\nsteps:\n  - fail: no more\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := snrun(dir, "run", "--db", "runs.db", "--json", job)
	cmd.Stdout = w
	if got := exitCodeOf(t, cmd.Run()); got != 1 {
		t.Errorf("exit code %d, want 1", got)
	}
}

func TestFullDiskOnStandardOutputIsTold(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		needs(t, "no device that is always full", err)
	}
	defer full.Close()
	cmd := snrun(t.TempDir(), "version")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &stderr
	if got := exitCodeOf(t, cmd.Run()); got != 1 || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit code %d and %q, want 1 and that there is no space left", got, &stderr)
	}
}

func TestSandboxServesUntilASignal(t *testing.T) {
	t.Parallel()
	cmd := snrun(t.TempDir(), "sandbox", "--fault", "503:/oncall:1", "--limit", "/files:1/8760h", "--records", "0")
	cmd.Env = append(cmd.Env, "SNRUN_SECRET_SANDBOX_ONCALL_KEY=known-already")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exported := map[string]string{}
	lines := bufio.NewScanner(stdout)
	for len(exported) < 3 && lines.Scan() {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !ok {
			t.Errorf("got the line %q, want export NAME=VALUE", lines.Text())
		}
		exported[name] = value
	}
	for _, name := range []string{"SANDBOX_URL", "SNRUN_SECRET_SANDBOX_CLIENT_SECRET", "SNRUN_SECRET_SANDBOX_PASSWORD"} {
		if exported[name] == "" {
			t.Errorf("%s is not exported", name)
		}
	}
	for _, ask := range []struct {
		path   string
		status int
	}{{"/oncall/v1/alerts", 503}, {"/files/", 200}, {"/files/", 429}, {"/api/now/table/cmdb_ci/0", 404}} {
		request, err := http.NewRequest(http.MethodGet, exported["SANDBOX_URL"]+ask.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(sandbox.DefaultUser, exported["SNRUN_SECRET_SANDBOX_PASSWORD"])
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != ask.status {
			t.Errorf("GET %s gives %d, want %d", ask.path, answer.StatusCode, ask.status)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := exitCodeOf(t, cmd.Wait()); got != 0 {
		t.Errorf("exit code %d, want 0", got)
	}
}

func TestKilledRunShowsAsInterrupted(t *testing.T) {
	t.Parallel()
	dir, asked := slowProject(t)
	cmd := snrun(dir, "run", "slow")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the run ended well before it was killed")
	}
	out, err := snrun(dir, "history", "show", "@last", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), `"status":"interrupted"`) {
		t.Errorf("history has %s, want the run as interrupted", out)
	}
	if err := os.WriteFile(filepath.Join(dir, "next.yaml"), []byte("version: 1\nsteps:\n  - log: going on\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := snrun(dir, "run", "next").CombinedOutput(); err != nil {
		t.Errorf("the next run does not start: %v\n%s", err, out)
	}
}
