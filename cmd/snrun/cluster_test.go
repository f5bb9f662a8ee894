package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine/temporal/temporaltest"
	"snrun/examples/sandbox"
)

// crew is a project whose runs a Temporal server has carried out by workers, each a process of its own, that share a database.
type crew struct {
	*user
	temporal  *temporaltest.Running
	namespace string
	client    client.Client
	target    *target
	workers   []*daemonProcess
}

// newCrew has a PostgreSQL and a namespace of its own. Nobody works yet.
func newCrew(t testing.TB, server *temporaltest.Running) *crew {
	t.Helper()
	c := &crew{user: newUser(t, sandbox.Options{}), temporal: server, namespace: server.Namespace(t), target: newTarget(t)}
	c.client = server.Client(t, c.namespace)
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	c.environ = append(c.environ,
		"SNRUN_DATABASE="+postgrestest.Server(t).URL, "SNRUN_KEY="+base64.StdEncoding.EncodeToString(key),
		"SNRUN_TEMPORAL="+server.Address(), "SNRUN_TEMPORAL_NAMESPACE="+c.namespace, "TARGET_URL="+c.target.URL)
	c.write("snrun.yaml", "version: 1\njobs: .\nserver: {listen: none, grace: 20s}\n")
	t.Cleanup(func() {
		for _, w := range c.workers { // only where the test broke off
			_ = w.process.Kill()
			got := w.wait()
			if t.Failed() {
				t.Logf("worker %d said:\n%s", w.process.Pid, lastOf(got.stderr))
			}
		}
	})
	return c
}

// clusterPatience is how long a machine that does much else may take until it has started something.
const clusterPatience = 3 * time.Minute

// work starts workers until there are n, and waits until they take work.
func (c *crew) work(n int) {
	c.t.Helper()
	var ready []<-chan struct{}
	for len(c.workers) < n {
		ready = append(ready, c.hire())
	}
	for _, r := range ready {
		select {
		case <-r:
		case <-time.After(clusterPatience):
			for _, w := range c.workers { // they say where they hang
				_ = w.process.Signal(syscall.SIGQUIT)
				_ = w.wait()
			}
			c.t.Fatal("a worker is not ready")
		}
	}
}

// hire starts a worker, and tells when it says that it is ready.
func (c *crew) hire() (ready <-chan struct{}) {
	c.t.Helper()
	cmd := snrun(c.dir, "worker")
	cmd.Env = append(cmd.Env, c.environ...)
	said := &listener{word: []byte("msg=ready"), heard: make(chan struct{})}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.workers = append(c.workers, &daemonProcess{cmd.Process, sync.OnceValue(func() outcome {
		code := exitCodeOf(c.t, cmd.Wait())
		c.written.keep(said.all.Bytes())
		return outcome{"", said.all.String(), code}
	})})
	return said.heard
}

// listener keeps what a program says, and tells when there was a word in it.
type listener struct {
	word  []byte
	heard chan struct{}
	mu    sync.Mutex
	all   bytes.Buffer // belongs to the program until that has ended
}

// Write takes down.
func (l *listener) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(text)
	if l.word != nil && bytes.Contains(l.all.Bytes(), l.word) {
		l.word = nil
		close(l.heard)
	}
	return len(text), nil
}

// kill ends a worker as the loss of its machine would.
func (c *crew) kill(i int) {
	w := c.workers[i]
	c.workers = append(c.workers[:i:i], c.workers[i+1:]...)
	_ = w.process.Kill()
	if got := w.wait(); got.code != -1 {
		c.t.Errorf("a worker ended by itself with exit code %d:\n%s", got.code, lastOf(got.stderr))
	}
	c.target.struck()
}

// drain tells a worker to end, and waits until it has.
func (c *crew) drain(i int) {
	w := c.workers[i]
	c.workers = append(c.workers[:i:i], c.workers[i+1:]...)
	if err := w.process.Signal(syscall.SIGTERM); err != nil {
		c.t.Error(err)
	}
	if got := w.wait(); got.code != exitOK {
		c.t.Errorf("a worker that was told to end gave exit code %d:\n%s", got.code, lastOf(got.stderr))
	}
}

// begin starts a run of the job. The function it gives waits for its end, for some minutes at most.
func (c *crew) begin(args ...string) (ended func() outcome) {
	c.t.Helper()
	process, wait := c.start(args...)
	over := time.AfterFunc(5*time.Minute, func() { _ = process.Signal(syscall.SIGABRT) })
	return func() outcome {
		defer over.Stop()
		return wait()
	}
}

// lastOf is the end of what a program said.
func lastOf(text string) string {
	const enough = 20 << 10
	return text[max(0, len(text)-enough):]
}

// orders is a job with a list, and three calls for each item of it: one that reads, and two that may not be made twice. Whoever made the
// second has finished the first, and whoever made the third has finished the second.
func orders(n, concurrency int) string {
	return fmt.Sprintf(`version: 1
steps:
  - id: list
    rest: {url: "${env.TARGET_URL}/list", query: {n: %d}}
  - id: orders
    foreach:
      in: ${steps.list.output}
      as: item
      key: ${item.id}
      concurrency: %d
      collect: ${steps.pay.output.id}
      steps:
        - id: look
          rest: {url: "${env.TARGET_URL}/look", query: {item: "${item.id}"}}
        - id: order
          rest:
            method: POST
            url: ${env.TARGET_URL}/order
            query: {item: "${item.id}"}
            json: {of: "${steps.look.output.id}"}
            idempotency_key: ${run.id}-${item.id}-order
        - id: pay
          rest:
            method: POST
            url: ${env.TARGET_URL}/pay
            query: {item: "${item.id}"}
            json: {of: "${steps.order.output.id}"}
            idempotency_key: ${run.id}-${item.id}-pay
  - id: close
    rest: {method: POST, url: "${env.TARGET_URL}/close", query: {item: all}, json: {of: "${steps.orders.succeeded}"}, idempotency_key: "${run.id}-close"}
output: {orders: "${steps.orders.succeeded}", paid: "${len(steps.orders.output)}"}
`, n, concurrency)
}

// rounds is how often something is done that chance has a part in.
func rounds(t testing.TB, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	var n int
	if _, err := fmt.Sscan(strings.TrimSpace(text), &n); err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", variable, text)
	}
	return n
}
