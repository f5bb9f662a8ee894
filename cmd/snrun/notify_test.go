package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"snrun/engine/notify"
	"snrun/examples/sandbox"
	"snrun/history/review"
)

// people is a server that a job asks for /job, which works or does not, and that takes notices at /hook.
type people struct {
	*httptest.Server
	works   atomic.Bool
	notices chan notify.Notice
	pings   chan string
}

func newPeople(t *testing.T) *people {
	p := &people{notices: make(chan notify.Notice, 100), pings: make(chan string, 100)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/hook/hidden-4711":
			var n notify.Notice
			if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
				t.Errorf("%v in a notice", err)
			}
			p.notices <- n
		case strings.HasPrefix(r.URL.Path, "/ping"):
			p.pings <- r.URL.Path + " " + r.FormValue("rid")
		case !p.works.Load():
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, "out of order: hidden-4711")
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// notifyProject is a project with a job that asks the server each second and some whose runs are over at once, and targets that
// are told of them.
func notifyProject(t *testing.T, p *people) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"snrun.yaml": "version: 1\ndatabase: runs.db\nserver: {listen: none}\nnotify:\n" +
			"  - {type: webhook, name: hook, url: \"" + p.URL + "/hook/${secret.HOOK}\"}\n" +
			"  - {type: ping, url: \"" + p.URL + "/ping\"}\n",
		"jobs/check.yaml": "version: 1\nschedule: {cron: \"@every 1s\", overlap: skip}\nsteps:\n  - rest: {url: \"" + p.URL + "/job\"}\n    retry: none\n",
	}
	for i := range 10 { // while the last of them are started the first are over
		files[fmt.Sprintf("jobs/quick%d.yaml", i)] = "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{log: done}]\n"
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestServeTellsPeople holds that a daemon tells once that a job fails and once that it runs well again, pings for each run, and shows no
// secret with that.
func TestServeTellsPeople(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	dir := notifyProject(t, p)
	serve := snrun(dir, "serve")
	var log bytes.Buffer
	serve.Env = append(serve.Env, "SNRUN_SECRET_HOOK=hidden-4711", "XDG_RUNTIME_DIR="+t.TempDir())
	serve.Stderr = &log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	next := func() notify.Notice {
		select {
		case n := <-p.notices:
			return n
		case err := <-ended:
			t.Fatalf("the daemon ended: %v\n%s", err, log.String())
		}
		return notify.Notice{}
	}
	failure := next()
	ends, started := map[string]int{}, map[string]bool{}
	for ends["/ping/fail"] < 2 || ends["/ping"] < 10 {
		path, run, _ := strings.Cut(<-p.pings, " ")
		if path == "/ping/start" {
			started[run] = true
			continue
		}
		if ends[path]++; !started[run] {
			t.Errorf("the ping %s of a run came before that of its start", path)
		}
	}
	p.works.Store(true)
	over := next()
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the daemon ended with %v\n%s", err, log.String())
	}
	if failure.Kind != "failure" || failure.Job != "check" || failure.Error.Status != 500 || failure.Command != "snrun history show "+failure.Run {
		t.Errorf("got %+v", failure)
	}
	if over.Kind != "recovery" || over.Was != "failure" || over.RunsFailed < 2 || over.Since != failure.Ended {
		t.Errorf("got %+v after a failure at %s", over, failure.Ended)
	}
	if strings.Contains(failure.Error.Message+failure.Text+log.String(), "hidden-4711") {
		t.Errorf("the secret shows in %+v or in\n%s", failure, log.String())
	}
}

// TestCommandsOfNotices holds that what a notice tells a person to type is a command that there is, also where the sandbox is used.
func TestCommandsOfNotices(t *testing.T) {
	t.Parallel()
	c := review.Commands{Program: "snrun", History: " --db x.db", Project: " --jobs j"}.WithSandbox()
	n := notifierCommands(c)
	for _, line := range []string{n.Run("6akh4m00b13"), n.Job("sync"), n.Profile("erp"), c.Resume("6akh4m00b13"), c.Retry("6akh4m00b13"), c.Cancel("6akh4m00b13")} {
		cmd, rest, err := newApp(nil, nil, nil, nil).rootCommand().Find(strings.Fields(line)[1:])
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestNotifyOfTheExamples holds that the target of the examples' project is the chat of the sandbox.
func TestNotifyOfTheExamples(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	settings, err := os.ReadFile("../../examples/snrun.yaml")
	if err != nil {
		t.Fatal(err)
	}
	u.write("snrun.yaml", string(settings))
	if got := u.must(exitOK, "notify", "test"); got.stdout != "slack  ok\n" {
		t.Errorf("got %q", got.stdout)
	}
	if got := u.server.sandbox.Messages(); len(got) != 1 || !strings.HasPrefix(got[0], "This is a test of snrun on ") {
		t.Errorf("the chat has %q", got)
	}
}
