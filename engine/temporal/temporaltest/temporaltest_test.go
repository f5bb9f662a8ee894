package temporaltest

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TestServerRunsWorkflows holds that the server does what tests of workflows need: it carries one out, by a worker of a pinned
// deployment too, finds it by visibility, and keeps namespaces apart.
func TestServerRunsWorkflows(t *testing.T) {
	t.Parallel()
	r := Server(t)
	namespace, other := r.Namespace(t), r.Namespace(t)
	c := r.Client(t, namespace)
	version := worker.WorkerDeploymentVersion{DeploymentName: "snrun", BuildID: "one"}
	work(t, c, worker.Options{DeploymentOptions: worker.DeploymentOptions{
		UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}})
	within(t, "the deployment can be made the current one", func(ctx context.Context) error {
		_, err := c.WorkerDeploymentClient().GetHandle("snrun").SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: "one"})
		return err
	})
	if got := echoed(t, c, "pinned", "hello"); got != "hello" {
		t.Errorf("got %q", got)
	}
	within(t, "the workflow is found", func(ctx context.Context) error { return found(ctx, c, "pinned", 1) })
	if err := found(t.Context(), r.Client(t, other), "pinned", 0); err != nil {
		t.Error(err)
	}
}

// TestKilledServerGoesOn holds that a server that was killed goes on with what it had, on the address that it had.
func TestKilledServerGoesOn(t *testing.T) {
	t.Parallel()
	r := Own(t)
	namespace := r.Namespace(t)
	begun := r.Client(t, namespace)
	address := r.Address()
	run, err := begun.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "waits", TaskQueue: queue}, echo, "still here")
	if err != nil {
		t.Fatal(err)
	}
	r.Kill()
	if _, err := client.Dial(client.Options{HostPort: address, Logger: silent()}); err == nil {
		t.Error("the server answers after it was killed")
	}
	r.Start(t)
	if r.Address() != address {
		t.Errorf("the server is at %s, was at %s", r.Address(), address)
	}
	c := r.Client(t, namespace)
	work(t, c, worker.Options{})
	var got string
	if err := c.GetWorkflow(t.Context(), run.GetID(), run.GetRunID()).Get(t.Context(), &got); err != nil || got != "still here" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestContains holds that a marker is found wherever it may stand, while the server runs and when it does not.
func TestContains(t *testing.T) {
	t.Parallel()
	r := Own(t)
	c := r.Client(t, r.Namespace(t))
	long := strings.Repeat("x", 6000) + "MARKER-IN-THE-MIDDLE" + strings.Repeat("x", 6000)
	const id = "MARKER-OF-THE-ID"
	if _, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: queue, Memo: map[string]any{"note": "MARKER-OF-THE-MEMO"},
	}, echo, long); err != nil {
		t.Fatal(err)
	}
	within(t, "the workflow is found", func(ctx context.Context) error { return found(ctx, c, id, 1) })
	look := func(when string) {
		for _, marker := range []string{id, "MARKER-OF-THE-MEMO", "MARKER-IN-THE-MIDDLE", long} {
			places := r.Contains(t, marker)
			if !slices.ContainsFunc(places, func(p string) bool { return strings.HasPrefix(p, "column ") }) {
				t.Errorf("%s: %.30s is in %q, want a column", when, marker, places)
			}
		}
		if places := r.Contains(t, "MARKER-OF-NOBODY"); places != nil {
			t.Errorf("%s: what nobody wrote is in %q", when, places)
		}
	}
	look("while it runs")
	r.Kill()
	look("when it was killed")
	if err := os.WriteFile(r.file("log"), []byte("MARKER-OF-NOBODY"), 0o600); err != nil {
		t.Fatal(err)
	}
	if places := r.Contains(t, "MARKER-OF-NOBODY"); !slices.Equal(places, []string{"file log"}) {
		t.Errorf("what the log says is in %q", places)
	}
}

// TestServerDoesNotStart holds that a program that is no server is named, with what it said.
func TestServerDoesNotStart(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho no server here\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := begin(program, t.TempDir(), nil)
	if err == nil || !strings.Contains(err.Error(), "it has ended") || !strings.Contains(err.Error(), "no server here") {
		t.Errorf("got %v", err)
	}
	if _, err := begin(program+"-missing", t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), program+"-missing") {
		t.Errorf("got %v", err)
	}
}

// TestPortsAreKept holds that nobody else's tests are given the ports of a server while it does not run.
func TestPortsAreKept(t *testing.T) {
	t.Parallel()
	p, taken, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	before := net.JoinHostPort("127.0.0.1", strconv.Itoa(p[0]-1))
	if l, err := net.Listen("tcp", before); err == nil {
		l.Close()
		t.Errorf("%s can be listened on: so could those behind it be given away", before)
	}
}

// diesVariable has the test process below start a server, say where, and end without a word to it.
const diesVariable = "SNRUN_TEST_DIES"

// TestServerEndsWithTheTest holds that a test process that is killed leaves neither its server nor its folder behind.
func TestServerEndsWithTheTest(t *testing.T) {
	if os.Getenv(diesVariable) != "" {
		r := Server(t)
		os.Stdout.WriteString("SERVER " + r.Address() + " " + r.folder + " \n")
		_ = mustProcess(t).Kill()
		select {}
	}
	t.Parallel()
	program(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServerEndsWithTheTest$")
	cmd.Env = append(os.Environ(), diesVariable+"=1")
	out, _ := cmd.Output() // it is killed
	_, said, ok := strings.Cut(string(out), "SERVER ")
	fields := strings.Fields(said)
	if !ok || len(fields) < 2 {
		t.Fatalf("it said %q", out)
	}
	address, folder := fields[0], fields[1]
	within(t, "the folder is gone", func(context.Context) error {
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			return os.ErrExist
		}
		return nil
	})
	within(t, "the server is gone", func(context.Context) error {
		c, err := client.Dial(client.Options{HostPort: address, Logger: silent()})
		if err != nil {
			return nil
		}
		c.Close()
		return os.ErrExist
	})
}

func mustProcess(t *testing.T) *os.Process {
	t.Helper()
	p, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const queue = "queue"

func echo(_ workflow.Context, text string) (string, error) { return text, nil }

func echoed(t *testing.T, c client.Client, id, text string) (got string) {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, echo, text)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// work has a worker carry out echo until the test ends.
func work(t *testing.T, c client.Client, options worker.Options) {
	t.Helper()
	w := worker.New(c, queue, options)
	w.RegisterWorkflow(echo)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// found gives an error unless visibility has so many workflows of the id.
func found(ctx context.Context, c client.Client, id string, want int) error {
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = '" + id + "'"})
	if err != nil {
		return err
	}
	if len(list.Executions) != want {
		return os.ErrNotExist
	}
	return nil
}

// within asks again and again until there is no error.
func within(t *testing.T, what string, holds func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticks := time.NewTicker(betweenAsking)
	defer ticks.Stop()
	for {
		err := holds(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: still not: %v", what, err)
		case <-ticks.C:
		}
	}
}

// TestGuardedServer holds that a guarded server lets in who has all that it asks for, and nobody else.
func TestGuardedServer(t *testing.T) {
	t.Parallel()
	r := Guarded(t, Guard{Certificates: true, Keys: true})
	namespace := r.Namespace(t)
	described := func(o client.Options, key string) error {
		o.HostPort, o.Namespace, o.Logger, o.Credentials = r.Address(), namespace, silent(), client.NewAPIKeyStaticCredentials(key)
		c, err := client.DialContext(t.Context(), o)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		return err
	}
	var whole, bare, plain client.Options
	plain.ConnectionOptions.TLSDisabled = true
	whole.ConnectionOptions.TLS = r.guard.tls
	bare.ConnectionOptions.TLS = &tls.Config{RootCAs: r.guard.tls.RootCAs, MinVersion: tls.VersionTLS12}
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for _, test := range []struct {
		name string
		with client.Options
		key  string
		want string
	}{
		{"all that it asks for", whole, r.Key(t, namespace, "read", soon), ""},
		{"no TLS", plain, r.Key(t, namespace, "read", soon), "EOF"},
		{"no certificate", bare, r.Key(t, namespace, "read", soon), "certificate required|broken pipe|reset by peer"}, // it may hang up on what is being written
		{"no key", whole, "", "unauthorized"},
		{"a key that has expired", whole, r.Key(t, namespace, "read", past), "unauthorized"},
		{"a key for another namespace", whole, r.Key(t, "another", "admin", soon), "unauthorized"},
	} {
		if err := described(test.with, test.key); (err == nil) != (test.want == "") || err != nil && !regexp.MustCompile(test.want).MatchString(err.Error()) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}
