package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/engine/temporal/temporaltest"
)

// ends runs a command that must end with an exit code.
func (c *crew) ends(code int, args ...string) outcome {
	c.t.Helper()
	got := c.begin(args...)()
	if got.code != code {
		c.t.Fatalf("snrun %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.stdout, got.stderr)
	}
	return got
}

// becomes waits until a run has a status.
func (c *crew) becomes(run string, status engine.Status) (r engine.Run) {
	c.t.Helper()
	for deadline := time.Now().Add(clusterPatience); r.Status != status; {
		if got := c.run("history", "show", "--json", run); got.code == exitOK { // else there is none yet
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
				c.t.Fatal(err)
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("run %s is %s (%v), want %s", run, r.Status, r.Error, status)
		}
	}
	return r
}

// detached hands a run over, and gives its id.
func (c *crew) detached(job string) string {
	c.t.Helper()
	return strings.TrimSpace(c.ends(exitOK, "run", "--temporal", "--detach", job).stdout)
}

const helloJob = `version: 1
inputs: {name: {type: string, default: world}}
state: {last: {initial: nobody}}
steps:
  - id: greeting
    set: {text: "hello, ${inputs.name}"}
  - wait: 1s
  - log: ${steps.greeting.output.text}
  - save: {last: "${inputs.name}"}
output: ${steps.greeting.output}
`

// TestRemoteRun hands a run over, follows it, and looks at it; then one that nobody waits for.
func TestRemoteRun(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", helloJob)
	c.work(1)
	got := c.ends(exitOK, "run", "--temporal", "hello", "-i", "name=you")
	if got.stdout != "{\"text\":\"hello, you\"}\n" {
		t.Errorf("it gave %s", got.stdout)
	}
	for _, want := range []string{"✓ greeting", "│ hello, you", `✓ save +last`, "ok in "} {
		if !regexp.MustCompile(want).MatchString(got.stderr) {
			t.Errorf("it says no %q:\n%s", want, got.stderr)
		}
	}
	shown := c.ends(exitOK, "history", "show", "@last").stdout
	if !regexp.MustCompile(`on +Temporal, workflow ` + c.namespace + `/snrun-\w+, begun by the worker \d+@`).MatchString(shown) {
		t.Errorf("it does not show where the run was:\n%s", shown)
	}
	address := c.temporal.Address()
	id := strings.TrimSpace(c.ends(exitOK, "run", "--temporal", address, "--detach", "hello").stdout)
	c.becomes(id, engine.OK)
}

// TestRemoteRunIsRefused holds what is said where a run cannot be handed over, and that nothing of it is on record.
func TestRemoteRunIsRefused(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", helloJob)
	c.work(1) // whose key is that of the store
	for _, test := range []struct {
		name    string
		environ []string
		code    int
		want    string
		args    []string
	}{
		{"no such namespace", nil, exitInvalid, `has no namespace "nowhere"`, []string{"--temporal", "--namespace", "nowhere"}},
		{"nobody listens", nil, exitTransient, "cannot be reached", []string{"--temporal=127.0.0.1:1"}},
		{"no address", nil, exitUsage, "is no address of a server", []string{"--temporal=http://here"}},
		{"no server", []string{temporalVariable + "="}, exitUsage, "no Temporal server is named", []string{"--temporal"}},
		{"no key", []string{"SNRUN_KEY="}, exitInvalid, "there is no key", []string{"--temporal"}},
		{"another key", []string{"SNRUN_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}, exitInvalid, "is not that of the store", []string{"--temporal"}},
		{"a file", []string{databaseVariable + "=runs.db"}, exitInvalid, "a database that all workers reach", []string{"--temporal"}},
		{"nobody would wait", nil, exitUsage, "--detach is for runs", []string{"--detach"}},
		{"a sandbox of its own", nil, exitUsage, "workers do not reach", []string{"--temporal", "--sandbox"}},
		{"alone", nil, exitUsage, "leave one of them out", []string{"--temporal", "--skip-if-running"}},
	} {
		other := *c
		one := *c.user
		one.environ = append(append([]string{}, c.environ...), test.environ...)
		other.user = &one
		got := other.ends(test.code, append([]string{"run", "hello"}, test.args...)...)
		if !strings.Contains(got.stderr, test.want) {
			t.Errorf("%s: it says no %q:\n%s", test.name, test.want, got.stderr)
		}
	}
	other, one := *c, *c.user
	one.environ = append(append([]string{}, c.environ...), databaseVariable+"=postgres://me@127.0.0.1:1/nothing", "SNRUN_KEY=")
	other.user = &one
	if got := other.ends(exitTransient, "worker"); !strings.Contains(got.stderr, "cannot be reached") || strings.Contains(got.stderr, "the same key") {
		t.Errorf("of a database that is not there it says\n%s", got.stderr)
	}
	c.write("profiles.yaml", "version: 1\nprofiles:\n  one: {base_url: \"http://127.0.0.1:1\", auth: {type: bearer, token: \"${secret.SANDBOX_PASSWORD}\"}}\n")
	c.write("secret.yaml", "version: 1\nsteps:\n  - rest: {profile: one, path: /}\n")
	one.environ = slices.DeleteFunc(append([]string{}, c.environ...), func(v string) bool { return strings.HasPrefix(v, secretVariable) })
	if got := other.ends(exitInvalid, "run", "--temporal", "secret"); !strings.Contains(got.stderr, "secret SANDBOX_PASSWORD is missing") || strings.Contains(got.stderr, "--sandbox") {
		t.Errorf("of a secret that is missing it says\n%s", got.stderr)
	}
	if got := other.ends(exitInvalid, "run", "secret"); !strings.Contains(got.stderr, "run --sandbox secret") {
		t.Errorf("of a run on this machine it says\n%s", got.stderr)
	}
	c.write("mine.yaml", "version: 1\nsteps:\n  - set: {x: \"${secret.MINE}\"}\n")
	one.environ = append(append([]string{}, c.environ...), secretVariable+"MINE=value-that-workers-lack")
	if got := other.ends(exitFailed, "run", "--temporal", "mine"); !strings.Contains(got.stderr, fmt.Sprintf("at the worker %d@", c.workers[0].process.Pid)) || !strings.Contains(got.stderr, "secret MINE is missing") {
		t.Errorf("of a secret that the worker lacks it says\n%s", got.stderr)
	}
	if got := c.run("history", "list"); strings.Contains(got.stdout, "hello") {
		t.Errorf("on record is\n%s", got.stdout)
	}
}

// TestRemoteRunIsCancelled ends runs: by the command, by the signal of who follows one, and one that no worker has taken.
func TestRemoteRunIsCancelled(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("slow.yaml", "version: 1\nsteps:\n  - wait: 1h\nfinally:\n  - log: at its end\n")
	s := c.background(nil, nil, "run", "--temporal", "slow")
	s.sees("no worker takes runs from the task queue snrun in the namespace " + c.namespace + "; start one: snrun worker")
	s.signal(syscall.SIGINT)
	if said := s.ends(exitSignal + int(syscall.SIGINT)); !strings.Contains(said, "cancelled") {
		t.Errorf("it says\n%s", said)
	}
	c.becomes("@last", engine.Cancelled)
	c.work(1)
	id := c.detached("slow")
	c.becomes(id, engine.Running)
	c.ends(exitOK, "cancel", id)
	if r := c.becomes(id, engine.Cancelled); len(r.Steps) != 2 || r.Error == nil {
		t.Errorf("it is on record as %v with %d steps", r.Error, len(r.Steps))
	}
	process, wait := c.start("run", "--temporal", "slow")
	c.becomes("@last", engine.Running)
	c.interrupt(process)
	if got := wait(); got.code != exitSignal+int(syscall.SIGINT) || !strings.Contains(got.stderr, "cancelled in") {
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
}

// interrupt sends a command SIGINT, and kills it where it does not end by that.
func (c *crew) interrupt(process *os.Process) {
	c.t.Helper()
	if err := process.Signal(syscall.SIGINT); err != nil {
		c.t.Fatal(err)
	}
	stop := time.AfterFunc(time.Minute, func() { _ = process.Kill() })
	c.t.Cleanup(func() { stop.Stop() })
}

// flaky is a server that refuses what is asked of it until it is mended, and counts.
type flaky struct {
	*httptest.Server
	mended        atomic.Bool
	first, second atomic.Int32
}

func newFlaky(t *testing.T) *flaky {
	f := &flaky{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/first" {
			f.first.Add(1)
			return
		}
		if f.second.Add(1); !f.mended.Load() {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

// TestRemoteRunGoesOn has runs fail and go on, where they were and where they were not: what was done is done once.
func TestRemoteRunGoesOn(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.work(1)
	for _, test := range []struct {
		name             string
		begin, goOn      []string
		onTemporal, note bool
	}{
		{"there and there", []string{"--temporal"}, nil, true, false},
		{"there and here", []string{"--temporal"}, []string{"--here"}, false, false},
		{"here and there", nil, []string{"--temporal"}, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFlaky(t)
			c.write("twice.yaml", "version: 1\nsteps:\n  - {id: first, rest: {method: POST, url: \""+f.URL+"/first\"}, output: \"${response.status}\"}\n"+
				"  - {id: second, rest: {method: POST, url: \""+f.URL+"/second\"}, output: \"${response.status}\"}\noutput: ${steps.first.output + steps.second.output}\n")
			c.ends(exitFailed, append([]string{"run", "twice"}, test.begin...)...)
			f.mended.Store(true)
			got := c.ends(exitOK, append([]string{"resume", "@last"}, test.goOn...)...)
			if got.stdout != "400\n" || f.first.Load() != 1 || f.second.Load() != 2 {
				t.Errorf("it gave %s after %d and %d calls\n%s", got.stdout, f.first.Load(), f.second.Load(), got.stderr)
			}
			if !strings.Contains(got.stderr, "attempt 2") || !strings.Contains(got.stderr, "before") {
				t.Errorf("it does not say that it goes on:\n%s", got.stderr)
			}
			if shown := c.ends(exitOK, "history", "show", "@last").stdout; strings.Contains(shown, "Temporal, workflow") != test.onTemporal {
				t.Errorf("it is shown as\n%s", shown)
			}
		})
	}
}

// TestTerminatedRun terminates a workflow, of which the run hears nothing: it is on record when somebody looks, and goes on.
func TestTerminatedRun(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", strings.Replace(helloJob, "1s", "4s", 1))
	c.work(1)
	id := c.detached("hello")
	c.becomes(id, engine.Running)
	if err := c.client.TerminateWorkflow(context.Background(), temporal.WorkflowID(id), "", "maintenance"); err != nil {
		t.Fatal(err)
	}
	r := c.becomes(id, engine.Interrupted)
	if r.Error == nil || !strings.Contains(r.Error.Message, "its workflow was terminated by ") || !strings.Contains(r.Error.Message, ": maintenance") {
		t.Errorf("it is on record as %+v", r.Error)
	}
	if got := c.ends(exitOK, "resume", id); got.stdout != "{\"text\":\"hello, world\"}\n" {
		t.Errorf("it goes on with %s\n%s", got.stdout, got.stderr)
	}
}

// TestRemoteRunUnasked shows runs as they are on record where the server cannot be asked, and says so.
func TestRemoteRunUnasked(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", helloJob)
	id := c.detached("hello")
	c.environ = append(c.environ, temporalVariable+"=127.0.0.1:1")
	got := c.ends(exitOK, "history", "show", id)
	if !strings.Contains(got.stdout, "queued") || !strings.Contains(got.stderr, "are shown as they are on record: the Temporal server at 127.0.0.1:1 cannot be reached") {
		t.Errorf("it says\n%s%s", got.stdout, got.stderr)
	}
}

// TestPagesSteerRemoteRuns has a person have a run go on, and end one, on the pages: workers carry both out.
func TestPagesSteerRemoteRuns(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	f := newFlaky(t)
	c.write("twice.yaml", "version: 1\nsteps:\n  - {id: first, rest: {method: POST, url: \""+f.URL+"/first\"}}\n  - {id: second, rest: {method: POST, url: \""+f.URL+"/second\"}}\n")
	c.write("slow.yaml", "version: 1\nsteps:\n  - wait: 1h\n")
	c.work(1)
	c.ends(exitFailed, "run", "--temporal", "twice")
	failed := c.becomes("@last", engine.Failed).ID
	slow := c.detached("slow")
	c.becomes(slow, engine.Running)
	f.mended.Store(true)
	s, link := c.ui()
	v := enter(t, link)
	if _, page := v.does("/runs/" + failed + "/resume"); !strings.Contains(page, "Temporal, workflow "+c.namespace+"/snrun-"+failed) {
		t.Errorf("the page does not show where the run is carried out:\n%s", page)
	}
	c.becomes(failed, engine.OK)
	v.does("/runs/" + slow + "/cancel")
	if r := c.becomes(slow, engine.Cancelled); r.Error == nil {
		t.Error("it says not why")
	}
	if f.first.Load() != 1 || f.second.Load() != 2 {
		t.Errorf("%d and %d calls", f.first.Load(), f.second.Load())
	}
	s.signal(syscall.SIGTERM)
	s.ends(exitOK)
}

// TestVersionsSideBySide pins runs to the version that they began with, while one after it takes what is new.
func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", strings.Replace(helloJob, "1s", "6s", 1))
	settings := "version: 1\njobs: .\nserver: {listen: none}\ntemporal: {versioning: {deployment: snrun, build_id: BUILD}}\n"
	hire := func(build string) *server {
		c.write("snrun.yaml", strings.Replace(settings, "BUILD", build, 1))
		s := c.background(nil, nil, "worker", "--set-current")
		s.sees("new runs begin with this version", "build_id="+build)
		return s
	}
	one := hire("one")
	first := c.detached("hello")
	c.becomes(first, engine.Running)
	two := hire("two")
	second := c.detached("hello")
	c.becomes(second, engine.OK)
	c.becomes(first, engine.OK)
	one.sees("run ended", "run="+first)
	two.sees("run ended", "run="+second)
	for _, s := range []*server{one, two} {
		s.signal(syscall.SIGTERM)
		s.ends(exitOK)
	}
	if text := one.text(); strings.Contains(text, second) {
		t.Errorf("the old version had to do with the new run:\n%s", text)
	}
	if text := two.text(); strings.Contains(text, first) {
		t.Errorf("the new version had to do with the old run:\n%s", text)
	}
}
