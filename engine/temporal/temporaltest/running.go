package temporaltest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Running is a Temporal server that tests started.
type Running struct {
	program, folder string
	ports           ports
	taken           io.Closer // keeps the ports while the server does not run
	process         *process
	guard           *guard // nil: it lets everybody in
	namespaces      atomic.Int64
	held            io.Closer // with which its folder goes; nil where a test removes it
}

const (
	patience       = 90 * time.Second // of a machine that does much else
	betweenAsking  = 20 * time.Millisecond
	readyNamespace = "ready" // is there to be asked for
)

// begin starts a server with an empty database in the folder.
func begin(program, folder string, g *guard) (*Running, error) {
	r := &Running{program: program, folder: folder, guard: g}
	var err error
	if g != nil {
		if err = g.prepare(r.file); err != nil {
			return nil, err
		}
	}
	for range 3 { // somebody else may have taken a port meanwhile
		if r.ports, r.taken, err = freePorts(); err != nil {
			return nil, err
		}
		if err = r.start(); err == nil {
			return r, nil
		}
		r.taken.Close()
	}
	return nil, err
}

// Address is where the server listens, as HOST:PORT; also while it does not run.
func (r *Running) Address() string { return r.ports.address(frontend) }

// Kill ends the server at once, as a loss of its machine would, and gives back when it is gone. Its database stays. A server that does
// not run is left alone.
func (r *Running) Kill() { r.process.kill() }

// Start starts the server again after Kill, on the same ports and with the same database, and gives back when it answers.
func (r *Running) Start(t testing.TB) {
	t.Helper()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
}

func (r *Running) start() error {
	if err := r.configure(); err != nil {
		return err
	}
	var err error
	args := []string{"--config-file", r.file("temporal.yaml"), "--allow-no-auth", "start"}
	for _, service := range r.services() {
		args = append(args, "--service", service)
	}
	if r.process, err = launch(r.file("log"), r.program, args...); err != nil {
		return fmt.Errorf("starting the Temporal server %s: %w", r.program, err)
	}
	if err := r.ready(readyNamespace); err != nil {
		r.Kill()
		return fmt.Errorf("the Temporal server at %s: %w\n%s", r.Address(), err, r.saidLast())
	}
	return nil
}

// Namespace registers a namespace that no other test uses, and gives its name when it answers.
func (r *Running) Namespace(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test-%d", r.namespaces.Add(1))
	if err := r.ready(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// Client gives a client of the namespace that is closed when the test ends. It encodes nothing.
func (r *Running) Client(t testing.TB, namespace string) client.Client {
	t.Helper()
	c, err := r.dial(context.Background(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// ready registers a namespace where it is not there, and waits until it can be asked for its workflows.
func (r *Running) ready(namespace string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ticks := time.NewTicker(betweenAsking)
	defer ticks.Stop()
	for {
		err := r.ask(ctx, namespace)
		if err == nil {
			return nil
		}
		select {
		case <-r.process.ended:
			return fmt.Errorf("it has ended: %w", err)
		case <-ctx.Done():
			return err
		case <-ticks.C:
		}
	}
}

// ask dials anew: a connection that was refused would wait longer and longer before it tries again.
func (r *Running) ask(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := r.dial(ctx, namespace)
	if err != nil {
		return err
	}
	defer c.Close()
	service := c.WorkflowService()
	_, err = service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	var known *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &known) {
		return err
	}
	_, err = service.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 1})
	return err
}

// dial comes in as one who may do everything.
func (r *Running) dial(ctx context.Context, namespace string) (client.Client, error) {
	o, err := r.guard.enter(client.Options{HostPort: r.Address(), Namespace: namespace, Logger: silent()})
	if err != nil {
		return nil, err
	}
	return client.DialContext(ctx, o)
}

func (r *Running) file(name string) string { return filepath.Join(r.folder, name) }

// saidLast is the end of the server's log, without the stacks that stand behind its errors.
func (r *Running) saidLast() string {
	const lines, length = 20, 400
	text, err := os.ReadFile(r.file("log"))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	all = all[max(0, len(all)-lines):]
	for i, line := range all {
		all[i] = line[:min(length, len(line))]
	}
	return strings.Join(all, "\n")
}

func silent() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }
